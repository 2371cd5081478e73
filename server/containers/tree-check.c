/*
 * What must hold in every tree. For tests.
 */
#include "server/containers/tree-node.h"

static void
leaf_check(struct tree_leaf *leaf, bool is_root, const char **why)
{
	const struct tree_node *node = &leaf->node;
	/* finding changes what is known */
	unsigned known_place = node->known.place;
	unsigned known_offset = node->known.offset;
	size_t offset = 0;

	if (node->used > node->capacity)
		*why = "a leaf holds more than it has room for";
	if (known_place > node->n || known_offset > node->used)
		*why = "a leaf knows a place behind its end";
	if (!is_root && node->capacity != TREE_LEAF_MAX)
		*why = "a leaf below the root is small";
	for (unsigned i = 0; i < node->n && offset < node->used; i++) {
		const uint8_t *cell = leaf->cells + offset;

		if (i == known_place && known_offset != offset)
			*why = "a leaf knows a wrong place";
		if (tree_leaf_find(leaf, i) != offset)
			*why = "a cell is not where it is counted off";
		if (tree_kinds_of(cell) & ~(unsigned)node->kinds)
			*why = "a leaf does not know what is in it";
		offset += cell_size(cell);
		if (i + 1u < node->n && offset >= node->used)
			*why = "a leaf has fewer cells than it counts";
	}
	if (offset != node->used)
		*why = "the cells of a leaf do not end where it ends";
}

/* Counts the cells below node; *why if something is wrong there. */
static size_t
node_check(struct tree_node *node, bool is_root, const char **why)
{
	size_t total = 0;

	if (node->n == 0)
		*why = "a node is empty";
	if (node->level == 0) {
		leaf_check(tree_leaf_of(node), is_root, why);
		return node->n;
	}
	if (node->n > TREE_INNER_MAX || (is_root && node->n < 2))
		*why = "an inner node has too many or too few children";
	for (unsigned i = 0; i < node->n && !*why; i++) {
		struct tree_inner *inner = tree_inner_of(node);

		if (inner->children[i]->level + 1 != node->level)
			*why = "a child is on the wrong level";
		else if (node_check(inner->children[i], false, why) !=
			 inner->counts[i])
			*why = "a count is wrong";
		total += inner->counts[i];
	}
	return total;
}

const char *
tree_check(const struct tree *tree)
{
	const char *why = NULL;

	if (!tree->root)
		return tree->n ? "an empty tree has cells" : NULL;
	if (node_check(tree->root, true, &why) != tree->n && !why)
		why = "the length is wrong";
	return why;
}
