/*
 * Forks: what is inherited works in the child, is kept alive for it, and is
 * given up with it.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mproxy/manager.h>
#include <mproxy/object.h>

#include "lib/clock.h"
#include "lib/lib-private.h"
#include "tests/harness/check-main.h"
#include "tests/harness/leak.h"

#define THREADS 8

static struct mproxy_manager *m;

static void
setup(void)
{
	leak_check_begin();
	ck_assert_msg(mproxy_start(NULL, &m) == 0, "%s", mproxy_error_detail());
}

static void
teardown(void)
{
	m = mproxy_close(m);
	leak_check_end();
}

/* How often a race is run: 200 in the short form, 10 × $MPROXY_FAULT else. */
static int
rounds(void)
{
	const char *scale = getenv("MPROXY_FAULT");

	return scale ? 10 * atoi(scale) : 200;
}

static struct mproxy_object *
new_list(void)
{
	struct mproxy_object *list = NULL;

	ck_assert_msg(mproxy_object_new(m, "list", NULL, &list) == 0, "%s",
		      mproxy_error_detail());
	return list;
}

static int
append(struct mproxy_object *list, int64_t number)
{
	struct mproxy_value *value = mproxy_value_int(number);

	return object_call(list, "append", CALL_NO_WAIT, 1, &value, NULL);
}

static int64_t
length(struct mproxy_object *list)
{
	int64_t n = -1;

	object_call_int(list, "len", CALL_NO_WAIT, 0, NULL, &n);
	return n;
}

static int64_t
stat_of(const char *name)
{
	struct mproxy_value *stats, *found;
	int64_t n = -1;

	ck_assert_int_eq(mproxy_manager_stats(m, &stats), 0);
	ck_assert_int_eq(
		mproxy_value_find(stats, mproxy_value_string(name), &found), 0);
	mproxy_value_get_int(found, &n);
	mproxy_value_free(found);
	mproxy_value_free(stats);
	return n;
}

/* Sooner or later, within a time that only a fault exceeds. */
static void
await_stat(const char *name, int64_t want)
{
	int64_t deadline = clock_now() + 10000 * NS_PER_MS;

	while (stat_of(name) != want) {
		ck_assert_msg(clock_now() < deadline, "%s is %lld, not %lld",
			      name, (long long)stat_of(name), (long long)want);
		sched_yield();
	}
}

/* The child's status: 0 when it did what it should. */
static void
assert_ends_well(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	ck_assert_int_eq(got, pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "child ended with %#x", (unsigned)status);
}

#define CHILD(condition)                                                       \
	do {                                                                   \
		if (!(condition))                                              \
			_exit(1 + __LINE__ % 200);                             \
	} while (0)

START_TEST(inherited_proxy_works_in_the_child)
{
	struct mproxy_object *list = new_list();
	pid_t pid = fork();

	if (pid == 0) {
		CHILD(append(list, 1) == 0);
		CHILD(length(list) == 1);
		_exit(0);
	}
	assert_ends_well(pid);
	ck_assert_int_eq(length(list), 1);
	mproxy_object_free(list);
	await_stat("sessions", 1);
	await_stat("objects", 0);
}
END_TEST

/* Forks while the manager is stopped; it goes on when that is done. The child
 * ends with 0 when its call gave this code. */
static void
fork_in_silence(struct mproxy_object *list, int want)
{
	pid_t manager = mproxy_manager_pid(m);
	pid_t pid;

	ck_assert_int_eq(kill(manager, SIGSTOP), 0);
	pid = fork();
	if (pid == 0) {
		CHILD(append(list, 1) == want);
		_exit(0);
	}
	ck_assert_int_eq(kill(manager, SIGCONT), 0);
	assert_ends_well(pid);
}

static void
fork_and_append(struct mproxy_object *list)
{
	pid_t pid = fork();

	if (pid == 0) {
		CHILD(append(list, 1) == 0);
		_exit(0);
	}
	assert_ends_well(pid);
}

/* The first time the manager had to be asked to be ready for it. */
START_TEST(child_of_a_first_fork_that_was_not_heard_is_told)
{
	struct mproxy_object *list = new_list();

	fork_in_silence(list, MPROXY_ERR_FORKED);
	fork_and_append(list);
	fork_and_append(list);
	ck_assert_int_eq(length(list), 2);
	mproxy_object_free(list);
	await_stat("sessions", 1);
}
END_TEST

START_TEST(child_of_a_later_fork_is_known_when_the_manager_goes_on)
{
	struct mproxy_object *list = new_list();

	fork_and_append(list);
	fork_in_silence(list, 0);
	fork_and_append(list);
	ck_assert_int_eq(length(list), 3);
	mproxy_object_free(list);
	await_stat("sessions", 1);
}
END_TEST

START_TEST(child_that_was_never_heard_of_is_given_up)
{
	struct mproxy_object *list = new_list();
	int64_t sessions = stat_of("sessions");

	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		assert_ends_well(pid);
	}
	await_stat("sessions", sessions);
	mproxy_object_free(list);
	await_stat("objects", 0);
}
END_TEST

START_TEST(grandchild_of_a_child_that_did_nothing_works)
{
	struct mproxy_object *list = new_list();
	pid_t pid = fork();

	if (pid == 0) {
		pid_t inner = fork();
		int status;

		if (inner == 0) {
			pid_t last = fork();

			if (last == 0)
				_exit(append(list, 3) != 0);
			CHILD(append(list, 2) == 0);
			waitpid(last, &status, 0);
			_exit(status != 0);
		}
		waitpid(inner, &status, 0);
		CHILD(status == 0);
		_exit(append(list, 1) != 0);
	}
	assert_ends_well(pid);
	ck_assert_int_eq(length(list), 3);
	mproxy_object_free(list);
	await_stat("objects", 0);
}
END_TEST

START_TEST(child_keeps_what_the_parent_releases)
{
	struct mproxy_object *list = new_list();
	int gate[2];
	pid_t pid;
	char byte = 0;

	ck_assert_int_eq(append(list, 7), 0);
	ck_assert_int_eq(pipe(gate), 0);
	pid = fork();
	if (pid == 0) {
		CHILD(read(gate[0], &byte, 1) == 1);
		CHILD(length(list) == 1);
		mproxy_object_free(list);
		CHILD(mproxy_manager_ping(m) == 0);
		_exit(0);
	}
	mproxy_object_free(list);
	ck_assert_int_eq(stat_of("objects"), 1);
	ck_assert_int_eq(write(gate[1], &byte, 1), 1);
	assert_ends_well(pid);
	close(gate[0]);
	close(gate[1]);
	await_stat("objects", 0);
}
END_TEST

START_TEST(child_ends_its_connection_without_ending_the_manager)
{
	struct mproxy_object *list = new_list();
	pid_t pid = fork();

	if (pid == 0) {
		CHILD(append(list, 1) == 0);
		mproxy_object_free(list);
		mproxy_close(m);
		_exit(0);
	}
	assert_ends_well(pid);
	pid = fork();
	if (pid == 0) { /* without having used it */
		mproxy_close(m);
		_exit(mproxy_object_call(list, "len", NULL, 0, NULL) !=
		      MPROXY_ERR_CLOSED);
	}
	assert_ends_well(pid);
	ck_assert_int_eq(length(list), 1);
	mproxy_object_free(list);
}
END_TEST

START_TEST(child_has_no_descriptor_of_its_parent)
{
	size_t before = leak_count_fds();
	pid_t pid;

	mproxy_manager_ping(m);
	pid = fork();
	if (pid == 0) {
		/* instead of control lane, lane and owner's pipe: one pipe */
		CHILD(leak_count_fds() == before - 1);
		CHILD(mproxy_manager_ping(m) == 0);
		mproxy_close(m);
		_exit(leak_count_fds() != before - 2);
	}
	assert_ends_well(pid);
}
END_TEST

#ifdef __SANITIZE_THREAD__
/* In a child it misses the parent's threads, and rightly objects to fork in a
 * handler, which only works as long as that did not disturb malloc(). */
const char *__tsan_default_options(void);

const char *
__tsan_default_options(void)
{
	return "report_thread_leaks=0:report_signal_unsafe=0";
}
#endif

static volatile sig_atomic_t child_of_handler;

static void
on_signal(int number)
{
	(void)number;
	child_of_handler = fork();
}

static void *
signal_when_waiting(void *context)
{
	await_stat("timers", 1);
	pthread_kill(*(pthread_t *)context, SIGUSR1);
	return NULL;
}

START_TEST(call_during_which_a_handler_forks_ends_in_the_child_as_forked)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_RESTART };
	pthread_t self = pthread_self();
	struct mproxy_object *queue;
	struct mproxy_value *value;
	pthread_t thread;
	int error;

	child_of_handler = -1;
	ck_assert_int_eq(mproxy_object_new(m, "queue", NULL, &queue), 0);
	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, signal_when_waiting, &self);
	error = object_call(queue, "get", 1000, 0, NULL, &value);
	if (child_of_handler == 0) {
		CHILD(error == MPROXY_ERR_FORKED);
		CHILD(mproxy_manager_ping(m) == 0);
		_exit(0);
	}
	/* in fork mode Check has handlers without SA_RESTART */
	ck_assert(error == MPROXY_ERR_TIMEOUT ||
		  error == MPROXY_ERR_INTERRUPTED);
	pthread_join(thread, NULL);
	signal(SIGUSR1, SIG_DFL);
	assert_ends_well(child_of_handler);
	mproxy_object_free(queue);
}
END_TEST

static atomic_bool stop;

static void *
call_until_stopped(void *context)
{
	struct mproxy_object *list = context;

	while (!atomic_load(&stop))
		if (length(list) < 0)
			return (void *)(intptr_t)1;
	return NULL;
}

START_TEST(fork_while_other_threads_call_disturbs_nobody)
{
	struct mproxy_object *list = new_list();
	pthread_t threads[THREADS];
	int n = rounds();

	atomic_store(&stop, false);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, call_until_stopped, list);
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(append(list, i) != 0);
		assert_ends_well(pid);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		ck_assert_ptr_null(result);
	}
	ck_assert_int_eq(length(list), n);
	mproxy_object_free(list);
	await_stat("objects", 0);
}
END_TEST

static void *
release(void *object)
{
	mproxy_object_free(object);
	return NULL;
}

/* The release comes from another thread, at about the moment of the fork. */
START_TEST(fork_racing_with_a_release_loses_nothing)
{
	int n = rounds();

	for (int i = 0; i < n; i++) {
		struct mproxy_object *list = new_list();
		struct mproxy_object *kept = mproxy_object_ref(list);
		pthread_t thread;
		pid_t pid;

		pthread_create(&thread, NULL, release, list);
		pid = fork();
		if (pid == 0) {
			CHILD(append(kept, i) == 0);
			mproxy_object_free(kept);
			_exit(0);
		}
		mproxy_object_free(kept);
		pthread_join(thread, NULL);
		assert_ends_well(pid);
	}
	await_stat("objects", 0);
	await_stat("sessions", 1);
}
END_TEST

static Suite *
fork_suite(void)
{
	Suite *suite = suite_create("fork");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 250);
	tcase_add_test(tcase, inherited_proxy_works_in_the_child);
	tcase_add_test(tcase, child_of_a_first_fork_that_was_not_heard_is_told);
	tcase_add_test(tcase,
		       child_of_a_later_fork_is_known_when_the_manager_goes_on);
	tcase_add_test(tcase, child_that_was_never_heard_of_is_given_up);
	tcase_add_test(tcase, grandchild_of_a_child_that_did_nothing_works);
	tcase_add_test(tcase, child_keeps_what_the_parent_releases);
	tcase_add_test(tcase,
		       child_ends_its_connection_without_ending_the_manager);
	tcase_add_test(tcase, child_has_no_descriptor_of_its_parent);
	tcase_add_test(
		tcase,
		call_during_which_a_handler_forks_ends_in_the_child_as_forked);
	tcase_add_test(tcase, fork_while_other_threads_call_disturbs_nobody);
	tcase_add_test(tcase, fork_racing_with_a_release_loses_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(fork_suite());
}
