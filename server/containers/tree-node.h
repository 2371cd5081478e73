/*
 * The insides of a tree, shared by its files.
 *
 * No node is empty. A node need not be half full: one that has become sparse
 * is joined with a neighbour if the two leave room to grow, which keeps two
 * neighbours together from getting sparse, and needs no memory.
 */
#ifndef MPROXY_SERVER_CONTAINERS_TREE_NODE_H
#define MPROXY_SERVER_CONTAINERS_TREE_NODE_H

#include "server/containers/tree.h"

#define TREE_LEAF_MAX 128u
#define TREE_LEAF_MIN 4u /* room in the first leaf of a short sequence */
#define TREE_INNER_MAX 64u

struct tree_node {
	struct tree_node *next; /* in waste */
	uint16_t n;
	uint16_t capacity; /* only a leaf that is the root has less room */
	uint16_t level;	   /* 0: a leaf */
};

struct tree_leaf {
	struct tree_node node;
	void *items[];
};

struct tree_inner {
	struct tree_node node;
	size_t counts[TREE_INNER_MAX]; /* items below each child */
	struct tree_node *children[TREE_INNER_MAX];
};

static inline struct tree_leaf *
tree_leaf_of(struct tree_node *node)
{
	return (struct tree_leaf *)(void *)node;
}

static inline struct tree_inner *
tree_inner_of(struct tree_node *node)
{
	return (struct tree_inner *)(void *)node;
}

/* Goes to the item at index, or behind the last one. */
void tree_descend(const struct tree *tree, size_t index,
		  struct tree_cursor *ret_cursor);

/* Adds to the counts above the cursor's leaf; by may be negative. */
void tree_recount(struct tree *tree, const struct tree_cursor *cursor,
		  ptrdiff_t by);

/* Lets go of roots that have one child only. */
void tree_settle_root(struct tree *tree);

#endif
