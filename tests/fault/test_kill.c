/*
 * Death at random moments: a lock holder, a getter, the manager, the owner.
 *
 * MPROXY_FAULT says how many times each; 25 by default, 1,000 in
 * `make check-fault`. Children are stopped or killed by pid; every wait has a
 * deadline, far longer than anything takes, that means "hung".
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mproxy/mproxy.h>

#include "tests/harness/check-main.h"
#include "tests/harness/leak.h"

enum { HUNG_MS = 20000 };

static int
runs(void)
{
	const char *wish = getenv("MPROXY_FAULT");

	return wish ? atoi(wish) : 25;
}

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Some moment within max_us from now: spins, because it is a moment. */
static void
random_moment(unsigned max_us)
{
	int64_t end = now_ns() + (int64_t)((unsigned)rand() % max_us) * 1000;

	while (now_ns() < end)
		;
}

static void
ok(int error)
{
	ck_assert_msg(error == 0, "%s: %s", mproxy_error_name(error),
		      mproxy_error_detail());
}

/* A child that runs body and exits with what it returns. */
static pid_t
start(int (*body)(void *context), void *context)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(body(context));
	return pid;
}

/* Waits for a child of ours; its exit status, or minus its signal. */
static int
finish(pid_t pid)
{
	int status;
	int fd = pidfd_open(pid, 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	ck_assert_int_ge(fd, 0);
	if (poll(&poll_fd, 1, HUNG_MS) != 1) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		ck_abort_msg("child %d hangs", (int)pid);
	}
	close(fd);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* --- a lock holder --- */

struct lock_story {
	struct mproxy_lock *lock;
	struct mproxy_list *grants; /* [fencing, owner died] of the waiters */
	int ready[2];
};

static int
hold_lock(void *context)
{
	struct lock_story *story = context;

	for (;;) {
		if (mproxy_lock_acquire(story->lock, -1, NULL))
			return 1;
		if (write(story->ready[1], "h", 1) != 1)
			return 1;
		random_moment(50);
		if (mproxy_lock_release(story->lock))
			return 1;
	}
}

static int
wait_for_lock(void *context)
{
	struct lock_story *story = context;
	struct mproxy_lock_grant grant;

	for (int i = 0; i < 5; i++) {
		if (mproxy_lock_acquire(story->lock, HUNG_MS, &grant))
			return 1;
		if (mproxy_list_append(
			    story->grants,
			    MPROXY_ARGS(grant.fencing, grant.owner_died)))
			return 1;
		if (mproxy_lock_release(story->lock))
			return 1;
	}
	return 0;
}

/* Fencing numbers strictly rise; at most one grant says that its owner died. */
static void
check_grants(struct mproxy_list *grants, size_t n)
{
	struct mproxy_value *all;
	int64_t last = 0;
	int died = 0;

	ok(mproxy_list_copy(grants, &all));
	ck_assert_uint_eq(mproxy_value_count(all), n);
	for (size_t i = 0; i < n; i++) {
		struct mproxy_value *grant;
		int64_t fencing;
		bool owner_died;

		ok(mproxy_value_item(all, i, &grant));
		ok(mproxy_unpack(grant, "ib", &fencing, &owner_died));
		mproxy_value_free(grant);
		ck_assert_int_gt(fencing, last);
		last = fencing;
		died += owner_died;
	}
	mproxy_value_free(all);
	ck_assert_int_le(died, 1);
}

START_TEST(lock_passes_on_when_its_holder_is_killed)
{
	struct mproxy_manager *m;
	struct lock_story story;
	pid_t waiters[3];

	ok(mproxy_start(NULL, &m));
	for (int run = 0; run < runs(); run++) {
		char byte;

		ok(mproxy_lock_new(m, &story.lock));
		ok(mproxy_list_new(m, &story.grants));
		ck_assert_int_eq(pipe(story.ready), 0);
		pid_t holder = start(hold_lock, &story);
		ck_assert_int_eq(read(story.ready[0], &byte, 1), 1);
		for (int i = 0; i < 3; i++)
			waiters[i] = start(wait_for_lock, &story);
		random_moment(2000);
		kill(holder, SIGKILL);
		ck_assert_int_eq(finish(holder), -SIGKILL);
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(finish(waiters[i]), 0);
		check_grants(story.grants, 15);
		close(story.ready[0]);
		close(story.ready[1]);
		mproxy_list_free(story.grants);
		mproxy_lock_free(story.lock);
	}
	mproxy_close(m);
}
END_TEST

/* --- blocked in get --- */

struct queue_story {
	struct mproxy_queue *queue;
	int got[2];
};

/* Writes down each item it has; the write is one system call. */
static int
get_for_ever(void *context)
{
	struct queue_story *story = context;

	for (;;) {
		struct mproxy_value *value;
		int64_t item;

		if (mproxy_queue_get(story->queue, -1, &value) ||
		    mproxy_value_get_int(value, &item))
			return 1;
		mproxy_value_free(value);
		if (write(story->got[1], &item, sizeof(item)) != sizeof(item))
			return 1;
	}
}

static void
expect_item(struct mproxy_queue *queue, int64_t want)
{
	struct mproxy_value *value;
	int64_t item;

	ok(mproxy_queue_get(queue, HUNG_MS, &value));
	ok(mproxy_value_get_int(value, &item));
	mproxy_value_free(value);
	ck_assert_int_eq(item, want);
}

/*
 * The getter is stopped at a random moment, so whatever is put then can not be
 * read by it; then it is killed. Both items must come back, in order, if the
 * first was not written down before the stop.
 */
START_TEST(item_comes_back_when_its_getter_is_killed)
{
	struct mproxy_manager *m;
	struct queue_story story;

	ok(mproxy_start(NULL, &m));
	for (int run = 0; run < runs(); run++) {
		int64_t item;
		int status;

		ok(mproxy_queue_new(m, 0, &story.queue));
		ck_assert_int_eq(pipe(story.got), 0);
		pid_t getter = start(get_for_ever, &story);
		ok(mproxy_queue_put(story.queue, MPROXY(1), -1));
		ck_assert_int_eq(read(story.got[0], &item, sizeof(item)),
				 sizeof(item));
		random_moment(300);
		kill(getter, SIGSTOP);
		ck_assert_int_eq(waitpid(getter, &status, WUNTRACED), getter);
		ck_assert(WIFSTOPPED(status));
		ok(mproxy_queue_put(story.queue, MPROXY(2), -1));
		ok(mproxy_queue_put(story.queue, MPROXY(3), -1));
		random_moment(300);
		kill(getter, SIGKILL);
		ck_assert_int_eq(finish(getter), -SIGKILL);
		expect_item(story.queue, 2);
		expect_item(story.queue, 3);
		close(story.got[0]);
		close(story.got[1]);
		mproxy_queue_free(story.queue);
	}
	mproxy_close(m);
}
END_TEST

/* --- the manager --- */

struct world {
	struct mproxy_manager *m;
	struct mproxy_lock *lock;
	struct mproxy_queue *queue;
	struct mproxy_dict *dict;
	int ready[2];
};

static int
say_ready(const struct world *world)
{
	return write(world->ready[1], "r", 1) == 1 ? 0 : 1;
}

static int
lose_manager_in_get(void *context)
{
	struct world *world = context;
	struct mproxy_value *value;

	if (mproxy_manager_ping(world->m) || say_ready(world))
		return 1;
	return mproxy_queue_get(world->queue, -1, &value) ==
			       MPROXY_ERR_SERVER_GONE
		       ? 0
		       : 2;
}

static int
lose_manager_in_acquire(void *context)
{
	struct world *world = context;

	if (mproxy_manager_ping(world->m) || say_ready(world))
		return 1;
	return mproxy_lock_acquire(world->lock, -1, NULL) ==
			       MPROXY_ERR_SERVER_GONE
		       ? 0
		       : 2;
}

static int
lose_manager_in_calls(void *context)
{
	struct world *world = context;
	int error;

	if (mproxy_manager_ping(world->m) || say_ready(world))
		return 1;
	do {
		error = mproxy_dict_add(world->dict, MPROXY("n"), MPROXY(1),
					NULL);
	} while (!error);
	return error == MPROXY_ERR_SERVER_GONE ? 0 : 2;
}

START_TEST(every_wait_ends_when_the_manager_is_killed)
{
	static int (*const bodies[])(
		void *) = { lose_manager_in_get, lose_manager_in_acquire,
			    lose_manager_in_calls, lose_manager_in_calls };
	enum { BODIES = 4 };

	for (int run = 0; run < runs(); run++) {
		struct world world;
		pid_t children[BODIES];
		char bytes[BODIES];

		ok(mproxy_start(NULL, &world.m));
		ok(mproxy_lock_new(world.m, &world.lock));
		ok(mproxy_queue_new(world.m, 0, &world.queue));
		ok(mproxy_dict_new(world.m, &world.dict));
		ok(mproxy_lock_acquire(world.lock, 0, NULL));
		ck_assert_int_eq(pipe(world.ready), 0);
		for (int i = 0; i < BODIES; i++)
			children[i] = start(bodies[i], &world);
		for (int i = 0; i < BODIES; i++)
			ck_assert_int_eq(read(world.ready[0], bytes, 1), 1);
		random_moment(500);
		kill(mproxy_manager_pid(world.m), SIGKILL);
		for (int i = 0; i < BODIES; i++)
			ck_assert_int_eq(finish(children[i]), 0);
		ck_assert_int_eq(mproxy_lock_release(world.lock),
				 MPROXY_ERR_SERVER_GONE);
		close(world.ready[0]);
		close(world.ready[1]);
		mproxy_dict_free(world.dict);
		mproxy_queue_free(world.queue);
		mproxy_lock_free(world.lock);
		mproxy_close(world.m);
	}
}
END_TEST

/* --- the owner --- */

static int
note_pid(struct mproxy_task *task, const struct mproxy_value *arg,
	 struct mproxy_value **ret)
{
	int64_t fd;
	int32_t pid = getpid();
	int error = mproxy_unpack(arg, "i", &fd);

	(void)task;
	if (error)
		return error;
	*ret = mproxy_value_int(pid);
	return 0;
}
MPROXY_TASK(note_pid);

/* Reports the pids of its manager and of a worker, then keeps them busy. */
static int
own_a_pool(void *context)
{
	int fd = *(int *)context;
	struct mproxy_manager *m;
	struct mproxy_pool *pool;
	int32_t pids[2];

	if (mproxy_start(NULL, &m) ||
	    mproxy_pool_new(m, MPROXY_POOL_OPTIONS(.workers = 2), &pool))
		return 1;
	pids[0] = mproxy_manager_pid(m);
	for (;;) {
		struct mproxy_value *value;
		int64_t pid;

		if (mproxy_pool_apply(pool, &mproxy_task_note_pid, MPROXY(fd),
				      -1, &value) ||
		    mproxy_value_get_int(value, &pid))
			return 1;
		mproxy_value_free(value);
		pids[1] = (int32_t)pid;
		if (write(fd, pids, sizeof(pids)) != sizeof(pids))
			return 1;
	}
}

/* Whether the process is gone before the deadline; it is not our child. */
static bool
is_gone_in_time(int pidfd)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

	return poll(&poll_fd, 1, HUNG_MS) == 1;
}

START_TEST(nothing_outlives_a_killed_owner)
{
	int pipe_fds[2];

	for (int run = 0; run < runs(); run++) {
		int32_t pids[2];
		int pidfds[2];

		ck_assert_int_eq(pipe(pipe_fds), 0);
		pid_t owner = start(own_a_pool, &pipe_fds[1]);
		ck_assert_int_eq(read(pipe_fds[0], pids, sizeof(pids)),
				 sizeof(pids));
		for (int i = 0; i < 2; i++) {
			pidfds[i] = pidfd_open(pids[i], 0);
			ck_assert_int_ge(pidfds[i], 0);
		}
		random_moment(2000);
		kill(owner, SIGKILL);
		ck_assert_int_eq(finish(owner), -SIGKILL);
		for (int i = 0; i < 2; i++) {
			ck_assert_msg(is_gone_in_time(pidfds[i]),
				      "process %d outlives its owner",
				      (int)pids[i]);
			close(pidfds[i]);
		}
		close(pipe_fds[0]);
		close(pipe_fds[1]);
	}
}
END_TEST

/* --- a timeout against a put --- */

static int
get_with_tiny_timeouts(void *context)
{
	struct queue_story *story = context;
	int64_t expected = 0;

	for (;;) {
		struct mproxy_value *value;
		int64_t item;
		int error = mproxy_queue_get(story->queue, 1, &value);

		if (error == MPROXY_ERR_TIMEOUT)
			continue;
		if (error == MPROXY_ERR_CLOSED)
			return write(story->got[1], &expected,
				     sizeof(expected)) == sizeof(expected)
				       ? 0
				       : 1;
		if (error || mproxy_value_get_int(value, &item) ||
		    item != expected)
			return 2;
		expected++;
		mproxy_value_free(value);
	}
}

START_TEST(no_item_is_lost_when_a_timeout_races_with_a_put)
{
	struct mproxy_manager *m;
	struct queue_story story;
	int64_t puts = (int64_t)runs() * 10, got;

	ok(mproxy_start(NULL, &m));
	ok(mproxy_queue_new(m, 0, &story.queue));
	ck_assert_int_eq(pipe(story.got), 0);
	pid_t getter = start(get_with_tiny_timeouts, &story);
	for (int64_t i = 0; i < puts; i++) {
		/* about when the getter's millisecond ends */
		random_moment(1500);
		ok(mproxy_queue_put(story.queue, MPROXY(i), -1));
	}
	ok(mproxy_queue_close(story.queue, true));
	ck_assert_int_eq(finish(getter), 0);
	ck_assert_int_eq(read(story.got[0], &got, sizeof(got)), sizeof(got));
	ck_assert_int_eq(got, puts);
	close(story.got[0]);
	close(story.got[1]);
	mproxy_queue_free(story.queue);
	mproxy_close(m);
}
END_TEST

static Suite *
kill_suite(void)
{
	Suite *suite = suite_create("kill");
	TCase *tcase = tcase_create("random moments");

	srand((unsigned)time(NULL));
	tcase_set_timeout(tcase, 60 + runs());
	tcase_add_checked_fixture(tcase, leak_check_begin, leak_check_end);
	tcase_add_test(tcase, lock_passes_on_when_its_holder_is_killed);
	tcase_add_test(tcase, item_comes_back_when_its_getter_is_killed);
	tcase_add_test(tcase, every_wait_ends_when_the_manager_is_killed);
	tcase_add_test(tcase, nothing_outlives_a_killed_owner);
	tcase_add_test(tcase, no_item_is_lost_when_a_timeout_races_with_a_put);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	if (mproxy_init())
		return 1;
	return check_run(kill_suite());
}
