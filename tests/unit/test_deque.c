/*
 * The deque, against a plain array.
 */
#include "server/containers/deque.h"

#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"

#define MOST 800

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
assert_sound(void)
{
	const char *wrong = deque_check(&deque);

	ck_assert_msg(!wrong, "%s", wrong);
}

/* A piece that says which one it is: number n has n % 253 more bytes. */
static struct span
piece(uint32_t n)
{
	static uint8_t bytes[DEQUE_PIECE_MAX];

	memset(bytes, (int)(n % 251), sizeof(bytes));
	memcpy(bytes, &n, sizeof(n));
	return span_make(bytes, sizeof(n) + n % 253);
}

/* Every seventh is a pointer. */
static bool
try_push(uint32_t n)
{
	if (n % 7 == 3)
		return deque_push_pointer(&deque, (void *)(uintptr_t)n);
	return deque_push(&deque, piece(n));
}

static void
push(uint32_t n)
{
	ck_assert(try_push(n));
}

/* Which one it is; all of it must be as it was pushed. */
static uint32_t
read_piece(struct deque_place place)
{
	struct span bytes;
	uint32_t n;

	ck_assert_ptr_nonnull(place.block);
	if (deque_pointer(place)) {
		n = (uint32_t)(uintptr_t)deque_pointer(place);
		ck_assert_uint_eq(n % 7, 3);
		return n;
	}
	bytes = deque_bytes(place);
	memcpy(&n, bytes.data, sizeof(n));
	ck_assert(span_equal(bytes, piece(n)));
	return n;
}

static uint32_t
pop(void)
{
	struct deque_place place = deque_lend(&deque);
	uint32_t n = read_piece(place);

	deque_release(&deque, place);
	return n;
}

START_TEST(what_is_pushed_comes_out_in_order)
{
	for (uint32_t n = 0; n < MOST; n++) {
		push(n);
		assert_sound();
	}
	for (uint32_t n = 0; n < MOST; n++) {
		ck_assert_uint_eq(read_piece(deque_front(&deque)), n);
		ck_assert_uint_eq(pop(), n);
		assert_sound();
	}
	ck_assert_uint_eq(deque.n, 0);
	ck_assert_ptr_null(deque_front(&deque).block);
}
END_TEST

/* Of every size there is, and an empty one. */
START_TEST(pieces_have_any_size)
{
	uint8_t bytes[DEQUE_PIECE_MAX];

	for (size_t size = 0; size <= DEQUE_PIECE_MAX; size++) {
		memset(bytes, (int)(size % 256), sizeof(bytes));
		ck_assert(deque_push(&deque, span_make(bytes, size)));
	}
	assert_sound();
	for (size_t size = 0; size <= DEQUE_PIECE_MAX; size++) {
		struct deque_place place = deque_lend(&deque);

		memset(bytes, (int)(size % 256), sizeof(bytes));
		ck_assert(
			span_equal(deque_bytes(place), span_make(bytes, size)));
		deque_release(&deque, place);
	}
}
END_TEST

START_TEST(memory_follows_the_contents)
{
	push(0);
	ck_assert_uint_le(deque.capacity, 256);
	for (uint32_t n = 1; n < MOST; n++)
		push(n);
	ck_assert_uint_ge(deque.capacity, MOST * 100);
	while (deque.n > 0)
		pop();
	ck_assert_uint_le(deque.capacity, 4096);
	/* the one that is left is used again */
	for (uint32_t n = 0; n < MOST; n++) {
		push(n);
		ck_assert_uint_eq(pop(), n);
	}
	ck_assert_uint_le(deque.capacity, 4096);
	assert_sound();
}
END_TEST

START_TEST(a_short_run_stays_small_while_much_goes_through)
{
	push(0);
	for (uint32_t n = 1; n < MOST; n++) {
		push(n);
		ck_assert_uint_eq(pop(), n - 1);
		ck_assert_uint_le(deque.capacity, 2048);
		assert_sound();
	}
}
END_TEST

START_TEST(what_is_put_back_finds_its_place)
{
	struct deque_place lent[4];

	for (uint32_t n = 0; n < 6; n++)
		push(n);
	for (int i = 0; i < 4; i++)
		lent[i] = deque_lend(&deque);
	deque_put_back(&deque, lent[2]);
	deque_put_back(&deque, lent[0]);
	deque_put_back(&deque, lent[3]);
	deque_release(&deque, lent[1]);
	assert_sound();
	ck_assert_uint_eq(pop(), 0);
	ck_assert_uint_eq(pop(), 2);
	ck_assert_uint_eq(pop(), 3);
	ck_assert_uint_eq(pop(), 4);
}
END_TEST

/* Everything lent, everything pushed anew, and still all can come back. */
START_TEST(putting_back_needs_no_memory)
{
	static struct deque_place lent[MOST];

	for (uint32_t n = 0; n < MOST; n++)
		push(n);
	for (int i = 0; i < MOST; i++)
		lent[i] = deque_lend(&deque);
	for (uint32_t n = 0; n < MOST; n++)
		push(MOST + n);
	fault_fail_from(1);
	for (int i = MOST; i > 0; i--)
		deque_put_back(&deque, lent[i - 1]);
	fault_reset();
	assert_sound();
	for (uint32_t n = 0; n < 2 * MOST; n++)
		ck_assert_uint_eq(pop(), n);
}
END_TEST

START_TEST(without_memory_nothing_is_pushed)
{
	unsigned failed = 0;

	for (uint32_t n = 0; n < MOST;) {
		bool pushed;

		fault_fail_at(1);
		pushed = try_push(n);
		fault_reset();
		assert_sound();
		if (!pushed) {
			failed++;
			ck_assert_uint_eq(deque.n, n);
			push(n);
		}
		n++;
	}
	ck_assert_uint_ge(failed, 20);
	for (uint32_t n = 0; n < MOST; n++)
		ck_assert_uint_eq(pop(), n);
}
END_TEST

/* --- random use --- */

struct model {
	uint32_t run[MOST];
	size_t n;
	struct deque_place places[MOST]; /* what is lent */
	uint32_t lent[MOST];
	size_t n_lent;
	uint32_t next;
	uint64_t seed;
};

static struct model model;

static size_t
below(size_t n)
{
	return check_random_below(&model.seed, n);
}

static void
model_insert(uint32_t n)
{
	size_t at = 0;

	while (at < model.n && model.run[at] < n)
		at++;
	memmove(&model.run[at + 1], &model.run[at],
		(model.n++ - at) * sizeof(n));
	model.run[at] = n;
}

static void
model_lend(void)
{
	struct deque_place place = deque_lend(&deque);

	ck_assert_uint_eq(read_piece(place), model.run[0]);
	model.places[model.n_lent] = place;
	model.lent[model.n_lent++] = model.run[0];
	memmove(model.run, model.run + 1, --model.n * sizeof(model.run[0]));
}

static void
model_end_loan(void)
{
	size_t k = below(model.n_lent);

	ck_assert_uint_eq(read_piece(model.places[k]), model.lent[k]);
	if (below(2)) {
		model_insert(model.lent[k]);
		deque_put_back(&deque, model.places[k]);
	} else {
		deque_release(&deque, model.places[k]);
	}
	model.n_lent--;
	model.lent[k] = model.lent[model.n_lent];
	model.places[k] = model.places[model.n_lent];
}

static void
assert_same(void)
{
	struct deque_place place = deque_front(&deque);
	size_t held = 0;

	for (size_t i = 0; i < model.n; i++) {
		ck_assert_uint_eq(read_piece(place), model.run[i]);
		place = deque_next(place);
	}
	ck_assert_ptr_null(place.block);
	for (place = deque_front_held(&deque); place.block;
	     place = deque_next_held(place))
		held++;
	ck_assert_uint_eq(held, model.n + model.n_lent);
}

START_TEST(random_use_agrees_with_an_array)
{
	size_t growth = 1;

	model = (struct model){ .seed = check_seed((uint64_t)_i + 7) };
	for (int step = 0; step < 8000; step++) {
		size_t what = below(6);

		if (step % 1000 == 0)
			growth = below(4);
		if (what < growth && model.n + model.n_lent < MOST - 1) {
			model_insert(model.next);
			push(model.next++);
		} else if (what < 4 && model.n > 0) {
			model_lend();
		} else if (model.n_lent > 0) {
			model_end_loan();
		}
		ck_assert_uint_eq(deque.n, model.n);
		ck_assert_uint_eq(deque.lent, model.n_lent);
		assert_sound();
		if (step % 50 == 0)
			assert_same();
	}
	while (model.n_lent > 0)
		model_end_loan();
	while (model.n > 0) {
		model_lend();
		model_end_loan();
	}
	ck_assert_uint_le(deque.capacity, 4096);
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
	tcase_add_test(tc, pieces_have_any_size);
	tcase_add_test(tc, memory_follows_the_contents);
	tcase_add_test(tc, a_short_run_stays_small_while_much_goes_through);
	tcase_add_test(tc, what_is_put_back_finds_its_place);
	tcase_add_test(tc, putting_back_needs_no_memory);
	tcase_add_test(tc, without_memory_nothing_is_pushed);
	tcase_add_loop_test(tc, random_use_agrees_with_an_array, 0, 6);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return check_run(deque_suite());
}
