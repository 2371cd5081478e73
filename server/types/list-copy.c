/*
 * Answering with many items of a list as one value.
 *
 * A few are written where the core answers from; more of them into a buffer
 * of their own, in steps. What comes behind them (the other list of concat)
 * is copied first: it may change between the steps, this list does not.
 */
#include <stdlib.h>

#include "server/types/contents.h"
#include "server/types/list.h"

struct reading {
	const struct list *list;
	struct list_slice slice;
	size_t done;
	struct tree_cursor cursor;
	bool has_handles;
};

static void
reading_init(struct reading *reading, const struct list *list,
	     const struct list_slice *slice)
{
	*reading = (struct reading){ .list = list, .slice = *slice };
	if (slice->step == 1)
		tree_seek(&list->items, slice->start, &reading->cursor);
}

/* The next cell; there must be one. */
static const uint8_t *
reading_next(struct reading *reading)
{
	const uint8_t *cell;

	if (reading->slice.step == 1)
		cell = tree_next(&reading->cursor);
	else
		cell = tree_get(
			&reading->list->items,
			list_slice_index(&reading->slice, reading->done));
	reading->done++;
	if (cell_has_handles(cell))
		reading->has_handles = true;
	return cell;
}

/* Writes one step's worth: 1 when all is written, 0, or -1 after call_fail(). */
static int
reading_some(struct call *call, struct reading *reading, struct buffer *out)
{
	size_t max = call_max_value(call);

	for (unsigned i = 0; i < CONTENTS_STEP; i++) {
		uint8_t room[CELL_ROOM];

		if (reading->done == reading->slice.n)
			return 1;
		value_list_item(out, cell_value(reading_next(reading), room));
		if (out->size > max) {
			contents_fit(call, out->size);
			return -1;
		}
		if (buffer_failed(out)) {
			call_fail_memory(call);
			return -1;
		}
	}
	return reading->done == reading->slice.n;
}

struct copying {
	struct reading reading;
	struct buffer out;
	size_t mark;
	size_t begin; /* of the items in out */
	size_t times; /* to write them */
	struct buffer tail;
};

static void
copying_free(struct copying *copying)
{
	buffer_deinit(&copying->out);
	buffer_deinit(&copying->tail);
	free(copying);
}

static void
copying_release(struct call *call, void *data)
{
	(void)call;
	copying_free(data);
}

/* Everything after the items themselves; false after call_fail(). */
static bool
copying_end(struct call *call, struct copying *copying)
{
	struct buffer *out = &copying->out;
	size_t size = out->size - copying->begin;
	size_t total;

	if (__builtin_mul_overflow(size, copying->times, &total) ||
	    __builtin_add_overflow(total, copying->tail.size, &total))
		total = SIZE_MAX;
	if (!contents_fit(call, total))
		return false;
	if (copying->times == 0)
		out->size = copying->begin;
	for (size_t i = 1; size && i < copying->times; i++) {
		uint8_t *to = buffer_extend(out, size);

		if (!to)
			break;
		memcpy(to, out->data + copying->begin, size);
	}
	buffer_append_span(out, buffer_span(&copying->tail));
	value_list_end(out, copying->mark);
	if (!buffer_failed(out) && !buffer_failed(&copying->tail))
		return true;
	call_fail_memory(call);
	return false;
}

static void
copying_step(struct call *call, void *data)
{
	struct copying *copying = data;
	int done = reading_some(call, &copying->reading, &copying->out);

	if (done == 0)
		return;
	if (done > 0 && copying_end(call, copying))
		call_reply_span(call, buffer_span(&copying->out),
				copying->reading.has_handles);
	copying_free(copying);
}

/* NULL after call_fail(). */
static struct copying *
copying_new(struct call *call, const struct list *list,
	    const struct list_slice *slice)
{
	struct copying *copying;

	if (!contents_fit(call, slice->n * CONTENTS_MIN_ITEM))
		return NULL;
	copying = calloc(1, sizeof(*copying));
	if (!copying) {
		call_fail_memory(call);
		return NULL;
	}
	reading_init(&copying->reading, list, slice);
	copying->mark = value_list_begin(&copying->out);
	copying->begin = copying->out.size;
	copying->times = 1;
	return copying;
}

static void
answer_slice(struct call *call, const struct list *list,
	     const struct list_slice *slice)
{
	struct copying *copying;
	struct reading reading;
	struct buffer *out;
	size_t mark;

	if (slice->n > CONTENTS_STEP) {
		copying = copying_new(call, list, slice);
		if (copying)
			call_again(call, copying_step, copying,
				   copying_release);
		return;
	}
	reading_init(&reading, list, slice);
	out = call_scratch(call);
	mark = value_list_begin(out);
	if (reading_some(call, &reading, out) < 0)
		return;
	value_list_end(out, mark);
	call_reply_scratch(call, reading.has_handles);
}

static struct list_slice
slice_of_all(const struct list *list)
{
	return (struct list_slice){ .n = list->items.n, .step = 1 };
}

void
list_do_slice(struct call *call, struct object *object,
	      const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	struct list_slice slice;

	if (list_find_slice(call, list, args, n_args, &slice))
		answer_slice(call, list, &slice);
}

void
list_do_copy(struct call *call, struct object *object, const struct value *args,
	     size_t n_args)
{
	struct list_slice slice = slice_of_all(list_of(object));

	(void)args;
	(void)n_args;
	answer_slice(call, list_of(object), &slice);
}

/* Copies all items of another list; false after call_fail(). */
static bool
copy_tail(struct call *call, const struct value *value, struct copying *copying)
{
	struct reading reading;
	struct list_slice slice;
	const struct list *other;
	int done;

	if (value->kind == MPROXY_LIST) {
		buffer_append_span(&copying->tail, value->items);
		copying->reading.has_handles = value->has_handles;
		return true;
	}
	other = list_of_argument(call, value);
	if (!other)
		return false;
	slice = slice_of_all(other);
	reading_init(&reading, other, &slice);
	do
		done = reading_some(call, &reading, &copying->tail);
	while (done == 0);
	copying->reading.has_handles = reading.has_handles;
	return done > 0;
}

void
list_do_concat(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	struct list_slice slice = slice_of_all(list);
	struct copying *copying = copying_new(call, list, &slice);

	(void)n_args;
	if (!copying)
		return;
	if (copy_tail(call, &args[0], copying))
		call_again(call, copying_step, copying, copying_release);
	else
		copying_free(copying);
}

void
list_do_repeat(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	struct list *list = list_of(object);
	struct list_slice slice = slice_of_all(list);
	struct copying *copying;

	(void)n_args;
	if (args[0].integer <= 0)
		slice.n = 0;
	copying = copying_new(call, list, &slice);
	if (!copying)
		return;
	copying->times = args[0].integer > 0 ? (size_t)args[0].integer : 0;
	call_again(call, copying_step, copying, copying_release);
}
