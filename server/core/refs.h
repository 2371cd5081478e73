/*
 * The references of one session: a hash from object id to a count.
 *
 * The object itself is kept too, as a reference keeps it alive: a call finds
 * its object and the right to use it in one look.
 */
#ifndef MPROXY_SERVER_CORE_REFS_H
#define MPROXY_SERVER_CORE_REFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object;

struct ref {
	uint64_t id; /* 0: empty */
	struct object *object;
	size_t count;
};

struct refs {
	struct ref *slots; /* NULL when there never were any */
	size_t mask;
	size_t n;
	size_t most;	/* n may be, with these slots: three quarters */
	unsigned shift; /* of the hash */
};

void refs_deinit(struct refs *refs);

/* Where the search for an id begins. */
static inline size_t
refs_home(const struct refs *refs, uint64_t id)
{
	return (size_t)((id * 0x9e3779b97f4a7c15u) >> refs->shift);
}

/* NULL when there is none. */
static inline struct ref *
refs_find(const struct refs *refs, uint64_t id)
{
	size_t i;

	if (!refs->slots || id == 0)
		return NULL;
	for (i = refs_home(refs, id); refs->slots[i].id;
	     i = (i + 1) & refs->mask) {
		if (refs->slots[i].id == id)
			return &refs->slots[i];
	}
	return NULL;
}

/* As below, by more slots. */
bool refs_reserve_slowly(struct refs *refs, size_t n);

/* Room for n more; false without memory. */
static inline bool
refs_reserve(struct refs *refs, size_t n)
{
	return (n <= refs->most && refs->n <= refs->most - n) ||
	       refs_reserve_slowly(refs, n);
}

/* Finds it or makes it with count 0; there must be room. */
struct ref *refs_add(struct refs *refs, uint64_t id, struct object *object);
/* Other refs may move. */
void refs_remove(struct refs *refs, struct ref *ref);

/* A walk over all: start with *place 0; NULL at the end. */
struct ref *refs_next(const struct refs *refs, size_t *place);

#endif
