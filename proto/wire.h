/*
 * The few encodings of protobuf that this folder reads and writes itself:
 * varints, tags, and fixed little-endian numbers.
 *
 * For proto/ alone. Readers take a cursor and move it, or give one back; they
 * never read past the end.
 */
#ifndef MPROXY_PROTO_WIRE_H
#define MPROXY_PROTO_WIRE_H

#include <endian.h>

#include "span.h"

#define WIRE_VARINT 0u
#define WIRE_FIXED64 1u
#define WIRE_LENGTH 2u

/* All our field numbers are below 16, so a tag is always one byte. */
#define WIRE_TAG(field, type) ((uint8_t)((field) << 3 | (type)))

#define WIRE_VARINT_MAX 10

/* A position in bytes that somebody else owns. */
struct wire {
	const uint8_t *at;
	const uint8_t *end;
};

static inline struct wire
wire_make(struct span span)
{
	return (struct wire){ .at = span.data, .end = span.data + span.size };
}

static inline size_t
wire_left(const struct wire *wire)
{
	return (size_t)(wire->end - wire->at);
}

static inline uint64_t
wire_zigzag(int64_t value)
{
	uint64_t bits = (uint64_t)value << 1;

	return value < 0 ? ~bits : bits;
}

static inline int64_t
wire_unzigzag(uint64_t bits)
{
	uint64_t half = bits >> 1;

	return (int64_t)(bits & 1 ? ~half : half);
}

static inline size_t
wire_varint_size(uint64_t value)
{
	/* 7 bits a byte: ceil(bits / 7), without a division */
	unsigned bits = 64u - (unsigned)__builtin_clzll(value | 1);

	return (bits * 9 + 64) / 64;
}

static inline uint32_t
wire_load32(const uint8_t *in)
{
	uint32_t word;

	memcpy(&word, in, sizeof(word));
	return le32toh(word);
}

static inline uint64_t
wire_load64(const uint8_t *in)
{
	uint64_t word;

	memcpy(&word, in, sizeof(word));
	return le64toh(word);
}

static inline void
wire_store32(uint8_t *out, uint32_t value)
{
	value = htole32(value);
	memcpy(out, &value, sizeof(value));
}

static inline void
wire_store64(uint8_t *out, uint64_t value)
{
	value = htole64(value);
	memcpy(out, &value, sizeof(value));
}

static inline double
wire_load_double(const uint8_t *in)
{
	uint64_t bits = wire_load64(in);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* The top bit of each of eight bytes: of a varint, "there is more". */
#define WIRE_HIGHS UINT64_C(0x8080808080808080)

/* The lower seven bits of eight bytes, put together; neighbours in pairs. */
static inline uint64_t
wire_join(uint64_t word)
{
	word = (word & UINT64_C(0x007f007f007f007f)) |
	       (word & UINT64_C(0x7f007f007f007f00)) >> 1;
	word = (word & UINT64_C(0x00003fff00003fff)) |
	       (word & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (word & UINT64_C(0x0fffffff)) |
	       (word & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* As below, for nine bytes and ten: the ids of objects. */
uint8_t *wire_put_long(uint8_t *out, uint64_t value);

/* Writes the shortest form; returns the place behind it. */
static inline uint8_t *
wire_put_varint(uint8_t *out, uint64_t value)
{
	if (value >> 56)
		return wire_put_long(out, value);
	while (value >= 0x80) {
		*out++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*out++ = (uint8_t)value;
	return out;
}

/* As memcpy(); up to 16 bytes without a call: from both ends, which may
 * overlap. */
static inline uint8_t *
wire_put_bytes(uint8_t *out, const void *data, size_t size)
{
	const uint8_t *in = data;
	uint64_t first, last;

	if (size < 4) {
		if (size == 0)
			return out;
		out[0] = in[0];
		out[size / 2] = in[size / 2];
		out[size - 1] = in[size - 1];
	} else if (size < 8) {
		memcpy(&first, in, 4);
		memcpy(&last, in + size - 4, 4);
		memcpy(out, &first, 4);
		memcpy(out + size - 4, &last, 4);
	} else if (size <= 16) {
		memcpy(&first, in, 8);
		memcpy(&last, in + size - 8, 8);
		memcpy(out, &first, 8);
		memcpy(out + size - 8, &last, 8);
	} else {
		memcpy(out, in, size);
	}
	return out + size;
}

/* A length-delimited field: tag, length, bytes. */
#define WIRE_FIELD_HEAD_MAX (1 + WIRE_VARINT_MAX)

static inline size_t
wire_field_size(size_t size)
{
	return 1 + wire_varint_size(size) + size;
}

static inline uint8_t *
wire_put_field(uint8_t *out, uint8_t tag, struct span span)
{
	*out++ = tag;
	if (span.size < 0x80)
		*out++ = (uint8_t)span.size;
	else
		out = wire_put_varint(out, span.size);
	return wire_put_bytes(out, span.data, span.size);
}

/* A varint that was read, and where it ended. */
struct wire_number {
	const uint8_t
		*next; /* NULL: it was cut short, or not its shortest form */
	uint64_t value;
};

/* As below, for those of two bytes and more. */
struct wire_number wire_read_long(const uint8_t *at, const uint8_t *end);

static inline struct wire_number
wire_read(const uint8_t *at, const uint8_t *end)
{
	if (at < end && *at < 0x80)
		return (struct wire_number){ at + 1, *at };
	return wire_read_long(at, end);
}

/*
 * Reads on from where *number ended: if this tag comes next, the tag and the
 * varint behind it. What is malformed ends nowhere: at NULL, where no tag is.
 */
static inline bool
wire_next_is(struct wire_number *number, const uint8_t *end, uint8_t tag)
{
	if (!number->next || number->next == end || *number->next != tag)
		return false;
	*number = wire_read(number->next + 1, end);
	return true;
}

/* The bytes whose length the number is; it ends behind them then. */
static inline struct span
wire_number_span(struct wire_number *number, const uint8_t *end)
{
	struct span span = span_make(number->next, number->value);

	if (!number->next || number->value > (size_t)(end - number->next)) {
		number->next = NULL;
		return span_make(NULL, 0);
	}
	number->next += number->value;
	return span;
}

/* Reads a varint in its shortest form; false for any other, or too few bytes. */
static inline bool
wire_get_varint(struct wire *wire, uint64_t *ret)
{
	struct wire_number number = wire_read(wire->at, wire->end);

	if (!number.next)
		return false;
	wire->at = number.next;
	*ret = number.value;
	return true;
}

/* A length, and as many bytes behind it, which are given as a span. */
static inline bool
wire_get_span(struct wire *wire, struct span *ret)
{
	uint64_t size;

	if (!wire_get_varint(wire, &size) || size > wire_left(wire))
		return false;
	*ret = span_make(wire->at, (size_t)size);
	wire->at += size;
	return true;
}

/*
 * Where the last field of a message of size bytes has its own bytes, when it is
 * length-delimited and part is what has come of the message so far; 0 when that
 * cannot be told.
 */
size_t wire_find_tail(struct span part, size_t size);

#endif
