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

static inline bool
span_equal(struct span a, struct span b)
{
	return a.size == b.size &&
	       (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

#endif
