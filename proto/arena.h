/*
 * An arena: memory given out by moving a pointer, given back all at once.
 *
 * Decoding a message allocates only here. The budget bounds what a message
 * may take, whatever it claims: protobuf-c turns 1 MiB of input into up to
 * 63 MiB otherwise. Past the budget, or without memory, allocation gives NULL
 * and the decoder fails cleanly.
 */
#ifndef MPROXY_PROTO_ARENA_H
#define MPROXY_PROTO_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

struct arena_block;

struct arena {
	ProtobufCAllocator allocator; /* pass &arena->allocator to unpack */
	struct arena_block *blocks;
	uint8_t *start; /* of the only block, if it is one to be kept */
	uint8_t *next;
	size_t room;   /* bytes left in the newest block */
	size_t used;   /* bytes given out since the last reset */
	size_t budget; /* ceiling for used */
	bool failed;   /* an allocation gave NULL since the last reset */
};

/* An empty arena; takes no memory before it is used. Must not be moved after:
 * its allocator points at it. */
void arena_init(struct arena *arena, size_t budget);
void arena_deinit(struct arena *arena);

/* The two below, where it is not done in a few steps. */
void arena_reset_slowly(struct arena *arena, size_t budget);
void *arena_alloc_slowly(struct arena *arena, size_t size);

/* Takes back everything given out; keeps one block, unless it is big. Sets a
 * new budget. */
static inline void
arena_reset(struct arena *arena, size_t budget)
{
	if (!arena->start) {
		arena_reset_slowly(arena, budget);
		return;
	}
	arena->room += (size_t)(arena->next - arena->start);
	arena->next = arena->start;
	arena->used = 0;
	arena->budget = budget;
	arena->failed = false;
}

/* 16-byte aligned, rounded up to 16 bytes, not zeroed; NULL past the budget or
 * without memory. */
static inline void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded = (size + 15) & ~(size_t)15;
	uint8_t *pointer = arena->next;

	if (rounded < size || rounded > arena->room ||
	    rounded > arena->budget - arena->used)
		return arena_alloc_slowly(arena, size);
	arena->next += rounded;
	arena->room -= rounded;
	arena->used += rounded;
	return pointer;
}

#endif
