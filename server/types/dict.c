/*
 * dict: values by key, in the order in which the keys came, with the methods
 * of Python's and some that read and write in one.
 *
 * Its longer methods are in dict-*.c: parts, changes and steps (what all of
 * them use), update, number, walk, order.
 */
#include "server/types/dict.h"

#include "mproxy/error.h"
#include "server/types/contents.h"

/* --- life --- */

static bool
key_matches(const void *data, const void *probe)
{
	return span_equal(dict_key(data), *(const struct span *)probe);
}

static int
dict_create(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct dict *dict = dict_of(object);

	table_init(&dict->entries, key_matches);
	if (n_args == 0 || dict_fill(call, dict, &args[0]))
		return 0;
	table_clear_some(&dict->entries, SIZE_MAX, dict_drop, object->core);
	return -1;
}

static bool
dict_destroy(struct object *object, size_t budget)
{
	struct dict *dict = dict_of(object);

	return dict_changes_free_some(object->core, &dict->debris, budget) &&
	       table_clear_some(&dict->entries, budget, dict_drop,
				object->core);
}

static void
dict_format(const struct object *object, struct buffer *out, size_t max)
{
	const struct dict *dict = (const void *)object;
	struct contents_printer printer = { .out = out, .left = max };
	const struct dict_entry *entry;
	struct table_cursor cursor;
	const char *before = "{";

	table_seek(&dict->entries, 0, &cursor);
	while (!printer.full && (entry = dict_next(&cursor))) {
		contents_print_text(&printer, before);
		contents_print_value(&printer, dict_key(entry));
		contents_print_text(&printer, ": ");
		contents_print_value(&printer, dict_value(entry));
		before = ", ";
	}
	if (dict->entries.n == 0)
		contents_print_text(&printer, before);
	contents_print_text(&printer, "}");
}

static const char *
dict_check(const struct object *object)
{
	const struct dict *dict = (const void *)object;
	const char *wrong = table_check(&dict->entries);
	const struct table_entry *place;
	struct table_cursor cursor;

	if (wrong)
		return wrong;
	table_seek(&dict->entries, 0, &cursor);
	while ((place = table_next(&cursor))) {
		struct span key = dict_key(place->data);

		if (place->hash != (uint32_t)dict_hash(dict, key))
			return "an entry of a dict has another key's hash";
		if (dict_find(dict, key) != place)
			return "a key of a dict leads to another entry";
	}
	return NULL;
}

static void
dict_each_item(const struct object *object,
	       void (*visit)(void *context, const struct item *item),
	       void *context)
{
	const struct dict *dict = (const void *)object;
	const struct dict_entry *entry;
	struct table_cursor cursor;

	table_seek(&dict->entries, 0, &cursor);
	while ((entry = dict_next(&cursor)))
		if (dict_value_item(entry))
			visit(context, dict_value_item(entry));
	dict_changes_each_item(&dict->debris, visit, context);
	if (dict->job)
		dict_job_each_item(dict->job, visit, context);
}

/* --- methods --- */

static bool
fail_missing(struct call *call, const struct value *key)
{
	dict_fail(call, MPROXY_ERR_NOT_FOUND, key->bytes, "no key ", "");
	return false;
}

static void
reply_value(struct call *call, const struct dict_entry *entry)
{
	const struct item *item = dict_value_item(entry);

	if (item)
		call_reply_item(call, item);
	else
		call_reply_span(call, dict_value(entry), false);
}

/* The entry is the caller's. */
static struct dict_entry *
take(struct dict *dict, struct table_entry *place)
{
	struct dict_entry *entry = place->data;

	table_remove(&dict->entries, place);
	return entry;
}

static void
do_get(struct call *call, struct object *object, const struct value *args,
       size_t n_args)
{
	const struct table_entry *place = dict_find(dict_of(object),
						    args[0].bytes);

	(void)n_args;
	if (place)
		reply_value(call, place->data);
	else
		fail_missing(call, &args[0]);
}

static void
do_get_default(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	const struct table_entry *place = dict_find(dict_of(object),
						    args[0].bytes);

	(void)n_args;
	if (place)
		reply_value(call, place->data);
	else
		call_reply_span(call, args[1].bytes, args[1].has_handles);
}

static void
do_set(struct call *call, struct object *object, const struct value *args,
       size_t n_args)
{
	struct dict *dict = dict_of(object);
	struct table_entry *place = dict_find(dict, args[0].bytes);

	(void)n_args;
	if (dict_put(call, dict, place, args[0].bytes, &args[1]))
		call_reply(call);
}

static void
do_delete(struct call *call, struct object *object, const struct value *args,
	  size_t n_args)
{
	struct dict *dict = dict_of(object);
	struct table_entry *place = dict_find(dict, args[0].bytes);
	struct dict_entry *entry;

	(void)n_args;
	if (!place) {
		fail_missing(call, &args[0]);
		return;
	}
	entry = take(dict, place);
	call_reply(call);
	dict_entry_free(object->core, entry);
}

static void
do_contains(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	(void)n_args;
	call_reply_bool(call, dict_find(dict_of(object), args[0].bytes));
}

static void
do_len(struct call *call, struct object *object, const struct value *args,
       size_t n_args)
{
	(void)args;
	(void)n_args;
	call_reply_int(call, (int64_t)dict_of(object)->entries.n);
}

static void
do_pop(struct call *call, struct object *object, const struct value *args,
       size_t n_args)
{
	struct dict *dict = dict_of(object);
	struct table_entry *place = dict_find(dict, args[0].bytes);
	struct dict_entry *entry;

	if (!place) {
		if (n_args > 1)
			call_reply_span(call, args[1].bytes,
					args[1].has_handles);
		else
			fail_missing(call, &args[0]);
		return;
	}
	entry = take(dict, place);
	reply_value(call, entry);
	dict_entry_free(object->core, entry);
}

static void
do_popitem(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	struct dict *dict = dict_of(object);
	struct table_entry *place = table_last(&dict->entries);
	struct buffer *out = call_scratch(call);
	struct dict_entry *entry;

	(void)args;
	(void)n_args;
	if (!place) {
		call_fail(call, MPROXY_ERR_EMPTY, "popitem from an empty dict");
		return;
	}
	dict_put_pair(out, place->data);
	if (!contents_may_grow(call, out))
		return;
	entry = take(dict, place);
	call_reply_scratch(call, dict_has_handles(entry));
	dict_entry_free(object->core, entry);
}

static void
do_setdefault(struct call *call, struct object *object,
	      const struct value *args, size_t n_args)
{
	struct dict *dict = dict_of(object);
	const struct table_entry *place = dict_find(dict, args[0].bytes);

	(void)n_args;
	if (place)
		reply_value(call, place->data);
	else if (dict_put(call, dict, NULL, args[0].bytes, &args[1]))
		call_reply_span(call, args[1].bytes, args[1].has_handles);
}

/* Many entries move into an anonymous dict nobody refers to: the core frees
 * them in its own time. */
static void
do_clear(struct call *call, struct object *object, const struct value *args,
	 size_t n_args)
{
	struct dict *dict = dict_of(object);
	struct object *grave;

	(void)args;
	(void)n_args;
	if (dict->entries.n <= CONTENTS_AT_ONCE) {
		table_clear_some(&dict->entries, SIZE_MAX, dict_drop,
				 object->core);
		call_reply(call);
		return;
	}
	grave = object_new(call, &dict_type, NULL, 0);
	if (!grave)
		return;
	dict_of(grave)->entries = dict->entries;
	table_init(&dict->entries, key_matches);
	dict->entries.sequence = dict_of(grave)->entries.sequence;
	object_unref(grave);
	call_reply(call);
}

#define R METHOD_READONLY

static const struct method dict_methods[] = {
	{ "get", "k", "v", do_get, R, "the value of a key" },
	{ "get_default", "kv", "v", do_get_default, R,
	  "the value of a key, or another one if there is no such key" },
	{ "get_many", "l", "l", dict_do_get_many, R,
	  "the values of the keys in a list, nil for each that is not there" },
	{ "set", "kv", "", do_set, 0, "sets the value of a key" },
	{ "delete", "k", "", do_delete, 0, "removes a key" },
	{ "contains", "k", "b", do_contains, R, "whether there is such a key" },
	{ "len", "", "i", do_len, R, "how many keys there are" },
	{ "keys", "", "l", dict_do_keys, R, "all keys in the order they came" },
	{ "values", "", "l", dict_do_values, R, "all values in that order" },
	{ "items", "", "l", dict_do_items, R,
	  "all [key, value] in that order" },
	{ "keys_page", "ii", "il", dict_do_keys_page, R,
	  "from a cursor (0: the start) at most so many keys; gives the next "
	  "cursor, -1 at the end, and the keys" },
	{ "values_page", "ii", "il", dict_do_values_page, R,
	  "the same with values" },
	{ "items_page", "ii", "il", dict_do_items_page, R,
	  "the same with [key, value]" },
	{ "pop", "k|v", "v", do_pop, 0,
	  "removes a key and gives its value, or another one if given" },
	{ "popitem", "", "l", do_popitem, 0,
	  "removes the key that came last and gives [key, value]" },
	{ "setdefault", "kv", "v", do_setdefault, 0,
	  "the value of a key, which is set if there is none" },
	{ "update", "v", "", dict_do_update, 0,
	  "sets all entries of a map, a list of [key, value], or the dict a "
	  "handle refers to" },
	{ "clear", "", "", do_clear, 0, "removes all keys" },
	{ "copy", "", "m", dict_do_copy, R, "all entries as a map" },
	{ "add", "kn", "n", dict_do_add, 0,
	  "adds to the number of a key, 0 if there is none; gives the sum" },
	{ "add_many", "m", "", dict_do_add_many, 0,
	  "adds to many keys, to all of them or to none" },
	{ "compare_and_set", "kvv", "b", dict_do_compare_and_set, 0,
	  "sets a key to the second value if it has the first (nil: or none); "
	  "whether it did" },
	{ "top", "i", "l", dict_do_top, R,
	  "so many [key, value] with the largest values, the largest first" },
	METHOD_END
};

const struct object_type dict_type = {
	.name = "dict",
	.about = "values by key",
	.takes = "|v",
	.size = sizeof(struct dict),
	.create = dict_create,
	.destroy = dict_destroy,
	.format = dict_format,
	.check = dict_check,
	.each_item = dict_each_item,
	.methods = dict_methods,
};
