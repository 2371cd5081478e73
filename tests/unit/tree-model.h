/*
 * A tree, and a plain array that has to be the same: whatever is done to one
 * by the functions here is done to both.
 */
#ifndef MPROXY_TESTS_TREE_MODEL_H
#define MPROXY_TESTS_TREE_MODEL_H

#include "server/containers/tree-node.h"

/* The model: numbers, each of which stands for a value, in an array large
 * enough for any test. */
#define ROOM 40000

enum mixture { INTS, WIDE, EVERYTHING, N_MIXTURES };

struct pair {
	struct tree tree;
	enum mixture mixture;
	uint64_t model[ROOM];
	size_t n;
	uint64_t next; /* number of the value to put in */
	uint64_t seed;
	size_t charged; /* bytes, by the tree */
	size_t max_charged;
	size_t n_outside; /* items that live */
};

extern struct pair pair;

extern const struct tree_owner pair_owner; /* its context is the pair */

void pair_init(enum mixture mixture, uint64_t seed);
/* The mixture and the seed of a loop. */
void pair_init_for(int i);
/* Fails the test if anything is left after the tree is. */
void pair_end(void);

/* 0 … n - 1 */
size_t pair_below(size_t n);

/* The value that a number stands for; valid until the next is asked for. */
struct span pair_value_of(uint64_t number);
/* Appends the cell of a number to some others. */
void pair_put_cell(struct buffer *out, uint64_t number);
bool pair_stands_for(const uint8_t *cell, uint64_t number);
/* The tree's owner does this. */
void pair_drop(void *context, struct item *item);

/* Cells of the next n numbers, which are still the next ones after. */
struct tree_run pair_make_run(struct buffer *cells, size_t n);
void pair_drop_run(const struct tree_run *run);
/* In the array alone. */
void pair_note_insert(size_t at, size_t n);
void pair_forget(size_t from, size_t to);

/* In both. */
void pair_insert(size_t at, size_t n);
void pair_take(size_t at);
void pair_replace(size_t at);
void pair_cut(size_t from, size_t to);

/* Fails the test if the tree does not keep its own rules; or if it differs. */
void pair_assert_sound(void);
void pair_assert_same(void);

#endif
