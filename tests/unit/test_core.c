/*
 * The machine: objects, references, names, calls that go wrong.
 */
#include <stdio.h>

#include "mproxy/error.h"
#include "tests/harness/check-main.h"
#include "tests/harness/world.h"
#include "tests/unit/toys.h"

#define M WORLD_MANAGER

static struct world *w;
static struct lane *a; /* two processes */
static struct lane *b;

static void
setup_with(const struct core_config *config)
{
	w = world_new(config);
	a = world_client(w, 100);
	b = world_client(w, 200);
	toys_released = 0;
	toys_destroyed = 0;
}

static void
setup(void)
{
	setup_with(NULL);
}

static void
teardown(void)
{
	world_free(w);
}

#define ck_says(call, want) ck_assert_str_eq(call, want)

/* --- ids and references --- */

START_TEST(ids_begin_with_the_epoch_and_are_never_used_again)
{
	uint64_t first = world_make(w, a, "counter", "");
	uint64_t second;

	ck_assert_uint_eq(first >> 32, 1);
	world_release(w, a, first, 1);
	second = world_make(w, a, "counter", "");
	ck_assert_uint_eq((uint32_t)second, (uint32_t)first);
	ck_assert_uint_ne(second, first);
	ck_says(world_call(w, a, first, "get", "%s", ""), "NO_OBJECT");
	ck_says(world_call(w, a, second, "get", "%s", ""), "ok 0");
}
END_TEST

START_TEST(handle_cannot_be_guessed)
{
	uint64_t secret = world_make(w, a, "counter", "5");
	uint64_t box;

	ck_says(world_call(w, b, secret, "get", "%s", ""), "NO_OBJECT");
	ck_says(world_call(w, b, secret + 1, "get", "%s", ""), "NO_OBJECT");
	/* nor smuggled in as an argument */
	ck_says(world_call(w, b, M, "new", "\"box\", [[<%llu>]]",
			   (unsigned long long)secret),
		"NO_OBJECT");
	/* given, it may be used */
	world_call(w, a, M, "open", "\"box\", \"post\", <%llu>",
		   (unsigned long long)secret);
	world_ask(w, b, M, "find", "%s", "\"post\"");
	box = world_handle(w->asked);
	world_ask(w, b, box, "get", "%s", "");
	ck_assert_uint_eq(world_handle(w->asked), secret);
	ck_says(world_call(w, b, secret, "get", "%s", ""), "ok 5");
}
END_TEST

START_TEST(handle_that_lies_about_its_type_is_refused)
{
	uint64_t counter = world_make(w, a, "counter", "");
	struct buffer out = BUFFER_INIT;
	struct span arg;
	uint64_t box = world_make(w, a, "box", "");

	value_put_handle(&out, counter, span_text("box"));
	arg = buffer_span(&out);
	ck_says(world_answer(world_ask_raw(w, a, box, "set", &arg, 1)),
		"NO_OBJECT");
	buffer_deinit(&out);
}
END_TEST

START_TEST(reply_books_a_reference_for_each_handle)
{
	uint64_t box = world_make(w, a, "box", "");
	uint64_t counter = world_make(w, a, "counter", "");
	unsigned long long c = counter;
	int i;

	world_call(w, a, box, "set", "[<%llu>, <%llu>]", c, c);
	for (i = 0; i < 3; i++)
		world_call(w, a, box, "get", "%s", "");
	world_call(w, a, box, "set", "%s", "nil");
	world_release(w, a, counter, 6);
	ck_says(world_call(w, a, counter, "get", "%s", ""), "ok 0");
	world_release(w, a, counter, 1); /* that of new */
	ck_says(world_call(w, a, counter, "get", "%s", ""), "NO_OBJECT");
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

START_TEST(releasing_too_much_does_no_harm)
{
	uint64_t counter = world_make(w, a, "counter", "");

	world_call(w, a, M, "open", "%s", "\"counter\", \"kept\"");
	world_release(w, b, counter, 1);
	world_release(w, a, 12345, 1);
	world_release(w, a, M, UINT64_MAX);
	ck_says(world_call(w, a, counter, "get", "%s", ""), "ok 0");
	world_release(w, a, counter, UINT64_MAX);
	world_release(w, a, counter, 1);
	ck_says(world_call(w, a, M, "ping", "%s", ""), "ok");
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

START_TEST(stored_handle_keeps_its_object)
{
	uint64_t box = world_make(w, a, "box", "");
	uint64_t counter = world_make(w, a, "counter", "7");

	world_call(w, a, box, "set", "<%llu>", (unsigned long long)counter);
	world_release(w, a, counter, 1);
	ck_assert_uint_eq(core_object_count(w->core), 2);
	ck_says(world_call(w, a, counter, "get", "%s", ""), "NO_OBJECT");
	world_ask(w, a, box, "get", "%s", "");
	ck_says(world_call(w, a, counter, "get", "%s", ""), "ok 7");
	world_release(w, a, counter, 1);
	world_call(w, a, box, "set", "%s", "nil");
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

START_TEST(session_that_ends_gives_everything_back)
{
	size_t before = core_memory_used(w->core);
	int i;

	for (i = 0; i < 1000; i++)
		world_make(w, a, "box", "\"something\"");
	ck_assert_uint_eq(core_object_count(w->core), 1000);
	world_kill(w, a);
	ck_assert_uint_eq(core_object_count(w->core), 0);
	ck_assert_uint_eq(core_memory_used(w->core), before);
	ck_assert_uint_eq(core_session_count(w->core), 1);
	a = NULL;
}
END_TEST

START_TEST(chain_of_100000_is_freed_in_steps)
{
	uint64_t box = world_make(w, a, "box", "");
	size_t turns = 0, before = 0;
	int i;

	w->unchecked = true;
	for (i = 1; i < 100000; i++) {
		uint64_t next = world_make(w, a, "box", "");

		world_forget();
		world_call(w, a, next, "set", "<%llu>",
			   (unsigned long long)box);
		world_release(w, a, box, 1);
		box = next;
	}
	ck_assert_uint_eq(core_object_count(w->core), 100000);
	w->idle = true;
	world_release(w, a, box, 1);
	while (core_work(w->core, w->now)) {
		turns++;
		world_call(w, a, M, "ping", "%s", "");
		/* from the second turn on it is known that others call */
		ck_assert_uint_le(toys_destroyed - before,
				  turns > 1 ? 1000 : 10000);
		before = toys_destroyed;
		world_forget();
	}
	ck_assert_uint_gt(turns, 10);
	ck_assert_uint_eq(toys_destroyed, 100000);
	ck_assert_uint_eq(core_object_count(w->core), 0);
}
END_TEST

START_TEST(object_that_holds_itself_goes_with_the_server)
{
	uint64_t box = world_make(w, a, "box", "");
	uint64_t other = world_make(w, a, "box", "");

	world_call(w, a, box, "set", "[<%llu>, <%llu>]",
		   (unsigned long long)box, (unsigned long long)other);
	world_call(w, a, other, "set", "<%llu>", (unsigned long long)box);
	world_release(w, a, box, 1);
	world_release(w, a, other, 1);
	ck_assert_uint_eq(core_object_count(w->core), 2);
	/* teardown() would leak, and the sanitizer say so */
}
END_TEST

START_TEST(fork_keeps_what_the_parent_has)
{
	uint64_t counter = world_make(w, a, "counter", "3");
	const struct session_info info = { .pid = 101,
					   .program = span_text("child") };
	struct session *child;
	struct lane *lane;

	child = core_session_fork(w->core, lane_session(a));
	ck_assert_ptr_nonnull(child);
	world_check(w);
	world_release(w, a, counter, 1);
	world_kill(w, a);
	ck_assert_uint_eq(core_object_count(w->core), 1);
	ck_assert_int_eq(core_session_claim(w->core, child, &info), 0);
	lane = core_lane_open(w->core, child, 1, NULL);
	ck_assert_uint_eq(lane_pid(lane), 101);
	ck_says(world_call(w, lane, counter, "get", "%s", ""), "ok 3");
	world_kill(w, lane);
	ck_assert_uint_eq(core_object_count(w->core), 0);
}
END_TEST

START_TEST(fork_that_is_never_claimed_gives_back)
{
	struct session *child;

	world_make(w, a, "counter", "");
	child = core_session_fork(w->core, lane_session(a));
	world_kill(w, a);
	ck_assert_uint_eq(core_object_count(w->core), 1);
	core_session_close(w->core, child, "never came", w->now);
	ck_assert_uint_eq(core_object_count(w->core), 0);
}
END_TEST

/* --- names --- */

START_TEST(open_finds_or_makes)
{
	uint64_t counter;

	world_ask(w, a, M, "open", "%s", "\"counter\", \"hits\", 4");
	counter = world_handle(w->asked);
	ck_assert_ptr_nonnull(strstr(world_answer(w->asked), ", true"));
	world_ask(w, b, M, "open", "%s", "\"counter\", \"hits\", 9");
	ck_assert_uint_eq(world_handle(w->asked), counter);
	ck_assert_ptr_nonnull(strstr(world_answer(w->asked), ", false"));
	ck_says(world_call(w, b, counter, "get", "%s", ""), "ok 4");
	ck_says(world_call(w, b, M, "open", "%s", "\"box\", \"hits\""), "TYPE");
	ck_says(world_call(w, b, M, "find", "%s", "\"misses\""), "NOT_FOUND");
	ck_says(world_call(w, b, M, "open", "%s", "\"box\", \"\""), "INVALID");
	ck_says(world_call(w, a, M, "names", "%s", ""),
		"ok [[\"hits\", \"counter\"]]");
}
END_TEST

START_TEST(named_object_lives_until_unlinked)
{
	uint64_t counter;

	world_ask(w, a, M, "open", "%s", "\"counter\", \"hits\", 4");
	counter = world_handle(w->asked);
	world_kill(w, a);
	ck_assert_uint_eq(core_object_count(w->core), 1);
	world_ask(w, b, M, "find", "%s", "\"hits\"");
	ck_assert_uint_eq(world_handle(w->asked), counter);
	ck_says(world_call(w, b, M, "unlink", "%s", "\"hits\""), "ok");
	ck_says(world_call(w, b, M, "unlink", "%s", "\"hits\""), "NOT_FOUND");
	/* lives on for those who have it */
	ck_says(world_call(w, b, counter, "get", "%s", ""), "ok 4");
	/* and the name is free for another */
	world_ask(w, b, M, "open", "%s", "\"box\", \"hits\"");
	ck_assert_uint_ne(world_handle(w->asked), counter);
	world_release(w, b, counter, 2);
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

START_TEST(thousand_names_are_found)
{
	char name[32];
	int i;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "\"n%d\"", i);
		ck_assert_str_ne(world_call(w, a, M, "open",
					    "\"counter\", "
					    "%s, %d",
					    name, i),
				 "INVALID");
	}
	world_release(w, a, 0, 0);
	for (i = 0; i < 1000; i += 7) {
		snprintf(name, sizeof(name), "\"n%d\"", i);
		ck_says(world_call(w, a, M, "unlink", "%s", name), "ok");
	}
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "\"n%d\"", i);
		world_call(w, b, M, "find", "%s", name);
		ck_assert_int_eq(world_handle(w->asked) == 0, i % 7 == 0);
	}
}
END_TEST

/* --- calls that go wrong --- */

START_TEST(wrong_calls_get_clear_errors)
{
	uint64_t counter = world_make(w, a, "counter", "");
	struct span bad = LITERAL("\x08\x02");

	ck_says(world_call(w, a, counter, "fly", "%s", ""), "NO_METHOD");
	ck_says(world_detail(w->asked), "counter has no method \"fly\"");
	ck_says(world_call(w, a, counter, "add", "%s", ""), "INVALID");
	ck_says(world_detail(w->asked),
		"counter.add takes (integer), 0 arguments given");
	ck_says(world_call(w, a, counter, "add", "%s", "\"x\""), "TYPE");
	ck_says(world_detail(w->asked),
		"counter.add: argument 1 must be integer");
	world_ask_raw(w, a, counter, "add", &bad, 1);
	ck_says(world_answer(w->asked), "INVALID");
	ck_assert_ptr_nonnull(strstr(world_detail(w->asked), "argument 1: "));
	ck_says(world_call(w, a, M, "new", "%s", "\"kite\""), "NO_TYPE");
	ck_says(world_call(w, a, M, "new", "%s", "\"manager\""), "NO_TYPE");
	ck_says(world_call(w, a, M, "new", "%s", "\"counter\", nil"), "TYPE");
	ck_says(world_call(w, a, M, "new", "%s", "\"counter\", 1, 2"),
		"INVALID");
	ck_says(world_call(w, a, M, "new", "%s", "\"counter\", -1"), "INVALID");
	ck_says(world_detail(w->asked), "a counter starts at 0");
	ck_says(world_call(w, a, 77, "get", "%s", ""), "NO_OBJECT");
	ck_says(world_call(w, a, 0, "get", "%s", ""), "NO_OBJECT");
	ck_says(world_call(w, a, counter, "get", "%s", ""), "ok 0");
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

START_TEST(method_name_may_be_any_bytes)
{
	const struct span names[] = { LITERAL(""), LITERAL("\xff\xfe"),
				      LITERAL("get\0"), LITERAL("ge"),
				      LITERAL("getx") };
	struct message_call call = { .object = M };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		call.id = ++w->asked;
		call.method = names[i];
		core_call(w->core, a, &call, w->now);
		ck_says(world_answer(call.id), "NO_METHOD");
	}
	/* a long one is cut between characters */
	call.id = ++w->asked;
	call.method = span_text("a€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€");
	core_call(w->core, a, &call, w->now);
	ck_says(world_detail(call.id),
		"manager has no method \"a€€€€€€€€€€€€€€€€€€€€€\"");
}
END_TEST

START_TEST(too_many_arguments_are_refused)
{
	struct span args[2000];
	size_t i;

	for (i = 0; i < 2000; i++)
		args[i] = LITERAL("\x18\x02");
	world_ask_raw(w, a, M, "new", args, 2000);
	ck_says(world_answer(w->asked), "INVALID");
	world_ask_raw(w, a, M, "new", args, 1000);
	ck_says(world_answer(w->asked), "TYPE");
}
END_TEST

START_TEST(id_in_flight_is_not_used_twice)
{
	uint64_t counter = world_make(w, a, "counter", "");

	world_ask_as(w, a, 500, counter, "wait_for", "3");
	ck_says(world_answer(500), "…");
	world_ask_as(w, a, 500, counter, "get", "");
	ck_says(world_answer(500), "PROTOCOL");
	world_forget();
	/* the first one is still there; other lanes have ids of their own */
	world_ask_as(w, b, 500, M, "ping", "");
	ck_says(world_answer(500), "ok");
	world_forget();
	world_call(w, a, counter, "add", "%s", "3");
	ck_says(world_answer(500), "ok");
	world_forget();
	world_ask_as(w, a, 500, counter, "get", "");
	ck_says(world_answer(500), "ok 3");
}
END_TEST

START_TEST(handler_that_breaks_the_contract_is_told_on)
{
	uint64_t box = world_make(w, a, "box", "");

	w->unchecked = true;
	ck_says(world_call(w, a, box, "silent", "%s", ""), "SYSTEM");
	ck_says(core_check(w->core), "a handler did not end its call");
	ck_says(world_call(w, a, box, "twice", "%s", ""), "ok");
	ck_says(core_check(w->core), "a handler ended its call twice");
	ck_says(world_call(w, a, box, "get", "%s", ""), "EMPTY");
	core_free(w->core);
	setup();
}
END_TEST

/* --- limits --- */

START_TEST(values_that_are_too_big_are_refused_with_both_numbers)
{
	struct core_config config = CORE_CONFIG_DEFAULT;
	char text[120];
	uint64_t box;

	teardown();
	config.max_value = 100;
	setup_with(&config);
	box = world_make(w, a, "box", "");
	memset(text, 'x', sizeof(text));
	ck_says(world_call(w, a, box, "set", "\"%.98s\"", text), "ok");
	ck_says(world_call(w, a, box, "set", "\"%.99s\"", text), "TOO_BIG");
	ck_says(world_detail(w->asked),
		"argument 1 has 101 bytes, the limit is 100");
	ck_says(world_call(w, a, box, "many", "%s", "1"), "TOO_BIG");
	ck_says(world_detail(w->asked),
		"the result has 104 bytes, the limit is 100");
	world_call(w, a, box, "get", "%s", "");
	ck_assert_int_eq(strncmp(world_answer(w->asked), "ok \"xxx", 7), 0);
}
END_TEST

START_TEST(memory_limit_refuses_and_changes_nothing)
{
	struct core_config config = CORE_CONFIG_DEFAULT;
	uint64_t box, other;
	size_t used;

	teardown();
	config.max_memory = 2000;
	setup_with(&config);
	box = world_make(w, a, "box", "1");
	other = world_make(w, a, "box", "2");
	ck_says(world_call(w, a, box, "set", "\"%01100d\"", 0), "ok");
	used = core_memory_used(w->core);
	ck_says(world_call(w, a, other, "set", "\"%01100d\"", 0), "NO_MEMORY");
	ck_assert_ptr_nonnull(strstr(world_detail(w->asked), "2000"));
	ck_assert_uint_eq(core_memory_used(w->core), used);
	ck_says(world_call(w, a, other, "get", "%s", ""), "ok 2");
	ck_says(world_call(w, a, box, "set", "%s", "nil"), "ok");
	ck_says(world_call(w, a, other, "set", "\"%01100d\"", 0), "ok");
}
END_TEST

START_TEST(objects_of_a_session_are_limited)
{
	struct core_config config = CORE_CONFIG_DEFAULT;
	uint64_t first, second, third;

	teardown();
	config.max_objects = 3;
	setup_with(&config);
	first = world_make(w, a, "box", "");
	world_make(w, a, "box", "");
	third = world_make(w, a, "box", "");
	ck_says(world_call(w, a, M, "new", "%s", "\"box\""), "LIMIT");
	ck_says(world_call(w, a, M, "open", "%s", "\"box\", \"x\""), "LIMIT");
	ck_says(world_call(w, a, M, "names", "%s", ""), "ok []");
	world_make(w, b, "box", "");
	world_release(w, a, first, 1);
	second = world_make(w, a, "box", "");
	/* one that lives on with somebody else is not charged any more */
	world_call(w, a, third, "set", "<%llu>", (unsigned long long)second);
	world_release(w, a, second, 1);
	world_make(w, a, "box", "");
	ck_says(world_call(w, a, M, "new", "%s", "\"box\""), "LIMIT");
}
END_TEST

START_TEST(waiting_calls_of_a_lane_are_limited)
{
	struct core_config config = CORE_CONFIG_DEFAULT;
	uint64_t counter;
	int i;

	teardown();
	config.max_parked = 5;
	setup_with(&config);
	counter = world_make(w, a, "counter", "");
	for (i = 0; i < 5; i++)
		ck_says(world_call(w, a, counter, "wait_for", "%s", "1"), "…");
	ck_says(world_call(w, a, counter, "wait_for", "%s", "1"), "LIMIT");
	ck_says(world_call(w, a, counter, "add", "%s", "1"), "ok 1");
	ck_says(world_answer(w->asked - 2), "ok");
	ck_says(world_call(w, a, counter, "wait_for", "%s", "1"), "ok");
}
END_TEST

/* --- what all can be asked --- */

START_TEST(every_object_tells_about_itself)
{
	uint64_t box = world_make(w, a, "box", "[1, \"x\"]");
	char want[200];

	ck_says(world_call(w, a, box, "str", "%s", ""),
		"ok \"[1, \\\"x\\\"]\"");
	world_call(w, a, box, "set", "%s", "2");
	snprintf(want, sizeof(want),
		 "ok {\"id\": %llu, \"inner_refs\": 0, \"name\": nil, "
		 "\"refs\": 1, \"type\": \"box\", \"version\": 1}",
		 (unsigned long long)box);
	ck_says(world_call(w, a, box, "info", "%s", ""), want);
	world_call(w, a, M, "types", "%s", "");
	ck_assert_ptr_nonnull(strstr(world_answer(w->asked),
				     "[\"counter\", \"|i\", \"a number that "
				     "several add to\"]"));
	ck_says(world_call(w, a, M, "methods", "%s", "\"kite\""), "NO_TYPE");
	world_call(w, a, M, "methods", "%s", "\"counter\"");
	ck_assert_ptr_nonnull(
		strstr(world_answer(w->asked),
		       "[[\"add\", \"i\", \"i\", 0, \"adds\"], "));
	ck_assert_ptr_nonnull(strstr(world_answer(w->asked), "\"info\""));
	world_call(w, a, M, "stats", "%s", "");
	ck_assert_ptr_nonnull(strstr(world_answer(w->asked), "\"objects\": 1"));
	world_call(w, a, M, "str", "%s", "");
	ck_says(world_answer(w->asked), "ok \"<manager of 1 objects>\"");
}
END_TEST

static Suite *
core_suite(void)
{
	Suite *suite = suite_create("core");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, ids_begin_with_the_epoch_and_are_never_used_again);
	tcase_add_test(tc, handle_cannot_be_guessed);
	tcase_add_test(tc, handle_that_lies_about_its_type_is_refused);
	tcase_add_test(tc, reply_books_a_reference_for_each_handle);
	tcase_add_test(tc, releasing_too_much_does_no_harm);
	tcase_add_test(tc, stored_handle_keeps_its_object);
	tcase_add_test(tc, session_that_ends_gives_everything_back);
	tcase_add_test(tc, chain_of_100000_is_freed_in_steps);
	tcase_add_test(tc, object_that_holds_itself_goes_with_the_server);
	tcase_add_test(tc, fork_keeps_what_the_parent_has);
	tcase_add_test(tc, fork_that_is_never_claimed_gives_back);
	tcase_add_test(tc, open_finds_or_makes);
	tcase_add_test(tc, named_object_lives_until_unlinked);
	tcase_add_test(tc, thousand_names_are_found);
	tcase_add_test(tc, wrong_calls_get_clear_errors);
	tcase_add_test(tc, method_name_may_be_any_bytes);
	tcase_add_test(tc, too_many_arguments_are_refused);
	tcase_add_test(tc, id_in_flight_is_not_used_twice);
	tcase_add_test(tc, handler_that_breaks_the_contract_is_told_on);
	tcase_add_test(tc,
		       values_that_are_too_big_are_refused_with_both_numbers);
	tcase_add_test(tc, memory_limit_refuses_and_changes_nothing);
	tcase_add_test(tc, objects_of_a_session_are_limited);
	tcase_add_test(tc, waiting_calls_of_a_lane_are_limited);
	tcase_add_test(tc, every_object_tells_about_itself);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return check_run(core_suite());
}
