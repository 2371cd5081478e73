/*
 * Patience: lanes that must do something within a time that is the same for
 * all of them. So the one that waits longest is always the first of the list,
 * and neither setting nor clearing costs more than a few pointers.
 */
#ifndef MPROXY_SERVER_PATIENCE_H
#define MPROXY_SERVER_PATIENCE_H

#include <stdint.h>

#include "server/core/list.h"

struct patience {
	struct list_link list;
	int64_t length; /* ns */
};

/* Embedded in what is waited for. */
struct wait {
	struct list_link link;
	int64_t deadline;
};

void patience_init(struct patience *patience, int64_t length);
/* Begins anew if it was begun before. */
void patience_begin(struct patience *patience, struct wait *wait, int64_t now);
void patience_end(struct wait *wait); /* fine when not begun */

/* The first whose time is over, or NULL. It stays in the list. */
struct wait *patience_over(const struct patience *patience, int64_t now);
/* When the first of them is over; INT64_MAX: there is none. */
static inline int64_t
patience_deadline(const struct patience *patience)
{
	struct list_link *first = list_first(&patience->list);

	return first ? LIST_ENTRY(first, struct wait, link)->deadline
		     : INT64_MAX;
}

#endif
