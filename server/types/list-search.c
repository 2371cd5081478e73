/*
 * Looking for a value in a list, in steps if it is long. The cells are
 * compared, without a look at what they mean.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/types/contents.h"
#include "server/types/list.h"

struct search {
	struct list *list;
	struct span wanted; /* the cell; the value if that lies outside */
	bool outside;
	struct tree_cursor cursor;
	size_t index; /* of the next item */
	size_t stop;
	size_t n_found;
	bool count; /* do not stop at the first one */
	void (*end)(struct call *call, const struct search *search);
	uint8_t copy[]; /* of what is wanted, when it takes several steps */
};

static bool
is_equal(const struct search *search, const uint8_t *cell)
{
	if (search->outside)
		return cell_is_outside(cell) &&
		       span_equal(item_span(cell_item(cell)), search->wanted);
	return *cell == *search->wanted.data &&
	       cell_size(cell) == search->wanted.size &&
	       memcmp(cell, search->wanted.data, search->wanted.size) == 0;
}

/* True when it is over; the first one found is the one before index. */
static bool
search_some(struct call *call, struct search *search)
{
	for (size_t n = call_share(call, CONTENTS_STEP); n > 0; n--) {
		if (search->index == search->stop)
			return true;
		search->index++;
		if (!is_equal(search, tree_next(&search->cursor)))
			continue;
		search->n_found++;
		if (!search->count)
			return true;
	}
	return false;
}

static void
search_step(struct call *call, void *data)
{
	struct search *search = data;

	if (!search_some(call, search))
		return;
	search->end(call, search);
	free(search);
}

static void
search_release(struct call *call, void *data)
{
	(void)call;
	free(data);
}

static void
search_run(struct call *call, struct search *search, const struct value *value,
	   size_t start)
{
	uint8_t room[CELL_ROOM];
	struct search *copy;

	search->outside = cell_must_be_outside(
		value->bytes,
		value->has_handles || value->kind == MPROXY_HANDLE);
	search->wanted = search->outside ? value->bytes
					 : cell_of_value(value->bytes, room);
	search->index = start;
	if (search->stop < start)
		search->stop = start;
	tree_seek(&search->list->items, start, &search->cursor);
	if (search_some(call, search)) {
		search->end(call, search);
		return;
	}
	copy = malloc(sizeof(*copy) + search->wanted.size);
	if (!copy) {
		call_fail_memory(call);
		return;
	}
	*copy = *search;
	memcpy(copy->copy, search->wanted.data, search->wanted.size);
	copy->wanted.data = copy->copy;
	call_again(call, search_step, copy, search_release);
}

static bool
fail_unless_found(struct call *call, const struct search *search)
{
	if (search->n_found)
		return true;
	call_fail(call, MPROXY_ERR_NOT_FOUND, "the value is not in the list");
	return false;
}

static void
end_index(struct call *call, const struct search *search)
{
	if (fail_unless_found(call, search))
		call_reply_int(call, (int64_t)search->index - 1);
}

/* start or stop of index(): out of range is the nearest end, as in Python. */
static size_t
find_bound(const struct value *args, size_t n_args, size_t i, size_t n,
	   size_t missing)
{
	int64_t bound;

	if (!contents_is_given(args, n_args, i))
		return missing;
	bound = args[i].integer;
	if (bound < 0)
		bound += (int64_t)n;
	if (bound < 0)
		return 0;
	return bound > (int64_t)n ? n : (size_t)bound;
}

void
list_do_index(struct call *call, struct object *object,
	      const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	size_t n = list->items.n;
	struct search search = {
		.list = list,
		.stop = find_bound(args, n_args, 2, n, n),
		.end = end_index,
	};

	search_run(call, &search, &args[0], find_bound(args, n_args, 1, n, 0));
}

static void
end_count(struct call *call, const struct search *search)
{
	call_reply_int(call, (int64_t)search->n_found);
}

void
list_do_count(struct call *call, struct object *object,
	      const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	struct search search = {
		.list = list,
		.stop = list->items.n,
		.count = true,
		.end = end_count,
	};

	(void)n_args;
	search_run(call, &search, &args[0], 0);
}

static void
end_contains(struct call *call, const struct search *search)
{
	call_reply_bool(call, search->n_found > 0);
}

void
list_do_contains(struct call *call, struct object *object,
		 const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	struct search search = {
		.list = list,
		.stop = list->items.n,
		.end = end_contains,
	};

	(void)n_args;
	search_run(call, &search, &args[0], 0);
}

static void
end_remove(struct call *call, const struct search *search)
{
	if (!fail_unless_found(call, search))
		return;
	tree_remove(list_change(search->list), search->index - 1);
	call_reply(call);
}

void
list_do_remove(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	struct search search = {
		.list = list,
		.stop = list->items.n,
		.end = end_remove,
	};

	(void)n_args;
	search_run(call, &search, &args[0], 0);
}
