/*
 * The values of many keys in one answer, in steps when they are many.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "proto/value-wire.h"
#include "server/types/contents.h"
#include "server/types/dict.h"

/* Keys looked up before others have their turn. */
#define STEP 4096u

struct many {
	struct dict *dict;
	struct value_cursor keys;
	bool has_handles;
	struct buffer out;
	size_t begin;	 /* contents_begin_list() */
	uint8_t bytes[]; /* a copy of the keys */
};

/* The value of a key, or nil; true if there is a handle in it. */
static bool
put_value(struct buffer *out, const struct dict *dict, struct span key)
{
	static const uint8_t nil[] = { VALUE_TAG_NIL, 1 };
	const struct dict_entry *entry = dict_entry(dict_find(dict, key));

	if (!entry) {
		value_list_item(out, span_make(nil, sizeof(nil)));
		return false;
	}
	value_list_item(out, dict_value(entry));
	return dict_has_handles(entry);
}

/* 1 when all is written, 0, or -1 after call_fail(). */
static int
look_up_some(struct call *call, struct many *many, struct buffer *out)
{
	struct span key;

	for (size_t n = call_share(call, STEP); n > 0; n--) {
		if (!value_next(&many->keys, &key))
			return 1;
		if (put_value(out, many->dict, key))
			many->has_handles = true;
		if (!contents_may_grow(call, out))
			return -1;
	}
	return 0;
}

static void
many_release(struct call *call, void *data)
{
	struct many *many = data;

	(void)call;
	buffer_deinit(&many->out);
	free(many);
}

static void
many_step(struct call *call, void *data)
{
	struct many *many = data;
	int done = look_up_some(call, many, &many->out);

	if (done == 0)
		return;
	if (done > 0)
		contents_reply_list(call, &many->out, many->begin,
				    many->has_handles);
	many_release(call, many);
}

/* The keys are not there any more when the next step comes: copies them. */
static void
in_steps(struct call *call, struct dict *dict, struct span keys)
{
	struct many *many = malloc(sizeof(*many) + keys.size);
	struct value copy;

	if (!many) {
		call_fail_memory(call);
		return;
	}
	*many = (struct many){ .dict = dict };
	memcpy(many->bytes, keys.data, keys.size);
	copy = value_decode(span_make(many->bytes, keys.size));
	many->keys = value_items(&copy);
	many->begin = contents_begin_list(&many->out);
	call_again(call, many_step, many, many_release);
}

void
dict_do_get_many(struct call *call, struct object *object,
		 const struct value *args, size_t n_args)
{
	struct many few = { .dict = dict_of(object) };
	struct buffer *out;
	size_t mark;

	(void)n_args;
	if (args[0].has_handles) {
		call_fail(call, MPROXY_ERR_TYPE,
			  "a key of a dict cannot have a handle inside");
		return;
	}
	if (value_count(&args[0]) >= STEP) {
		in_steps(call, few.dict, args[0].bytes);
		return;
	}
	few.keys = value_items(&args[0]);
	out = call_scratch(call);
	mark = value_list_begin(out);
	if (look_up_some(call, &few, out) < 0)
		return;
	value_list_end(out, mark);
	call_reply_scratch(call, few.has_handles);
}
