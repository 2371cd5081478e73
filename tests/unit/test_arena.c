/*
 * The arena: where memory for decoding comes from, and that it never gives
 * more than it may.
 */
#include "proto/arena.h"

#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"

static struct arena arena;

static void
teardown(void)
{
	fault_reset();
	arena_deinit(&arena);
}

START_TEST(unused_arena_takes_no_memory)
{
	unsigned count;

	fault_reset();
	arena_init(&arena, 1000);
	count = fault_count();
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(arena.blocks);
}
END_TEST

START_TEST(memory_is_aligned_to_16_and_apart)
{
	uint8_t *first, *second, *third;

	arena_init(&arena, 1000);
	first = arena_alloc(&arena, 1);
	second = arena_alloc(&arena, 17);
	third = arena_alloc(&arena, 16);
	ck_assert_uint_eq((uintptr_t)first % 16, 0);
	ck_assert_ptr_eq(second, first + 16);
	ck_assert_ptr_eq(third, second + 32);
	memset(first, 1, 1);
	memset(second, 2, 17);
	memset(third, 3, 16);
	ck_assert_uint_eq(first[0], 1);
	ck_assert_uint_eq(second[16], 2);
}
END_TEST

START_TEST(budget_is_given_out_to_the_last_byte)
{
	arena_init(&arena, 64);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 48));
	ck_assert_ptr_null(arena_alloc(&arena, 17));
	ck_assert(arena.failed);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 16));
	ck_assert_ptr_null(arena_alloc(&arena, 1));
	ck_assert_uint_eq(arena.used, 64);
}
END_TEST

START_TEST(sizes_that_wrap_around_are_refused)
{
	arena_init(&arena, SIZE_MAX);
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX - 14));
	ck_assert(arena.failed);
}
END_TEST

START_TEST(many_small_pieces_take_few_allocations)
{
	bool given = true;
	unsigned count;

	arena_init(&arena, (size_t)1 << 20);
	fault_reset();
	for (unsigned i = 0; i < 65536; i++)
		given = arena_alloc(&arena, 16) && given;
	count = fault_count();
	ck_assert(given);
	ck_assert_uint_le(count, 10);
	ck_assert_ptr_null(arena_alloc(&arena, 16));
}
END_TEST

START_TEST(memory_that_runs_out_gives_null_and_no_crash)
{
	void *memory;

	arena_init(&arena, 100000);
	fault_fail_at(1);
	memory = arena_alloc(&arena, 10);
	fault_reset();
	ck_assert_ptr_null(memory);
	ck_assert(arena.failed);
	ck_assert_uint_eq(arena.used, 0);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 10));
	fault_fail_at(1);
	memory = arena_alloc(&arena, 50000);
	fault_reset();
	ck_assert_ptr_null(memory);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 50000));
}
END_TEST

START_TEST(reset_keeps_one_small_block)
{
	unsigned count;
	void *memory;

	arena_init(&arena, 10000);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 100));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 5000));
	ck_assert_ptr_null(arena_alloc(&arena, 100000));
	arena_reset(&arena, 208);
	ck_assert(!arena.failed);
	ck_assert_uint_eq(arena.used, 0);
	fault_reset();
	memory = arena_alloc(&arena, 200);
	count = fault_count();
	ck_assert_ptr_nonnull(memory);
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(arena_alloc(&arena, 1));
}
END_TEST

START_TEST(reset_gives_a_big_block_back)
{
	arena_init(&arena, (size_t)1 << 20);
	ck_assert_ptr_nonnull(arena_alloc(&arena, (size_t)1 << 19));
	arena_reset(&arena, 208);
	ck_assert_ptr_null(arena.blocks);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 200));
}
END_TEST

START_TEST(allocator_for_protobuf_draws_from_the_arena)
{
	ProtobufCAllocator *allocator = &arena.allocator;
	void *memory;

	arena_init(&arena, 100);
	memory = allocator->alloc(allocator->allocator_data, 30);
	ck_assert_ptr_nonnull(memory);
	ck_assert_uint_eq(arena.used, 32);
	allocator->free(allocator->allocator_data, memory);
	ck_assert_uint_eq(arena.used, 32);
	ck_assert_ptr_null(allocator->alloc(allocator->allocator_data, 100));
}
END_TEST

static Suite *
arena_suite(void)
{
	Suite *suite = suite_create("arena");
	TCase *tcase = tcase_create("arena");

	tcase_set_timeout(tcase, 10);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, unused_arena_takes_no_memory);
	tcase_add_test(tcase, memory_is_aligned_to_16_and_apart);
	tcase_add_test(tcase, budget_is_given_out_to_the_last_byte);
	tcase_add_test(tcase, sizes_that_wrap_around_are_refused);
	tcase_add_test(tcase, many_small_pieces_take_few_allocations);
	tcase_add_test(tcase, memory_that_runs_out_gives_null_and_no_crash);
	tcase_add_test(tcase, reset_keeps_one_small_block);
	tcase_add_test(tcase, reset_gives_a_big_block_back);
	tcase_add_test(tcase, allocator_for_protobuf_draws_from_the_arena);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(arena_suite());
}
