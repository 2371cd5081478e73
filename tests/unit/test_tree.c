/* The counted tree, against a plain array. */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/containers/tree-node.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"

/* The model: an array large enough for any test. */
#define ROOM 20000

struct pair {
	struct tree tree;
	void *model[ROOM];
	size_t n;
	uintptr_t next; /* item to put in */
	uint64_t seed;
};

static struct pair pair;

static void
pair_init(uint64_t seed)
{
	pair = (struct pair){ .seed = check_seed(seed), .next = 1 };
}

static size_t
below(size_t n)
{
	return check_random_below(&pair.seed, n);
}

static void
assert_same(uint64_t seed)
{
	const char *wrong = tree_check(&pair.tree);
	struct tree_cursor cursor;

	ck_assert_msg(!wrong, "seed %llu: %s", (unsigned long long)seed, wrong);
	ck_assert_uint_eq(pair.tree.n, pair.n);
	tree_seek(&pair.tree, 0, &cursor);
	for (size_t i = 0; i < pair.n; i++)
		if (tree_next(&cursor) != pair.model[i])
			ck_abort_msg("seed %llu: item %zu differs",
				     (unsigned long long)seed, i);
	ck_assert_ptr_null(tree_next(&cursor));
}

static void
insert(size_t at, size_t n)
{
	static void *items[ROOM];

	for (size_t i = 0; i < n; i++)
		items[i] = (void *)pair.next++;
	memmove(pair.model + at + n, pair.model + at,
		(pair.n - at) * sizeof(void *));
	memcpy(pair.model + at, items, n * sizeof(void *));
	pair.n += n;
	ck_assert_int_eq(tree_insert(&pair.tree, at, items, n), 0);
}

static void
forget(size_t from, size_t to)
{
	memmove(pair.model + from, pair.model + to,
		(pair.n - to) * sizeof(void *));
	pair.n -= to - from;
}

static void
take(size_t at)
{
	ck_assert_ptr_eq(tree_remove(&pair.tree, at), pair.model[at]);
	forget(at, at + 1);
}

static size_t n_dropped;

static void
drop(void *context, void *item)
{
	if (context == &pair && item)
		n_dropped++;
}

static void
cut(size_t from, size_t to)
{
	struct tree_waste waste = {};

	n_dropped = 0;
	tree_remove_range(&pair.tree, from, to, &waste, drop, &pair);
	while (!tree_waste_free(&waste, 1 + below(500), drop, &pair))
		;
	ck_assert_uint_eq(n_dropped, to - from);
	forget(from, to);
}

/* A place, often one of the ends. */
static size_t
place(size_t n)
{
	switch (below(4)) {
	case 0:
		return 0;
	case 1:
		return n;
	default:
		return below(n + 1);
	}
}

static void
random_step(unsigned growth)
{
	size_t at, n;

	if (pair.n == 0 || (below(10) < growth && pair.n < ROOM - 1000)) {
		n = below(20) ? 1 : below(1000);
		insert(place(pair.n), n);
		return;
	}
	at = place(pair.n - 1);
	n = 1 + below(pair.n - at);
	switch (below(40)) {
	case 0:
		cut(at, at + n);
		break;
	case 1:
		cut(at, at + (n < 300 ? n : 300));
		break;
	case 2:
		ck_assert_ptr_eq(tree_set(&pair.tree, at, (void *)pair.next),
				 pair.model[at]);
		pair.model[at] = (void *)pair.next++;
		break;
	default:
		take(at);
	}
}

START_TEST(tree_behaves_as_an_array)
{
	uint64_t seed = check_seed((uint64_t)_i + 1);

	pair_init(seed);
	for (int round = 0; round < 60; round++) {
		unsigned growth = 2 + (unsigned)below(8);

		for (int i = 0; i < 150; i++)
			random_step(growth);
		assert_same(seed);
	}
	tree_deinit(&pair.tree);
}
END_TEST

START_TEST(tree_get_finds_every_index)
{
	pair_init(1);
	for (size_t i = 0; i < 5000; i++)
		insert(i / 2, 1);
	for (size_t i = 0; i < pair.n; i++) {
		struct tree_cursor cursor;

		ck_assert_ptr_eq(tree_get(&pair.tree, i), pair.model[i]);
		tree_seek(&pair.tree, i, &cursor);
		ck_assert_ptr_eq(tree_next(&cursor), pair.model[i]);
	}
	tree_deinit(&pair.tree);
}
END_TEST

START_TEST(tree_stays_right_when_all_goes_in_at_one_place)
{
	/* where a careless split leaves one sparse node after the other */
	pair_init(1);
	for (size_t i = 0; i < 18000; i++)
		insert(pair.n < 300 ? pair.n : 200 + (i % 3) * 50, 1);
	assert_same(1);
	while (pair.n > 0)
		take(pair.n / 2);
	assert_same(1);
	ck_assert_ptr_null(pair.tree.root);
}
END_TEST

START_TEST(tree_is_a_queue_at_both_ends)
{
	pair_init(1);
	insert(0, 3000);
	for (size_t i = 0; i < 10000; i++) {
		insert(i % 2 ? 0 : pair.n, 1);
		take(i % 3 ? 0 : pair.n - 1);
	}
	assert_same(1);
	tree_deinit(&pair.tree);
}
END_TEST

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

START_TEST(tree_fills_its_leaves_from_either_end)
{
	size_t n = 10 * TREE_LEAF_MAX;

	for (int end = 0; end < 2; end++) {
		pair_init(1);
		for (size_t i = 0; i < n; i++)
			insert(end ? pair.n : 0, 1);
		ck_assert_uint_eq(count_leaves(pair.tree.root), 10);
		tree_deinit(&pair.tree);
	}
}
END_TEST

START_TEST(tree_gets_no_sparser_than_a_quarter)
{
	/* one by one */
	pair_init(1);
	insert(0, 18000);
	while (pair.n > 1000)
		take(below(pair.n));
	ck_assert_uint_le(count_leaves(pair.tree.root), 1000 / 32 + 1);
	assert_same(1);
	tree_deinit(&pair.tree);
	/* in pieces: 10 items stay between any two */
	pair_init(1);
	insert(0, 18000);
	for (size_t i = 90; i-- > 0;)
		cut(200 * i + 10, 200 * i + 200);
	ck_assert_uint_eq(pair.n, 900);
	ck_assert_uint_le(count_leaves(pair.tree.root), 900 / 32 + 1);
	assert_same(1);
	tree_deinit(&pair.tree);
}
END_TEST

START_TEST(tree_is_unchanged_when_memory_runs_out)
{
	static const size_t lengths[] = { 0, 3, 4, 128, 5000, 8192 };
	static void *items[3000];

	for (size_t i = 0; i < 3000; i++)
		items[i] = (void *)(i + 1);
	for (size_t l = 0; l < 6; l++) {
		size_t at = below(lengths[l] + 1);
		unsigned n = 1;
		int code;

		pair_init(l);
		insert(0, lengths[l]);
		do {
			fault_fail_at(n++);
			code = tree_insert(&pair.tree, at, items, 3000);
			fault_reset();
			if (code == 0)
				break;
			ck_assert_int_eq(code, MPROXY_ERR_NO_MEMORY);
			assert_same(l);
		} while (n < 1000);
		ck_assert_int_eq(code, 0);
		ck_assert_uint_gt(n, 20);
		tree_deinit(&pair.tree);
	}
}
END_TEST

START_TEST(tree_removes_without_memory)
{
	pair_init(7);
	insert(0, 10000);
	fault_fail_from(1);
	for (int i = 0; i < 4000; i++) {
		size_t at = below(pair.n);

		tree_remove(&pair.tree, at);
		forget(at, at + 1);
	}
	for (int i = 0; i < 10; i++) {
		struct tree_waste waste = {};
		size_t at = below(pair.n - 300);

		tree_remove_range(&pair.tree, at, at + 300, &waste, NULL, NULL);
		tree_waste_free(&waste, SIZE_MAX, NULL, NULL);
		forget(at, at + 300);
	}
	fault_reset();
	assert_same(7);
	tree_deinit(&pair.tree);
}
END_TEST

START_TEST(tree_waste_shows_what_is_not_freed_yet)
{
	struct tree_waste waste = {};
	size_t left = 3000;

	pair_init(1);
	insert(0, left);
	tree_remove_all(&pair.tree, &waste);
	ck_assert_uint_eq(pair.tree.n, 0);
	while (left > 0) {
		n_dropped = 0;
		tree_waste_each(&waste, drop, &pair);
		ck_assert_uint_eq(n_dropped, left);
		n_dropped = 0;
		tree_waste_free(&waste, 100, drop, &pair);
		ck_assert_uint_le(n_dropped, 100);
		left -= n_dropped;
	}
	ck_assert(tree_waste_free(&waste, 1, drop, &pair));
}
END_TEST

static Suite *
tree_suite(void)
{
	Suite *suite = suite_create("tree");
	TCase *tcase = tcase_create("tree");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, tree_behaves_as_an_array, 0, 20);
	tcase_add_test(tcase, tree_get_finds_every_index);
	tcase_add_test(tcase, tree_stays_right_when_all_goes_in_at_one_place);
	tcase_add_test(tcase, tree_is_a_queue_at_both_ends);
	tcase_add_test(tcase, tree_fills_its_leaves_from_either_end);
	tcase_add_test(tcase, tree_gets_no_sparser_than_a_quarter);
	tcase_add_test(tcase, tree_is_unchanged_when_memory_runs_out);
	tcase_add_test(tcase, tree_removes_without_memory);
	tcase_add_test(tcase, tree_waste_shows_what_is_not_freed_yet);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(tree_suite());
}
