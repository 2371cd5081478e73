/*
 * Portions are large enough that filling takes seconds, and small enough that
 * no buffer that they leave behind counts in the memory of the server.
 */
#include "fill.h"

#include <stdio.h>
#include <unistd.h>

#include "growth.h"
#include "need.h"

enum { PORTION = 1000, LOOK_US = 2000 };

static long
portion(long rest)
{
	return rest < PORTION ? rest : PORTION;
}

void
fill_list(struct mproxy_list *list, long first, long n)
{
	int64_t numbers[PORTION];

	for (long count; n > 0; first += count, n -= count) {
		count = portion(n);
		for (long i = 0; i < count; i++)
			numbers[i] = first + i;
		need(mproxy_list_extend(
			     list, mproxy_value_list_from_numbers(
					   MPROXY_I64, numbers, (size_t)count)),
		     "extend");
	}
}

void
fill_list_shuffled(struct mproxy_list *list, long n)
{
	int64_t numbers[PORTION];

	for (long count; n > 0; n -= count) {
		count = portion(n);
		for (long i = 0; i < count; i++)
			numbers[i] = growth_random(1000000000);
		need(mproxy_list_extend(
			     list, mproxy_value_list_from_numbers(
					   MPROXY_I64, numbers, (size_t)count)),
		     "extend");
	}
}

void
fill_dict(struct mproxy_dict *dict, long first, long n)
{
	struct mproxy_value *pairs[2 * PORTION];

	for (long count; n > 0; first += count, n -= count) {
		count = portion(n);
		for (long i = 0; i < 2 * count; i++)
			pairs[i] = mproxy_value_int(first + i / 2);
		need(mproxy_dict_update(dict, mproxy_value_map_from_pairs(
						      (size_t)count, pairs)),
		     "update");
	}
}

void
fill_queue(struct mproxy_queue *queue, long first, long n)
{
	struct mproxy_value *items[PORTION];

	for (long count; n > 0; first += count, n -= count) {
		count = portion(n);
		for (long i = 0; i < count; i++) {
			char item[17];

			snprintf(item, sizeof(item), "%016ld", first + i);
			items[i] = mproxy_value_bytes(item, 16);
		}
		need(mproxy_queue_put_many(
			     queue, mproxy_value_list((size_t)count, items), -1,
			     NULL),
		     "put_many");
	}
}

int64_t
fill_memory(struct mproxy_manager *m)
{
	struct mproxy_value *stats = NULL, *memory = NULL;
	int64_t bytes = 0;

	need(mproxy_manager_stats(m, &stats), "stats");
	need(mproxy_value_find(stats, MPROXY("memory"), &memory), "stats");
	need(mproxy_value_get_int(memory, &bytes), "stats");
	mproxy_value_free(memory);
	mproxy_value_free(stats);
	return bytes;
}

void
fill_free(struct mproxy_manager *m, struct mproxy_object *object, int64_t empty)
{
	mproxy_object_free(object);
	while (fill_memory(m) > 2 * empty)
		usleep(LOOK_US);
}
