/*
 * Counting off the cells of a leaf, and walking from leaf to leaf.
 *
 * Of a leaf with nothing but integers many bytes are counted at once: each
 * cell has one byte without its top bit, the last one; so it can be walked
 * from behind as well. In other leaves the cells are larger, and fewer; such a
 * leaf knows one place from which to count on.
 */
#include <endian.h>
#include <string.h>

#include "server/containers/tree-node.h"

/* --- in a leaf --- */

#define WORD ((ptrdiff_t)sizeof(uint64_t))
#define BLOCK (4 * WORD)

/* The lowest bit of each of eight bytes that end a cell; the first byte is the
 * lowest. */
static uint64_t
ends_of(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return ~le64toh(word) >> 7 & UINT64_C(0x0101010101010101);
}

/* The sum of eight bytes, if it is less than 256. */
static unsigned
sum_of(uint64_t bytes)
{
	return (unsigned)(bytes * UINT64_C(0x0101010101010101) >> 56);
}

static unsigned
count_ends(const uint8_t *block)
{
	return sum_of(ends_of(block) + ends_of(block + WORD) +
		      ends_of(block + 2 * WORD) + ends_of(block + 3 * WORD));
}

/* To behind the end of cell number n, counted from 1. */
static unsigned
skip_ints(const struct tree_leaf *leaf, unsigned n)
{
	const uint8_t *end = leaf->cells + leaf->node.used;
	const uint8_t *at = leaf->cells;
	uint64_t ends;
	unsigned sum;

	for (; end - at >= BLOCK && (sum = count_ends(at)) < n; at += BLOCK)
		n -= sum;
	for (; end - at >= WORD; at += WORD) {
		ends = ends_of(at);
		sum = sum_of(ends);
		if (sum < n) {
			n -= sum;
			continue;
		}
		while (--n > 0)
			ends &= ends - 1;
		at += __builtin_ctzll(ends) / 8 + 1;
		return (unsigned)(at - leaf->cells);
	}
	while (n > 0)
		n -= !(*at++ & 0x80);
	return (unsigned)(at - leaf->cells);
}

/* Over the last n cells: to behind the end of the one before them. */
static unsigned
skip_ints_back(const struct tree_leaf *leaf, unsigned n)
{
	const uint8_t *at = leaf->cells + leaf->node.used;
	unsigned sum;

	for (; at - leaf->cells >= BLOCK && (sum = count_ends(at - BLOCK)) <= n;
	     at -= BLOCK)
		n -= sum;
	for (; at - leaf->cells >= WORD &&
	       (sum = sum_of(ends_of(at - WORD))) <= n;
	     at -= WORD)
		n -= sum;
	for (; at > leaf->cells; at--)
		if (!(at[-1] & 0x80) && n-- == 0)
			break;
	return (unsigned)(at - leaf->cells);
}

static unsigned
skip(const struct tree_leaf *leaf, unsigned offset, unsigned n)
{
	while (n-- > 0)
		offset += (unsigned)cell_size(leaf->cells + offset);
	return offset;
}

/* From what is known of the leaf. A place a little before this one is noted:
 * who takes from the end, or goes back, need not begin anew each time. */
static unsigned
skip_mixed(struct tree_leaf *leaf, unsigned place)
{
	unsigned near = place > 8 ? place - 8 : 0;
	unsigned known = leaf->node.known.place;
	unsigned offset = leaf->node.known.offset;

	if (known > place)
		known = offset = 0;
	if (known < near) {
		offset = skip(leaf, offset, near - known);
		leaf->node.known.place = (uint16_t)near;
		leaf->node.known.offset = (uint16_t)offset;
		known = near;
	}
	return skip(leaf, offset, place - known);
}

unsigned
tree_leaf_find(struct tree_leaf *leaf, unsigned place)
{
	if (place == leaf->node.n)
		return leaf->node.used;
	if (place == 0)
		return 0;
	if (leaf->node.kinds != TREE_INTS)
		return skip_mixed(leaf, place);
	if (place <= leaf->node.n / 2u)
		return skip_ints(leaf, place);
	return skip_ints_back(leaf, leaf->node.n - place);
}

/* --- from leaf to leaf --- */

/* Goes on to the beginning of the next leaf, if there is one. */
static bool
next_leaf(struct tree_cursor *cursor)
{
	unsigned depth = cursor->depth;
	struct tree_node *node;

	while (depth && cursor->path[depth - 1].slot + 1u ==
				cursor->path[depth - 1].node->n)
		depth--;
	if (depth == 0)
		return false;
	cursor->path[depth - 1].slot++;
	for (;;) {
		node = tree_inner_of(cursor->path[depth - 1].node)
			       ->children[cursor->path[depth - 1].slot];
		if (depth == cursor->depth)
			break;
		cursor->path[depth].node = node;
		cursor->path[depth++].slot = 0;
	}
	cursor->leaf = node;
	cursor->place = 0;
	cursor->offset = 0;
	return true;
}

static bool
is_at_end(struct tree_cursor *cursor)
{
	return !cursor->leaf ||
	       (cursor->place == cursor->leaf->n && !next_leaf(cursor));
}

const uint8_t *
tree_peek(const struct tree_cursor *cursor)
{
	return tree_leaf_of(cursor->leaf)->cells + cursor->offset;
}

const uint8_t *
tree_next(struct tree_cursor *cursor)
{
	const uint8_t *cell;

	if (is_at_end(cursor))
		return NULL;
	cell = tree_peek(cursor);
	cursor->place++;
	cursor->offset += (unsigned)cell_size(cell);
	return cell;
}

struct tree_run
tree_next_run(struct tree_cursor *cursor, size_t max)
{
	struct tree_run run = { 0 };
	unsigned end;

	if (is_at_end(cursor))
		return run;
	run.cells = tree_peek(cursor);
	run.kinds = cursor->leaf->kinds;
	run.n = cursor->leaf->n - cursor->place;
	if (run.n > max)
		run.n = max;
	cursor->place += (unsigned)run.n;
	end = tree_leaf_find(tree_leaf_of(cursor->leaf), cursor->place);
	run.size = end - cursor->offset;
	cursor->offset = end;
	return run;
}
