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
dict_drop(void *context, void *key, void *value)
{
	item_free(context, key);
	item_free(context, value);
}

bool
dict_put(struct call *call, struct dict *dict, struct table_entry *entry,
	 struct span key, struct item *value)
{
	struct core *core = call_core(call);
	struct item *new_key;

	if (!value)
		return false;
	if (entry) {
		item_free(core, entry->value);
		entry->value = value;
		return true;
	}
	new_key = item_make(core, key, false);
	if (new_key &&
	    table_add(&dict->entries, dict_hash(dict, key), new_key, value))
		return true;
	dict_drop(core, new_key, value);
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
	    struct item *value)
{
	struct dict_change *change = &changes->list[changes->n];

	if (!value)
		return false;
	*change = (struct dict_change){ .key = key, .value = value };
	changes->n++;
	if (dict_find(changes->dict, key))
		return true;
	change->new_key = item_make(call_core(call), key, false);
	if (!change->new_key) {
		call_fail_memory(call);
		return false;
	}
	changes->n_new++;
	return true;
}

static void
apply(struct dict *dict, struct dict_change *change)
{
	uint64_t hash = dict_hash(dict, change->key);
	struct table_entry *entry = table_find(&dict->entries, hash,
					       &change->key);
	void *old;

	if (!entry) {
		table_add(&dict->entries, hash, change->new_key, change->value);
		return;
	}
	old = entry->value;
	entry->value = change->value;
	/* the key may have come twice */
	dict_drop(dict->object.core, change->new_key, old);
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
		apply(dict, &changes->list[i]);
	table_trim(&dict->entries);
	free(changes->list);
	*changes = (struct dict_changes){};
	return true;
}

void
dict_changes_free(struct dict_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		dict_drop(changes->dict->object.core, changes->list[i].new_key,
			  changes->list[i].value);
	free(changes->list);
	*changes = (struct dict_changes){};
}
