/*
 * What the methods of a list share.
 *
 * The values lie in a tree as cells, most of them packed, without a struct
 * item of their own; those that are long or have handles are items outside.
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

static bool
owner_charge(void *context, size_t size)
{
	return item_charge(context, size);
}

static void
owner_discharge(void *context, size_t size)
{
	item_discharge(context, size);
}

static void
owner_drop(void *context, struct item *item)
{
	item_free(context, item);
}

const struct tree_owner list_owner = {
	.charge = owner_charge,
	.discharge = owner_discharge,
	.drop = owner_drop,
};

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

/* --- cells --- */

bool
list_cell(struct call *call, const struct value *value, uint8_t room[CELL_ROOM],
	  struct span *ret_cell)
{
	struct item *item;

	if (!cell_must_be_outside(value->bytes,
				  value->has_handles ||
					  value->kind == MPROXY_HANDLE)) {
		*ret_cell = cell_of_value(value->bytes, room);
		return true;
	}
	item = item_new(call, value);
	if (!item)
		return false;
	*ret_cell = cell_of_item(item, room);
	return true;
}

void
list_drop_cell(struct core *core, const uint8_t *cell)
{
	if (cell_is_outside(cell))
		item_free(core, cell_item(cell));
}

bool
list_dup_cell(struct core *core, const uint8_t *cell, uint8_t room[CELL_ROOM],
	      struct span *ret_cell)
{
	struct item *item;

	if (!cell_is_outside(cell)) {
		*ret_cell = span_make(cell, cell_size(cell));
		return true;
	}
	item = item_dup(core, cell_item(cell));
	if (!item)
		return false;
	*ret_cell = cell_of_item(item, room);
	return true;
}

void
list_reply_cell(struct call *call, const uint8_t *cell)
{
	uint8_t room[CELL_ROOM];

	if (cell_is_outside(cell))
		call_reply_item(call, cell_item(cell));
	else
		call_reply_span(call, cell_value(cell, room), false);
}

void
list_pack_init(struct list_pack *pack, struct tree *tree, size_t at)
{
	pack->tree = tree;
	pack->at = at;
	pack->size = pack->n = 0;
	pack->kinds = TREE_INTS;
}

bool
list_pack_flush(struct list_pack *pack)
{
	struct tree_run run = { pack->cells, pack->size, pack->n, pack->kinds };

	if (tree_insert(pack->tree, pack->at, &run) < 0)
		return false;
	list_pack_init(pack, pack->tree, pack->at + pack->n);
	return true;
}

bool
list_pack_add(struct list_pack *pack, struct span cell)
{
	if (pack->size + cell.size > sizeof(pack->cells) &&
	    !list_pack_flush(pack))
		return false;
	memcpy(pack->cells + pack->size, cell.data, cell.size);
	pack->size += cell.size;
	pack->kinds |= tree_kinds_of(cell.data);
	pack->n++;
	return true;
}

void
list_drop_cells(struct core *core, const uint8_t *cells, size_t size)
{
	const uint8_t *at = cells;

	for (; at < cells + size; at += cell_size(at))
		list_drop_cell(core, at);
}

void
list_pack_drop(struct list_pack *pack, struct core *core)
{
	list_drop_cells(core, pack->cells, pack->size);
	list_pack_init(pack, pack->tree, pack->at);
}

/* --- putting in --- */

/* Appends a cell, which is freed without memory. */
static bool
gather_cell(struct list_gathered *gathered, struct span cell)
{
	uint8_t *to = buffer_extend(&gathered->cells, cell.size);

	if (!to) {
		list_drop_cell(gathered->core, cell.data);
		return false;
	}
	memcpy(to, cell.data, cell.size);
	gathered->kinds |= tree_kinds_of(cell.data);
	gathered->n++;
	return true;
}

static int
gather_value(struct call *call, const struct value *value,
	     struct list_gathered *gathered)
{
	struct value_cursor cursor = value_items(value);
	uint8_t room[CELL_ROOM];
	struct span part, cell;

	while (value_next(&cursor, &part)) {
		struct value item = { .kind = MPROXY_NIL, .bytes = part };

		item.has_handles = value->has_handles &&
				   contents_has_handles(part);
		if (!list_cell(call, &item, room, &cell))
			return -1;
		if (!gather_cell(gathered, cell)) {
			call_fail_memory(call);
			return -1;
		}
	}
	return 0;
}

bool
list_gather_run(struct list_gathered *gathered, const struct tree_run *run)
{
	const uint8_t *at = run->cells;
	uint8_t room[CELL_ROOM];
	struct span cell;

	if (!(run->kinds & TREE_OUTSIDE)) {
		buffer_append(&gathered->cells, run->cells, run->size);
		if (buffer_failed(&gathered->cells))
			return false;
		gathered->n += run->n;
		gathered->kinds |= run->kinds;
		return true;
	}
	for (; at < run->cells + run->size; at += cell_size(at))
		if (!list_dup_cell(gathered->core, at, room, &cell) ||
		    !gather_cell(gathered, cell))
			return false;
	return true;
}

static bool
gather_part(const struct list *from, size_t at, size_t n,
	    struct list_gathered *gathered)
{
	struct tree_cursor cursor;
	struct tree_run run;

	tree_seek(&from->items, at, &cursor);
	for (; n > 0; n -= run.n) {
		run = tree_next_run(&cursor, n);
		if (!list_gather_run(gathered, &run))
			return false;
	}
	return true;
}

static int
gather_list(struct call *call, const struct list *from,
	    struct list_gathered *gathered)
{
	struct list_hidden hidden = list_hidden(from);
	size_t behind = hidden.at + hidden.n;

	if (gather_part(from, 0, hidden.at, gathered) &&
	    gather_part(from, behind, from->items.n - behind, gathered))
		return 0;
	call_fail_memory(call);
	return -1;
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
	const struct list *from;
	int code;

	if (value->kind == MPROXY_LIST) {
		code = gather_value(call, value, &gathered);
	} else {
		from = list_of_argument(call, value);
		if (!from)
			return -1;
		code = gather_list(call, from, &gathered);
	}
	if (code < 0)
		list_gathered_free(&gathered);
	else
		*ret = gathered;
	return code;
}

void
list_gathered_forget(struct list_gathered *gathered)
{
	buffer_deinit(&gathered->cells);
	*gathered = (struct list_gathered){};
}

void
list_gathered_free(struct list_gathered *gathered)
{
	if (gathered->kinds & TREE_OUTSIDE)
		list_drop_cells(gathered->core, gathered->cells.data,
				gathered->cells.size);
	list_gathered_forget(gathered);
}

int
list_put(struct call *call, struct list *list, size_t index,
	 struct list_gathered *gathered)
{
	struct tree_run run = { gathered->cells.data, gathered->cells.size,
				gathered->n, gathered->kinds };

	if (tree_insert(list_change(list), index, &run) < 0) {
		list_gathered_free(gathered);
		call_fail_memory(call);
		return -1;
	}
	list_gathered_forget(gathered);
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
	struct tree *items = list_change(list);
	struct tree_waste waste = {};

	if (grave->list) {
		tree_remove_range(items, from, to, &grave->list->waste);
		list_grave_drop(grave);
		return;
	}
	tree_remove_range(items, from, to, &waste);
	tree_waste_free(items, &waste, SIZE_MAX);
}

void
list_grave_drop(struct list_grave *grave)
{
	if (grave->list)
		object_unref(&grave->list->object);
	grave->list = NULL;
}

struct list *
list_new_grave(struct call *call)
{
	struct object *object = object_new(call, &list_type, NULL, 0);
	struct list_rest *rest;

	if (!object)
		return NULL;
	rest = calloc(1, sizeof(*rest));
	if (!rest) {
		object_unref(object);
		call_fail_memory(call);
		return NULL;
	}
	rest->nodes.borrowed = true;
	list_of(object)->rest = rest;
	return list_of(object);
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
