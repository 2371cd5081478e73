/*
 * Walking over a table, taking it apart, and checking that it is right.
 */
#include <stdlib.h>

#include "server/containers/table-parts.h"

void
table_seek(const struct table *table, uint64_t sequence,
	   struct table_cursor *ret_cursor)
{
	const struct table_segment *segment;
	uint32_t low = 0, high;

	*ret_cursor = (struct table_cursor){ .table = table };
	if (table->n_segments == 0)
		return;
	ret_cursor->position = table->n_segments > 1
				       ? table_position_of(table, sequence)
				       : 0;
	segment = table_segment_at(table, ret_cursor->position);
	high = segment->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table_sequence_at(segment, middle) < sequence)
			low = middle + 1;
		else
			high = middle;
	}
	ret_cursor->place = low;
}

struct table_entry *
table_next(struct table_cursor *cursor)
{
	const struct table *table = cursor->table;

	for (; cursor->position < table->n_segments; cursor->position++) {
		struct table_segment *segment = table_segment_at(
			table, cursor->position);

		while (cursor->place < segment->n) {
			struct table_entry
				*entry = &segment->entries[cursor->place++];

			if (entry->data)
				return entry;
		}
		cursor->place = 0;
	}
	return NULL;
}

uint64_t
table_sequence(const struct table_cursor *cursor)
{
	return table_sequence_at(
		table_segment_at(cursor->table, cursor->position),
		cursor->place - 1);
}

bool
table_clear_some(struct table *table, size_t budget,
		 void (*drop)(void *context, void *data), void *context)
{
	for (; table->n_segments;
	     table_remove_segment(table, table->n_segments - 1)) {
		struct table_segment *tail = table_segment_at(
			table, table->n_segments - 1);

		while (tail->n) {
			struct table_entry *entry = &tail->entries[tail->n - 1];

			if (budget == 0)
				return false;
			budget--;
			tail->n--;
			table->n -= entry->data ? 1 : 0;
			if (entry->data && drop)
				drop(context, entry->data);
		}
	}
	do {
		if (budget-- == 0)
			return false;
	} while (table_index_clear(table));
	table_trim(table);
	free(table->segments);
	free(table->order);
	*table = (struct table){ .matches = table->matches,
				 .sequence = table->sequence };
	return true;
}

/* --- checking --- */

static const char *
check_segments(const struct table *table, size_t *live)
{
	uint64_t before = 0;

	for (uint32_t i = 0; i < table->n_segments; i++) {
		const struct table_segment *segment = table_segment_at(table,
								       i);
		uint32_t n = 0;

		if (segment->n > segment->capacity)
			return "a segment holds more than it has room for";
		if (table->n_segments > 1 &&
		    (segment->live == 0 ||
		     segment->capacity != TABLE_SEGMENT_MAX))
			return "one of several segments is empty or small";
		if (segment->n && !segment->entries[segment->n - 1].data)
			return "the last entry of a segment is a removed one";
		for (uint32_t j = 0; j < segment->n; j++) {
			if (table_sequence_at(segment, j) < before)
				return "sequence numbers do not ascend";
			before = table_sequence_at(segment, j) + 1;
			n += segment->entries[j].data ? 1 : 0;
		}
		if (n != segment->live)
			return "a segment counts its entries wrongly";
		*live += n;
	}
	return before > table->sequence ? "an entry comes from the future"
					: NULL;
}

const char *
table_check(const struct table *table)
{
	const char *why;
	size_t live = 0, chained = 0;
	size_t page;

	why = check_segments(table, &live);
	if (why)
		return why;
	for (size_t i = 0; i < table->n_buckets; i++) {
		uint32_t reference;

		page = i / TABLE_PAGE_MAX;
		for (reference = table->pages[page][i % TABLE_PAGE_MAX];
		     reference; reference = table_at(table, reference)->next) {
			const struct table_entry *entry = table_at(table,
								   reference);

			if (!entry->data)
				return "a bucket refers to a removed entry";
			if (table_bucket(table, entry->hash) !=
			    &table->pages[page][i % TABLE_PAGE_MAX])
				return "an entry is in a wrong bucket";
			if (++chained > live)
				return "more entries in buckets than in order";
		}
	}
	return live == table->n && chained == table->n
		       ? NULL
		       : "the number of entries is wrong";
}
