/*
 * A piece of memory somebody else owns.
 */
#ifndef MPROXY_PROTO_SPAN_H
#define MPROXY_PROTO_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	size_t size;
	const uint8_t *data;
};

static inline struct span
span_make(const void *data, size_t size)
{
	return (struct span){ .size = size, .data = data };
}

static inline struct span
span_text(const char *text)
{
	return span_make(text, strlen(text));
}

/* As memcmp() == 0; up to 16 bytes without a call: from both ends, which may
 * overlap. */
static inline bool
span_equal(struct span a, struct span b)
{
	uint64_t x[2], y[2];
	uint32_t v[2], w[2];
	size_t size = a.size;

	if (size != b.size)
		return false;
	if (size > 16)
		return memcmp(a.data, b.data, size) == 0;
	if (size >= 8) {
		memcpy(&x[0], a.data, 8);
		memcpy(&x[1], a.data + size - 8, 8);
		memcpy(&y[0], b.data, 8);
		memcpy(&y[1], b.data + size - 8, 8);
		return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
	}
	if (size >= 4) {
		memcpy(&v[0], a.data, 4);
		memcpy(&v[1], a.data + size - 4, 4);
		memcpy(&w[0], b.data, 4);
		memcpy(&w[1], b.data + size - 4, 4);
		return ((v[0] ^ w[0]) | (v[1] ^ w[1])) == 0;
	}
	for (size_t i = 0; i < size; i++)
		if (a.data[i] != b.data[i])
			return false;
	return true;
}

#endif
