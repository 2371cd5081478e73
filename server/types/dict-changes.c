/*
 * Changing many entries of a dict: all of them, or none.
 *
 * The new entries are made first; then there is room for those with new keys;
 * then nothing can fail any more and they are put in their places. Each part
 * can be done a little at a time. What was replaced stays with the changes, so
 * that they can be undone to the very end.
 */
#include <stdlib.h>

#include "server/types/dict.h"

#define PER_BLOCK 250u
#define RESERVED_AT_ONCE ((size_t)1 << 17)

struct dict_change {
	struct dict_entry *entry; /* new; once put, the one before it */
	uint32_t hash;
	bool added; /* there was none: it is the new one still */
};

struct dict_change_block {
	struct dict_change_block *next;
	struct dict_change_block *before;
	size_t n;
	size_t put;
	struct dict_change changes[PER_BLOCK];
};

static struct dict_change *
add_change(struct dict_changes *changes)
{
	struct dict_change_block *block = changes->last;

	if (!block || block->n == PER_BLOCK) {
		block = malloc(sizeof(*block));
		if (!block)
			return NULL;
		block->next = NULL;
		block->before = changes->last;
		block->n = block->put = 0;
		if (changes->last)
			changes->last->next = block;
		else
			changes->first = block;
		changes->last = block;
	}
	return &block->changes[block->n++];
}

bool
dict_change(struct call *call, struct dict *dict, struct dict_changes *changes,
	    struct span key, const struct value *value)
{
	struct dict_change *change;
	struct dict_entry *entry;

	if (!changes)
		return dict_put(call, dict, dict_find(dict, key), key, value);
	entry = dict_entry_new(call, key, value);
	if (!entry)
		return false;
	change = add_change(changes);
	if (!change) {
		dict_entry_free(call_core(call), entry);
		call_fail_memory(call);
		return false;
	}
	*change = (struct dict_change){
		.entry = entry,
		.hash = (uint32_t)dict_hash(dict, key),
	};
	if (!table_find(&dict->entries, change->hash, &key))
		changes->n_new++;
	return true;
}

int
dict_changes_reserve(struct dict *dict, struct dict_changes *changes)
{
	size_t left = changes->n_new - changes->reserved;

	changes->reserved += left < RESERVED_AT_ONCE ? left : RESERVED_AT_ONCE;
	if (table_reserve(&dict->entries, changes->reserved) < 0) {
		table_trim(&dict->entries);
		return -1;
	}
	return changes->reserved == changes->n_new;
}

static void
put(struct dict *dict, struct dict_change *change)
{
	struct span key = dict_key(change->entry);
	struct table_entry *place = table_find(&dict->entries, change->hash,
					       &key);
	struct dict_entry *old;

	if (!place) {
		table_add(&dict->entries, change->hash, change->entry);
		change->added = true;
		return;
	}
	old = place->data;
	place->data = change->entry;
	change->entry = old;
}

bool
dict_changes_put(struct dict *dict, struct dict_changes *changes, size_t budget)
{
	struct dict_change_block *block = changes->current;

	if (!block)
		block = changes->first;
	for (; block; block = block->next) {
		changes->current = block;
		while (block->put < block->n) {
			if (budget-- == 0)
				return false;
			put(dict, &block->changes[block->put++]);
		}
	}
	table_trim(&dict->entries);
	return true;
}

/* The last one first: a key may have come twice. */
void
dict_changes_undo(struct dict *dict, struct dict_changes *changes)
{
	struct dict_change_block *block = changes->current;

	for (; block; block = block->before)
		while (block->put > 0) {
			struct dict_change
				*change = &block->changes[--block->put];
			struct span key = dict_key(change->entry);
			struct table_entry *place = table_find(
				&dict->entries, change->hash, &key);
			struct dict_entry *entry = place->data;

			if (change->added) {
				table_remove(&dict->entries, place);
				change->added = false;
			} else {
				place->data = change->entry;
				change->entry = entry;
			}
		}
	changes->current = NULL;
}

void
dict_changes_each_item(const struct dict_changes *changes,
		       void (*visit)(void *context, const struct item *item),
		       void *context)
{
	const struct dict_change_block *block = changes->first;

	for (; block; block = block->next)
		for (size_t i = 0; i < block->n; i++) {
			const struct dict_change *change = &block->changes[i];

			if (!change->added && dict_value_item(change->entry))
				visit(context, dict_value_item(change->entry));
		}
}

bool
dict_changes_free_some(struct core *core, struct dict_changes *changes,
		       size_t budget)
{
	struct dict_change_block *block;

	while ((block = changes->first)) {
		while (block->n > 0) {
			struct dict_change
				*change = &block->changes[block->n - 1];

			if (budget-- == 0)
				return false;
			if (!change->added)
				dict_entry_free(core, change->entry);
			block->n--;
		}
		changes->first = block->next;
		free(block);
	}
	*changes = (struct dict_changes){};
	return true;
}
