/*
 * Shared lists through the public headers, against the real daemon. Expected
 * values are those of CPython's list for the same operation.
 */
#include <mproxy/mproxy.h>

#include "tests/harness/check-main.h"
#include "tests/harness/manager.h"
#include "tests/harness/value-check.h"

static struct mproxy_list *list;

static void
setup(void)
{
	manager_setup();
	ck_assert_ok(mproxy_list_new(manager, &list));
}

static void
teardown(void)
{
	list = mproxy_list_free(list);
	manager_teardown();
}

/* The list becomes 0 … n - 1. */
static void
fill(int64_t n)
{
	struct mproxy_value **items = calloc((size_t)n + 1,
					     sizeof(struct mproxy_value *));

	for (int64_t i = 0; i < n; i++)
		items[i] = MPROXY(i);
	ck_assert_ok(mproxy_list_clear(list));
	ck_assert_ok(
		mproxy_list_extend(list, mproxy_value_list((size_t)n, items)));
	free(items);
}

#define ck_assert_list(want) ck_assert_gives(mproxy_list_copy(list, &got), want)

/* --- whole life --- */

START_TEST(list_is_made_with_items_or_from_another)
{
	struct mproxy_list *first, *second;

	ck_assert_list("[]");
	ck_assert_ok(
		mproxy_list_new_from(manager, MPROXY_LIST(1, "x"), &first));
	ck_assert_ok(mproxy_list_new_from(manager, MPROXY(first), &second));
	ck_assert_ok(mproxy_list_append(first, MPROXY(2)));
	ck_assert_gives(mproxy_list_copy(second, &got), "[1, \"x\"]");
	ck_assert_error(mproxy_list_new_from(manager, MPROXY(1), &second),
			TYPE);
	ck_assert_error(mproxy_list_new_from(manager, MPROXY("\xff"), &second),
			INVALID);
	mproxy_list_free(first);
	mproxy_list_free(second);
}
END_TEST

START_TEST(proxies_are_counted_and_the_last_frees_the_object)
{
	int64_t before = manager_objects();
	struct mproxy_list *extra, *same;
	struct mproxy_value *value;

	ck_assert_ok(mproxy_list_new(manager, &extra));
	ck_assert_ptr_eq(mproxy_list_ref(extra), extra);
	ck_assert_ptr_eq(mproxy_list_object(extra), extra);
	ck_assert_str_eq(mproxy_object_type(mproxy_list_object(extra)), "list");
	value = MPROXY(extra);
	ck_assert_ok(mproxy_list_from_value(value, &same));
	mproxy_value_free(value);
	ck_assert_ptr_null(mproxy_list_free(extra));
	ck_assert_ptr_null(mproxy_list_free(extra));
	ck_assert_int_eq(manager_objects(), before + 1);
	ck_assert_ok(mproxy_list_append(same, MPROXY(1)));
	mproxy_list_free(same);
	ck_assert_int_eq(manager_objects(), before);
	ck_assert_ptr_null(mproxy_list_free(NULL));
	value = MPROXY(1);
	ck_assert_fails(mproxy_list_from_value(value, &same), TYPE,
			"wanted handle of a list, is integer");
	mproxy_value_free(value);
}
END_TEST

START_TEST(named_list_is_the_same_for_all_who_open_it)
{
	struct mproxy_list *a, *b;
	struct mproxy_dict *dict;

	ck_assert_ok(mproxy_list_open(manager, "all", &a));
	ck_assert_ok(mproxy_list_append(a, MPROXY(7)));
	mproxy_list_free(a);
	ck_assert_ok(mproxy_list_open(manager, "all", &b));
	ck_assert_gives(mproxy_list_copy(b, &got), "[7]");
	ck_assert_error(mproxy_dict_open(manager, "all", &dict), TYPE);
	ck_assert_fails(mproxy_list_open(manager, NULL, &a), INVALID,
			"a name is NULL");
	mproxy_list_free(b);
}
END_TEST

/* --- items --- */

START_TEST(get_set_and_delete_count_from_both_ends)
{
	fill(4);
	ck_assert_gives(mproxy_list_get(list, 0, &got), "0");
	ck_assert_gives(mproxy_list_get(list, -1, &got), "3");
	ck_assert_gives(mproxy_list_get(list, -4, &got), "0");
	ck_assert_ok(mproxy_list_set(list, -1, MPROXY("last")));
	ck_assert_ok(mproxy_list_delete(list, -3));
	ck_assert_list("[0, 2, \"last\"]");
}
END_TEST

START_TEST(index_out_of_range_is_named)
{
	struct mproxy_value *value = NULL;

	fill(3);
	ck_assert_fails(mproxy_list_get(list, 3, &value), RANGE,
			"server: list index 3 out of range for length 3");
	ck_assert_ptr_null(value);
	ck_assert_error(mproxy_list_get(list, -4, &value), RANGE);
	ck_assert_error(mproxy_list_get(list, INT64_MIN, &value), RANGE);
	ck_assert_error(mproxy_list_set(list, 3, MPROXY(1)), RANGE);
	ck_assert_error(mproxy_list_delete(list, -4), RANGE);
	ck_assert_error(mproxy_list_pop(list, 3, &value), RANGE);
	ck_assert_list("[0, 1, 2]");
}
END_TEST

START_TEST(insert_clamps_its_place)
{
	static const struct {
		int64_t index;
		const char *want;
	} cases[] = {
		{ -100, "[9, 0, 1, 2]" }, { -1, "[0, 1, 9, 2]" },
		{ 0, "[9, 0, 1, 2]" },	  { 3, "[0, 1, 2, 9]" },
		{ 100, "[0, 1, 2, 9]" },
	};

	for (size_t i = 0; i < 5; i++) {
		fill(3);
		ck_assert_ok(
			mproxy_list_insert(list, cases[i].index, MPROXY(9)));
		ck_assert_list(cases[i].want);
	}
}
END_TEST

START_TEST(pop_takes_from_anywhere)
{
	struct mproxy_value *value;

	fill(4);
	ck_assert_gives(mproxy_list_pop(list, -1, &got), "3");
	ck_assert_gives(mproxy_list_pop(list, 0, &got), "0");
	ck_assert_ok(mproxy_list_pop(list, 0, NULL));
	ck_assert_list("[2]");
	ck_assert_ok(mproxy_list_pop(list, -1, NULL));
	ck_assert_error(mproxy_list_pop(list, -1, &value), EMPTY);
}
END_TEST

START_TEST(extend_takes_lists_handles_itself_and_c_arrays)
{
	const double reals[] = { 0.5, 1.5 };
	struct mproxy_list *other;

	fill(2);
	ck_assert_ok(mproxy_list_new_from(manager, MPROXY_LIST("x"), &other));
	ck_assert_ok(mproxy_list_extend(list, MPROXY(other)));
	ck_assert_ok(mproxy_list_extend(list, MPROXY(list)));
	ck_assert_ok(mproxy_list_extend(
		list, mproxy_value_list_from_numbers(MPROXY_F64, reals, 2)));
	ck_assert_list("[0, 1, \"x\", 0, 1, \"x\", 0.5, 1.5]");
	ck_assert_error(mproxy_list_extend(list, MPROXY("ab")), TYPE);
	mproxy_list_free(other);
}
END_TEST

/* --- search --- */

START_TEST(search_is_by_value_and_kind)
{
	int64_t place = -1;

	ck_assert_ok(mproxy_list_extend(list, MPROXY_LIST(1, 2, 3, 2, 1)));
	ck_assert_ok(mproxy_list_index(list, MPROXY(2), MPROXY_BEGIN,
				       MPROXY_END, &place));
	ck_assert_int_eq(place, 1);
	ck_assert_ok(mproxy_list_index(list, MPROXY(2), 2, MPROXY_END, &place));
	ck_assert_int_eq(place, 3);
	ck_assert_ok(
		mproxy_list_index(list, MPROXY(1), -2, MPROXY_END, &place));
	ck_assert_int_eq(place, 4);
	ck_assert_error(
		mproxy_list_index(list, MPROXY(3), MPROXY_BEGIN, 2, &place),
		NOT_FOUND);
	ck_assert_error(mproxy_list_index(list, MPROXY(2.0), MPROXY_BEGIN,
					  MPROXY_END, &place),
			NOT_FOUND);
	ck_assert_int_eq(place, 4);
	ck_assert_gives_size(mproxy_list_count(list, MPROXY(2), &got), 2);
	ck_assert_gives_size(mproxy_list_count(list, MPROXY("2"), &got), 0);
	ck_assert_gives_bool(mproxy_list_contains(list, MPROXY(3), &got), true);
	ck_assert_gives_bool(mproxy_list_contains(list, MPROXY(4), &got),
			     false);
	ck_assert_gives_size(mproxy_list_len(list, &got), 5);
	ck_assert_ok(mproxy_list_remove(list, MPROXY(2)));
	ck_assert_error(mproxy_list_remove(list, MPROXY(4)), NOT_FOUND);
	ck_assert_list("[1, 3, 2, 1]");
}
END_TEST

/* --- slices --- */

#define N MPROXY_BEGIN /* left out */

START_TEST(slices_are_those_of_python)
{
	static const struct {
		int64_t start, stop, step;
		const char *slice, *without;
	} cases[] = {
		{ N, N, 1, "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", "[]" },
		{ 2, 5, 1, "[2, 3, 4]", "[0, 1, 5, 6, 7, 8, 9]" },
		{ -3, N, 1, "[7, 8, 9]", "[0, 1, 2, 3, 4, 5, 6]" },
		{ N, -3, 1, "[0, 1, 2, 3, 4, 5, 6]", "[7, 8, 9]" },
		{ N, N, -1, "[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]", "[]" },
		{ N, N, 2, "[0, 2, 4, 6, 8]", "[1, 3, 5, 7, 9]" },
		{ 1, N, 3, "[1, 4, 7]", "[0, 2, 3, 5, 6, 8, 9]" },
		{ 8, 2, -2, "[8, 6, 4]", "[0, 1, 2, 3, 5, 7, 9]" },
		{ 5, 2, 1, "[]", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]" },
		{ 2, 5, -1, "[]", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]" },
		{ -100, 100, 1, "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", "[]" },
		{ 100, -100, -1, "[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]", "[]" },
		{ -1, -4, -1, "[9, 8, 7]", "[0, 1, 2, 3, 4, 5, 6]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fill(10);
		ck_assert_gives(mproxy_list_slice(list, cases[i].start,
						  cases[i].stop, cases[i].step,
						  &got),
				cases[i].slice);
		ck_assert_ok(mproxy_list_slice_delete(
			list, cases[i].start, cases[i].stop, cases[i].step));
		ck_assert_list(cases[i].without);
	}
}
END_TEST

START_TEST(slices_are_set_as_in_python)
{
	fill(10);
	ck_assert_ok(mproxy_list_slice_set(list, 2, 5, 1, MPROXY_LIST(7, 8)));
	ck_assert_list("[0, 1, 7, 8, 5, 6, 7, 8, 9]");
	fill(10);
	ck_assert_ok(mproxy_list_slice_set(list, 5, 2, 1, MPROXY_LIST(9)));
	ck_assert_list("[0, 1, 2, 3, 4, 9, 5, 6, 7, 8, 9]");
	fill(10);
	ck_assert_ok(mproxy_list_slice_set(list, N, N, 2,
					   MPROXY_LIST(1, 1, 1, 1, 1)));
	ck_assert_list("[1, 1, 1, 3, 1, 5, 1, 7, 1, 9]");
	fill(10);
	ck_assert_ok(mproxy_list_slice_set(list, 8, 2, -3, MPROXY_LIST(1, 2)));
	ck_assert_list("[0, 1, 2, 3, 4, 2, 6, 7, 1, 9]");
	fill(10);
	ck_assert_ok(mproxy_list_slice_set(list, 100, 200, 1, MPROXY_LIST(5)));
	ck_assert_list("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 5]");
	ck_assert_ok(mproxy_list_slice_set(list, N, N, 1,
					   mproxy_value_list(0, NULL)));
	ck_assert_list("[]");
}
END_TEST

START_TEST(slices_refuse_what_python_refuses)
{
	struct mproxy_value *value;

	fill(10);
	ck_assert_error(mproxy_list_slice(list, N, N, 0, &value), INVALID);
	ck_assert_error(mproxy_list_slice_delete(list, N, N, 0), INVALID);
	ck_assert_error(mproxy_list_slice_set(list, N, N, 2, MPROXY_LIST(1, 2)),
			INVALID);
	ck_assert_error(mproxy_list_slice_set(list, N, N, 1, MPROXY(1)), TYPE);
	ck_assert_gives_size(mproxy_list_len(list, &got), 10);
}
END_TEST

START_TEST(slice_comes_out_as_a_c_array)
{
	int64_t numbers[3];
	struct mproxy_value *value;
	size_t n;

	fill(10);
	ck_assert_ok(mproxy_list_slice(list, 2, 5, 1, &value));
	ck_assert_ok(
		mproxy_value_get_numbers(value, MPROXY_I64, numbers, 3, &n));
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(numbers[0], 2);
	ck_assert_int_eq(numbers[2], 4);
	mproxy_value_free(value);
}
END_TEST

/* --- all items --- */

START_TEST(order_is_changed_in_place)
{
	ck_assert_ok(mproxy_list_extend(
		list,
		MPROXY_LIST(3, -1, 2.5, "b", "a", mproxy_value_nil(), 1.0, 1)));
	ck_assert_ok(mproxy_list_reverse(list));
	ck_assert_list("[1, 1.0, nil, \"a\", \"b\", 2.5, -1, 3]");
	ck_assert_ok(mproxy_list_sort(list, false));
	ck_assert_list("[nil, -1, 1, 1.0, 2.5, 3, \"a\", \"b\"]");
	ck_assert_ok(mproxy_list_sort(list, true));
	ck_assert_list("[\"b\", \"a\", 3, 2.5, 1.0, 1, -1, nil]");
}
END_TEST

/* value, which is freed, has 0 … n - 1 again and again. */
static void
assert_repeats(struct mproxy_value *value, int64_t n, size_t times)
{
	ck_assert_uint_eq(mproxy_value_count(value), (size_t)n * times);
	for (size_t i = 0; i < (size_t)n * times; i++) {
		struct mproxy_value *item;
		int64_t number;

		ck_assert_ok(mproxy_value_item(value, i, &item));
		ck_assert_ok(mproxy_value_get_int(item, &number));
		ck_assert_int_eq(number, (int64_t)i % n);
		mproxy_value_free(item);
	}
	mproxy_value_free(value);
}

/* Of odd lengths, so that no step ends where a repetition does. */
START_TEST(concat_and_repeat_of_many_are_whole)
{
	struct mproxy_value *got;

	fill(30011);
	ck_assert_ok(mproxy_list_repeat(list, 9, &got));
	assert_repeats(got, 30011, 9);
	ck_assert_ok(mproxy_list_concat(list, MPROXY(list), &got));
	assert_repeats(got, 30011, 2);
	fill(3);
	ck_assert_ok(mproxy_list_repeat(list, 100003, &got));
	assert_repeats(got, 3, 100003);
}
END_TEST

START_TEST(concat_and_repeat_leave_the_list_alone)
{
	fill(2);
	ck_assert_gives(mproxy_list_concat(list, MPROXY_LIST("x"), &got),
			"[0, 1, \"x\"]");
	ck_assert_gives(mproxy_list_concat(list, MPROXY(list), &got),
			"[0, 1, 0, 1]");
	ck_assert_gives(mproxy_list_repeat(list, 3, &got),
			"[0, 1, 0, 1, 0, 1]");
	ck_assert_gives(mproxy_list_repeat(list, 0, &got), "[]");
	ck_assert_gives(mproxy_list_repeat(list, -5, &got), "[]");
	ck_assert_list("[0, 1]");
	ck_assert_ok(mproxy_list_repeat_in_place(list, 2));
	ck_assert_list("[0, 1, 0, 1]");
	ck_assert_ok(mproxy_list_repeat_in_place(list, -1));
	ck_assert_list("[]");
}
END_TEST

START_TEST(too_much_is_refused)
{
	struct mproxy_value *value, *other = NULL;

	fill(2);
	ck_assert_error(mproxy_list_repeat(list, INT64_MAX, &value), TOO_BIG);
	ck_assert_error(mproxy_list_repeat_in_place(list, INT64_MAX), TOO_BIG);
	ck_assert_error(
		mproxy_list_concat(list, mproxy_value_ref(other), &value),
		INVALID);
	ck_assert_list("[0, 1]");
}
END_TEST

START_TEST(list_prints_as_its_contents)
{
	char *text;

	fill(3);
	ck_assert_ok(mproxy_object_format(mproxy_list_object(list), &text));
	ck_assert_str_eq(text, "[0, 1, 2]");
	free(text);
}
END_TEST

/* --- nesting --- */

START_TEST(lists_and_dicts_live_inside_lists)
{
	struct mproxy_dict *dict, *again;
	struct mproxy_list *inner;
	struct mproxy_value *value;

	ck_assert_ok(mproxy_dict_new(manager, &dict));
	ck_assert_ok(mproxy_list_append(list, MPROXY_LIST("d", dict)));
	mproxy_dict_free(dict);
	ck_assert_ok(mproxy_list_get(list, 0, &value));
	ck_assert_ok(mproxy_unpack(value, ".D", &again));
	mproxy_value_free(value);
	ck_assert_ok(mproxy_dict_set(again, MPROXY("k"), MPROXY(1)));
	/* the inner one lives on by the proxy alone, then not at all */
	ck_assert_ok(mproxy_list_clear(list));
	ck_assert_gives(mproxy_dict_get(again, MPROXY("k"), &got), "1");
	mproxy_dict_free(again);
	ck_assert_ok(mproxy_list_new(manager, &inner));
	ck_assert_ok(mproxy_list_append(list, MPROXY(inner)));
	ck_assert_ok(mproxy_list_append(inner, MPROXY(list)));
	mproxy_list_free(inner);
	ck_assert_gives_size(mproxy_list_len(list, &got), 1);
}
END_TEST

START_TEST(handle_of_another_manager_is_refused)
{
	struct mproxy_manager *other;
	struct mproxy_list *stranger, *copy;

	ck_assert_ok(mproxy_start(NULL, &other));
	ck_assert_ok(mproxy_list_new(other, &stranger));
	ck_assert_fails(mproxy_list_append(list, MPROXY(stranger)), INVALID,
			"argument 1 of append has a handle of another manager");
	ck_assert_list("[]");
	ck_assert_error(mproxy_list_new_from(manager, MPROXY(stranger), &copy),
			INVALID);
	mproxy_list_free(stranger);
	mproxy_close(other);
}
END_TEST

START_TEST(proxy_of_a_closed_connection_says_so)
{
	struct mproxy_manager *other;
	struct mproxy_list *orphan;
	struct mproxy_value *value;

	ck_assert_ok(mproxy_start(NULL, &other));
	ck_assert_ok(mproxy_list_new(other, &orphan));
	mproxy_close(other);
	ck_assert_error(mproxy_list_append(orphan, MPROXY(1)), CLOSED);
	ck_assert_error(mproxy_list_get(orphan, 0, &value), CLOSED);
	mproxy_list_free(orphan);
}
END_TEST

/* --- walks --- */

START_TEST(walk_meets_every_item_in_pages_of_any_size)
{
	static const size_t pages[] = { 0, 1, 3, 10, 100 };

	fill(10);
	for (size_t i = 0; i < 5; i++) {
		struct mproxy_iter *it;
		struct mproxy_value *value, *other;
		int64_t n, sum = 0;

		ck_assert_ok(mproxy_list_iterate(list, pages[i], &it));
		for (int64_t want = 0; want < 10; want++) {
			ck_assert_ok(mproxy_iter_next(it, &value));
			ck_assert_ok(mproxy_value_get_int(value, &n));
			ck_assert_int_eq(n, want);
			sum += n;
			mproxy_value_free(value);
		}
		ck_assert_int_eq(sum, 45);
		ck_assert_error(mproxy_iter_next(it, &value), NOT_FOUND);
		ck_assert_error(mproxy_iter_next(it, &value), NOT_FOUND);
		ck_assert_error(mproxy_iter_next_entry(it, &value, &other),
				TYPE);
		ck_assert_ptr_null(mproxy_iter_free(it));
	}
	ck_assert_ptr_null(mproxy_iter_free(NULL));
}
END_TEST

START_TEST(walk_sees_what_is_appended_and_outlives_the_proxy)
{
	struct mproxy_list *own;
	struct mproxy_iter *it;
	struct mproxy_value *value;

	ck_assert_ok(mproxy_list_new_from(manager, MPROXY_LIST(1, 2), &own));
	ck_assert_ok(mproxy_list_iterate(own, 2, &it));
	ck_assert_gives(mproxy_iter_next(it, &got), "1");
	ck_assert_ok(mproxy_list_append(own, MPROXY(3)));
	mproxy_list_free(own);
	ck_assert_gives(mproxy_iter_next(it, &got), "2");
	ck_assert_gives(mproxy_iter_next(it, &got), "3");
	ck_assert_error(mproxy_iter_next(it, &value), NOT_FOUND);
	mproxy_iter_free(it);
}
END_TEST

/* --- other processes --- */

static int
change_from_child(void)
{
	struct mproxy_manager *own;
	struct mproxy_list *named;

	CHILD_CHECK(mproxy_list_set(list, 0, MPROXY(100)) == 0);
	CHILD_CHECK(mproxy_connect(mproxy_manager_address(manager), &own) == 0);
	CHILD_CHECK(mproxy_list_open(own, "results", &named) == 0);
	CHILD_CHECK(mproxy_list_append(named, MPROXY("from the child")) == 0);
	return 0;
}

START_TEST(child_changes_what_the_parent_sees)
{
	struct mproxy_list *named;

	fill(3);
	ck_assert_ok(mproxy_list_open(manager, "results", &named));
	child_end(child_begin(change_from_child));
	ck_assert_list("[100, 1, 2]");
	ck_assert_gives(mproxy_list_copy(named, &got), "[\"from the child\"]");
	mproxy_list_free(named);
}
END_TEST

static Suite *
list_suite(void)
{
	Suite *suite = suite_create("list");
	TCase *tcase = tcase_create("list");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, list_is_made_with_items_or_from_another);
	tcase_add_test(tcase,
		       proxies_are_counted_and_the_last_frees_the_object);
	tcase_add_test(tcase, named_list_is_the_same_for_all_who_open_it);
	tcase_add_test(tcase, get_set_and_delete_count_from_both_ends);
	tcase_add_test(tcase, index_out_of_range_is_named);
	tcase_add_test(tcase, insert_clamps_its_place);
	tcase_add_test(tcase, pop_takes_from_anywhere);
	tcase_add_test(tcase, extend_takes_lists_handles_itself_and_c_arrays);
	tcase_add_test(tcase, search_is_by_value_and_kind);
	tcase_add_test(tcase, slices_are_those_of_python);
	tcase_add_test(tcase, slices_are_set_as_in_python);
	tcase_add_test(tcase, slices_refuse_what_python_refuses);
	tcase_add_test(tcase, slice_comes_out_as_a_c_array);
	tcase_add_test(tcase, order_is_changed_in_place);
	tcase_add_test(tcase, concat_and_repeat_leave_the_list_alone);
	tcase_add_test(tcase, concat_and_repeat_of_many_are_whole);
	tcase_add_test(tcase, too_much_is_refused);
	tcase_add_test(tcase, list_prints_as_its_contents);
	tcase_add_test(tcase, lists_and_dicts_live_inside_lists);
	tcase_add_test(tcase, handle_of_another_manager_is_refused);
	tcase_add_test(tcase, proxy_of_a_closed_connection_says_so);
	tcase_add_test(tcase, walk_meets_every_item_in_pages_of_any_size);
	tcase_add_test(tcase,
		       walk_sees_what_is_appended_and_outlives_the_proxy);
	tcase_add_test(tcase, child_changes_what_the_parent_sees);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(list_suite());
}
