/*
 * A hash table that remembers the order of insertion.
 *
 * Entries lie in segments of 256, in their order, each with a sequence number
 * that is never given twice: a walk can stop after any number and go on behind
 * it later, whatever was added or removed meanwhile. Gaps are closed when a
 * segment has become sparse. The index is a linear hash: it grows and shrinks
 * by one bucket at a time, so that no single call has to pay for all entries.
 * An entry takes 20 bytes, the index included; 28 where gaps were closed.
 *
 * What an entry holds, key and all, is a pointer that is only handed back; it
 * must not be NULL. The caller hashes, with a secret key if the keys come from
 * outside.
 */
#ifndef MPROXY_SERVER_CONTAINERS_TABLE_H
#define MPROXY_SERVER_CONTAINERS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_segment;

/* Valid until the next entry is added or removed. The caller may put other
 * data there that has the same key, nothing else. */
struct table_entry {
	void *data; /* NULL: removed */
	uint32_t hash;
	uint32_t next; /* in its bucket; 0: none */
};

struct table {
	bool (*matches)(const void *data, const void *probe);
	size_t n;
	uint64_t sequence; /* of the next entry; may be set while empty */

	struct table_segment **segments; /* by id */
	uint32_t *order; /* ids in order, then the unused ones */
	uint32_t n_segments;
	uint32_t max_segments;
	struct table_segment *spare; /* reserved */
	size_t n_spare;

	uint32_t **pages; /* of buckets */
	size_t max_pages;
	size_t n_buckets;
	size_t mask;
};

/* An empty one; takes no memory. matches() tells whether data has the
 * key that table_find() looks for. */
void table_init(struct table *table,
		bool (*matches)(const void *data, const void *probe));

/* NULL when there is none. */
struct table_entry *table_find(const struct table *table, uint64_t hash,
			       const void *probe);

/* Adds behind all others what has a key that is not in there. NULL without
 * memory. */
struct table_entry *table_add(struct table *table, uint64_t hash, void *data);

/* 0, or MPROXY_ERR_NO_MEMORY: after 0 the next n additions cannot fail. */
int table_reserve(struct table *table, size_t n);

/* Gives back what was reserved and not used. */
void table_trim(struct table *table);

/* The data is the caller's again. Needs no memory, but may use some. */
void table_remove(struct table *table, struct table_entry *entry);

/* The last one in order; NULL when empty. */
struct table_entry *table_last(const struct table *table);

/* Walks in order. Adding and removing end its use. */
struct table_cursor {
	const struct table *table;
	uint32_t position; /* in order */
	uint32_t place;	   /* in the segment */
};

/* Starts at the first entry whose sequence number is not less. */
void table_seek(const struct table *table, uint64_t sequence,
		struct table_cursor *ret_cursor);
struct table_entry *table_next(struct table_cursor *cursor); /* or NULL */
/* The sequence number of what table_next() gave last. */
uint64_t table_sequence(const struct table_cursor *cursor);

/*
 * Takes about budget entries apart, giving each to drop() (which may be NULL),
 * and frees all memory at last: then true, and the table is as new, except
 * that sequence numbers go on. Until then only table_seek() and table_next()
 * may be used.
 */
bool table_clear_some(struct table *table, size_t budget,
		      void (*drop)(void *context, void *data), void *context);

/* NULL, or the sentence about itself that does not hold. Slow: for tests. */
const char *table_check(const struct table *table);

#endif
