/* Cells, and the counted tree of them against a plain array. */
#include "tests/harness/check-main.h"
#include "tests/unit/tree-model.h"

/* A place, often one of the ends. */
static size_t
place(size_t n)
{
	switch (pair_below(4)) {
	case 0:
		return 0;
	case 1:
		return n;
	default:
		return pair_below(n + 1);
	}
}

static void
random_step(unsigned growth, size_t most)
{
	size_t at, n;

	if (pair.n == 0 || (pair_below(10) < growth && pair.n < most)) {
		n = pair_below(20) ? 1 : pair_below(1000);
		pair_insert(place(pair.n), n);
		return;
	}
	at = place(pair.n - 1);
	n = 1 + pair_below(pair.n - at);
	switch (pair_below(40)) {
	case 0:
		pair_cut(at, at + n);
		break;
	case 1:
		pair_cut(at, at + (n < 300 ? n : 300));
		break;
	default:
		if (pair_below(4))
			pair_take(at);
		else
			pair_replace(at);
	}
}

/* --- cells --- */

/* At the bounds of every length a varint may have, and of those inside. */
START_TEST(cell_gives_back_its_value)
{
	pair_init(EVERYTHING, 1);
	for (unsigned shift = 0; shift < 64; shift++) {
		for (int64_t near = -2; near <= 2; near++) {
			struct buffer out = BUFFER_INIT;
			uint8_t room[CELL_ROOM], other[CELL_ROOM];
			int64_t number = (int64_t)((UINT64_C(1) << shift) +
						   (uint64_t)near);
			struct span cell;

			value_put_int(&out, number);
			cell = cell_of_value(buffer_span(&out), room);
			ck_assert(cell_is_int(cell.data));
			ck_assert(!cell_is_outside(cell.data));
			ck_assert_int_eq(cell_int(cell.data), number);
			ck_assert_uint_eq(cell_size(cell.data), cell.size);
			for (size_t i = 0; i + 1 < cell.size; i++)
				ck_assert_uint_ge(cell.data[i], 0x80);
			ck_assert_uint_lt(cell.data[cell.size - 1], 0x80);
			ck_assert(span_equal(cell_value(cell.data, other),
					     buffer_span(&out)));
			buffer_deinit(&out);
		}
	}
	for (uint64_t number = 0; number < 9 * (CELL_MAX + 8); number++) {
		struct buffer out = BUFFER_INIT;

		pair_put_cell(&out, number);
		ck_assert_uint_eq(cell_size(out.data), out.size);
		ck_assert(pair_stands_for(out.data, number));
		ck_assert_int_eq(cell_is_outside(out.data),
				 pair_value_of(number).size > 128);
		if (cell_is_outside(out.data))
			pair_drop(&pair, cell_item(out.data));
		buffer_deinit(&out);
	}
}
END_TEST

/* --- the tree --- */

START_TEST(tree_behaves_as_an_array)
{
	pair_init_for(_i);
	for (int round = 0; round < 40; round++) {
		unsigned growth = 2 + (unsigned)pair_below(8);

		for (int i = 0; i < 150; i++)
			random_step(growth, ROOM - 1000);
		pair_assert_same();
	}
	pair_end();
}
END_TEST

START_TEST(tree_is_sound_after_every_step)
{
	pair_init_for(_i);
	for (int round = 0; round < 40; round++) {
		unsigned growth = 2 + (unsigned)pair_below(8);

		for (int i = 0; i < 40; i++) {
			random_step(growth, 500);
			pair_assert_sound();
		}
		pair_assert_same();
	}
	pair_end();
}
END_TEST

START_TEST(tree_get_finds_every_index)
{
	pair_init_for(_i);
	for (size_t i = 0; i < 5000; i++)
		pair_insert(i / 2, 1);
	for (size_t i = 0; i < pair.n; i++) {
		struct tree_cursor cursor;

		ck_assert(pair_stands_for(tree_get(&pair.tree, i),
					  pair.model[i]));
		tree_seek(&pair.tree, i, &cursor);
		ck_assert(pair_stands_for(tree_next(&cursor), pair.model[i]));
	}
	pair_end();
}
END_TEST

START_TEST(tree_gives_runs_of_all_its_cells)
{
	struct tree_cursor cursor;
	size_t i, size = 0;
	struct tree_run run;

	pair_init_for(_i);
	pair_insert(0, 5000);
	i = pair_below(3000);
	tree_seek(&pair.tree, i, &cursor);
	while ((run = tree_next_run(&cursor, 1 + pair_below(400))).n > 0) {
		for (size_t n = 0, at = 0; n < run.n; n++, i++) {
			ck_assert(
				pair_stands_for(run.cells + at, pair.model[i]));
			ck_assert(
				!(tree_kinds_of(run.cells + at) & ~run.kinds));
			at += cell_size(run.cells + at);
			size = at;
		}
		ck_assert_uint_eq(size, run.size);
	}
	ck_assert_uint_eq(i, pair.n);
	pair_end();
}
END_TEST

START_TEST(tree_stays_right_when_all_goes_in_at_one_place)
{
	/* where a careless split leaves one sparse node after the other */
	pair_init_for(_i);
	for (size_t i = 0; i < 18000; i++)
		pair_insert(pair.n < 300 ? pair.n : 200 + (i % 3) * 50, 1);
	pair_assert_same();
	while (pair.n > 0)
		pair_take(pair.n / 2);
	pair_assert_same();
	ck_assert_ptr_null(pair.tree.root);
}
END_TEST

START_TEST(tree_is_a_queue_at_both_ends)
{
	pair_init_for(_i);
	pair_insert(0, 3000);
	for (size_t i = 0; i < 10000; i++) {
		pair_insert(i % 2 ? 0 : pair.n, 1);
		pair_take(i % 3 ? 0 : pair.n - 1);
	}
	pair_assert_same();
	pair_end();
}
END_TEST

/* Large for small and small for large, so that leaves overflow and run dry. */
START_TEST(tree_replaces_cells_of_any_size)
{
	pair_init(INTS, 1);
	pair_insert(0, 3000);
	for (int round = 1; round < 6; round++) {
		pair.mixture = round % 2 ? WIDE : EVERYTHING;
		/* all numbers stand for other values now: begin anew */
		pair_cut(0, pair.n);
		pair_insert(0, 3000);
		for (size_t i = 0; i < pair.n; i++)
			pair_replace(pair_below(4) ? i : pair.n - 1 - i);
		pair_assert_same();
	}
	pair_end();
}
END_TEST

static Suite *
tree_suite(void)
{
	Suite *suite = suite_create("tree");
	TCase *tcase = tcase_create("tree");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, cell_gives_back_its_value);
	tcase_add_loop_test(tcase, tree_behaves_as_an_array, 0, 15);
	tcase_add_loop_test(tcase, tree_is_sound_after_every_step, 0, 30);
	tcase_add_loop_test(tcase, tree_get_finds_every_index, 0, N_MIXTURES);
	tcase_add_loop_test(tcase, tree_gives_runs_of_all_its_cells, 0,
			    N_MIXTURES);
	tcase_add_loop_test(tcase,
			    tree_stays_right_when_all_goes_in_at_one_place, 0,
			    N_MIXTURES);
	tcase_add_loop_test(tcase, tree_is_a_queue_at_both_ends, 0, N_MIXTURES);
	tcase_add_test(tcase, tree_replaces_cells_of_any_size);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(tree_suite());
}
