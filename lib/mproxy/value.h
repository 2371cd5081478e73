/*
 * Values: what goes into shared objects and comes out of them.
 *
 * A value is nil, a bool, a number, text, bytes, an array of numbers, a list, a
 * map, or a handle of a shared object. It never changes once made, is counted
 * (ref, free), and may be used by several threads at once.
 *
 * Functions that put values somewhere take them, also on failure, so that
 * constructors nest. A constructor that fails gives NULL; so does one that is
 * given NULL; and whatever is to send a NULL value reports why. So the check
 * is where the call is, and only there:
 *
 *	mproxy_list_append(list, MPROXY(42));
 *	mproxy_dict_set(dict, MPROXY("pi"), MPROXY(3.14159));
 *	mproxy_queue_put(queue, MPROXY_ARGS("job", 7, list), -1);
 *
 * To keep a value that is taken, pass mproxy_value_ref(value). A const struct
 * mproxy_value * is one that is only borrowed.
 *
 * Values are copies: changing a list that came out of an object does not change
 * the object. To share, put a handle inside (a list of dicts).
 *
 * value-macros.h has MPROXY() and its relatives, value-access.h what asks a
 * value for its contents, unpack.h what takes a list apart in one go.
 *
 * Nothing here blocks; all of it may be used by any thread, also after fork.
 */
#ifndef MPROXY_VALUE_H
#define MPROXY_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mproxy/error.h>
#include <mproxy/types.h>
#include <mproxy/value-kinds.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Constructors. Each gives a value, to be released with mproxy_value_free() or
 * handed to something that takes it; NULL on failure. The detail then says
 * why: no memory, or the reason named with the constructor.
 */

/** mproxy_value_nil() - nothing, the None of Python. Since: 0.1 */
struct mproxy_value *mproxy_value_nil(void);

/** mproxy_value_bool() - true or false; never equal to 1 or 0. Since: 0.1 */
struct mproxy_value *mproxy_value_bool(bool value);

/** mproxy_value_int() - an integer; never equal to a double. Since: 0.1 */
struct mproxy_value *mproxy_value_int(int64_t value);

/**
 * mproxy_value_uint() - an integer, for those above INT64_MAX.
 *
 * Below, it is the same as mproxy_value_int() of the number. Since: 0.1
 */
struct mproxy_value *mproxy_value_uint(uint64_t value);

/** mproxy_value_double() - a number; all NaN are one, -0.0 is 0.0. Since: 0.1 */
struct mproxy_value *mproxy_value_double(double value);

/**
 * mproxy_value_string() - text.
 * @text: borrowed: UTF-8, ended by a NUL.
 *
 * Fails with MPROXY_ERR_INVALID also when @text is NULL or is not UTF-8: names
 * of files, say, may not be, and travel as mproxy_value_bytes(). Since: 0.1
 */
struct mproxy_value *mproxy_value_string(const char *text);

/** mproxy_value_string_n() - text of @size bytes, no NUL among them. Since: 0.1 */
struct mproxy_value *mproxy_value_string_n(const char *text, size_t size);

/**
 * mproxy_value_bytes() - any bytes: a struct, a picture, a file name.
 * @data: borrowed: @size bytes; may be NULL when there are none.
 *
 * Since: 0.1
 */
struct mproxy_value *mproxy_value_bytes(const void *data, size_t size);

/**
 * mproxy_value_numbers() - an array of numbers of one type, as one value.
 * @type: of the elements, as MPROXY_F64 for double.
 * @data: borrowed: a C array of @n such elements.
 *
 * It travels packed, and mproxy_value_get_numbers() takes it out whole.
 * Fails with MPROXY_ERR_INVALID also when there is no such type. Since: 0.1
 */
struct mproxy_value *mproxy_value_numbers(enum mproxy_number type,
					  const void *data, size_t n);

/**
 * mproxy_value_list_from_numbers() - a list with each number an item.
 *
 * As mproxy_value_numbers(), but the result is a list, for what wants one:
 * mproxy_list_extend(), mproxy_queue_put_many(). Since: 0.1
 */
struct mproxy_value *mproxy_value_list_from_numbers(enum mproxy_number type,
						    const void *data, size_t n);

/**
 * mproxy_value_list() - a list.
 * @n:     how many items; may be 0.
 * @items: each taken; the array is borrowed.
 *
 * Fails also: MPROXY_ERR_LIMIT, nested deeper than 64 levels;
 * MPROXY_ERR_INVALID, with handles of two managers. MPROXY_ARGS() is shorter.
 * Since: 0.1
 */
struct mproxy_value *mproxy_value_list(size_t n,
				       struct mproxy_value *const *items);

/**
 * mproxy_value_map() - a map.
 * @n:     how many entries; may be 0.
 * @keys:  each taken; any kind, no handle inside.
 * @items: each taken; the one that goes with the key of this index.
 *
 * A key given twice: the last one counts. A map has no order of its own; its
 * entries come out in the order of their keys, see mproxy_value_compare().
 * Fails also: MPROXY_ERR_LIMIT and MPROXY_ERR_INVALID as mproxy_value_list();
 * MPROXY_ERR_TYPE, a handle in a key. MPROXY_MAP() is shorter. Since: 0.1
 */
struct mproxy_value *mproxy_value_map(size_t n,
				      struct mproxy_value *const *keys,
				      struct mproxy_value *const *items);

/**
 * mproxy_value_map_from_pairs() - a map from one array.
 * @n:     how many entries.
 * @pairs: 2 * @n values, each taken: key, item, key, item …
 *
 * Otherwise as mproxy_value_map(). Since: 0.1
 */
struct mproxy_value *mproxy_value_map_from_pairs(
	size_t n, struct mproxy_value *const *pairs);

/**
 * mproxy_value_object() - a handle of a shared object.
 * @object: borrowed; the value holds a reference of its own, and while the
 *          value is somewhere the object lives.
 *
 * MPROXY() does it for the typed proxies too. Since: 0.1
 */
struct mproxy_value *mproxy_value_object(struct mproxy_object *object);

/**
 * mproxy_value_ref() - one more owner.
 * @value: borrowed; NULL is fine.
 *
 * Gives: the same value, to be released as any other. Since: 0.1
 */
struct mproxy_value *mproxy_value_ref(const struct mproxy_value *value);

/**
 * mproxy_value_free() - one owner less.
 * @value: taken; NULL is fine.
 *
 * Returns: NULL. Since: 0.1
 */
struct mproxy_value *mproxy_value_free(struct mproxy_value *value);

/** mproxy_value_kind() - what it is; a NULL value is nil. Since: 0.1 */
enum mproxy_kind mproxy_value_kind(const struct mproxy_value *value);

/** mproxy_kind_name() - "integer", "list", …; a constant string. Since: 0.1 */
const char *mproxy_kind_name(enum mproxy_kind kind);

/**
 * mproxy_value_equal() - whether two values are the same.
 *
 * Kinds count: 1, 1.0 and true are three different values. Since: 0.1
 */
bool mproxy_value_equal(const struct mproxy_value *a,
			const struct mproxy_value *b);

/**
 * mproxy_value_compare() - the order in which lists are sorted.
 *
 * nil < false < true < numbers < strings < bytes < arrays of numbers < lists <
 * maps < handles. Numbers by what they mean, NaN last, 1 before 1.0; strings
 * and bytes byte by byte; lists item by item, the shorter first.
 *
 * Returns: less than, equal to or greater than 0; 0 exactly when equal.
 * Since: 0.1
 */
int mproxy_value_compare(const struct mproxy_value *a,
			 const struct mproxy_value *b);

/**
 * mproxy_value_format() - a value as text, as [1, 2.5, "x", {"a": nil}].
 * @ret: given; release with free().
 *
 * A handle is written as <list 7>: its type and its number.
 *
 * Returns: 0; MPROXY_ERR_NO_MEMORY. Since: 0.1
 */
int mproxy_value_format(const struct mproxy_value *value, char **ret);

#ifdef __cplusplus
}
#endif

#include <mproxy/unpack.h>
#include <mproxy/value-access.h>
#include <mproxy/value-macros.h>

#endif
