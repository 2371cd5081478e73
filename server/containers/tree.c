/*
 * Looking up and putting in.
 *
 * Full nodes are split on the way down, the leaf last, before anything else
 * changes. Each split by itself leaves a correct tree with the same content,
 * so running out of memory between two of them needs no repair. At the ends
 * of the sequence a full node is left full and the new one begins beside it:
 * a list that only grows has full leaves. So has what many cells at once are
 * put into, because the leaf is split where they go in.
 */
#include "server/containers/tree.h"

#include <stdlib.h>
#include <string.h>

#include "mproxy/error.h"
#include "server/containers/tree-node.h"

/* More bytes at once than this are worth a leaf of their own. */
#define MANY_BYTES (TREE_LEAF_MAX / 2)

void
tree_init(struct tree *tree, const struct tree_owner *owner, void *context)
{
	*tree = (struct tree){ .owner = owner, .context = context };
}

/* --- finding --- */

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

static void
descend(const struct tree *tree, size_t index, struct tree_cursor *ret_cursor)
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

void
tree_seek(const struct tree *tree, size_t index, struct tree_cursor *ret_cursor)
{
	descend(tree, index, ret_cursor);
	ret_cursor->offset = 0;
	if (ret_cursor->leaf)
		ret_cursor->offset = tree_leaf_find(
			tree_leaf_of(ret_cursor->leaf), ret_cursor->place);
}

/* The leaf with the cell at index, and where in it that begins. */
static struct tree_leaf *
find(const struct tree *tree, size_t index, unsigned *ret_offset)
{
	struct tree_node *node = tree->root;
	size_t total = tree->n;
	struct tree_leaf *leaf;

	while (node->level) {
		struct tree_inner *inner = tree_inner_of(node);
		unsigned slot = find_slot(inner, total, &index);

		total = inner->counts[slot];
		node = inner->children[slot];
	}
	leaf = tree_leaf_of(node);
	*ret_offset = tree_leaf_find(leaf, (unsigned)index);
	return leaf;
}

const uint8_t *
tree_get(const struct tree *tree, size_t index)
{
	unsigned offset;
	const struct tree_leaf *leaf = find(tree, index, &offset);

	return leaf->cells + offset;
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

/* --- nodes --- */

static struct tree_node *
node_new(const struct tree *tree, unsigned level, unsigned capacity)
{
	size_t size = tree_node_size(level, capacity);
	struct tree_node *node;

	if (!tree->owner->charge(tree->context, size))
		return NULL;
	node = malloc(size - sizeof(size_t));
	if (!node) {
		tree->owner->discharge(tree->context, size);
		return NULL;
	}
	*node = (struct tree_node){
		.capacity = (uint16_t)capacity,
		.level = (uint8_t)level,
	};
	return node;
}

void
tree_node_free(const struct tree *tree, struct tree_node *node)
{
	tree->owner->discharge(tree->context,
			       tree_node_size(node->level, node->capacity));
	free(node);
}

void
tree_settle_root(struct tree *tree)
{
	while (tree->root && tree->root->level && tree->root->n == 1) {
		struct tree_node *old = tree->root;

		tree->root = tree_inner_of(old)->children[0];
		tree_node_free(tree, old);
	}
}

/* The root is a leaf, or nothing: makes it large enough for so many bytes
 * more, or as large as leaves are. */
static int
grow_leaf(struct tree *tree, size_t size)
{
	unsigned capacity = TREE_LEAF_MIN;
	struct tree_node *root;

	if (tree->root) {
		capacity = tree->root->capacity;
		size += tree->root->used;
	}
	while (capacity < size && capacity < TREE_LEAF_MAX)
		capacity = 2 * capacity + 8;
	if (tree->root && capacity == tree->root->capacity)
		return 0;
	root = node_new(tree, 0, capacity);
	if (!root)
		return MPROXY_ERR_NO_MEMORY;
	if (tree->root) {
		root->n = tree->root->n;
		root->used = tree->root->used;
		root->kinds = tree->root->kinds;
		memcpy(tree_leaf_of(root)->cells,
		       tree_leaf_of(tree->root)->cells, root->used);
		tree_node_free(tree, tree->root);
	}
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
	node = node_new(tree, level, 0);
	if (!node)
		return MPROXY_ERR_NO_MEMORY;
	node->n = 1;
	tree_inner_of(node)->counts[0] = tree->n;
	tree_inner_of(node)->children[0] = tree->root;
	tree->root = node;
	return 0;
}

/* --- splitting --- */

/* Makes fresh, which holds count cells, the child behind the one in slot. */
static void
put_child(struct tree_inner *parent, unsigned slot, struct tree_node *fresh,
	  size_t count)
{
	unsigned behind = parent->node.n - slot - 1u;

	memmove(&parent->counts[slot + 2], &parent->counts[slot + 1],
		behind * sizeof(parent->counts[0]));
	memmove(&parent->children[slot + 2], &parent->children[slot + 1],
		behind * sizeof(parent->children[0]));
	parent->counts[slot] -= count;
	parent->counts[slot + 1] = count;
	parent->children[slot + 1] = fresh;
	parent->node.n++;
}

/* Splits the inner node in slot of parent, which has room, behind the first
 * keep of its children. */
static int
split_inner(const struct tree *tree, struct tree_inner *parent, unsigned slot,
	    unsigned keep)
{
	struct tree_inner *from = tree_inner_of(parent->children[slot]);
	struct tree_node *fresh = node_new(tree, from->node.level, 0);
	unsigned n = from->node.n - keep;
	struct tree_inner *to;
	size_t count = 0;

	if (!fresh)
		return MPROXY_ERR_NO_MEMORY;
	to = tree_inner_of(fresh);
	memcpy(to->counts, from->counts + keep, n * sizeof(to->counts[0]));
	memcpy(to->children, from->children + keep,
	       n * sizeof(to->children[0]));
	for (unsigned i = 0; i < n; i++)
		count += to->counts[i];
	from->node.n = (uint16_t)keep;
	fresh->n = (uint16_t)n;
	put_child(parent, slot, fresh, count);
	return 0;
}

/* The same with a leaf; gives how many cells stay. */
static int
split_leaf(const struct tree *tree, struct tree_inner *parent, unsigned slot,
	   unsigned keep)
{
	struct tree_leaf *from = tree_leaf_of(parent->children[slot]);
	struct tree_node *fresh = node_new(tree, 0, TREE_LEAF_MAX);
	unsigned offset = tree_leaf_find(from, keep);

	if (!fresh)
		return MPROXY_ERR_NO_MEMORY;
	fresh->n = (uint16_t)(from->node.n - keep);
	fresh->used = (uint16_t)(from->node.used - offset);
	fresh->kinds = from->node.kinds;
	memcpy(tree_leaf_of(fresh)->cells, from->cells + offset, fresh->used);
	from->node.n = (uint16_t)keep;
	from->node.used = (uint16_t)offset;
	if (from->node.known.offset > offset)
		from->node.known.place = from->node.known.offset = 0;
	put_child(parent, slot, fresh, fresh->n);
	return 0;
}

/* How many cells make up the first half of the bytes. */
static unsigned
middle_of(const struct tree_leaf *leaf)
{
	unsigned offset = 0, n = 0;

	while (offset < leaf->node.used / 2u) {
		offset += (unsigned)cell_size(leaf->cells + offset);
		n++;
	}
	return n;
}

/* What is put in where, while room is made for it. */
struct aim {
	size_t index;
	size_t first; /* bytes of the first cell */
	size_t size;  /* of all of them */
	bool begin;   /* of the whole sequence */
	bool end;
};

/* Splits the full leaf in *slot at or near the aim, and moves the aim into the
 * one of the two that has room. */
static int
split_leaf_for(const struct tree *tree, struct tree_inner *parent,
	       unsigned *slot, struct aim *aim)
{
	struct tree_leaf *leaf = tree_leaf_of(parent->children[*slot]);
	unsigned keep;

	if (aim->begin || aim->end || aim->size > MANY_BYTES)
		keep = (unsigned)aim->index;
	else
		keep = middle_of(leaf);
	if (split_leaf(tree, parent, *slot, keep) < 0)
		return MPROXY_ERR_NO_MEMORY;
	if (aim->end || aim->index > keep) {
		aim->index -= keep;
		++*slot;
	}
	return 0;
}

static int
split_inner_for(const struct tree *tree, struct tree_inner *parent,
		unsigned *slot, struct aim *aim)
{
	unsigned n = parent->children[*slot]->n;
	/* neither of the two is without a child, not even for a moment */
	unsigned keep = aim->end ? n - 1 : aim->begin ? 1 : n / 2;

	if (split_inner(tree, parent, *slot, keep) < 0)
		return MPROXY_ERR_NO_MEMORY;
	if (!aim->begin && (aim->end || aim->index >= parent->counts[*slot])) {
		aim->index -= parent->counts[*slot];
		++*slot;
	}
	return 0;
}

static bool
is_full(const struct tree_node *node, const struct aim *aim)
{
	if (node->level)
		return node->n == TREE_INNER_MAX;
	return node->used + aim->first > TREE_LEAF_MAX;
}

/* Goes down to the aim, splitting what is full; the root is not. */
static int
descend_splitting(struct tree *tree, struct aim aim, struct tree_cursor *cursor)
{
	struct tree_node *node = tree->root;
	size_t total = tree->n;

	cursor->depth = 0;
	while (node->level) {
		struct tree_inner *inner = tree_inner_of(node);
		unsigned slot = find_slot(inner, total, &aim.index);
		const struct tree_node *child = inner->children[slot];
		int code = 0;

		if (is_full(child, &aim))
			code = child->level ? split_inner_for(tree, inner,
							      &slot, &aim)
					    : split_leaf_for(tree, inner, &slot,
							     &aim);
		if (code < 0)
			return code;
		cursor->path[cursor->depth].node = node;
		cursor->path[cursor->depth++].slot = slot;
		total = inner->counts[slot];
		node = inner->children[slot];
	}
	cursor->leaf = node;
	cursor->place = (unsigned)aim.index;
	return 0;
}

/* --- putting in --- */

/* Finds the place for some cells, with room for the first of them at least. */
static int
make_room(struct tree *tree, size_t index, const struct tree_run *run,
	  struct tree_cursor *cursor)
{
	struct aim aim = {
		.index = index,
		.first = cell_size(run->cells),
		.size = run->size,
		.begin = index == 0,
		.end = index == tree->n,
	};
	int code = 0;

	if (!tree->root || tree->root->level == 0)
		code = grow_leaf(tree, run->size);
	if (code == 0 && is_full(tree->root, &aim))
		code = raise_root(tree);
	if (code == 0)
		code = descend_splitting(tree, aim, cursor);
	if (code < 0)
		tree_settle_root(tree);
	return code;
}

/* As many of the cells as fit into so much room. */
static struct tree_run
first_of(const struct tree_run *run, size_t room)
{
	struct tree_run part = *run;

	if (run->size <= room)
		return part;
	part.n = part.size = 0;
	for (;;) {
		size_t size = cell_size(run->cells + part.size);

		if (part.size + size > room)
			return part;
		part.size += size;
		part.n++;
	}
}

/* Puts cells where the cursor is; the leaf has room. */
static void
put_cells(struct tree *tree, const struct tree_cursor *cursor,
	  const struct tree_run *run)
{
	struct tree_leaf *leaf = tree_leaf_of(cursor->leaf);
	unsigned offset = tree_leaf_find(leaf, cursor->place);
	uint8_t *at = leaf->cells + offset;

	if (offset < leaf->node.used)
		memmove(at + run->size, at, leaf->node.used - offset);
	memcpy(at, run->cells, run->size);
	if (leaf->node.known.offset > offset) {
		leaf->node.known.place += (uint16_t)run->n;
		leaf->node.known.offset += (uint16_t)run->size;
	}
	leaf->node.used = (uint16_t)(leaf->node.used + run->size);
	leaf->node.n = (uint16_t)(leaf->node.n + run->n);
	leaf->node.kinds |= (uint8_t)run->kinds;
	tree_recount(tree, cursor, (ptrdiff_t)run->n);
}

static void
undo(struct tree *tree, size_t from, size_t to)
{
	struct tree_waste waste = { .borrowed = true };

	tree_remove_range(tree, from, to, &waste);
	tree_waste_free(tree, &waste, SIZE_MAX);
}

int
tree_insert(struct tree *tree, size_t index, const struct tree_run *run)
{
	struct tree_run rest = *run;
	struct tree_cursor at;
	size_t done = 0;

	if (run->n == 0)
		return 0;
	descend(tree, index, &at);
	if (at.leaf && at.leaf->used + rest.size <= at.leaf->capacity) {
		put_cells(tree, &at, &rest);
		return 0;
	}
	while (rest.n > 0) {
		struct tree_run part;

		if (make_room(tree, index + done, &rest, &at) < 0) {
			undo(tree, index, index + done);
			return MPROXY_ERR_NO_MEMORY;
		}
		part = first_of(&rest, at.leaf->capacity - at.leaf->used);
		put_cells(tree, &at, &part);
		done += part.n;
		rest.n -= part.n;
		rest.cells += part.size;
		rest.size -= part.size;
	}
	return 0;
}

int
tree_set(struct tree *tree, size_t index, struct span cell)
{
	struct tree_run run = tree_run_of(cell);
	unsigned offset;
	struct tree_leaf *leaf = find(tree, index, &offset);
	uint8_t *place = leaf->cells + offset;
	size_t old = cell_size(place);

	if (leaf->node.used - old + cell.size > leaf->node.capacity) {
		if (tree_insert(tree, index, &run) < 0)
			return MPROXY_ERR_NO_MEMORY;
		tree_remove(tree, index + 1);
		return 0;
	}
	if (cell_is_outside(place))
		tree->owner->drop(tree->context, cell_item(place));
	if (old != cell.size)
		memmove(place + cell.size, place + old,
			leaf->node.used - old - offset);
	memcpy(place, cell.data, cell.size);
	if (leaf->node.known.offset > offset)
		leaf->node.known.offset = (uint16_t)(leaf->node.known.offset -
						     old + cell.size);
	leaf->node.used = (uint16_t)(leaf->node.used - old + cell.size);
	leaf->node.kinds |= (uint8_t)run.kinds;
	return 0;
}
