/*
 * A double-ended run of pointers, each with a rank; ranks ascend from front
 * to back.
 *
 * Ranks are given out when something is pushed at the back, so that what was
 * taken from the front can be put back at its old place, even after others
 * were taken or put back in between. Room can be kept for that, so that it
 * never fails.
 */
#ifndef MPROXY_SERVER_CONTAINERS_DEQUE_H
#define MPROXY_SERVER_CONTAINERS_DEQUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct deque_entry {
	uint64_t rank;
	void *data;
};

/* A zeroed one is an empty one. */
struct deque {
	struct deque_entry *ring;
	size_t capacity; /* 0 or a power of two */
	size_t first;
	size_t n;
	size_t kept; /* entries that may come back */
	uint64_t next_rank;
};

void deque_deinit(struct deque *deque); /* the data is the caller's */

/* False without memory. */
bool deque_push(struct deque *deque, void *data);

/* The front entry; there must be one. */
struct deque_entry deque_pop(struct deque *deque);
/* The same, but keeps room for it: it is put back or released later. */
struct deque_entry deque_lend(struct deque *deque);
void deque_put_back(struct deque *deque, struct deque_entry entry);
void deque_release(struct deque *deque, size_t n);

/* Counted from the front; i < n. */
struct deque_entry deque_at(const struct deque *deque, size_t i);

#endif
