/*
 * Which bytes are text. Written from the table of well-formed sequences in
 * the Unicode standard (3.9, table 3-7): the second byte of a sequence decides
 * about overlong forms, surrogates and what lies above U+10FFFF.
 */
#include "value-wire.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Whether one of eight bytes is not ASCII, or is NUL. */
static bool
is_special(uint64_t word)
{
	return ((word | (word - ONES)) & HIGHS) != 0;
}

/* Bytes of the sequence at at, or 0 when it is not well-formed. */
static size_t
sequence_size(const uint8_t *at, size_t left)
{
	uint8_t lowest = 0x80;
	uint8_t highest = 0xbf;
	size_t size;

	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		size = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		size = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		size = 4;
	else
		return 0;
	if (left < size)
		return 0;
	if (at[0] == 0xe0)
		lowest = 0xa0;
	else if (at[0] == 0xed)
		highest = 0x9f;
	else if (at[0] == 0xf0)
		lowest = 0x90;
	else if (at[0] == 0xf4)
		highest = 0x8f;
	if (at[1] < lowest || at[1] > highest)
		return 0;
	for (size_t i = 2; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	return size;
}

/* Short texts, and the ends of long ones, in as few looks as can be: two may
 * overlap. */
static bool
is_ascii(const uint8_t *at, size_t size)
{
	const uint8_t *last;
	uint32_t a, b;

	if (size >= 8) {
		last = at + size - 8;
		for (; at < last; at += 8)
			if (is_special(wire_load64(at)))
				return false;
		return !is_special(wire_load64(last));
	}
	if (size >= 4) {
		a = wire_load32(at);
		b = wire_load32(at + size - 4);
		return !is_special((uint64_t)a << 32 | b);
	}
	for (; size > 0; size--, at++)
		if (*at == 0 || *at >= 0x80)
			return false;
	return true;
}

bool
value_is_utf8(struct span text)
{
	const uint8_t *at = text.data;
	size_t left = text.size;

	if (is_ascii(at, left))
		return true;
	while (left > 0) {
		size_t size = 1;

		if (left >= 8 && !is_special(wire_load64(at)))
			size = 8;
		else if (*at == 0)
			return false;
		else if (*at >= 0x80)
			size = sequence_size(at, left);
		if (size == 0)
			return false;
		at += size;
		left -= size;
	}
	return true;
}
