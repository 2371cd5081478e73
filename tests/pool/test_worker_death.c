/*
 * Death in the pool: of workers, of the supervisor, of the owner.
 *
 * MPROXY_FAULT says how many times each at random moments: 25 by default.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "tests/pool/common.h"

#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
#define END_MS 5000
#else
#define END_MS 1000 /* after its owner everything is gone */
#endif

/* n > 0: of that signal; else exits with -n. */
static int
die(struct mproxy_task *task, const struct mproxy_value *arg,
    struct mproxy_value **ret)
{
	int64_t how = 0;

	(void)task;
	(void)ret;
	mproxy_value_get_int(arg, &how);
	if (how <= 0)
		exit((int)-how);
	if (how == SIGABRT)
		abort();
	signal((int)how, SIG_DFL);
	raise((int)how);
	return 0;
}
MPROXY_TASK(die);

/* Puts who it is into the queue, then waits for ever. */
static int
hang(struct mproxy_task *task, const struct mproxy_value *arg,
     struct mproxy_value **ret)
{
	struct mproxy_queue *queue;
	int error = mproxy_unpack(arg, "Q", &queue);

	(void)task;
	(void)ret;
	if (error)
		return error;
	error = mproxy_queue_put(
		queue, MPROXY_ARGS((int)getpid(), (int)getppid()), -1);
	if (!error)
		for (;;)
			pause();
	return error;
}
MPROXY_TASK(hang);

/* Counts in a dict that it ran; the first one in each worker puts the pid into
 * the queue. */
static int
count(struct mproxy_task *task, const struct mproxy_value *arg,
      struct mproxy_value **ret)
{
	static bool known;
	struct mproxy_queue *queue;
	struct mproxy_dict *dict;
	int error = mproxy_unpack(arg, "DQ", &dict, &queue);

	(void)task;
	(void)ret;
	if (error)
		return error;
	error = mproxy_dict_add(dict, MPROXY("runs"), MPROXY(1), NULL);
	if (!error && !known)
		error = mproxy_queue_put(queue, MPROXY((int)getpid()), -1);
	known = true;
	mproxy_dict_free(dict);
	mproxy_queue_free(queue);
	return error;
}
MPROXY_TASK(count);

/* --- helpers --- */

/* A pidfd: it is readable when the process has ended, reaped or not. */
static int
watch(int64_t pid)
{
	int fd = pidfd_open((pid_t)pid, 0);

	ck_assert_msg(fd >= 0, "no process %lld", (long long)pid);
	return fd;
}

static void
ck_ends(int pidfd, int timeout_ms)
{
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };

	ck_assert_msg(poll(&fd, 1, timeout_ms) == 1,
		      "a process lives that should not");
	close(pidfd);
}

static void
get_two(struct mproxy_queue *queue, int64_t *first, int64_t *second)
{
	struct mproxy_value *value;

	ck_assert_ok(mproxy_queue_get(queue, LONG_MS, &value));
	ck_assert_ok(mproxy_unpack(value, "ii", first, second));
	mproxy_value_free(value);
}

/* --- a worker --- */

START_TEST(death_of_a_worker_is_told_with_its_cause)
{
	static const struct {
		int how;
		const char *words;
	} deaths[] = {
		{ SIGKILL, "was killed by signal 9 (Killed)" },
		{ SIGSEGV, "was killed by signal 11 (Segmentation fault)" },
		{ SIGABRT, "was killed by signal 6 (Aborted)" },
		{ -3, "exited with status 3" },
		{ 0, "exited with status 0" },
	};
	size_t i;

	make_pool(_i, 1);
	for (i = 0; i < N_TESTS(deaths); i++) {
		ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_die,
						  MPROXY(deaths[i].how),
						  LONG_MS, NULL),
				WORKER_DIED);
		ck_assert_msg(strstr(mproxy_error_detail(), deaths[i].words),
			      "not %s: %s", deaths[i].words,
			      mproxy_error_detail());
		ck_assert_gives(mproxy_pool_apply(pool, &mproxy_task_square,
						  MPROXY(7), LONG_MS, &got),
				"49");
	}
	ck_assert_int_eq(stat_of("died"), N_TESTS(deaths));
}
END_TEST

START_TEST(others_go_on_while_workers_die)
{
	struct mproxy_value *args[300];
	struct mproxy_results *results;
	struct mproxy_future *future;
	size_t i;

	make_pool(_i, 2);
	for (i = 0; i < 300; i++)
		args[i] = MPROXY((int)i);
	ck_assert_ok(mproxy_pool_map_async(pool, &mproxy_task_square, 300, args,
					   &future));
	for (i = 0; i < 5; i++)
		ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_die,
						  MPROXY(SIGKILL), LONG_MS,
						  NULL),
				WORKER_DIED);
	ck_assert_ok(mproxy_future_results(future, LONG_MS, &results));
	ck_assert_uint_eq(mproxy_results_failed(results), 0);
	mproxy_results_free(results);
	mproxy_future_free(future);
}
END_TEST

START_TEST(death_in_a_map_is_the_status_of_its_task)
{
	struct mproxy_value *args[] = { MPROXY(SIGKILL), MPROXY(-3) };
	struct mproxy_results *results;
	struct mproxy_value *figure;
	int64_t n;

	make_pool(_i, 2);
	ck_assert_ok(mproxy_pool_map(pool, &mproxy_task_die, 2, args, LONG_MS,
				     &results));
	ck_assert_int_eq(mproxy_results_status(results, 0),
			 MPROXY_ERR_WORKER_DIED);
	ck_assert_ptr_nonnull(
		strstr(mproxy_results_error(results, 0), "signal 9"));
	ck_assert_ok(mproxy_value_find(mproxy_results_value(results, 0),
				       MPROXY("signal"), &figure));
	ck_assert_ok(mproxy_value_get_int(figure, &n));
	ck_assert_int_eq(n, 9);
	mproxy_value_free(figure);
	ck_assert_ok(mproxy_value_find(mproxy_results_value(results, 1),
				       MPROXY("status"), &figure));
	ck_assert_ok(mproxy_value_get_int(figure, &n));
	ck_assert_int_eq(n, 3);
	mproxy_value_free(figure);
	mproxy_results_free(results);
}
END_TEST

START_TEST(worker_killed_from_outside_fails_its_task_at_once)
{
	struct mproxy_future *future;
	struct mproxy_queue *queue;
	int64_t pid, boss;
	char words[64];

	make_pool(_i, 1);
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_hang,
					     MPROXY_ARGS(queue), &future));
	get_two(queue, &pid, &boss);
	ck_assert_int_eq(kill((pid_t)pid, SIGKILL), 0);
	ck_assert_error(mproxy_future_get(future, LONG_MS, NULL), WORKER_DIED);
	snprintf(words, sizeof(words), "worker %lld was killed by signal 9",
		 (long long)pid);
	ck_assert_ptr_nonnull(strstr(mproxy_error_detail(), words));
	mproxy_future_free(future);
	mproxy_queue_free(queue);
}
END_TEST

START_TEST(worker_that_dies_at_its_start_breaks_the_pool)
{
	struct mproxy_value *arg = MPROXY(SIGSEGV);

	ck_assert_ok(mproxy_pool_new(
		manager,
		MPROXY_POOL_OPTIONS(.workers = 2, .method = methods[_i],
				    .initializer = &mproxy_task_die,
				    .init_arg = arg),
		&pool));
	mproxy_value_free(arg);
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(1),
					  LONG_MS, NULL),
			BROKEN);
	ck_assert_ptr_nonnull(
		strstr(mproxy_error_detail(), "killed by signal 11"));
}
END_TEST

/* --- at random moments --- */

struct killer {
	struct mproxy_queue *queue; /* of the pids of new workers */
	int n;
};

static void *
kill_at_random(void *context)
{
	struct killer *killer = context;
	unsigned seed = (unsigned)check_seed(4711);
	int i;

	for (i = 0; i < killer->n; i++) {
		struct mproxy_value *value;
		int64_t pid = 0, end = now_ms() + 1 + rand_r(&seed) % 3;

		if (mproxy_queue_get(killer->queue, LONG_MS, &value) != 0)
			break;
		mproxy_value_get_int(value, &pid);
		mproxy_value_free(value);
		while (now_ms() < end) /* it is the moment that matters */
			;
		kill((pid_t)pid, SIGKILL);
	}
	return NULL;
}

START_TEST(each_task_ends_once_whoever_is_killed)
{
	struct killer killer = { .n = rounds() };
	struct mproxy_value *runs;
	struct mproxy_dict *dict;
	int64_t n_done = 0, n_died = 0, n_runs = 0;
	pthread_t thread;
	bool over = false;

	ck_assert_ok(mproxy_dict_new(manager, &dict));
	ck_assert_ok(mproxy_queue_new(manager, 0, &killer.queue));
	make_pool(_i, 3);
	pthread_create(&thread, NULL, kill_at_random, &killer);
	while (!over) {
		struct mproxy_value *args[200];
		struct mproxy_results *results;
		size_t i;

		over = pthread_tryjoin_np(thread, NULL) == 0;
		for (i = 0; i < 200; i++)
			args[i] = MPROXY_ARGS(dict, killer.queue);
		ck_assert_ok(mproxy_pool_map(pool, &mproxy_task_count, 200,
					     args, LONG_MS, &results));
		for (i = 0; i < 200; i++) {
			int status = mproxy_results_status(results, i);

			n_done += status == 0;
			n_died += status == MPROXY_ERR_WORKER_DIED;
			ck_assert_msg(status == 0 ||
					      status == MPROXY_ERR_WORKER_DIED,
				      "%s", mproxy_results_error(results, i));
		}
		mproxy_results_free(results);
	}
	ck_assert_ok(mproxy_dict_get(dict, MPROXY("runs"), &runs));
	mproxy_value_get_int(runs, &n_runs);
	mproxy_value_free(runs);
	/* none ran twice; whether one that died had counted is not known */
	ck_assert_int_ge(n_runs, n_done);
	ck_assert_int_le(n_runs, n_done + n_died);
	ck_assert_int_eq(stat_of("died"), n_died);
	mproxy_queue_free(killer.queue);
	mproxy_dict_free(dict);
}
END_TEST

/* --- the supervisor --- */

START_TEST(pool_breaks_when_its_supervisor_is_killed)
{
	struct mproxy_future *running, *queued;
	struct mproxy_queue *queue;
	int64_t pid, boss;
	int end;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_hang,
					     MPROXY_ARGS(queue), &running));
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_square,
					     MPROXY(1), &queued));
	get_two(queue, &pid, &boss);
	end = watch(pid);
	ck_assert_int_eq(kill((pid_t)boss, SIGKILL), 0);
	ck_assert_error(mproxy_future_get(queued, LONG_MS, NULL), BROKEN);
	ck_assert_ptr_nonnull(strstr(mproxy_error_detail(), "supervisor"));
	ck_assert_error(mproxy_future_get(running, LONG_MS, NULL), WORKER_DIED);
	ck_ends(end, END_MS);
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(1),
					  LONG_MS, NULL),
			BROKEN);
	mproxy_future_free(running);
	mproxy_future_free(queued);
	mproxy_queue_free(queue);
}
END_TEST

START_TEST(stopped_supervisor_does_not_outlive_its_pool)
{
	struct mproxy_future *running;
	struct mproxy_queue *queue;
	int64_t pid, boss;
	int end, boss_end;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_hang,
					     MPROXY_ARGS(queue), &running));
	get_two(queue, &pid, &boss);
	end = watch(pid);
	boss_end = watch(boss);
	ck_assert_int_eq(kill((pid_t)boss, SIGSTOP), 0);
	pool = mproxy_pool_free(pool);
	ck_ends(boss_end, END_MS);
	ck_ends(end, END_MS);
	mproxy_future_free(running);
	mproxy_queue_free(queue);
}
END_TEST

/* --- the owner --- */

static int method;
static struct mproxy_queue *news;

static int
own_a_pool(void)
{
	struct mproxy_value *args[3];
	struct mproxy_results *results;
	size_t i;

	CHILD_CHECK(
		mproxy_pool_new(manager,
				MPROXY_POOL_OPTIONS(.workers = 2,
						    .method = methods[method]),
				&pool) == 0);
	for (i = 0; i < 3; i++)
		args[i] = MPROXY_ARGS(news);
	mproxy_pool_map(pool, &mproxy_task_hang, 3, args, -1, &results);
	return 1;
}

START_TEST(nobody_outlives_a_killed_owner)
{
	int n = rounds() / 2 + 1; /* by each start method */

	method = _i;
	ck_assert_ok(mproxy_queue_new(manager, 0, &news));
	while (n-- > 0) {
		pid_t owner = child_begin(own_a_pool);
		int64_t pid, boss;
		int ends[3];

		get_two(news, &pid, &boss);
		ends[0] = watch(pid);
		get_two(news, &pid, &boss);
		ends[1] = watch(pid);
		ends[2] = watch(boss);
		child_kill(owner);
		ck_ends(ends[0], END_MS);
		ck_ends(ends[1], END_MS);
		ck_ends(ends[2], END_MS);
	}
	news = mproxy_queue_free(news);
}
END_TEST

/* The owner of a manager of its own, which goes with it. */
static int pipe_ends[2];

static int
own_everything(void)
{
	struct mproxy_queue *queue;
	struct mproxy_value *value;
	struct mproxy_manager *m;
	int64_t pids[2];

	CHILD_CHECK(mproxy_start(NULL, &m) == 0);
	CHILD_CHECK(mproxy_queue_new(m, 0, &queue) == 0);
	CHILD_CHECK(
		mproxy_pool_new(m,
				MPROXY_POOL_OPTIONS(.workers = 1,
						    .method = methods[method]),
				&pool) == 0);
	CHILD_CHECK(mproxy_pool_apply_async(pool, &mproxy_task_hang,
					    MPROXY_ARGS(queue), NULL) == 0);
	CHILD_CHECK(mproxy_queue_get(queue, LONG_MS, &value) == 0);
	CHILD_CHECK(mproxy_unpack(value, "ii", &pids[0], &pids[1]) == 0);
	CHILD_CHECK(write(pipe_ends[1], pids, sizeof(pids)) == sizeof(pids));
	for (;;)
		pause();
}

START_TEST(nobody_outlives_an_owner_with_its_manager)
{
	int64_t pids[2];
	pid_t owner;
	int ends[2];

	method = _i;
	ck_assert_int_eq(pipe2(pipe_ends, O_CLOEXEC), 0);
	owner = child_begin(own_everything);
	ck_assert_int_eq(read(pipe_ends[0], pids, sizeof(pids)), sizeof(pids));
	ends[0] = watch(pids[0]);
	ends[1] = watch(pids[1]);
	child_kill(owner);
	ck_ends(ends[0], END_MS);
	ck_ends(ends[1], END_MS);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}
END_TEST

/* A grandchild that a task started ends with its worker. */
static int
start_something(struct mproxy_task *task, const struct mproxy_value *arg,
		struct mproxy_value **ret)
{
	pid_t pid = fork();

	(void)task;
	(void)arg;
	if (pid == 0)
		for (;;)
			pause();
	*ret = mproxy_value_int(pid);
	return 0;
}
MPROXY_TASK(start_something);

START_TEST(what_a_task_started_ends_with_its_worker)
{
	struct mproxy_value *value;
	int64_t pid;
	int end;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_pool_apply(pool, &mproxy_task_start_something,
				       mproxy_value_nil(), LONG_MS, &value));
	ck_assert_ok(mproxy_value_get_int(value, &pid));
	mproxy_value_free(value);
	end = watch(pid);
	pool = mproxy_pool_free(pool);
	ck_ends(end, END_MS);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		death_of_a_worker_is_told_with_its_cause,
		others_go_on_while_workers_die,
		death_in_a_map_is_the_status_of_its_task,
		worker_killed_from_outside_fails_its_task_at_once,
		worker_that_dies_at_its_start_breaks_the_pool,
		each_task_ends_once_whoever_is_killed,
		pool_breaks_when_its_supervisor_is_killed,
		stopped_supervisor_does_not_outlive_its_pool,
		nobody_outlives_a_killed_owner,
		nobody_outlives_an_owner_with_its_manager,
		what_a_task_started_ends_with_its_worker,
	};

	if (mproxy_init())
		return 1;
	return check_run(pool_suite_of("worker-death", tests, N_TESTS(tests)));
}
