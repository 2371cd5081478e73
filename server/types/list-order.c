/*
 * Giving the items of a list another order, taking many out of its middle, or
 * replacing many.
 *
 * Where the cells lie is collected into an array, ordered there, and a new
 * tree is built of copies of them, all in steps in which the list stays as it
 * is; at last the trees change places. So nobody ever meets a half-sorted
 * list, and running out of memory, a cancel or the death of the caller leave
 * it as it was. Items outside belong to both trees meanwhile: of one of the
 * two only the nodes are freed. That, and the arrays, go to an anonymous list
 * that dies in small parts.
 */
#include <stdlib.h>

#include "server/containers/sorter.h"
#include "server/types/contents.h"
#include "server/types/list.h"

/* Comparisons, or copies from anywhere, before others have their turn: each
 * may be a miss of every cache. */
#define STEP (CONTENTS_STEP / 4)

struct ordering {
	struct list *list;
	/* true: all is done */
	bool (*work)(struct call *call, struct ordering *ordering);
	bool sort;
	bool failed;
	struct tree_cursor cursor;
	size_t n_all;
	size_t collected;
	size_t n;     /* items kept */
	void **items; /* their cells */
	void **spare;
	struct sorter sorter;
	struct tree built;
	size_t n_built;
	struct list *grave;  /* NULL when the list is short */
	struct tree dropped; /* items outside that are not kept */

	/* thinning out: every stride-th from first on goes */
	size_t first;
	size_t stride;
	size_t n_dropped;
	size_t n_gone; /* so far */

	/* replacing */
	struct list_slice slice;
	struct list_gathered fresh;
	const uint8_t *next; /* of the fresh ones */
	size_t n_replaced;
};

/* Frees the nodes of a tree, whose items outside are in use. */
static void
discard(struct ordering *ordering, struct tree *tree)
{
	struct tree_waste waste = { .borrowed = true };

	if (ordering->grave) {
		tree_remove_all(tree, &ordering->grave->rest->nodes);
		return;
	}
	tree_remove_all(tree, &waste);
	tree_waste_free(tree, &waste, SIZE_MAX);
}

static void
bury_array(struct list *grave, int which, void *data, size_t size)
{
	grave->rest->arrays[which].data = data;
	grave->rest->arrays[which].size = data ? size : 0;
}

static void
ordering_free(struct ordering *ordering)
{
	struct list *grave = ordering->grave;
	size_t size = ordering->n_all * sizeof(void *);

	discard(ordering, &ordering->built);
	discard(ordering, &ordering->dropped);
	list_gathered_free(&ordering->fresh);
	if (grave) {
		bury_array(grave, 0, ordering->items, size);
		bury_array(grave, 1, ordering->spare, size);
		object_unref(&grave->object);
	} else {
		free(ordering->items);
		free(ordering->spare);
	}
	free(ordering);
}

static void
ordering_release(struct call *call, void *data)
{
	(void)call;
	ordering_free(data);
}

/* --- the parts of the work --- */

static bool
build(struct call *call, struct ordering *ordering)
{
	size_t end = ordering->n_built + call_share(call, STEP);
	struct list_pack pack;
	bool fine = true;

	if (end > ordering->n)
		end = ordering->n;
	list_pack_init(&pack, &ordering->built, ordering->built.n);
	while (fine && ordering->n_built < end) {
		const uint8_t *cell = ordering->items[ordering->n_built++];

		fine = list_pack_add(&pack, span_make(cell, cell_size(cell)));
	}
	if (!fine || !list_pack_flush(&pack))
		ordering->failed = true;
	return ordering->n_built == ordering->n;
}

static bool
sort(struct call *call, struct ordering *ordering)
{
	if (!sorter_some(&ordering->sorter, call_share(call, STEP)))
		return false;
	/* the two arrays may have changed places */
	ordering->items = ordering->sorter.items;
	ordering->spare = ordering->sorter.spare;
	ordering->work = build;
	return false;
}

/* The one in an array of pointers that are not to const. */
static void *
pointer_to(const uint8_t *cell)
{
	return (void *)(uintptr_t)cell;
}

/* What lies outside of a cell that is not kept goes where it can be freed. */
static void
drop(struct ordering *ordering, const uint8_t *cell)
{
	struct tree_run run;

	if (!cell_is_outside(cell))
		return;
	run = tree_run_of(span_make(cell, CELL_OUTSIDE_SIZE));
	if (tree_insert(&ordering->dropped, ordering->dropped.n, &run) < 0)
		ordering->failed = true;
}

static bool
replace(struct call *call, struct ordering *ordering)
{
	for (size_t n = call_share(call, CONTENTS_STEP); n > 0; n--) {
		void **place;

		if (ordering->n_replaced == ordering->slice.n) {
			ordering->work = build;
			return false;
		}
		place = &ordering->items[list_slice_index(
			&ordering->slice, ordering->n_replaced++)];
		drop(ordering, *place);
		*place = pointer_to(ordering->next);
		ordering->next += cell_size(ordering->next);
	}
	return false;
}

static bool
collect(struct call *call, struct ordering *ordering)
{
	for (size_t n = call_share(call, CONTENTS_STEP); n > 0; n--) {
		const uint8_t *cell = tree_next(&ordering->cursor);

		if (!cell) {
			ordering->work = ordering->sort	     ? sort
					 : ordering->slice.n ? replace
							     : build;
			return false;
		}
		ordering->items[ordering->n++] = pointer_to(cell);
	}
	return false;
}

static bool
collect_backward(struct call *call, struct ordering *ordering)
{
	size_t left = call_share(call, CONTENTS_STEP);
	size_t n = ordering->n_all;

	for (; left > 0 && ordering->n < n; left--) {
		ordering->n++;
		ordering->items[n - ordering->n] = pointer_to(
			tree_next(&ordering->cursor));
	}
	if (ordering->n == n)
		ordering->work = build;
	return false;
}

static bool
collect_kept(struct call *call, struct ordering *ordering)
{
	for (size_t n = call_share(call, CONTENTS_STEP); n > 0; n--) {
		const uint8_t *cell = tree_next(&ordering->cursor);
		size_t at = ordering->collected++;

		if (!cell) {
			ordering->work = build;
			return false;
		}
		if (at < ordering->first ||
		    (at - ordering->first) % ordering->stride ||
		    ordering->n_gone == ordering->n_dropped) {
			ordering->items[ordering->n++] = pointer_to(cell);
			continue;
		}
		ordering->n_gone++;
		drop(ordering, cell);
	}
	return false;
}

/* The trees change places. */
static void
finish(struct ordering *ordering)
{
	struct list *list = ordering->list;
	struct tree old = *list_change(list);

	list->items = ordering->built;
	ordering->built = old; /* the nodes; the items are in use */
	if (ordering->grave) {
		old = ordering->grave->items;
		ordering->grave->items = ordering->dropped;
		ordering->dropped = old;
	} else {
		tree_clear(&ordering->dropped);
	}
	list_gathered_forget(&ordering->fresh);
}

static void
step(struct call *call, void *data)
{
	struct ordering *ordering = data;
	bool done;

	do /* a short one is done at once */
		done = ordering->work(call, ordering);
	while (!done && !ordering->failed &&
	       ordering->n_all <= CONTENTS_AT_ONCE);
	if (ordering->failed) {
		ordering_free(ordering);
		call_fail_memory(call);
		return;
	}
	if (!done)
		return;
	finish(ordering);
	ordering_free(ordering);
	call_reply(call);
}

/* --- the methods --- */

/* NULL after call_fail(). */
static struct ordering *
ordering_new(struct call *call, struct list *list,
	     bool (*work)(struct call *call, struct ordering *ordering))
{
	struct ordering *ordering = calloc(1, sizeof(*ordering));
	size_t n = list->items.n ? list->items.n : 1;

	if (!ordering) {
		call_fail_memory(call);
		return NULL;
	}
	ordering->list = list;
	ordering->n_all = list->items.n;
	ordering->work = work;
	tree_init(&ordering->built, &list_owner, call_core(call));
	tree_init(&ordering->dropped, &list_owner, call_core(call));
	tree_seek(&list->items, 0, &ordering->cursor);
	if (n > CONTENTS_AT_ONCE) {
		ordering->grave = list_new_grave(call);
		if (!ordering->grave) {
			ordering_free(ordering);
			return NULL;
		}
	}
	ordering->items = malloc(n * sizeof(void *));
	if (!ordering->items) {
		ordering_free(ordering);
		call_fail_memory(call);
		return NULL;
	}
	return ordering;
}

static void
ordering_run(struct call *call, struct ordering *ordering)
{
	call_again(call, step, ordering, ordering_release);
}

void
list_do_reverse(struct call *call, struct object *object,
		const struct value *args, size_t n_args)
{
	struct ordering *ordering = ordering_new(call, list_of(object),
						 collect_backward);

	(void)args;
	(void)n_args;
	if (ordering)
		ordering_run(call, ordering);
}

/* Of two integers nothing is built. */
static int
compare_cells(const void *a, const void *b)
{
	uint8_t room_a[CELL_ROOM], room_b[CELL_ROOM];

	if (cell_is_int(a) && cell_is_int(b)) {
		int64_t left = cell_int(a), right = cell_int(b);

		return (left > right) - (left < right);
	}
	return value_compare(cell_value(a, room_a), cell_value(b, room_b));
}

void
list_do_sort(struct call *call, struct object *object, const struct value *args,
	     size_t n_args)
{
	bool descending = n_args > 0 && args[0].boolean;
	struct list *list = list_of(object);
	struct ordering *ordering = ordering_new(call, list, collect);
	size_t n = list->items.n;

	if (!ordering)
		return;
	ordering->sort = true;
	ordering->spare = malloc((n ? n : 1) * sizeof(void *));
	if (!ordering->spare) {
		ordering_free(ordering);
		call_fail_memory(call);
		return;
	}
	sorter_init(&ordering->sorter, ordering->items, ordering->spare, n,
		    compare_cells, descending);
	ordering_run(call, ordering);
}

void
list_thin_out(struct call *call, struct list *list,
	      const struct list_slice *slice)
{
	struct ordering *ordering = ordering_new(call, list, collect_kept);
	size_t last = slice->n - 1;

	if (!ordering)
		return;
	ordering->n_dropped = slice->n;
	ordering->first = list_slice_index(slice, slice->backward ? last : 0);
	ordering->stride = (size_t)(slice->backward ? -slice->step
						    : slice->step);
	ordering_run(call, ordering);
}

void
list_replace(struct call *call, struct list *list,
	     const struct list_slice *slice, struct list_gathered *gathered)
{
	struct ordering *ordering = ordering_new(call, list, collect);

	if (!ordering) {
		list_gathered_free(gathered);
		return;
	}
	ordering->slice = *slice;
	ordering->fresh = *gathered;
	ordering->next = gathered->cells.data;
	ordering_run(call, ordering);
}
