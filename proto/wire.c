/*
 * Varints of several bytes: eight bytes are looked at together where there are
 * so many, for the ids of objects have nine.
 */
#include "wire.h"

/* The other way round than wire_join(), for 56 bits. */
static uint64_t
spread(uint64_t bits)
{
	bits = (bits & UINT64_C(0x0fffffff)) |
	       (bits << 4 & UINT64_C(0x0fffffff00000000));
	bits = (bits & UINT64_C(0x00003fff00003fff)) |
	       (bits << 2 & UINT64_C(0x3fff00003fff0000));
	return (bits & UINT64_C(0x007f007f007f007f)) |
	       (bits << 1 & UINT64_C(0x7f007f007f007f00));
}

uint8_t *
wire_put_long(uint8_t *out, uint64_t value)
{
	wire_store64(out, spread(value) | WIRE_HIGHS);
	out += 8;
	value >>= 56;
	if (value >= 0x80) {
		*out++ = (uint8_t)value;
		value = 1;
	}
	*out++ = (uint8_t)value;
	return out;
}

static struct wire_number
read_bytewise(const uint8_t *at, const uint8_t *end)
{
	uint64_t value = 0;

	for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
		uint8_t byte = *at++;

		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (byte == 0 && shift > 0)
			break;
		return (struct wire_number){ at, value };
	}
	return (struct wire_number){ NULL, 0 };
}

struct wire_number
wire_read_long(const uint8_t *at, const uint8_t *end)
{
	uint64_t word, ends;
	unsigned last;

	if (end - at < 9)
		return read_bytewise(at, end);
	word = wire_load64(at);
	ends = ~word & WIRE_HIGHS;
	if (ends == 0) {
		if (at[8] == 0 || at[8] >= 0x80)
			return read_bytewise(at, end);
		return (struct wire_number){
			at + 9,
			wire_join(word) | (uint64_t)at[8] << 56,
		};
	}
	/* the bits before the byte that is the last one */
	last = (unsigned)__builtin_ctzll(ends) - 7;
	if (last > 0 && (word >> last & 0xff) == 0)
		return (struct wire_number){ NULL, 0 };
	return (struct wire_number){
		at + last / 8 + 1,
		wire_join(word & (ends ^ (ends - 1))),
	};
}

size_t
wire_find_tail(struct span part, size_t size)
{
	struct wire in = wire_make(part);
	uint64_t tag, number;

	while (wire_get_varint(&in, &tag) && wire_get_varint(&in, &number)) {
		size_t at = (size_t)(in.at - part.data);

		if ((tag & 7) == WIRE_VARINT)
			continue;
		if ((tag & 7) != WIRE_LENGTH)
			return 0;
		if (number == size - at)
			return at;
		if (number > wire_left(&in))
			return 0;
		in.at += number;
	}
	return 0;
}
