/* Sorting a little at a time. */
#include "server/containers/sorter.h"
#include "tests/harness/check-main.h"

struct card {
	int rank;
	int number;
};

static int
compare_ranks(const void *a, const void *b)
{
	return ((const struct card *)a)->rank - ((const struct card *)b)->rank;
}

static bool
in_order(const struct card *a, const struct card *b, bool descending)
{
	if (a->rank != b->rank)
		return descending ? a->rank > b->rank : a->rank < b->rank;
	return a->number < b->number;
}

START_TEST(sorter_is_stable_both_ways)
{
	static struct card cards[3000];
	void *items[3000], *spare[3000];
	uint64_t seed = check_seed((uint64_t)_i + 1);

	for (size_t n = 0; n < 3000; n = 2 * n + 1) {
		bool descending = n % 4 == 1;
		struct sorter sorter;

		for (size_t i = 0; i < n; i++) {
			cards[i].rank = (int)check_random_below(&seed,
								n / 4 + 2);
			cards[i].number = (int)i;
			items[i] = &cards[i];
		}
		sorter_init(&sorter, items, spare, n, compare_ranks,
			    descending);
		while (!sorter_some(&sorter,
				    1 + check_random_below(&seed, 100)))
			;
		for (size_t i = 1; i < n; i++)
			ck_assert(in_order(sorter.items[i - 1], sorter.items[i],
					   descending));
	}
}
END_TEST

static unsigned n_compared;

static int
count_and_compare(const void *a, const void *b)
{
	n_compared++;
	return compare_ranks(a, b);
}

START_TEST(sorter_is_quick_with_what_is_sorted)
{
	static struct card cards[1024];
	void *items[1024], *spare[1024];
	struct sorter sorter;

	for (int i = 0; i < 1024; i++) {
		cards[i] = (struct card){ i, i };
		items[i] = &cards[i];
	}
	sorter_init(&sorter, items, spare, 1024, count_and_compare, false);
	while (!sorter_some(&sorter, 100))
		;
	ck_assert_uint_le(n_compared, 1024);
}
END_TEST

/* Also where nothing is left to compare: long runs are not copied at once. */
START_TEST(sorter_moves_no_more_than_it_may)
{
	static struct card cards[4096];
	void *items[4096], *spare[4096];
	struct sorter sorter;
	size_t place = 0, width = 0;
	bool over = false;

	/* in order; in reverse; and the second half before the first */
	for (int i = 0; i < 4096; i++) {
		int ranks[] = { i, -i, (i + 2048) % 4096 };

		cards[i] = (struct card){ ranks[_i], i };
		items[i] = &cards[i];
	}
	sorter_init(&sorter, items, spare, 4096, compare_ranks, false);
	while (!over) {
		size_t now;

		over = sorter_some(&sorter, 10);
		now = sorter.begin + sorter.left + sorter.right;
		if (sorter.width == width)
			ck_assert_uint_le(now - place, 200);
		width = sorter.width;
		place = now;
	}
	for (int i = 1; i < 4096; i++)
		ck_assert(
			in_order(sorter.items[i - 1], sorter.items[i], false));
}
END_TEST

static Suite *
sorter_suite(void)
{
	Suite *suite = suite_create("sorter");
	TCase *tcase = tcase_create("sorter");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, sorter_is_stable_both_ways, 0, 5);
	tcase_add_test(tcase, sorter_is_quick_with_what_is_sorted);
	tcase_add_loop_test(tcase, sorter_moves_no_more_than_it_may, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(sorter_suite());
}
