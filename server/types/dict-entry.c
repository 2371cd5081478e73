/*
 * Making, changing and freeing the entries of a dict.
 *
 * Memory is taken in the sizes in which malloc() gives it anyway, so that its
 * size need not be kept, and a value that is replaced by one of about its size
 * stays where it is.
 */
#include "server/types/dict-entry.h"

/* What malloc() gives is a multiple of 16, less the 8 it needs itself, and at
 * least 24. */
static size_t
room_for(size_t size)
{
	size_t room = ((size + 8 + 15) & ~(size_t)15) - 8;

	return room < 24 ? 24 : room;
}

static size_t
part_size(uint16_t size)
{
	return size == DICT_OUTSIDE ? sizeof(struct item *) : size;
}

static size_t
entry_room(const struct dict_entry *entry)
{
	return room_for(sizeof(*entry) + part_size(entry->key_size) +
			part_size(entry->value_size));
}

/* A part that is to be: its bytes, or the item made of them. */
struct part {
	uint16_t size;
	struct span bytes;
	struct item *item;
};

/* False after call_fail(). */
static bool
part_make(struct call *call, const struct value *value, struct part *ret)
{
	ret->size = (uint16_t)value->bytes.size;
	ret->bytes = value->bytes;
	ret->item = NULL;
	if (value->bytes.size <= DICT_INSIDE && !value->has_handles &&
	    value->kind != MPROXY_HANDLE)
		return true;
	ret->item = item_new(call, value);
	ret->size = DICT_OUTSIDE;
	return ret->item;
}

static uint8_t *
part_put(uint8_t *to, const struct part *part)
{
	if (part->item)
		memcpy(to, &part->item, sizeof(part->item));
	else
		memcpy(to, part->bytes.data, part->bytes.size);
	return to + part_size(part->size);
}

struct dict_entry *
dict_entry_new(struct call *call, struct span key, const struct value *value)
{
	struct value key_value = { .kind = MPROXY_BYTES, .bytes = key };
	struct core *core = call_core(call);
	struct part key_part, value_part;
	struct dict_entry *entry;

	if (!part_make(call, &key_value, &key_part))
		return NULL;
	if (!part_make(call, value, &value_part)) {
		item_free(core, key_part.item);
		return NULL;
	}
	entry = item_block_new(core, room_for(sizeof(*entry) +
					      part_size(key_part.size) +
					      part_size(value_part.size)));
	if (!entry) {
		item_free(core, key_part.item);
		item_free(core, value_part.item);
		call_fail_memory(call);
		return NULL;
	}
	entry->key_size = key_part.size;
	entry->value_size = value_part.size;
	part_put(part_put(entry->parts, &key_part), &value_part);
	return entry;
}

/* The same key, and room for a value; NULL without memory. */
static struct dict_entry *
moved(struct core *core, struct dict_entry *entry, size_t room)
{
	struct dict_entry *copy = item_block_new(core, room);

	if (!copy)
		return NULL;
	memcpy(copy, entry, sizeof(*entry) + part_size(entry->key_size));
	item_block_free(core, entry, entry_room(entry));
	return copy;
}

struct dict_entry *
dict_entry_set(struct call *call, struct dict_entry *entry,
	       const struct value *value)
{
	struct item *old = (struct item *)dict_value_item(entry);
	size_t key_size = part_size(entry->key_size), room;
	struct core *core = call_core(call);
	struct part part;

	if (!part_make(call, value, &part))
		return NULL;
	room = room_for(sizeof(*entry) + key_size + part_size(part.size));
	if (room != entry_room(entry)) {
		entry = moved(core, entry, room);
		if (!entry) {
			item_free(core, part.item);
			call_fail_memory(call);
			return NULL;
		}
	}
	entry->value_size = part.size;
	part_put(entry->parts + key_size, &part);
	item_free(core, old);
	return entry;
}

void
dict_entry_free(struct core *core, struct dict_entry *entry)
{
	if (!entry)
		return;
	if (entry->key_size == DICT_OUTSIDE)
		item_free(core, (struct item *)dict_part_item(entry->parts));
	item_free(core, (struct item *)dict_value_item(entry));
	item_block_free(core, entry, entry_room(entry));
}
