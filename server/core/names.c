/*
 * Names of objects: a chained hash, keyed because clients choose the names,
 * and a list in order of making, because answers must not depend on a hash.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/machine.h"

#define BUCKETS_AT_FIRST 64

int
names_init(struct core *core)
{
	struct names *names = &core->names;

	list_init(&names->all);
	names->buckets = calloc(BUCKETS_AT_FIRST, sizeof(struct name *));
	names->mask = BUCKETS_AT_FIRST - 1;
	return names->buckets ? 0 : MPROXY_ERR_NO_MEMORY;
}

void
names_deinit(struct core *core)
{
	free(core->names.buckets);
}

/* The pointer that points at the name, or would. */
static struct name **
find_link(const struct core *core, struct span name, uint64_t hash)
{
	const struct names *names = &core->names;
	struct name **link = &names->buckets[hash & names->mask];

	while (*link && ((*link)->hash != hash || (*link)->size != name.size ||
			 memcmp((*link)->text, name.data, name.size) != 0))
		link = &(*link)->next;
	return link;
}

struct object *
names_find(const struct core *core, struct span name)
{
	uint64_t hash = value_hash(name, &core->config.hash_key);
	struct name *found = *find_link(core, name, hash);

	return found ? found->object : NULL;
}

/* More buckets if they can be had; the old ones do as well. */
static void
spread(struct names *names)
{
	size_t mask = names->mask * 2 + 1;
	struct name **buckets = calloc(mask + 1, sizeof(struct name *));
	struct list_link *link;

	if (!buckets)
		return;
	for (link = names->all.next; link != &names->all; link = link->next) {
		struct name *name = LIST_ENTRY(link, struct name, all);

		name->next = buckets[name->hash & mask];
		buckets[name->hash & mask] = name;
	}
	free(names->buckets);
	names->buckets = buckets;
	names->mask = mask;
}

int
names_add(struct core *core, struct object *object, struct span text)
{
	struct names *names = &core->names;
	size_t size = sizeof(struct name) + text.size + 1;
	struct name *name;
	struct name **link;

	if (!core_charge(core, size))
		return MPROXY_ERR_NO_MEMORY;
	name = malloc(size);
	if (!name) {
		core_discharge(core, size);
		return MPROXY_ERR_NO_MEMORY;
	}
	memcpy(name->text, text.data, text.size);
	name->text[text.size] = '\0';
	name->size = text.size;
	name->hash = value_hash(text, &core->config.hash_key);
	name->object = object;
	if (++names->n > names->mask)
		spread(names);
	link = &names->buckets[name->hash & names->mask];
	name->next = *link;
	*link = name;
	list_append(&names->all, &name->all);
	object->name = name->text;
	object_hold(object);
	return 0;
}

void
names_remove(struct core *core, struct object *object)
{
	struct span text = span_text(object->name);
	uint64_t hash = value_hash(text, &core->config.hash_key);
	struct name **link = find_link(core, text, hash);
	struct name *name = *link;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it has a name */
	*link = name->next;
	list_remove(&name->all);
	core->names.n--;
	core_discharge(core, sizeof(*name) + name->size + 1);
	free(name);
	object->name = NULL;
	object_let_go(object);
}
