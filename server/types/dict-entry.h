/*
 * An entry of a dict: a key and its value in one piece of memory.
 *
 * Small parts lie in it as their canonical bytes. A part with more than
 * DICT_INSIDE bytes, and a value with handles in it, is an item of its own, to
 * which the entry points.
 */
#ifndef MPROXY_SERVER_TYPES_DICT_ENTRY_H
#define MPROXY_SERVER_TYPES_DICT_ENTRY_H

#include "server/core/call.h"

#define DICT_INSIDE 256u
#define DICT_OUTSIDE 0xffffu

struct dict_entry {
	uint16_t key_size; /* DICT_OUTSIDE: it is an item */
	uint16_t value_size;
	uint8_t parts[]; /* bytes, or the address of an item, of each */
};

/* NULL after call_fail(). value->has_handles must be right. */
struct dict_entry *dict_entry_new(struct call *call, struct span key,
				  const struct value *value);

/* Changes the value, for which the entry may move: the new address, or NULL
 * after call_fail(), then nothing has changed. */
struct dict_entry *dict_entry_set(struct call *call, struct dict_entry *entry,
				  const struct value *value);

/* NULL is fine. */
void dict_entry_free(struct core *core, struct dict_entry *entry);

/* --- reading --- */

static inline const struct item *
dict_part_item(const uint8_t *part)
{
	const struct item *item;

	memcpy(&item, part, sizeof(item));
	return item;
}

static inline const uint8_t *
dict_value_part(const struct dict_entry *entry)
{
	return entry->parts + (entry->key_size == DICT_OUTSIDE
				       ? sizeof(struct item *)
				       : entry->key_size);
}

static inline struct span
dict_key(const struct dict_entry *entry)
{
	if (entry->key_size == DICT_OUTSIDE)
		return item_span(dict_part_item(entry->parts));
	return span_make(entry->parts, entry->key_size);
}

/* NULL when the value lies in the entry. */
static inline const struct item *
dict_value_item(const struct dict_entry *entry)
{
	if (entry->value_size != DICT_OUTSIDE)
		return NULL;
	return dict_part_item(dict_value_part(entry));
}

static inline struct span
dict_value(const struct dict_entry *entry)
{
	if (entry->value_size == DICT_OUTSIDE)
		return item_span(dict_value_item(entry));
	return span_make(dict_value_part(entry), entry->value_size);
}

static inline bool
dict_has_handles(const struct dict_entry *entry)
{
	const struct item *item = dict_value_item(entry);

	return item && item->has_handles;
}

#endif
