/*
 * Walking over a shared list or dict, a page at a time.
 *
 *	struct mproxy_iter *it;
 *	struct mproxy_value *key, *item;
 *
 *	mproxy_dict_iterate_items(dict, 0, &it);
 *	while ((error = mproxy_iter_next_entry(it, &key, &item)) == 0) {
 *		…
 *		mproxy_value_free(key);
 *		mproxy_value_free(item);
 *	}
 *	mproxy_iter_free(it);
 *	if (error != MPROXY_ERR_NOT_FOUND)
 *		…	// it did not get to the end
 *
 * Others may change the object meanwhile. A list is walked by index, so what is
 * inserted or deleted before the current place shifts the rest, as in Python.
 * Of a dict, every entry that stays is met exactly once; what is added during
 * the walk comes at its end. What is met is at most a page old.
 *
 * An iterator is used by one thread at a time. It holds its object.
 */
#ifndef MPROXY_ITER_H
#define MPROXY_ITER_H

#include <mproxy/error.h>
#include <mproxy/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_iter;

/**
 * mproxy_iter_next() - the next item.
 * @ret: given; release with mproxy_value_free(). A list's item, a dict's key or
 *       item, or, from mproxy_dict_iterate_items(), the list [key, item].
 *
 * Blocks: one round trip a page.
 * Returns: 0; MPROXY_ERR_NOT_FOUND at the end, and from then on;
 *          MPROXY_ERR_NO_MEMORY; any connection error.
 * Since: 0.1
 */
int mproxy_iter_next(struct mproxy_iter *it, struct mproxy_value **ret);

/**
 * mproxy_iter_next_entry() - the next entry of a dict, as two values.
 * @ret_key:  given, and
 * @ret_item: given; release both with mproxy_value_free().
 *
 * Returns: as mproxy_iter_next(); MPROXY_ERR_TYPE, the iterator does not come
 *          from mproxy_dict_iterate_items().
 * Since: 0.1
 */
int mproxy_iter_next_entry(struct mproxy_iter *it,
			   struct mproxy_value **ret_key,
			   struct mproxy_value **ret_item);

/** mproxy_iter_free() - end the walk. @it is taken; NULL is fine.
 * Returns: NULL. Since: 0.1 */
struct mproxy_iter *mproxy_iter_free(struct mproxy_iter *it);

#ifdef __cplusplus
}
#endif

#endif
