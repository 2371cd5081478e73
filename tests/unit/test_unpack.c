/*
 * Taking lists apart: every letter, and that a failure changes nothing.
 */
#include <stdlib.h>

#include "mproxy/unpack.h"
#include "mproxy/value.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/unit/object-stub.h"

static struct mproxy_value *value;

static void
setup(void)
{
	value = NULL;
}

static void
teardown(void)
{
	value = mproxy_value_free(value);
	ck_assert_uint_eq(stub_live(), 0);
}

#define ck_assert_unpack_fails(code, sentence, ...)                            \
	do {                                                                   \
		ck_assert_int_eq(mproxy_unpack(value, __VA_ARGS__), code);     \
		ck_assert_str_eq(mproxy_error_detail(), sentence);             \
	} while (0)

START_TEST(every_letter_fills_its_variable)
{
	int64_t i;
	uint64_t u;
	double d;
	bool b;
	char *text;
	void *data;
	size_t size;
	struct mproxy_value *item;
	int64_t inner;

	value = MPROXY_LIST(-1, 2, 3, mproxy_value_bool(true), "four",
			    mproxy_value_bytes("\0five", 5), MPROXY_LIST(6), 7);
	ck_assert_int_eq(mproxy_unpack(value, "iudbsyv.", &i, &u, &d, &b, &text,
				       &data, &size, &item),
			 0);
	ck_assert_int_eq(i, -1);
	ck_assert_uint_eq(u, 2);
	ck_assert(d > 2.5 && d < 3.5);
	ck_assert(b);
	ck_assert_str_eq(text, "four");
	ck_assert_uint_eq(size, 5);
	ck_assert_int_eq(memcmp(data, "\0five", 6), 0);
	ck_assert_int_eq(mproxy_unpack(item, "i", &inner), 0);
	ck_assert_int_eq(inner, 6);
	free(text);
	free(data);
	mproxy_value_free(item);
}
END_TEST

START_TEST(handles_arrive_as_their_type)
{
	struct mproxy_object *a = stub_object(stub_manager, 1, "list");
	struct mproxy_object *b = stub_object(stub_manager, 2, "dict");
	struct mproxy_object *c = stub_object(stub_manager, 3, "queue");
	struct mproxy_object *d = stub_object(stub_manager, 4, "lock");
	struct mproxy_object *any = NULL;
	struct mproxy_list *list = NULL;
	struct mproxy_dict *dict = NULL;
	struct mproxy_queue *queue = NULL;
	struct mproxy_lock *lock = NULL;

	value = MPROXY_LIST(d, MPROXY_LIST(a, b), a, b, c, d);
	ck_assert_int_eq(mproxy_unpack(value, "h.LDQK", &any, &list, &dict,
				       &queue, &lock),
			 0);
	ck_assert_ptr_eq(any, d);
	ck_assert_ptr_eq(list, a);
	ck_assert_ptr_eq(dict, b);
	ck_assert_ptr_eq(queue, c);
	ck_assert_ptr_eq(lock, d);
	ck_assert_unpack_fails(MPROXY_ERR_TYPE,
			       "item 1 of 6: wanted handle of a list, "
			       "is handle of a lock",
			       "L*", &list);
	ck_assert_unpack_fails(MPROXY_ERR_TYPE,
			       "item 2 of 6: wanted handle of a list, is list",
			       ".L*", &list);
	for (int i = 0; i < 2; i++) {
		mproxy_object_free(d);
		mproxy_object_free(c);
		mproxy_object_free(b);
		mproxy_object_free(a);
	}
	mproxy_object_free(any);
}
END_TEST

START_TEST(wrong_item_is_named_with_both_kinds)
{
	int64_t i = 1;

	value = MPROXY_LIST(1, "two", 3.0);
	ck_assert_unpack_fails(MPROXY_ERR_TYPE,
			       "item 2 of 3: wanted integer, is string", "ii.",
			       &i, &i);
	ck_assert_unpack_fails(MPROXY_ERR_TYPE,
			       "item 3 of 3: wanted integer, is double", "..u",
			       &i);
	ck_assert_unpack_fails(MPROXY_ERR_TYPE,
			       "item 2 of 3: wanted number, is string", ".d.",
			       &i);
	ck_assert_unpack_fails(MPROXY_ERR_TYPE,
			       "item 1 of 3: wanted bool, is integer", "b..",
			       &i);
	ck_assert_unpack_fails(MPROXY_ERR_TYPE,
			       "item 1 of 3: wanted string, is integer", "s..",
			       &i);
	ck_assert_unpack_fails(MPROXY_ERR_TYPE,
			       "item 2 of 3: wanted bytes, is string", ".y.",
			       &i, &i);
	ck_assert_unpack_fails(MPROXY_ERR_TYPE,
			       "item 1 of 3: wanted handle, is integer", "h..",
			       &i);
	ck_assert_int_eq(i, 1);
}
END_TEST

START_TEST(number_that_does_not_fit_is_named)
{
	int64_t i;
	uint64_t u;

	value = MPROXY_LIST(-5, UINT64_MAX);
	ck_assert_unpack_fails(MPROXY_ERR_RANGE,
			       "item 1 of 2: -5 does not fit uint64_t", "u.",
			       &u);
	ck_assert_unpack_fails(MPROXY_ERR_RANGE,
			       "item 2 of 2: 18446744073709551615 does "
			       "not fit int64_t",
			       "ii", &i, &i);
}
END_TEST

START_TEST(number_of_items_must_fit)
{
	int64_t a = 0, b = 0, c = 0;

	value = MPROXY_LIST(1, 2);
	ck_assert_unpack_fails(MPROXY_ERR_INVALID,
			       "wanted 3 items, there are 2", "iii", &a, &b,
			       &c);
	ck_assert_unpack_fails(MPROXY_ERR_INVALID,
			       "wanted 1 items, there are 2", "i", &a);
	ck_assert_unpack_fails(MPROXY_ERR_INVALID,
			       "wanted at least 3 items, there are 2", "iii|i",
			       &a, &b, &c, &c);
	ck_assert_unpack_fails(MPROXY_ERR_INVALID,
			       "wanted at least 3 items, there are 2", "iii*",
			       &a, &b, &c);
	mproxy_value_free(value);
	value = MPROXY_LIST(1, 2, 3);
	ck_assert_unpack_fails(MPROXY_ERR_INVALID,
			       "wanted at most 2 items, there are 3", "i|i", &a,
			       &b);
	ck_assert_int_eq(a + b + c, 0);
	mproxy_value_free(value);
	value = mproxy_value_list(0, NULL);
	ck_assert_int_eq(mproxy_unpack(value, ""), 0);
	ck_assert_int_eq(mproxy_unpack(value, "*"), 0);
}
END_TEST

START_TEST(what_may_be_missing_stays_as_it_is)
{
	int64_t a = 10, b = 20, c = 30;
	struct mproxy_value *item = NULL;

	value = MPROXY_LIST(1, mproxy_value_nil());
	ck_assert_int_eq(mproxy_unpack(value, "i|ii", &a, &b, &c), 0);
	ck_assert_int_eq(a, 1);
	ck_assert_int_eq(b, 20);
	ck_assert_int_eq(c, 30);
	ck_assert_int_eq(mproxy_unpack(value, ".|v", &item), 0);
	ck_assert_int_eq(mproxy_value_kind(item), MPROXY_NIL);
	ck_assert_ptr_nonnull(item);
	mproxy_value_free(item);
	ck_assert_int_eq(mproxy_unpack(value, "i*", &a), 0);
}
END_TEST

START_TEST(what_is_no_list_counts_as_its_one_item)
{
	struct mproxy_object *object = stub_object(stub_manager, 3, "queue");
	struct mproxy_queue *queue;
	struct mproxy_value *same;
	int64_t i = 0, j = 5;

	value = MPROXY(7);
	ck_assert_int_eq(mproxy_unpack(value, "i|i", &i, &j), 0);
	ck_assert_int_eq(i, 7);
	ck_assert_int_eq(j, 5);
	ck_assert_int_eq(mproxy_unpack(value, "v", &same), 0);
	ck_assert_ptr_eq(same, value);
	mproxy_value_free(same);
	ck_assert_unpack_fails(MPROXY_ERR_TYPE, "wanted string, is integer",
			       "s", &i);
	ck_assert_unpack_fails(MPROXY_ERR_INVALID,
			       "wanted 2 items, there are 1", "ii", &i, &j);
	mproxy_value_free(value);
	value = MPROXY(object);
	mproxy_object_free(object);
	ck_assert_int_eq(mproxy_unpack(value, "Q", &queue), 0);
	mproxy_object_free((struct mproxy_object *)queue);
	ck_assert_int_eq(mproxy_unpack(NULL, "v", &same), 0);
	ck_assert_int_eq(mproxy_value_kind(same), MPROXY_NIL);
	mproxy_value_free(same);
}
END_TEST

START_TEST(failure_gives_nothing)
{
	struct mproxy_object *object = stub_object(stub_manager, 3, "queue");
	char *text = NULL;
	void *data = NULL;
	size_t size = 9;
	struct mproxy_value *item = NULL;
	struct mproxy_queue *queue = NULL;
	int64_t i = 9;

	value = MPROXY_LIST("text", mproxy_value_bytes("x", 1), 5, object, 6,
			    "last");
	mproxy_object_free(object);
	ck_assert_unpack_fails(
		MPROXY_ERR_TYPE, "item 6 of 6: wanted integer, is string",
		"syvQii", &text, &data, &size, &item, &queue, &i, &i);
	ck_assert_ptr_null(text);
	ck_assert_ptr_null(data);
	ck_assert_uint_eq(size, 9);
	ck_assert_ptr_null(item);
	ck_assert_ptr_null(queue);
	ck_assert_int_eq(i, 9);
}
END_TEST

START_TEST(format_with_other_letters_is_refused)
{
	int64_t i[40];

	value = MPROXY_LIST(1, 2);
	ck_assert_unpack_fails(MPROXY_ERR_INVALID,
			       "'x' is no letter of a format", "ix", &i[0],
			       &i[1]);
	ck_assert_unpack_fails(MPROXY_ERR_INVALID,
			       "'*' is no letter of a format", "*i", &i[0],
			       &i[1]);
	ck_assert_unpack_fails(MPROXY_ERR_INVALID,
			       "'|' is no letter of a format", "||i", &i[0],
			       &i[1]);
}
END_TEST

START_TEST(memory_that_runs_out_gives_nothing)
{
	char *text = NULL;
	void *data = NULL;
	size_t size;
	struct mproxy_value *item = NULL;
	int error = 1;

	value = MPROXY_LIST("text", mproxy_value_bytes("x", 1),
			    MPROXY_LIST(5, "a text that makes an index worth "
					   "its while, perhaps, or not"));
	for (unsigned n = 1; error; n++) {
		ck_assert_uint_lt(n, 20);
		fault_fail_at(n);
		error = mproxy_unpack(value, "syv", &text, &data, &size, &item);
		fault_reset();
		if (!error)
			break;
		ck_assert_int_eq(error, MPROXY_ERR_NO_MEMORY);
		ck_assert_ptr_null(text);
		ck_assert_ptr_null(data);
		ck_assert_ptr_null(item);
	}
	free(text);
	free(data);
	mproxy_value_free(item);
}
END_TEST

static Suite *
unpack_suite(void)
{
	Suite *suite = suite_create("unpack");
	TCase *tcase = tcase_create("unpack");

	tcase_set_timeout(tcase, 10);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, every_letter_fills_its_variable);
	tcase_add_test(tcase, handles_arrive_as_their_type);
	tcase_add_test(tcase, wrong_item_is_named_with_both_kinds);
	tcase_add_test(tcase, number_that_does_not_fit_is_named);
	tcase_add_test(tcase, number_of_items_must_fit);
	tcase_add_test(tcase, what_may_be_missing_stays_as_it_is);
	tcase_add_test(tcase, what_is_no_list_counts_as_its_one_item);
	tcase_add_test(tcase, failure_gives_nothing);
	tcase_add_test(tcase, format_with_other_letters_is_refused);
	tcase_add_test(tcase, memory_that_runs_out_gives_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(unpack_suite());
}
