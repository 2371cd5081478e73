/*
 * Deaths in the pool, as the machine sees them.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/pool/machine.h"

/* --- deaths --- */

START_TEST(death_is_explained_by_the_supervisor)
{
	struct lane *worker = hire(301);
	uint64_t apply;

	begin(worker);
	apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	world_kill(w, worker);
	ck_answered(apply, "…");
	world_call(w, boss, pool, "reaped", "301, %d", SIGKILL);
	ck_answered(apply, "ok -8, \"worker 301 was killed by signal 9 "
			   "(Killed)\", {\"pid\": 301, \"signal\": 9}");
}
END_TEST

START_TEST(explanation_may_come_before_the_death_is_seen)
{
	struct lane *worker = hire(301);
	uint64_t apply;

	begin(worker);
	apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	world_call(w, boss, pool, "reaped", "301, %d", 3 << 8);
	ck_answered(apply, "…");
	world_kill(w, worker);
	ck_mentions(apply, "exited with status 3");
	ck_mentions(apply, "{\"pid\": 301, \"status\": 3}");
}
END_TEST

START_TEST(death_that_nobody_explains_is_one_in_time)
{
	struct lane *worker = hire(301);
	uint64_t apply;

	begin(worker);
	apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	world_kill(w, worker);
	world_pass(w, CAUSE_MS - 1);
	ck_answered(apply, "…");
	world_pass(w, 1);
	ck_begins(apply, "ok -8, \"worker 301 is gone");
	/* and does no harm when it is explained after all */
	ck_says(world_call(w, boss, pool, "reaped", "301, 9"), "ok");
}
END_TEST

START_TEST(others_go_on_when_a_worker_dies)
{
	uint64_t job = submit("\"a\", 3, [1, 2, 3]");
	struct lane *one = hire(301), *two = hire(302);

	begin(one);
	begin(two);
	world_kill(w, one);
	world_call(w, boss, pool, "reaped", "301, 9");
	ck_answered(report(two, 2, "0, nil, 2"), "ok 3, \"a\", 3");
	report(two, 3, "0, nil, 3");
	ck_says(world_call(w, owner, job, "done", "%s", ""), "ok i64[3, 3, 1]");
}
END_TEST

START_TEST(task_that_never_arrived_goes_to_another)
{
	struct lane *one = hire(301), *two;
	uint64_t apply;

	begin(one);
	apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	world_end(w, one, true);
	world_call(w, boss, pool, "reaped", "301, 9");
	ck_answered(apply, "…");
	two = hire(302);
	ck_answered(begin(two), "ok 2, \"a\", 7");
	report(two, 2, "0, nil, 49");
	ck_answered(apply, "ok 0, nil, 49");
}
END_TEST

START_TEST(report_counts_though_its_worker_dies_at_once)
{
	struct lane *worker = hire(301);
	uint64_t apply;

	begin(worker);
	apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	report(worker, 1, "0, nil, 49");
	world_kill(w, worker);
	ck_answered(apply, "ok 0, nil, 49");
}
END_TEST

START_TEST(workers_that_are_never_ready_break_the_pool)
{
	uint64_t apply = world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	uint32_t pid;

	for (pid = 301; pid < 306; pid++) {
		struct lane *worker = hire(pid);

		ck_answered(apply, "…");
		world_call(w, worker, pool, "unfit", "\"no licence\"");
		world_kill(w, worker);
		world_call(w, boss, pool, "reaped", "%u, 256", pid);
	}
	ck_begins(apply, "ok -14");
	ck_mentions(apply, "no licence");
	ck_says(world_call(w, owner, pool, "apply", "%s", "\"a\", 7"),
		"BROKEN");
	ck_assert_ptr_nonnull(strstr(world_detail(w->asked), "no licence"));
	ck_says(world_call(w, boss, pool, "supervise", "0"), "ok 2");
}
END_TEST

START_TEST(workers_that_never_come_break_the_pool)
{
	int n;

	for (n = 0; n < 5; n++)
		world_call(w, boss, pool, "reaped", "%d, 11", 400 + n);
	ck_says(world_call(w, owner, pool, "apply", "%s", "\"a\", 7"),
		"BROKEN");
}
END_TEST

START_TEST(a_ready_worker_ends_the_row_of_failures)
{
	int n;

	for (n = 0; n < 4; n++)
		world_call(w, boss, pool, "unable", "\"no processes\"");
	begin(hire(301));
	for (n = 0; n < 4; n++)
		world_call(w, boss, pool, "unable", "\"no processes\"");
	world_ask(w, owner, pool, "stats", "%s", "");
	ck_mentions(w->asked, "\"open\"");
}
END_TEST

START_TEST(pool_breaks_with_its_supervisor)
{
	struct lane *worker = hire(301);
	uint64_t running, queued;

	begin(worker);
	running = world_ask(w, owner, pool, "apply", "%s", "\"a\", 1");
	queued = world_ask(w, owner, pool, "apply", "%s", "\"a\", 2");
	world_kill(w, boss);
	ck_begins(queued, "ok -14");
	ck_answered(running, "…");
	world_kill(w, worker);
	ck_begins(running, "ok -8");
}
END_TEST

/* --- at random --- */

struct crowd {
	struct lane *lanes[8]; /* workers; NULL: dead */
	uint64_t asked[8];     /* their next */
	uint32_t pids[8];
	uint32_t pid;
	uint64_t state;
};

/* The ticket of the task it was given; 0: none. */
static int
ticket_of(uint64_t id)
{
	const char *answer = world_answer(id);

	return strncmp(answer, "ok ", 3) ? 0
					 : (int)strtol(answer + 3, NULL, 10);
}

static void
work_at_random(struct crowd *crowd, size_t i)
{
	int ticket = ticket_of(crowd->asked[i]);

	if (!crowd->lanes[i]) {
		crowd->pids[i] = ++crowd->pid;
		crowd->lanes[i] = hire(crowd->pids[i]);
		crowd->asked[i] = begin(crowd->lanes[i]);
	} else if (check_random_below(&crowd->state, 6) == 0) {
		world_end(w, crowd->lanes[i],
			  check_random_below(&crowd->state, 2) == 0 &&
				  ticket != 0);
		crowd->lanes[i] = NULL;
		if (check_random_below(&crowd->state, 2))
			world_call(w, boss, pool, "reaped", "%u, 9",
				   crowd->pids[i]);
		else
			world_pass(w, CAUSE_MS);
	} else if (ticket) {
		crowd->asked[i] = report(crowd->lanes[i], ticket,
					 ticket % 3 ? "0, nil, 1"
						    : "4, \"no\", nil");
	}
}

/* Whatever dies: each task ends, and is counted once. */
START_TEST(no_task_is_lost_or_counted_twice)
{
	struct crowd crowd = { .pid = 1000,
			       .state = check_seed(4711) + (uint64_t)_i };
	uint64_t jobs[20];
	size_t n = 0, steps;

	for (steps = 0; steps < 400; steps++) {
		if (n < 20 && check_random_below(&crowd.state, 10) == 0)
			jobs[n++] = submit("\"a\", 4, [1, 2, 3, 4]");
		work_at_random(&crowd, check_random_below(&crowd.state, 8));
	}
	world_pass(w, CAUSE_MS);
	for (steps = 0; steps < 1000; steps++)
		work_at_random(&crowd, check_random_below(&crowd.state, 8));
	world_pass(w, CAUSE_MS);
	while (n-- > 0)
		ck_assert_msg(
			strncmp(world_call(w, owner, jobs[n], "done", "%s", ""),
				"ok i64[4, 4, ", 13) == 0,
			"job %zu: %s", n, world_answer(w->asked));
}
END_TEST

static Suite *
pool_suite(void)
{
	Suite *suite = suite_create("pool-core-death");
	TCase *tcase = tcase_create("pool-core-death");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, machine_setup, machine_teardown);
	tcase_add_test(tcase, death_is_explained_by_the_supervisor);
	tcase_add_test(tcase, explanation_may_come_before_the_death_is_seen);
	tcase_add_test(tcase, death_that_nobody_explains_is_one_in_time);
	tcase_add_test(tcase, others_go_on_when_a_worker_dies);
	tcase_add_test(tcase, task_that_never_arrived_goes_to_another);
	tcase_add_test(tcase, report_counts_though_its_worker_dies_at_once);
	tcase_add_test(tcase, workers_that_are_never_ready_break_the_pool);
	tcase_add_test(tcase, workers_that_never_come_break_the_pool);
	tcase_add_test(tcase, a_ready_worker_ends_the_row_of_failures);
	tcase_add_test(tcase, pool_breaks_with_its_supervisor);
	tcase_add_loop_test(tcase, no_task_is_lost_or_counted_twice, 0, 20);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(pool_suite());
}
