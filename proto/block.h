/*
 * Large pieces of memory, a few of which are kept when they are freed.
 *
 * A block comes from malloc() and may be given to free() and realloc() like
 * any other memory. One that comes by these functions and goes by block_free()
 * is found again, with its pages, by the next that wants as much. For any
 * thread.
 */
#ifndef MPROXY_PROTO_BLOCK_H
#define MPROXY_PROTO_BLOCK_H

#include <stddef.h>
#include <stdlib.h>

/* From here on malloc() asks the system each time. */
#define BLOCK_LARGE ((size_t)128 << 10)

/* What is kept at most, in all: one largest value, as the default has it, and
 * a bit. */
#define BLOCK_KEPT_MAX ((size_t)80 << 20)

void *block_alloc_large(size_t size);
void block_free_large(void *block);

/* At least size bytes, not zeroed; NULL without memory. */
static inline void *
block_alloc(size_t size)
{
	return size < BLOCK_LARGE ? malloc(size) : block_alloc_large(size);
}

/* size: as it was asked for, or less. NULL is fine. */
static inline void
block_free(void *block, size_t size)
{
	if (size < BLOCK_LARGE)
		free(block);
	else
		block_free_large(block);
}

/*
 * A larger one with the first used bytes of this one, which is gone then. NULL
 * without memory; then this one is still there. block NULL: as block_alloc().
 */
void *block_grow(void *block, size_t used, size_t size);

/* A kept block of at least size bytes, when there is one, or NULL: takes no
 * memory that is not taken already. */
void *block_find(size_t size);

/* How much there is in it, which may be more than was asked for. */
size_t block_size(void *block);

/* Frees what is kept. Both sides do when a connection ends: what its values
 * needed is not to outlast it. */
void block_forget(void);

#endif
