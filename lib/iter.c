/*
 * Why pages: one item a round trip is slow, all at once may be more than fits
 * in memory. The iterator keeps no state in the server; where a walk is, is a
 * number here, which the server understands whatever happened in between.
 */
#include <stdlib.h>

#include "iter.h"
#include "types/face.h"

#define GOOD_PAGE 256
#define PLACE_END (-1) /* the cursor a dict gives with its last page */

struct mproxy_iter {
	struct mproxy_object *object;
	enum iter_kind kind;
	int64_t page;		    /* items a round trip */
	int64_t place;		    /* index or cursor of the next page */
	struct mproxy_value *items; /* the page at hand; NULL: none */
	size_t n, next;		    /* its items */
	bool ended;
};

int
iter_new(struct mproxy_object *object, enum iter_kind kind, size_t page,
	 struct mproxy_iter **ret)
{
	struct mproxy_iter *it = calloc(1, sizeof(*it));

	if (!it)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for an iterator");
	if (page == 0)
		page = GOOD_PAGE;
	it->object = mproxy_object_ref(object);
	it->kind = kind;
	it->page = page > INT32_MAX ? INT32_MAX : (int64_t)page;
	*ret = it;
	return 0;
}

struct mproxy_iter *
mproxy_iter_free(struct mproxy_iter *it)
{
	if (!it)
		return NULL;
	mproxy_value_free(it->items);
	mproxy_object_free(it->object);
	free(it);
	return NULL;
}

static int
fetch_slice(struct mproxy_iter *it, struct mproxy_value **ret)
{
	return FACE_CALL(it->object, "slice", ret, mproxy_value_int(it->place),
			 mproxy_value_int(it->place + it->page));
}

static int
fetch_page(struct mproxy_iter *it, const char *method,
	   struct mproxy_value **ret)
{
	struct mproxy_value *results[2];
	int error = face_call_many(it->object, method, CALL_NO_WAIT,
				   FACE_ARGS(mproxy_value_int(it->place),
					     mproxy_value_int(it->page)),
				   2, results);

	if (error)
		return error;
	error = mproxy_value_get_int(results[0], &it->place);
	mproxy_value_free(results[0]);
	if (error)
		mproxy_value_free(results[1]);
	else
		*ret = results[1];
	return error;
}

static int
fetch(struct mproxy_iter *it, struct mproxy_value **ret)
{
	static const char *const methods[] = {
		[ITER_KEY_PAGES] = "keys_page",
		[ITER_VALUE_PAGES] = "values_page",
		[ITER_ITEM_PAGES] = "items_page",
	};

	if (it->kind == ITER_SLICES)
		return fetch_slice(it, ret);
	return fetch_page(it, methods[it->kind], ret);
}

/* The next page, which has at least one item; NOT_FOUND: there is none. */
static int
turn_page(struct mproxy_iter *it)
{
	while (it->next == it->n) {
		struct mproxy_value *items;
		int error;

		if (it->ended)
			return error_set(MPROXY_ERR_NOT_FOUND,
					 "the iterator is at its end");
		error = fetch(it, &items);
		if (error == MPROXY_ERR_TOO_BIG && it->page > 1) {
			it->page /= 2;
			continue;
		}
		if (error)
			return error;
		mproxy_value_free(it->items);
		it->items = items;
		it->n = mproxy_value_count(items);
		it->next = 0;
		if (it->kind == ITER_SLICES) {
			it->place += (int64_t)it->n;
			it->ended = it->n == 0;
		} else {
			it->ended = it->place == PLACE_END;
		}
	}
	return 0;
}

int
mproxy_iter_next(struct mproxy_iter *it, struct mproxy_value **ret)
{
	int error = turn_page(it);

	if (!error)
		error = mproxy_value_item(it->items, it->next, ret);
	if (!error)
		it->next++;
	return error;
}

int
mproxy_iter_next_entry(struct mproxy_iter *it, struct mproxy_value **ret_key,
		       struct mproxy_value **ret_item)
{
	struct mproxy_value *entry;
	int error;

	if (it->kind != ITER_ITEM_PAGES)
		return error_set(MPROXY_ERR_TYPE,
				 "this iterator gives no entries");
	error = mproxy_iter_next(it, &entry);
	if (error)
		return error;
	error = mproxy_unpack(entry, "vv", ret_key, ret_item);
	mproxy_value_free(entry);
	return error;
}
