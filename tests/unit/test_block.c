/*
 * Blocks: that they are found again, that little is kept, that what is in them
 * stays when they grow.
 */
#include "proto/block.h"
#include "proto/sanitize.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"

#define MIB ((size_t)1 << 20)

static void
teardown(void)
{
	fault_reset();
	block_forget();
}

/* How much of it could be had again, in pieces of size bytes. */
static size_t
count_kept(size_t size)
{
	void *found[16];
	size_t n = 0, in_all;

	while (n < 16 && (found[n] = block_find(size)))
		n++;
	in_all = n;
	while (n > 0)
		free(found[--n]);
	return in_all;
}

START_TEST(freed_block_is_found_again)
{
	void *block = block_alloc(4 * MIB);

	ck_assert_ptr_nonnull(block);
	ck_assert_ptr_null(block_find(4 * MIB));
	block_free(block, 4 * MIB);
	fault_fail_from(1);
	void *again = block_alloc(3 * MIB);
	fault_reset();
	ck_assert_ptr_eq(again, SANITIZED ? NULL : block);
	ck_assert_ptr_null(block_find(3 * MIB));
	block_free(again, 3 * MIB);
}
END_TEST

START_TEST(block_is_kept_for_what_needs_half_of_it_or_more)
{
	block_free(block_alloc(8 * MIB), 8 * MIB);
	ck_assert_ptr_null(block_find(3 * MIB));
	ck_assert_ptr_null(block_find(9 * MIB));
	ck_assert_uint_eq(count_kept(5 * MIB), !SANITIZED);
}
END_TEST

START_TEST(small_memory_is_not_kept)
{
	block_free(block_alloc(BLOCK_LARGE - 1), BLOCK_LARGE - 1);
	block_free(NULL, 0);
	block_free(NULL, MIB);
	ck_assert_ptr_null(block_find(BLOCK_LARGE - 1));
}
END_TEST

START_TEST(no_more_is_kept_than_the_limit)
{
	void *blocks[5];

	for (int i = 0; i < 5; i++)
		blocks[i] = block_alloc(30 * MIB);
	for (int i = 0; i < 5; i++)
		block_free(blocks[i], 30 * MIB);
	ck_assert_uint_eq(count_kept(30 * MIB), SANITIZED ? 0 : 2);
	block_free(block_alloc(BLOCK_KEPT_MAX + 1), BLOCK_KEPT_MAX + 1);
	ck_assert_uint_eq(count_kept(BLOCK_KEPT_MAX), 0);
}
END_TEST

START_TEST(larger_blocks_take_the_place_of_smaller_ones)
{
	void *blocks[8];

	for (int i = 0; i < 8; i++)
		blocks[i] = block_alloc(MIB);
	for (int i = 0; i < 8; i++)
		block_free(blocks[i], MIB);
	block_free(block_alloc(70 * MIB), 70 * MIB);
	ck_assert_uint_eq(count_kept(70 * MIB), !SANITIZED);
}
END_TEST

START_TEST(forgotten_blocks_are_gone)
{
	block_free(block_alloc(MIB), MIB);
	block_forget();
	ck_assert_ptr_null(block_find(MIB));
}
END_TEST

START_TEST(growing_keeps_what_is_used)
{
	uint8_t *block = block_grow(NULL, 0, MIB);

	for (size_t i = 0; i < MIB; i++)
		block[i] = (uint8_t)(i * 7 + (i >> 8));
	block_free(block_alloc(2 * MIB), 2 * MIB);
	for (size_t size = 2 * MIB; size <= 8 * MIB; size *= 2) {
		block = block_grow(block, MIB, size);
		for (size_t i = 0; i < MIB; i++)
			ck_assert_uint_eq(block[i],
					  (uint8_t)(i * 7 + (i >> 8)));
		memset(block + MIB, 1, size - MIB);
	}
	block_free(block, 8 * MIB);
}
END_TEST

START_TEST(growing_without_memory_leaves_the_block)
{
	char *block = block_alloc(MIB), *larger;

	memset(block, 'x', MIB);
	fault_fail_at(1);
	larger = block_grow(block, MIB, 2 * MIB);
	fault_reset();
	ck_assert_ptr_null(larger);
	ck_assert_int_eq(block[MIB - 1], 'x');
	fault_fail_at(1);
	larger = block_alloc(MIB);
	fault_reset();
	ck_assert_ptr_null(larger);
	block_free(block, MIB);
}
END_TEST

/* Nobody else may write into a block that somebody has. */
static void *
use_blocks(void *context)
{
	uint8_t mark = *(uint8_t *)context;

	for (size_t i = 0; i < 20000; i++) {
		size_t size = BLOCK_LARGE << (i % 5);
		uint8_t *block = block_alloc(size);

		block[sizeof(size_t)] = mark;
		block[size - 1] = mark;
		if (i % 100 == 0)
			sched_yield();
		if (block[sizeof(size_t)] != mark || block[size - 1] != mark)
			return context;
		block_free(block, size);
		if (i % 1000 == 0)
			block_forget();
	}
	return NULL;
}

START_TEST(threads_never_share_a_block)
{
	uint8_t marks[4] = { 1, 2, 3, 4 };
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_blocks,
						&marks[i]),
				 0);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		ck_assert_ptr_null(wrong);
	}
}
END_TEST

static Suite *
block_suite(void)
{
	Suite *suite = suite_create("block");
	TCase *tcase = tcase_create("block");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, block_forget, teardown);
	tcase_add_test(tcase, freed_block_is_found_again);
	tcase_add_test(tcase, block_is_kept_for_what_needs_half_of_it_or_more);
	tcase_add_test(tcase, small_memory_is_not_kept);
	tcase_add_test(tcase, no_more_is_kept_than_the_limit);
	tcase_add_test(tcase, larger_blocks_take_the_place_of_smaller_ones);
	tcase_add_test(tcase, forgotten_blocks_are_gone);
	tcase_add_test(tcase, growing_keeps_what_is_used);
	tcase_add_test(tcase, growing_without_memory_leaves_the_block);
	tcase_add_test(tcase, threads_never_share_a_block);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(block_suite());
}
