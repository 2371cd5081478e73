/*
 * Blocks in a list. What was taken out leaves its bytes behind, marked; a walk
 * steps over them. That costs little: a block where all is gone is not there
 * any more, and only what is lent keeps one that would be.
 */
#include "server/containers/deque.h"

#include <stdlib.h>

#define BLOCK_MIN 240u
#define BLOCK_MAX 4056u /* 4 KiB with the head, and what malloc() adds */

static void
set_head(struct deque_place place, unsigned head)
{
	uint16_t word = (uint16_t)head;

	memcpy(place.block->bytes + place.at, &word, sizeof(word));
}

/* --- blocks --- */

void
deque_deinit(struct deque *deque)
{
	while (deque->first) {
		struct deque_block *next = deque->first->next;

		free(deque->first);
		deque->first = next;
	}
	*deque = (struct deque){};
}

/* As large as all others together, so that a short run takes little. */
static struct deque_block *
add_block(struct deque *deque, size_t size)
{
	size_t capacity = deque->capacity;
	struct deque_block *block;

	if (capacity < BLOCK_MIN)
		capacity = BLOCK_MIN;
	if (capacity > BLOCK_MAX)
		capacity = BLOCK_MAX;
	if (capacity < size)
		capacity = size;
	block = malloc(sizeof(*block) + capacity);
	if (!block)
		return NULL;
	*block = (struct deque_block){
		.before = deque->last,
		.number = deque->last ? deque->last->number + 1 : 0,
		.capacity = (uint32_t)capacity,
	};
	deque->capacity += capacity;
	if (deque->last)
		deque->last->next = block;
	else
		deque->first = block;
	deque->last = block;
	return block;
}

/* Nothing is left in there. */
static void
drop_block(struct deque *deque, struct deque_block *block)
{
	if (block == deque->last) { /* where the next one goes */
		block->size = 0;
		return;
	}
	block->next->before = block->before;
	if (block->before)
		block->before->next = block->next;
	else
		deque->first = block->next;
	deque->capacity -= block->capacity;
	free(block);
}

/* --- putting --- */

static bool
push(struct deque *deque, struct span bytes, unsigned flags)
{
	size_t size = DEQUE_HEAD + bytes.size;
	struct deque_block *block = deque->last;
	struct deque_place place;

	if (!block || block->capacity - block->size < size) {
		block = add_block(deque, size);
		if (!block)
			return false;
		/* it may have been kept for what did not fit */
		if (block->before && block->before->held == 0)
			drop_block(deque, block->before);
	}
	place = (struct deque_place){ block, block->size };
	set_head(place, (unsigned)bytes.size | flags);
	if (bytes.size)
		memcpy(block->bytes + place.at + DEQUE_HEAD, bytes.data,
		       bytes.size);
	block->size += (uint32_t)size;
	block->held++;
	if (deque->n++ == 0)
		deque->front = place;
	return true;
}

bool
deque_push(struct deque *deque, struct span bytes)
{
	return push(deque, bytes, 0);
}

bool
deque_push_pointer(struct deque *deque, void *pointer)
{
	return push(deque, span_make(&pointer, sizeof(pointer)), DEQUE_POINTER);
}

/* --- walking --- */

/* From a place on, the first piece without any of these marks. */
static struct deque_place
skip(struct deque_place place, unsigned marks)
{
	while (place.block) {
		if (place.at == place.block->size) {
			place.block = place.block->next;
			place.at = 0;
		} else if (deque_head(place) & marks) {
			place.at += DEQUE_HEAD +
				    (deque_head(place) & DEQUE_SIZE);
		} else {
			break;
		}
	}
	return place;
}

static struct deque_place
behind(struct deque_place place)
{
	place.at += DEQUE_HEAD + (deque_head(place) & DEQUE_SIZE);
	return place;
}

struct deque_place
deque_front(const struct deque *deque)
{
	return deque->n ? deque->front : (struct deque_place){};
}

struct deque_place
deque_next(struct deque_place place)
{
	return skip(behind(place), DEQUE_LENT | DEQUE_GONE);
}

struct deque_place
deque_front_held(const struct deque *deque)
{
	return skip((struct deque_place){ .block = deque->first }, DEQUE_GONE);
}

struct deque_place
deque_next_held(struct deque_place place)
{
	return skip(behind(place), DEQUE_GONE);
}

/* --- taking --- */

struct deque_place
deque_lend(struct deque *deque)
{
	struct deque_place place = deque->front;

	set_head(place, deque_head(place) | DEQUE_LENT);
	deque->lent++;
	if (--deque->n)
		deque->front = deque_next(place);
	return place;
}

static bool
is_before(struct deque_place a, struct deque_place b)
{
	if (a.block != b.block)
		return a.block->number < b.block->number;
	return a.at < b.at;
}

void
deque_put_back(struct deque *deque, struct deque_place place)
{
	set_head(place, deque_head(place) & ~DEQUE_LENT);
	deque->lent--;
	if (deque->n++ == 0 || is_before(place, deque->front))
		deque->front = place;
}

void
deque_release(struct deque *deque, struct deque_place place)
{
	set_head(place, (deque_head(place) & ~DEQUE_LENT) | DEQUE_GONE);
	deque->lent--;
	if (--place.block->held == 0)
		drop_block(deque, place.block);
}

/* --- checking --- */

static const char *
check_block(const struct deque *deque, struct deque_block *block, size_t *n,
	    size_t *lent)
{
	size_t before = *n + *lent;
	uint32_t at = 0;

	if (block->size > block->capacity)
		return "a block holds more than it has room for";
	if (block->next && (block->next->before != block ||
			    block->next->number <= block->number))
		return "blocks are not in order";
	while (at < block->size) {
		unsigned head = deque_head((struct deque_place){ block, at });

		if (!(head & (DEQUE_LENT | DEQUE_GONE))) {
			if (++*n == 1 && (deque->front.block != block ||
					  deque->front.at != at))
				return "the front is not the first";
		} else if (head & DEQUE_LENT) {
			++*lent;
		}
		at += DEQUE_HEAD + (head & DEQUE_SIZE);
	}
	if (at != block->size)
		return "a block ends in the middle of a piece";
	if (*n + *lent - before != block->held)
		return "a block miscounts its pieces";
	return block->next && block->held == 0 ? "an empty block stayed" : NULL;
}

const char *
deque_check(const struct deque *deque)
{
	size_t n = 0, lent = 0, capacity = 0;
	struct deque_block *block;

	for (block = deque->first; block; block = block->next) {
		const char *wrong = check_block(deque, block, &n, &lent);

		if (wrong)
			return wrong;
		if (!block->next && deque->last != block)
			return "the last block is another one";
		capacity += block->capacity;
	}
	if (n != deque->n || lent != deque->lent)
		return "the number of pieces is wrong";
	return capacity == deque->capacity ? NULL : "the capacity is wrong";
}
