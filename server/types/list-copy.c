/*
 * Answering with many items of a list as one value.
 *
 * A few are written where the core answers from; more of them into a buffer
 * of their own, in steps. What comes behind them (the other list of concat)
 * is copied first: it may change between the steps, but hands out what is left
 * before; this list does not.
 */
#include <stddef.h>
#include <stdlib.h>

#include "server/types/contents.h"
#include "server/types/list.h"

/* Bytes moved before others have their turn. */
#define BYTES_STEP ((size_t)256 << 10)

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

	for (size_t n = call_share(call, CONTENTS_STEP); n > 0; n--) {
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
	size_t begin; /* contents_begin_list() */
	size_t times; /* to write the items */
	size_t size;  /* of them once */
	size_t end;   /* of the last time, in out; 0: not known yet */
	struct buffer tail;
	size_t tail_done; /* of it is in out */

	struct list_reader reader; /* of the other list */
	bool failed;		   /* there was no memory in hurry() */
};

static void
copying_free(struct copying *copying)
{
	buffer_deinit(&copying->out);
	buffer_deinit(&copying->tail);
	list_reader_end(&copying->reader);
	free(copying);
}

static void
copying_release(struct call *call, void *data)
{
	(void)call;
	copying_free(data);
}

/* --- what comes after the items --- */

/* The items are there once: false after call_fail(). */
static bool
find_end(struct call *call, struct copying *copying)
{
	struct buffer *out = &copying->out;
	size_t before = out->size;
	size_t all, total;

	copying->size = before - copying->begin;
	if (__builtin_mul_overflow(copying->size, copying->times, &all) ||
	    __builtin_add_overflow(all, copying->tail.size, &total))
		total = SIZE_MAX;
	if (!contents_fit(call, total))
		return false;
	copying->end = copying->begin + all;
	if (copying->times == 0)
		out->size = copying->begin;
	/* all of it at once: growing would copy it again and again */
	else if (buffer_extend(out, total - copying->size))
		out->size = before;
	return true;
}

/* Repeats at most n bytes of what is there: gives how many, 0 at the end or
 * without memory. */
static size_t
repeat(struct copying *copying, size_t n)
{
	struct buffer *out = &copying->out;
	size_t written = out->size - copying->begin;
	size_t back;
	uint8_t *to;

	if (out->size >= copying->end)
		return 0;
	back = written - written % copying->size;
	if (n > back)
		n = back;
	if (n > copying->end - out->size)
		n = copying->end - out->size;
	to = buffer_extend(out, n);
	if (!to)
		return 0;
	memcpy(to, to - back, n);
	return n;
}

/* One step's worth of it: 1 when it is written, 0, or -1 after call_fail(). */
static int
rest_some(struct call *call, struct copying *copying)
{
	size_t left = call_share(call, BYTES_STEP);
	size_t n;

	if (copying->end == 0 && !find_end(call, copying))
		return -1;
	while (left > 0 && (n = repeat(copying, left)) > 0)
		left -= n;
	n = copying->tail.size - copying->tail_done;
	if (n > left)
		n = left;
	if (n > 0)
		buffer_append(&copying->out,
			      copying->tail.data + copying->tail_done, n);
	copying->tail_done += n;
	if (buffer_failed(&copying->out) || buffer_failed(&copying->tail)) {
		call_fail_memory(call);
		return -1;
	}
	return copying->out.size == copying->end + copying->tail.size;
}

/* --- the other list --- */

static struct copying *
copying_of(struct list_reader *reader)
{
	return (struct copying *)(void *)((char *)reader -
					  offsetof(struct copying, reader));
}

/* Writes some cells more behind: false without memory. */
static bool
put_tail(struct copying *copying, struct tree_cursor *cursor, size_t n)
{
	while (n-- > 0) {
		const uint8_t *cell = tree_next(cursor);
		uint8_t room[CELL_ROOM];

		if (!cell)
			break;
		value_list_item(&copying->tail, cell_value(cell, room));
		if (cell_has_handles(cell))
			copying->reading.has_handles = true;
	}
	return !buffer_failed(&copying->tail);
}

static void
take_rest(struct list_reader *reader)
{
	struct copying *copying = copying_of(reader);

	copying->failed |= !put_tail(copying, &reader->cursor, SIZE_MAX);
}

/* All of a list that is being filled, without what nobody may see. */
static void
take_seen(struct copying *copying, const struct list *other)
{
	struct list_hidden hidden = list_hidden(other);
	struct tree_cursor cursor;

	tree_seek(&other->items, 0, &cursor);
	copying->failed |= !put_tail(copying, &cursor, hidden.at);
	tree_seek(&other->items, hidden.at + hidden.n, &cursor);
	copying->failed |= !put_tail(copying, &cursor, SIZE_MAX);
}

/* One step's worth of the tail: 1 when it is written, 0, or -1 after
 * call_fail(). */
static int
tail_some(struct call *call, struct copying *copying)
{
	size_t before = copying->tail.size;

	if (copying->reader.list)
		copying->failed |= !put_tail(copying, &copying->reader.cursor,
					     call_share(call, CONTENTS_STEP));
	if (copying->failed) {
		call_fail_memory(call);
		return -1;
	}
	if (!contents_fit(call, copying->tail.size))
		return -1;
	if (copying->reader.list && copying->tail.size > before)
		return 0;
	list_reader_end(&copying->reader);
	return 1;
}

static void
copying_step(struct call *call, void *data)
{
	struct copying *copying = data;
	int done = tail_some(call, copying);

	if (done > 0)
		done = reading_some(call, &copying->reading, &copying->out);
	if (done > 0)
		done = rest_some(call, copying);
	if (done == 0)
		return;
	if (done > 0)
		contents_reply_list(call, &copying->out, copying->begin,
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
	copying->begin = contents_begin_list(&copying->out);
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

/* Begins with what comes behind; false after call_fail(). */
static bool
begin_tail(struct call *call, const struct value *value,
	   struct copying *copying)
{
	struct list *other;

	if (value->kind == MPROXY_LIST) {
		buffer_append_span(&copying->tail, value->items);
		copying->reading.has_handles = value->has_handles;
		return true;
	}
	other = list_of_argument(call, value);
	if (!other)
		return false;
	if (other->filling)
		take_seen(copying, other);
	else
		list_reader_begin(&copying->reader, other, take_rest);
	return true;
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
	if (begin_tail(call, &args[0], copying))
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
