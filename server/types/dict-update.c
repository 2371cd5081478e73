/*
 * Setting many entries of a dict at once: all of them, or none.
 */
#include "mproxy/error.h"
#include "server/types/contents.h"
#include "server/types/dict.h"

/* --- sources --- */

static int
take_from_map(struct call *call, struct dict *dict,
	      struct dict_changes *changes, struct dict_source *source)
{
	struct span key, part;
	struct value value;

	if (!value_next(&source->cursor, &key) ||
	    !value_next(&source->cursor, &part))
		return 0;
	value = contents_value(part, source->value.has_handles);
	return dict_change(call, dict, changes, key, &value) ? 1 : -1;
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

static int
take_from_pairs(struct call *call, struct dict *dict,
		struct dict_changes *changes, struct dict_source *source)
{
	bool handles = source->value.has_handles;
	struct span pair, key, part;
	struct value value;

	if (!value_next(&source->cursor, &pair))
		return 0;
	if (!take_pair(call, pair, source->number++, handles, &key, &part))
		return -1;
	value = contents_value(part, handles);
	return dict_change(call, dict, changes, key, &value) ? 1 : -1;
}

static int
take_from_dict(struct call *call, struct dict *dict,
	       struct dict_changes *changes, struct dict_source *source)
{
	const struct dict_entry *entry = dict_next(&source->walk);
	struct value value;

	if (!entry)
		return 0;
	value = value_decode(dict_value(entry));
	value.has_handles = dict_has_handles(entry);
	return dict_change(call, dict, changes, dict_key(entry), &value) ? 1
									 : -1;
}

/* False after call_fail(). */
static bool
source_of(struct call *call, const struct value *value, struct dict_source *ret)
{
	struct object *object;

	*ret = (struct dict_source){ .value = *value };
	if (value->kind == MPROXY_MAP || value->kind == MPROXY_LIST) {
		ret->take = value->kind == MPROXY_MAP ? take_from_map
						      : take_from_pairs;
		return true;
	}
	if (value->kind != MPROXY_HANDLE) {
		call_fail(
			call, MPROXY_ERR_TYPE,
			"the entries must come as a map, a list of pairs or a "
			"handle of a dict");
		return false;
	}
	object = object_of_handle(call, value, &dict_type);
	if (!object)
		return false;
	ret->take = take_from_dict;
	ret->from = dict_of(object);
	return true;
}

/* --- in one turn --- */

void
dict_source_rewind(struct dict_source *source)
{
	source->number = 0;
	if (source->from)
		table_seek(&source->from->entries, 0, &source->walk);
	else
		source->cursor = value_items(&source->value);
}

bool
dict_change_now(struct call *call, struct dict *dict,
		struct dict_source *source)
{
	struct core *core = call_core(call);
	struct dict_changes changes = {};
	int r;

	if (source->from)
		dict_settle(source->from);
	dict_source_rewind(source);
	do
		r = source->take(call, dict, &changes, source);
	while (r > 0);
	if (r == 0) {
		do
			r = dict_changes_reserve(dict, &changes);
		while (r == 0);
		if (r > 0)
			dict_changes_put(dict, &changes, SIZE_MAX);
		else
			call_fail_memory(call);
	}
	dict_changes_free_some(core, &changes, SIZE_MAX);
	return r > 0;
}

bool
dict_fill(struct call *call, struct dict *dict, const struct value *value)
{
	struct dict_source source;
	int r;

	if (!source_of(call, value, &source))
		return false;
	if (source.from)
		dict_settle(source.from);
	dict_source_rewind(&source);
	do
		r = source.take(call, dict, NULL, &source);
	while (r > 0);
	return r == 0;
}

void
dict_do_update(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	struct dict_source source;

	(void)n_args;
	if (source_of(call, &args[0], &source))
		dict_change_all(call, dict_of(object), &source);
}
