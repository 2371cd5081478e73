/*
 * Why blocks are kept: a call makes and frees a value or two, and to take their
 * memory from malloc() and give it back was an eighth of all its instructions.
 * A thread keeps what it frees, whoever made it, up to a few; so it need not be
 * locked. A thread that never called a manager keeps nothing, for nobody would
 * be told of its end.
 */
#include <stdlib.h>

#include "proto/sanitize.h"
#include "value-inside.h"

#define KEPT_MAX 32

/* One that is kept. */
struct value_block {
	struct value_block *next;
};

static _Thread_local struct {
	struct value_block *blocks;
	unsigned room; /* for how many more */
} kept __attribute__((tls_model("initial-exec")));

void *
value_block_new(void)
{
	struct value_block *block = kept.blocks;

	if (!block)
		return malloc(VALUE_BLOCK);
	kept.blocks = block->next;
	kept.room++;
	return block;
}

void
value_block_free(void *memory)
{
	struct value_block *block = memory;

	if (kept.room == 0) {
		free(memory);
		return;
	}
	block->next = kept.blocks;
	kept.blocks = block;
	kept.room--;
}

void
value_blocks_keep(void)
{
	kept.room = SANITIZED ? 0 : KEPT_MAX;
}

void
value_blocks_forget(void)
{
	while (kept.blocks)
		free(value_block_new());
	kept.room = 0;
}
