/*
 * What the methods of a dict share: finding, setting, and saying what is wrong
 * with a key.
 */
#include "mproxy/error.h"
#include "server/types/dict.h"

#define LONGEST_KEY 100 /* in an error's sentence */

uint64_t
dict_hash(const struct dict *dict, struct span key)
{
	return value_hash(key, core_hash_key(dict->object.core));
}

struct table_entry *
dict_find(const struct dict *dict, struct span key)
{
	if (dict->entries.n == 0)
		return NULL;
	return table_find(&dict->entries, dict_hash(dict, key), &key);
}

void
dict_fail(struct call *call, int code, struct span key, const char *before,
	  const char *behind)
{
	struct buffer text = BUFFER_INIT;

	value_format(&text, key, LONGEST_KEY);
	call_fail(call, code, "%s%.*s%s", before, (int)text.size,
		  text.data ? (const char *)text.data : "", behind);
	buffer_deinit(&text);
}

void
dict_drop(void *context, void *data)
{
	dict_entry_free(context, data);
}

bool
dict_put(struct call *call, struct dict *dict, struct table_entry *place,
	 struct span key, const struct value *value)
{
	struct dict_entry *entry;

	if (place) {
		entry = dict_entry_set(call, place->data, value);
		if (entry)
			place->data = entry;
		return entry;
	}
	entry = dict_entry_new(call, key, value);
	if (!entry)
		return false;
	if (table_add(&dict->entries, dict_hash(dict, key), entry))
		return true;
	dict_entry_free(call_core(call), entry);
	call_fail_memory(call);
	return false;
}
