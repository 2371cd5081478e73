/*
 * Putting many items into a list, in steps; and who reads a list meanwhile.
 *
 * The items go to their place at once. Only the one call that makes the list
 * busy could see them there, and who copies from it by its handle: those pass
 * over them until all are in. If the call is given up they are taken out.
 *
 * They come from a copy of the argument, which is gone after the turn, or from
 * another list. That one need not stand still: before it changes it hands out
 * all that was not read yet. (The same list, or one that is being filled, would
 * do so at once: all is taken in the beginning.)
 */
#include <stddef.h>
#include <stdlib.h>

#include "server/types/contents.h"
#include "server/types/list.h"

/* From so many on several turns are taken. */
#define MANY_ITEMS (4 * CONTENTS_STEP)
#define MANY_BYTES ((size_t)128 << 10)

/* A copied argument is given back to the system in parts of so many bytes. */
#define FREE_PART ((size_t)1 << 20)

struct list_filling {
	struct list *list;
	size_t at;
	size_t n;	 /* came in so far */
	size_t from, to; /* those that leave at the end */
	struct list *grave;
	bool failed; /* there was no memory in hurry() */

	struct list_reader reader; /* of another list */

	struct list_gathered taken; /* in a hurry */
	const uint8_t *next;

	uint8_t *bytes; /* the inside of an argument */
	size_t size;
	struct value_cursor cursor;
};

/* --- readers --- */

void
list_reader_begin(struct list_reader *reader, struct list *list,
		  void (*hurry)(struct list_reader *reader))
{
	object_ref(&list->object);
	reader->list = list;
	reader->hurry = hurry;
	reader->next = list->readers;
	list->readers = reader;
	tree_seek(&list->items, 0, &reader->cursor);
}

void
list_reader_end(struct list_reader *reader)
{
	struct list *list = reader->list;
	struct list_reader **place;

	if (!list)
		return;
	for (place = &list->readers; *place != reader; place = &(*place)->next)
		;
	*place = reader->next;
	reader->list = NULL;
	object_unref(&list->object);
}

void
list_hurry(struct list *list)
{
	while (list->readers) {
		struct list_reader *reader = list->readers;

		reader->hurry(reader);
		list_reader_end(reader);
	}
}

static struct list_filling *
filling_of(struct list_reader *reader)
{
	return (struct list_filling *)(void *)((char *)reader -
					       offsetof(struct list_filling,
							reader));
}

static void
take_rest(struct list_reader *reader)
{
	struct list_filling *filling = filling_of(reader);
	struct tree_run run;

	while ((run = tree_next_run(&reader->cursor, SIZE_MAX)).n > 0) {
		if (!list_gather_run(&filling->taken, &run)) {
			filling->failed = true;
			break;
		}
	}
	filling->next = filling->taken.cells.data;
}

/* --- beginning and end --- */

struct list_hidden
list_hidden(const struct list *list)
{
	const struct list_filling *filling = list->filling;

	if (!filling)
		return (struct list_hidden){ 0 };
	return (struct list_hidden){ filling->at, filling->n };
}

void
list_fill_free(struct list_filling *filling)
{
	struct core *core = filling->list->object.core;

	list_reader_end(&filling->reader);
	if (filling->taken.n > 0)
		list_drop_cells(core, filling->next,
				(size_t)(filling->taken.cells.data +
					 filling->taken.cells.size -
					 filling->next));
	list_gathered_forget(&filling->taken);
	if (filling->bytes)
		item_discharge(core, filling->size);
	free(filling->bytes);
	if (filling->grave)
		object_unref(&filling->grave->object);
	filling->list->filling = NULL;
	free(filling);
}

void
list_fill_each(const struct list_filling *filling,
	       void (*visit)(void *context, const uint8_t *cell), void *context)
{
	const struct buffer *taken = &filling->taken.cells;
	const uint8_t *at = filling->next;

	for (; at != taken->data + taken->size; at += cell_size(at))
		visit(context, at);
}

static bool
copy_argument(struct list_filling *filling, struct span items)
{
	if (!item_charge(filling->list->object.core, items.size))
		return false;
	filling->size = items.size;
	filling->bytes = malloc(items.size);
	if (!filling->bytes) {
		item_discharge(filling->list->object.core, items.size);
		return false;
	}
	memcpy(filling->bytes, items.data, items.size);
	filling->cursor.rest = span_make(filling->bytes, items.size);
	return true;
}

/* Where the items come from; false after call_fail(). */
static bool
find_source(struct call *call, struct list_filling *filling,
	    const struct value *value, struct list *from)
{
	if (!from) {
		if (copy_argument(filling, value->items))
			return true;
		call_fail_memory(call);
		return false;
	}
	if (!from->filling) {
		list_reader_begin(&filling->reader, from, take_rest);
		return true;
	}
	if (list_gather(call, value, &filling->taken) < 0)
		return false;
	filling->next = filling->taken.cells.data;
	return true;
}

bool
list_fill_begin(struct call *call, struct list *list, size_t index,
		const struct value *value, struct list_filling **ret)
{
	struct list_filling *filling;
	struct list *from = NULL;

	*ret = NULL;
	if (value->kind != MPROXY_LIST) {
		from = list_of_argument(call, value);
		if (!from)
			return false;
		if (from->items.n < MANY_ITEMS)
			return true;
	} else if (value->has_handles || value->items.size < MANY_BYTES) {
		return true;
	}
	filling = calloc(1, sizeof(*filling));
	if (!filling) {
		call_fail_memory(call);
		return false;
	}
	filling->list = list;
	filling->at = index;
	filling->taken.core = call_core(call);
	list->filling = filling;
	if (!find_source(call, filling, value, from)) {
		list_fill_free(filling);
		return false;
	}
	*ret = filling;
	return true;
}

/* --- steps --- */

/* Puts a run in as it is. */
static bool
put_run(struct list_filling *filling, const struct tree_run *run)
{
	if (tree_insert(list_change(filling->list), filling->at + filling->n,
			run) < 0)
		return false;
	filling->n += run->n;
	return true;
}

/* The next cells of the other list, whose items outside get copies. */
static bool
fill_from_list(struct call *call, struct list_filling *filling)
{
	size_t most = call_share(call, 4 * CONTENTS_STEP);
	struct tree_run run;

	for (size_t n = 0; n < most; n += run.n) {
		struct list_gathered copies = { .core = filling->taken.core };
		bool fine;

		run = tree_next_run(&filling->reader.cursor, most - n);
		if (run.n == 0) {
			list_reader_end(&filling->reader);
			return true;
		}
		if (!(run.kinds & TREE_OUTSIDE)) {
			if (!put_run(filling, &run))
				return false;
			continue;
		}
		fine = list_gather_run(&copies, &run);
		run.cells = copies.cells.data;
		if (!fine || !put_run(filling, &run)) {
			list_gathered_free(&copies);
			return false;
		}
		list_gathered_forget(&copies);
	}
	return true;
}

/* The next of the cells that were taken in a hurry. */
static bool
fill_from_taken(struct call *call, struct list_filling *filling)
{
	size_t most = call_share(call, CONTENTS_STEP);
	struct span taken = buffer_span(&filling->taken.cells);
	const uint8_t *end = taken.data + taken.size;
	struct tree_run run = { .cells = filling->next,
				.kinds = filling->taken.kinds };

	for (; run.n < most && filling->next < end; run.n++)
		filling->next += cell_size(filling->next);
	run.size = (size_t)(filling->next - run.cells);
	if (put_run(filling, &run))
		return true;
	filling->next = run.cells;
	return false;
}

/* The next items of the argument: 1, 0 or -1 after call_fail(). */
static int
fill_from_argument(struct call *call, struct list_filling *filling)
{
	uint8_t room[CELL_ROOM];
	struct list_pack pack;
	struct span part, cell;

	list_pack_init(&pack, list_change(filling->list),
		       filling->at + filling->n);
	for (size_t n = call_share(call, CONTENTS_STEP); n > 0; n--) {
		struct value item = { .kind = MPROXY_NIL };

		if (!value_next(&filling->cursor, &part))
			break;
		item.bytes = part;
		if (!list_cell(call, &item, room, &cell)) {
			list_pack_drop(&pack, filling->taken.core);
			filling->n = pack.at - filling->at;
			return -1;
		}
		if (!list_pack_add(&pack, cell)) {
			list_drop_cell(filling->taken.core, cell.data);
			filling->failed = true;
			break;
		}
	}
	if (!filling->failed && !list_pack_flush(&pack))
		filling->failed = true;
	if (filling->failed)
		list_pack_drop(&pack, filling->taken.core);
	filling->n = pack.at - filling->at;
	return 0;
}

/* True when there is nothing left of the copy. */
static bool
free_copy(struct call *call, struct list_filling *filling)
{
	size_t part = call_share(call, FREE_PART);
	uint8_t *shrunk;

	if (filling->size <= part)
		return true;
	shrunk = realloc(filling->bytes, filling->size - part);
	if (!shrunk)
		return true;
	item_discharge(filling->taken.core, part);
	filling->bytes = shrunk;
	filling->size -= part;
	return false;
}

int
list_fill_some(struct call *call, struct list_filling *filling)
{
	const struct buffer *taken = &filling->taken.cells;

	if (filling->reader.list)
		filling->failed = !fill_from_list(call, filling);
	else if (!filling->failed && filling->next != taken->data + taken->size)
		filling->failed = !fill_from_taken(call, filling);
	else if (!filling->failed && filling->cursor.rest.size > 0 &&
		 fill_from_argument(call, filling) < 0)
		return -1;
	else if (!filling->failed && filling->cursor.rest.size == 0)
		return free_copy(call, filling);
	if (!filling->failed)
		return 0;
	call_fail_memory(call);
	return -1;
}

/* --- as a call of its own --- */

/* The call is given up: what came in goes. */
static void
fill_release(struct call *call, void *data)
{
	struct list_filling *filling = data;
	struct tree *items = list_change(filling->list);

	(void)call;
	tree_remove_range(items, filling->at, filling->at + filling->n,
			  &filling->grave->waste);
	list_fill_free(filling);
}

static void
fill_step(struct call *call, void *data)
{
	struct list_filling *filling = data;
	int code = list_fill_some(call, filling);
	struct tree *items;

	if (code == 0)
		return;
	if (code < 0) {
		fill_release(call, filling);
		return;
	}
	items = list_change(filling->list);
	tree_remove_range(items, filling->from, filling->to,
			  &filling->grave->waste);
	list_fill_free(filling);
	call_reply(call);
}

void
list_fill(struct call *call, struct list_filling *filling, size_t from,
	  size_t to)
{
	struct list_grave grave;

	filling->from = from;
	filling->to = to;
	if (!list_grave_open(call, SIZE_MAX, &grave)) {
		list_fill_free(filling);
		return;
	}
	filling->grave = grave.list;
	call_again(call, fill_step, filling, fill_release);
}
