/*
 * Giving the items of a list another order, or taking many out of its middle.
 *
 * The pointers are collected into an array, ordered there, and built into a
 * new tree, all in steps in which the list stays as it is; at last the trees
 * change places. So nobody ever meets a half-sorted list, and running out of
 * memory, a cancel or the death of the caller leave it as it was.
 */
#include <stdlib.h>

#include "server/containers/sorter.h"
#include "server/types/contents.h"
#include "server/types/list.h"

struct ordering {
	struct list *list;
	bool (*work)(struct ordering *ordering); /* true: on to the next */
	bool sort;
	bool failed;
	struct tree_cursor cursor;
	size_t collected;
	size_t n; /* items kept */
	void **items;
	void **spare;
	struct sorter sorter;
	struct tree built;

	/* thinning out: every stride-th from first on goes */
	struct list *grave;
	struct tree dropped;
	size_t first;
	size_t stride;
	size_t n_dropped;
};

static void
ordering_free(struct ordering *ordering)
{
	if (ordering->grave)
		object_unref(&ordering->grave->object);
	tree_deinit(&ordering->built);
	tree_deinit(&ordering->dropped);
	free(ordering->items);
	free(ordering->spare);
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
build(struct ordering *ordering)
{
	size_t done = ordering->built.n;
	size_t n = ordering->n - done;

	if (n > 16 * CONTENTS_STEP) /* copying is quick */
		n = 16 * CONTENTS_STEP;
	if (tree_insert(&ordering->built, done, ordering->items + done, n) < 0)
		ordering->failed = true;
	return ordering->built.n == ordering->n;
}

static bool
sort(struct ordering *ordering)
{
	if (!sorter_some(&ordering->sorter, CONTENTS_STEP))
		return false;
	/* the two arrays may have changed places */
	ordering->items = ordering->sorter.items;
	ordering->spare = ordering->sorter.spare;
	ordering->work = build;
	return false;
}

static bool
collect(struct ordering *ordering)
{
	for (unsigned i = 0; i < CONTENTS_STEP; i++) {
		void *item = tree_next(&ordering->cursor);

		if (!item) {
			ordering->work = ordering->sort ? sort : build;
			return false;
		}
		ordering->items[ordering->n++] = item;
	}
	return false;
}

static bool
collect_backward(struct ordering *ordering)
{
	size_t n = ordering->list->items.n;

	for (unsigned i = 0; i < CONTENTS_STEP && ordering->n < n; i++) {
		ordering->n++;
		ordering->items[n - ordering->n] = tree_next(&ordering->cursor);
	}
	if (ordering->n == n)
		ordering->work = build;
	return false;
}

static bool
collect_kept(struct ordering *ordering)
{
	for (unsigned i = 0; i < CONTENTS_STEP; i++) {
		void *item = tree_next(&ordering->cursor);
		size_t at = ordering->collected++;

		if (!item) {
			ordering->work = build;
			return false;
		}
		if (at < ordering->first ||
		    (at - ordering->first) % ordering->stride ||
		    ordering->dropped.n == ordering->n_dropped) {
			ordering->items[ordering->n++] = item;
		} else if (tree_append(&ordering->dropped, item) < 0) {
			ordering->failed = true;
			return false;
		}
	}
	return false;
}

static void
step(struct call *call, void *data)
{
	struct ordering *ordering = data;
	struct list *list = ordering->list;
	struct tree old = list->items;
	bool done;

	do /* a short one is done at once */
		done = ordering->work(ordering);
	while (!done && !ordering->failed && old.n <= CONTENTS_AT_ONCE);
	if (ordering->failed) {
		ordering_free(ordering);
		call_fail_memory(call);
		return;
	}
	if (!done)
		return;
	list->items = ordering->built;
	ordering->built = old; /* the nodes; the items are in use */
	if (ordering->grave) {
		ordering->grave->items = ordering->dropped;
		ordering->dropped = (struct tree)TREE_INIT;
	}
	ordering_free(ordering);
	call_reply(call);
}

/* --- the methods --- */

/* NULL after call_fail(). */
static struct ordering *
ordering_new(struct call *call, struct list *list,
	     bool (*work)(struct ordering *ordering))
{
	struct ordering *ordering = calloc(1, sizeof(*ordering));
	size_t n = list->items.n ? list->items.n : 1;

	if (!ordering) {
		call_fail_memory(call);
		return NULL;
	}
	ordering->list = list;
	ordering->work = work;
	tree_seek(&list->items, 0, &ordering->cursor);
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

static int
compare_items(const void *a, const void *b)
{
	return value_compare(item_span(a), item_span(b));
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
		    compare_items, descending);
	ordering_run(call, ordering);
}

void
list_thin_out(struct call *call, struct list *list,
	      const struct list_slice *slice)
{
	struct ordering *ordering = ordering_new(call, list, collect_kept);
	size_t last = slice->n - 1;
	struct object *grave;

	if (!ordering)
		return;
	grave = object_new(call, &list_type, NULL, 0);
	if (!grave) {
		ordering_free(ordering);
		return;
	}
	ordering->grave = list_of(grave);
	ordering->n_dropped = slice->n;
	ordering->first = list_slice_index(slice, slice->backward ? last : 0);
	ordering->stride = (size_t)(slice->backward ? -slice->step
						    : slice->step);
	ordering_run(call, ordering);
}
