/*
 * Why not one timer for each lane: a timer would be set and cleared for every
 * frame that comes in two pieces.
 */
#include "server/patience.h"

void
patience_init(struct patience *patience, int64_t length)
{
	list_init(&patience->list);
	patience->length = length;
}

void
patience_begin(struct patience *patience, struct wait *wait, int64_t now)
{
	list_remove(&wait->link);
	wait->deadline = now + patience->length;
	list_append(&patience->list, &wait->link);
}

void
patience_end(struct wait *wait)
{
	list_remove(&wait->link);
}

struct wait *
patience_over(const struct patience *patience, int64_t now)
{
	struct list_link *first = list_first(&patience->list);
	struct wait *wait;

	if (!first)
		return NULL;
	wait = LIST_ENTRY(first, struct wait, link);
	return wait->deadline <= now ? wait : NULL;
}
