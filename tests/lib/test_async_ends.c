/*
 * How asynchronous calls end when the connection does: each in one callback,
 * with the reason.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include <mproxy/mproxy.h>

#include "proto/value.h"
#include "tests/harness/check-main.h"
#include "tests/harness/daemon.h"
#include "tests/harness/fake-server.h"
#include "tests/harness/leak.h"
#include "tests/harness/manager.h"
#include "tests/harness/value-check.h"

static struct test_daemon daemon_;
static struct mproxy_manager *m;
static struct mproxy_async *async;
static struct mproxy_object *queue;

static void
setup(void)
{
	leak_check_begin();
	daemon_start(&daemon_, NULL);
	ck_assert_ok(mproxy_connect(daemon_.address, &m));
	ck_assert_ok(mproxy_object_new(m, "queue", NULL, &queue));
	ck_assert_ok(mproxy_async_new(m, &async));
}

static void
free_client(void)
{
	queue = mproxy_object_free(queue);
	async = mproxy_async_free(async);
	m = mproxy_close(m);
}

static void
teardown(void)
{
	free_client();
	if (daemon_.pid)
		daemon_stop(&daemon_);
	else
		daemon_clean(&daemon_);
	leak_check_end();
}

struct seen {
	int n;
	int error; /* the last */
	int others;
};

static void
note(void *context, int error, const struct mproxy_value *value)
{
	struct seen *seen = context;

	(void)value;
	seen->others += seen->n++ > 0 && error != seen->error;
	seen->error = error;
}

static int
call(const char *method, int timeout_ms, struct mproxy_value *args,
     struct seen *seen)
{
	return mproxy_async_call(async, queue, method, timeout_ms, args,
				 seen ? note : NULL, seen, NULL);
}

static int
dispatch_until_it_ends(void)
{
	int error;

	do
		error = mproxy_async_dispatch(async, MPROXY_ASYNC_READ);
	while (error == 0);
	return error;
}

/* n calls have ended, all with this error; and nothing goes any more. */
#define ck_assert_ended(seen, count, code)                                     \
	do {                                                                   \
		ck_assert_int_eq((seen).n, count);                             \
		ck_assert_int_eq((seen).error, MPROXY_ERR_##code);             \
		ck_assert_int_eq((seen).others, 0);                            \
		ck_assert_uint_eq(mproxy_async_in_flight(async), 0);           \
		ck_assert_int_eq(mproxy_async_fd(async), -1);                  \
		ck_assert_uint_eq(mproxy_async_events(async), 0);              \
		ck_assert_int_eq(mproxy_async_timeout(async), -1);             \
		ck_assert_error(call("qsize", 0, NULL, NULL), code);           \
		ck_assert_error(mproxy_async_dispatch(async, 0), code);        \
		ck_assert_error(mproxy_async_wait(async, -1), code);           \
		ck_assert_error(mproxy_async_cancel(async, 1), code);          \
	} while (0)

/* --- the server --- */

START_TEST(killed_server_ends_all_calls)
{
	struct seen seen = { 0 };

	for (int i = 0; i < 100; i++)
		ck_assert_ok(call("get", -1, NULL, &seen));
	ck_assert_ok(mproxy_async_dispatch(async, MPROXY_ASYNC_WRITE));
	daemon_kill(&daemon_);
	for (int i = 0; i < 100; i++)
		ck_assert_ok(call("get", -1, NULL, &seen));
	ck_assert_error(mproxy_async_wait(async, -1), SERVER_GONE);
	ck_assert_ended(seen, 200, SERVER_GONE);
}
END_TEST

/* Far more than the buffers between the two hold. */
START_TEST(server_that_does_not_read_fills_the_buffer_and_blocks_nobody)
{
	size_t size = (size_t)100 << 10;
	char *bytes = calloc(1, size);
	struct seen seen = { 0 };
	int n = 0, error;

	kill(daemon_.pid, SIGSTOP);
	do {
		error = call("put", 0,
			     MPROXY_ARGS(mproxy_value_bytes(bytes, size)),
			     &seen);
		n += !error;
	} while (!error);
	ck_assert_int_eq(error, MPROXY_ERR_FULL);
	ck_assert_int_gt(n, 40);
	ck_assert_error(mproxy_async_wait(async, 10), TIMEOUT);
	kill(daemon_.pid, SIGCONT);
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(seen.n, n);
	ck_assert_int_eq(seen.error, 0);
	/* and back, the replies piling up */
	seen = (struct seen){ 0 };
	for (int i = 0; i < n; i++)
		ck_assert_ok(call("get", 0, NULL, &seen));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(seen.n, n);
	ck_assert_int_eq(seen.error, 0);
	free(bytes);
}
END_TEST

START_TEST(closed_manager_ends_all_calls)
{
	struct seen seen = { 0 };

	ck_assert_ok(call("get", -1, NULL, &seen));
	ck_assert_ok(call("qsize", 0, NULL, &seen));
	m = mproxy_close(m);
	ck_assert_int_eq(dispatch_until_it_ends(), MPROXY_ERR_CLOSED);
	ck_assert_ended(seen, 2, CLOSED);
}
END_TEST

static void *
close_it(void *unused)
{
	m = mproxy_close(m);
	return unused;
}

START_TEST(close_in_another_thread_ends_the_wait)
{
	struct seen seen = { 0 };
	pthread_t thread;

	ck_assert_ok(call("get", -1, NULL, &seen));
	ck_assert_error(mproxy_async_wait(async, 0), TIMEOUT);
	ck_assert_int_eq(pthread_create(&thread, NULL, close_it, NULL), 0);
	ck_assert_error(mproxy_async_wait(async, -1), CLOSED);
	pthread_join(thread, NULL);
	ck_assert_ended(seen, 1, CLOSED);
}
END_TEST

static void
free_it(void *context, int error, const struct mproxy_value *value)
{
	note(context, error, value);
	async = mproxy_async_free(async);
}

START_TEST(callback_may_free_it_when_all_ends)
{
	struct seen seen = { 0 };

	for (int i = 0; i < 10; i++)
		ck_assert_ok(mproxy_async_call(async, queue, "get", -1, NULL,
					       i == 4 ? free_it : note, &seen,
					       NULL));
	daemon_kill(&daemon_);
	ck_assert_error(mproxy_async_wait(async, -1), CLOSED);
	ck_assert_ptr_null(async);
	ck_assert_int_eq(seen.n, 10);
	ck_assert_int_eq(seen.error, MPROXY_ERR_SERVER_GONE);
}
END_TEST

START_TEST(reply_that_came_before_the_end_is_delivered)
{
	struct seen seen = { 0 }, waits = { 0 };

	ck_assert_ok(call("qsize", 0, NULL, &seen));
	ck_assert_ok(call("get", -1, NULL, &waits));
	ck_assert_ok(mproxy_async_dispatch(async, MPROXY_ASYNC_WRITE));
	/* handled by then: the server takes turns */
	for (int i = 0; i < 100; i++)
		ck_assert_ok(mproxy_manager_ping(m));
	daemon_kill(&daemon_);
	ck_assert_int_eq(dispatch_until_it_ends(), MPROXY_ERR_SERVER_GONE);
	ck_assert_int_eq(seen.n, 1);
	ck_assert_int_eq(seen.error, 0);
	ck_assert_ended(waits, 1, SERVER_GONE);
}
END_TEST

/* --- fork --- */

static struct seen parents;

static int
be_a_child(void)
{
	CHILD_CHECK(mproxy_async_fd(async) == -1);
	CHILD_CHECK(mproxy_async_timeout(async) == 0);
	CHILD_CHECK(call("qsize", 0, NULL, NULL) == MPROXY_ERR_FORKED);
	CHILD_CHECK(mproxy_async_cancel(async, 1) == MPROXY_ERR_FORKED);
	CHILD_CHECK(parents.n == 0);
	CHILD_CHECK(mproxy_async_dispatch(async, 0) == MPROXY_ERR_FORKED);
	CHILD_CHECK(parents.n == 2 && parents.others == 0);
	CHILD_CHECK(parents.error == MPROXY_ERR_FORKED);
	async = mproxy_async_free(async);
	CHILD_CHECK(parents.n == 2);
	/* one of its own does */
	CHILD_CHECK(mproxy_async_new(m, &async) == 0);
	parents = (struct seen){ 0 };
	CHILD_CHECK(call("put", 0, MPROXY_ARGS(1), &parents) == 0);
	CHILD_CHECK(mproxy_async_wait(async, -1) == 0);
	CHILD_CHECK(parents.n == 1 && parents.error == 0);
	free_client();
	return 0;
}

static int
free_as_a_child(void)
{
	async = mproxy_async_free(async);
	CHILD_CHECK(parents.n == 2 && parents.error == MPROXY_ERR_FORKED);
	free_client();
	return 0;
}

START_TEST(child_ends_its_copy_and_the_parent_goes_on)
{
	parents = (struct seen){ 0 };
	ck_assert_ok(call("get", -1, NULL, &parents));
	ck_assert_ok(call("qsize", 0, NULL, &parents));
	child_end(child_begin(_i ? free_as_a_child : be_a_child));
	ck_assert_int_eq(parents.n, 0);
	if (_i)
		ck_assert_ok(call("put", 0, MPROXY_ARGS(1), NULL));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(parents.n, 2);
	ck_assert_int_eq(parents.error, 0);
}
END_TEST

/* --- signals --- */

static void
on_alarm(int number)
{
	(void)number;
}

static void
alarm_soon(int flags)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 30000 } };
	const struct sigaction action = { .sa_handler = on_alarm,
					  .sa_flags = flags };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
}

START_TEST(signal_ends_the_wait_and_no_call)
{
	void (*on_int)(int) = signal(SIGINT, SIG_DFL);	 /* Check's, without */
	void (*on_term)(int) = signal(SIGTERM, SIG_DFL); /* SA_RESTART */
	struct seen seen = { 0 };

	ck_assert_ok(call("get", -1, NULL, &seen));
	alarm_soon(0);
	ck_assert_error(mproxy_async_wait(async, -1), INTERRUPTED);
	ck_assert_int_eq(seen.n, 0);
	/* one just before the wait counts, too */
	mproxy_interrupt();
	ck_assert_error(mproxy_async_wait(async, -1), INTERRUPTED);
	/* one that is to restart what it disturbs does not */
	alarm_soon(SA_RESTART);
	ck_assert_error(mproxy_async_wait(async, 100), TIMEOUT);
	ck_assert_ok(call("put", 0, MPROXY_ARGS(1), NULL));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(seen.n, 1);
	ck_assert_int_eq(seen.error, 0);
	signal(SIGALRM, SIG_DFL);
	signal(SIGINT, on_int);
	signal(SIGTERM, on_term);
}
END_TEST

/* --- a server that is wrong --- */

static struct fake_server *server;

static void
fake_setup(void (*serve)(struct fake_client *client))
{
	leak_check_begin();
	server = fake_start(serve);
	ck_assert_ok(mproxy_connect(server->path, &m));
	ck_assert_ok(mproxy_object_new(m, "queue", NULL, &queue));
	ck_assert_ok(mproxy_async_new(m, &async));
}

static void
fake_teardown(void)
{
	free_client();
	fake_stop(server);
	leak_check_end();
}

/* The first lane makes the object; true for that of the asynchronous calls. */
static bool
is_async(struct fake_client *client)
{
	struct buffer out = BUFFER_INIT;
	struct message_call made;

	fake_welcome(client);
	if (client->number == 1 && fake_read_call(client, &made)) {
		value_put_handle(&out, 7, span_text("queue"));
		fake_reply_value(client, made.id, buffer_span(&out));
		buffer_deinit(&out);
	}
	if (client->number < 2)
		fake_wait_end(client);
	return client->number == 2;
}

static void
serve_unknown_id(struct fake_client *client)
{
	struct message_call got;

	if (!is_async(client) || !fake_read_call(client, &got))
		return;
	fake_reply(client, got.id, 0);
	fake_reply(client, got.id, 0);
	fake_wait_end(client);
}

START_TEST(second_reply_to_a_call_is_a_violation)
{
	struct seen seen = { 0 }, waits = { 0 };

	fake_setup(serve_unknown_id);
	ck_assert_ok(call("size", 0, NULL, &seen));
	ck_assert_ok(call("get", -1, NULL, &waits));
	ck_assert_int_eq(dispatch_until_it_ends(), MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(seen.n, 1);
	ck_assert_int_eq(seen.error, 0);
	ck_assert_ended(waits, 1, PROTOCOL);
	fake_teardown();
}
END_TEST

static void
serve_no_frame(struct fake_client *client)
{
	struct message_call got;

	if (!is_async(client) || !fake_read_call(client, &got))
		return;
	fake_send_raw(client, "this is no frame", 16);
	fake_wait_end(client);
}

START_TEST(bytes_that_are_no_frame_end_it)
{
	struct seen seen = { 0 };

	fake_setup(serve_no_frame);
	ck_assert_ok(call("size", 0, NULL, &seen));
	ck_assert_ok(call("size", 0, NULL, &seen));
	ck_assert_int_eq(dispatch_until_it_ends(), MPROXY_ERR_PROTOCOL);
	ck_assert_ended(seen, 2, PROTOCOL);
	fake_teardown();
}
END_TEST

static void
serve_backwards(struct fake_client *client)
{
	uint64_t ids[100];
	struct message_call got;

	if (!is_async(client))
		return;
	for (int i = 0; i < 100; i++) {
		if (!fake_read_call(client, &got))
			return;
		ids[i] = got.id;
	}
	for (int i = 99; i >= 0; i--)
		fake_reply(client, ids[i], 0);
	fake_wait_end(client);
}

START_TEST(replies_in_another_order_find_their_calls)
{
	struct seen seen[100] = { { 0 } };

	fake_setup(serve_backwards);
	for (int i = 0; i < 100; i++)
		ck_assert_ok(call("get", -1, NULL, &seen[i]));
	ck_assert_ok(mproxy_async_wait(async, -1));
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(seen[i].n, 1);
		ck_assert_int_eq(seen[i].error, 0);
	}
	fake_teardown();
}
END_TEST

static void
serve_nothing(struct fake_client *client)
{
	if (is_async(client))
		fake_wait_end(client);
}

START_TEST(silence_ends_calls_that_should_have_been_answered)
{
	struct seen seen = { 0 };

	fake_setup(serve_nothing);
	ck_assert_ok(call("get", -1, NULL, &seen));
	ck_assert_error(mproxy_async_wait(async, 2500), TIMEOUT);
	ck_assert_int_eq(seen.n, 0);
	ck_assert_ok(call("get", 50, NULL, &seen));
	ck_assert_int_gt(mproxy_async_timeout(async), 0);
	ck_assert_int_le(mproxy_async_timeout(async), 2050);
	ck_assert_error(mproxy_async_wait(async, -1), SERVER_SILENT);
	ck_assert_ended(seen, 2, SERVER_SILENT);
	fake_teardown();
}
END_TEST

/* --- the trace --- */

START_TEST(few_calls_for_the_trace)
{
	struct seen seen = { 0 };

	ck_assert_ok(call("put", 0, MPROXY_ARGS("item"), NULL));
	ck_assert_ok(call("get", -1, NULL, &seen));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_ok(call("get", 0, NULL, &seen));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_ok(call("get", -1, NULL, &seen));
	async = mproxy_async_free(async);
	ck_assert_int_eq(seen.n, 3);
}
END_TEST

START_TEST(trace_shows_each_call_with_its_answer)
{
	static const char *const lines[] = {
		".put(\"item\") -> ok ",
		".get() -> ok (\"item\") ",
		".get() -> EMPTY (",
		".get() -> CLOSED (",
	};
	char self[4096] = "";
	const char *const argv[] = { "/usr/bin/env", "MPROXY_DEBUG=calls",
				     "CK_RUN_CASE=few calls", self, NULL };
	struct daemon_result result;

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	daemon_run_command(argv, &result);
	ck_assert_int_eq(result.status, 0);
	for (int i = 0; i < 4; i++)
		if (!strstr(result.output, lines[i]))
			ck_abort_msg("no \"%s\" in: %s", lines[i],
				     result.output);
}
END_TEST

static Suite *
ends_suite(void)
{
	Suite *suite = suite_create("async ends");
	TCase *tcase = tcase_create("daemon");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, killed_server_ends_all_calls);
	tcase_add_test(
		tcase,
		server_that_does_not_read_fills_the_buffer_and_blocks_nobody);
	tcase_add_test(tcase, closed_manager_ends_all_calls);
	tcase_add_test(tcase, close_in_another_thread_ends_the_wait);
	tcase_add_test(tcase, callback_may_free_it_when_all_ends);
	tcase_add_test(tcase, reply_that_came_before_the_end_is_delivered);
	tcase_add_loop_test(tcase, child_ends_its_copy_and_the_parent_goes_on,
			    0, 2);
	tcase_add_test(tcase, signal_ends_the_wait_and_no_call);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("fake server");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, second_reply_to_a_call_is_a_violation);
	tcase_add_test(tcase, bytes_that_are_no_frame_end_it);
	tcase_add_test(tcase, replies_in_another_order_find_their_calls);
	tcase_add_test(tcase,
		       silence_ends_calls_that_should_have_been_answered);
	suite_add_tcase(suite, tcase);

	/* run once more by the test of the trace */
	tcase = tcase_create("few calls");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, few_calls_for_the_trace);
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
