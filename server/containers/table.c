/*
 * The entries of a table, in segments that keep their order.
 *
 * A segment has an id, by which references find it, and a position in the
 * order. The entries of a sparse segment and its neighbour move together when
 * that leaves room; each entry that moves has its one reference corrected. A
 * quarter of a segment has to be removed before that happens again, so that
 * removing stays cheap.
 *
 * An entry that moves keeps its sequence number, so what it moves into must
 * have them written down. Where memory for that is missing the gaps stay.
 */
#include "server/containers/table.h"

#include <stdlib.h>
#include <string.h>

#include "mproxy/error.h"
#include "server/containers/table-parts.h"

#define SPARSE (TABLE_SEGMENT_MAX / 4)
#define DENSE (TABLE_SEGMENT_MAX - SPARSE)
#define MAX_SEGMENTS ((UINT32_MAX - 1) / TABLE_SEGMENT_MAX)

void
table_init(struct table *table,
	   bool (*matches)(const void *data, const void *probe))
{
	*table = (struct table){ .matches = matches };
}

struct table_entry *
table_find(const struct table *table, uint64_t hash, const void *probe)
{
	uint32_t reference;

	if (table->n == 0)
		return NULL;
	reference = *table_bucket(table, (uint32_t)hash);
	while (reference) {
		struct table_entry *entry = table_at(table, reference);

		if (entry->hash == (uint32_t)hash &&
		    table->matches(entry->data, probe))
			return entry;
		reference = entry->next;
	}
	return NULL;
}

/* --- segments --- */

static struct table_segment *
tail_of(const struct table *table)
{
	if (table->n_segments == 0)
		return NULL;
	return table_segment_at(table, table->n_segments - 1);
}

static size_t
segment_size(size_t capacity)
{
	return sizeof(struct table_segment) +
	       capacity * sizeof(struct table_entry);
}

static int
reserve_ids(struct table *table, size_t n)
{
	uint32_t max = table->max_segments ? table->max_segments : 1;
	struct table_segment **segments;
	uint32_t *order;

	if (n > MAX_SEGMENTS - table->n_segments)
		return MPROXY_ERR_NO_MEMORY;
	while (max < table->n_segments + n)
		max *= 2;
	if (max == table->max_segments)
		return 0;
	segments = realloc(table->segments, max * sizeof(*segments));
	if (!segments)
		return MPROXY_ERR_NO_MEMORY;
	table->segments = segments;
	order = realloc(table->order, max * sizeof(*order));
	if (!order)
		return MPROXY_ERR_NO_MEMORY;
	table->order = order;
	for (uint32_t id = table->max_segments; id < max; id++)
		order[id] = id;
	table->max_segments = max;
	return 0;
}

static int
reserve_spare(struct table *table, size_t n, size_t capacity)
{
	while (table->n_spare < n) {
		struct table_segment *segment = malloc(segment_size(capacity));

		if (!segment)
			return MPROXY_ERR_NO_MEMORY;
		*segment = (struct table_segment){
			.next = table->spare,
			.capacity = (uint32_t)capacity,
		};
		table->spare = segment;
		table->n_spare++;
	}
	return 0;
}

uint32_t
table_position_of(const struct table *table, uint64_t sequence)
{
	uint32_t low = 0, high = table->n_segments;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (table_sequence_at(table_segment_at(table, middle), 0) <=
		    sequence)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void
table_remove_segment(struct table *table, uint32_t position)
{
	uint32_t id = table->order[position];
	uint32_t behind = table->n_segments - position - 1;

	free(table->segments[id]->sequences);
	free(table->segments[id]);
	memmove(&table->order[position], &table->order[position + 1],
		behind * sizeof(table->order[0]));
	table->order[--table->n_segments] = id;
}

/* --- closing gaps --- */

/* Has the sequence numbers written down; false without memory. */
static bool
write_sequences(struct table_segment *segment)
{
	uint64_t *sequences;

	if (segment->sequences)
		return true;
	sequences = malloc(segment->capacity * sizeof(*sequences));
	if (!sequences)
		return false;
	for (uint32_t i = 0; i < segment->n; i++)
		sequences[i] = segment->base + i;
	segment->sequences = sequences;
	return true;
}

/* Moves an entry to where there is none. */
static void
move_entry(struct table *table, uint32_t from, uint32_t to)
{
	struct table_entry *entry = table_at(table, from);
	uint32_t *link = table_bucket(table, entry->hash);

	while (*link != from)
		link = &table_at(table, *link)->next;
	*link = to;
	*table_at(table, to) = *entry;
	entry->data = NULL;
}

/* Moves all entries of a segment, in order, to the places from n of another,
 * or of itself, on, which has its sequence numbers written down. Returns n for
 * the next one. */
static uint32_t
move_entries(struct table *table, uint32_t id, uint32_t to_id, uint32_t n)
{
	const struct table_segment *segment = table->segments[id];
	uint64_t *sequences = table->segments[to_id]->sequences;

	for (uint32_t i = 0; i < segment->n; i++) {
		if (!segment->entries[i].data)
			continue;
		sequences[n] = table_sequence_at(segment, i);
		if (id != to_id || i != n)
			move_entry(table, table_reference(id, i),
				   table_reference(to_id, n));
		n++;
	}
	return n;
}

/* False without memory. */
static bool
pack(struct table *table, uint32_t position)
{
	uint32_t id = table->order[position];

	if (!write_sequences(table->segments[id]))
		return false;
	table->segments[id]->n = move_entries(table, id, id, 0);
	return true;
}

/* Moves the segment behind position into the one there, if memory allows. */
static void
join(struct table *table, uint32_t position)
{
	uint32_t id = table->order[position];
	uint32_t behind = table->order[position + 1];
	struct table_segment *segment = table->segments[id];

	if (!pack(table, position))
		return;
	segment->n = move_entries(table, behind, id, segment->n);
	segment->live = segment->n;
	table_remove_segment(table, position + 1);
}

static void
settle_segment(struct table *table, struct table_segment *segment)
{
	uint32_t position;

	while (segment->n && !segment->entries[segment->n - 1].data)
		segment->n--;
	/* not each time: looking for the neighbours costs something too */
	if (table->n_segments == 1 || segment->live > SPARSE ||
	    segment->live % 16)
		return;
	position = table_position_of(table, table_sequence_at(segment, 0));
	if (segment->live == 0)
		table_remove_segment(table, position);
	else if (position > 0 &&
		 table_segment_at(table, position - 1)->live + segment->live <=
			 DENSE)
		join(table, position - 1);
	else if (position + 1 < table->n_segments &&
		 table_segment_at(table, position + 1)->live + segment->live <=
			 DENSE)
		join(table, position);
}

/* --- adding and removing --- */

/* Places in the last segment that are used up: where numbers follow from
 * places, those of removed entries at its end are. */
static uint32_t
used_places(const struct table *table, const struct table_segment *tail)
{
	uint64_t used = tail->n;

	if (tail->n && !tail->sequences)
		used = table->sequence - tail->base;
	return used < tail->capacity ? (uint32_t)used : tail->capacity;
}

static int
grow_tail(struct table *table, struct table_segment *tail, uint32_t capacity)
{
	if (tail->sequences) {
		uint64_t *sequences = realloc(tail->sequences,
					      capacity * sizeof(*sequences));

		if (!sequences)
			return MPROXY_ERR_NO_MEMORY;
		tail->sequences = sequences;
	}
	tail = realloc(tail, segment_size(capacity));
	if (!tail)
		return MPROXY_ERR_NO_MEMORY;
	tail->capacity = capacity;
	table->segments[table->order[0]] = tail;
	return 0;
}

/* A table that was empty, or has one segment that is still small. */
static int
grow_first(struct table *table, size_t n)
{
	struct table_segment *tail = tail_of(table);
	uint32_t capacity = tail ? tail->capacity : TABLE_SEGMENT_MIN;
	size_t want = n + (tail ? used_places(table, tail) : 0);

	if (n > TABLE_SEGMENT_MAX || want > TABLE_SEGMENT_MAX)
		want = TABLE_SEGMENT_MAX;
	while (capacity < want)
		capacity *= 2;
	if (!tail)
		return reserve_spare(table, 1, capacity);
	if (capacity == tail->capacity)
		return 0;
	return grow_tail(table, tail, capacity);
}

static size_t
room(const struct table *table)
{
	const struct table_segment *tail = tail_of(table);
	const struct table_segment *spare = table->spare;
	size_t n = tail ? tail->capacity - used_places(table, tail) : 0;

	if (spare)
		n += spare->capacity + (table->n_spare - 1) * TABLE_SEGMENT_MAX;
	return n;
}

int
table_reserve(struct table *table, size_t n)
{
	struct table_segment *tail;
	size_t more;

	if (table->n_buckets == 0 && !table_index_grow(table))
		return MPROXY_ERR_NO_MEMORY;
	if (n <= room(table))
		return 0;
	if (reserve_ids(table, 1) < 0)
		return MPROXY_ERR_NO_MEMORY;
	tail = tail_of(table);
	if (tail && used_places(table, tail) == tail->capacity &&
	    tail->live <= tail->capacity - tail->capacity / 4)
		pack(table, table->n_segments - 1);
	if (table->n_segments == 0)
		table_trim(table); /* it may be a small one */
	if (table->n_segments < 2 && grow_first(table, n) < 0)
		return MPROXY_ERR_NO_MEMORY;
	if (n <= room(table))
		return 0;
	more = (n - room(table) - 1) / TABLE_SEGMENT_MAX + 1;
	more += table->n_spare;
	if (reserve_ids(table, more) < 0)
		return MPROXY_ERR_NO_MEMORY;
	return reserve_spare(table, more, TABLE_SEGMENT_MAX);
}

void
table_trim(struct table *table)
{
	while (table->spare) {
		struct table_segment *next = table->spare->next;

		free(table->spare);
		table->spare = next;
	}
	table->n_spare = 0;
}

/* The segment that takes the next entry, at its place n; there is room
 * somewhere. */
static uint32_t
segment_for_next(struct table *table)
{
	struct table_segment *tail = tail_of(table);
	uint32_t id, used;

	if (!tail || used_places(table, tail) == tail->capacity) {
		id = table->order[table->n_segments++];
		table->segments[id] = tail = table->spare;
		table->spare = tail->next;
		table->n_spare--;
	}
	id = table->order[table->n_segments - 1];
	if (tail->n == 0) {
		free(tail->sequences);
		tail->sequences = NULL;
		tail->base = table->sequence;
	}
	used = used_places(table, tail);
	while (tail->n < used)
		tail->entries[tail->n++].data = NULL;
	if (tail->sequences)
		tail->sequences[tail->n] = table->sequence;
	return id;
}

struct table_entry *
table_add(struct table *table, uint64_t hash, void *data)
{
	struct table_segment *segment;
	struct table_entry *entry;
	uint32_t id, *bucket;

	if (table_reserve(table, 1) < 0)
		return NULL;
	table_index_grow(table);
	id = segment_for_next(table);
	segment = table->segments[id];
	entry = &segment->entries[segment->n];
	bucket = table_bucket(table, (uint32_t)hash);
	*entry = (struct table_entry){
		.data = data,
		.hash = (uint32_t)hash,
		.next = *bucket,
	};
	*bucket = table_reference(id, segment->n++);
	table->sequence++;
	segment->live++;
	table->n++;
	return entry;
}

void
table_remove(struct table *table, struct table_entry *entry)
{
	uint32_t *link = table_bucket(table, entry->hash);
	struct table_segment *segment;

	while (table_at(table, *link) != entry)
		link = &table_at(table, *link)->next;
	segment = table->segments[(*link - 1) / TABLE_SEGMENT_MAX];
	*link = entry->next;
	entry->data = NULL;
	segment->live--;
	table->n--;
	settle_segment(table, segment);
	table_index_shrink(table);
}

struct table_entry *
table_last(const struct table *table)
{
	struct table_segment *tail = tail_of(table);

	return tail && tail->n ? &tail->entries[tail->n - 1] : NULL;
}
