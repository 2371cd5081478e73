/*
 * Asking a value for its contents.
 *
 * Each function returns 0 or a code, and leaves *ret untouched on failure:
 * MPROXY_ERR_TYPE, the value is of another kind; MPROXY_ERR_RANGE, what is in it
 * does not fit. The detail says both: "wanted integer, is string". A value that
 * is NULL is answered as nil.
 *
 *	const char *text;
 *	if (mproxy_value_get_string(value, &text, NULL) == 0)
 *		puts(text);
 *
 *	for (size_t i = 0; i < mproxy_value_count(list); i++) {
 *		struct mproxy_value *item;
 *		mproxy_value_item(list, i, &item);
 *		…
 *		mproxy_value_free(item);
 *	}
 */
#ifndef MPROXY_VALUE_ACCESS_H
#define MPROXY_VALUE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mproxy/error.h>
#include <mproxy/types.h>
#include <mproxy/value-kinds.h>

#ifdef __cplusplus
extern "C" {
#endif

/** mproxy_value_get_bool() - of a bool only. Since: 0.1 */
int mproxy_value_get_bool(const struct mproxy_value *value, bool *ret);

/** mproxy_value_get_int() - of an integer; RANGE above INT64_MAX. Since: 0.1 */
int mproxy_value_get_int(const struct mproxy_value *value, int64_t *ret);

/** mproxy_value_get_uint() - of an integer; RANGE below 0. Since: 0.1 */
int mproxy_value_get_uint(const struct mproxy_value *value, uint64_t *ret);

/** mproxy_value_get_double() - of any number; integers are converted, to the
 * nearest double. Since: 0.1 */
int mproxy_value_get_double(const struct mproxy_value *value, double *ret);

/**
 * mproxy_value_get_string() - the text of a string.
 * @ret:      borrowed from the value: valid while that lives; ends with a NUL.
 * @ret_size: its bytes without the NUL; may be NULL.
 *
 * Since: 0.1
 */
int mproxy_value_get_string(const struct mproxy_value *value, const char **ret,
			    size_t *ret_size);

/**
 * mproxy_value_get_bytes() - the bytes of a bytes value.
 * @ret:      borrowed from the value: valid while that lives; aligned as char.
 * @ret_size: how many.
 *
 * Since: 0.1
 */
int mproxy_value_get_bytes(const struct mproxy_value *value, const void **ret,
			   size_t *ret_size);

/**
 * mproxy_value_copy_bytes() - a bytes value into a struct.
 * @data: filled with @size bytes.
 *
 * The way back of mproxy_value_bytes(&point, sizeof(point)).
 *
 * Returns: 0; MPROXY_ERR_TYPE; MPROXY_ERR_RANGE, the value has another size.
 * Since: 0.1
 */
int mproxy_value_copy_bytes(const struct mproxy_value *value, void *data,
			    size_t size);

/**
 * mproxy_value_get_numbers() - numbers into a C array, all at once.
 * @value: an array of numbers of any type, or a list of numbers.
 * @type:  what the elements of @data are, as MPROXY_I64 for int64_t.
 * @data:  a C array with room for @n elements; the first @n numbers go there.
 *         NULL: only count.
 * @ret_n: how many numbers the value has, also when that is more than @n; may
 *         be NULL.
 *
 * Integers go to any type they fit, doubles to MPROXY_F32 and MPROXY_F64 only.
 *
 * Returns: 0; MPROXY_ERR_TYPE, not numbers, or a double for an integer type;
 *          MPROXY_ERR_RANGE, one does not fit, the detail says which;
 *          MPROXY_ERR_INVALID, no such type. @data may then be filled in part.
 * Since: 0.1
 */
int mproxy_value_get_numbers(const struct mproxy_value *value,
			     enum mproxy_number type, void *data, size_t n,
			     size_t *ret_n);

/**
 * mproxy_value_get_object() - the shared object of a handle.
 * @type: borrowed: the name it must have, as "list"; NULL: any.
 * @ret:  given; release with mproxy_object_free().
 *
 * mproxy_list_from_value() and the like give the typed proxy.
 *
 * Returns: 0; MPROXY_ERR_TYPE. Since: 0.1
 */
int mproxy_value_get_object(const struct mproxy_value *value, const char *type,
			    struct mproxy_object **ret);

/**
 * mproxy_value_count() - items of a list, entries of a map, numbers of an array.
 *
 * Returns: how many; 0 for every other kind. Since: 0.1
 */
size_t mproxy_value_count(const struct mproxy_value *value);

/**
 * mproxy_value_item() - one item of a list, or one number of an array.
 * @index: from 0.
 * @ret:   given; release with mproxy_value_free().
 *
 * Quick for every index, also in long lists.
 *
 * Returns: 0; MPROXY_ERR_TYPE; MPROXY_ERR_RANGE; MPROXY_ERR_NO_MEMORY. Since: 0.1
 */
int mproxy_value_item(const struct mproxy_value *value, size_t index,
		      struct mproxy_value **ret);

/**
 * mproxy_value_entry() - one entry of a map.
 * @index:    from 0, in the order of the keys.
 * @ret_key:  given, and
 * @ret_item: given; release both with mproxy_value_free(). Either may be NULL.
 *
 * Returns: as mproxy_value_item(). Since: 0.1
 */
int mproxy_value_entry(const struct mproxy_value *value, size_t index,
		       struct mproxy_value **ret_key,
		       struct mproxy_value **ret_item);

/**
 * mproxy_value_find() - the item of a map that goes with a key.
 * @key: taken, so that MPROXY("name") may stand here.
 * @ret: given; release with mproxy_value_free().
 *
 * Returns: 0; MPROXY_ERR_NOT_FOUND; MPROXY_ERR_TYPE, no map;
 *          MPROXY_ERR_NO_MEMORY. Since: 0.1
 */
int mproxy_value_find(const struct mproxy_value *map, struct mproxy_value *key,
		      struct mproxy_value **ret);

#ifdef __cplusplus
}
#endif

#endif
