/*
 * The deque, against a plain array.
 */
#include "server/containers/deque.h"

#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"

#define MOST 2000

static struct deque deque;

static void
setup(void)
{
	memset(&deque, 0, sizeof(deque));
}

static void
teardown(void)
{
	deque_deinit(&deque);
}

static void
push(uintptr_t n)
{
	ck_assert(deque_push(&deque, (void *)n));
}

static uintptr_t
pop(void)
{
	return (uintptr_t)deque_pop(&deque).data;
}

START_TEST(what_is_pushed_comes_out_in_order)
{
	for (uintptr_t n = 0; n < MOST; n++)
		push(n);
	for (uintptr_t n = 0; n < MOST; n++) {
		ck_assert_uint_eq((uintptr_t)deque_at(&deque, 0).data, n);
		ck_assert_uint_eq(pop(), n);
	}
	ck_assert_uint_eq(deque.n, 0);
}
END_TEST

START_TEST(memory_follows_the_contents)
{
	for (uintptr_t n = 0; n < MOST; n++)
		push(n);
	ck_assert_uint_ge(deque.capacity, MOST);
	while (deque.n > 0)
		pop();
	ck_assert_uint_le(deque.capacity, 32);
}
END_TEST

START_TEST(what_is_put_back_finds_its_place)
{
	struct deque_entry lent[4];

	for (uintptr_t n = 0; n < 6; n++)
		push(n);
	for (int i = 0; i < 4; i++)
		lent[i] = deque_lend(&deque);
	deque_put_back(&deque, lent[2]);
	deque_put_back(&deque, lent[0]);
	deque_put_back(&deque, lent[3]);
	deque_release(&deque, 1);
	ck_assert_uint_eq(pop(), 0);
	ck_assert_uint_eq(pop(), 2);
	ck_assert_uint_eq(pop(), 3);
	ck_assert_uint_eq(pop(), 4);
}
END_TEST

/* Everything lent, everything pushed anew, and still all can come back. */
START_TEST(putting_back_needs_no_memory)
{
	struct deque_entry lent[MOST];

	for (uintptr_t n = 0; n < MOST; n++)
		push(n);
	for (int i = 0; i < MOST; i++)
		lent[i] = deque_lend(&deque);
	for (uintptr_t n = 0; n < MOST; n++)
		push(MOST + n);
	fault_fail_from(1);
	for (int i = MOST; i > 0; i--)
		deque_put_back(&deque, lent[i - 1]);
	fault_reset();
	for (uintptr_t n = 0; n < 2 * MOST; n++)
		ck_assert_uint_eq(pop(), n);
}
END_TEST

START_TEST(without_memory_nothing_is_pushed)
{
	bool pushed;

	for (uintptr_t n = 0; n < 16; n++)
		push(n);
	fault_fail_at(1);
	pushed = deque_push(&deque, NULL);
	fault_reset();
	ck_assert(!pushed);
	ck_assert_uint_eq(deque.n, 16);
	/* and a failure to shrink is none */
	for (uintptr_t n = 16; n < 100; n++)
		push(n);
	fault_fail_from(1);
	for (uintptr_t n = 0; n < 100; n++)
		if (pop() != n)
			abort();
	fault_reset();
}
END_TEST

struct model {
	uint64_t ranks[MOST];
	size_t n;
	struct deque_entry lent[MOST];
	size_t n_lent;
};

static void
model_insert(struct model *model, uint64_t rank)
{
	size_t at = 0;

	while (at < model->n && model->ranks[at] < rank)
		at++;
	memmove(&model->ranks[at + 1], &model->ranks[at],
		(model->n++ - at) * sizeof(rank));
	model->ranks[at] = rank;
}

START_TEST(random_use_agrees_with_an_array)
{
	uint64_t seed = check_seed(7);
	struct model model = {};
	size_t k;

	for (int step = 0; step < 20000; step++) {
		switch (check_random_below(&seed, 5)) {
		case 0:
		case 1:
			if (model.n + model.n_lent >= MOST - 1)
				break;
			model_insert(&model, deque.next_rank);
			push(0);
			break;
		case 2:
		case 3:
			if (model.n == 0)
				break;
			model.lent[model.n_lent] = deque_lend(&deque);
			ck_assert_uint_eq(model.lent[model.n_lent].rank,
					  model.ranks[0]);
			memmove(model.ranks, model.ranks + 1,
				--model.n * sizeof(model.ranks[0]));
			model.n_lent++;
			break;
		case 4:
			if (model.n_lent == 0)
				break;
			k = check_random_below(&seed, model.n_lent);
			if (check_random_below(&seed, 2)) {
				model_insert(&model, model.lent[k].rank);
				deque_put_back(&deque, model.lent[k]);
			} else {
				deque_release(&deque, 1);
			}
			model.lent[k] = model.lent[--model.n_lent];
			break;
		}
		ck_assert_uint_eq(deque.n, model.n);
		ck_assert_uint_eq(deque.kept, model.n_lent);
		if (step % 50 == 0)
			for (k = 0; k < model.n; k++)
				ck_assert_uint_eq(deque_at(&deque, k).rank,
						  model.ranks[k]);
	}
}
END_TEST

static Suite *
deque_suite(void)
{
	Suite *suite = suite_create("deque");
	TCase *tc = tcase_create("deque");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_pushed_comes_out_in_order);
	tcase_add_test(tc, memory_follows_the_contents);
	tcase_add_test(tc, what_is_put_back_finds_its_place);
	tcase_add_test(tc, putting_back_needs_no_memory);
	tcase_add_test(tc, without_memory_nothing_is_pushed);
	tcase_add_test(tc, random_use_agrees_with_an_array);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return check_run(deque_suite());
}
