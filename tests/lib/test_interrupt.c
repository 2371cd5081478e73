/*
 * Signals and interrupts: they end waits, all of them, once, and never a call
 * that does not wait.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include <mproxy/manager.h>

#include "lib/interrupt.h"
#include "lib/lane.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fake-server.h"
#include "tests/harness/leak.h"

#define THREADS 8

#ifdef __SANITIZE_THREAD__
#define UNDER_TSAN true
#else
#define UNDER_TSAN false
#endif

static struct fake_server *server;
static struct mproxy_manager *m;
static pthread_t test_thread;
static atomic_int n_signals;
static atomic_int n_cancels;

static void
setup(void)
{
	leak_check_begin();
	test_thread = pthread_self();
	/* what an earlier test in this process left for our next wait */
	thread_state.interrupts = interrupt_count();
	atomic_store(&n_signals, 0);
	atomic_store(&n_cancels, 0);
}

static void
teardown(void)
{
	m = mproxy_close(m);
	fake_stop(server);
	signal(SIGUSR1, SIG_DFL);
	leak_check_end();
}

static void
begin(void (*serve)(struct fake_client *client))
{
	server = fake_start(serve);
	ck_assert_int_eq(mproxy_connect(server->path, &m), 0);
}

/* A call that waits for ever, if it is let. */
static int
wait_for_ever(void)
{
	return manager_call(m, 7, "queue", "get", 0, NULL, -1, 0, NULL);
}

static bool
is_thread(struct fake_client *client)
{
	fake_welcome(client);
	if (client->number > 0)
		return true;
	fake_wait_end(client);
	return false;
}

/* Calls that wait are answered when they are cancelled, with this status. */
static int status_of_cancelled;

static void
serve_waits(struct fake_client *client)
{
	struct message_call call;
	uint64_t id;

	if (!is_thread(client))
		return;
	while (fake_read(client)) {
		arena_reset(&client->arena, (size_t)1 << 20);
		if (client->frame.kind == FRAME_CANCEL) {
			message_unpack_cancel(&client->arena,
					      client->frame.payload, &id);
			atomic_fetch_add(&n_cancels, 1);
			fake_reply(client, id, status_of_cancelled);
			continue;
		}
		message_unpack_call(&client->arena, client->frame.payload,
				    &call);
		if (call.timeout_ms == 0)
			fake_reply(client, call.id, 0);
		else
			atomic_fetch_add(&client->server->n_calls, 1);
	}
}

START_TEST(interrupt_before_a_wait_ends_that_wait_at_once_and_only_that)
{
	status_of_cancelled = MPROXY_ERR_CANCELLED;
	begin(serve_waits);
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
	mproxy_interrupt();
	mproxy_interrupt();
	/* what does not wait is not concerned */
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
	ck_assert_int_eq(wait_for_ever(), MPROXY_ERR_INTERRUPTED);
	ck_assert_int_eq(atomic_load(&n_cancels), 1);
	/* the next one would wait: only a cancel answers it */
	mproxy_interrupt();
	ck_assert_int_eq(wait_for_ever(), MPROXY_ERR_INTERRUPTED);
	ck_assert_int_eq(atomic_load(&n_cancels), 2);
}
END_TEST

START_TEST(result_that_is_there_already_is_delivered)
{
	status_of_cancelled = 0;
	begin(serve_waits);
	mproxy_interrupt();
	ck_assert_int_eq(wait_for_ever(), 0);
}
END_TEST

static atomic_int n_ended;

static void *
wait_once(void *unused)
{
	(void)unused;
	if (wait_for_ever() == MPROXY_ERR_INTERRUPTED)
		atomic_fetch_add(&n_ended, 1);
	return NULL;
}

START_TEST(interrupt_ends_the_waits_of_all_threads)
{
	pthread_t threads[THREADS];

	status_of_cancelled = MPROXY_ERR_CANCELLED;
	atomic_store(&n_ended, 0);
	begin(serve_waits);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, wait_once, NULL);
	while (atomic_load(&server->n_calls) < THREADS)
		sched_yield();
	mproxy_interrupt();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(atomic_load(&n_ended), THREADS);
}
END_TEST

static int n_rounds;

static void *
wait_often(void *unused)
{
	(void)unused;
	for (int i = 0; i < n_rounds; i++)
		if (wait_for_ever() == MPROXY_ERR_INTERRUPTED)
			atomic_fetch_add(&n_ended, 1);
	return NULL;
}

/* An interrupt that is lost leaves the other thread waiting for ever. */
START_TEST(no_interrupt_is_lost_at_whatever_moment_it_comes)
{
	const char *scale = getenv("MPROXY_FAULT");
	pthread_t thread;

	n_rounds = scale ? 100 * atoi(scale) : 2000;
	status_of_cancelled = MPROXY_ERR_CANCELLED;
	atomic_store(&n_ended, 0);
	begin(serve_waits);
	pthread_create(&thread, NULL, wait_often, NULL);
	while (atomic_load(&server->n_calls) < 1)
		sched_yield();
	for (int i = 0; i < n_rounds; i++) {
		mproxy_interrupt();
		while (atomic_load(&n_ended) == i)
			sched_yield();
	}
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&n_ended), n_rounds);
}
END_TEST

/* --- handlers --- */

static void
on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&n_signals, 1);
}

static void
on_signal_interrupt(int number)
{
	on_signal(number);
	mproxy_interrupt();
}

static void
install(void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
}

/* Signals the test until it cancels its call. */
static void
serve_with_signals(struct fake_client *client)
{
	struct pollfd input = { .fd = client->fd, .events = POLLIN };
	struct message_call call;

	if (!is_thread(client))
		return;
	while (fake_read_call(client, &call)) {
		do
			pthread_kill(test_thread, SIGUSR1);
		while (poll(&input, 1, 5) == 0);
		if (!fake_read(client))
			return;
		fake_reply(client, call.id,
			   client->frame.kind == FRAME_CANCEL
				   ? MPROXY_ERR_CANCELLED
				   : MPROXY_ERR_PROTOCOL);
	}
}

START_TEST(handler_without_restart_ends_a_wait)
{
	install(on_signal, 0);
	begin(serve_with_signals);
	ck_assert_int_eq(wait_for_ever(), MPROXY_ERR_INTERRUPTED);
	ck_assert_int_ge(atomic_load(&n_signals), 1);
}
END_TEST

START_TEST(handler_that_interrupts_ends_a_wait_even_with_restart)
{
	install(on_signal_interrupt, SA_RESTART);
	begin(serve_with_signals);
	ck_assert_int_eq(wait_for_ever(), MPROXY_ERR_INTERRUPTED);
}
END_TEST

/* Each call is disturbed three times, and then answered. */
static void
serve_despite_signals(struct fake_client *client)
{
	struct message_call call;

	if (!is_thread(client))
		return;
	while (fake_read(client)) {
		if (client->frame.kind == FRAME_CANCEL) {
			atomic_fetch_add(&n_cancels, 1);
			continue;
		}
		arena_reset(&client->arena, (size_t)1 << 20);
		message_unpack_call(&client->arena, client->frame.payload,
				    &call);
		for (int i = 0; i < 3; i++) {
			int before = atomic_load(&n_signals);

			pthread_kill(test_thread, SIGUSR1);
			while (atomic_load(&n_signals) == before)
				sched_yield();
		}
		fake_reply(client, call.id, 0);
	}
}

START_TEST(handler_with_restart_does_not_end_a_wait)
{
	struct sigaction other = { .sa_handler = on_signal };

	/* one without, for another signal, changes nothing */
	sigaction(SIGUSR2, &other, NULL);
	install(on_signal, SA_RESTART);
	begin(serve_despite_signals);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(wait_for_ever(), 0);
	ck_assert_int_eq(atomic_load(&n_signals), 300);
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
	ck_assert_int_eq(atomic_load(&n_cancels), 0);
	signal(SIGUSR2, SIG_DFL);
}
END_TEST

START_TEST(no_handler_ends_a_call_that_does_not_wait)
{
	install(on_signal, 0);
	begin(serve_despite_signals);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(mproxy_manager_ping(m), 0);
	ck_assert_int_eq(atomic_load(&n_signals), 300);
}
END_TEST

static int status_inside;

static void
on_signal_call(int number)
{
	on_signal(number);
	status_inside = mproxy_manager_ping(m);
}

START_TEST(call_from_a_handler_in_the_middle_of_a_call_is_refused)
{
	install(on_signal_call, SA_RESTART);
	begin(serve_despite_signals);
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
	ck_assert_int_eq(status_inside, MPROXY_ERR_BUSY);
}
END_TEST

/* The kernel's clock at work: nothing is decided by how often it ticks. */
START_TEST(profiler_at_1_khz_disturbs_nothing)
{
	const struct itimerval tick = { { 0, 1000 }, { 0, 1000 } };
	const struct itimerval none = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &action, NULL);
	begin(serve_waits);
	setitimer(ITIMER_REAL, &tick, NULL);
	while (atomic_load(&n_signals) < 50)
		ck_assert_int_eq(mproxy_manager_ping(m), 0);
	setitimer(ITIMER_REAL, &none, NULL);
	signal(SIGALRM, SIG_DFL);
}
END_TEST

static Suite *
interrupt_suite(void)
{
	Suite *suite = suite_create("interrupt");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(
		tcase,
		interrupt_before_a_wait_ends_that_wait_at_once_and_only_that);
	tcase_add_test(tcase, result_that_is_there_already_is_delivered);
	tcase_add_test(tcase, interrupt_ends_the_waits_of_all_threads);
	tcase_add_test(tcase, no_interrupt_is_lost_at_whatever_moment_it_comes);
	tcase_add_test(tcase, handler_without_restart_ends_a_wait);
	/* ThreadSanitizer puts a handler off until recvmsg() returns, which
	 * with SA_RESTART it does not */
	if (!UNDER_TSAN) {
		tcase_add_test(
			tcase,
			handler_that_interrupts_ends_a_wait_even_with_restart);
		tcase_add_test(tcase, handler_with_restart_does_not_end_a_wait);
	}
	tcase_add_test(tcase, no_handler_ends_a_call_that_does_not_wait);
	tcase_add_test(tcase,
		       call_from_a_handler_in_the_middle_of_a_call_is_refused);
	tcase_add_test(tcase, profiler_at_1_khz_disturbs_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(interrupt_suite());
}
