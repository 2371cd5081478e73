/*
 * list: a sequence of values, with the methods and the index arithmetic of
 * Python's. Quick at both ends and anywhere between.
 *
 * Its longer methods are in list-*.c: parts (what all of them use), search,
 * copy, slice, order.
 */
#include "server/types/list.h"

#include <stddef.h>
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/types/contents.h"

/* --- life --- */

static int
list_create(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct list *list = list_of(object);
	struct list_gathered gathered;

	tree_init(&list->items, &list_owner, object->core);
	if (n_args == 0)
		return 0;
	if (!list_fill_begin(call, list, 0, &args[0], &list->filling))
		return -1;
	object->unfinished = list->filling;
	if (object->unfinished)
		return 0;
	if (list_gather(call, &args[0], &gathered) < 0)
		return -1;
	return list_put(call, list, 0, &gathered);
}

static int
list_make(struct call *call, struct object *object)
{
	struct list *list = list_of(object);
	int code = list_fill_some(call, list->filling);

	if (code != 0)
		list_fill_free(list->filling);
	return code;
}

/* Large arrays are given back to the system in parts: so many bytes for each
 * of the budget, and not less than a page. */
#define ARRAY_PART ((size_t)64)
#define ARRAY_PART_MIN ((size_t)4096)

/* True when there is nothing left. */
static bool
free_rest(struct list *list, size_t budget)
{
	struct list_rest *rest = list->rest;
	size_t part = budget * ARRAY_PART;

	if (!tree_waste_free(&list->items, &rest->nodes, budget))
		return false;
	for (int i = 0; i < 2; i++) {
		void *shrunk = NULL;

		if (rest->arrays[i].size > part) {
			if (part < ARRAY_PART_MIN)
				return false; /* a slice has more */
			rest->arrays[i].size -= part;
			shrunk = realloc(rest->arrays[i].data,
					 rest->arrays[i].size);
		}
		if (shrunk) {
			rest->arrays[i].data = shrunk;
			return false;
		}
		free(rest->arrays[i].data);
		rest->arrays[i].data = NULL;
		rest->arrays[i].size = 0;
	}
	free(rest);
	list->rest = NULL;
	return true;
}

static bool
list_destroy(struct object *object, size_t budget)
{
	struct list *list = list_of(object);

	if (list->filling) /* it was never made */
		list_fill_free(list->filling);
	tree_remove_all(&list->items, &list->waste);
	if (!tree_waste_free(&list->items, &list->waste, budget))
		return false;
	return !list->rest || free_rest(list, budget);
}

static void
list_format(const struct object *object, struct buffer *out, size_t max)
{
	const struct list *list = (const void *)object;
	struct contents_printer printer = { .out = out, .left = max };
	struct tree_cursor cursor;

	contents_print_text(&printer, "[");
	tree_seek(&list->items, 0, &cursor);
	for (size_t i = 0; i < list->items.n && !printer.full; i++) {
		uint8_t room[CELL_ROOM];

		if (i > 0)
			contents_print_text(&printer, ", ");
		contents_print_value(&printer,
				     cell_value(tree_next(&cursor), room));
	}
	contents_print_text(&printer, "]");
}

static const char *
list_check(const struct object *object)
{
	const struct list *list = (const void *)object;

	return tree_check(&list->items);
}

struct visitor {
	void (*visit)(void *context, const struct item *item);
	void *context;
};

/* What is packed is shown as an item made for the visit. */
static void
visit_cell(void *context, const uint8_t *cell)
{
	const struct visitor *visitor = context;
	union {
		struct item item;
		uint8_t bytes[sizeof(struct item) + CELL_MAX];
	} made = { .item = { 0 } };
	uint8_t room[CELL_ROOM];
	struct span value = cell_value(cell, room);

	if (cell_is_outside(cell)) {
		visitor->visit(visitor->context, cell_item(cell));
		return;
	}
	made.item.size = (uint32_t)value.size;
	memcpy(made.bytes + offsetof(struct item, bytes), value.data,
	       value.size);
	visitor->visit(visitor->context, &made.item);
}

static void
list_each_item(const struct object *object,
	       void (*visit)(void *context, const struct item *item),
	       void *context)
{
	const struct list *list = (const void *)object;
	struct visitor visitor = { visit, context };
	struct tree_cursor cursor;
	const uint8_t *cell;

	tree_seek(&list->items, 0, &cursor);
	while ((cell = tree_next(&cursor)))
		visit_cell(&visitor, cell);
	tree_waste_each(&list->waste, visit_cell, &visitor);
	if (list->filling)
		list_fill_each(list->filling, visit_cell, &visitor);
}

/* --- methods --- */

static void
insert_at(struct call *call, struct list *list, size_t index,
	  const struct value *value)
{
	uint8_t room[CELL_ROOM];
	struct tree_run run;
	struct span cell;

	if (!list_cell(call, value, room, &cell))
		return;
	run = tree_run_of(cell);
	if (tree_insert(list_change(list), index, &run) < 0) {
		list_drop_cell(call_core(call), cell.data);
		call_fail_memory(call);
		return;
	}
	call_reply(call);
}

static void
do_append(struct call *call, struct object *object, const struct value *args,
	  size_t n_args)
{
	struct list *list = list_of(object);

	(void)n_args;
	insert_at(call, list, list->items.n, &args[0]);
}

static void
do_insert(struct call *call, struct object *object, const struct value *args,
	  size_t n_args)
{
	struct list *list = list_of(object);
	int64_t n = (int64_t)list->items.n;
	int64_t index = args[0].integer;

	(void)n_args;
	if (index < 0)
		index = index + n < 0 ? 0 : index + n;
	insert_at(call, list, (size_t)(index > n ? n : index), &args[1]);
}

static void
do_extend(struct call *call, struct object *object, const struct value *args,
	  size_t n_args)
{
	struct list *list = list_of(object);
	struct list_gathered gathered;
	struct list_filling *filling;

	(void)n_args;
	if (!list_fill_begin(call, list, list->items.n, &args[0], &filling))
		return;
	if (filling)
		list_fill(call, filling, 0, 0);
	else if (list_gather(call, &args[0], &gathered) == 0 &&
		 list_put(call, list, list->items.n, &gathered) == 0)
		call_reply(call);
}

static void
do_get(struct call *call, struct object *object, const struct value *args,
       size_t n_args)
{
	struct list *list = list_of(object);
	size_t index;

	(void)n_args;
	if (list_find_index(call, list, &args[0], &index))
		list_reply_cell(call, tree_get(&list->items, index));
}

static void
do_set(struct call *call, struct object *object, const struct value *args,
       size_t n_args)
{
	struct list *list = list_of(object);
	uint8_t room[CELL_ROOM];
	struct span cell;
	size_t index;

	(void)n_args;
	if (!list_find_index(call, list, &args[0], &index) ||
	    !list_cell(call, &args[1], room, &cell))
		return;
	if (tree_set(list_change(list), index, cell) < 0) {
		list_drop_cell(call_core(call), cell.data);
		call_fail_memory(call);
		return;
	}
	call_reply(call);
}

static void
do_delete(struct call *call, struct object *object, const struct value *args,
	  size_t n_args)
{
	struct list *list = list_of(object);
	size_t index;

	(void)n_args;
	if (!list_find_index(call, list, &args[0], &index))
		return;
	tree_remove(list_change(list), index);
	call_reply(call);
}

static void
do_pop(struct call *call, struct object *object, const struct value *args,
       size_t n_args)
{
	struct list *list = list_of(object);
	size_t index = list->items.n - 1;
	struct tree_cursor cursor;

	if (list->items.n == 0) {
		call_fail(call, MPROXY_ERR_EMPTY, "pop from an empty list");
		return;
	}
	if (n_args > 0 && !list_find_index(call, list, &args[0], &index))
		return;
	tree_seek(&list->items, index, &cursor);
	list_reply_cell(call, tree_peek(&cursor));
	tree_remove_at(list_change(list), &cursor);
}

static void
do_len(struct call *call, struct object *object, const struct value *args,
       size_t n_args)
{
	(void)args;
	(void)n_args;
	call_reply_int(call, (int64_t)list_of(object)->items.n);
}

static void
do_clear(struct call *call, struct object *object, const struct value *args,
	 size_t n_args)
{
	struct list *list = list_of(object);

	(void)args;
	(void)n_args;
	list_cut(call, list, 0, list->items.n);
}

#define R METHOD_READONLY

static const struct method list_methods[] = {
	{ "append", "v", "", do_append, 0, "puts a value at the end" },
	{ "extend", "v", "", do_extend, 0,
	  "puts all items of a list, or of the list a handle refers to, at the "
	  "end" },
	{ "insert", "iv", "", do_insert, 0,
	  "puts a value before an index; past an end is at that end" },
	{ "get", "i", "v", do_get, R,
	  "the item at an index, negative from the end" },
	{ "set", "iv", "", do_set, 0, "replaces the item at an index" },
	{ "delete", "i", "", do_delete, 0, "removes the item at an index" },
	{ "pop", "|i", "v", do_pop, 0,
	  "removes and gives the item at an index, the last one by default" },
	{ "remove", "v", "", list_do_remove, 0,
	  "removes the first equal item" },
	{ "index", "v|II", "i", list_do_index, R,
	  "the index of the first equal item between start and stop" },
	{ "count", "v", "i", list_do_count, R, "how many items are equal" },
	{ "contains", "v", "b", list_do_contains, R,
	  "whether an item is equal" },
	{ "len", "", "i", do_len, R, "how many items there are" },
	{ "slice", "|III", "l", list_do_slice, R,
	  "the items from start to stop by step, each may be nil" },
	{ "slice_set", "IIIl", "", list_do_slice_set, 0,
	  "replaces a slice; as many items as it has unless step is 1" },
	{ "slice_delete", "|III", "", list_do_slice_delete, 0,
	  "removes a slice" },
	{ "reverse", "", "", list_do_reverse, 0, "turns the order round" },
	{ "sort", "|b", "", list_do_sort, 0,
	  "sorts, descending if true; equal items keep their order" },
	{ "clear", "", "", do_clear, 0, "removes all items" },
	{ "copy", "", "l", list_do_copy, R, "all items" },
	{ "concat", "v", "l", list_do_concat, R,
	  "all items and those of another list, which may be a handle" },
	{ "repeat", "i", "l", list_do_repeat, R, "all items so many times" },
	{ "repeat_in_place", "i", "", list_do_repeat_in_place, 0,
	  "makes the list so many times as long" },
	METHOD_END
};

const struct object_type list_type = {
	.name = "list",
	.about = "a sequence of values",
	.takes = "|v",
	.size = sizeof(struct list),
	.create = list_create,
	.make = list_make,
	.destroy = list_destroy,
	.format = list_format,
	.check = list_check,
	.each_item = list_each_item,
	.methods = list_methods,
};
