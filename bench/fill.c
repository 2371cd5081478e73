/*
 * Portions are large enough that filling takes seconds, and small enough that
 * no buffer that they leave behind counts in the memory of the server.
 */
#include "fill.h"

#include <stdio.h>

#include "growth.h"
#include "need.h"

enum { PORTION = 1000 };

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
