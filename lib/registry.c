/*
 * Why chunks are pushed in front and never removed: a walk that has begun
 * misses at most what was made after it began.
 */
#include <stdlib.h>

#include "registry.h"

struct registry_chunk {
	struct registry_chunk *next;
	_Alignas(16) unsigned char records[];
};

static struct registry_record *
record_at(const struct registry *registry, struct registry_chunk *chunk,
	  size_t index)
{
	return (struct registry_record *)(void *)(chunk->records +
						  index * registry->size);
}

static bool
try_take(struct registry_record *record)
{
	bool expected = false;

	return atomic_compare_exchange_strong(&record->taken, &expected, true);
}

void *
registry_take(struct registry *registry)
{
	struct registry_cursor cursor = { 0 };
	struct registry_record *record;
	struct registry_chunk *chunk;

	while ((record = registry_next(registry, &cursor)))
		if (try_take(record))
			return record;
	chunk = calloc(1, sizeof(*chunk) + REGISTRY_CHUNK * registry->size);
	if (!chunk)
		return NULL;
	record = record_at(registry, chunk, 0);
	atomic_store(&record->taken, true);
	chunk->next = atomic_load(&registry->chunks);
	while (!atomic_compare_exchange_weak(&registry->chunks, &chunk->next,
					     chunk))
		;
	return record;
}

void
registry_give(void *record)
{
	struct registry_record *base = record;

	atomic_store(&base->taken, false);
}

void *
registry_next(struct registry *registry, struct registry_cursor *cursor)
{
	if (!cursor->begun) {
		cursor->chunk = atomic_load(&registry->chunks);
		cursor->begun = true;
	} else if (++cursor->index == REGISTRY_CHUNK) {
		cursor->chunk = cursor->chunk->next;
		cursor->index = 0;
	}
	return cursor->chunk ? record_at(registry, cursor->chunk, cursor->index)
			     : NULL;
}
