/*
 * A growing run of bytes.
 *
 * A failed growth is remembered: later appends do nothing and
 * buffer_failed() says so, so that a builder checks once, at its end.
 */
#ifndef MPROXY_PROTO_BUFFER_H
#define MPROXY_PROTO_BUFFER_H

#include "span.h"

struct buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
	bool failed;
	unsigned open_lists; /* of value_list_begin() */
};

#define BUFFER_INIT                                                            \
	{                                                                      \
	}

void buffer_deinit(struct buffer *buffer); /* frees; leaves it empty */
void buffer_clear(struct buffer *buffer);  /* empty, memory kept, not failed */

/* As below, where there is no room yet. */
uint8_t *buffer_extend_slowly(struct buffer *buffer, size_t size);

/* Room for size more bytes at the end, added to its size; NULL without memory. */
static inline uint8_t *
buffer_extend(struct buffer *buffer, size_t size)
{
	uint8_t *end;

	/* not "more than": one without memory goes there, too */
	if (size >= buffer->capacity - buffer->size || buffer->failed)
		return buffer_extend_slowly(buffer, size);
	end = buffer->data + buffer->size;
	buffer->size += size;
	return end;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_span(struct buffer *buffer, struct span span);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool buffer_failed(const struct buffer *buffer);
struct span buffer_span(const struct buffer *buffer);

/* The bytes, to be freed with free(); the buffer is empty after. NULL when it
 * has failed, or when nothing was ever written. */
uint8_t *buffer_take(struct buffer *buffer, size_t *ret_size);

#endif
