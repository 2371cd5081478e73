/*
 * What the files of values know of each other: how one is built, how one is
 * walked, and how it is said that one is not what was wanted.
 */
#ifndef MPROXY_LIB_VALUE_INSIDE_H
#define MPROXY_LIB_VALUE_INSIDE_H

#include "lib-private.h"

/* --- value-block.c: the memory of small values --- */

#define VALUE_BLOCK 64 /* bytes, head included: what most values fit into */

void *value_block_new(void); /* NULL without memory */
void value_block_free(void *block);

/* --- value.c --- */

/*
 * A value whose size has a bound is written straight into its memory:
 *	struct mproxy_value *value = value_alloc(VALUE_HEAD_MAX);
 *	return value ? value_seal(value, write(value->bytes)) : NULL;
 */
struct mproxy_value *value_alloc(size_t most); /* NULL without memory */

static inline struct mproxy_value *
value_seal(struct mproxy_value *value, uint8_t *end)
{
	*end = '\0';
	value->size = (size_t)(end - value->bytes);
	return value;
}

/*
 * Any other grows inside a buffer, behind the room for its head, so that making
 * one is one allocation:
 *	struct buffer buffer = value_begin(0);
 *	value_put_int(&buffer, 7);
 *	return value_end(&buffer, 0);
 */
struct buffer value_begin(size_t expected); /* so many bytes, or more */
/* The objects are still to be filled in. NULL without memory. */
struct mproxy_value *value_end(struct buffer *buffer, size_t n_objects);

/* Remembers why this constructor fails, for value_null_error(). Returns NULL. */
struct mproxy_value *value_fail(int code, const char *sentence);
struct mproxy_value *value_fail_memory(void);

/* The bytes of a value, also of NULL, which is nil. */
struct span value_bytes(const struct mproxy_value *value);
struct value value_take_apart(const struct mproxy_value *value);
unsigned value_depth(const struct mproxy_value *value);
/* Handles in a part of a value. */
size_t value_count_handles(const struct mproxy_value *whole, struct span part);

/* --- value-access.c --- */

/* The items of a list, the keys and items of a map in turn. */
struct value_walk {
	const struct mproxy_value *value;
	struct value_cursor cursor;
	size_t n_objects; /* in the items before */
};

/* One of them. */
struct value_part {
	struct span bytes;
	size_t first_object; /* of its handles, in the objects of the whole */
};

struct value_walk value_walk_begin(const struct mproxy_value *value);
bool value_walk_next(struct value_walk *walk, struct value_part *ret);
/* A part as a value of its own; NULL without memory. */
struct mproxy_value *value_part_copy(const struct mproxy_value *whole,
				     struct value_part part);
void value_index_free(struct mproxy_value *value);

/* --- value-scalars.c --- */

/* What a kind is converted to: 0, TYPE or RANGE; no detail. */
int value_to_int(const struct value *value, int64_t *ret);
int value_to_uint(const struct value *value, uint64_t *ret);
int value_to_double(const struct value *value, double *ret);

/* Sets the detail: "wanted integer, is string". where: "" or what comes before.
 * c_type: what it did not fit. Returns the code. */
int value_complain(int code, const char *where, const char *wanted,
		   const char *c_type, struct span is);

/* --- value-numbers.c --- */

/* One of an array of numbers, given. */
int value_number_item(const struct value_numbers *numbers, size_t index,
		      struct mproxy_value **ret);

#endif
