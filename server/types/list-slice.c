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
	if (gathered->n == slice->n) {
		list_replace(call, list, slice, gathered);
		return;
	}
	call_fail(call, MPROXY_ERR_INVALID,
		  "%zu items for a slice of %zu with step %" PRId64,
		  gathered->n, slice->n, slice->step);
	list_gathered_free(gathered);
}

void
list_do_slice_set(struct call *call, struct object *object,
		  const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	struct list_gathered gathered;
	struct list_filling *filling;
	struct list_slice slice;
	size_t end;

	if (!list_find_slice(call, list, args, n_args, &slice))
		return;
	end = slice.start + slice.n;
	if (slice.step == 1) {
		if (!list_fill_begin(call, list, end, &args[3], &filling))
			return;
		if (filling) {
			list_fill(call, filling, slice.start, end);
			return;
		}
	}
	if (list_gather(call, &args[3], &gathered) < 0)
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
	struct tree *items = list_change(list);

	for (size_t i = 0; i < slice->n; i++) {
		size_t which = slice->backward ? i : slice->n - 1 - i;

		tree_remove(items, list_slice_index(slice, which));
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
	size_t left; /* items still to be copied */
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

/* The next copy into pack; false without memory. */
static bool
repeat_next(struct core *core, struct repeating *repeating,
	    struct list_pack *pack)
{
	const uint8_t *cell = tree_next(&repeating->cursor);
	uint8_t room[CELL_ROOM];
	struct span copy;

	if (!cell) {
		tree_seek(&repeating->list->items, 0, &repeating->cursor);
		cell = tree_next(&repeating->cursor);
	}
	if (!list_dup_cell(core, cell, room, &copy))
		return false;
	if (list_pack_add(pack, copy))
		return true;
	list_drop_cell(core, copy.data);
	return false;
}

static bool
repeat_some(struct call *call, struct repeating *repeating)
{
	size_t n = call_share(call, CONTENTS_STEP);
	struct core *core = call_core(call);
	struct list_pack pack;
	bool fine = true;

	list_pack_init(&pack, &repeating->fresh->items,
		       repeating->fresh->items.n);
	for (; n > 0 && repeating->left && fine; n--) {
		fine = repeat_next(core, repeating, &pack);
		repeating->left--;
	}
	if (fine && list_pack_flush(&pack))
		return true;
	list_pack_drop(&pack, core);
	return false;
}

static void
repeating_step(struct call *call, void *data)
{
	struct repeating *repeating = data;
	struct list *list = repeating->list;
	struct tree old;

	if (!repeat_some(call, repeating)) {
		repeating_release(call, repeating);
		call_fail_memory(call);
		return;
	}
	if (repeating->left)
		return;
	old = *list_change(list);
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
		.left = (size_t)times * list->items.n,
	};
	tree_seek(&list->items, 0, &repeating->cursor);
	call_again(call, repeating_step, repeating, repeating_release);
}
