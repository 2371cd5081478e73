/*
 * Changing many items of a list at once.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/types/contents.h"
#include "server/types/list.h"

#define MAX_ITEMS UINT32_MAX /* that repeat_in_place makes */

/* A slice without gaps: the new items go in behind the old ones, which may
 * fail, then the old ones leave. */
static void
set_plain(struct call *call, struct list *list, const struct list_slice *slice,
	  struct list_gathered *gathered)
{
	size_t end = slice->start + slice->n;
	struct list_grave grave;

	if (!list_grave_open(call, slice->n, &grave)) {
		list_gathered_free(gathered);
		return;
	}
	if (list_put(call, list, end, gathered) < 0) {
		list_grave_drop(&grave);
		return;
	}
	list_grave_close(&grave, list, slice->start, end);
	call_reply(call);
}

static void
set_extended(struct call *call, struct list *list,
	     const struct list_slice *slice, struct list_gathered *gathered)
{
	if (gathered->n != slice->n) {
		call_fail(call, MPROXY_ERR_INVALID,
			  "%zu items for a slice of %zu with step %" PRId64,
			  gathered->n, slice->n, slice->step);
	} else {
		for (size_t i = 0; i < slice->n; i++)
			gathered->items[i] = tree_set(
				&list->items, list_slice_index(slice, i),
				gathered->items[i]);
		call_reply(call);
	}
	list_gathered_free(gathered);
}

void
list_do_slice_set(struct call *call, struct object *object,
		  const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	struct list_gathered gathered;
	struct list_slice slice;

	if (!list_find_slice(call, list, args, n_args, &slice) ||
	    list_gather(call, &args[3], &gathered) < 0)
		return;
	if (slice.step == 1)
		set_plain(call, list, &slice, &gathered);
	else
		set_extended(call, list, &slice, &gathered);
}

/* A slice with gaps and few items: one by one, the hindmost first. */
static void
delete_each(struct call *call, struct list *list,
	    const struct list_slice *slice)
{
	struct core *core = call_core(call);

	for (size_t i = 0; i < slice->n; i++) {
		size_t which = slice->backward ? i : slice->n - 1 - i;

		item_free(core, tree_remove(&list->items,
					    list_slice_index(slice, which)));
	}
	call_reply(call);
}

void
list_do_slice_delete(struct call *call, struct object *object,
		     const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	struct list_slice slice;

	if (!list_find_slice(call, list, args, n_args, &slice))
		return;
	if (slice.step == 1)
		list_cut(call, list, slice.start, slice.start + slice.n);
	else if (slice.n <= CONTENTS_AT_ONCE)
		delete_each(call, list, &slice);
	else
		list_thin_out(call, list, &slice);
}

/* --- repeat_in_place: all of the new content is made in an anonymous list,
 * which at last changes places with the old one and takes it away --- */

struct repeating {
	struct list *list;
	struct list *fresh;
	size_t times; /* still to come, this one included */
	struct tree_cursor cursor;
};

static void
repeating_release(struct call *call, void *data)
{
	struct repeating *repeating = data;

	(void)call;
	object_unref(&repeating->fresh->object);
	free(repeating);
}

static bool
repeat_item(struct core *core, struct list *fresh, const struct item *item)
{
	struct item *copy = item_dup(core, item);

	if (copy && tree_append(&fresh->items, copy) == 0)
		return true;
	item_free(core, copy);
	return false;
}

static void
repeating_step(struct call *call, void *data)
{
	struct repeating *repeating = data;
	struct list *list = repeating->list;
	struct tree old = list->items;

	for (unsigned i = 0; i < CONTENTS_STEP && repeating->times;) {
		const struct item *item = tree_next(&repeating->cursor);

		if (!item) {
			repeating->times--;
			tree_seek(&list->items, 0, &repeating->cursor);
			continue;
		}
		if (!repeat_item(call_core(call), repeating->fresh, item)) {
			repeating_release(call, repeating);
			call_fail_memory(call);
			return;
		}
		i++;
	}
	if (repeating->times)
		return;
	list->items = repeating->fresh->items;
	repeating->fresh->items = old;
	repeating_release(call, repeating);
	call_reply(call);
}

void
list_do_repeat_in_place(struct call *call, struct object *object,
			const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	int64_t times = args[0].integer;
	struct repeating *repeating;
	struct object *fresh;

	(void)n_args;
	if (times <= 0 || list->items.n == 0) {
		list_cut(call, list, 0, list->items.n);
		return;
	}
	if ((uint64_t)times > MAX_ITEMS / list->items.n) {
		call_fail(call, MPROXY_ERR_TOO_BIG,
			  "%zu items %" PRId64 " times: a list has at most %u",
			  list->items.n, times, MAX_ITEMS);
		return;
	}
	repeating = malloc(sizeof(*repeating));
	if (!repeating) {
		call_fail_memory(call);
		return;
	}
	fresh = object_new(call, &list_type, NULL, 0);
	if (!fresh) {
		free(repeating);
		return;
	}
	*repeating = (struct repeating){
		.list = list,
		.fresh = list_of(fresh),
		.times = (size_t)times,
	};
	tree_seek(&list->items, 0, &repeating->cursor);
	call_again(call, repeating_step, repeating, repeating_release);
}
