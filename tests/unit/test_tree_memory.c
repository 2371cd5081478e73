/* How much memory the counted tree takes, and what it does without any. */
#include "mproxy/error.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/unit/tree-model.h"

/* --- how full it is --- */

/* How many leaves there are. */
static size_t
count_leaves(struct tree_node *node)
{
	size_t n = 0;

	if (!node || node->level == 0)
		return node ? 1 : 0;
	for (unsigned i = 0; i < node->n; i++)
		n += count_leaves(tree_inner_of(node)->children[i]);
	return n;
}

/* Bytes of all cells. */
static size_t
count_bytes(void)
{
	struct tree_cursor cursor;
	const uint8_t *cell;
	size_t size = 0;

	tree_seek(&pair.tree, 0, &cursor);
	while ((cell = tree_next(&cursor)))
		size += cell_size(cell);
	return size;
}

START_TEST(tree_fills_its_leaves_from_either_end)
{
	/* in each leaf at most the place of one cell may be left */
	size_t full = TREE_LEAF_MAX - (_i % N_MIXTURES ? CELL_MAX : 10);

	for (int how = 0; how < 4; how++) {
		pair_init_for(_i);
		for (size_t i = 0; i < 3000; i += how < 2 ? 1 : 1500)
			pair_insert(how % 2 ? pair.n : 0, how < 2 ? 1 : 1500);
		ck_assert_uint_le(count_leaves(pair.tree.root),
				  count_bytes() / full + 2);
		pair_assert_same();
		pair_end();
	}
}
END_TEST

START_TEST(tree_packs_many_that_go_in_between)
{
	size_t full = TREE_LEAF_MAX - (_i % N_MIXTURES ? CELL_MAX : 10);

	pair_init_for(_i);
	pair_insert(0, 2000);
	pair_insert(777, 20000);
	ck_assert_uint_le(count_leaves(pair.tree.root),
			  count_bytes() / full + 4);
	pair_assert_same();
	pair_end();
}
END_TEST

START_TEST(tree_gets_no_sparser_than_a_quarter)
{
	/* any two neighbours make three quarters of a leaf, less what did not
	 * fit; so many as a quarter each is more than there can be */
	pair_init_for(_i);
	pair_insert(0, 18000);
	while (pair.n > 1000)
		pair_take(pair_below(pair.n));
	ck_assert_uint_le(count_leaves(pair.tree.root),
			  count_bytes() / (TREE_LEAF_MAX / 4) + 1);
	pair_assert_same();
	pair_end();
	/* in pieces: 10 items stay between any two */
	pair_init_for(_i);
	pair_insert(0, 18000);
	for (size_t i = 90; i-- > 0;)
		pair_cut(200 * i + 10, 200 * i + 200);
	ck_assert_uint_eq(pair.n, 900);
	ck_assert_uint_le(count_leaves(pair.tree.root),
			  count_bytes() / (TREE_LEAF_MAX / 4) + 1);
	pair_assert_same();
	pair_end();
}
END_TEST

START_TEST(tree_takes_little_memory_when_short)
{
	pair_init(INTS, 1);
	ck_assert_uint_eq(pair.charged, 0);
	pair_insert(0, 1);
	ck_assert_uint_le(pair.charged, 48);
	pair_take(0);
	ck_assert_uint_eq(pair.charged, 0);
}
END_TEST

/* --- memory --- */

static void
insert_without_memory(size_t length, size_t n, bool refuse)
{
	static struct buffer cells;
	size_t at = pair_below(length + 1);
	struct tree_run run;
	int code;

	for (unsigned fail = 1;; fail++) {
		pair_init_for((int)pair.mixture);
		pair_insert(0, length);
		run = pair_make_run(&cells, n);
		if (refuse)
			pair.max_charged = pair.charged + 300 * (fail - 1);
		else
			fault_fail_at(fail);
		code = tree_insert(&pair.tree, at, &run);
		fault_reset();
		if (code == 0)
			break;
		ck_assert_int_eq(code, MPROXY_ERR_NO_MEMORY);
		pair_drop_run(&run);
		pair_assert_same();
		pair_end();
		ck_assert_uint_lt(fail, 3000);
	}
	pair_note_insert(at, n);
	pair_assert_same();
	pair_end();
}

START_TEST(tree_is_unchanged_when_memory_runs_out)
{
	static const size_t lengths[] = { 0, 3, 12, 128, 508, 5000, 8192 };

	pair_init_for(_i);
	for (size_t l = 0; l < 7; l++) {
		insert_without_memory(lengths[l], 1, false);
		insert_without_memory(lengths[l], 3000, false);
		insert_without_memory(lengths[l], 1000, true);
	}
}
END_TEST

/* Each in turn, by something larger: now and then a leaf must be split. */
START_TEST(tree_keeps_what_cannot_be_replaced)
{
	static struct buffer cells;
	size_t n_failed = 0;

	pair_init(EVERYTHING, 1);
	pair_insert(0, 1500);
	for (size_t i = 0; i < pair.n; i++) {
		struct tree_run run;
		int code;

		pair.next += 9 - pair.next % 9 + 4 + 9 * (CELL_MAX - 10);
		run = pair_make_run(&cells, 1);
		fault_fail_from(1);
		code = tree_set(&pair.tree, i, span_make(run.cells, run.size));
		fault_reset();
		pair_assert_sound();
		if (code == 0) {
			pair.model[i] = pair.next;
			continue;
		}
		n_failed++;
		ck_assert_int_eq(code, MPROXY_ERR_NO_MEMORY);
		pair_drop_run(&run);
		pair_replace(i);
	}
	ck_assert_uint_gt(n_failed, 20);
	pair_assert_same();
	pair_end();
}
END_TEST

START_TEST(tree_removes_without_memory)
{
	pair_init_for(_i);
	pair_insert(0, 10000);
	fault_fail_from(1);
	for (int i = 0; i < 4000; i++) {
		size_t at = pair_below(pair.n);

		tree_remove(&pair.tree, at);
		pair_forget(at, at + 1);
	}
	for (int i = 0; i < 10; i++) {
		struct tree_waste waste = {};
		size_t at = pair_below(pair.n - 300);

		tree_remove_range(&pair.tree, at, at + 300, &waste);
		tree_waste_free(&pair.tree, &waste, SIZE_MAX);
		pair_forget(at, at + 300);
	}
	fault_reset();
	pair_assert_same();
	pair_end();
}
END_TEST

/* --- waste --- */

static void
count_cell(void *context, const uint8_t *cell)
{
	size_t *n_outside = context;

	*n_outside += cell_is_outside(cell);
}

START_TEST(tree_waste_shows_what_is_not_freed_yet)
{
	struct tree_waste waste = {};
	bool over = false;

	pair_init(WIDE, 1);
	pair_insert(0, 3000);
	ck_assert_uint_gt(pair.n_outside, 100);
	tree_remove_all(&pair.tree, &waste);
	ck_assert_uint_eq(pair.tree.n, 0);
	while (!over) {
		size_t before = pair.n_outside, charged = pair.charged;
		size_t shown = 0;

		tree_waste_each(&waste, count_cell, &shown);
		ck_assert_uint_eq(shown, pair.n_outside);
		over = tree_waste_free(&pair.tree, &waste, 20);
		/* a leaf is not freed in part */
		ck_assert_uint_le(before - pair.n_outside,
				  20 + TREE_LEAF_MAX / CELL_OUTSIDE_SIZE);
		ck_assert_uint_le(charged - pair.charged, 20 * 128 + 1200);
	}
	ck_assert_uint_eq(pair.charged, 0);
	ck_assert_uint_eq(pair.n_outside, 0);
	ck_assert(tree_waste_free(&pair.tree, &waste, 1));
}
END_TEST

START_TEST(tree_waste_that_is_borrowed_drops_nothing)
{
	struct tree_waste waste = { .borrowed = true };
	struct tree copy;
	size_t before;

	pair_init(WIDE, 1);
	pair_insert(0, 3000);
	copy = pair.tree;
	before = pair.n_outside;
	tree_init(&pair.tree, &pair_owner, &pair);
	for (size_t i = 0; i < pair.n; i++) {
		const uint8_t *cell = tree_get(&copy, i);
		struct tree_run run = tree_run_of(
			span_make(cell, cell_size(cell)));

		ck_assert_int_eq(tree_insert(&pair.tree, i, &run), 0);
	}
	tree_remove_range(&copy, 1, 1000, &waste);
	tree_remove_all(&copy, &waste);
	tree_waste_free(&copy, &waste, SIZE_MAX);
	ck_assert_uint_eq(pair.n_outside, before);
	pair_assert_same();
	pair_end();
}
END_TEST

static Suite *
tree_memory_suite(void)
{
	Suite *suite = suite_create("tree_memory");
	TCase *tcase = tcase_create("tree_memory");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, tree_fills_its_leaves_from_either_end, 0,
			    N_MIXTURES);
	tcase_add_loop_test(tcase, tree_packs_many_that_go_in_between, 0,
			    N_MIXTURES);
	tcase_add_loop_test(tcase, tree_gets_no_sparser_than_a_quarter, 0,
			    N_MIXTURES);
	tcase_add_test(tcase, tree_takes_little_memory_when_short);
	tcase_add_loop_test(tcase, tree_is_unchanged_when_memory_runs_out, 0,
			    N_MIXTURES);
	tcase_add_test(tcase, tree_keeps_what_cannot_be_replaced);
	tcase_add_loop_test(tcase, tree_removes_without_memory, 0, N_MIXTURES);
	tcase_add_test(tcase, tree_waste_shows_what_is_not_freed_yet);
	tcase_add_test(tcase, tree_waste_that_is_borrowed_drops_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(tree_memory_suite());
}
