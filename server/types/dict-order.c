/*
 * The entries of a dict in another order than their own: by key for a copy,
 * which is a map, and by value for top().
 *
 * The entries are collected, sorted and written in steps; the dict does not
 * change meanwhile, so that pointers to them stay good. top() keeps a heap
 * whose first entry is the worst of the best n so far.
 */
#include <stdlib.h>

#include "server/containers/sorter.h"
#include "server/types/contents.h"
#include "server/types/dict.h"

/* Entries, or comparisons, each of which waits for memory. */
#define STEP 2048u

enum outcome { GOES_ON, DONE, TOO_BIG, NO_MEMORY };

/* For top(): an entry, and when it came among those of the dict. */
struct ranked {
	const struct dict_entry *entry;
	uint64_t number;
};

struct order {
	struct dict *dict;
	enum outcome (*work)(struct call *call, struct order *order);
	enum outcome (*write)(struct call *call, struct order *order);
	size_t n; /* entries wanted */
	size_t max_size;
	struct table_cursor cursor;
	void **entries; /* struct dict_entry; for top() struct ranked */
	void **spare;
	struct ranked *ranked; /* NULL for a copy */
	size_t collected;
	struct sorter sorter;
	struct buffer out;
	size_t mark;
	size_t size; /* of what is to be written, at least */
	size_t written;
	bool has_handles;
};

static void
order_free(struct order *order)
{
	buffer_deinit(&order->out);
	free(order->entries);
	free(order->spare);
	free(order->ranked);
	free(order);
}

static void
order_release(struct call *call, void *data)
{
	(void)call;
	order_free(data);
}

/* --- orders --- */

static int
compare_keys(const void *a, const void *b)
{
	return value_compare(dict_key(a), dict_key(b));
}

/* The larger value first, the earlier one of equals. */
static int
compare_values(const void *a, const void *b)
{
	const struct ranked *left = a;
	const struct ranked *right = b;
	int order = value_compare(dict_value(right->entry),
				  dict_value(left->entry));

	if (order != 0)
		return order;
	return left->number < right->number ? -1 : 1;
}

/* --- the parts of the work --- */

static enum outcome
sort(struct call *call, struct order *order)
{
	if (!sorter_some(&order->sorter, call_share(call, STEP)))
		return GOES_ON;
	/* the two arrays may have changed places */
	order->entries = order->sorter.items;
	order->spare = order->sorter.spare;
	order->work = order->write;
	return GOES_ON;
}

static void
collect(struct order *order, struct dict_entry *entry)
{
	size_t place = order->collected++;

	order->entries[place] = entry;
	if (!order->ranked)
		return;
	order->ranked[place] = (struct ranked){ entry, place };
	order->entries[place] = &order->ranked[place];
}

static enum outcome
collect_all(struct call *call, struct order *order)
{
	for (size_t n = call_share(call, STEP); n > 0; n--) {
		struct dict_entry *entry = dict_next(&order->cursor);

		if (!entry) {
			order->work = sort;
			return GOES_ON;
		}
		collect(order, entry);
		order->size += contents_item_size(dict_key(entry).size) +
			       contents_item_size(dict_value(entry).size);
		if (order->size > order->max_size)
			return TOO_BIG;
	}
	return GOES_ON;
}

static void
sift_down(void **heap, size_t n, void *entry)
{
	size_t place = 0;

	for (;;) {
		size_t child = 2 * place + 1;

		if (child + 1 < n &&
		    compare_values(heap[child + 1], heap[child]) > 0)
			child++;
		if (child >= n || compare_values(heap[child], entry) <= 0)
			break;
		heap[place] = heap[child];
		place = child;
	}
	heap[place] = entry;
}

static void
sift_up(void **heap, size_t place, void *entry)
{
	while (place > 0) {
		size_t parent = (place - 1) / 2;

		if (compare_values(heap[parent], entry) >= 0)
			break;
		heap[place] = heap[parent];
		place = parent;
	}
	heap[place] = entry;
}

static enum outcome
collect_best(struct call *call, struct order *order)
{
	for (size_t n = call_share(call, STEP); n > 0; n--) {
		struct dict_entry *entry = dict_next(&order->cursor);
		struct ranked ranked = { entry, order->collected };
		struct ranked *worst;

		if (!entry) {
			order->work = sort;
			return GOES_ON;
		}
		if (order->collected < order->n) {
			order->ranked[order->collected] = ranked;
			sift_up(order->entries, order->collected,
				&order->ranked[order->collected]);
			order->collected++;
			continue;
		}
		order->collected++;
		worst = order->entries[0];
		if (compare_values(&ranked, worst) < 0) {
			*worst = ranked;
			sift_down(order->entries, order->n, worst);
		}
	}
	return GOES_ON;
}

static enum outcome
write_pairs(struct call *call, struct order *order)
{
	struct buffer *out = &order->out;

	for (size_t n = call_share(call, STEP); n > 0; n--) {
		const struct ranked *ranked;

		if (order->written == order->n) {
			value_list_end(out, order->mark);
			return buffer_failed(out) ? NO_MEMORY : DONE;
		}
		ranked = order->entries[order->written];
		if (dict_put_pair(out, ranked->entry))
			order->has_handles = true;
		order->written++;
		if (out->size > order->max_size) {
			order->size = out->size;
			return TOO_BIG;
		}
	}
	return buffer_failed(out) ? NO_MEMORY : GOES_ON;
}

static enum outcome
write_map(struct call *call, struct order *order)
{
	size_t n = call_share(call, STEP);
	struct buffer *out = &order->out;

	if (order->written == 0) {
		/* all of it at once: growing would copy it again and again */
		buffer_extend(out, order->size + VALUE_HEAD_MAX);
		out->size = 0;
		value_put_head(out, MPROXY_MAP, order->size);
	}
	for (; n > 0 && order->written < order->n; n--) {
		const struct dict_entry *entry = order->entries[order->written];

		value_list_item(out, dict_key(entry));
		value_list_item(out, dict_value(entry));
		if (dict_has_handles(entry))
			order->has_handles = true;
		order->written++;
	}
	if (buffer_failed(out))
		return NO_MEMORY;
	return order->written < order->n ? GOES_ON : DONE;
}

static void
step(struct call *call, void *data)
{
	struct order *order = data;
	enum outcome outcome;

	do /* a short one is done at once */
		outcome = order->work(call, order);
	while (outcome == GOES_ON &&
	       order->dict->entries.n <= CONTENTS_AT_ONCE);
	if (outcome == GOES_ON)
		return;
	if (outcome == DONE)
		call_reply_span(call, buffer_span(&order->out),
				order->has_handles);
	else if (outcome == TOO_BIG)
		contents_fit(call, order->size);
	else
		call_fail_memory(call);
	order_free(order);
}

/* --- the methods --- */

/* The best n by compare; NULL after call_fail(). */
static struct order *
order_new(struct call *call, struct dict *dict, size_t n,
	  int (*compare)(const void *a, const void *b))
{
	struct order *order;

	if (!contents_fit(call, n * 2 * CONTENTS_MIN_ITEM))
		return NULL;
	order = calloc(1, sizeof(*order));
	if (!order) {
		call_fail_memory(call);
		return NULL;
	}
	order->dict = dict;
	order->n = n;
	order->max_size = call_max_value(call);
	table_seek(&dict->entries, 0, &order->cursor);
	order->entries = malloc((n ? n : 1) * sizeof(void *));
	order->spare = malloc((n ? n : 1) * sizeof(void *));
	if (!order->entries || !order->spare) {
		order_free(order);
		call_fail_memory(call);
		return NULL;
	}
	sorter_init(&order->sorter, order->entries, order->spare, n, compare,
		    false);
	return order;
}

void
dict_do_copy(struct call *call, struct object *object, const struct value *args,
	     size_t n_args)
{
	struct dict *dict = dict_of(object);
	struct order *order = order_new(call, dict, dict->entries.n,
					compare_keys);

	(void)args;
	(void)n_args;
	if (!order)
		return;
	order->work = collect_all;
	order->write = write_map;
	call_again(call, step, order, order_release);
}

void
dict_do_top(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct dict *dict = dict_of(object);
	int64_t wanted = args[0].integer;
	size_t n = dict->entries.n;
	struct order *order;

	(void)n_args;
	if (wanted < (int64_t)n)
		n = wanted < 0 ? 0 : (size_t)wanted;
	order = order_new(call, dict, n, compare_values);
	if (!order)
		return;
	order->ranked = malloc((n ? n : 1) * sizeof(*order->ranked));
	if (!order->ranked) {
		order_free(order);
		call_fail_memory(call);
		return;
	}
	order->work = n == 0		     ? sort
		      : n == dict->entries.n ? collect_all
					     : collect_best;
	order->write = write_pairs;
	order->mark = value_list_begin(&order->out);
	call_again(call, step, order, order_release);
}
