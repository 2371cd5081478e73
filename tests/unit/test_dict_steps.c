/*
 * Changes of so many entries that they are made in steps: all or none of them,
 * whatever happens in between.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/unit/one-object.h"

#define OLD 3000     /* keys 0 … OLD - 1 with three times the key */
#define FIRST 2000   /* of the keys that change */
#define CHANGED 4000 /* how many do; more than a few steps' work */

/* In which form the changes come. */
enum form { PAIRS, MAP, SUMS, OTHER, N_FORMS };

static const char *const methods[] = { "update", "update", "add_many",
				       "update" };

static struct lane *helper;
static uint64_t other; /* a dict with the changes in it */
static struct buffer argument[N_FORMS];

static void
put_int_item(struct buffer *out, int64_t value)
{
	struct buffer number = BUFFER_INIT;

	value_put_int(&number, value);
	value_list_item(out, buffer_span(&number));
	buffer_deinit(&number);
}

/* The new value is the key times three and seven more. The first key comes
 * twice, and each thousandth value is a list with a handle in it. */
static void
put_pair(struct buffer *out, int64_t i)
{
	size_t mark = value_list_begin(out), inner;
	struct buffer handle = BUFFER_INIT;
	int64_t key = i < CHANGED ? FIRST + i : FIRST;

	put_int_item(out, key);
	if (key % 1000 == 999) {
		value_put_handle(&handle, object, span_text("dict"));
		inner = value_list_begin(out);
		value_list_item(out, buffer_span(&handle));
		value_list_end(out, inner);
	} else {
		put_int_item(out, 3 * key + (i < CHANGED ? 1 : 7));
	}
	value_list_end(out, mark);
	buffer_deinit(&handle);
}

static void
make_pairs(struct buffer *out)
{
	size_t mark = value_list_begin(out);

	for (int64_t i = 0; i <= CHANGED; i++)
		put_pair(out, i);
	value_list_end(out, mark);
}

/* A map of the same keys to step, or to three times the key and step. */
static void
make_map(struct buffer *out, int64_t step, int64_t factor)
{
	struct span *parts = calloc(2 * CHANGED, sizeof(*parts));
	struct buffer *numbers = calloc(2 * CHANGED, sizeof(*numbers));

	for (int64_t i = 0; i < 2 * CHANGED; i++) {
		int64_t key = FIRST + i / 2;

		value_put_int(&numbers[i], i % 2 ? factor * key + step : key);
		parts[i] = buffer_span(&numbers[i]);
	}
	value_put_map(out, parts, CHANGED);
	for (size_t i = 0; i < 2 * CHANGED; i++)
		buffer_deinit(&numbers[i]);
	free(numbers);
	free(parts);
}

static uint64_t
begin(struct lane *by, uint64_t dict, enum form form)
{
	struct span arg = buffer_span(&argument[form]);

	return world_ask_raw(w, by, dict, methods[form], &arg, 1);
}

static void
fill(void)
{
	char pair[64];

	CALL("clear", "%s", "");
	w->unchecked = true; /* each time takes long with so many */
	for (int i = 0; i < OLD; i++) {
		snprintf(pair, sizeof(pair), "%d, %d", i, 3 * i);
		ASSERT_CALL("ok", "set", "%s", pair);
		world_forget();
	}
	w->unchecked = false;
	world_check(w);
}

static void
setup(void)
{
	one_object_setup("dict");
	helper = world_client(w, 2);
	world_ask(w, lane, WORLD_MANAGER, "open", "%s", "\"dict\", \"d\"");
	object = world_handle(w->asked);
	world_ask(w, helper, WORLD_MANAGER, "open", "%s", "\"dict\", \"d\"");
	world_ask(w, helper, WORLD_MANAGER, "open", "%s", "\"dict\", \"o\"");
	other = world_handle(w->asked);
	world_ask(w, lane, WORLD_MANAGER, "open", "%s", "\"dict\", \"o\"");
	make_pairs(&argument[PAIRS]);
	make_map(&argument[MAP], 1, 3);
	make_map(&argument[SUMS], 1, 0);
	value_put_handle(&argument[OTHER], other, span_text("dict"));
	fill();
	ck_assert_str_eq(world_answer(begin(helper, other, MAP)), "ok");
	world_forget();
}

static void
teardown(void)
{
	for (int form = 0; form < N_FORMS; form++)
		buffer_deinit(&argument[form]);
	one_object_teardown();
}

static const char *
value_of(int key)
{
	return world_call(w, helper, object, "get", "%d", key);
}

static void
assert_key(int key, bool changed, enum form form)
{
	bool was_there = key < OLD;
	char want[32];

	if (!changed && !was_there)
		snprintf(want, sizeof(want), "NOT_FOUND");
	else if (!changed || key < FIRST)
		snprintf(want, sizeof(want), "ok %d", 3 * key);
	else if (form == SUMS)
		snprintf(want, sizeof(want), "ok %d",
			 was_there ? 3 * key + 1 : 1);
	else if (form == PAIRS && key % 1000 == 999)
		snprintf(want, sizeof(want), "ok [<dict %llu>]",
			 (unsigned long long)object);
	else
		snprintf(want, sizeof(want), "ok %d",
			 3 * key + (form == PAIRS && key == FIRST ? 7 : 1));
	if (form == PAIRS && changed && key >= FIRST && key % 1000 == 999)
		ck_assert_uint_eq((value_of(key), world_handle(w->asked)),
				  object);
	else
		ck_assert_str_eq(value_of(key), want);
}

/* All is as it was, or all is changed. */
static void
assert_content(bool changed, enum form form)
{
	world_work(w);
	w->unchecked = true; /* as above */
	ck_assert_str_eq(world_call(w, helper, object, "len", "%s", ""),
			 changed ? "ok 6000" : "ok 3000");
	for (int key = 0; key < FIRST + CHANGED; key++) {
		assert_key(key, changed, form);
		if (key % 100 == 0)
			world_forget();
	}
	w->unchecked = false;
	world_check(w);
	world_forget();
}

START_TEST(long_change_is_made_as_a_whole)
{
	uint64_t id = begin(lane, object, (enum form)_i);

	ck_assert_str_eq(world_answer(id), "ok");
	assert_content(true, (enum form)_i);
	/* new keys come behind the old ones, in their order */
	ck_assert(strncmp(world_call(w, helper, object, "popitem", "%s", ""),
			  "ok [5999, ", 10) == 0);
}
END_TEST

/* Given up, or left by a process that dies, before any step. */
START_TEST(long_change_that_is_given_up_changes_nothing)
{
	enum form form = (enum form)(_i / 2);
	size_t before = core_memory_used(w->core);
	bool over;
	int steps = 0;

	do {
		struct lane *by = world_client(w, 10 + (uint32_t)steps);
		uint64_t id;

		world_ask(w, by, WORLD_MANAGER, "open", "%s",
			  "\"dict\", \"d\"");
		world_ask(w, by, WORLD_MANAGER, "open", "%s",
			  "\"dict\", \"o\"");
		w->idle = true;
		id = begin(by, object, form);
		for (int i = 0; i < steps; i++) {
			core_work(w->core, w->now);
			world_check(w);
		}
		over = strcmp(world_answer(id), "…") != 0;
		w->idle = false;
		if (!over && _i % 2 == 0) {
			world_cancel(w, by, id);
			ck_assert_str_eq(world_answer(id), "CANCELLED");
		}
		world_kill(w, by);
		assert_content(over, form);
		if (!over)
			ck_assert_uint_eq(core_memory_used(w->core), before);
		steps++;
	} while (!over);
	ck_assert_int_ge(steps, 8);
}
END_TEST

/* Memory runs out in one step after the other. */
START_TEST(long_change_without_memory_changes_nothing)
{
	enum form form = (enum form)_i;
	size_t before = core_memory_used(w->core);
	const char *answer;

	for (int steps = 0;; steps++) {
		uint64_t id;

		w->idle = true;
		w->unchecked = true;
		if (steps == 0)
			fault_fail_from(20);
		id = begin(lane, object, form);
		for (int i = 1; i < steps; i++)
			core_work(w->core, w->now);
		if (steps > 0)
			fault_fail_from(1);
		core_work(w->core, w->now);
		fault_reset();
		w->idle = w->unchecked = false;
		world_work(w);
		answer = world_answer(id);
		if (strcmp(answer, "ok") == 0 && steps > 8)
			break;
		if (strcmp(answer, "ok") == 0) {
			/* that step needed none */
			assert_content(true, form);
			fill();
			before = core_memory_used(w->core);
			continue;
		}
		ck_assert_str_eq(answer, "NO_MEMORY");
		assert_content(false, form);
		ck_assert_uint_eq(core_memory_used(w->core), before);
	}
	assert_content(true, form);
}
END_TEST

/* In the last item of many: nothing of what came before may stay. */
START_TEST(long_change_with_a_mistake_changes_nothing)
{
	struct buffer out = BUFFER_INIT;
	size_t mark = value_list_begin(&out);
	struct span arg;
	uint64_t id;

	for (int64_t i = 0; i < CHANGED; i++)
		put_pair(&out, i);
	if (_i) {
		put_int_item(&out, 7);
	} else {
		size_t inner = value_list_begin(&out);

		for (int64_t i = 0; i < 3; i++)
			put_int_item(&out, i);
		value_list_end(&out, inner);
	}
	value_list_end(&out, mark);
	arg = buffer_span(&out);
	id = world_ask_raw(w, lane, object, "update", &arg, 1);
	ck_assert_str_eq(world_answer(id), "TYPE");
	ck_assert_str_eq(world_detail(id),
			 "item 4000 is not a list of a key and a value");
	assert_content(false, PAIRS);
	buffer_deinit(&out);
}
END_TEST

/* The other dict changes between the steps, in two places at once; what is
 * taken from it is from one moment. */
START_TEST(entries_of_a_dict_that_changes_are_of_one_moment)
{
	int generation = 0;
	uint64_t id;
	const char *first;
	char text[40];

	w->idle = true;
	id = begin(lane, object, OTHER);
	while (strcmp(world_answer(id), "…") == 0) {
		if (generation < _i) {
			snprintf(text, sizeof(text), "{%d: %d, %d: %d}", FIRST,
				 -generation, FIRST + CHANGED - 1, -generation);
			world_ask(w, helper, other, "update", "%s", text);
			generation++;
		}
		core_work(w->core, w->now);
		world_check(w);
	}
	w->idle = false;
	ck_assert_str_eq(world_answer(id), "ok");
	world_forget();
	snprintf(text, sizeof(text), "%s", value_of(FIRST));
	first = value_of(FIRST + CHANGED - 1);
	if (_i > 0)
		ck_assert_str_eq(first, text);
	ASSERT_CALL("ok 6000", "len", "%s", "");
}
END_TEST

/* Two dicts take from each other, and one from itself. */
START_TEST(dicts_that_take_from_each_other_end)
{
	struct buffer own = BUFFER_INIT;
	struct span arg;
	uint64_t a, b, c;

	value_put_handle(&own, object, span_text("dict"));
	arg = buffer_span(&own);
	w->idle = true;
	a = begin(lane, object, OTHER);
	b = world_ask_raw(w, helper, other, "update", &arg, 1);
	w->idle = false;
	world_work(w);
	ck_assert_str_eq(world_answer(a), "ok");
	ck_assert_str_eq(world_answer(b), "ok");
	c = world_ask_raw(w, lane, object, "update", &arg, 1);
	ck_assert_str_eq(world_answer(c), "ok");
	ASSERT_CALL("ok 6000", "len", "%s", "");
	buffer_deinit(&own);
}
END_TEST

/* Whoever makes a dict from one that is being changed gets all or nothing. */
START_TEST(new_dict_from_one_that_is_being_changed_is_whole)
{
	bool over;
	int steps = 0;

	do {
		char length[40];
		uint64_t id, copy;

		w->idle = true;
		id = begin(lane, object, MAP);
		for (int i = 0; i < steps; i++)
			core_work(w->core, w->now);
		over = strcmp(world_answer(id), "…") != 0;
		copy = world_make(w, helper, "dict", "");
		world_ask(w, helper, copy, "update", "<%llu>",
			  (unsigned long long)object);
		w->idle = false;
		world_work(w);
		snprintf(length, sizeof(length), "%s",
			 world_call(w, helper, copy, "len", "%s", ""));
		ck_assert_msg(strcmp(length, "ok 3000") == 0 ||
				      strcmp(length, "ok 6000") == 0,
			      "%s after %d steps", length, steps);
		world_ask(w, helper, WORLD_MANAGER, "new", "\"dict\", <%llu>",
			  (unsigned long long)object);
		world_release(w, helper, copy, 1);
		fill();
		steps++;
	} while (!over);
}
END_TEST

/* As if alone, but somebody calls between the steps: they are short. */
static void
setup_among_others(void)
{
	setup();
	world_make_busy(w);
}

static Suite *
dict_steps_suite(void)
{
	Suite *suite = suite_create("dict_steps");
	TCase *tcase = tcase_create("dict_steps");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, long_change_is_made_as_a_whole, 0, N_FORMS);
	tcase_add_loop_test(tcase, long_change_that_is_given_up_changes_nothing,
			    0, 2 * N_FORMS);
	tcase_add_loop_test(tcase, long_change_without_memory_changes_nothing,
			    0, N_FORMS);
	tcase_add_loop_test(tcase, long_change_with_a_mistake_changes_nothing,
			    0, 2);
	tcase_add_loop_test(
		tcase, entries_of_a_dict_that_changes_are_of_one_moment, 0, 12);
	tcase_add_test(tcase, dicts_that_take_from_each_other_end);
	tcase_add_test(tcase, new_dict_from_one_that_is_being_changed_is_whole);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("among others");
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup_among_others, teardown);
	tcase_add_loop_test(tcase, long_change_is_made_as_a_whole, 0, N_FORMS);
	tcase_add_test(tcase, dicts_that_take_from_each_other_end);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(dict_steps_suite());
}
