/*
 * The few encodings of protobuf that this folder reads and writes itself:
 * varints, tags, and fixed little-endian numbers.
 *
 * Internal to proto/. Readers take a cursor and move it; they never read
 * past its end.
 */
#ifndef MPROXY_PROTO_WIRE_H
#define MPROXY_PROTO_WIRE_H

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

/* Writes the shortest form; returns the place behind it. */
static inline uint8_t *
wire_put_varint(uint8_t *out, uint64_t value)
{
	while (value >= 0x80) {
		*out++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*out++ = (uint8_t)value;
	return out;
}

static inline uint8_t *
wire_put_bytes(uint8_t *out, const void *data, size_t size)
{
	if (size > 0)
		memcpy(out, data, size);
	return out + size;
}

/* A length-delimited field: tag, length, bytes. */
static inline size_t
wire_field_size(size_t size)
{
	return 1 + wire_varint_size(size) + size;
}

static inline uint8_t *
wire_put_field(uint8_t *out, uint8_t tag, struct span span)
{
	*out++ = tag;
	out = wire_put_varint(out, span.size);
	return wire_put_bytes(out, span.data, span.size);
}

/* As below, for those of two bytes and more. */
static inline bool
wire_get_long_varint(struct wire *wire, uint64_t *ret)
{
	const uint8_t *at = wire->at;
	uint64_t value = 0;

	for (unsigned shift = 0; at < wire->end && shift < 64; shift += 7) {
		uint8_t byte = *at++;

		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (byte == 0 && shift > 0)
			return false;
		wire->at = at;
		*ret = value;
		return true;
	}
	return false;
}

/* Reads a varint in its shortest form; false for any other, or too few bytes. */
static inline bool
wire_get_varint(struct wire *wire, uint64_t *ret)
{
	if (wire->at == wire->end)
		return false;
	if (*wire->at >= 0x80)
		return wire_get_long_varint(wire, ret);
	*ret = *wire->at++;
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

static inline uint32_t
wire_load32(const uint8_t *in)
{
	return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
	       (uint32_t)in[3] << 24;
}

static inline uint64_t
wire_load64(const uint8_t *in)
{
	return (uint64_t)wire_load32(in) | (uint64_t)wire_load32(in + 4) << 32;
}

static inline void
wire_store32(uint8_t *out, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static inline void
wire_store64(uint8_t *out, uint64_t value)
{
	wire_store32(out, (uint32_t)value);
	wire_store32(out + 4, (uint32_t)(value >> 32));
}

static inline double
wire_load_double(const uint8_t *in)
{
	uint64_t bits = wire_load64(in);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

#endif
