/*
 * Why not malloc for every field: a small call would cost four allocations,
 * and a hostile message could claim far more memory than it has bytes. Here
 * one number bounds it all, and giving back is one step.
 */
#include <stdlib.h>

#include "arena.h"

#define ALIGN 16
#define FIRST_BLOCK 4096
#define LARGEST_BLOCK ((size_t)1 << 20)
/* A larger block is not kept from message to message. */
#define KEEP_BLOCK ((size_t)64 << 10)

struct arena_block {
	struct arena_block *older;
	size_t size; /* of data */
	_Alignas(ALIGN) uint8_t data[];
};

static void *
allocator_alloc(void *context, size_t size)
{
	return arena_alloc(context, size);
}

static void
allocator_free(void *context, void *pointer)
{
	(void)context;
	(void)pointer;
}

void
arena_init(struct arena *arena, size_t budget)
{
	*arena = (struct arena){
		.allocator = {
			.alloc = allocator_alloc,
			.free = allocator_free,
			.allocator_data = arena,
		},
		.budget = budget,
	};
}

static void
free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *older = block->older;

		free(block);
		block = older;
	}
}

void
arena_deinit(struct arena *arena)
{
	free_blocks(arena->blocks);
	arena_init(arena, 0);
}

void
arena_reset_slowly(struct arena *arena, size_t budget)
{
	struct arena_block *block = arena->blocks;

	arena->used = 0;
	arena->budget = budget;
	arena->failed = false;
	if (!block)
		return;
	free_blocks(block->older);
	block->older = NULL;
	if (block->size > KEEP_BLOCK) {
		free(block);
		block = NULL;
	}
	arena->blocks = block;
	arena->start = block ? block->data : NULL;
	arena->next = arena->start;
	arena->room = block ? block->size : 0;
}

/* Blocks double, so that their number stays small, but never past what the
 * budget leaves: memory taken stays in proportion to memory asked for. */
static bool
add_block(struct arena *arena, size_t size)
{
	size_t left = arena->budget - arena->used;
	size_t want = arena->blocks ? arena->blocks->size * 2 : FIRST_BLOCK;
	struct arena_block *block;

	if (want > LARGEST_BLOCK)
		want = LARGEST_BLOCK;
	if (want > left)
		want = left;
	if (want < size)
		want = size;
	block = malloc(sizeof(*block) + want);
	if (!block)
		return false;
	block->older = arena->blocks;
	block->size = want;
	arena->blocks = block;
	arena->start = block->older || want > KEEP_BLOCK ? NULL : block->data;
	arena->next = block->data;
	arena->room = want;
	return true;
}

void *
arena_alloc_slowly(struct arena *arena, size_t size)
{
	size_t rounded = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	void *pointer;

	if (rounded < size || rounded > arena->budget - arena->used ||
	    (rounded > arena->room && !add_block(arena, rounded))) {
		arena->failed = true;
		return NULL;
	}
	pointer = arena->next;
	arena->next += rounded;
	arena->room -= rounded;
	arena->used += rounded;
	return pointer;
}
