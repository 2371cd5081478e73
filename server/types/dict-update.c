/*
 * Setting many entries of a dict at once: all of them, or none.
 */
#include "mproxy/error.h"
#include "server/types/contents.h"
#include "server/types/dict.h"

static bool
gather_map(struct call *call, const struct value *map,
	   struct dict_changes *changes)
{
	struct value_cursor cursor = value_items(map);
	struct span key, part;

	while (value_next(&cursor, &key) && value_next(&cursor, &part)) {
		struct value value = contents_value(part, map->has_handles);

		if (!dict_change(call, changes, key, &value))
			return false;
	}
	return true;
}

/* A pair of a list of them; false after call_fail(). */
static bool
take_pair(struct call *call, struct span part, size_t number, bool handles,
	  struct span *ret_key, struct span *ret_value)
{
	struct value pair = value_decode(part);
	struct value_cursor cursor;

	if (pair.kind != MPROXY_LIST || value_count(&pair) != 2) {
		call_fail(call, MPROXY_ERR_TYPE,
			  "item %zu is not a list of a key and a value",
			  number);
		return false;
	}
	cursor = value_items(&pair);
	value_next(&cursor, ret_key);
	value_next(&cursor, ret_value);
	if (handles && contents_has_handles(*ret_key)) {
		call_fail(call, MPROXY_ERR_TYPE,
			  "the key in item %zu has a handle inside", number);
		return false;
	}
	return true;
}

static bool
gather_pairs(struct call *call, const struct value *list,
	     struct dict_changes *changes)
{
	struct value_cursor cursor = value_items(list);
	struct span pair, key, part;

	for (size_t i = 0; value_next(&cursor, &pair); i++) {
		struct value value;

		if (!take_pair(call, pair, i, list->has_handles, &key, &part))
			return false;
		value = contents_value(part, list->has_handles);
		if (!dict_change(call, changes, key, &value))
			return false;
	}
	return true;
}

static bool
gather_dict(struct call *call, const struct dict *from,
	    struct dict_changes *changes)
{
	const struct dict_entry *entry;
	struct table_cursor cursor;

	table_seek(&from->entries, 0, &cursor);
	while ((entry = dict_next(&cursor))) {
		struct value value = value_decode(dict_value(entry));

		value.has_handles = dict_has_handles(entry);
		if (!dict_change(call, changes, dict_key(entry), &value))
			return false;
	}
	return true;
}

/* NULL after call_fail(). */
static const struct dict *
dict_of_argument(struct call *call, const struct value *value)
{
	struct object *object;

	if (value->kind != MPROXY_HANDLE) {
		call_fail(
			call, MPROXY_ERR_TYPE,
			"the entries must come as a map, a list of pairs or a "
			"handle of a dict");
		return NULL;
	}
	object = object_of_handle(call, value, &dict_type);
	return object ? dict_of(object) : NULL;
}

bool
dict_update(struct call *call, struct dict *dict, const struct value *value)
{
	const struct dict *from = NULL;
	struct dict_changes changes;
	bool done;
	size_t n;

	if (value->kind != MPROXY_MAP && value->kind != MPROXY_LIST) {
		from = dict_of_argument(call, value);
		if (!from)
			return false;
	}
	n = from ? from->entries.n : value_count(value);
	if (!dict_changes_init(call, dict, n, &changes))
		return false;
	if (from)
		done = gather_dict(call, from, &changes);
	else if (value->kind == MPROXY_MAP)
		done = gather_map(call, value, &changes);
	else
		done = gather_pairs(call, value, &changes);
	if (done)
		return dict_commit(call, &changes);
	dict_changes_free(&changes);
	return false;
}

void
dict_do_update(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	(void)n_args;
	if (dict_update(call, dict_of(object), &args[0]))
		call_reply(call);
}
