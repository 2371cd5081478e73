/*
 * How a pipeline ends: with its thread, its process, its server; and what a
 * server may do to it.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/value.h"
#include "tests/harness/check-main.h"
#include "tests/harness/daemon.h"
#include "tests/harness/fake-server.h"
#include "tests/harness/leak.h"
#include "tests/lib/pipeline-check.h"

/* --- threads and ends --- */

static void *
work_as_usual(void *unused)
{
	size_t n = 99;

	if (mproxy_list_delete(list, 1000) == MPROXY_ERR_RANGE &&
	    mproxy_list_len(list, &n) == 0 && n == 0 &&
	    mproxy_pipeline_end(manager) == MPROXY_ERR_INVALID)
		return unused;
	return NULL;
}

START_TEST(other_threads_are_not_concerned)
{
	pthread_t thread;
	void *result = NULL;

	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	append_many(10);
	ck_assert_int_eq(pthread_create(&thread, NULL, work_as_usual, list), 0);
	pthread_join(thread, &result);
	ck_assert_ptr_eq(result, list);
	ck_assert_ok(mproxy_pipeline_end(manager));
	assert_counts_up(10);
}
END_TEST

static void *
pipeline_numbers(void *which)
{
	int64_t base = *(int *)which * 10000;
	bool ok = mproxy_pipeline_begin(manager, 100) == 0;

	for (int64_t i = base; ok && i < base + 10000; i++)
		ok = mproxy_dict_set(dict, MPROXY(i), MPROXY(i)) == 0;
	ok = ok && mproxy_pipeline_end(manager) == 0;
	return ok ? which : NULL;
}

START_TEST(threads_pipeline_side_by_side)
{
	int numbers[8];
	pthread_t threads[8];
	void *result;

	for (int i = 0; i < 8; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						pipeline_numbers, &numbers[i]),
				 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &result);
		ck_assert_ptr_eq(result, &numbers[i]);
	}
	ck_assert_gives_size(mproxy_dict_len(dict, &got), 80000);
}
END_TEST

static void *
leave_it_open(void *unused)
{
	mproxy_pipeline_begin(manager, 0);
	for (int64_t i = 0; i < 10; i++)
		mproxy_list_append(list, MPROXY(i));
	return unused;
}

START_TEST(thread_that_ends_sends_what_it_has)
{
	pthread_t thread;
	size_t n = 0;

	ck_assert_int_eq(pthread_create(&thread, NULL, leave_it_open, NULL), 0);
	pthread_join(thread, NULL);
	while (n < 10)
		ck_assert_ok(mproxy_list_len(list, &n));
	assert_counts_up(10);
}
END_TEST

START_TEST(close_sends_what_there_is_and_ends_it)
{
	struct test_daemon daemon;
	struct mproxy_manager *m, *other;
	struct mproxy_list *mine, *theirs;
	size_t n = 0;

	daemon_start(&daemon, NULL);
	ck_assert_ok(mproxy_connect(daemon.address, &m));
	ck_assert_ok(mproxy_connect(daemon.address, &other));
	ck_assert_ok(mproxy_list_open(m, "all", &mine));
	ck_assert_ok(mproxy_list_open(other, "all", &theirs));
	ck_assert_ok(mproxy_pipeline_begin(m, 0));
	for (int i = 0; i < 10; i++)
		ck_assert_ok(mproxy_list_append(mine, MPROXY(i)));
	mproxy_close(m);
	ck_assert_error(mproxy_list_append(mine, MPROXY(1)), CLOSED);
	ck_assert_error(mproxy_pipeline_end(m), CLOSED);
	assert_detail("0 of 10 pipelined calls were answered");
	mproxy_list_free(mine);
	while (n < 10)
		ck_assert_ok(mproxy_list_len(theirs, &n));
	mproxy_list_free(theirs);
	mproxy_close(other);
	daemon_stop(&daemon);
}
END_TEST

/* --- fork --- */

static int
be_a_child(void)
{
	size_t n = 0;

	CHILD_CHECK(mproxy_pipeline_flush(manager) == MPROXY_ERR_FORKED);
	CHILD_CHECK(mproxy_list_len(list, &n) == 0 && n == 1000);
	CHILD_CHECK(mproxy_list_delete(list, 5000) == MPROXY_ERR_RANGE);
	CHILD_CHECK(mproxy_pipeline_begin(manager, 0) == 0);
	CHILD_CHECK(mproxy_list_append(list, MPROXY(1000)) == 0);
	CHILD_CHECK(mproxy_pipeline_end(manager) == 0);
	CHILD_CHECK(mproxy_pipeline_end(manager) == MPROXY_ERR_INVALID);
	return 0;
}

START_TEST(child_sees_what_came_before_and_does_not_pipeline)
{
	pid_t pid;

	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	append_many(1000);
	ck_assert_ok(mproxy_list_delete(list, 5000));
	pid = child_begin(be_a_child);
	ck_assert_uint_eq(status().answered, 1001);
	child_end(pid);
	ck_assert_ok(mproxy_list_append(list, MPROXY(1001)));
	ck_assert_error(mproxy_pipeline_end(manager), RANGE);
	assert_counts_up(1002);
}
END_TEST

static int
end_at_once(void)
{
	CHILD_CHECK(mproxy_pipeline_end(manager) == MPROXY_ERR_FORKED);
	CHILD_CHECK(mproxy_pipeline_end(manager) == MPROXY_ERR_INVALID);
	mproxy_close(manager);
	return 0;
}

START_TEST(child_may_end_what_is_not_its_own)
{
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	append_many(10);
	child_end(child_begin(end_at_once));
	ck_assert_ok(mproxy_pipeline_end(manager));
	assert_counts_up(10);
}
END_TEST

/* --- the server's fault --- */

static struct fake_server *server;
static struct mproxy_manager *faked;
static struct mproxy_object *thing;

static void
fake_begin(void (*serve)(struct fake_client *client))
{
	leak_check_begin();
	server = fake_start(serve);
	ck_assert_ok(mproxy_connect(server->path, &faked));
	ck_assert_ok(mproxy_object_new(faked, "list", NULL, &thing));
}

static void
fake_end(void)
{
	thing = mproxy_object_free(thing);
	faked = mproxy_close(faked);
	fake_stop(server);
	leak_check_end();
}

/* Answers the constructor; true for a lane that is called on. */
static bool
fake_object(struct fake_client *client)
{
	struct message_call call;
	struct buffer out = BUFFER_INIT;

	fake_welcome(client);
	if (client->number == 0) {
		fake_wait_end(client);
		return false;
	}
	if (!fake_read_call(client, &call))
		return false;
	value_put_handle(&out, 7, span_text("list"));
	fake_reply_value(client, call.id, buffer_span(&out));
	buffer_deinit(&out);
	return true;
}

static int
call_thing(const char *method)
{
	return mproxy_object_call(thing, method, NULL, 0, NULL);
}

static void
serve_three(struct fake_client *client)
{
	struct message_call call;

	if (!fake_object(client))
		return;
	for (int i = 0; i < 3 && fake_read_call(client, &call); i++)
		fake_reply(client, call.id, i == 1 ? MPROXY_ERR_EMPTY : 0);
	/* what follows was read, and is not answered */
	for (int i = 3; i < 10 && fake_read_call(client, &call); i++)
		;
}

START_TEST(death_in_the_middle_is_told_with_how_many_were_answered)
{
	fake_begin(serve_three);
	ck_assert_ok(mproxy_pipeline_begin(faked, 0));
	for (int i = 0; i < 10; i++)
		ck_assert_ok(call_thing("poke"));
	ck_assert_error(mproxy_manager_ping(faked), SERVER_GONE);
	/* until it was told, nothing more is begun */
	ck_assert_error(call_thing("poke"), SERVER_GONE);
	ck_assert_error(mproxy_pipeline_flush(faked), SERVER_GONE);
	assert_detail("3 of 10 pipelined calls were answered, 1 of these "
		      "failed");
	ck_assert_ok(mproxy_pipeline_end(faked));
	fake_end();
}
END_TEST

static void
serve_backwards(struct fake_client *client)
{
	struct message_call call;
	uint64_t ids[10];

	if (!fake_object(client))
		return;
	for (int i = 0; i < 10; i++) {
		if (!fake_read_call(client, &call))
			return;
		ids[i] = call.id;
	}
	for (int i = 9; i >= 0; i--)
		fake_reply(client, ids[i], i > 5 ? MPROXY_ERR_FULL : 0);
	fake_wait_end(client);
}

START_TEST(replies_in_another_order_are_told_apart)
{
	fake_begin(serve_backwards);
	ck_assert_ok(mproxy_pipeline_begin(faked, 0));
	for (int i = 0; i < 10; i++)
		ck_assert_ok(call_thing(i % 2 ? "odd" : "even"));
	ck_assert_error(mproxy_pipeline_end(faked), FULL);
	assert_detail("call 7 of the pipeline, list#7.even: ");
	assert_detail("(and 3 more failed)");
	fake_end();
}
END_TEST

static void
serve_nonsense(struct fake_client *client)
{
	struct message_call call;

	if (fake_object(client) && fake_read_call(client, &call))
		fake_reply(client, call.id + 1, 0);
	fake_wait_end(client);
}

START_TEST(reply_to_a_call_never_made_is_a_violation)
{
	fake_begin(serve_nonsense);
	ck_assert_ok(mproxy_pipeline_begin(faked, 0));
	ck_assert_ok(call_thing("poke"));
	ck_assert_error(mproxy_pipeline_end(faked), PROTOCOL);
	fake_end();
}
END_TEST

static void
serve_twice(struct fake_client *client)
{
	struct message_call call;

	if (fake_object(client) && fake_read_call(client, &call)) {
		fake_reply(client, call.id, 0);
		fake_reply(client, call.id, 0);
	}
	fake_wait_end(client);
}

START_TEST(second_reply_to_a_call_is_a_violation)
{
	fake_begin(serve_twice);
	ck_assert_ok(mproxy_pipeline_begin(faked, 0));
	ck_assert_ok(call_thing("poke"));
	ck_assert_ok(call_thing("push"));
	ck_assert_error(mproxy_pipeline_end(faked), PROTOCOL);
	fake_end();
}
END_TEST

static void
serve_silence(struct fake_client *client)
{
	if (fake_object(client))
		fake_wait_end(client);
}

START_TEST(silence_ends_the_pipeline_and_the_next_call_tries_anew)
{
	fake_begin(serve_silence);
	ck_assert_ok(mproxy_pipeline_begin(faked, 0));
	ck_assert_ok(call_thing("poke"));
	ck_assert_error(mproxy_pipeline_flush(faked), SERVER_SILENT);
	assert_detail("0 of 1 pipelined calls");
	/* a new lane, whose first call this server takes for a constructor */
	ck_assert_ok(call_thing("poke"));
	ck_assert_ok(mproxy_pipeline_end(faked));
	fake_end();
}
END_TEST

START_TEST(daemon_killed_under_load_is_told)
{
	struct test_daemon daemon;
	struct mproxy_list *mine;
	struct mproxy_manager *m;
	int error = 0;

	leak_check_begin();
	daemon_start(&daemon, NULL);
	ck_assert_ok(mproxy_connect(daemon.address, &m));
	ck_assert_ok(mproxy_list_new(m, &mine));
	ck_assert_ok(mproxy_pipeline_begin(m, 0));
	for (int i = 0; i < MANY; i++)
		ck_assert_ok(mproxy_list_append(mine, MPROXY(i)));
	daemon_kill(&daemon);
	for (int i = 0; i < MANY && !error; i++)
		error = mproxy_list_append(mine, MPROXY(i));
	ck_assert_int_eq(error, MPROXY_ERR_SERVER_GONE);
	ck_assert_error(mproxy_pipeline_end(m), SERVER_GONE);
	assert_detail(" pipelined calls were answered");
	mproxy_list_free(mine);
	mproxy_close(m);
	daemon_clean(&daemon);
	leak_check_end();
}
END_TEST

/* Big enough to be sent at once, with all before it. */
static int
append_bytes(struct mproxy_list *to)
{
	static const char bytes[32 << 10];

	return mproxy_list_append(to, mproxy_value_bytes(bytes, sizeof(bytes)));
}

START_TEST(answers_that_came_before_the_death_count)
{
	struct test_daemon daemon;
	struct mproxy_list *mine, *theirs;
	struct mproxy_manager *m, *other;
	size_t n = 0;

	leak_check_begin();
	daemon_start(&daemon, NULL);
	ck_assert_ok(mproxy_connect(daemon.address, &m));
	ck_assert_ok(mproxy_connect(daemon.address, &other));
	ck_assert_ok(mproxy_list_open(m, "all", &mine));
	ck_assert_ok(mproxy_list_open(other, "all", &theirs));
	ck_assert_ok(mproxy_pipeline_begin(m, 0));
	ck_assert_ok(mproxy_list_delete(mine, 7));
	ck_assert_ok(append_bytes(mine));
	while (n == 0)
		ck_assert_ok(mproxy_list_len(theirs, &n));
	/* and the answers were sent by then: the server takes turns */
	for (int i = 0; i < 100; i++)
		ck_assert_ok(mproxy_manager_ping(other));
	daemon_kill(&daemon);
	ck_assert_error(append_bytes(mine), SERVER_GONE);
	ck_assert_error(mproxy_pipeline_end(m), SERVER_GONE);
	assert_detail("2 of 3 pipelined calls were answered, 1 of these "
		      "failed");
	mproxy_list_free(mine);
	mproxy_list_free(theirs);
	mproxy_close(m);
	mproxy_close(other);
	daemon_clean(&daemon);
	leak_check_end();
}
END_TEST

START_TEST(daemon_stopped_for_a_while_is_waited_for)
{
	struct test_daemon daemon;
	struct mproxy_list *mine;
	struct mproxy_manager *m;
	pid_t waker;

	leak_check_begin();
	daemon_start(&daemon, NULL);
	ck_assert_ok(mproxy_connect(daemon.address, &m));
	ck_assert_ok(mproxy_list_new(m, &mine));
	ck_assert_ok(mproxy_pipeline_begin(m, 0));
	kill(daemon.pid, SIGSTOP);
	waker = fork();
	if (waker == 0) {
		usleep(200000);
		kill(daemon.pid, SIGCONT);
		_exit(0);
	}
	/* more than the buffers and the window hold */
	for (int i = 0; i < MANY; i++)
		ck_assert_ok(mproxy_list_append(mine, MPROXY(i)));
	ck_assert_ok(mproxy_pipeline_end(m));
	ck_assert_gives_size(mproxy_list_len(mine, &got), MANY);
	child_end(waker);
	mproxy_list_free(mine);
	mproxy_close(m);
	daemon_stop(&daemon);
	leak_check_end();
}
END_TEST

/* --- the trace --- */

START_TEST(flush_speaks_of_what_came_since_the_last)
{
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	ck_assert_ok(mproxy_list_delete(list, 7));
	ck_assert_error(mproxy_pipeline_flush(manager), RANGE);
	assert_detail("call 1 of the pipeline, list#");
	ck_assert_ok(mproxy_list_append(list, MPROXY(0)));
	ck_assert_ok(mproxy_queue_task_done(queue, 9));
	ck_assert_error(mproxy_pipeline_end(manager), INVALID);
	assert_detail("call 3 of the pipeline, queue#");
	assert_counts_up(1);
}
END_TEST

START_TEST(trace_shows_each_call_with_its_answer)
{
	char self[4096] = "";
	const char *const argv[] = { "/usr/bin/env", "MPROXY_DEBUG=calls",
				     "CK_RUN_CASE=few calls", self, NULL };
	struct daemon_result result;

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	daemon_run_command(argv, &result);
	ck_assert_int_eq(result.status, 0);
	if (!strstr(result.output, ".delete(7) -> RANGE (") ||
	    !strstr(result.output, ".append(0) -> ok"))
		ck_abort_msg("the trace is: %s", result.output);
}
END_TEST

static Suite *
ends_suite(void)
{
	Suite *suite = suite_create("pipeline ends");
	TCase *tcase = tcase_create("ends");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, other_threads_are_not_concerned);
	tcase_add_test(tcase, threads_pipeline_side_by_side);
	tcase_add_test(tcase, thread_that_ends_sends_what_it_has);
	tcase_add_test(tcase, close_sends_what_there_is_and_ends_it);
	tcase_add_test(tcase,
		       child_sees_what_came_before_and_does_not_pipeline);
	tcase_add_test(tcase, child_may_end_what_is_not_its_own);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("server");
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase,
		       death_in_the_middle_is_told_with_how_many_were_answered);
	tcase_add_test(tcase, replies_in_another_order_are_told_apart);
	tcase_add_test(tcase, reply_to_a_call_never_made_is_a_violation);
	tcase_add_test(tcase, second_reply_to_a_call_is_a_violation);
	tcase_add_test(tcase,
		       silence_ends_the_pipeline_and_the_next_call_tries_anew);
	tcase_add_test(tcase, daemon_killed_under_load_is_told);
	tcase_add_test(tcase, answers_that_came_before_the_death_count);
	tcase_add_test(tcase, daemon_stopped_for_a_while_is_waited_for);
	suite_add_tcase(suite, tcase);

	/* run once more by the test of the trace */
	tcase = tcase_create("few calls");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, flush_speaks_of_what_came_since_the_last);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("trace");
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, trace_shows_each_call_with_its_answer);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	setenv("MPROXY_GRACE_MS", "2000", 1);
	return check_run(ends_suite());
}
