/*
 * Lists that get so many items at once that it takes several turns: nobody
 * sees half of it, whatever happens in between.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/unit/one-object.h"

#define M WORLD_MANAGER
#define MANY 40000 /* more than one step takes */

static struct lane *friend;
static uint64_t other; /* a list of MANY items */

/* Numbers, and now and then something long. */
static void
put_part(struct buffer *out, int64_t i)
{
	char text[200];

	if (i % 1000 == 7) {
		memset(text, 'x', sizeof(text));
		value_put_text(out, span_make(text, sizeof(text)));
	} else {
		value_put_int(out, i);
	}
}

static void
setup(void)
{
	uint64_t id;

	one_object_setup("list");
	friend = world_client(w, 300);
	id = world_ask(w, lane, M, "open", "%s", "\"list\", \"object\"");
	object = world_handle(id);
	id = world_ask(w, lane, M, "open", "%s", "\"list\", \"other\"");
	other = object;
	object = world_handle(id);
	call_with_many("extend", MANY, put_part);
	id = object;
	object = other;
	other = id;
	CALL("extend", "%s", "[10, 20, 30]");
	/* a list that holds itself */
	world_call(w, lane, other, "set", "30000, <%llu>",
		   (unsigned long long)other);
	world_ask(w, friend, M, "find", "%s", "\"object\"");
	world_ask(w, friend, M, "find", "%s", "\"other\"");
	world_forget();
}

static const char *
ask_friend(uint64_t of, const char *method, const char *args)
{
	return world_call(w, friend, of, method, "%s", args);
}

/* --- the calls that take several turns --- */

static const struct {
	uint64_t of; /* M, or 0: the object */
	const char *method;
	const char *args; /* before the handle of the other list */
	long len;	  /* of the object, or the new one, after */
} calls[] = {
	{ 0, "extend", "", MANY + 3 },
	{ 0, "concat", "", 3 },
	{ M, "new", "\"list\", ", MANY },
	{ M, "open", "\"list\", \"fresh\", ", MANY },
};

#define N_CALLS ((int)(sizeof(calls) / sizeof(calls[0])))

static void
put_args(char args[64], int i)
{
	snprintf(args, 64, "%s<%llu>", calls[i].args,
		 (unsigned long long)other);
}

/* Begins a call without doing more than its first step. */
static uint64_t
begin(int i, struct lane *caller)
{
	char args[64];

	put_args(args, i);
	w->idle = true;
	return world_ask(w, caller, calls[i].of ? calls[i].of : object,
			 calls[i].method, "%s", args);
}

static void
go_on(int steps)
{
	for (int i = 0; i < steps; i++)
		core_work(w->core, w->now);
	world_check(w);
}

static void
finish(void)
{
	w->idle = false;
	world_work(w);
	world_check(w);
}

/* A few of the items of the other list, from some place on. */
static void
assert_copied(uint64_t of, long from, const char *last)
{
	char want[64], args[64];

	snprintf(args, sizeof(args), "%ld, %ld", from, from + 3);
	ck_assert_str_eq(ask_friend(of, "slice", args), "ok [0, 1, 2]");
	snprintf(args, sizeof(args), "%ld", from + MANY - 1);
	snprintf(want, sizeof(want), "ok %s", last);
	ck_assert_str_eq(ask_friend(of, "get", args), want);
	snprintf(args, sizeof(args), "%ld", from + 30000);
	snprintf(want, sizeof(want), "ok <list %llu>",
		 (unsigned long long)other);
	ck_assert_str_eq(ask_friend(of, "get", args), want);
	snprintf(args, sizeof(args), "%ld", from + 31007);
	ck_assert_int_eq(strncmp(ask_friend(of, "get", args), "ok \"xxx", 7),
			 0);
}

static const char *
len_of(uint64_t of)
{
	return ask_friend(of, "len", "");
}

static void
assert_done(int i, uint64_t id)
{
	uint64_t list = object;
	char want[64];
	long from = i == 0 ? 3 : 0;

	if (i == 1) {
		ck_assert_int_eq(strncmp(world_answer(id),
					 "ok [10, 20, 30, 0, 1, 2, 3,", 27),
				 0);
		return;
	}
	if (calls[i].of == M) {
		list = world_handle(id);
		ck_assert(list != 0);
		/* so the friend gets to know it */
		world_call(w, lane, object, "append", "<%llu>",
			   (unsigned long long)list);
		ask_friend(object, "get", "-1");
	}
	snprintf(want, sizeof(want), "ok %ld", calls[i].len);
	ck_assert_str_eq(len_of(list), want);
	assert_copied(list, from, "39999");
}

START_TEST(filling_puts_all_in_its_place)
{
	uint64_t id = begin(_i, lane);

	ck_assert_str_eq(world_answer(id), "…");
	finish();
	assert_done(_i, id);
}
END_TEST

/* --- the other list changes meanwhile --- */

static const char *const changes[][2] = {
	{ "clear", "" },
	{ "pop", "" },
	{ "set", "39999, 5" },
	{ "insert", "0, 5" },
	{ "delete", "0" },
	{ "remove", "39999" },
	{ "append", "1" },
	{ "sort", "true" },
	{ "reverse", "" },
	{ "slice_delete", "100, nil" },
	{ "extend", "[1]" },
	{ "slice_set", "0, nil, nil, []" },
	{ "slice_delete", "0, nil, 2" },
	{ "slice_set", "0, 4, 2, [5, 5]" },
	{ "repeat_in_place", "0" },
};

#define N_CHANGES ((int)(sizeof(changes) / sizeof(changes[0])))

START_TEST(filling_takes_what_was_there_when_it_began)
{
	/* all with the first call, two with each of the others */
	int rest = _i - N_CHANGES;
	int call = rest < 0 ? 0 : 1 + rest / 2;
	int change = rest < 0 ? _i : rest % 2;
	uint64_t id = begin(call, lane), changed;

	go_on(change % 2);
	ck_assert_str_eq(world_answer(id), "…");
	changed = world_ask(w, friend, other, changes[change][0], "%s",
			    changes[change][1]);
	finish();
	ck_assert_int_eq(strncmp(world_answer(changed), "ok", 2), 0);
	assert_done(call, id);
}
END_TEST

START_TEST(two_lists_can_fill_each_other)
{
	uint64_t a, b;

	world_call(w, lane, object, "extend", "<%llu>",
		   (unsigned long long)other);
	a = begin(0, lane);
	b = world_ask(w, friend, other, "extend", "<%llu>",
		      (unsigned long long)object);
	finish();
	ck_assert_str_eq(world_answer(a), "ok");
	ck_assert_str_eq(world_answer(b), "ok");
	ck_assert_str_eq(len_of(object), "ok 80003");
	/* what was in it before the first call */
	ck_assert_str_eq(len_of(other), "ok 80003");
	assert_copied(other, MANY + 3, "39999");
	assert_copied(object, MANY + 3, "39999");
}
END_TEST

START_TEST(list_can_be_filled_with_itself)
{
	uint64_t id;

	world_call(w, lane, object, "extend", "<%llu>",
		   (unsigned long long)other);
	ck_assert_str_eq(len_of(object), "ok 40003");
	for (int cancel = 1; cancel >= 0; cancel--) {
		w->idle = true;
		id = world_ask(w, lane, object, "extend", "<%llu>",
			       (unsigned long long)object);
		go_on(2);
		ck_assert_str_eq(world_answer(id), "…");
		if (cancel)
			world_cancel(w, lane, id);
		finish();
		ck_assert_str_eq(len_of(object),
				 cancel ? "ok 40003" : "ok 80006");
	}
	assert_copied(object, 3, "39999");
	ck_assert_str_eq(ask_friend(object, "slice", "40002, 40006"),
			 "ok [39999, 10, 20, 30]");
	assert_copied(object, 40006, "39999");
}
END_TEST

/* --- nobody sees half of it --- */

START_TEST(filling_is_not_seen_before_its_end)
{
	uint64_t id = begin(0, lane), copy, both;

	go_on(1);
	ck_assert_str_eq(world_answer(id), "…");
	copy = world_ask(w, friend, M, "new", "\"list\", <%llu>",
			 (unsigned long long)object);
	both = world_ask(w, friend, other, "concat", "<%llu>",
			 (unsigned long long)object);
	finish();
	ck_assert_str_eq(len_of(world_handle(copy)), "ok 3");
	ck_assert_str_eq(ask_friend(world_handle(copy), "copy", ""),
			 "ok [10, 20, 30]");
	ck_assert_int_eq(strncmp(world_answer(both), "ok [0, 1, 2, 3,", 15), 0);
	assert_done(0, id);
}
END_TEST

START_TEST(object_that_is_made_in_steps_has_no_name_before)
{
	uint64_t id = begin(N_CALLS - 1, lane);

	go_on(1);
	ck_assert_str_eq(ask_friend(M, "find", "\"fresh\""), "NOT_FOUND");
	ck_assert_str_eq(ask_friend(M, "ping", ""), "ok");
	finish();
	ck_assert(world_handle(id) != 0);
	ck_assert_int_eq(strncmp(ask_friend(M, "find", "\"fresh\""), "ok <", 4),
			 0);
}
END_TEST

START_TEST(name_taken_while_it_is_made_is_not_taken_again)
{
	uint64_t id = begin(N_CALLS - 1, lane), first;
	bool of_other_type = _i;

	first = world_ask(w, friend, M, "open", "\"%s\", \"fresh\"",
			  of_other_type ? "dict" : "list");
	finish();
	if (of_other_type)
		ck_assert_str_eq(world_answer(id), "TYPE");
	else
		ck_assert(world_handle(id) == world_handle(first));
	ck_assert_int_eq((int)core_object_count(w->core), 4);
}
END_TEST

/* --- given up --- */

static void
assert_unchanged(size_t objects, size_t memory)
{
	ck_assert_str_eq(ask_friend(object, "copy", ""), "ok [10, 20, 30]");
	ck_assert_str_eq(len_of(other), "ok 40000");
	ck_assert_uint_eq(core_object_count(w->core), objects);
	/* the one leaf of the object may have grown */
	ck_assert_uint_le(core_memory_used(w->core), memory + 1040);
}

START_TEST(filling_given_up_leaves_no_trace)
{
	size_t objects = core_object_count(w->core);
	size_t memory = core_memory_used(w->core);
	bool kill = _i % 2;
	int steps = 0;
	bool over;

	do {
		struct lane *caller = world_client(w, 2);
		uint64_t id;

		world_ask(w, caller, M, "find", "%s", "\"object\"");
		world_ask(w, caller, M, "find", "%s", "\"other\"");
		id = begin(_i / 2, caller);
		go_on(steps++);
		over = strcmp(world_answer(id), "…") != 0;
		if (!over && !kill)
			world_cancel(w, caller, id);
		w->idle = false;
		world_kill(w, caller);
		finish();
		if (!over)
			assert_unchanged(objects, memory);
		world_forget();
	} while (!over);
	ck_assert_int_gt(steps, 2);
}
END_TEST

/* What is left is freed with the core: the sanitizers look. */
START_TEST(core_may_end_while_a_list_is_filled)
{
	uint64_t id = begin(_i, lane);

	ck_assert_str_eq(world_answer(id), "…");
	world_ask(w, friend, other, "pop", "%s", "");
	world_check(w);
}
END_TEST

/* --- memory --- */

START_TEST(filling_without_memory_leaves_no_trace)
{
	size_t objects = core_object_count(w->core);
	size_t memory = core_memory_used(w->core);
	void (*fail)(unsigned n) = _i % 2 ? fault_fail_at : fault_fail_from;
	uint64_t list = object;
	const char *answer;
	char args[64];
	unsigned n = 0;

	put_args(args, _i / 2);
	do {
		n += 1 + n / 3;
		world_forget();
		object = calls[_i / 2].of ? M : list;
		answer = call_without_memory(calls[_i / 2].method, args, n,
					     fail);
		object = list;
		if (strcmp(answer, "NO_MEMORY") == 0)
			assert_unchanged(objects, memory);
		world_forget();
	} while (n < 4000 && strcmp(answer, "NO_MEMORY") == 0);
	ck_assert_int_eq(strncmp(answer, "ok", 2), 0);
	ck_assert_uint_gt(n, 3);
}
END_TEST

/* --- from an argument --- */

/* The same list as an argument of its own, sent by a caller who goes. */
START_TEST(argument_is_taken_in_steps)
{
	struct buffer out = BUFFER_INIT, part = BUFFER_INIT;
	size_t mark = value_list_begin(&out);
	struct lane *caller = world_client(w, 2);
	bool set = _i % 2;
	struct span args[4] = { LITERAL("\x18\x02"), LITERAL("\x18\x04"),
				LITERAL("\x08\x01") };
	uint64_t id;

	world_ask(w, caller, M, "find", "%s", "\"object\"");
	for (int64_t i = 0; i < MANY; i++) {
		buffer_clear(&part);
		put_part(&part, i);
		value_list_item(&out, buffer_span(&part));
	}
	value_list_end(&out, mark);
	w->idle = true;
	/* the copy is made in the first turn: the argument is gone after */
	args[3] = buffer_span(&out);
	if (set) /* [1:2] */
		id = world_ask_raw(w, caller, object, "slice_set", args, 4);
	else
		id = world_ask_raw(w, caller, object, "extend", args + 3, 1);
	memset(out.data, 0xff, out.size);
	ck_assert_str_eq(world_answer(id), "…");
	go_on(_i / 2);
	if (_i < 6) {
		world_kill(w, caller);
		finish();
		ck_assert_str_eq(ask_friend(object, "copy", ""),
				 "ok [10, 20, 30]");
	} else {
		finish();
		ck_assert_str_eq(world_answer(id), "ok");
		ck_assert_str_eq(len_of(object), set ? "ok 40002" : "ok 40003");
		ck_assert_str_eq(ask_friend(object, "slice", "0, 6"),
				 set ? "ok [10, 0, 1, 2, 3, 4]"
				     : "ok [10, 20, 30, 0, 1, 2]");
		ck_assert_str_eq(ask_friend(object, "slice", "-2, nil"),
				 set ? "ok [39999, 30]" : "ok [39998, 39999]");
	}
	buffer_deinit(&out);
	buffer_deinit(&part);
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
list_fill_suite(void)
{
	Suite *suite = suite_create("list_fill");
	TCase *tcase = tcase_create("list_fill");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, one_object_teardown);
	tcase_add_loop_test(tcase, filling_puts_all_in_its_place, 0, N_CALLS);
	tcase_add_loop_test(tcase, filling_takes_what_was_there_when_it_began,
			    0, N_CHANGES + 2 * (N_CALLS - 1));
	tcase_add_test(tcase, two_lists_can_fill_each_other);
	tcase_add_test(tcase, list_can_be_filled_with_itself);
	tcase_add_test(tcase, filling_is_not_seen_before_its_end);
	tcase_add_test(tcase, object_that_is_made_in_steps_has_no_name_before);
	tcase_add_loop_test(
		tcase, name_taken_while_it_is_made_is_not_taken_again, 0, 2);
	tcase_add_loop_test(tcase, filling_given_up_leaves_no_trace, 0,
			    2 * N_CALLS);
	tcase_add_loop_test(tcase, core_may_end_while_a_list_is_filled, 0,
			    N_CALLS);
	tcase_add_loop_test(tcase, filling_without_memory_leaves_no_trace, 0,
			    2 * N_CALLS);
	tcase_add_loop_test(tcase, argument_is_taken_in_steps, 0, 10);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("among others");
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup_among_others,
				  one_object_teardown);
	tcase_add_loop_test(tcase, filling_puts_all_in_its_place, 0, N_CALLS);
	tcase_add_test(tcase, filling_is_not_seen_before_its_end);
	tcase_add_loop_test(tcase, argument_is_taken_in_steps, 0, 10);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(list_fill_suite());
}
