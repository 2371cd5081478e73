/*
 * The index of a table: linear hashing with chains through the entries.
 *
 * There are about as many buckets as entries. One more bucket takes its part
 * of the chain of exactly one other; one less hands its chain back. Without
 * memory for more buckets chains just get longer.
 */
#include <stdlib.h>

#include "server/containers/table-parts.h"

static uint32_t *
bucket_at(const struct table *table, size_t number)
{
	return &table->pages[number / TABLE_PAGE_MAX][number % TABLE_PAGE_MAX];
}

uint32_t *
table_bucket(const struct table *table, uint32_t hash)
{
	size_t number = hash & table->mask;

	if (number >= table->n_buckets)
		number &= table->mask >> 1;
	return bucket_at(table, number);
}

/* Memory for one bucket more. The first page doubles, the others are whole. */
static bool
make_room(struct table *table)
{
	size_t number = table->n_buckets;
	size_t page = number / TABLE_PAGE_MAX;
	size_t room = TABLE_PAGE_MAX;
	uint32_t *buckets;

	if (page >= table->max_pages) {
		size_t max = table->max_pages ? 2 * table->max_pages : 1;
		uint32_t **pages = realloc(table->pages, max * sizeof(*pages));

		if (!pages)
			return false;
		for (size_t i = table->max_pages; i < max; i++)
			pages[i] = NULL;
		table->pages = pages;
		table->max_pages = max;
	}
	if (page == 0) {
		if (number >= TABLE_PAGE_MIN && (number & (number - 1)))
			return true;
		if (number > 0 && number < TABLE_PAGE_MIN)
			return true;
		room = number ? 2 * number : TABLE_PAGE_MIN;
	} else if (number % TABLE_PAGE_MAX) {
		return true;
	}
	buckets = realloc(table->pages[page], room * sizeof(*buckets));
	if (!buckets)
		return false;
	table->pages[page] = buckets;
	return true;
}

static bool
add_bucket(struct table *table)
{
	size_t number = table->n_buckets;
	uint32_t *from, *to;

	if (!make_room(table))
		return false;
	if (number > table->mask)
		table->mask = 2 * table->mask + 1;
	table->n_buckets++;
	to = bucket_at(table, number);
	*to = 0;
	if (number == 0)
		return true;
	from = bucket_at(table, number & (table->mask >> 1));
	while (*from) {
		uint32_t reference = *from;
		struct table_entry *entry = table_at(table, reference);

		if ((entry->hash & table->mask) != number) {
			from = &entry->next;
			continue;
		}
		*from = entry->next;
		entry->next = 0;
		*to = reference;
		to = &entry->next;
	}
	return true;
}

static void
remove_bucket(struct table *table)
{
	size_t number = table->n_buckets - 1;
	uint32_t *to = bucket_at(table, number & (table->mask >> 1));

	while (*to)
		to = &table_at(table, *to)->next;
	*to = *bucket_at(table, number);
	table->n_buckets--;
	if (number == (table->mask >> 1) + 1)
		table->mask >>= 1;
	if (number % TABLE_PAGE_MAX == 0) {
		free(table->pages[number / TABLE_PAGE_MAX]);
		table->pages[number / TABLE_PAGE_MAX] = NULL;
	}
}

bool
table_index_grow(struct table *table)
{
	/* two, to catch up after a shortage of memory */
	for (int i = 0; i < 2 && table->n_buckets <= table->n; i++)
		if (!add_bucket(table))
			break;
	return table->n_buckets > 0;
}

void
table_index_shrink(struct table *table)
{
	for (int i = 0; i < 2 && table->n_buckets > TABLE_PAGE_MIN &&
			table->n < table->n_buckets / 2;
	     i++)
		remove_bucket(table);
}

bool
table_index_clear(struct table *table)
{
	size_t page;

	if (table->n_buckets == 0) {
		free(table->pages);
		table->pages = NULL;
		table->max_pages = 0;
		table->mask = 0;
		return false;
	}
	page = (table->n_buckets - 1) / TABLE_PAGE_MAX;
	free(table->pages[page]);
	table->pages[page] = NULL;
	table->n_buckets = page * TABLE_PAGE_MAX;
	return true;
}
