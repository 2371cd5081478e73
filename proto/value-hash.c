/*
 * A keyed hash that multiplies 64 by 64 bits and folds the 128 into 64, for
 * each 16 bytes. The construction is that of Wang Yi's wyhash (final version
 * 4: github.com/wangyi-fudan/wyhash) and Nicolas De Carli's rapidhash, whose
 * descriptions this follows; the secret words are not theirs.
 *
 * Why keyed: clients choose the keys of a dict, and with a hash they can
 * compute they could put all of them into one bucket. Both words of the key
 * meet the bytes, one on each side of every product, so that without the key
 * neither a factor of zero nor two inputs with equal products can be aimed at.
 *
 * Why not SipHash, as before: it takes several times as long for a short
 * key.
 * What is given up is its proof of distance: nobody claims that this is a
 * pseudo-random function, and someone who saw hashes could find the key. No
 * hash ever leaves the server, and its clients are of the same machine, and as
 * a rule of the same user; what they could win is that a dict gets slow.
 */
#include "value-wire.h"

/* 2^64 divided by the golden ratio: a number without a pattern, so that a key
 * of zeros is not the end of it. */
#define ODD UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t
multiply_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last 16 bytes, or all of fewer, each of them in one of the two words. */
static inline void
load_last(struct span bytes, uint64_t *ret_a, uint64_t *ret_b)
{
	const uint8_t *at = bytes.data;
	size_t n = bytes.size;

	if (n >= 16) {
		*ret_a = wire_load64(at + n - 16);
		*ret_b = wire_load64(at + n - 8);
	} else if (n >= 8) {
		*ret_a = wire_load64(at);
		*ret_b = wire_load64(at + n - 8);
	} else if (n >= 4) {
		*ret_a = wire_load32(at);
		*ret_b = wire_load32(at + n - 4);
	} else if (n > 0) {
		*ret_a = (uint64_t)at[0] << 16 | (uint64_t)at[n / 2] << 8 |
			 at[n - 1];
		*ret_b = 0;
	} else {
		*ret_a = *ret_b = 0;
	}
}

uint64_t
value_hash(struct span bytes, const struct value_hash_key *key)
{
	unsigned __int128 product;
	uint64_t state = key->k0 ^ ODD, a, b;
	const uint8_t *at = bytes.data;

	for (size_t left = bytes.size; left > 16; at += 16, left -= 16)
		state = multiply_fold(wire_load64(at) ^ key->k1,
				      wire_load64(at + 8) ^ state);
	load_last(bytes, &a, &b);
	product = (unsigned __int128)(a ^ key->k1) * (b ^ state);
	return multiply_fold((uint64_t)product ^ ODD ^ bytes.size,
			     (uint64_t)(product >> 64) ^ key->k1);
}
