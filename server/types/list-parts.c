/*
 * What the methods of a list share.
 *
 * A change of many items has three parts: make the new items, which may fail;
 * make room, which may fail and then leaves no trace; change, which cannot
 * fail. What is removed from a long list is not freed on the spot: it moves
 * into an anonymous list nobody refers to, which the core frees in its own
 * time.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/types/contents.h"
#include "server/types/list.h"

void
list_drop(void *context, void *item)
{
	item_free(context, item);
}

bool
list_find_index(struct call *call, const struct list *list,
		const struct value *arg, size_t *ret_index)
{
	int64_t index = arg->integer;
	int64_t n = (int64_t)list->items.n;

	if (index < 0)
		index += n;
	if (index < 0 || index >= n) {
		call_fail(call, MPROXY_ERR_RANGE,
			  "list index %" PRId64 " out of range for length %zu",
			  arg->integer, list->items.n);
		return false;
	}
	*ret_index = (size_t)index;
	return true;
}

/* --- putting in --- */

static int
gather_value(struct call *call, const struct value *value,
	     struct list_gathered *gathered)
{
	struct value_cursor cursor = value_items(value);
	struct span part;

	while (value_next(&cursor, &part)) {
		struct item *item = contents_item(call, part,
						  value->has_handles);

		if (!item)
			return -1;
		gathered->items[gathered->n++] = item;
	}
	return 0;
}

static int
gather_list(struct call *call, const struct list *from,
	    struct list_gathered *gathered)
{
	struct tree_cursor cursor;
	const struct item *item;

	tree_seek(&from->items, 0, &cursor);
	while ((item = tree_next(&cursor))) {
		struct item *copy = item_dup(gathered->core, item);

		if (!copy) {
			call_fail_memory(call);
			return -1;
		}
		gathered->items[gathered->n++] = copy;
	}
	return 0;
}

struct list *
list_of_argument(struct call *call, const struct value *value)
{
	struct object *object;

	if (value->kind != MPROXY_HANDLE) {
		call_fail(call, MPROXY_ERR_TYPE,
			  "the items must come as a list or a handle of one");
		return NULL;
	}
	object = object_of_handle(call, value, &list_type);
	return object ? list_of(object) : NULL;
}

int
list_gather(struct call *call, const struct value *value,
	    struct list_gathered *ret)
{
	struct list_gathered gathered = { .core = call_core(call) };
	const struct list *from = NULL;
	size_t n;
	int code;

	if (value->kind != MPROXY_LIST) {
		from = list_of_argument(call, value);
		if (!from)
			return -1;
	}
	n = from ? from->items.n : value_count(value);
	gathered.items = malloc((n ? n : 1) * sizeof(void *));
	if (!gathered.items) {
		call_fail_memory(call);
		return -1;
	}
	if (from)
		code = gather_list(call, from, &gathered);
	else
		code = gather_value(call, value, &gathered);
	if (code < 0)
		list_gathered_free(&gathered);
	else
		*ret = gathered;
	return code;
}

void
list_gathered_free(struct list_gathered *gathered)
{
	for (size_t i = 0; i < gathered->n; i++)
		item_free(gathered->core, gathered->items[i]);
	free(gathered->items);
	*gathered = (struct list_gathered){};
}

int
list_put(struct call *call, struct list *list, size_t index,
	 struct list_gathered *gathered)
{
	if (tree_insert(&list->items, index, gathered->items, gathered->n) <
	    0) {
		list_gathered_free(gathered);
		call_fail_memory(call);
		return -1;
	}
	free(gathered->items);
	*gathered = (struct list_gathered){};
	return 0;
}

/* --- taking out --- */

bool
list_grave_open(struct call *call, size_t n, struct list_grave *ret_grave)
{
	struct object *object;

	ret_grave->list = NULL;
	if (n <= CONTENTS_AT_ONCE)
		return true;
	object = object_new(call, &list_type, NULL, 0);
	if (!object)
		return false;
	ret_grave->list = list_of(object);
	return true;
}

void
list_grave_close(struct list_grave *grave, struct list *list, size_t from,
		 size_t to)
{
	struct core *core = list->object.core;
	struct tree_waste waste = {};

	if (grave->list) {
		tree_remove_range(&list->items, from, to, &grave->list->waste,
				  list_drop, core);
		list_grave_drop(grave);
		return;
	}
	tree_remove_range(&list->items, from, to, &waste, list_drop, core);
	tree_waste_free(&waste, SIZE_MAX, list_drop, core);
}

void
list_grave_drop(struct list_grave *grave)
{
	if (grave->list)
		object_unref(&grave->list->object);
	grave->list = NULL;
}

void
list_cut(struct call *call, struct list *list, size_t from, size_t to)
{
	struct list_grave grave;

	if (!list_grave_open(call, to - from, &grave))
		return;
	list_grave_close(&grave, list, from, to);
	call_reply(call);
}

/* --- slices --- */

/* A bound of a slice as Python reads it: negative from the end, then moved
 * into low … high. */
static int64_t
find_bound(const struct value *arg, int64_t n, int64_t low, int64_t high)
{
	int64_t bound = arg->integer;

	if (bound < 0)
		bound += n;
	return bound < low ? low : bound > high ? high : bound;
}

bool
list_find_slice(struct call *call, const struct list *list,
		const struct value *args, size_t n_args,
		struct list_slice *ret_slice)
{
	int64_t n = (int64_t)list->items.n;
	int64_t step = contents_is_given(args, n_args, 2) ? args[2].integer : 1;
	int64_t low = step < 0 ? -1 : 0;
	int64_t high = step < 0 ? n - 1 : n;
	int64_t start = step < 0 ? high : low;
	int64_t stop = step < 0 ? low : high;

	if (step == 0) {
		call_fail(call, MPROXY_ERR_INVALID,
			  "the step of a slice must not be 0");
		return false;
	}
	if (step < -INT64_MAX)
		step = -INT64_MAX;
	if (contents_is_given(args, n_args, 0))
		start = find_bound(&args[0], n, low, high);
	if (contents_is_given(args, n_args, 1))
		stop = find_bound(&args[1], n, low, high);
	*ret_slice = (struct list_slice){ .step = step, .backward = step < 0 };
	if (step > 0 && start < stop)
		ret_slice->n = (size_t)((stop - start - 1) / step + 1);
	else if (step < 0 && stop < start)
		ret_slice->n = (size_t)((start - stop - 1) / -step + 1);
	/* of an empty one it matters where something would be put in */
	ret_slice->start = start < 0 ? 0 : (size_t)start;
	return true;
}

size_t
list_slice_index(const struct list_slice *slice, size_t i)
{
	return (size_t)((int64_t)slice->start + (int64_t)i * slice->step);
}
