/*
 * Why blocks are kept: malloc() gets large memory from the system, page by
 * page as it is touched, and gives it back at once. Having 16 MiB of it
 * cleared anew takes ten times as long as sending them through a socket.
 *
 * Why they are not marked MADV_FREE while they are kept: writing to them again
 * takes three times as long then.
 */
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "block.h"
#include "sanitize.h"

#define N_SLOTS 4

/* At the beginning of one that is kept. */
struct kept {
	size_t size;
};

static struct kept *_Atomic slots[N_SLOTS];
static atomic_size_t total;
static atomic_uint turn; /* whose turn it is to give way */

static struct kept *
take_from(size_t slot)
{
	struct kept *kept = atomic_exchange(&slots[slot], NULL);

	if (kept)
		atomic_fetch_sub(&total, kept->size);
	return kept;
}

static void
drop(size_t slot)
{
	free(take_from(slot));
}

static void
put_into(size_t slot, struct kept *kept)
{
	struct kept *before;

	atomic_fetch_add(&total, kept->size);
	before = atomic_exchange(&slots[slot], kept);
	if (before)
		atomic_fetch_sub(&total, before->size);
	free(before);
}

/* Not more than twice what is wanted: the rest would lie idle. */
static bool
fits(const struct kept *kept, size_t size)
{
	return kept->size >= size && kept->size / 2 <= size;
}

void *
block_find(size_t size)
{
	for (size_t i = 0; i < N_SLOTS; i++) {
		struct kept *kept = take_from(i);

		if (kept && fits(kept, size))
			return kept;
		if (kept)
			put_into(i, kept);
	}
	return NULL;
}

void *
block_alloc_large(size_t size)
{
	void *block = block_find(size);

	return block ? block : malloc(size);
}

static size_t
slot_for(size_t size)
{
	size_t slot;

	for (slot = 0; slot < N_SLOTS; slot++)
		if (!atomic_load(&slots[slot]))
			break;
	if (slot == N_SLOTS)
		slot = atomic_fetch_add(&turn, 1) % N_SLOTS;
	for (size_t i = 0; i < N_SLOTS; i++)
		if (atomic_load(&total) + size > BLOCK_KEPT_MAX)
			drop((slot + i) % N_SLOTS);
	return slot;
}

void
block_free_large(void *block)
{
	size_t size = block_size(block);
	struct kept *kept = block;

	if (SANITIZED || !block || size < BLOCK_LARGE ||
	    size > BLOCK_KEPT_MAX) {
		free(block);
		return;
	}
	kept->size = size;
	put_into(slot_for(size), kept);
}

void *
block_grow(void *block, size_t used, size_t size)
{
	void *larger = size < BLOCK_LARGE ? NULL : block_find(size);

	if (!larger)
		return realloc(block, size);
	if (used > 0)
		memcpy(larger, block, used);
	free(block);
	return larger;
}

size_t
block_size(void *block)
{
	return malloc_usable_size(block);
}

void
block_forget(void)
{
	for (size_t i = 0; i < N_SLOTS; i++)
		drop(i);
}
