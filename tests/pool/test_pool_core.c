/*
 * The pool as a machine: tasks, workers and a supervisor without a process
 * among them. After each step core_check() counts everything anew.
 */
#include <stdio.h>

#include "tests/pool/machine.h"

/* --- making --- */

START_TEST(pool_needs_workers_and_names)
{
	ck_says(world_call(w, owner, M, "new", "%s",
			   "\"pool\", 0, \"\", nil, []"),
		"INVALID");
	ck_says(world_call(w, owner, M, "new", "%s",
			   "\"pool\", 1, \"\", nil, [1]"),
		"INVALID");
}
END_TEST

START_TEST(unknown_task_is_named)
{
	ck_says(world_call(w, owner, pool, "apply", "%s", "\"c\", 1"),
		"NO_TASK");
	ck_assert_ptr_nonnull(strstr(world_detail(w->asked), "\"c\""));
	ck_says(world_call(w, owner, pool, "submit", "%s", "\"c\", 0, []"),
		"NO_TASK");
}
END_TEST

/* --- one task --- */

START_TEST(apply_waits_for_a_worker_and_gets_its_result)
{
	uint64_t apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	struct lane *worker = hire(301);
	uint64_t next;

	ck_answered(apply, "…");
	next = begin(worker);
	ck_answered(next, "ok 1, \"a\", 7");
	next = report(worker, 1, "0, nil, 49");
	ck_answered(apply, "ok 0, nil, 49");
	ck_answered(next, "…");
}
END_TEST

START_TEST(failure_comes_with_its_text)
{
	struct lane *worker = hire(301);
	uint64_t apply;

	begin(worker);
	apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	report(worker, 1, "-31, \"want a text\", nil");
	ck_answered(apply, "ok -31, \"want a text\", nil");
}
END_TEST

START_TEST(report_is_counted_once)
{
	struct lane *worker = hire(301);
	uint64_t apply;

	begin(worker);
	apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	world_cancel(w, worker, report(worker, 1, "0, nil, 1"));
	report(worker, 1, "0, nil, 2");
	ck_answered(apply, "ok 0, nil, 1");
	world_ask(w, owner, pool, "stats", "%s", "");
	ck_assert_ptr_nonnull(strstr(world_answer(w->asked), "\"done\": 1"));
}
END_TEST

START_TEST(task_out_of_patience_never_begins)
{
	uint64_t apply;

	w->timeout = 50;
	apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	w->timeout = -1;
	world_pass(w, 60);
	ck_answered(apply, "TIMEOUT");
	ck_answered(begin(hire(301)), "…");
}
END_TEST

START_TEST(running_task_out_of_patience_is_discarded)
{
	struct lane *worker = hire(301);
	uint64_t apply, next;

	begin(worker);
	w->timeout = 50;
	apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	w->timeout = -1;
	world_pass(w, 60);
	ck_answered(apply, "TIMEOUT");
	next = report(worker, 1, "0, nil, 49");
	ck_answered(next, "…");
}
END_TEST

START_TEST(apply_without_patience_takes_its_task_back)
{
	w->timeout = 0;
	ck_says(world_call(w, owner, pool, "apply", "%s", "\"a\", 7"),
		"WOULD_BLOCK");
	w->timeout = -1;
	ck_answered(begin(hire(301)), "…");
}
END_TEST

/* --- jobs --- */

START_TEST(job_keeps_results_in_the_order_of_its_arguments)
{
	uint64_t job = submit("\"b\", 3, [1, 2, 3]"), results, wait;
	struct lane *one = hire(301), *two = hire(302);

	results = world_ask(w, owner, job, "results", "0");
	wait = world_ask(w, owner, job, "wait", "%s", "");
	ck_answered(begin(one), "ok 1, \"b\", 1");
	ck_answered(begin(two), "ok 2, \"b\", 2");
	ck_answered(report(two, 2, "0, nil, \"two\""), "ok 3, \"b\", 3");
	report(two, 3, "5, \"no\", nil");
	ck_answered(results, "…");
	report(one, 1, "0, nil, \"one\"");
	ck_answered(results,
		    "ok [0, nil, \"one\", 0, nil, \"two\", 5, \"no\", nil]");
	ck_answered(wait, "ok");
	ck_says(world_call(w, owner, job, "done", "%s", ""), "ok i64[3, 3, 1]");
	ck_says(world_call(w, owner, job, "get", "1"), "ok 0, nil, \"two\"");
	ck_says(world_call(w, owner, job, "get", "3"), "RANGE");
}
END_TEST

START_TEST(next_gives_each_result_once_in_the_order_of_ending)
{
	uint64_t job = submit("\"b\", 2, [1, 2]"), next;
	struct lane *one = hire(301), *two = hire(302);

	begin(one);
	begin(two);
	next = world_ask(w, owner, job, "next", "10");
	report(two, 2, "0, nil, \"two\"");
	ck_answered(next, "ok [1, 0, nil, \"two\"]");
	next = world_ask(w, owner, job, "next", "10");
	report(one, 1, "0, nil, \"one\"");
	ck_answered(next, "ok [0, 0, nil, \"one\"]");
	ck_says(world_call(w, owner, job, "next", "10"), "CLOSED");
	ck_says(world_call(w, owner, job, "get", "1"), "NOT_FOUND");
}
END_TEST

START_TEST(tasks_come_in_pages_and_run_at_once)
{
	uint64_t job = submit("\"a\", 3, [1]"), get;
	struct lane *worker = hire(301);

	ck_answered(begin(worker), "ok 1, \"a\", 1");
	get = world_ask(w, owner, job, "get", "2");
	report(worker, 1, "0, nil, 1");
	ck_answered(get, "…");
	ck_says(world_call(w, owner, job, "add", "%s", "[2, 3, 4]"), "INVALID");
	ck_says(world_call(w, owner, job, "add", "%s", "[2, 3]"), "ok");
	report(worker, 2, "0, nil, 2");
	report(worker, 3, "0, nil, 3");
	ck_answered(get, "ok 0, nil, 3");
	ck_says(world_call(w, owner, job, "add", "%s", "[4]"), "CLOSED");
}
END_TEST

START_TEST(job_without_tasks_is_done)
{
	uint64_t job = submit("\"a\", 0, []");

	ck_says(world_call(w, owner, job, "results", "0"), "ok []");
	ck_says(world_call(w, owner, job, "next", "1"), "CLOSED");
}
END_TEST

START_TEST(tasks_of_a_dropped_job_still_run)
{
	uint64_t job = submit("\"a\", 2, [1, 2]");
	struct lane *worker = hire(301);

	world_release(w, owner, job, 1);
	ck_answered(begin(worker), "ok 1, \"a\", 1");
	ck_answered(report(worker, 1, "0, nil, 1"), "ok 2, \"a\", 2");
	report(worker, 2, "0, nil, 2");
	world_work(w);
	/* the pool and the post office */
	ck_assert_uint_eq(core_object_count(w->core), 2);
}
END_TEST

START_TEST(cancelled_job_ends_when_its_running_tasks_do)
{
	uint64_t job = submit("\"a\", 4, [1, 2, 3]"), wait;
	struct lane *worker = hire(301);

	begin(worker);
	wait = world_ask(w, owner, job, "wait", "%s", "");
	ck_says(world_call(w, owner, job, "cancel", "%s", ""), "ok 2");
	ck_answered(wait, "…");
	report(worker, 1, "0, nil, 1");
	ck_answered(wait, "ok");
	ck_says(world_call(w, owner, job, "get", "1"),
		"ok -9, \"the job was cancelled\", nil");
	ck_says(world_call(w, owner, job, "get", "3"), "RANGE");
}
END_TEST

START_TEST(handles_in_arguments_and_results_keep_their_objects)
{
	uint64_t list = world_make(w, owner, "list", "[1]"), job, next;
	struct lane *worker = hire(301);
	char text[64];

	snprintf(text, sizeof(text), "\"a\", 1, [<%llu>]", LLU(list));
	job = submit(text);
	world_release(w, owner, list, 1);
	next = begin(worker);
	ck_assert_uint_eq(world_handle(next), list);
	ck_says(world_call(w, worker, list, "len", "%s", ""), "ok 1");
	snprintf(text, sizeof(text), "0, nil, <%llu>", LLU(list));
	report(worker, 1, text);
	world_release(w, worker, list, 1);
	ck_assert_uint_eq(world_handle(world_ask(w, owner, job, "get", "0")),
			  list);
	world_release(w, owner, job, 1);
	world_release(w, owner, list, 1);
	world_work(w);
	ck_assert_uint_eq(core_object_count(w->core), 2);
}
END_TEST

/* --- ending --- */

START_TEST(closed_pool_runs_what_it_has)
{
	uint64_t job = submit("\"a\", 2, [1, 2]"), join, next, command;
	struct lane *one = hire(301), *two = hire(302);

	(void)job;
	command = world_ask(w, boss, pool, "supervise", "0");
	ck_says(world_call(w, owner, pool, "join", "%s", ""), "INVALID");
	ck_says(world_call(w, owner, pool, "close", "%s", ""), "ok");
	ck_says(world_call(w, owner, pool, "apply", "%s", "\"a\", 7"),
		"CLOSED");
	join = world_ask(w, owner, pool, "join", "%s", "");
	begin(one);
	report(one, 1, "0, nil, 1");
	next = begin(two);
	ck_answered(next, "…");
	ck_answered(command, "…");
	next = report(one, 2, "0, nil, 2");
	ck_answered(next, "CLOSED");
	ck_answered(command, "ok 1");
	world_kill(w, one);
	world_kill(w, two);
	ck_answered(join, "…");
	world_kill(w, boss);
	ck_answered(join, "ok");
}
END_TEST

START_TEST(terminated_pool_cancels_everything)
{
	uint64_t job = submit("\"a\", 3, [1, 2]"), apply, next, command;
	struct lane *one = hire(301), *two = hire(302);

	begin(one);
	apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	begin(two);
	begin(hire(303));
	next = begin(hire(304));
	command = world_ask(w, boss, pool, "supervise", "0");
	ck_says(world_call(w, owner, pool, "terminate", "%s", ""), "ok");
	ck_begins(apply, "ok -9");
	ck_answered(command, "ok 2");
	ck_answered(next, "CLOSED");
	ck_answered(report(one, 1, "0, nil, 1"), "CLOSED");
	ck_says(world_call(w, owner, job, "get", "0"),
		"ok -9, \"the pool was terminated\", nil");
	ck_says(world_call(w, owner, job, "add", "%s", "[3]"), "CLOSED");
}
END_TEST

START_TEST(pool_goes_with_its_last_reference_and_takes_its_tasks)
{
	uint64_t job = submit("\"a\", 2, [1, 2]");

	world_call(w, owner, M, "unlink", "\"post\"");
	world_release(w, owner, post, 1);
	world_kill(w, boss);
	ck_says(world_call(w, owner, job, "get", "0"),
		"ok -14, \"the supervisor of the pool is gone (killed)\", nil");
	world_release(w, owner, pool, 1);
	world_work(w);
	ck_assert_uint_eq(core_object_count(w->core), 1);
	world_release(w, owner, job, 1);
	world_work(w);
	ck_assert_uint_eq(core_object_count(w->core), 0);
}
END_TEST

START_TEST(pool_without_staff_is_freed_with_tasks_pending)
{
	uint64_t other = world_make(w, owner, "pool", "1, \"\", nil, [\"a\"]");
	uint64_t job = world_handle(
		world_ask(w, owner, other, "submit", "%s", "\"a\", 2, [1, 2]"));

	world_release(w, owner, other, 1);
	world_work(w);
	ck_says(world_call(w, owner, job, "results", "0"),
		"ok [-9, \"the pool is gone\", nil, -9, \"the pool is gone\", "
		"nil]");
}
END_TEST

START_TEST(there_is_one_supervisor)
{
	ck_says(world_call(w, staff(201), pool, "supervise", "-1"), "BUSY");
	ck_says(world_call(w, owner, pool, "next", "0, 0, nil, nil"),
		"INVALID");
}
END_TEST

static Suite *
pool_suite(void)
{
	Suite *suite = suite_create("pool-core");
	TCase *tcase = tcase_create("pool-core");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, machine_setup, machine_teardown);
	tcase_add_test(tcase, pool_needs_workers_and_names);
	tcase_add_test(tcase, unknown_task_is_named);
	tcase_add_test(tcase, apply_waits_for_a_worker_and_gets_its_result);
	tcase_add_test(tcase, failure_comes_with_its_text);
	tcase_add_test(tcase, report_is_counted_once);
	tcase_add_test(tcase, task_out_of_patience_never_begins);
	tcase_add_test(tcase, running_task_out_of_patience_is_discarded);
	tcase_add_test(tcase, apply_without_patience_takes_its_task_back);
	tcase_add_test(tcase, job_keeps_results_in_the_order_of_its_arguments);
	tcase_add_test(tcase,
		       next_gives_each_result_once_in_the_order_of_ending);
	tcase_add_test(tcase, tasks_come_in_pages_and_run_at_once);
	tcase_add_test(tcase, job_without_tasks_is_done);
	tcase_add_test(tcase, tasks_of_a_dropped_job_still_run);
	tcase_add_test(tcase, cancelled_job_ends_when_its_running_tasks_do);
	tcase_add_test(tcase,
		       handles_in_arguments_and_results_keep_their_objects);
	tcase_add_test(tcase, closed_pool_runs_what_it_has);
	tcase_add_test(tcase, terminated_pool_cancels_everything);
	tcase_add_test(tcase,
		       pool_goes_with_its_last_reference_and_takes_its_tasks);
	tcase_add_test(tcase, pool_without_staff_is_freed_with_tasks_pending);
	tcase_add_test(tcase, there_is_one_supervisor);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(pool_suite());
}
