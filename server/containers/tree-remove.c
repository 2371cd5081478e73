/*
 * Taking out of a tree, which never needs memory, and freeing it.
 */
#include "server/containers/tree.h"

#include <stdlib.h>
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
join(struct tree_inner *parent, unsigned slot)
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
		memcpy(tree_leaf_of(into)->items + into->n,
		       tree_leaf_of(from)->items, from->n * sizeof(void *));
	}
	into->n = (uint16_t)(into->n + from->n);
	parent->counts[slot] += parent->counts[slot + 1];
	free(from);
	remove_slot(parent, slot + 1);
}

/*
 * Sees to a child that has lost something: an empty one goes, a sparse one is
 * joined with a neighbour. True if the parent has one child less now.
 */
static bool
settle_child(struct tree_inner *parent, unsigned slot)
{
	const struct tree_node *child = parent->children[slot];
	unsigned most = child->level ? TREE_INNER_MAX : TREE_LEAF_MAX;
	unsigned room = most - most / 4;

	if (child->n == 0) {
		free(parent->children[slot]);
		remove_slot(parent, slot);
		return true;
	}
	if (child->n > most / 4)
		return false;
	if (slot > 0 && parent->children[slot - 1]->n + child->n <= room) {
		join(parent, slot - 1);
		return true;
	}
	if (slot + 1u < parent->node.n &&
	    parent->children[slot + 1]->n + child->n <= room) {
		join(parent, slot);
		return true;
	}
	return false;
}

static void
settle_empty(struct tree *tree)
{
	if (tree->root && tree->root->n == 0) {
		free(tree->root);
		tree->root = NULL;
	}
	tree_settle_root(tree);
}

void *
tree_remove(struct tree *tree, size_t index)
{
	struct tree_cursor at;
	struct tree_leaf *leaf;
	void *item;

	tree_descend(tree, index, &at);
	leaf = tree_leaf_of(at.leaf);
	item = leaf->items[at.place];
	leaf->node.n--;
	memmove(leaf->items + at.place, leaf->items + at.place + 1,
		(leaf->node.n - at.place) * sizeof(void *));
	tree_recount(tree, &at, -1);
	for (unsigned i = at.depth; i-- > 0;)
		if (!settle_child(tree_inner_of(at.path[i].node),
				  at.path[i].slot))
			break;
	settle_empty(tree);
	return item;
}

struct cutter {
	struct tree_waste *waste;
	void (*drop)(void *context, void *item);
	void *context;
};

static void
waste_push(struct tree_waste *waste, struct tree_node *node)
{
	node->next = waste->first;
	waste->first = node;
}

static void
cut_leaf(struct tree_leaf *leaf, size_t from, size_t to,
	 const struct cutter *cutter)
{
	for (size_t i = from; cutter->drop && i < to; i++)
		cutter->drop(cutter->context, leaf->items[i]);
	memmove(leaf->items + from, leaf->items + to,
		(leaf->node.n - to) * sizeof(void *));
	leaf->node.n = (uint16_t)(leaf->node.n - (to - from));
}

static size_t
clamp(size_t at, size_t start, size_t count)
{
	return at <= start ? 0 : at - start >= count ? count : at - start;
}

/* Cuts from … to - 1 out of what is below node. As deep as the tree. */
static void
cut(struct tree_node *node, size_t from, size_t to, const struct cutter *cutter)
{
	struct tree_inner *inner = tree_inner_of(node);
	unsigned kept = 0;
	unsigned edge = 0; /* the first child behind the cut */
	size_t start = 0;

	if (node->level == 0) {
		cut_leaf(tree_leaf_of(node), from, to, cutter);
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
			waste_push(cutter->waste, inner->children[i]);
			continue;
		}
		if (first < last)
			cut(inner->children[i], first, last, cutter);
		inner->counts[kept] = count - (last - first);
		inner->children[kept++] = inner->children[i];
	}
	node->n = (uint16_t)kept;
	/* only the children next to the cut may have become sparse */
	for (unsigned i = edge + 2; i-- > (edge ? edge - 1 : 0);)
		if (i < node->n)
			settle_child(inner, i);
}

void
tree_remove_range(struct tree *tree, size_t from, size_t to,
		  struct tree_waste *waste,
		  void (*drop)(void *context, void *item), void *context)
{
	struct cutter cutter = { waste, drop, context };

	if (from >= to)
		return;
	if (to - from == tree->n) {
		tree_remove_all(tree, waste);
		return;
	}
	cut(tree->root, from, to, &cutter);
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
tree_waste_free(struct tree_waste *waste, size_t budget,
		void (*drop)(void *context, void *item), void *context)
{
	while (waste->first) {
		struct tree_node *node = waste->first;

		if (budget == 0)
			return false;
		if (node->level) {
			waste->first = node->next;
			for (unsigned i = node->n; i-- > 0;)
				waste_push(waste,
					   tree_inner_of(node)->children[i]);
			budget -= budget < node->n ? budget : node->n;
			free(node);
			continue;
		}
		for (; drop && node->n && budget; budget--)
			drop(context, tree_leaf_of(node)->items[--node->n]);
		if (drop && node->n)
			return false;
		if (!drop)
			budget--;
		waste->first = node->next;
		free(node);
	}
	return true;
}

static void
node_each(struct tree_node *node, void (*visit)(void *context, void *item),
	  void *context)
{
	for (unsigned i = 0; i < node->n; i++) {
		if (node->level)
			node_each(tree_inner_of(node)->children[i], visit,
				  context);
		else
			visit(context, tree_leaf_of(node)->items[i]);
	}
}

void
tree_waste_each(const struct tree_waste *waste,
		void (*visit)(void *context, void *item), void *context)
{
	for (struct tree_node *node = waste->first; node; node = node->next)
		node_each(node, visit, context);
}

void
tree_deinit(struct tree *tree)
{
	struct tree_waste waste = { 0 };

	tree_remove_all(tree, &waste);
	tree_waste_free(&waste, SIZE_MAX, NULL, NULL);
}

/* Counts the items below node; *why if something is wrong there. */
static size_t
node_check(struct tree_node *node, bool is_root, const char **why)
{
	size_t total = 0;

	if (node->n == 0)
		*why = "a node is empty";
	if (node->level == 0) {
		if (node->n > node->capacity)
			*why = "a leaf holds more than it has room for";
		if (!is_root && node->capacity != TREE_LEAF_MAX)
			*why = "a leaf below the root is small";
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
		return tree->n ? "an empty tree has items" : NULL;
	if (node_check(tree->root, true, &why) != tree->n && !why)
		why = "the length is wrong";
	return why;
}
