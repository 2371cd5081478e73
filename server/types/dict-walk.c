/*
 * The entries of a dict in their order, all of them or a page at a time.
 *
 * The cursor of a page is the sequence number of the next entry, so it stays
 * good whatever is added or removed in between. All of them are written in
 * steps when they are many.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/types/contents.h"
#include "server/types/dict.h"

enum part { KEYS, VALUES, PAIRS };

bool
dict_put_pair(struct buffer *out, const struct dict_entry *entry)
{
	size_t mark = value_list_begin(out);

	value_list_item(out, dict_key(entry));
	value_list_item(out, dict_value(entry));
	value_list_end(out, mark);
	return dict_has_handles(entry);
}

/* Writes one item of an open list; true if there is a handle in it. */
static bool
put_part(struct buffer *out, const struct dict_entry *entry, enum part part)
{
	if (part == PAIRS)
		return dict_put_pair(out, entry);
	if (part == KEYS) {
		value_list_item(out, dict_key(entry));
		return false;
	}
	value_list_item(out, dict_value(entry));
	return dict_has_handles(entry);
}

/* Entries written before others have their turn. */
#define STEP 4096u

struct walk {
	enum part part;
	struct table_cursor cursor;
	bool has_handles;
	size_t n; /* entries, of which nothing is written yet; then 0 */
	struct buffer out; /* contents_begin_list() */
	size_t begin;
};

/* 1 when all is written, 0, or -1 after call_fail(). */
static int
walk_some(struct call *call, struct walk *walk, struct buffer *out)
{
	for (size_t n = call_share(call, STEP); n > 0; n--) {
		const struct dict_entry *entry = dict_next(&walk->cursor);

		if (!entry)
			return 1;
		if (put_part(out, entry, walk->part))
			walk->has_handles = true;
		if (!contents_may_grow(call, out))
			return -1;
	}
	return 0;
}

static void
walk_release(struct call *call, void *data)
{
	struct walk *walk = data;

	(void)call;
	buffer_deinit(&walk->out);
	free(walk);
}

/* The first ones tell how much all of them will take: growing the buffer in
 * between would copy it again and again. */
static void
make_room(struct walk *walk, size_t max)
{
	size_t size = walk->out.size;
	size_t all = (walk->n / STEP + 1) * (size + size / 8);

	buffer_extend(&walk->out, (all < max ? all : max) - size);
	walk->out.size = size;
	walk->n = 0;
}

static void
walk_step(struct call *call, void *data)
{
	struct walk *walk = data;
	int done = walk_some(call, walk, &walk->out);

	if (done == 0) {
		if (walk->n)
			make_room(walk, call_max_value(call));
		return;
	}
	if (done > 0)
		contents_reply_list(call, &walk->out, walk->begin,
				    walk->has_handles);
	walk_release(call, walk);
}

static void
answer_all(struct call *call, struct dict *dict, enum part part)
{
	struct walk few = { .part = part, .n = dict->entries.n };
	struct buffer *out;
	size_t mark;
	struct walk *walk;

	if (!contents_fit(call, dict->entries.n * CONTENTS_MIN_ITEM))
		return;
	table_seek(&dict->entries, 0, &few.cursor);
	if (dict->entries.n < STEP) {
		out = call_scratch(call);
		mark = value_list_begin(out);
		if (walk_some(call, &few, out) < 0)
			return;
		value_list_end(out, mark);
		call_reply_scratch(call, few.has_handles);
		return;
	}
	walk = malloc(sizeof(*walk));
	if (!walk) {
		call_fail_memory(call);
		return;
	}
	*walk = few;
	walk->begin = contents_begin_list(&walk->out);
	call_again(call, walk_step, walk, walk_release);
}

void
dict_do_keys(struct call *call, struct object *object, const struct value *args,
	     size_t n_args)
{
	(void)args;
	(void)n_args;
	answer_all(call, dict_of(object), KEYS);
}

void
dict_do_values(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	(void)args;
	(void)n_args;
	answer_all(call, dict_of(object), VALUES);
}

void
dict_do_items(struct call *call, struct object *object,
	      const struct value *args, size_t n_args)
{
	(void)args;
	(void)n_args;
	answer_all(call, dict_of(object), PAIRS);
}

/* --- pages --- */

/* What an entry takes as an item of the page, at most. */
static size_t
room_for(const struct dict_entry *entry)
{
	return dict_key(entry).size + dict_value(entry).size + 48;
}

static void
reply_page(struct call *call, const struct buffer *out, size_t list_size,
	   bool has_handles)
{
	struct span results[2];

	if (buffer_failed(out)) {
		call_fail_memory(call);
		return;
	}
	results[0] = span_make(out->data + list_size, out->size - list_size);
	results[1] = span_make(out->data, list_size);
	call_reply_spans(call, results, 2, has_handles);
}

/* A page is one turn's work, and one value: it may have less than n entries,
 * but has one unless the dict is at its end. */
static void
answer_page(struct call *call, const struct dict *dict,
	    const struct value *args, enum part part)
{
	int64_t from = args[0].integer, n = args[1].integer;
	size_t max = call_max_value(call), list_size, mark;
	const struct dict_entry *entry = NULL;
	struct table_cursor cursor;
	bool has_handles = false;
	struct buffer *out;

	if (n < 1) {
		call_fail(call, MPROXY_ERR_INVALID, "a page of %lld entries",
			  (long long)n);
		return;
	}
	if (n > CONTENTS_STEP)
		n = CONTENTS_STEP;
	table_seek(&dict->entries, from < 0 ? UINT64_MAX : (uint64_t)from,
		   &cursor);
	out = call_scratch(call);
	mark = value_list_begin(out);
	for (int64_t i = 0; (entry = dict_next(&cursor)) && i < n; i++) {
		if (i > 0 && out->size + room_for(entry) > max)
			break;
		if (put_part(out, entry, part))
			has_handles = true;
	}
	value_list_end(out, mark);
	list_size = out->size;
	value_put_int(out, entry ? (int64_t)table_sequence(&cursor) : -1);
	reply_page(call, out, list_size, has_handles);
}

void
dict_do_keys_page(struct call *call, struct object *object,
		  const struct value *args, size_t n_args)
{
	(void)n_args;
	answer_page(call, dict_of(object), args, KEYS);
}

void
dict_do_values_page(struct call *call, struct object *object,
		    const struct value *args, size_t n_args)
{
	(void)n_args;
	answer_page(call, dict_of(object), args, VALUES);
}

void
dict_do_items_page(struct call *call, struct object *object,
		   const struct value *args, size_t n_args)
{
	(void)n_args;
	answer_page(call, dict_of(object), args, PAIRS);
}
