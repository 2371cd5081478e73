/*
 * A sequence of pointers with quick access anywhere: a counted B+-tree.
 *
 * The pointers sit in leaves of up to 128; every inner node knows how many
 * pointers are below each of its children, so that an index finds its leaf in
 * three or four steps at a million. Both ends are as near as the root. A short
 * sequence is one leaf that grows; an empty one takes no memory.
 *
 * The pointers are never looked at, only handed back; they must not be NULL.
 * All indexes must be in range. Whatever fails leaves the sequence as it was.
 */
#ifndef MPROXY_SERVER_CONTAINERS_TREE_H
#define MPROXY_SERVER_CONTAINERS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tree_node;

/* More than any memory can fill; an insertion past it is refused. */
#define TREE_MAX_HEIGHT 16

struct tree {
	struct tree_node *root; /* NULL when empty */
	size_t n;
};

#define TREE_INIT                                                              \
	{                                                                      \
	}

/*
 * Parts cut off, to be freed a little at a time. All zero when empty.
 */
struct tree_waste {
	struct tree_node *first;
};

void *tree_get(const struct tree *tree, size_t index);

/* Puts item in the place of another, which is given to the caller. */
void *tree_set(struct tree *tree, size_t index, void *item);

/*
 * Puts n items before the one at index; index may be the length. 0, or
 * MPROXY_ERR_NO_MEMORY: then none is in. Slow only by what it copies: items
 * at an end or in one place cost a few nanoseconds each.
 */
int tree_insert(struct tree *tree, size_t index, void *const *items, size_t n);
int tree_append(struct tree *tree, void *item);

/* Takes one out; it is given to the caller. Needs no memory. */
void *tree_remove(struct tree *tree, size_t index);

/*
 * Takes out from … to - 1, in a time that does not depend on how many: whole
 * nodes move into waste; the few items beside them are given to drop() at
 * once (which may be NULL). Needs no memory.
 */
void tree_remove_range(struct tree *tree, size_t from, size_t to,
		       struct tree_waste *waste,
		       void (*drop)(void *context, void *item), void *context);

/* Takes out everything at once. */
void tree_remove_all(struct tree *tree, struct tree_waste *waste);

/*
 * Frees some of the waste, giving about budget items to drop(). True when all
 * is freed. drop may be NULL: the items belong to somebody else.
 */
bool tree_waste_free(struct tree_waste *waste, size_t budget,
		     void (*drop)(void *context, void *item), void *context);

void tree_waste_each(const struct tree_waste *waste,
		     void (*visit)(void *context, void *item), void *context);

/* Frees the nodes, not the items, all in one go. The tree is empty after. */
void tree_deinit(struct tree *tree);

/* Walks from some index to the end. Any change of the tree ends its use. */
struct tree_cursor {
	struct tree_node *leaf; /* NULL in an empty tree */
	unsigned place;		/* of the next item in the leaf */
	unsigned depth;
	struct {
		struct tree_node *node;
		unsigned slot;
	} path[TREE_MAX_HEIGHT]; /* from the root down to above the leaf */
};

/* index may be the length. */
void tree_seek(const struct tree *tree, size_t index,
	       struct tree_cursor *ret_cursor);
void *tree_next(struct tree_cursor *cursor); /* NULL after the last */

/* NULL, or the sentence about itself that does not hold. Slow: for tests. */
const char *tree_check(const struct tree *tree);

#endif
