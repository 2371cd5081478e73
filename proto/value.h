/*
 * Values in their wire form.
 *
 * A value is the bytes of one Value message (mproxy.proto) in canonical form,
 * and stays that on both sides: storing is one copy, sending is one copy,
 * equality is memcmp. Canonical means, so that each value has one spelling:
 *   - exactly one field of the oneof, present also when it is 0, false or
 *     empty; nothing after it and nothing unknown;
 *   - numbers, and the lengths of everything, are varints in their shortest
 *     form; nil is 1, a bool 0 or 1;
 *   - an integer is `integer` if it fits 64 bits signed, else `unsigned`;
 *   - -0.0 is written as 0.0, every NaN as 0x7ff8000000000000;
 *   - text is valid UTF-8 without NUL;
 *   - Numbers: a type of enum mproxy_number, then, unless there are none, the
 *     elements: a whole number of them, which are kept bit for bit (a NaN
 *     among them is what it was);
 *   - List: items, each one whole value, none empty;
 *   - Map: as List, keys and values in turn; the keys ascend as
 *     value_compare() has it, none is there twice, none has a handle in it;
 *   - Handle: an object other than 0, then, unless it is empty, the type,
 *     which is text like above;
 *   - not nested deeper than VALUE_MAX_DEPTH.
 * value_validate() accepts exactly these, once, where bytes enter. All other
 * functions trust it.
 *
 * Equality is type-strict: 1, 1.0 and true differ.
 */
#ifndef MPROXY_PROTO_VALUE_H
#define MPROXY_PROTO_VALUE_H

#include "buffer.h"
#include "mproxy/value-kinds.h"

/* Deepest nesting: a scalar has depth 1, a list of scalars 2. */
#define VALUE_MAX_DEPTH 64

struct value_handle {
	uint64_t object;
	struct span type;
};

struct value_numbers {
	enum mproxy_number type;
	size_t n;
	struct span data; /* little-endian, not aligned */
};

/* One level of a value, taken apart; spans point into its bytes. */
struct value {
	enum mproxy_kind kind;
	bool has_handles;  /* only value_validate() sets it */
	struct span bytes; /* the whole canonical value */
	union {
		bool boolean;
		int64_t integer;
		uint64_t unsigned_;
		double real;
		struct span text; /* text and data */
		struct value_numbers numbers;
		struct span items; /* list and map: inside of the message */
		struct value_handle handle;
	};
};

/*
 * Checks bytes from outside and takes apart the first level.
 *
 * Returns 0 or MPROXY_ERR_PROTOCOL, then *ret_why is a constant sentence.
 * Works without recursion and without memory of its own.
 */
int value_validate(struct span bytes, struct value *ret, const char **ret_why);

/*
 * The same for the values that most are: an integer, or a text or bytes of less
 * than 128. Takes a few steps; false for all others, and for what is no value.
 */
bool value_take_small(struct span bytes, struct value *ret);

/* Takes apart bytes known to be canonical. */
struct value value_decode(struct span bytes);

/* The items of a list, or keys and values of a map in turn. */
struct value_cursor {
	struct span rest;
};

struct value_cursor value_items(const struct value *value);
/* Those of a list as they lie in it; false when it is none. */
bool value_list_items(struct span list, struct span *ret);
bool value_next(struct value_cursor *cursor, struct span *ret_item);
size_t value_count(const struct value *value); /* items; entries of a map */

/* Calls visit for every handle inside, in the order of the bytes. */
void value_each_handle(struct span bytes,
		       void (*visit)(void *context, struct value_handle handle),
		       void *context);

/*
 * The order for sorting: nil < false < true < numbers < text < data < arrays
 * of numbers < lists < maps < handles.
 *
 * Numbers compare by what they mean, exactly, NaN last; of two that mean the
 * same the integer is first. Text and data compare by bytes. Arrays compare by
 * their type, then element by element (floats in the total order of IEEE 754),
 * then the shorter is first; lists item by item, then the shorter is first;
 * maps likewise, key, value, key, value. Handles compare by object, then type.
 *
 * Returns <0, 0, >0; 0 exactly when the bytes are equal.
 */
int value_compare(struct span a, struct span b);

/* A keyed 64-bit hash of the bytes; value-hash.c says what it promises. */
struct value_hash_key {
	uint64_t k0, k1;
};

uint64_t value_hash(struct span bytes, const struct value_hash_key *key);

/* Building: each appends one whole value. Failure is the buffer's. */
void value_put_nil(struct buffer *out);
void value_put_bool(struct buffer *out, bool value);
void value_put_int(struct buffer *out, int64_t value);
void value_put_uint(struct buffer *out, uint64_t value);
void value_put_double(struct buffer *out, double value);
void value_put_text(struct buffer *out, struct span utf8); /* trusts the text */
void value_put_bytes(struct buffer *out, struct span data);
/* data in the machine's order of bytes; an unknown type fails the buffer */
void value_put_numbers(struct buffer *out, enum mproxy_number type,
		       const void *data, size_t n);
void value_put_handle(struct buffer *out, uint64_t object, struct span type);
/* items: n whole values. A map takes n entries: 2n spans, key and value in
 * turn, in any order; sorts them; a later equal key wins. */
void value_put_list(struct buffer *out, const struct span *items, size_t n);
void value_put_map(struct buffer *out, const struct span *entries, size_t n);

/* The same for the two most used, where there is room already: the place behind.
 * kind: MPROXY_STRING, whose text is trusted, or MPROXY_BYTES. */
#define VALUE_HEAD_MAX 11 /* bytes */
uint8_t *value_write_int(uint8_t *out, int64_t value);
uint8_t *value_write_text(uint8_t *out, enum mproxy_kind kind,
			  struct span text);

/*
 * A list whose items are written between begin and end: begin gives a mark for
 * end. A list begun while another is open in the same buffer is an item of
 * that one. Between begin and end nothing but items and lists is put there.
 */
size_t value_list_begin(struct buffer *out);
void value_list_item(struct buffer *out, struct span item);
void value_list_end(struct buffer *out, size_t mark);

/*
 * The head of a list, or of a map, for who writes what is in it a little at a
 * time with value_list_item(): the items, or keys, which ascend, and values in
 * turn. size is that of all of these fields.
 */
void value_put_head(struct buffer *out, enum mproxy_kind kind, size_t size);

bool value_is_utf8(struct span text); /* valid, and no NUL */

/*
 * Prints a value as [1, 2.5, "text", {"a": nil}, <list 7>], at most max bytes,
 * then "…". Control characters in text are escaped. Data is b"…", an array of
 * numbers i32[1, 2]; a double always has a point or an exponent.
 */
void value_format(struct buffer *out, struct span bytes, size_t max);

/* Bytes of one element: 1, 2, 4 or 8; 0 for an unknown type. */
size_t value_number_size(enum mproxy_number type);

#endif
