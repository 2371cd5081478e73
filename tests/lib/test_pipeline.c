/*
 * Pipelined mode: nothing is lost or reordered, errors are told at the end by
 * name, and nothing hangs, whatever the other side does.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/lib/pipeline-check.h"

/* --- what it is for --- */

START_TEST(many_calls_arrive_in_order_whatever_the_window)
{
	static const size_t windows[] = { 0, 1, 2, 7, 1000, 2 * MANY };
	size_t n = 0;

	ck_assert_ok(mproxy_pipeline_begin(manager, windows[_i]));
	append_many(MANY);
	ck_assert_ok(mproxy_list_len(list, &n));
	ck_assert_uint_eq(n, MANY);
	ck_assert_ok(mproxy_pipeline_end(manager));
	assert_counts_up(MANY);
}
END_TEST

START_TEST(call_with_a_result_finds_all_before_it_done)
{
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	for (int i = 0; i < 1000; i++) {
		ck_assert_ok(mproxy_dict_set(dict, MPROXY("n"), MPROXY(i)));
		ck_assert_ok(
			mproxy_dict_add(dict, MPROXY("n"), MPROXY(1), NULL));
		if (i % 100 == 42) {
			char want[8];

			snprintf(want, sizeof(want), "%d", i + 1);
			ck_assert_gives(
				mproxy_dict_get(dict, MPROXY("n"), &got), want);
			ck_assert_uint_eq(status().answered, status().calls);
		}
	}
	ck_assert_uint_eq(status().calls, 2000);
	ck_assert_ok(mproxy_pipeline_end(manager));
}
END_TEST

START_TEST(nothing_is_sent_before_it_must)
{
	static const struct mproxy_pipeline_status none = { .calls = 10 };
	struct mproxy_pipeline_status now;

	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	append_many(10);
	now = status();
	ck_assert_mem_eq(&now, &none, sizeof(now));
	ck_assert_ok(mproxy_pipeline_flush(manager));
	ck_assert_uint_eq(status().answered, 10);
	ck_assert_ok(mproxy_pipeline_end(manager));
}
END_TEST

START_TEST(call_by_name_is_pipelined_too)
{
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	for (int i = 0; i < 100; i++)
		ck_assert_ok(mproxy_object_call(mproxy_list_object(list),
						"append", MPROXY_ARGS(i), 0,
						NULL));
	ck_assert_uint_eq(status().calls, 100);
	ck_assert_ok(mproxy_pipeline_end(manager));
	assert_counts_up(100);
}
END_TEST

START_TEST(result_that_is_not_asked_for_is_dropped)
{
	struct mproxy_list *inner;
	int64_t before;

	ck_assert_ok(mproxy_list_new(manager, &inner));
	append_many(3);
	ck_assert_ok(mproxy_list_append(list, MPROXY(inner)));
	inner = mproxy_list_free(inner);
	before = manager_objects();
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	ck_assert_ok(mproxy_list_pop(list, -1, NULL)); /* a handle */
	ck_assert_ok(mproxy_list_pop(list, -1, NULL));
	ck_assert_ok(mproxy_dict_setdefault(dict, MPROXY(1), MPROXY(2), NULL));
	ck_assert_ok(mproxy_dict_compare_and_set(dict, MPROXY(1), MPROXY(2),
						 MPROXY(3), NULL));
	ck_assert_uint_eq(status().answered, 0);
	ck_assert_ok(mproxy_pipeline_end(manager));
	assert_counts_up(2);
	ck_assert_gives(mproxy_dict_get(dict, MPROXY(1), &got), "3");
	ck_assert_int_eq(manager_objects(), before - 1);
}
END_TEST

/* --- errors --- */

START_TEST(first_error_comes_at_the_end_by_name)
{
	char who[64];

	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	append_many(16);
	ck_assert_ok(mproxy_dict_delete(dict, MPROXY("missing")));
	append_many(1000);
	ck_assert_ok(mproxy_list_pop(list, 5000, NULL));
	ck_assert_error(mproxy_pipeline_flush(manager), NOT_FOUND);
	snprintf(
		who, sizeof(who), "call 17 of the pipeline, dict#%llu.delete:",
		(unsigned long long)mproxy_object_id(mproxy_dict_object(dict)));
	assert_detail(who);
	assert_detail("server: ");
	assert_detail("(and 1 more failed)");
	ck_assert_uint_eq(status().calls, 1018);
	ck_assert_uint_eq(status().answered, 1018);
	ck_assert_uint_eq(status().failed, 2);
	ck_assert_uint_eq(status().first_failed, 17);
	ck_assert_ok(mproxy_pipeline_flush(manager));
	ck_assert_ok(mproxy_pipeline_end(manager));
	ck_assert_gives_size(mproxy_list_len(list, &got), 1016);
}
END_TEST

START_TEST(call_that_waits_says_its_own_error_and_no_other)
{
	struct mproxy_value *value;

	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	ck_assert_ok(mproxy_list_delete(list, 7));
	ck_assert_error(mproxy_dict_get(dict, MPROXY(1), &value), NOT_FOUND);
	ck_assert_gives_size(mproxy_list_len(list, &got), 0);
	ck_assert_ok(mproxy_manager_ping(manager));
	ck_assert_error(mproxy_pipeline_end(manager), RANGE);
}
END_TEST

START_TEST(mistake_of_the_caller_is_told_at_once)
{
	struct mproxy_value *none = NULL;

	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	ck_assert_int_ne(mproxy_list_append(list, none), 0);
	ck_assert_error(mproxy_queue_put(queue, MPROXY(1), -2), INVALID);
	ck_assert_uint_eq(status().calls, 0);
	ck_assert_ok(mproxy_pipeline_end(manager));
}
END_TEST

START_TEST(value_too_big_is_told_at_once_and_harms_nothing)
{
	size_t size = (size_t)65 << 20;
	char *bytes = calloc(1, size);

	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	append_many(5);
	ck_assert_error(
		mproxy_list_append(list, mproxy_value_bytes(bytes, size)),
		TOO_BIG);
	ck_assert_ok(mproxy_list_append(list, MPROXY(5)));
	ck_assert_ok(mproxy_pipeline_end(manager));
	assert_counts_up(6);
	free(bytes);
}
END_TEST

START_TEST(mode_is_on_once_and_off_by_itself_never)
{
	struct mproxy_pipeline_status figures;

	ck_assert_error(mproxy_pipeline_flush(manager), INVALID);
	ck_assert_error(mproxy_pipeline_end(manager), INVALID);
	ck_assert_error(mproxy_pipeline_status(manager, &figures), INVALID);
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	ck_assert_error(mproxy_pipeline_begin(manager, 0), BUSY);
	ck_assert_ok(mproxy_pipeline_end(manager));
	ck_assert_error(mproxy_pipeline_end(manager), INVALID);
	ck_assert_error(mproxy_list_delete(list, 3), RANGE);
}
END_TEST

/* --- calls that wait --- */

START_TEST(call_that_may_wait_is_not_pipelined)
{
	struct mproxy_lock *lock;

	ck_assert_ok(mproxy_lock_new(manager, &lock));
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(1), 0));
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(2), -1));
	ck_assert_uint_eq(status().calls, 1);
	ck_assert_uint_eq(status().answered, 1);
	ck_assert_gives(mproxy_queue_get(queue, 0, &got), "1");
	ck_assert_gives(mproxy_queue_get(queue, LONG_MS, &got), "2");
	ck_assert_ok(mproxy_lock_acquire(lock, -1, NULL));
	ck_assert_error(mproxy_lock_acquire(lock, 0, NULL), WOULD_BLOCK);
	ck_assert_ok(mproxy_lock_release(lock));
	ck_assert_ok(mproxy_lock_acquire(lock, 0, NULL));
	ck_assert_ok(mproxy_pipeline_end(manager));
	mproxy_lock_free(lock);
}
END_TEST

static int
put_a_thousand(void)
{
	CHILD_CHECK(mproxy_pipeline_begin(manager, 0) == 0);
	for (int i = 0; i < 1000; i++)
		CHILD_CHECK(mproxy_queue_put(queue, MPROXY(i), 0) == 0);
	CHILD_CHECK(mproxy_pipeline_end(manager) == 0);
	return 0;
}

START_TEST(other_process_gets_what_was_put_in_its_order)
{
	pid_t pid = child_begin(put_a_thousand);

	for (int i = 0; i < 1000; i++) {
		char want[8];

		snprintf(want, sizeof(want), "%d", i);
		ck_assert_gives(mproxy_queue_get(queue, LONG_MS, &got), want);
	}
	child_end(pid);
}
END_TEST

START_TEST(interrupt_ends_no_pipelined_call_but_the_next_wait)
{
	struct mproxy_value *value;

	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	append_many(10);
	mproxy_interrupt();
	append_many(10);
	ck_assert_ok(mproxy_pipeline_flush(manager));
	ck_assert_error(mproxy_queue_get(queue, -1, &value), INTERRUPTED);
	ck_assert_ok(mproxy_pipeline_end(manager));
}
END_TEST

/* --- memory --- */

START_TEST(replies_that_pile_up_stop_nobody)
{
	/* far more than the megabyte at which the server stops reading */
	size_t size = (size_t)64 << 10;
	char *bytes = calloc(1, size);

	ck_assert_ok(mproxy_pipeline_begin(manager, 2000));
	for (int i = 0; i < 500; i++)
		ck_assert_ok(mproxy_list_append(
			list, mproxy_value_bytes(bytes, size)));
	for (int i = 0; i < 500; i++)
		ck_assert_ok(mproxy_list_pop(list, 0, NULL));
	ck_assert_gives_size(mproxy_list_len(list, &got), 0);
	ck_assert_ok(mproxy_pipeline_end(manager));
	free(bytes);
}
END_TEST

START_TEST(large_call_with_a_result_is_sent_while_replies_pile_up)
{
	size_t size = (size_t)8 << 20;
	char *bytes = calloc(1, size);

	ck_assert_ok(mproxy_list_append(list, mproxy_value_bytes(bytes, size)));
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	for (int i = 0; i < 8; i++)
		ck_assert_ok(mproxy_object_call(mproxy_list_object(list), "get",
						MPROXY_ARGS(0), 0, NULL));
	ck_assert_gives_size(
		mproxy_list_count(list, mproxy_value_bytes(bytes, size), &got),
		1);
	ck_assert_ok(mproxy_pipeline_end(manager));
	free(bytes);
}
END_TEST

START_TEST(no_memory_is_told_at_once_and_nothing_lost)
{
	int64_t done = 0;
	int error = 0;

	for (unsigned n = 1; n < 200; n++) {
		fault_fail_at(n);
		error = mproxy_pipeline_begin(manager, 5);
		for (int i = 0; i < 20 && !error; i++) {
			error = mproxy_list_append(list, MPROXY(done));
			done += !error;
		}
		fault_reset();
		if (error)
			ck_assert_int_eq(error, MPROXY_ERR_NO_MEMORY);
		error = mproxy_pipeline_end(manager);
		ck_assert(error == 0 || error == MPROXY_ERR_INVALID);
	}
	ck_assert_int_gt(done, 1000);
	assert_counts_up(done);
}
END_TEST

/* --- references --- */

static void *
free_proxies(void *unused)
{
	size_t n;

	dict = mproxy_dict_free(dict);
	queue = mproxy_queue_free(queue);
	/* by now the manager knows, if it was told */
	mproxy_list_len(list, &n);
	return unused;
}

/* Another thread's lane would overtake what is in the buffer of this one. */
START_TEST(reference_given_up_does_not_overtake_a_call)
{
	pthread_t thread;

	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	ck_assert_ok(mproxy_list_append(list, MPROXY(dict)));
	ck_assert_ok(mproxy_object_call(mproxy_list_object(list), "append",
					MPROXY_ARGS(dict), 0, NULL));
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(1), 0));
	ck_assert_int_eq(pthread_create(&thread, NULL, free_proxies, NULL), 0);
	pthread_join(thread, NULL);
	ck_assert_ok(mproxy_pipeline_end(manager));
	ck_assert_gives_size(mproxy_list_len(list, &got), 2);
	/* the list, and in it the dict; the queue is gone */
	ck_assert_int_eq(manager_objects(), 2);
}
END_TEST

/* --- behind a long job, and without any call --- */

START_TEST(larger_window_than_the_manager_allows_loses_no_call)
{
	struct mproxy_value *number = MPROXY(7);

	ck_assert_ok(mproxy_list_append(list, number));
	ck_assert_ok(mproxy_list_repeat_in_place(list, 1000000));
	ck_assert_ok(mproxy_pipeline_begin(manager, MANY));
	ck_assert_ok(mproxy_list_sort(list, false));
	append_many(5000);
	ck_assert_ok(mproxy_pipeline_end(manager));
}
END_TEST

static int64_t
count_objects(void)
{
	struct mproxy_value *stats, *found;
	int64_t n = -1;

	if (mproxy_manager_stats(manager, &stats) == 0) {
		if (mproxy_value_find(stats, MPROXY("objects"), &found) == 0) {
			mproxy_value_get_int(found, &n);
			mproxy_value_free(found);
		}
		mproxy_value_free(stats);
	}
	return n;
}

/* On another thread, which does not pipeline. */
static void *
await_few_objects(void *unused)
{
	int64_t deadline = clock_now() + 10000 * NS_PER_MS;

	while (clock_now() < deadline) {
		int64_t n = count_objects();

		if (n >= 0 && n < MANY / 50)
			return NULL;
		sched_yield();
	}
	return unused;
}

START_TEST(references_do_not_gather_without_end)
{
	enum { LISTS = MANY / 25 };
	static struct mproxy_list *lists[LISTS];
	void *in_vain = lists;
	pthread_t thread;

	for (int i = 0; i < LISTS; i++)
		ck_assert_ok(mproxy_list_new(manager, &lists[i]));
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	for (int i = 0; i < LISTS; i++)
		mproxy_list_free(lists[i]);
	ck_assert_int_eq(
		pthread_create(&thread, NULL, await_few_objects, lists), 0);
	pthread_join(thread, &in_vain);
	ck_assert_ptr_null(in_vain);
	ck_assert_ok(mproxy_pipeline_end(manager));
}
END_TEST

/* --- a fork in the middle --- */

#ifdef __SANITIZE_THREAD__
/* It rightly objects to fork in a handler, which only works as long as that did
 * not disturb malloc(). */
const char *__tsan_default_options(void);

const char *
__tsan_default_options(void)
{
	return "report_signal_unsafe=0";
}
#endif

static volatile pid_t forked;

static void
on_alarm(int signal)
{
	(void)signal;
	forked = fork();
}

static void
expect_end_of_the_child(pid_t pid)
{
	int status = -1;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(child_forked_in_the_middle_of_a_flush_is_out_of_the_mode)
{
	struct sigaction action = { .sa_handler = on_alarm,
				    .sa_flags = SA_RESTART };
	struct mproxy_value *number = MPROXY(7);
	size_t n = 0;
	int error;

	ck_assert_ok(mproxy_list_append(list, number));
	ck_assert_ok(mproxy_list_repeat_in_place(list, 3000000));
	ck_assert_ok(mproxy_pipeline_begin(manager, 0));
	for (int i = 0; i < 10; i++) {
		ck_assert_ok(mproxy_list_sort(list, true));
		ck_assert_ok(mproxy_list_reverse(list));
	}
	forked = -1;
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ualarm(20000, 0);
	error = mproxy_pipeline_flush(manager);
	if (forked == 0)
		_exit(error == MPROXY_ERR_FORKED &&
				      mproxy_list_len(list, &n) == 0 &&
				      mproxy_pipeline_flush(manager) ==
					      MPROXY_ERR_FORKED
			      ? 0
			      : 1);
	ck_assert_ok(error);
	ck_assert_int_gt(forked, 0);
	expect_end_of_the_child(forked);
	ck_assert_ok(mproxy_pipeline_end(manager));
}
END_TEST

static Suite *
pipeline_suite(void)
{
	Suite *suite = suite_create("pipeline");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(
		tcase, many_calls_arrive_in_order_whatever_the_window, 0, 6);
	tcase_add_test(tcase, call_with_a_result_finds_all_before_it_done);
	tcase_add_test(tcase, nothing_is_sent_before_it_must);
	tcase_add_test(tcase, call_by_name_is_pipelined_too);
	tcase_add_test(tcase, result_that_is_not_asked_for_is_dropped);
	tcase_add_test(tcase, first_error_comes_at_the_end_by_name);
	tcase_add_test(tcase, call_that_waits_says_its_own_error_and_no_other);
	tcase_add_test(tcase, mistake_of_the_caller_is_told_at_once);
	tcase_add_test(tcase, value_too_big_is_told_at_once_and_harms_nothing);
	tcase_add_test(tcase, mode_is_on_once_and_off_by_itself_never);
	tcase_add_test(tcase, call_that_may_wait_is_not_pipelined);
	tcase_add_test(tcase, other_process_gets_what_was_put_in_its_order);
	tcase_add_test(tcase,
		       interrupt_ends_no_pipelined_call_but_the_next_wait);
	tcase_add_test(tcase, replies_that_pile_up_stop_nobody);
	tcase_add_test(tcase,
		       large_call_with_a_result_is_sent_while_replies_pile_up);
	tcase_add_test(tcase,
		       larger_window_than_the_manager_allows_loses_no_call);
	tcase_add_test(tcase, references_do_not_gather_without_end);
	tcase_add_test(
		tcase,
		child_forked_in_the_middle_of_a_flush_is_out_of_the_mode);
	tcase_add_test(tcase, no_memory_is_told_at_once_and_nothing_lost);
	tcase_add_test(tcase, reference_given_up_does_not_overtake_a_call);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(pipeline_suite());
}
