/*
 * A sequence of values with quick access anywhere: a counted B+-tree.
 *
 * The values lie packed in leaves, as cells (cell.h) without a gap. Every
 * inner node knows how many are below each of its children, so that an index
 * finds its leaf in three or four steps at ten million; in the leaf the cells
 * are counted off. Both ends are as near as the root. A short sequence is one
 * small leaf that grows; an empty one takes no memory.
 *
 * All indexes must be in range. Whatever fails leaves the sequence as it was.
 */
#ifndef MPROXY_SERVER_CONTAINERS_TREE_H
#define MPROXY_SERVER_CONTAINERS_TREE_H

#include "server/containers/cell.h"

struct tree_node;

/* More than any memory can fill; an insertion past it is refused. */
#define TREE_MAX_HEIGHT 16

/* To whom a tree belongs: what it asks and tells about the memory it takes,
 * and what becomes of an item outside when its cell is dropped. */
struct tree_owner {
	bool (*charge)(void *context, size_t size); /* false: refused */
	void (*discharge)(void *context, size_t size);
	void (*drop)(void *context, struct item *item);
};

struct tree {
	struct tree_node *root; /* NULL when empty */
	size_t n;
	const struct tree_owner *owner;
	void *context;
};

/*
 * Parts cut off, to be freed a little at a time. All zero when empty.
 */
struct tree_waste {
	struct tree_node *first;
	bool borrowed; /* the items outside belong to somebody else */
};

/* What the cells of a run, or of a leaf, may be. */
enum tree_kinds {
	TREE_INTS = 0,	  /* nothing but integers */
	TREE_MIXED = 1,	  /* something else among them */
	TREE_OUTSIDE = 2, /* some lie outside */
};

/* Cells one behind the other. */
struct tree_run {
	const uint8_t *cells;
	size_t size; /* bytes */
	size_t n;
	unsigned kinds;
};

void tree_init(struct tree *tree, const struct tree_owner *owner,
	       void *context);

static inline unsigned
tree_kinds_of(const uint8_t *cell)
{
	if (cell_is_int(cell))
		return TREE_INTS;
	return cell_is_outside(cell) ? TREE_MIXED | TREE_OUTSIDE : TREE_MIXED;
}

static inline struct tree_run
tree_run_of(struct span cell)
{
	return (struct tree_run){ cell.data, cell.size, 1,
				  tree_kinds_of(cell.data) };
}

/* The cell at index, valid until the tree changes. */
const uint8_t *tree_get(const struct tree *tree, size_t index);

/* Puts a cell in the place of another, which is dropped. 0 or
 * MPROXY_ERR_NO_MEMORY. */
int tree_set(struct tree *tree, size_t index, struct span cell);

/*
 * Puts copies of cells before the one at index; index may be the length. 0, or
 * MPROXY_ERR_NO_MEMORY: then none is in, and items outside are still the
 * caller's. Slow only by what it copies.
 */
int tree_insert(struct tree *tree, size_t index, const struct tree_run *run);

/* Drops one. Needs no memory. */
void tree_remove(struct tree *tree, size_t index);

/*
 * Takes out from … to - 1, in a time that does not depend on how many: whole
 * nodes move into waste; the few cells beside them are dropped at once. Needs
 * no memory.
 */
void tree_remove_range(struct tree *tree, size_t from, size_t to,
		       struct tree_waste *waste);

/* Takes out everything at once. */
void tree_remove_all(struct tree *tree, struct tree_waste *waste);

/*
 * Frees some of the waste of a tree of the same owner. An item that is dropped
 * is one of the budget, and so are 128 bytes of a node. True when all is
 * freed.
 */
bool tree_waste_free(const struct tree *tree, struct tree_waste *waste,
		     size_t budget);

void tree_waste_each(const struct tree_waste *waste,
		     void (*visit)(void *context, const uint8_t *cell),
		     void *context);

/* Drops everything in one go. The tree is empty after, and can be used. */
void tree_clear(struct tree *tree);

/* Walks from some index to the end. Any change of the tree ends its use. */
struct tree_cursor {
	struct tree_node *leaf; /* NULL in an empty tree */
	unsigned place;		/* of the next cell in the leaf */
	unsigned offset;	/* where it begins */
	unsigned depth;
	struct {
		struct tree_node *node;
		unsigned slot;
	} path[TREE_MAX_HEIGHT]; /* from the root down to above the leaf */
};

/* index may be the length. */
void tree_seek(const struct tree *tree, size_t index,
	       struct tree_cursor *ret_cursor);
const uint8_t *tree_next(struct tree_cursor *cursor); /* NULL after the last */

/* The cells from here on, up to max of them, that lie in one leaf: none after
 * the last. */
struct tree_run tree_next_run(struct tree_cursor *cursor, size_t max);

/* The cell that is next, and its removal. There must be one. */
const uint8_t *tree_peek(const struct tree_cursor *cursor);
void tree_remove_at(struct tree *tree, const struct tree_cursor *cursor);

/* NULL, or the sentence about itself that does not hold. Slow: for tests. */
const char *tree_check(const struct tree *tree);

#endif
