/*
 * Objects by id, and methods by name.
 *
 * An id is a generation and a slot. Each use of a slot has its own
 * generation, the first one given by the configuration, so an id is never
 * used twice: a stale one finds nothing. Slot 1, generation 0 is the manager.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/machine.h"

#define SLOT_MANAGER 1u
#define SLOTS_AT_FIRST 64u

/* --- methods --- */

/* Length, first, middle and last letter tell the methods of a type apart well
 * enough. */
static size_t
hash_name(struct span name)
{
	uint32_t hash;

	if (name.size == 0)
		return 0;
	hash = (uint32_t)name.size << 24 ^ (uint32_t)name.data[0] << 16 ^
	       (uint32_t)name.data[name.size / 2] << 8 ^
	       name.data[name.size - 1];
	return hash * 0x9e3779b1u >> 20;
}

static size_t
count_methods(const struct method *methods)
{
	size_t n = 0;

	while (methods && methods[n].name)
		n++;
	return n;
}

static struct method_slot *
slot_for(const struct method_table *table, struct span name)
{
	size_t i = hash_name(name) & table->mask;

	while (table->slots[i].method &&
	       !method_has_name(&table->slots[i], name))
		i = (i + 1) & table->mask;
	return &table->slots[i];
}

const struct method_slot *
method_find(const struct method_table *table, struct span name)
{
	const struct method_slot *slot = slot_for(table, name);

	return slot->method ? slot : NULL;
}

static void
add_methods(struct method_table *table, const struct method *methods)
{
	struct method_slot *slot;
	struct span name;

	for (; methods && methods->name; methods++) {
		name = span_text(methods->name);
		slot = slot_for(table, name);
		if (!slot->method) /* its own win over the common ones */
			*slot = (struct method_slot){
				.method = methods,
				.size = name.size,
				.takes = signature_plan(methods->takes),
			};
	}
}

static int
table_init(struct method_table *table, const struct object_type *type)
{
	size_t n = count_methods(type->methods) + count_methods(common_methods);
	size_t capacity = 16;

	while (capacity < n * 2)
		capacity *= 2;
	table->slots = calloc(capacity, sizeof(*table->slots));
	if (!table->slots)
		return MPROXY_ERR_NO_MEMORY;
	table->type = type;
	table->mask = capacity - 1;
	add_methods(table, type->methods);
	add_methods(table, common_methods);
	return 0;
}

const struct method_table *
registry_table(const struct core *core, const struct object_type *type)
{
	size_t i;

	for (i = 0; i < core->n_tables; i++)
		if (core->tables[i].type == type)
			return &core->tables[i];
	return NULL;
}

/* --- ids --- */

int
registry_init(struct core *core)
{
	struct registry *registry = &core->registry;
	size_t n = 1; /* there is at least one type */

	registry->slots = calloc(SLOTS_AT_FIRST, sizeof(*registry->slots));
	if (!registry->slots)
		return MPROXY_ERR_NO_MEMORY;
	registry->capacity = SLOTS_AT_FIRST;
	registry->n = SLOT_MANAGER; /* slot 0 is nobody's */

	while (object_types[n])
		n++;
	core->tables = calloc(n, sizeof(*core->tables));
	if (!core->tables)
		return MPROXY_ERR_NO_MEMORY;
	for (; core->n_tables < n; core->n_tables++)
		if (table_init(&core->tables[core->n_tables],
			       object_types[core->n_tables]) < 0)
			return MPROXY_ERR_NO_MEMORY;
	return 0;
}

void
registry_deinit(struct core *core)
{
	size_t i;

	for (i = 0; i < core->n_tables; i++)
		free(core->tables[i].slots);
	free(core->tables);
	free(core->registry.slots);
}

static int
registry_grow(struct registry *registry)
{
	struct slot *slots;
	uint32_t capacity;

	if (registry->capacity > UINT32_MAX / 2)
		return MPROXY_ERR_NO_MEMORY;
	capacity = registry->capacity * 2;
	slots = realloc(registry->slots, capacity * sizeof(*slots));
	if (!slots)
		return MPROXY_ERR_NO_MEMORY;
	registry->slots = slots;
	registry->capacity = capacity;
	return 0;
}

int
registry_add(struct core *core, struct object *object)
{
	struct registry *registry = &core->registry;
	struct slot *slot;
	uint32_t i = registry->free;

	if (i) {
		registry->free = registry->slots[i].next_free;
	} else {
		if (registry->n == registry->capacity &&
		    registry_grow(registry) < 0)
			return MPROXY_ERR_NO_MEMORY;
		i = registry->n++;
		registry->slots[i].generation = i == SLOT_MANAGER
							? 0
							: core->config.epoch;
	}
	slot = &registry->slots[i];
	slot->object = object;
	slot->next_free = 0;
	object->id = (uint64_t)slot->generation << 32 | i;
	registry->living++;
	return 0;
}

void
registry_remove(struct core *core, struct object *object)
{
	struct registry *registry = &core->registry;
	uint32_t i = (uint32_t)object->id;
	struct slot *slot = &registry->slots[i];

	slot->object = NULL;
	registry->living--;
	slot->generation++;
	if (slot->generation == 0)
		slot->generation = 1;
	if (slot->generation == core->config.epoch)
		return; /* all used: this slot retires */
	slot->next_free = registry->free;
	registry->free = i;
}

struct object *
registry_find(const struct core *core, uint64_t id)
{
	const struct registry *registry = &core->registry;
	uint32_t i = (uint32_t)id;
	const struct slot *slot;

	if (i >= registry->n)
		return NULL;
	slot = &registry->slots[i];
	if (slot->generation != id >> 32)
		return NULL;
	return slot->object;
}
