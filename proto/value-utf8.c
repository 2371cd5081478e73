/*
 * Which bytes are text. Written from the table of well-formed sequences in
 * the Unicode standard (3.9, table 3-7): the second byte of a sequence decides
 * about overlong forms, surrogates and what lies above U+10FFFF.
 */
#include "value-wire.h"

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

bool
value_is_utf8(struct span text)
{
	const uint8_t *at = text.data;
	size_t left = text.size;

	if (value_is_ascii(text))
		return true;
	while (left > 0) {
		size_t size = 1;

		if (left >= 8 && !value_is_special(wire_load64(at)))
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
