/*
 * A run of small pieces of bytes, and of pointers, put in at the back and
 * taken from the front.
 *
 * They lie one behind the other in blocks of up to 4 KiB, with two bytes
 * before each. What is lent stays where it lies, out of the run, until it is
 * put back, at its old place, or released; so putting back needs no memory
 * and cannot fail. A block is freed when nothing is left in it.
 */
#ifndef MPROXY_SERVER_CONTAINERS_DEQUE_H
#define MPROXY_SERVER_CONTAINERS_DEQUE_H

#include "proto/span.h"

/* The most bytes that a piece may have. */
#define DEQUE_PIECE_MAX 256u

/* A piece begins with two bytes: its size, whether it is a pointer, and
 * whether it is out of the run. */
#define DEQUE_HEAD 2u
#define DEQUE_SIZE 0x0fffu
#define DEQUE_POINTER 0x1000u
#define DEQUE_LENT 0x2000u
#define DEQUE_GONE 0x4000u

struct deque_block {
	struct deque_block *next;
	struct deque_block *before;
	uint64_t number; /* ascends */
	uint32_t held;	 /* pieces in the run or lent */
	uint32_t size;	 /* bytes in use */
	uint32_t capacity;
	uint8_t bytes[];
};

/* Where something lies: good while it is in the run, or lent. */
struct deque_place {
	struct deque_block *block; /* NULL: nowhere */
	uint32_t at;
};

/* A zeroed one is an empty one. */
struct deque {
	struct deque_block *first;
	struct deque_block *last;
	struct deque_place front; /* if n > 0 */
	size_t n;
	size_t lent;
	size_t capacity; /* of all blocks, in bytes */
};

/* Frees all; what the pointers mean is the caller's. */
void deque_deinit(struct deque *deque);

/* False without memory. The bytes are copied; at most DEQUE_PIECE_MAX. */
bool deque_push(struct deque *deque, struct span bytes);
bool deque_push_pointer(struct deque *deque, void *pointer);

/* Takes out the front one, which must be there; it is put back or released
 * later. */
struct deque_place deque_lend(struct deque *deque);
void deque_put_back(struct deque *deque, struct deque_place place);
void deque_release(struct deque *deque, struct deque_place place);

/* A walk from the front to the back, which changes end: the front, and what
 * comes next. Nowhere at the end. */
struct deque_place deque_front(const struct deque *deque);
struct deque_place deque_next(struct deque_place place);

/* The same over all that is in the run or lent. */
struct deque_place deque_front_held(const struct deque *deque);
struct deque_place deque_next_held(struct deque_place place);

/* NULL, or the sentence about itself that does not hold. Slow: for tests. */
const char *deque_check(const struct deque *deque);

/* --- what lies somewhere --- */

static inline unsigned
deque_head(struct deque_place place)
{
	uint16_t head;

	memcpy(&head, place.block->bytes + place.at, sizeof(head));
	return head;
}

/* NULL when there are bytes. */
static inline void *
deque_pointer(struct deque_place place)
{
	void *pointer;

	if (!(deque_head(place) & DEQUE_POINTER))
		return NULL;
	memcpy(&pointer, place.block->bytes + place.at + DEQUE_HEAD,
	       sizeof(pointer));
	return pointer;
}

static inline struct span
deque_bytes(struct deque_place place)
{
	return span_make(place.block->bytes + place.at + DEQUE_HEAD,
			 deque_head(place) & DEQUE_SIZE);
}

#endif
