/*
 * Why the failure sticks: what is built here is built by dozens of small
 * appends, and checking each of them would bury what they say.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "block.h"
#include "buffer.h"

#define SMALLEST 64

void
buffer_deinit(struct buffer *buffer)
{
	block_free(buffer->data, buffer->capacity);
	*buffer = (struct buffer)BUFFER_INIT;
}

void
buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = false;
	buffer->open_lists = 0;
}

static bool
grow(struct buffer *buffer, size_t needed)
{
	size_t capacity = buffer->capacity;
	uint8_t *data;

	if (capacity > SIZE_MAX / 2)
		capacity = needed;
	else
		capacity = capacity == 0 ? SMALLEST : capacity * 2;
	/* a bit more than one large piece: most have an end that follows */
	if (capacity < needed)
		capacity = needed > SIZE_MAX - SMALLEST ? needed
							: needed + SMALLEST;
	data = block_grow(buffer->data, buffer->size, capacity);
	if (!data)
		return false;
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

uint8_t *
buffer_extend_slowly(struct buffer *buffer, size_t size)
{
	uint8_t *end;

	if (buffer->failed)
		return NULL;
	if (size > buffer->capacity - buffer->size || !buffer->data) {
		if (size > SIZE_MAX - buffer->size ||
		    !grow(buffer, buffer->size + size)) {
			buffer->failed = true;
			return NULL;
		}
	}
	end = buffer->data + buffer->size;
	buffer->size += size;
	return end;
}

void
buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	uint8_t *out;

	if (size == 0)
		return;
	out = buffer_extend(buffer, size);
	if (out)
		memcpy(out, data, size);
}

void
buffer_append_span(struct buffer *buffer, struct span span)
{
	buffer_append(buffer, span.data, span.size);
}

void
buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void
buffer_printf(struct buffer *buffer, const char *format, ...)
{
	char small[128];
	va_list args;
	uint8_t *out;
	int n;

	va_start(args, format);
	n = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	if (n < 0) {
		buffer->failed = true;
		return;
	}
	if ((size_t)n < sizeof(small)) {
		buffer_append(buffer, small, (size_t)n);
		return;
	}
	/* vsnprintf ends with a NUL, for which there must be room once */
	out = buffer_extend(buffer, (size_t)n + 1);
	if (!out)
		return;
	va_start(args, format);
	vsnprintf((char *)out, (size_t)n + 1, format, args);
	va_end(args);
	buffer->size--;
}

bool
buffer_failed(const struct buffer *buffer)
{
	return buffer->failed;
}

struct span
buffer_span(const struct buffer *buffer)
{
	return span_make(buffer->data, buffer->size);
}

uint8_t *
buffer_take(struct buffer *buffer, size_t *ret_size)
{
	uint8_t *data = buffer->data;

	if (buffer->failed) {
		free(data);
		data = NULL;
		buffer->size = 0;
	}
	*ret_size = buffer->size;
	*buffer = (struct buffer)BUFFER_INIT;
	return data;
}
