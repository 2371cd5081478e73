/*
 * Shared dicts through the public headers, against the real daemon. What Python
 * has too is expected as CPython's dict gives it.
 */
#include <mproxy/mproxy.h>
#include <pthread.h>

#include "tests/harness/check-main.h"
#include "tests/harness/manager.h"
#include "tests/harness/value-check.h"

static struct mproxy_dict *dict;

static void
setup(void)
{
	manager_setup();
	ck_assert_ok(mproxy_dict_new(manager, &dict));
}

static void
teardown(void)
{
	dict = mproxy_dict_free(dict);
	manager_teardown();
}

/* The dict becomes {0: 0, 1: 1, …, n - 1: n - 1}. */
static void
fill(int64_t n)
{
	ck_assert_ok(mproxy_dict_clear(dict));
	for (int64_t i = 0; i < n; i++)
		ck_assert_ok(mproxy_dict_set(dict, MPROXY(i), MPROXY(i)));
}

#define ck_assert_dict(want)                                                   \
	ck_assert_gives(mproxy_dict_items(dict, &got), want)

/* --- whole life --- */

START_TEST(dict_is_made_of_maps_pairs_and_dicts)
{
	struct mproxy_dict *a, *b, *c;

	ck_assert_dict("[]");
	ck_assert_ok(
		mproxy_dict_new_from(manager, MPROXY_MAP("b", 1, "a", 2), &a));
	ck_assert_ok(mproxy_dict_new_from(
		manager, MPROXY_LIST(MPROXY_LIST("b", 1), MPROXY_LIST("a", 2)),
		&b));
	ck_assert_ok(mproxy_dict_new_from(manager, MPROXY(b), &c));
	ck_assert_gives(mproxy_dict_items(a, &got), "[[\"a\", 2], [\"b\", 1]]");
	ck_assert_gives(mproxy_dict_items(c, &got), "[[\"b\", 1], [\"a\", 2]]");
	mproxy_dict_free(a);
	mproxy_dict_free(b);
	mproxy_dict_free(c);
	ck_assert_error(mproxy_dict_new_from(manager, MPROXY(1), &a), TYPE);
	ck_assert(mproxy_dict_new_from(manager, MPROXY_LIST(1), &a) != 0);
}
END_TEST

START_TEST(proxy_is_counted_and_goes_through_values)
{
	int64_t before = manager_objects();
	struct mproxy_dict *extra, *same;
	struct mproxy_value *value;

	ck_assert_ok(mproxy_dict_new(manager, &extra));
	value = MPROXY(mproxy_dict_object(mproxy_dict_ref(extra)));
	mproxy_dict_free(extra);
	mproxy_dict_free(extra);
	ck_assert_ok(mproxy_dict_from_value(value, &same));
	mproxy_value_free(value);
	ck_assert_ok(mproxy_dict_set(same, MPROXY(1), MPROXY(2)));
	mproxy_dict_free(same);
	ck_assert_int_eq(manager_objects(), before);
}
END_TEST

/* --- entries --- */

START_TEST(entries_keep_the_order_in_which_their_keys_came)
{
	struct mproxy_value *key, *item;

	ck_assert_ok(mproxy_dict_set(dict, MPROXY("a"), MPROXY(1)));
	ck_assert_ok(mproxy_dict_set(dict, MPROXY("b"), MPROXY(2)));
	ck_assert_ok(mproxy_dict_set(dict, MPROXY("a"), MPROXY(3)));
	ck_assert_ok(mproxy_dict_set(dict, MPROXY("c"), MPROXY(4)));
	ck_assert_ok(mproxy_dict_delete(dict, MPROXY("b")));
	ck_assert_ok(mproxy_dict_set(dict, MPROXY("b"), MPROXY(5)));
	ck_assert_dict("[[\"a\", 3], [\"c\", 4], [\"b\", 5]]");
	ck_assert_ok(mproxy_dict_popitem(dict, &key, &item));
	ck_assert_value(key, "\"b\"");
	ck_assert_value(item, "5");
	ck_assert_gives(
		mproxy_dict_setdefault(dict, MPROXY("c"), MPROXY(9), &got),
		"4");
	ck_assert_gives(
		mproxy_dict_setdefault(dict, MPROXY("z"), MPROXY(8), &got),
		"8");
	ck_assert_ok(
		mproxy_dict_setdefault(dict, MPROXY("z"), MPROXY(0), NULL));
	ck_assert_dict("[[\"a\", 3], [\"c\", 4], [\"z\", 8]]");
	ck_assert_gives(mproxy_dict_keys(dict, &got), "[\"a\", \"c\", \"z\"]");
	ck_assert_gives(mproxy_dict_values(dict, &got), "[3, 4, 8]");
	ck_assert_gives(mproxy_dict_copy(dict, &got),
			"{\"a\": 3, \"c\": 4, \"z\": 8}");
}
END_TEST

START_TEST(missing_key_is_an_error_or_a_default)
{
	struct mproxy_value *key, *item = NULL;

	ck_assert_error(mproxy_dict_get(dict, MPROXY("k"), &item), NOT_FOUND);
	ck_assert_error(mproxy_dict_delete(dict, MPROXY("k")), NOT_FOUND);
	ck_assert_error(mproxy_dict_pop(dict, MPROXY("k"), &item), NOT_FOUND);
	ck_assert_error(mproxy_dict_popitem(dict, &key, &item), EMPTY);
	ck_assert_ptr_null(item);
	ck_assert_gives(
		mproxy_dict_get_default(dict, MPROXY("k"), MPROXY(7), &got),
		"7");
	ck_assert_gives(
		mproxy_dict_pop_default(dict, MPROXY("k"), MPROXY(7), &got),
		"7");
	ck_assert_gives_bool(mproxy_dict_contains(dict, MPROXY("k"), &got),
			     false);
	ck_assert_gives_size(mproxy_dict_len(dict, &got), 0);
	ck_assert_ok(mproxy_dict_set(dict, MPROXY("k"), MPROXY(1)));
	ck_assert_gives(
		mproxy_dict_get_default(dict, MPROXY("k"), MPROXY(7), &got),
		"1");
	ck_assert_gives_bool(mproxy_dict_contains(dict, MPROXY("k"), &got),
			     true);
	ck_assert_gives_size(mproxy_dict_len(dict, &got), 1);
	ck_assert_gives(
		mproxy_dict_pop_default(dict, MPROXY("k"), MPROXY(7), &got),
		"1");
	ck_assert_ok(mproxy_dict_set(dict, MPROXY("k"), MPROXY(2)));
	ck_assert_gives(mproxy_dict_pop(dict, MPROXY("k"), &got), "2");
	ck_assert_dict("[]");
}
END_TEST

START_TEST(keys_of_different_kinds_are_different)
{
	struct mproxy_list *list;

	ck_assert_ok(mproxy_dict_set(dict, MPROXY(1), MPROXY("int")));
	ck_assert_ok(mproxy_dict_set(dict, MPROXY(1.0), MPROXY("double")));
	ck_assert_ok(
		mproxy_dict_set(dict, mproxy_value_bool(true), MPROXY("bool")));
	ck_assert_ok(
		mproxy_dict_set(dict, MPROXY_LIST(1, "x"), MPROXY("list")));
	ck_assert_gives_size(mproxy_dict_len(dict, &got), 4);
	ck_assert_gives(mproxy_dict_get(dict, MPROXY(1.0), &got), "\"double\"");
	ck_assert_gives(mproxy_dict_get(dict, MPROXY_LIST(1, "x"), &got),
			"\"list\"");
	ck_assert_ok(mproxy_list_new(manager, &list));
	ck_assert_error(mproxy_dict_set(dict, MPROXY(list), MPROXY(1)), TYPE);
	mproxy_list_free(list);
	ck_assert_error(mproxy_dict_set(dict, MPROXY("\xff"), MPROXY(1)),
			INVALID);
}
END_TEST

START_TEST(update_takes_maps_pairs_and_dicts)
{
	struct mproxy_dict *other;

	ck_assert_ok(mproxy_dict_set(dict, MPROXY("z"), MPROXY(8)));
	ck_assert_ok(mproxy_dict_update(dict, MPROXY_MAP("z", 1, "y", 2)));
	ck_assert_ok(
		mproxy_dict_update(dict, MPROXY_LIST(MPROXY_LIST("x", 3))));
	ck_assert_ok(mproxy_dict_new_from(manager, MPROXY_MAP("y", 4), &other));
	ck_assert_ok(mproxy_dict_update(dict, MPROXY(other)));
	ck_assert_ok(mproxy_dict_update(dict, MPROXY(dict)));
	mproxy_dict_free(other);
	ck_assert_dict("[[\"z\", 1], [\"y\", 4], [\"x\", 3]]");
	ck_assert_error(mproxy_dict_update(dict, MPROXY(1)), TYPE);
	ck_assert_ok(mproxy_dict_clear(dict));
	ck_assert_dict("[]");
}
END_TEST

/* --- numbers --- */

START_TEST(add_counts_from_nothing_and_keeps_integers)
{
	struct mproxy_value *value;

	ck_assert_gives(mproxy_dict_add(dict, MPROXY("n"), MPROXY(5), &got),
			"5");
	ck_assert_gives(mproxy_dict_add(dict, MPROXY("n"), MPROXY(-7), &got),
			"-2");
	ck_assert_gives(mproxy_dict_add(dict, MPROXY("n"), MPROXY(0.5), &got),
			"-1.5");
	ck_assert_ok(
		mproxy_dict_add(dict, MPROXY("m"), MPROXY(INT64_MAX), NULL));
	ck_assert_error(mproxy_dict_add(dict, MPROXY("m"), MPROXY(1), &value),
			RANGE);
	ck_assert_ok(mproxy_dict_set(dict, MPROXY("t"), MPROXY("text")));
	ck_assert_error(mproxy_dict_add(dict, MPROXY("t"), MPROXY(1), &value),
			TYPE);
	ck_assert_error(mproxy_dict_add(dict, MPROXY("n"), MPROXY("1"), &value),
			TYPE);
	ck_assert_dict("[[\"n\", -1.5], [\"m\", 9223372036854775807], "
		       "[\"t\", \"text\"]]");
}
END_TEST

START_TEST(get_many_gives_items_in_the_order_of_the_keys)
{
	enum { MANY = 20000 }; /* more than the server looks up at once */
	static int64_t numbers[MANY];
	struct mproxy_value *keys, *items, *item;
	struct mproxy_dict *inner;

	ck_assert_ok(mproxy_dict_new(manager, &inner));
	ck_assert_ok(mproxy_dict_set(dict, MPROXY("d"), MPROXY(inner)));
	ck_assert_ok(mproxy_dict_set(dict, MPROXY("x"), MPROXY(1.5)));
	ck_assert_gives(
		mproxy_dict_get_many(dict, MPROXY_LIST("x", 7, "x"), &got),
		"[1.5, nil, 1.5]");
	ck_assert_error(mproxy_dict_get_many(dict, MPROXY_LIST(inner), &items),
			TYPE);
	mproxy_dict_free(inner);
	ck_assert_ok(mproxy_dict_get_many(dict, MPROXY_LIST("d"), &items));
	ck_assert_ok(mproxy_unpack(items, "D", &inner));
	mproxy_value_free(items);
	ck_assert_gives_size(mproxy_dict_len(inner, &got), 0);
	mproxy_dict_free(inner);

	for (int64_t i = 0; i < MANY; i++)
		numbers[i] = MANY - 1 - i;
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	for (int64_t i = 0; i < MANY; i += 2)
		ck_assert_ok(mproxy_dict_set(dict, MPROXY(i), MPROXY(3 * i)));
	ck_assert_ok(mproxy_pipeline_end(manager));
	keys = mproxy_value_list_from_numbers(MPROXY_I64, numbers, MANY);
	ck_assert_ok(mproxy_dict_get_many(dict, keys, &items));
	ck_assert_uint_eq(mproxy_value_count(items), MANY);
	for (size_t i = 0; i < MANY; i++) {
		int64_t number = -1;

		ck_assert_ok(mproxy_value_item(items, i, &item));
		if (numbers[i] % 2) {
			ck_assert_int_eq(mproxy_value_kind(item), MPROXY_NIL);
		} else {
			ck_assert_ok(mproxy_value_get_int(item, &number));
			ck_assert_int_eq(number, 3 * numbers[i]);
		}
		mproxy_value_free(item);
	}
	mproxy_value_free(items);
}
END_TEST

START_TEST(add_many_adds_all_or_nothing)
{
	ck_assert_ok(mproxy_dict_add_many(dict, MPROXY_MAP("a", 1, "b", 2)));
	ck_assert_ok(mproxy_dict_add_many(dict, MPROXY_MAP("b", 3, "c", 4)));
	ck_assert_ok(mproxy_dict_set(dict, MPROXY("t"), MPROXY("text")));
	ck_assert_error(
		mproxy_dict_add_many(dict, MPROXY_MAP("a", 100, "t", 1)), TYPE);
	ck_assert_error(mproxy_dict_add_many(dict, MPROXY_MAP("a", "x")), TYPE);
	ck_assert_error(mproxy_dict_add_many(dict, MPROXY_LIST(1)), TYPE);
	ck_assert_dict("[[\"a\", 1], [\"b\", 5], [\"c\", 4], "
		       "[\"t\", \"text\"]]");
}
END_TEST

START_TEST(compare_and_set_sets_only_what_was_expected)
{
	ck_assert_gives_bool(mproxy_dict_compare_and_set(dict, MPROXY("k"),
							 MPROXY(1), MPROXY(2),
							 &got),
			     false);
	ck_assert_gives_bool(mproxy_dict_compare_and_set(dict, MPROXY("k"),
							 mproxy_value_nil(),
							 MPROXY(1), &got),
			     true);
	ck_assert_gives_bool(mproxy_dict_compare_and_set(dict, MPROXY("k"),
							 MPROXY(1.0), MPROXY(2),
							 &got),
			     false);
	ck_assert_ok(mproxy_dict_compare_and_set(dict, MPROXY("k"), MPROXY(1),
						 MPROXY(2), NULL));
	ck_assert_dict("[[\"k\", 2]]");
}
END_TEST

START_TEST(top_gives_the_largest_first)
{
	ck_assert_ok(mproxy_dict_update(
		dict, MPROXY_LIST(MPROXY_LIST("a", 3), MPROXY_LIST("b", 10),
				  MPROXY_LIST("c", 3), MPROXY_LIST("d", 7))));
	ck_assert_gives(mproxy_dict_top(dict, 3, &got),
			"[[\"b\", 10], [\"d\", 7], [\"a\", 3]]");
	ck_assert_gives(mproxy_dict_top(dict, 0, &got), "[]");
	ck_assert_gives(mproxy_dict_top(dict, SIZE_MAX, &got),
			"[[\"b\", 10], [\"d\", 7], [\"a\", 3], [\"c\", 3]]");
}
END_TEST

/* --- walks --- */

START_TEST(walks_meet_every_entry_in_pages_of_any_size)
{
	static const size_t pages[] = { 0, 1, 3, 10, 1000 };

	fill(10);
	for (size_t i = 0; i < 5; i++) {
		struct mproxy_iter *items, *keys, *values;
		struct mproxy_value *key, *item;

		ck_assert_ok(mproxy_dict_iterate_items(dict, pages[i], &items));
		ck_assert_ok(mproxy_dict_iterate_keys(dict, pages[i], &keys));
		ck_assert_ok(
			mproxy_dict_iterate_values(dict, pages[i], &values));
		for (int64_t want = 0; want < 10; want++) {
			struct mproxy_value *number = MPROXY(want);

			ck_assert_ok(
				mproxy_iter_next_entry(items, &key, &item));
			ck_assert(mproxy_value_equal(key, number));
			ck_assert(mproxy_value_equal(item, number));
			mproxy_value_free(key);
			mproxy_value_free(item);
			ck_assert_ok(mproxy_iter_next(keys, &key));
			ck_assert(mproxy_value_equal(key, number));
			mproxy_value_free(key);
			ck_assert_ok(mproxy_iter_next(values, &item));
			ck_assert(mproxy_value_equal(item, number));
			mproxy_value_free(item);
			mproxy_value_free(number);
		}
		ck_assert_error(mproxy_iter_next_entry(items, &key, &item),
				NOT_FOUND);
		ck_assert_error(mproxy_iter_next(keys, &key), NOT_FOUND);
		ck_assert_error(mproxy_iter_next_entry(values, &key, &item),
				TYPE);
		mproxy_iter_free(items);
		mproxy_iter_free(keys);
		mproxy_iter_free(values);
	}
}
END_TEST

/* Every entry that stays is met once, whatever is changed around it. */
START_TEST(walk_survives_changes)
{
	enum { ENTRIES = 1000 };
	int met[3 * ENTRIES] = { 0 };
	struct mproxy_iter *it;
	struct mproxy_value *key;
	int64_t n, round = 0;
	int error;

	fill(ENTRIES);
	ck_assert_ok(mproxy_dict_iterate_keys(dict, 7, &it));
	while ((error = mproxy_iter_next(it, &key)) == 0) {
		ck_assert_ok(mproxy_value_get_int(key, &n));
		mproxy_value_free(key);
		met[n]++;
		/* odd ones leave, from the end and from the start; new ones
		 * come, more than the table had room for */
		if (round < ENTRIES / 2) {
			int64_t odd = round % 2 ? round : ENTRIES - 1 - round;

			if (odd % 2)
				mproxy_dict_delete(dict, MPROXY(odd));
		}
		if (round < ENTRIES)
			ck_assert_ok(mproxy_dict_set(
				dict, MPROXY(ENTRIES + round), MPROXY(0)));
		round++;
	}
	ck_assert_int_eq(error, MPROXY_ERR_NOT_FOUND);
	mproxy_iter_free(it);
	for (int64_t i = 0; i < ENTRIES; i += 2)
		ck_assert_msg(met[i] == 1, "%lld was met %d times",
			      (long long)i, met[i]);
	for (int64_t i = 0; i < 3 * ENTRIES; i++)
		ck_assert_int_le(met[i], 1);
}
END_TEST

START_TEST(page_that_is_too_big_is_halved)
{
	enum { SIZE = 8 << 20 };
	char *big = calloc(1, SIZE);
	struct mproxy_value *value;
	struct mproxy_iter *it;
	int n = 0;

	for (int i = 0; i < 12; i++)
		ck_assert_ok(mproxy_dict_set(dict, MPROXY(i),
					     mproxy_value_bytes(big, SIZE)));
	free(big);
	ck_assert_ok(mproxy_dict_iterate_values(dict, 0, &it));
	for (;;) {
		int error = mproxy_iter_next(it, &value);

		if (error == MPROXY_ERR_NOT_FOUND)
			break;
		ck_assert_ok(error);
		mproxy_value_free(value);
		n++;
	}
	ck_assert_int_eq(n, 12);
	mproxy_iter_free(it);
}
END_TEST

/* --- others --- */

#define ROUNDS 500

static int
count_in_child(void)
{
	for (int i = 0; i < ROUNDS; i++)
		CHILD_CHECK(mproxy_dict_add(dict, MPROXY("n"), MPROXY(1),
					    NULL) == 0);
	return 0;
}

static void *
count_in_thread(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++)
		mproxy_dict_add(dict, MPROXY("n"), MPROXY(1), NULL);
	return NULL;
}

START_TEST(processes_and_threads_add_without_losing_any)
{
	pid_t children[2];
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		children[i] = child_begin(count_in_child);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						count_in_thread, NULL),
				 0);
	for (int i = 0; i < 2; i++) {
		child_end(children[i]);
		pthread_join(threads[i], NULL);
	}
	ck_assert_dict("[[\"n\", 2000]]");
}
END_TEST

static int
open_in_child(void)
{
	struct mproxy_manager *own;
	struct mproxy_dict *named;
	struct mproxy_list *list;
	struct mproxy_value *value;

	CHILD_CHECK(mproxy_connect(mproxy_manager_address(manager), &own) == 0);
	CHILD_CHECK(mproxy_dict_open(own, "config", &named) == 0);
	CHILD_CHECK(mproxy_dict_get(named, MPROXY("log"), &value) == 0);
	CHILD_CHECK(mproxy_list_from_value(value, &list) == 0);
	CHILD_CHECK(mproxy_list_append(list, MPROXY("child")) == 0);
	return 0;
}

START_TEST(named_dict_with_a_list_inside_is_met_by_another_process)
{
	struct mproxy_dict *named;
	struct mproxy_list *log;

	ck_assert_ok(mproxy_dict_open(manager, "config", &named));
	ck_assert_ok(mproxy_list_new(manager, &log));
	ck_assert_ok(mproxy_dict_set(named, MPROXY("log"), MPROXY(log)));
	child_end(child_begin(open_in_child));
	ck_assert_gives(mproxy_list_copy(log, &got), "[\"child\"]");
	mproxy_list_free(log);
	mproxy_dict_free(named);
}
END_TEST

/* Sizes at which something else happens on the way, and their neighbours. */
START_TEST(values_of_any_size_come_back_as_they_went)
{
	const size_t sizes[] = { 4096,	    16 << 10,  32 << 10, 64 << 10,
				 128 << 10, 256 << 10, 1 << 20,	 4 << 20 };
	const size_t largest = ((size_t)4 << 20) + 100;
	char *data = malloc(largest);

	for (size_t i = 0; i < largest; i++)
		data[i] = (char)(i * 7 + (i >> 8) + (i >> 16));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t size = sizes[i] - 100; size <= sizes[i] + 100;
		     size += sizes[i] > 65536 ? 20 : 1) {
			struct mproxy_value *value;
			const void *bytes;
			size_t n;

			ck_assert_ok(mproxy_dict_set(
				dict, MPROXY("key"),
				mproxy_value_bytes(data, size)));
			ck_assert_ok(
				mproxy_dict_get(dict, MPROXY("key"), &value));
			ck_assert_ok(mproxy_dict_set(dict, MPROXY("key"),
						     MPROXY(1)));
			ck_assert_ok(mproxy_value_get_bytes(value, &bytes, &n));
			ck_assert_uint_eq(n, size);
			ck_assert_int_eq(memcmp(bytes, data, size), 0);
			mproxy_value_free(value);
		}
	}
	free(data);
}
END_TEST

static Suite *
dict_suite(void)
{
	Suite *suite = suite_create("dict");
	TCase *tcase = tcase_create("dict");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, dict_is_made_of_maps_pairs_and_dicts);
	tcase_add_test(tcase, proxy_is_counted_and_goes_through_values);
	tcase_add_test(tcase, entries_keep_the_order_in_which_their_keys_came);
	tcase_add_test(tcase, missing_key_is_an_error_or_a_default);
	tcase_add_test(tcase, keys_of_different_kinds_are_different);
	tcase_add_test(tcase, update_takes_maps_pairs_and_dicts);
	tcase_add_test(tcase, add_counts_from_nothing_and_keeps_integers);
	tcase_add_test(tcase, get_many_gives_items_in_the_order_of_the_keys);
	tcase_add_test(tcase, add_many_adds_all_or_nothing);
	tcase_add_test(tcase, compare_and_set_sets_only_what_was_expected);
	tcase_add_test(tcase, top_gives_the_largest_first);
	tcase_add_test(tcase, walks_meet_every_entry_in_pages_of_any_size);
	tcase_add_test(tcase, walk_survives_changes);
	tcase_add_test(tcase, page_that_is_too_big_is_halved);
	tcase_add_test(tcase, values_of_any_size_come_back_as_they_went);
	tcase_add_test(tcase, processes_and_threads_add_without_losing_any);
	tcase_add_test(tcase,
		       named_dict_with_a_list_inside_is_met_by_another_process);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(dict_suite());
}
