/*
 * Open addressing with linear probing, and removal by shifting back, so that
 * a session that makes and drops objects for ever leaves no tombstones.
 * Ids come from the server, never from a client: no keyed hash is needed.
 */
#include "server/core/refs.h"

#include <stdlib.h>

#define SMALLEST 32

void
refs_deinit(struct refs *refs)
{
	free(refs->slots);
	*refs = (struct refs){};
}

static struct ref *
place_for(struct refs *refs, uint64_t id)
{
	size_t i;

	for (i = refs_home(refs, id);
	     refs->slots[i].id && refs->slots[i].id != id;
	     i = (i + 1) & refs->mask)
		;
	return &refs->slots[i];
}

static bool
resize(struct refs *refs, size_t capacity)
{
	struct refs wider = { .mask = capacity - 1, .n = refs->n };
	size_t place = 0;
	struct ref *ref;

	wider.slots = calloc(capacity, sizeof(*wider.slots));
	if (!wider.slots)
		return false;
	wider.most = capacity / 4 * 3;
	wider.shift = 64 - (unsigned)__builtin_ctzll(capacity);
	while ((ref = refs_next(refs, &place)))
		*place_for(&wider, ref->id) = *ref;
	free(refs->slots);
	*refs = wider;
	return true;
}

bool
refs_reserve_slowly(struct refs *refs, size_t n)
{
	size_t capacity = refs->slots ? refs->mask + 1 : SMALLEST;

	if (n > SIZE_MAX / 128 - refs->n)
		return false;
	while (refs->n + n > capacity / 4 * 3)
		capacity *= 2;
	return resize(refs, capacity);
}

struct ref *
refs_add(struct refs *refs, uint64_t id, struct object *object)
{
	struct ref *ref = place_for(refs, id);

	if (!ref->id) {
		*ref = (struct ref){ .id = id, .object = object };
		refs->n++;
	}
	return ref;
}

void
refs_remove(struct refs *refs, struct ref *ref)
{
	size_t hole = (size_t)(ref - refs->slots);
	size_t i, home;

	for (i = (hole + 1) & refs->mask; refs->slots[i].id;
	     i = (i + 1) & refs->mask) {
		/* may move back unless its home lies between hole and i */
		home = refs_home(refs, refs->slots[i].id);
		if (((i - home) & refs->mask) < ((i - hole) & refs->mask))
			continue;
		refs->slots[hole] = refs->slots[i];
		hole = i;
	}
	refs->slots[hole] = (struct ref){};
	refs->n--;

	/* give memory back, but keep what the next calls want; a failure here
	 * only means that it stays as it is */
	if (refs->mask + 1 > SMALLEST * 4 && refs->n < (refs->mask + 1) / 8)
		resize(refs, (refs->mask + 1) / 4);
}

struct ref *
refs_next(const struct refs *refs, size_t *place)
{
	while (refs->slots && *place <= refs->mask) {
		struct ref *ref = &refs->slots[(*place)++];

		if (ref->id)
			return ref;
	}
	return NULL;
}
