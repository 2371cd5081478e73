/*
 * SipHash-1-3: one round for each eight bytes, three at the end. Written from
 * the description in J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast
 * short-input PRF" (2012), sections 2.1 to 2.4, with c = 1 and d = 3.
 *
 * Why a keyed hash: clients choose the keys of a dict, and with a hash they
 * can compute they could put all of them into one bucket. Why 1-3 and not
 * 2-4: what is needed is that collisions cannot be aimed at without the key,
 * not a signature.
 */
#include "value-wire.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotate(uint64_t word, unsigned by)
{
	return word << by | word >> (64 - by);
}

static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

static inline void
sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

uint64_t
value_hash(struct span bytes, const struct value_hash_key *key)
{
	struct sip s = {
		/* "somepseudorandomlygeneratedbytes" */
		.v0 = key->k0 ^ UINT64_C(0x736f6d6570736575),
		.v1 = key->k1 ^ UINT64_C(0x646f72616e646f6d),
		.v2 = key->k0 ^ UINT64_C(0x6c7967656e657261),
		.v3 = key->k1 ^ UINT64_C(0x7465646279746573),
	};
	uint64_t last = (uint64_t)bytes.size << 56;
	const uint8_t *at = bytes.data;
	size_t left = bytes.size;

	for (; left >= 8; at += 8, left -= 8)
		sip_word(&s, wire_load64(at));
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)at[i] << (8 * i);
	sip_word(&s, last);
	s.v2 ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
