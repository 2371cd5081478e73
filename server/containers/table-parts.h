/*
 * The insides of a table, shared by its files: segments of entries and pages
 * of buckets.
 */
#ifndef MPROXY_SERVER_CONTAINERS_TABLE_PARTS_H
#define MPROXY_SERVER_CONTAINERS_TABLE_PARTS_H

#include "server/containers/table.h"

#define TABLE_SEGMENT_MAX 256u
#define TABLE_SEGMENT_MIN 4u /* room in the only segment of a small table */
#define TABLE_PAGE_MAX 1024u
#define TABLE_PAGE_MIN 8u

/*
 * The last entry in use is never a removed one, and no segment is empty but
 * one that is alone. Only one that is alone has less than full room.
 *
 * Where nothing ever moved, sequence numbers follow from the places. When gaps
 * are closed the numbers are written down; then there are as many as capacity.
 */
struct table_segment {
	union {
		struct table_segment *next; /* among the spare ones */
		uint64_t base;		    /* sequence number of place 0 */
	};
	uint64_t *sequences; /* NULL: base and place */
	uint32_t n;	     /* entries in use, removed ones too */
	uint32_t live;
	uint32_t capacity;
	struct table_entry entries[];
};

static inline uint64_t
table_sequence_at(const struct table_segment *segment, uint32_t place)
{
	return segment->sequences ? segment->sequences[place]
				  : segment->base + place;
}

/* A reference names segment and place; it is never 0. */
static inline uint32_t
table_reference(uint32_t id, uint32_t place)
{
	return id * TABLE_SEGMENT_MAX + place + 1;
}

static inline struct table_entry *
table_at(const struct table *table, uint32_t reference)
{
	uint32_t number = reference - 1;

	return &table->segments[number / TABLE_SEGMENT_MAX]
			->entries[number % TABLE_SEGMENT_MAX];
}

/* The segment at a position of the order. */
static inline struct table_segment *
table_segment_at(const struct table *table, uint32_t position)
{
	return table->segments[table->order[position]];
}

/* --- table.c --- */

/* The position of the segment where a sequence number is, or would be. */
uint32_t table_position_of(const struct table *table, uint64_t sequence);
void table_remove_segment(struct table *table, uint32_t position);

/* --- table-index.c: all that is known of it here --- */

/* Where the first reference of a bucket stands; there must be buckets. */
uint32_t *table_bucket(const struct table *table, uint32_t hash);

/* As many buckets as entries, as far as memory allows: false if there is not
 * even one. */
bool table_index_grow(struct table *table);
/* Gives up to two buckets back if there are far too many. */
void table_index_shrink(struct table *table);
/* Frees one page; false when there was none. */
bool table_index_clear(struct table *table);

#endif
