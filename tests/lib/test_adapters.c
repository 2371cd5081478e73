/*
 * The adapters whose libraries are always there: calls run in the loop, and the
 * end of the server, or of the calls, ends their place in it. The examples
 * show the same of all adapters.
 */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <mproxy/adapters/epoll.h>
#include <mproxy/adapters/libevent.h>
#include <mproxy/mproxy.h>

#include "tests/harness/check-main.h"
#include "tests/harness/daemon.h"
#include "tests/harness/leak.h"
#include "tests/harness/value-check.h"

static struct test_daemon server;
static struct mproxy_manager *m;
static struct mproxy_async *async;
static struct mproxy_object *queue;
static int n_ended, last_error;

static void
setup(void)
{
	leak_check_begin();
	daemon_start(&server, NULL);
	ck_assert_ok(mproxy_connect(server.address, &m));
	ck_assert_ok(mproxy_object_new(m, "queue", NULL, &queue));
	ck_assert_ok(mproxy_async_new(m, &async));
	n_ended = 0;
}

static void
teardown(void)
{
	async = mproxy_async_free(async);
	queue = mproxy_object_free(queue);
	m = mproxy_close(m);
	if (server.pid)
		daemon_stop(&server);
	else
		daemon_clean(&server);
	leak_check_end();
}

static void
note(void *context, int error, const struct mproxy_value *value)
{
	(void)context;
	(void)value;
	n_ended++;
	last_error = error;
}

static void
free_it(void *context, int error, const struct mproxy_value *value)
{
	note(context, error, value);
	async = mproxy_async_free(async);
}

static void
call(const char *method, int timeout_ms,
     void (*callback)(void *context, int error,
		      const struct mproxy_value *value))
{
	ck_assert_ok(mproxy_async_call(async, queue, method, timeout_ms, NULL,
				       callback, NULL, NULL));
}

/* --- epoll --- */

static int epoll_;
static struct mproxy_epoll adapter;

/* Runs until n calls have ended; gives what the last dispatch said. */
static int
run_epoll(int n)
{
	struct epoll_event event;
	int error = 0;

	while (n_ended < n) {
		int ready = epoll_wait(epoll_, &event, 1,
				       mproxy_epoll_timeout(&adapter));

		ck_assert_int_ge(ready, 0);
		if (ready > 0)
			ck_assert_ptr_eq(event.data.ptr, &adapter);
		error = mproxy_epoll_ready(&adapter, ready ? event.events : 0);
	}
	return error;
}

static void
setup_epoll(void)
{
	setup();
	epoll_ = epoll_create1(EPOLL_CLOEXEC);
	ck_assert_ok(mproxy_epoll_attach(&adapter, epoll_, async));
}

static void
teardown_epoll(void)
{
	close(epoll_);
	teardown();
}

START_TEST(epoll_runs_calls_and_rests_between)
{
	struct epoll_event event;

	for (int i = 0; i < 1000; i++)
		call("qsize", 0, note);
	ck_assert_int_eq(run_epoll(1000), 0);
	ck_assert_int_eq(last_error, 0);
	ck_assert_int_eq(epoll_wait(epoll_, &event, 1, 0), 0);
	ck_assert_int_eq(mproxy_epoll_timeout(&adapter), -1);
	call("qsize", 0, note);
	ck_assert_int_eq(run_epoll(1001), 0);
}
END_TEST

START_TEST(epoll_is_left_when_the_server_dies)
{
	struct epoll_event event;

	call("get", -1, note);
	call("get", 60000, note);
	daemon_kill(&server);
	ck_assert_int_eq(run_epoll(2), MPROXY_ERR_SERVER_GONE);
	ck_assert_int_eq(last_error, MPROXY_ERR_SERVER_GONE);
	ck_assert_int_eq(epoll_wait(epoll_, &event, 1, 0), 0);
	ck_assert_int_eq(mproxy_epoll_timeout(&adapter), -1);
}
END_TEST

START_TEST(epoll_is_left_when_a_callback_frees_the_calls)
{
	struct epoll_event event;

	call("qsize", 0, free_it);
	call("get", -1, note);
	ck_assert_int_eq(run_epoll(2), MPROXY_ERR_CLOSED);
	ck_assert_int_eq(epoll_wait(epoll_, &event, 1, 0), 0);
	ck_assert_int_eq(mproxy_epoll_ready(&adapter, 0), MPROXY_ERR_CLOSED);
}
END_TEST

/* --- libevent --- */

static struct event_base *base;

static void
setup_libevent(void)
{
	setup();
	base = event_base_new();
	ck_assert_ok(mproxy_libevent_attach(async, base));
}

static void
teardown_libevent(void)
{
	async = mproxy_async_free(async);
	event_base_free(base);
	libevent_global_shutdown();
	teardown();
}

static void
run_libevent(int n)
{
	while (n_ended < n)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

START_TEST(libevent_runs_calls_and_rests_between)
{
	for (int i = 0; i < 1000; i++)
		call("qsize", 0, note);
	run_libevent(1000);
	ck_assert_int_eq(last_error, 0);
	call("get", 50, note);
	call("qsize", 0, note);
	run_libevent(1002);
	ck_assert_int_eq(last_error, MPROXY_ERR_TIMEOUT);
}
END_TEST

/* With nothing left to watch, libevent's loop ends by itself. */
START_TEST(libevent_loop_ends_when_the_server_dies)
{
	call("get", -1, note);
	call("get", 60000, note);
	daemon_kill(&server);
	ck_assert_int_eq(event_base_dispatch(base), 1);
	ck_assert_int_eq(n_ended, 2);
	ck_assert_int_eq(last_error, MPROXY_ERR_SERVER_GONE);
}
END_TEST

START_TEST(libevent_loop_ends_when_a_callback_frees_the_calls)
{
	call("qsize", 0, free_it);
	call("get", -1, note);
	ck_assert_int_eq(event_base_dispatch(base), 1);
	ck_assert_int_eq(n_ended, 2);
	ck_assert_int_eq(last_error, MPROXY_ERR_CLOSED);
}
END_TEST

static Suite *
adapters_suite(void)
{
	Suite *suite = suite_create("adapters");
	TCase *tcase = tcase_create("epoll");

	tcase_add_checked_fixture(tcase, setup_epoll, teardown_epoll);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, epoll_runs_calls_and_rests_between);
	tcase_add_test(tcase, epoll_is_left_when_the_server_dies);
	tcase_add_test(tcase, epoll_is_left_when_a_callback_frees_the_calls);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("libevent");
	tcase_add_checked_fixture(tcase, setup_libevent, teardown_libevent);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, libevent_runs_calls_and_rests_between);
	tcase_add_test(tcase, libevent_loop_ends_when_the_server_dies);
	tcase_add_test(tcase,
		       libevent_loop_ends_when_a_callback_frees_the_calls);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(adapters_suite());
}
