/*
 * A ring. It grows by doubling and shrinks by half when three quarters are
 * empty; what is lent counts as used.
 */
#include "server/containers/deque.h"

#include <stdlib.h>

#define SMALLEST 16

void
deque_deinit(struct deque *deque)
{
	free(deque->ring);
	deque->ring = NULL;
	deque->capacity = deque->n = 0;
}

static struct deque_entry *
entry_at(const struct deque *deque, size_t i)
{
	return &deque->ring[(deque->first + i) & (deque->capacity - 1)];
}

static bool
resize(struct deque *deque, size_t capacity)
{
	struct deque_entry *ring;
	size_t i;

	if (capacity > SIZE_MAX / sizeof(*ring))
		return false;
	ring = malloc(capacity * sizeof(*ring));
	if (!ring)
		return false;
	for (i = 0; i < deque->n; i++)
		ring[i] = *entry_at(deque, i);
	free(deque->ring);
	deque->ring = ring;
	deque->capacity = capacity;
	deque->first = 0;
	return true;
}

static void
shrink(struct deque *deque)
{
	/* failing to is no harm */
	if (deque->capacity > SMALLEST &&
	    deque->n + deque->kept <= deque->capacity / 4)
		resize(deque, deque->capacity / 2);
}

bool
deque_push(struct deque *deque, void *data)
{
	if (deque->n + deque->kept == deque->capacity &&
	    !resize(deque, deque->capacity ? deque->capacity * 2 : SMALLEST))
		return false;
	*entry_at(deque, deque->n++) = (struct deque_entry){ deque->next_rank++,
							     data };
	return true;
}

struct deque_entry
deque_lend(struct deque *deque)
{
	struct deque_entry entry = *entry_at(deque, 0);

	deque->first = (deque->first + 1) & (deque->capacity - 1);
	deque->n--;
	deque->kept++;
	return entry;
}

struct deque_entry
deque_pop(struct deque *deque)
{
	struct deque_entry entry = deque_lend(deque);

	deque_release(deque, 1);
	return entry;
}

void
deque_put_back(struct deque *deque, struct deque_entry entry)
{
	size_t i = 0;

	/* what comes back was near the front, so only a few are moved */
	deque->first = (deque->first - 1) & (deque->capacity - 1);
	deque->n++;
	deque->kept--;
	for (; i + 1 < deque->n && entry_at(deque, i + 1)->rank < entry.rank;
	     i++)
		*entry_at(deque, i) = *entry_at(deque, i + 1);
	*entry_at(deque, i) = entry;
}

void
deque_release(struct deque *deque, size_t n)
{
	deque->kept -= n;
	shrink(deque);
}

struct deque_entry
deque_at(const struct deque *deque, size_t i)
{
	return *entry_at(deque, i);
}
