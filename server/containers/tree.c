/*
 * Looking up and putting in.
 *
 * Full nodes are split on the way down, before anything else changes. Each
 * split by itself leaves a correct tree with the same content, so running out
 * of memory between two of them needs no repair. At the ends of the sequence
 * a full node is left full and the new one begins beside it: a list that only
 * grows has full leaves.
 */
#include "server/containers/tree.h"

#include <stdlib.h>
#include <string.h>

#include "mproxy/error.h"
#include "server/containers/tree-node.h"

/*
 * The child that holds *index, which becomes the index in there. Counts from
 * the nearer end, so that the ends of the sequence are found at once. A place
 * between two children is the beginning of the right one.
 */
static unsigned
find_slot(const struct tree_inner *inner, size_t total, size_t *index)
{
	unsigned slot;

	if (*index <= total / 2) {
		for (slot = 0; *index >= inner->counts[slot]; slot++)
			*index -= inner->counts[slot];
		return slot;
	}
	slot = inner->node.n;
	do
		total -= inner->counts[--slot];
	while (total > *index);
	*index -= total;
	return slot;
}

void
tree_descend(const struct tree *tree, size_t index,
	     struct tree_cursor *ret_cursor)
{
	struct tree_node *node = tree->root;
	size_t total = tree->n;

	ret_cursor->depth = 0;
	while (node && node->level) {
		struct tree_inner *inner = tree_inner_of(node);
		unsigned slot = find_slot(inner, total, &index);

		ret_cursor->path[ret_cursor->depth].node = node;
		ret_cursor->path[ret_cursor->depth++].slot = slot;
		total = inner->counts[slot];
		node = inner->children[slot];
	}
	ret_cursor->leaf = node;
	ret_cursor->place = (unsigned)index;
}

static void **
find(const struct tree *tree, size_t index)
{
	struct tree_node *node = tree->root;
	size_t total = tree->n;

	while (node->level) {
		struct tree_inner *inner = tree_inner_of(node);
		unsigned slot = find_slot(inner, total, &index);

		total = inner->counts[slot];
		node = inner->children[slot];
	}
	return &tree_leaf_of(node)->items[index];
}

void *
tree_get(const struct tree *tree, size_t index)
{
	return *find(tree, index);
}

void *
tree_set(struct tree *tree, size_t index, void *item)
{
	void **place = find(tree, index);
	void *old = *place;

	*place = item;
	return old;
}

void
tree_recount(struct tree *tree, const struct tree_cursor *cursor, ptrdiff_t by)
{
	tree->n += (size_t)by;
	for (unsigned i = 0; i < cursor->depth; i++) {
		struct tree_inner *inner = tree_inner_of(cursor->path[i].node);

		inner->counts[cursor->path[i].slot] += (size_t)by;
	}
}

void
tree_settle_root(struct tree *tree)
{
	while (tree->root && tree->root->level && tree->root->n == 1) {
		struct tree_node *old = tree->root;

		tree->root = tree_inner_of(old)->children[0];
		free(old);
	}
}

static struct tree_node *
node_new(unsigned level, unsigned capacity)
{
	size_t size = level ? sizeof(struct tree_inner)
			    : sizeof(struct tree_leaf) +
				      capacity * sizeof(void *);
	struct tree_node *node = malloc(size);

	if (!node)
		return NULL;
	node->next = NULL;
	node->n = 0;
	node->capacity = (uint16_t)capacity;
	node->level = (uint16_t)level;
	return node;
}

/* The root is a leaf, or nothing: makes it large enough for one leaf's worth
 * of n more. */
static int
grow_leaf(struct tree *tree, size_t n)
{
	size_t want = tree->n + n;
	unsigned capacity = tree->root ? tree->root->capacity : TREE_LEAF_MIN;
	struct tree_node *root;

	if (n > TREE_LEAF_MAX || want > TREE_LEAF_MAX)
		want = TREE_LEAF_MAX;
	while (capacity < want)
		capacity *= 2;
	if (!tree->root) {
		tree->root = node_new(0, capacity);
		return tree->root ? 0 : MPROXY_ERR_NO_MEMORY;
	}
	if (capacity == tree->root->capacity)
		return 0;
	root = realloc(tree->root,
		       sizeof(struct tree_leaf) + capacity * sizeof(void *));
	if (!root)
		return MPROXY_ERR_NO_MEMORY;
	root->capacity = (uint16_t)capacity;
	tree->root = root;
	return 0;
}

/* Puts a root above the root. */
static int
raise_root(struct tree *tree)
{
	unsigned level = tree->root->level + 1u;
	struct tree_node *node;

	if (level >= TREE_MAX_HEIGHT)
		return MPROXY_ERR_NO_MEMORY;
	node = node_new(level, TREE_INNER_MAX);
	if (!node)
		return MPROXY_ERR_NO_MEMORY;
	node->n = 1;
	tree_inner_of(node)->counts[0] = tree->n;
	tree_inner_of(node)->children[0] = tree->root;
	tree->root = node;
	return 0;
}

/* Moves what follows the first keep of a node into a fresh one; gives how
 * many items that are. */
static size_t
move_tail(struct tree_node *node, unsigned keep, struct tree_node *fresh)
{
	unsigned n = node->n - keep;
	size_t count = n;

	if (node->level) {
		struct tree_inner *from = tree_inner_of(node);
		struct tree_inner *to = tree_inner_of(fresh);

		memcpy(to->counts, from->counts + keep,
		       n * sizeof(to->counts[0]));
		memcpy(to->children, from->children + keep,
		       n * sizeof(to->children[0]));
		count = 0;
		for (unsigned i = 0; i < n; i++)
			count += to->counts[i];
	} else if (n) {
		memcpy(tree_leaf_of(fresh)->items,
		       tree_leaf_of(node)->items + keep, n * sizeof(void *));
	}
	node->n = (uint16_t)keep;
	fresh->n = (uint16_t)n;
	return count;
}

enum split_at { SPLIT_BEGIN, SPLIT_MIDDLE, SPLIT_END };

/* Splits the full child in slot; its parent has room. */
static int
split_child(struct tree_inner *parent, unsigned slot, enum split_at at)
{
	struct tree_node *child = parent->children[slot];
	struct tree_node *fresh = node_new(child->level, child->capacity);
	/* an inner node is never left without a child, not even for a moment */
	unsigned spare = child->level ? 1 : 0;
	unsigned keep = child->n / 2u;
	unsigned behind = parent->node.n - slot - 1u;
	size_t moved;

	if (!fresh)
		return MPROXY_ERR_NO_MEMORY;
	if (at == SPLIT_END)
		keep = child->n - spare;
	else if (at == SPLIT_BEGIN)
		keep = spare;
	moved = move_tail(child, keep, fresh);
	memmove(&parent->counts[slot + 2], &parent->counts[slot + 1],
		behind * sizeof(parent->counts[0]));
	memmove(&parent->children[slot + 2], &parent->children[slot + 1],
		behind * sizeof(parent->children[0]));
	parent->counts[slot] -= moved;
	parent->counts[slot + 1] = moved;
	parent->children[slot + 1] = fresh;
	parent->node.n++;
	return 0;
}

static bool
is_full(const struct tree_node *node)
{
	return node->n == (node->level ? TREE_INNER_MAX : TREE_LEAF_MAX);
}

/* Goes down to where index is, splitting what is full; the root is not. */
static int
descend_splitting(struct tree *tree, size_t index, struct tree_cursor *cursor)
{
	enum split_at at = index == tree->n ? SPLIT_END
			   : index == 0	    ? SPLIT_BEGIN
					    : SPLIT_MIDDLE;
	struct tree_node *node = tree->root;
	size_t total = tree->n;

	cursor->depth = 0;
	while (node->level) {
		struct tree_inner *inner = tree_inner_of(node);
		unsigned slot = find_slot(inner, total, &index);

		if (is_full(inner->children[slot])) {
			if (split_child(inner, slot, at) < 0)
				return MPROXY_ERR_NO_MEMORY;
			if (at == SPLIT_END || (at == SPLIT_MIDDLE &&
						index >= inner->counts[slot]))
				index -= inner->counts[slot++];
		}
		cursor->path[cursor->depth].node = node;
		cursor->path[cursor->depth++].slot = slot;
		total = inner->counts[slot];
		node = inner->children[slot];
	}
	cursor->leaf = node;
	cursor->place = (unsigned)index;
	return 0;
}

/* Finds the place for an item, with room for it and perhaps for more of the
 * n that are to come. */
static int
make_room(struct tree *tree, size_t index, size_t n, struct tree_cursor *cursor)
{
	int code = 0;

	if (!tree->root || tree->root->level == 0)
		code = grow_leaf(tree, n);
	if (code == 0 && is_full(tree->root))
		code = raise_root(tree);
	if (code == 0)
		code = descend_splitting(tree, index, cursor);
	if (code < 0)
		tree_settle_root(tree);
	return code;
}

int
tree_insert(struct tree *tree, size_t index, void *const *items, size_t n)
{
	size_t done = 0;

	while (done < n) {
		struct tree_cursor at;
		struct tree_leaf *leaf;
		size_t fits;

		if (make_room(tree, index + done, n - done, &at) < 0) {
			struct tree_waste waste = { 0 };

			tree_remove_range(tree, index, index + done, &waste,
					  NULL, NULL);
			tree_waste_free(&waste, SIZE_MAX, NULL, NULL);
			return MPROXY_ERR_NO_MEMORY;
		}
		leaf = tree_leaf_of(at.leaf);
		fits = (size_t)(leaf->node.capacity - leaf->node.n);
		if (fits > n - done)
			fits = n - done;
		memmove(leaf->items + at.place + fits, leaf->items + at.place,
			(leaf->node.n - at.place) * sizeof(void *));
		memcpy(leaf->items + at.place, items + done,
		       fits * sizeof(void *));
		leaf->node.n = (uint16_t)(leaf->node.n + fits);
		tree_recount(tree, &at, (ptrdiff_t)fits);
		done += fits;
	}
	return 0;
}

int
tree_append(struct tree *tree, void *item)
{
	return tree_insert(tree, tree->n, &item, 1);
}

void
tree_seek(const struct tree *tree, size_t index, struct tree_cursor *ret_cursor)
{
	tree_descend(tree, index, ret_cursor);
}

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
	return true;
}

void *
tree_next(struct tree_cursor *cursor)
{
	if (!cursor->leaf)
		return NULL;
	if (cursor->place == cursor->leaf->n && !next_leaf(cursor))
		return NULL;
	return tree_leaf_of(cursor->leaf)->items[cursor->place++];
}
