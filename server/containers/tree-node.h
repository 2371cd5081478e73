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

/*
 * Bytes for cells: with the head of the node and of the allocator 1040. Larger
 * leaves take a little less memory, and longer to change and to count off.
 */
#define TREE_LEAF_MAX 1016u
#define TREE_LEAF_MIN 24u /* room in the first leaf of a short sequence */
#define TREE_INNER_MAX 64u

struct tree_node {
	union {
		struct tree_node *next; /* in waste */
		struct {
			uint16_t place;
			uint16_t offset;
		} known; /* of a leaf: where one of its cells begins */
	};
	uint16_t n;	   /* cells or children */
	uint16_t used;	   /* of a leaf: bytes */
	uint16_t capacity; /* of a leaf: less in the root only */
	uint8_t level;	   /* 0: a leaf */
	uint8_t kinds;	   /* of a leaf: perhaps more than there are */
};

struct tree_leaf {
	struct tree_node node;
	uint8_t cells[];
};

struct tree_inner {
	struct tree_node node;
	size_t counts[TREE_INNER_MAX]; /* cells below each child */
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

/* What a node takes: the allocator adds its own word and rounds up. */
static inline size_t
tree_node_size(unsigned level, unsigned capacity)
{
	size_t size = level ? sizeof(struct tree_inner)
			    : sizeof(struct tree_leaf) + capacity;

	return (size + sizeof(size_t) + 15) & ~(size_t)15;
}

void tree_node_free(const struct tree *tree, struct tree_node *node);

/* Where in the leaf the cell number place begins. */
unsigned tree_leaf_find(struct tree_leaf *leaf, unsigned place);

/* Adds to the counts above the cursor's leaf; by may be negative. */
void tree_recount(struct tree *tree, const struct tree_cursor *cursor,
		  ptrdiff_t by);

/* Lets go of roots that have one child only. */
void tree_settle_root(struct tree *tree);

#endif
