/*
 * The tags of Value and of the messages inside it. Internal to proto/; a test
 * compares them with mproxy.proto.
 */
#ifndef MPROXY_PROTO_VALUE_WIRE_H
#define MPROXY_PROTO_VALUE_WIRE_H

#include "value.h"
#include "wire.h"

/* The kinds are the field numbers of the oneof. */
#define VALUE_TAG_NIL WIRE_TAG(MPROXY_NIL, WIRE_VARINT)
#define VALUE_TAG_BOOL WIRE_TAG(MPROXY_BOOL, WIRE_VARINT)
#define VALUE_TAG_INT WIRE_TAG(MPROXY_INT, WIRE_VARINT)
#define VALUE_TAG_UINT WIRE_TAG(MPROXY_UINT, WIRE_VARINT)
#define VALUE_TAG_DOUBLE WIRE_TAG(MPROXY_DOUBLE, WIRE_FIXED64)
#define VALUE_TAG_STRING WIRE_TAG(MPROXY_STRING, WIRE_LENGTH)
#define VALUE_TAG_BYTES WIRE_TAG(MPROXY_BYTES, WIRE_LENGTH)
#define VALUE_TAG_NUMBERS WIRE_TAG(MPROXY_NUMBERS, WIRE_LENGTH)
#define VALUE_TAG_LIST WIRE_TAG(MPROXY_LIST, WIRE_LENGTH)
#define VALUE_TAG_MAP WIRE_TAG(MPROXY_MAP, WIRE_LENGTH)
#define VALUE_TAG_HANDLE WIRE_TAG(MPROXY_HANDLE, WIRE_LENGTH)

#define ITEM_TAG WIRE_TAG(1, WIRE_LENGTH) /* List.items and Map.entries */
#define NUMBERS_TAG_TYPE WIRE_TAG(1, WIRE_VARINT)
#define NUMBERS_TAG_DATA WIRE_TAG(2, WIRE_LENGTH)
#define HANDLE_TAG_OBJECT WIRE_TAG(1, WIRE_VARINT)
#define HANDLE_TAG_TYPE WIRE_TAG(2, WIRE_LENGTH)

/* The one NaN there is. */
#define VALUE_NAN UINT64_C(0x7ff8000000000000)
#define VALUE_MINUS_ZERO UINT64_C(0x8000000000000000)

/* value_decode() without a copy of the struct, which costs as much again. */
void value_decode_into(struct span bytes, struct value *ret);

/* Whether one of eight bytes is not ASCII, or is NUL. */
static inline bool
value_is_special(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	return ((word | (word - ones)) & WIRE_HIGHS) != 0;
}

/* ASCII without NUL. Short texts, and the ends of long ones, are seen in as few
 * looks as can be: two may overlap. */
static inline bool
value_is_ascii(struct span text)
{
	const uint8_t *at = text.data, *last;
	size_t size = text.size;

	if (size >= 8) {
		last = at + size - 8;
		for (; at < last; at += 8)
			if (value_is_special(wire_load64(at)))
				return false;
		return !value_is_special(wire_load64(last));
	}
	if (size >= 4)
		return !value_is_special((uint64_t)wire_load32(at) << 32 |
					 wire_load32(at + size - 4));
	for (; size > 0; size--, at++)
		if (*at == 0 || *at >= 0x80)
			return false;
	return true;
}

static inline bool
value_is_container(enum mproxy_kind kind)
{
	return kind == MPROXY_LIST || kind == MPROXY_MAP;
}

#endif
