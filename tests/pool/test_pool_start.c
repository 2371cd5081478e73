/*
 * How workers come into being, and what they find.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/pool/common.h"

/* --- workers --- */

START_TEST(initializer_runs_first_in_each_worker)
{
	struct mproxy_value *arg = MPROXY(100), **args = numbers(50);
	struct mproxy_results *results;
	int64_t n;
	size_t i;

	ck_assert_ok(mproxy_pool_new(
		manager,
		MPROXY_POOL_OPTIONS(.workers = 3, .method = methods[_i],
				    .initializer = &mproxy_task_set_base,
				    .init_arg = arg),
		&pool));
	mproxy_value_free(arg);
	ck_assert_ok(mproxy_pool_map(pool, &mproxy_task_add_base, 50, args, -1,
				     &results));
	for (i = 0; i < 50; i++) {
		mproxy_value_get_int(mproxy_results_value(results, i), &n);
		ck_assert_int_eq(n, 100 + (int64_t)i);
	}
	mproxy_results_free(results);
	free(args);
}
END_TEST

START_TEST(initializer_that_fails_breaks_the_pool)
{
	ck_assert_ok(mproxy_pool_new(
		manager,
		MPROXY_POOL_OPTIONS(.workers = 2, .method = methods[_i],
				    .initializer = &mproxy_task_set_base),
		&pool));
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(2),
					  LONG_MS, NULL),
			BROKEN);
	ck_assert_ptr_nonnull(strstr(mproxy_error_detail(), "code 5: no base"));
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(2),
					  LONG_MS, NULL),
			BROKEN);
	ck_assert_ok(mproxy_pool_close(pool));
	ck_assert_ok(mproxy_pool_join(pool, LONG_MS));
}
END_TEST

START_TEST(workers_are_nobodys_children_here)
{
	struct mproxy_value *value;
	int64_t pid, number, parent, group;

	make_pool(_i, 2);
	ck_assert_ok(mproxy_pool_apply(pool, &mproxy_task_whoami,
				       mproxy_value_nil(), -1, &value));
	ck_assert_ok(
		mproxy_unpack(value, "iiii", &pid, &number, &parent, &group));
	mproxy_value_free(value);
	ck_assert_int_ne(pid, getpid());
	ck_assert_int_ne(parent, getpid());
	ck_assert_int_eq(group, pid);
	ck_assert(number == 0 || number == 1);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(getpgid((pid_t)parent), (pid_t)parent);
	pool = mproxy_pool_free(pool);
	ck_assert_int_eq(kill((pid_t)pid, 0), -1);
}
END_TEST

START_TEST(workers_find_themselves_as_fresh_programs)
{
	sigset_t some;

	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigprocmask(SIG_BLOCK, &some, NULL);
	signal(SIGINT, SIG_IGN);
	make_pool(_i, 1);
	ck_assert_gives(mproxy_pool_apply(pool, &mproxy_task_surroundings,
					  mproxy_value_nil(), -1, &got),
			"[0, 1, 1, 0]");
	signal(SIGINT, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &some, NULL);
}
END_TEST

START_TEST(what_a_task_prints_is_there_when_it_ends)
{
	char text[64] = "", path[] = "/tmp/mproxy-test-XXXXXX";
	int file = mkostemp(path, O_CLOEXEC), before = dup(1);

	ck_assert_int_ge(file, 0);
	unlink(path);
	fflush(stdout);
	dup2(file, 1);
	make_pool(_i, 1);
	ck_assert_ok(mproxy_pool_apply(pool, &mproxy_task_mutter,
				       mproxy_value_nil(), -1, NULL));
	dup2(before, 1);
	close(before);
	ck_assert_int_ge(pread(file, text, sizeof(text) - 1, 0), 0);
	ck_assert_str_eq(text, "half a line");
	close(file);
}
END_TEST

START_TEST(pool_keeps_no_descriptor_of_its_owner)
{
	int ends[2];
	char byte;

	/* to be inherited, as pipes and sockets often are by mistake */
	ck_assert_int_eq(pipe(ends), 0); /* NOLINT(android-cloexec-pipe) */
	make_pool(_i, 1);
	ck_assert_gives(mproxy_pool_apply(pool, &mproxy_task_scribble,
					  MPROXY(ends[1]), -1, &got),
			"-9"); /* EBADF, nobody else's descriptor */
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}
END_TEST

/* --- choosing --- */

static void *
wait_for_end(void *context)
{
	pthread_mutex_lock(context);
	pthread_mutex_unlock(context);
	return NULL;
}

START_TEST(program_with_threads_is_run_again_not_copied)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;

	pthread_mutex_lock(&mutex);
	pthread_create(&thread, NULL, wait_for_end, &mutex);
	ck_assert_error(
		mproxy_pool_new(
			manager,
			MPROXY_POOL_OPTIONS(.workers = 1,
					    .method = MPROXY_START_ZYGOTE),
			&pool),
		INVALID);
	base = 1000; /* a copy would have it */
	ck_assert_ok(mproxy_pool_new(manager, MPROXY_POOL_OPTIONS(.workers = 1),
				     &pool));
	ck_assert_gives(mproxy_pool_apply(pool, &mproxy_task_add_base,
					  MPROXY(1), -1, &got),
			"1");
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
	base = 0;
}
END_TEST

START_TEST(program_with_one_thread_is_copied)
{
	base = 1000;
	ck_assert_ok(mproxy_pool_new(manager, MPROXY_POOL_OPTIONS(.workers = 1),
				     &pool));
	ck_assert_gives(mproxy_pool_apply(pool, &mproxy_task_add_base,
					  MPROXY(1), -1, &got),
			"1001");
	base = 0;
}
END_TEST

START_TEST(number_of_workers_is_that_of_the_cpus_unless_told)
{
	cpu_set_t before, one;

	ck_assert_error(mproxy_pool_new(manager,
					MPROXY_POOL_OPTIONS(.workers = -1),
					&pool),
			INVALID);
	setenv("MPROXY_MAX_WORKERS", "1", 1);
	ck_assert_ok(mproxy_pool_new(manager, NULL, &pool));
	ck_assert_int_eq(mproxy_pool_workers(pool), 1);
	pool = mproxy_pool_free(pool);
	unsetenv("MPROXY_MAX_WORKERS");
	ck_assert_ok(mproxy_pool_new(manager, NULL, &pool));
	ck_assert_int_ge(mproxy_pool_workers(pool), 1);
	ck_assert_int_le(mproxy_pool_workers(pool),
			 (int)sysconf(_SC_NPROCESSORS_ONLN));
	pool = mproxy_pool_free(pool);

	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	ck_assert_ok(mproxy_pool_new(manager, NULL, &pool));
	ck_assert_int_eq(mproxy_pool_workers(pool), 1);
	sched_setaffinity(0, sizeof(before), &before);
}
END_TEST

START_TEST(two_tasks_of_one_name_are_refused)
{
	static struct mproxy_task_info same;

	same = mproxy_task_echo;
	same.name = "square";
	mproxy_task_register(&mproxy_task_square); /* the same one: fine */
	ck_assert_ok(mproxy_init());
	mproxy_task_register(&same);
	ck_assert_error(mproxy_init(), EXISTS);
	ck_assert_ptr_nonnull(strstr(mproxy_error_detail(), "\"square\""));
	ck_assert_error(mproxy_pool_new(manager, NULL, &pool), EXISTS);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		initializer_runs_first_in_each_worker,
		initializer_that_fails_breaks_the_pool,
		workers_are_nobodys_children_here,
		workers_find_themselves_as_fresh_programs,
		what_a_task_prints_is_there_when_it_ends,
		pool_keeps_no_descriptor_of_its_owner,
	};
	Suite *suite;
	TCase *tcase;

	if (mproxy_init())
		return 1;
	suite = pool_suite_of("pool-start", tests, N_TESTS(tests));
	tcase = tcase_create("once");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, pool_setup, pool_teardown);
	tcase_add_test(tcase, program_with_threads_is_run_again_not_copied);
	tcase_add_test(tcase, program_with_one_thread_is_copied);
	tcase_add_test(tcase,
		       number_of_workers_is_that_of_the_cpus_unless_told);
	/* the last one: it leaves two tasks of one name behind */
	tcase_add_test(tcase, two_tasks_of_one_name_are_refused);
	suite_add_tcase(suite, tcase);
	return check_run(suite);
}
