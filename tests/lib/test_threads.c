/*
 * Threads: each has a lane of its own, which ends when the thread does, and
 * none delays or disturbs another.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <mproxy/manager.h>
#include <mproxy/object.h>

#include "lib/lane.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fake-server.h"
#include "tests/harness/leak.h"

#define THREADS 8
#define ROUNDS 500

static struct fake_server *server;
static struct mproxy_manager *m;
static pthread_barrier_t barrier;
static atomic_int n_lanes_ended;

static void
setup(void)
{
	leak_check_begin();
	atomic_store(&n_lanes_ended, 0);
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
}

static void
teardown(void)
{
	m = mproxy_close(m);
	if (server)
		fake_stop(server);
	server = NULL;
	pthread_barrier_destroy(&barrier);
	leak_check_end();
}

/* Waits are not answered; a call is answered with its own argument. */
static void
serve(struct fake_client *client)
{
	struct message_call call;

	fake_welcome(client);
	while (fake_read_call(client, &call)) {
		if (call.timeout_ms != 0)
			continue;
		if (call.n_args > 0)
			fake_reply_value(client, call.id, call.args[0]);
		else
			fake_reply(client, call.id, 0);
	}
	if (client->number > 0)
		atomic_fetch_add(&n_lanes_ended, 1);
}

static void
begin(void)
{
	server = fake_start(serve);
	ck_assert_int_eq(mproxy_connect(server->path, &m), 0);
}

static void
start(pthread_t *threads, void *(*run)(void *))
{
	for (intptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, run, (void *)i), 0);
}

static void
join(pthread_t *threads, intptr_t want)
{
	for (int i = 0; i < THREADS; i++) {
		void *got;

		pthread_join(threads[i], &got);
		ck_assert_int_eq((intptr_t)got, want);
	}
}

/* Each answer must be the one to this thread's question. */
static void *
ask_often(void *context)
{
	int64_t base = (intptr_t)context * ROUNDS;

	for (int64_t i = 0; i < ROUNDS; i++) {
		struct mproxy_value *value = mproxy_value_int(base + i);
		struct span span = value_span(value);
		struct mproxy_value *answer;
		int64_t got = -1;

		if (manager_call(m, 7, "echo", "echo", 1, &span, 0, 1,
				 &answer) != 0)
			return (void *)(intptr_t)1;
		mproxy_value_get_int(answer, &got);
		mproxy_value_free(answer);
		mproxy_value_free(value);
		if (got != base + i)
			return (void *)(intptr_t)2;
	}
	return NULL;
}

START_TEST(answers_reach_the_thread_that_asked)
{
	pthread_t threads[THREADS];

	begin();
	start(threads, ask_often);
	join(threads, 0);
	ck_assert_int_eq(atomic_load(&server->n_clients), 1 + THREADS);
}
END_TEST

START_TEST(lane_ends_with_its_thread)
{
	pthread_t threads[THREADS];

	begin();
	start(threads, ask_often);
	join(threads, 0);
	while (atomic_load(&n_lanes_ended) < THREADS)
		sched_yield();
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
}
END_TEST

/* Leaves as many freed values behind as a thread may keep, or more. */
static void *
make_values(void *unused)
{
	struct mproxy_value *values[100];

	(void)unused;
	if (lane_watch_thread() != 0)
		return (void *)(intptr_t)1;
	for (int i = 0; i < 100; i++)
		values[i] = mproxy_value_int(i);
	for (int i = 0; i < 100; i++)
		mproxy_value_free(values[i]);
	return NULL;
}

/* Ten rounds of eight threads are warm-up; in fifty, what each of them kept
 * would come to more than half a megabyte. */
START_TEST(what_a_thread_kept_ends_with_it)
{
	pthread_t threads[THREADS];
	size_t before = 0;

	for (int i = 0; i < 60; i++) {
		if (i == 10)
			before = mallinfo2().uordblks;
		start(threads, make_values);
		join(threads, 0);
	}
	ck_assert_uint_lt(mallinfo2().uordblks, before + 250000);
}
END_TEST

static void *
wait_for_ever(void *unused)
{
	(void)unused;
	return (void *)(intptr_t)manager_call(m, 7, "queue", "get", 0, NULL, -1,
					      0, NULL);
}

#ifndef __SANITIZE_ADDRESS__
START_TEST(thread_cancelled_in_a_wait_ends_its_lane)
{
	pthread_t threads[THREADS];

	begin();
	start(threads, wait_for_ever);
	while (atomic_load(&server->n_calls) < THREADS)
		sched_yield();
	for (int i = 0; i < THREADS; i++)
		pthread_cancel(threads[i]);
	join(threads, (intptr_t)PTHREAD_CANCELED);
	while (atomic_load(&n_lanes_ended) < THREADS)
		sched_yield();
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
}
END_TEST
#endif

START_TEST(close_ends_the_waits_of_other_threads)
{
	pthread_t threads[THREADS];

	begin();
	start(threads, wait_for_ever);
	while (atomic_load(&server->n_calls) < THREADS)
		sched_yield();
	m = mproxy_close(m);
	join(threads, MPROXY_ERR_CLOSED);
}
END_TEST

static void *
call_then_idle(void *unused)
{
	int error = mproxy_manager_ping(m);

	(void)unused;
	pthread_barrier_wait(&barrier); /* all have called */
	pthread_barrier_wait(&barrier); /* closed meanwhile */
	return (void *)(intptr_t)error;
}

START_TEST(close_gives_back_the_descriptors_of_idle_threads)
{
	pthread_t threads[THREADS];
	size_t before;

	begin();
	before = leak_count_fds();
	start(threads, call_then_idle);
	pthread_barrier_wait(&barrier);
	m = mproxy_close(m);
	/* the server's side: its ends are closed by fake_stop() */
	ck_assert_uint_eq(leak_count_fds(), before - 1 + THREADS);
	pthread_barrier_wait(&barrier);
	join(threads, 0);
}
END_TEST

static struct mproxy_object *proxy;

static void *
call_closed(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&barrier);
	return (void *)(intptr_t)mproxy_object_call(proxy, "len", NULL, 0,
						    NULL);
}

START_TEST(proxies_outlive_the_connection_and_say_closed)
{
	pthread_t threads[THREADS];

	begin();
	proxy = object_new_proxy(m, 7, span_text("list"));
	start(threads, call_closed);
	m = mproxy_close(m);
	pthread_barrier_wait(&barrier);
	join(threads, MPROXY_ERR_CLOSED);
	ck_assert_str_eq(mproxy_object_type(proxy), "list");
	proxy = mproxy_object_free(proxy);
	ck_assert_ptr_null(proxy);
}
END_TEST

/* Connections made and closed while others are: records are used again. */
static void *
come_and_go(void *unused)
{
	(void)unused;
	for (int i = 0; i < 40; i++) {
		struct mproxy_manager *own;

		if (mproxy_connect(server->path, &own) != 0 ||
		    mproxy_manager_ping(own) != 0)
			return (void *)(intptr_t)1;
		mproxy_close(own);
		if (mproxy_manager_ping(m) != 0)
			return (void *)(intptr_t)2;
	}
	return NULL;
}

START_TEST(connections_come_and_go_in_all_threads)
{
	pthread_t threads[THREADS];

	begin();
	start(threads, come_and_go);
	join(threads, 0);
}
END_TEST

/* Interrupts, calls and a close, all at once. */
static void *
call_until_closed(void *context)
{
	int error = 0;

	while (error == 0 || error == MPROXY_ERR_INTERRUPTED)
		error = (intptr_t)context % 2 ? mproxy_manager_ping(m)
					      : (mproxy_interrupt(), 0) +
							mproxy_manager_ping(m);
	return (void *)(intptr_t)error;
}

START_TEST(close_in_the_middle_of_everything)
{
	pthread_t threads[THREADS];

	begin();
	/* so that the threads may go on to use it after it was closed */
	manager_ref(m);
	start(threads, call_until_closed);
	while (atomic_load(&server->n_calls) < 10 * THREADS)
		sched_yield();
	mproxy_close(m);
	join(threads, MPROXY_ERR_CLOSED);
	manager_unref(m);
	m = NULL;
}
END_TEST

static Suite *
threads_suite(void)
{
	Suite *suite = suite_create("threads");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, answers_reach_the_thread_that_asked);
	tcase_add_test(tcase, lane_ends_with_its_thread);
	tcase_add_test(tcase, what_a_thread_kept_ends_with_it);
#ifndef __SANITIZE_ADDRESS__ /* it does not follow a thread that unwinds */
	tcase_add_test(tcase, thread_cancelled_in_a_wait_ends_its_lane);
#endif
	tcase_add_test(tcase, close_ends_the_waits_of_other_threads);
	tcase_add_test(tcase, close_gives_back_the_descriptors_of_idle_threads);
	tcase_add_test(tcase, proxies_outlive_the_connection_and_say_closed);
	tcase_add_test(tcase, connections_come_and_go_in_all_threads);
	tcase_add_test(tcase, close_in_the_middle_of_everything);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(threads_suite());
}
