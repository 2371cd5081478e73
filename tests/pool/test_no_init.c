/*
 * A program that does not call mproxy_init(): what it is told when its workers
 * would have to be spawned, and that a zygote does without.
 */
#include <pthread.h>

#include "tests/pool/common.h"

static void *
wait_for_end(void *context)
{
	pthread_mutex_lock(context);
	pthread_mutex_unlock(context);
	return NULL;
}

START_TEST(program_with_threads_is_told_what_to_do)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;

	pthread_mutex_lock(&mutex);
	pthread_create(&thread, NULL, wait_for_end, &mutex);
	ck_assert_error(mproxy_pool_new(manager, NULL, &pool), NO_INIT);
	ck_assert_ptr_nonnull(strstr(mproxy_error_detail(), "mproxy_init()"));
	ck_assert_ptr_nonnull(
		strstr(mproxy_error_detail(), "before the first thread"));
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(spawn_is_refused)
{
	ck_assert_error(
		mproxy_pool_new(
			manager,
			MPROXY_POOL_OPTIONS(.method = MPROXY_START_SPAWN),
			&pool),
		NO_INIT);
}
END_TEST

START_TEST(zygote_needs_none)
{
	ck_assert_ok(mproxy_pool_new(manager, MPROXY_POOL_OPTIONS(.workers = 1),
				     &pool));
	ck_assert_gives(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(7),
					  -1, &got),
			"49");
}
END_TEST

/* What a worker would be that does not know it is one. */
START_TEST(copy_that_should_be_a_worker_makes_no_pool)
{
	setenv("MPROXY_WORKER", "99", 1);
	ck_assert_error(mproxy_pool_new(manager, NULL, &pool), NO_INIT);
	unsetenv("MPROXY_WORKER");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("no-init");
	TCase *tcase = tcase_create("no-init");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, pool_setup, pool_teardown);
	tcase_add_test(tcase, program_with_threads_is_told_what_to_do);
	tcase_add_test(tcase, spawn_is_refused);
	tcase_add_test(tcase, zygote_needs_none);
	tcase_add_test(tcase, copy_that_should_be_a_worker_makes_no_pool);
	suite_add_tcase(suite, tcase);
	return check_run(suite);
}
