/*
 * Asynchronous calls from the side of a program's loop: what it is to watch,
 * what it is told at once, and what it may do elsewhere.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/lib/async-check.h"

#define GRACE_MS 1000

START_TEST(plain_loop_with_poll_does)
{
	struct seen seen = { 0 };

	ck_assert_ok(get_item(LONG_MS, &seen, NULL));
	ck_assert_uint_eq(mproxy_async_events(async),
			  MPROXY_ASYNC_READ | MPROXY_ASYNC_WRITE);
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(1), 0));
	while (mproxy_async_in_flight(async) > 0) {
		struct pollfd fd = { .fd = mproxy_async_fd(async) };
		unsigned events = mproxy_async_events(async);

		fd.events = (short)((events & MPROXY_ASYNC_READ ? POLLIN : 0) |
				    (events & MPROXY_ASYNC_WRITE ? POLLOUT
								 : 0));
		ck_assert_int_ge(poll(&fd, 1, mproxy_async_timeout(async)), 0);
		ck_assert_ok(mproxy_async_dispatch(
			async, MPROXY_ASYNC_READ | MPROXY_ASYNC_WRITE));
	}
	ck_assert_seen(seen, 0, "1");
	ck_assert_uint_eq(mproxy_async_events(async), MPROXY_ASYNC_READ);
}
END_TEST

START_TEST(nothing_has_to_be_done_while_nothing_must_be_answered)
{
	struct seen seen = { 0 };

	ck_assert_int_eq(mproxy_async_timeout(async), -1);
	ck_assert_ok(get_item(-1, &seen, NULL));
	ck_assert_int_eq(mproxy_async_timeout(async), -1);
	ck_assert_ok(on_list("len", NULL, NULL));
	ck_assert_int_gt(mproxy_async_timeout(async), 0);
	while (mproxy_async_in_flight(async) > 1)
		ck_assert_ok(mproxy_async_dispatch(async, MPROXY_ASYNC_READ));
	ck_assert_int_eq(mproxy_async_timeout(async), -1);
	async = mproxy_async_free(async);
	ck_assert_seen(seen, MPROXY_ERR_CLOSED, "");
}
END_TEST

START_TEST(wait_without_time_takes_what_has_come)
{
	struct seen seen = { 0 };
	int error;

	ck_assert_ok(on_list("len", NULL, &seen));
	do
		error = mproxy_async_wait(async, 0);
	while (error == MPROXY_ERR_TIMEOUT);
	ck_assert_ok(error);
	ck_assert_seen(seen, 0, "0");
}
END_TEST

/* Whether the call has left before, and whatever the loop looks at first. */
static const struct {
	unsigned before, after;
} around_work[] = {
	{ 0, 0 },
	{ 0, MPROXY_ASYNC_WRITE },
	{ 0, MPROXY_ASYNC_READ | MPROXY_ASYNC_WRITE },
	{ MPROXY_ASYNC_WRITE, 0 },
	{ MPROXY_ASYNC_WRITE, MPROXY_ASYNC_WRITE },
	{ MPROXY_ASYNC_WRITE, MPROXY_ASYNC_READ | MPROXY_ASYNC_WRITE },
};

#define N_AROUND_WORK (int)(sizeof(around_work) / sizeof(around_work[0]))

START_TEST(program_that_was_busy_does_not_take_that_for_silence)
{
	struct seen seen = { 0 };

	ck_assert_ok(on_list("len", NULL, &seen));
	if (around_work[_i].before)
		ck_assert_ok(
			mproxy_async_dispatch(async, around_work[_i].before));
	usleep((GRACE_MS + 100) * 1000);
	ck_assert_ok(mproxy_async_dispatch(async, around_work[_i].after));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_seen(seen, 0, "0");
}
END_TEST

START_TEST(wait_of_a_program_that_was_busy_finds_the_answers)
{
	struct seen seen = { 0 };

	ck_assert_ok(on_list("len", NULL, &seen));
	if (_i)
		ck_assert_ok(mproxy_async_dispatch(async, MPROXY_ASYNC_WRITE));
	usleep((GRACE_MS + 100) * 1000);
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_seen(seen, 0, "0");
}
END_TEST

struct watched {
	int n, gone;
	int fd;
	unsigned events;
};

static void
on_change(void *context, struct mproxy_async *which)
{
	struct watched *watched = context;

	watched->n++;
	if (!which) {
		watched->gone++;
		return;
	}
	watched->fd = mproxy_async_fd(which);
	watched->events = mproxy_async_events(which);
	mproxy_async_timeout(which);
}

START_TEST(watcher_is_told_what_changes_and_of_the_end)
{
	struct watched watched = { 0 }, second = { 0 };

	mproxy_async_watch(async, on_change, &watched);
	ck_assert_int_eq(watched.n, 1);
	ck_assert_int_eq(watched.fd, mproxy_async_fd(async));
	ck_assert_uint_eq(watched.events, MPROXY_ASYNC_READ);
	for (int i = 0; i < 10; i++)
		ck_assert_ok(on_list("len", NULL, NULL));
	/* there is something to write now: told once */
	ck_assert_int_eq(watched.n, 2);
	ck_assert_uint_eq(watched.events,
			  MPROXY_ASYNC_READ | MPROXY_ASYNC_WRITE);
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_uint_eq(watched.events, MPROXY_ASYNC_READ);
	mproxy_async_watch(async, on_change, &second);
	ck_assert_int_eq(watched.gone, 1);
	ck_assert_int_eq(second.n, 1);
	async = mproxy_async_free(async);
	ck_assert_int_eq(watched.gone, 1);
	ck_assert_int_eq(second.fd, -1);
	ck_assert_int_eq(second.gone, 1);
}
END_TEST

START_TEST(mistake_is_told_at_once_and_no_callback_runs)
{
	struct mproxy_manager *other;
	struct mproxy_list *theirs;
	struct seen seen = { 0 };
	size_t size = (size_t)65 << 20;
	char *bytes = calloc(1, size);

	ck_assert_ok(mproxy_start(NULL, &other));
	ck_assert_ok(mproxy_list_new(other, &theirs));
	ck_assert_error(on_list("append", MPROXY(7), &seen), TYPE);
	ck_assert_error(on_list("append", MPROXY_ARGS(theirs), &seen), INVALID);
	ck_assert_error(mproxy_async_call(async, mproxy_list_object(theirs),
					  "len", 0, NULL, note, &seen, NULL),
			INVALID);
	ck_assert_error(get_item(-2, &seen, NULL), INVALID);
	ck_assert_error(on_list("append",
				MPROXY_ARGS(mproxy_value_bytes(bytes, size)),
				&seen),
			TOO_BIG);
	ck_assert_uint_eq(mproxy_async_in_flight(async), 0);
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(seen.n, 0);
	mproxy_list_free(theirs);
	mproxy_close(other);
	free(bytes);
}
END_TEST

START_TEST(no_memory_is_told_and_each_call_ends_once)
{
	for (unsigned n = 1; n < 120; n++) {
		struct mproxy_async *mine = NULL;
		struct seen seen = { 0 };
		int submitted = 0, error;

		fault_fail_at(n);
		error = mproxy_async_new(manager, &mine);
		for (int i = 0; i < 40 && !error; i++) {
			struct mproxy_value *args = MPROXY_ARGS(1);

			error = args ? mproxy_async_call(
					       mine, mproxy_list_object(list),
					       "append", 0, args, NULL, NULL,
					       NULL)
				     : MPROXY_ERR_NO_MEMORY;
			submitted += !error;
		}
		fault_reset();
		/* no memory for the server's greeting: it says nothing */
		ck_assert_msg(error == 0 || error == MPROXY_ERR_NO_MEMORY ||
				      (!mine && error == MPROXY_ERR_PROTOCOL),
			      "%s", mproxy_error_detail());
		if (!mine)
			continue;
		if (submitted > 0)
			ck_assert_ok(mproxy_async_call(
				mine, mproxy_list_object(list), "len", 0, NULL,
				note, &seen, NULL));
		ck_assert_ok(mproxy_async_wait(mine, -1));
		ck_assert_int_eq(seen.n, submitted > 0);
		mproxy_async_free(mine);
	}
}
END_TEST

START_TEST(references_given_up_do_not_overtake_a_call)
{
	struct mproxy_list *inner;
	struct seen seen = { 0 };

	for (int i = 0; i < 100; i++) {
		ck_assert_ok(mproxy_list_new(manager, &inner));
		ck_assert_ok(on_list("append", MPROXY_ARGS(inner), &seen));
		ck_assert_ok(mproxy_async_call(async, mproxy_list_object(inner),
					       "append", 0, MPROXY_ARGS(i),
					       NULL, NULL, NULL));
		mproxy_list_free(inner);
	}
	/* by now the manager knows, if it was told */
	ck_assert_ok(mproxy_manager_ping(manager));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(seen.n, 100);
	ck_assert_int_eq(seen.error, 0);
	ck_assert_ok(mproxy_list_clear(list));
	/* the references that were held were given up, too */
	async = mproxy_async_free(async);
	while (manager_objects() != 2)
		;
}
END_TEST

/* --- a callback that forks --- */

/* What was submitted before the fork, and by a callback that forks. */
struct forking {
	struct seen before, unsent;
	struct mproxy_async *own; /* of the child */
	pid_t child;
};

static void
fork_inside(void *context, int error, const struct mproxy_value *value)
{
	struct forking *forking = context;

	(void)value;
	ck_assert_int_eq(error, 0);
	ck_assert_ok(on_list("append", MPROXY_ARGS(1), &forking->unsent));
	forking->child = fork();
	ck_assert_int_ge(forking->child, 0);
	/* has the number that the descriptor has in the parent */
	if (forking->child == 0)
		CHILD_CHECK(mproxy_async_new(manager, &forking->own) == 0);
}

/* Back in the loop, in the child. */
static int
return_as_a_child(struct forking *forking, int error)
{
	CHILD_CHECK(error == MPROXY_ERR_FORKED);
	CHILD_CHECK(mproxy_async_in_flight(async) == 0);
	CHILD_CHECK(forking->before.n == 1);
	CHILD_CHECK(forking->before.error == MPROXY_ERR_FORKED);
	CHILD_CHECK(forking->unsent.n == 1);
	CHILD_CHECK(forking->unsent.error == MPROXY_ERR_FORKED);
	async = mproxy_async_free(async);
	async = forking->own;
	CHILD_CHECK(on_list("len", NULL, NULL) == 0);
	CHILD_CHECK(mproxy_async_wait(async, -1) == 0);
	async = mproxy_async_free(async);
	return 0;
}

START_TEST(callback_that_forks_ends_the_turn_in_the_child)
{
	struct forking forking = { 0 };
	int error;

	ck_assert_ok(mproxy_async_call(async, mproxy_list_object(list), "len",
				       0, NULL, fork_inside, &forking, NULL));
	ck_assert_ok(on_list("len", NULL, &forking.before));
	ck_assert_ok(mproxy_async_dispatch(async, MPROXY_ASYNC_WRITE));
	/* both are answered by then: the server takes turns */
	for (int i = 0; i < 100; i++)
		ck_assert_ok(mproxy_manager_ping(manager));
	error = mproxy_async_dispatch(async,
				      MPROXY_ASYNC_READ | MPROXY_ASYNC_WRITE);
	if (forking.child == 0)
		_exit(return_as_a_child(&forking, error));
	ck_assert_ok(error);
	child_end(forking.child);
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_seen(forking.before, 0, "0");
	ck_assert_seen(forking.unsent, 0, "nil");
	ck_assert_gives_size(mproxy_list_len(list, &got), 1);
}
END_TEST

/* --- threads --- */

static void *
work_elsewhere(void *context)
{
	for (int i = 0; i < 1000; i++)
		if (on_list("len", NULL, context) != 0)
			return NULL;
	return mproxy_async_wait(async, -1) == 0 ? context : NULL;
}

START_TEST(any_thread_may_use_it_one_at_a_time)
{
	struct seen seen = { 0 };
	pthread_t thread;
	void *result;

	ck_assert_ok(on_list("len", NULL, &seen));
	ck_assert_int_eq(pthread_create(&thread, NULL, work_elsewhere, &seen),
			 0);
	pthread_join(thread, &result);
	ck_assert_ptr_eq(result, &seen);
	ck_assert_int_eq(seen.n, 1001);
	ck_assert_ok(on_list("len", NULL, &seen));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(seen.n, 1002);
}
END_TEST

static Suite *
loop_suite(void)
{
	Suite *suite = suite_create("async loop");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, plain_loop_with_poll_does);
	tcase_add_test(tcase,
		       nothing_has_to_be_done_while_nothing_must_be_answered);
	tcase_add_test(tcase, wait_without_time_takes_what_has_come);
	tcase_add_loop_test(
		tcase, program_that_was_busy_does_not_take_that_for_silence, 0,
		N_AROUND_WORK);
	tcase_add_loop_test(
		tcase, wait_of_a_program_that_was_busy_finds_the_answers, 0, 2);
	tcase_add_test(tcase, watcher_is_told_what_changes_and_of_the_end);
	tcase_add_test(tcase, mistake_is_told_at_once_and_no_callback_runs);
	tcase_add_test(tcase, no_memory_is_told_and_each_call_ends_once);
	tcase_add_test(tcase, references_given_up_do_not_overtake_a_call);
	tcase_add_test(tcase, callback_that_forks_ends_the_turn_in_the_child);
	tcase_add_test(tcase, any_thread_may_use_it_one_at_a_time);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	char grace[16];

	snprintf(grace, sizeof(grace), "%d", GRACE_MS);
	setenv("MPROXY_GRACE_MS", grace, 1);
	return check_run(loop_suite());
}
