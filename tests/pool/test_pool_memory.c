/*
 * Memory runs out in the pool: at the first allocation of a story, at the
 * second, at each. Whatever fails, every invariant holds, and each task that
 * was accepted ends once.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/harness/fault.h"
#include "tests/pool/machine.h"

static unsigned fail_at; /* of the whole story */
static unsigned passed;	 /* allocations before this call */

static void
before(void)
{
	if (fail_at > passed)
		fault_fail_at(fail_at - passed);
	else
		fault_reset();
}

static void
after(void)
{
	passed += fault_count();
	fault_reset();
}

/* The ticket of the task it was given; 0: none. */
static int
ticket_of(uint64_t id)
{
	const char *answer = world_answer(id);

	return strncmp(answer, "ok ", 3) ? 0
					 : (int)strtol(answer + 3, NULL, 10);
}

/* Runs what there is, whatever it was told before. */
static void
work(struct lane *worker, const char *outcome)
{
	uint64_t asked = begin(worker);
	int i;

	for (i = 0; i < 8 && strcmp(world_answer(asked), "…") != 0; i++) {
		int ticket = ticket_of(asked);

		asked = ticket ? report(worker, ticket, outcome)
			       : begin(worker);
	}
	if (strcmp(world_answer(asked), "…") == 0)
		world_cancel(w, worker, asked);
}

static struct lane *
enlisted(uint32_t pid)
{
	struct lane *lane = world_client(w, pid);

	world_call(w, lane, M, "find", "%s", "\"post\"");
	world_call(w, lane, post, "get", "0");
	world_call(w, lane, pool, "enlist", "%u", pid);
	return lane;
}

static void
story(void)
{
	struct lane *one, *two;
	uint64_t job, other;

	job = submit("\"a\", 3, [1, [2, 3]]");
	other = submit("\"b\", 1, [4]");
	one = enlisted(301);
	two = enlisted(302);
	world_ask(w, owner, pool, "apply", "%s", "\"a\", 7");
	world_ask(w, owner, job, "next", "1");
	work(one, "0, nil, \"what came out\"");
	world_call(w, owner, job, "add", "%s", "[5]");
	begin(two);
	world_kill(w, two);
	world_call(w, boss, pool, "reaped", "302, %d", SIGKILL);
	work(one, "3, \"no\", nil");
	world_call(w, owner, job, "results", "0");
	world_call(w, owner, other, "get", "0");
	world_call(w, owner, pool, "stats", "%s", "");
	world_call(w, owner, pool, "str", "%s", "");
	submit("\"a\", 2, [8, 9]");
	world_call(w, one, pool, "unfit", "\"no\"");
	world_kill(w, one);
	world_pass(w, CAUSE_MS);
	world_call(w, owner, pool, "terminate", "%s", "");
	world_call(w, owner, job, "done", "%s", "");
}

START_TEST(story_goes_on_when_memory_runs_out)
{
	unsigned all;

	for (fail_at = 1;; fail_at++) {
		machine_setup();
		passed = 0;
		w->before = before;
		w->after = after;
		w->timeout = 1000;
		story();
		w->before = w->after = NULL;
		all = passed;
		world_work(w);
		machine_teardown();
		if (fail_at > all)
			break;
	}
	ck_assert_uint_gt(all, 30);
}
END_TEST

/* In a pool that is being made, too. */
START_TEST(pool_is_made_or_not)
{
	uint64_t id;

	for (fail_at = 1;; fail_at++) {
		machine_setup();
		passed = 0;
		w->before = before;
		w->after = after;
		id = world_ask(w, owner, M, "new", "%s",
			       "\"pool\", 3, \"a\", [1], [\"a\", \"b\"]");
		w->before = w->after = NULL;
		if (fail_at <= passed)
			ck_answered(id, "NO_MEMORY");
		else
			ck_begins(id, "ok");
		machine_teardown();
		if (fail_at > passed)
			break;
	}
}
END_TEST

static Suite *
memory_suite(void)
{
	Suite *suite = suite_create("pool-memory");
	TCase *tcase = tcase_create("pool-memory");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, story_goes_on_when_memory_runs_out);
	tcase_add_test(tcase, pool_is_made_or_not);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(memory_suite());
}
