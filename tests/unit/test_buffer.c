/*
 * The buffer: that it grows, and that a failure sticks and loses nothing.
 */
#include "proto/buffer.h"

#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"

static struct buffer buffer;

static void
teardown(void)
{
	fault_reset();
	buffer_deinit(&buffer);
}

START_TEST(appended_bytes_are_there_in_order)
{
	buffer_append(&buffer, "ab\0c", 4);
	buffer_append_text(&buffer, "de");
	buffer_append_span(&buffer, span_make("fg", 1));
	buffer_append(&buffer, NULL, 0);
	ck_assert_buffer(buffer, LITERAL("ab\0cdef"));
	ck_assert(!buffer_failed(&buffer));
}
END_TEST

START_TEST(growing_takes_few_allocations)
{
	unsigned count;

	fault_reset();
	for (unsigned i = 0; i < 100000; i++)
		buffer_append(&buffer, "0123456789", 10);
	count = fault_count();
	ck_assert_uint_eq(buffer.size, 1000000);
	ck_assert_uint_le(count, 15);
	ck_assert_uint_le(buffer.capacity, 2000000);
}
END_TEST

START_TEST(extend_gives_room_at_the_end)
{
	buffer_append_text(&buffer, "ab");
	memcpy(buffer_extend(&buffer, 3), "cde", 3);
	ck_assert_buffer(buffer, LITERAL("abcde"));
	ck_assert_ptr_nonnull(buffer_extend(&buffer, 0));
}
END_TEST

START_TEST(failure_sticks_and_keeps_what_was_there)
{
	uint8_t *room;

	buffer_append_text(&buffer, "ab");
	fault_fail_at(1);
	room = buffer_extend(&buffer, 1000);
	fault_reset();
	ck_assert_ptr_null(room);
	ck_assert(buffer_failed(&buffer));
	buffer_append_text(&buffer, "c");
	ck_assert_ptr_null(buffer_extend(&buffer, 1));
	buffer_printf(&buffer, "d");
	ck_assert_buffer(buffer, LITERAL("ab"));
	buffer_clear(&buffer);
	ck_assert(!buffer_failed(&buffer));
	buffer_append_text(&buffer, "e");
	ck_assert_buffer(buffer, LITERAL("e"));
}
END_TEST

START_TEST(size_that_wraps_around_fails)
{
	buffer_append_text(&buffer, "ab");
	ck_assert_ptr_null(buffer_extend(&buffer, SIZE_MAX));
	ck_assert(buffer_failed(&buffer));
	ck_assert_buffer(buffer, LITERAL("ab"));
}
END_TEST

START_TEST(printf_appends_short_and_long_text)
{
	char want[303];

	memset(want, 'x', 300);
	memcpy(want + 300, "end", 3);
	buffer_printf(&buffer, "%d%s", 42, "!");
	ck_assert_buffer(buffer, LITERAL("42!"));
	buffer_clear(&buffer);
	want[300] = '\0';
	buffer_printf(&buffer, "%s", want);
	want[300] = 'e';
	buffer_append_text(&buffer, "end");
	ck_assert_buffer(buffer, span_make(want, sizeof(want)));
}
END_TEST

START_TEST(printf_is_whole_at_the_border_of_its_small_buffer)
{
	for (int n = 126; n < 130; n++) {
		buffer_clear(&buffer);
		buffer_printf(&buffer, "%0*d", n, 7);
		ck_assert_uint_eq(buffer.size, (size_t)n);
		ck_assert_uint_eq(buffer.data[n - 1], '7');
	}
}
END_TEST

START_TEST(taken_bytes_are_the_callers)
{
	uint8_t *data;
	size_t size;

	buffer_append_text(&buffer, "abc");
	data = buffer_take(&buffer, &size);
	ck_assert_bytes(span_make(data, size), LITERAL("abc"));
	ck_assert_uint_eq(buffer.size, 0);
	ck_assert_ptr_null(buffer.data);
	free(data);
	ck_assert_ptr_null(buffer_take(&buffer, &size));
	ck_assert_uint_eq(size, 0);
}
END_TEST

START_TEST(taking_from_a_failed_buffer_gives_null)
{
	size_t size = 9;

	buffer_append_text(&buffer, "abc");
	fault_fail_at(1);
	buffer_extend(&buffer, 1000);
	ck_assert_ptr_null(buffer_take(&buffer, &size));
	ck_assert_uint_eq(size, 0);
	ck_assert(!buffer_failed(&buffer));
}
END_TEST

static Suite *
buffer_suite(void)
{
	Suite *suite = suite_create("buffer");
	TCase *tcase = tcase_create("buffer");

	tcase_set_timeout(tcase, 10);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, appended_bytes_are_there_in_order);
	tcase_add_test(tcase, growing_takes_few_allocations);
	tcase_add_test(tcase, extend_gives_room_at_the_end);
	tcase_add_test(tcase, failure_sticks_and_keeps_what_was_there);
	tcase_add_test(tcase, size_that_wraps_around_fails);
	tcase_add_test(tcase, printf_appends_short_and_long_text);
	tcase_add_test(tcase,
		       printf_is_whole_at_the_border_of_its_small_buffer);
	tcase_add_test(tcase, taken_bytes_are_the_callers);
	tcase_add_test(tcase, taking_from_a_failed_buffer_gives_null);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(buffer_suite());
}
