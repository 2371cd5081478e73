/*
 * Records that are never freed, only used again.
 *
 * So handlers (of signals, of fork) can walk them without a lock while other
 * threads take and give back: what they read may be out of use, but it is
 * always such a record.
 */
#ifndef MPROXY_LIB_REGISTRY_H
#define MPROXY_LIB_REGISTRY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define REGISTRY_CHUNK 32 /* records in one allocation */

/* First member of a record. */
struct registry_record {
	atomic_bool taken;
};

struct registry_chunk;

struct registry {
	size_t size; /* of one record, a multiple of 8 */
	_Atomic(struct registry_chunk *) chunks;
};

struct registry_cursor {
	struct registry_chunk *chunk;
	size_t index;
	bool begun;
};

/* A record nobody uses, now the caller's; zeroed when new, else as it was
 * left. NULL without memory. */
void *registry_take(struct registry *registry);
void registry_give(void *record);

/* The next record, in use or not; NULL at the end. Start with a zeroed cursor.
 * Async-signal-safe. */
void *registry_next(struct registry *registry, struct registry_cursor *cursor);

#endif
