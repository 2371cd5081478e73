/*
 * Taking out of a tree, which never needs memory, and freeing it.
 */
#include "server/containers/tree.h"

#include <string.h>

#include "server/containers/tree-node.h"

/* Closes the gap of a child that is gone. */
static void
remove_slot(struct tree_inner *parent, unsigned slot)
{
	unsigned behind = parent->node.n - slot - 1u;

	memmove(&parent->counts[slot], &parent->counts[slot + 1],
		behind * sizeof(parent->counts[0]));
	memmove(&parent->children[slot], &parent->children[slot + 1],
		behind * sizeof(parent->children[0]));
	parent->node.n--;
}

/* Moves the content of the child behind slot into the one in slot. */
static void
join(const struct tree *tree, struct tree_inner *parent, unsigned slot)
{
	struct tree_node *into = parent->children[slot];
	struct tree_node *from = parent->children[slot + 1];

	if (into->level) {
		struct tree_inner *a = tree_inner_of(into);
		struct tree_inner *b = tree_inner_of(from);

		memcpy(a->counts + into->n, b->counts,
		       from->n * sizeof(a->counts[0]));
		memcpy(a->children + into->n, b->children,
		       from->n * sizeof(a->children[0]));
	} else {
		memcpy(tree_leaf_of(into)->cells + into->used,
		       tree_leaf_of(from)->cells, from->used);
		into->used = (uint16_t)(into->used + from->used);
		into->kinds |= from->kinds;
	}
	into->n = (uint16_t)(into->n + from->n);
	parent->counts[slot] += parent->counts[slot + 1];
	tree_node_free(tree, from);
	remove_slot(parent, slot + 1);
}

/* How full a node is, of how much. */
static unsigned
fill_of(const struct tree_node *node)
{
	return node->level ? node->n : node->used;
}

/*
 * Sees to a child that has lost something: an empty one goes, a sparse one is
 * joined with a neighbour. True if the parent has one child less now.
 */
static bool
settle_child(const struct tree *tree, struct tree_inner *parent, unsigned slot)
{
	struct tree_node *child = parent->children[slot];
	unsigned most = child->level ? TREE_INNER_MAX : TREE_LEAF_MAX;
	unsigned room = most - most / 4;
	unsigned fill = fill_of(child);

	if (child->n == 0) {
		tree_node_free(tree, child);
		remove_slot(parent, slot);
		return true;
	}
	if (fill > most / 4)
		return false;
	if (slot > 0 && fill_of(parent->children[slot - 1]) + fill <= room) {
		join(tree, parent, slot - 1);
		return true;
	}
	if (slot + 1u < parent->node.n &&
	    fill_of(parent->children[slot + 1]) + fill <= room) {
		join(tree, parent, slot);
		return true;
	}
	return false;
}

static void
settle_empty(struct tree *tree)
{
	if (tree->root && tree->root->n == 0) {
		tree_node_free(tree, tree->root);
		tree->root = NULL;
	}
	tree_settle_root(tree);
}

/* Closes the gap of cells that are gone. */
static void
close_gap(struct tree_leaf *leaf, unsigned from, unsigned to, unsigned n)
{
	struct tree_node *node = &leaf->node;

	memmove(leaf->cells + from, leaf->cells + to, node->used - to);
	if (node->known.offset >= to) {
		node->known.offset = (uint16_t)(node->known.offset -
						(to - from));
		node->known.place = (uint16_t)(node->known.place - n);
	} else if (node->known.offset > from) {
		node->known.place = node->known.offset = 0;
	}
	leaf->node.used = (uint16_t)(leaf->node.used - (to - from));
	leaf->node.n = (uint16_t)(leaf->node.n - n);
}

void
tree_remove_at(struct tree *tree, const struct tree_cursor *cursor)
{
	const uint8_t *cell = tree_peek(cursor);
	unsigned size = (unsigned)cell_size(cell);

	if (cell_is_outside(cell))
		tree->owner->drop(tree->context, cell_item(cell));
	close_gap(tree_leaf_of(cursor->leaf), cursor->offset,
		  cursor->offset + size, 1);
	tree_recount(tree, cursor, -1);
	for (unsigned i = cursor->depth; i-- > 0;)
		if (!settle_child(tree, tree_inner_of(cursor->path[i].node),
				  cursor->path[i].slot))
			break;
	settle_empty(tree);
}

void
tree_remove(struct tree *tree, size_t index)
{
	struct tree_cursor cursor;

	tree_seek(tree, index, &cursor);
	tree_remove_at(tree, &cursor);
}

/* --- ranges --- */

static void
waste_push(struct tree_waste *waste, struct tree_node *node)
{
	node->next = waste->first;
	waste->first = node;
}

/* Drops what lies outside, of the cells from … to - 1 bytes; gives how many
 * they are. */
static size_t
drop_items(const struct tree *tree, const struct tree_leaf *leaf, unsigned from,
	   unsigned to)
{
	size_t n = 0;

	if (!(leaf->node.kinds & TREE_OUTSIDE))
		return 0;
	while (from < to) {
		const uint8_t *cell = leaf->cells + from;

		from += (unsigned)cell_size(cell);
		if (!cell_is_outside(cell))
			continue;
		tree->owner->drop(tree->context, cell_item(cell));
		n++;
	}
	return n;
}

static void
cut_leaf(const struct tree *tree, struct tree_leaf *leaf, unsigned from,
	 unsigned to, const struct tree_waste *waste)
{
	unsigned begin = tree_leaf_find(leaf, from);
	unsigned end = tree_leaf_find(leaf, to);

	if (!waste->borrowed)
		drop_items(tree, leaf, begin, end);
	close_gap(leaf, begin, end, to - from);
}

static size_t
clamp(size_t at, size_t start, size_t count)
{
	return at <= start ? 0 : at - start >= count ? count : at - start;
}

/* Cuts from … to - 1 out of what is below node. As deep as the tree. */
static void
cut(const struct tree *tree, struct tree_node *node, size_t from, size_t to,
    struct tree_waste *waste)
{
	struct tree_inner *inner = tree_inner_of(node);
	unsigned kept = 0;
	unsigned edge = 0; /* the first child behind the cut */
	size_t start = 0;

	if (node->level == 0) {
		cut_leaf(tree, tree_leaf_of(node), (unsigned)from, (unsigned)to,
			 waste);
		return;
	}
	for (unsigned i = 0; i < node->n; i++) {
		size_t count = inner->counts[i];
		size_t first = clamp(from, start, count);
		size_t last = clamp(to, start, count);

		start += count;
		if (start <= from)
			edge = kept + 1;
		if (last - first == count) {
			waste_push(waste, inner->children[i]);
			continue;
		}
		if (first < last)
			cut(tree, inner->children[i], first, last, waste);
		inner->counts[kept] = count - (last - first);
		inner->children[kept++] = inner->children[i];
	}
	node->n = (uint16_t)kept;
	/* only the children next to the cut may have become sparse */
	for (unsigned i = edge + 2; i-- > (edge ? edge - 1 : 0);)
		if (i < node->n)
			settle_child(tree, inner, i);
}

void
tree_remove_range(struct tree *tree, size_t from, size_t to,
		  struct tree_waste *waste)
{
	if (from >= to)
		return;
	if (to - from == tree->n) {
		tree_remove_all(tree, waste);
		return;
	}
	cut(tree, tree->root, from, to, waste);
	tree->n -= to - from;
	settle_empty(tree);
}

void
tree_remove_all(struct tree *tree, struct tree_waste *waste)
{
	if (tree->root)
		waste_push(waste, tree->root);
	tree->root = NULL;
	tree->n = 0;
}

bool
tree_waste_free(const struct tree *tree, struct tree_waste *waste,
		size_t budget)
{
	struct tree_node *node;

	while ((node = waste->first)) {
		size_t cost;

		if (budget == 0)
			return false;
		if (node->level && node->n > 0) {
			waste_push(waste,
				   tree_inner_of(node)->children[--node->n]);
			continue;
		}
		waste->first = node->next;
		cost = 1 + tree_node_size(node->level, node->capacity) / 128;
		if (node->level == 0 && !waste->borrowed)
			cost += drop_items(tree, tree_leaf_of(node), 0,
					   node->used);
		tree_node_free(tree, node);
		budget -= budget < cost ? budget : cost;
	}
	return true;
}

static void
node_each(struct tree_node *node,
	  void (*visit)(void *context, const uint8_t *cell), void *context)
{
	const struct tree_leaf *leaf = tree_leaf_of(node);
	size_t offset = 0;

	for (unsigned i = 0; i < node->n; i++) {
		if (node->level) {
			node_each(tree_inner_of(node)->children[i], visit,
				  context);
			continue;
		}
		visit(context, leaf->cells + offset);
		offset += cell_size(leaf->cells + offset);
	}
}

void
tree_waste_each(const struct tree_waste *waste,
		void (*visit)(void *context, const uint8_t *cell),
		void *context)
{
	for (struct tree_node *node = waste->first; node; node = node->next)
		node_each(node, visit, context);
}

void
tree_clear(struct tree *tree)
{
	struct tree_waste waste = { 0 };

	tree_remove_all(tree, &waste);
	tree_waste_free(tree, &waste, SIZE_MAX);
}
