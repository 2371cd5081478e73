/*
 * What the methods of a dict share: finding, and changing many entries with
 * all that can fail done before.
 */
#include <stdlib.h>

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

/* --- changes --- */

bool
dict_changes_init(struct call *call, struct dict *dict, size_t n,
		  struct dict_changes *ret)
{
	*ret = (struct dict_changes){ .dict = dict };
	ret->list = malloc((n ? n : 1) * sizeof(*ret->list));
	if (!ret->list)
		call_fail_memory(call);
	return ret->list;
}

bool
dict_change(struct call *call, struct dict_changes *changes, struct span key,
	    const struct value *value)
{
	struct dict_entry *entry = dict_entry_new(call, key, value);

	if (!entry)
		return false;
	changes->list[changes->n++] = entry;
	if (!dict_find(changes->dict, key))
		changes->n_new++;
	return true;
}

static void
apply(struct dict *dict, struct dict_entry *entry)
{
	struct span key = dict_key(entry);
	uint64_t hash = dict_hash(dict, key);
	struct table_entry *place = table_find(&dict->entries, hash, &key);

	if (place) {
		dict_entry_free(dict->object.core, place->data);
		place->data = entry;
	} else {
		table_add(&dict->entries, hash, entry);
	}
}

bool
dict_commit(struct call *call, struct dict_changes *changes)
{
	struct dict *dict = changes->dict;

	if (changes->n_new &&
	    table_reserve(&dict->entries, changes->n_new) < 0) {
		dict_changes_free(changes);
		call_fail_memory(call);
		return false;
	}
	for (size_t i = 0; i < changes->n; i++)
		apply(dict, changes->list[i]);
	table_trim(&dict->entries);
	free(changes->list);
	*changes = (struct dict_changes){};
	return true;
}

void
dict_changes_free(struct dict_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		dict_entry_free(changes->dict->object.core, changes->list[i]);
	free(changes->list);
	*changes = (struct dict_changes){};
}
