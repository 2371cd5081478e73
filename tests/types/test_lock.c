/*
 * Shared locks through the public headers, against the real daemon.
 */
#include <mproxy/mproxy.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>

#include "tests/harness/check-main.h"
#include "tests/harness/manager.h"
#include "tests/harness/value-check.h"

static struct mproxy_lock *lock;
static struct mproxy_queue *queue; /* for children to say where they are */

static void
setup(void)
{
	manager_setup();
	ck_assert_ok(mproxy_lock_new(manager, &lock));
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
}

static void
teardown(void)
{
	lock = mproxy_lock_free(lock);
	queue = mproxy_queue_free(queue);
	manager_teardown();
}

static void
await_child(void)
{
	struct mproxy_value *value;

	ck_assert_ok(mproxy_queue_get(queue, LONG_MS, &value));
	mproxy_value_free(value);
}

/* --- alone --- */

START_TEST(lock_is_taken_and_given_back)
{
	struct mproxy_lock_grant first, second;

	ck_assert_gives_bool(mproxy_lock_is_locked(lock, &got), false);
	ck_assert_ok(mproxy_lock_acquire(lock, -1, &first));
	ck_assert_gives_bool(mproxy_lock_is_locked(lock, &got), true);
	ck_assert_ok(mproxy_lock_release(lock));
	ck_assert_gives_bool(mproxy_lock_is_locked(lock, &got), false);
	ck_assert_ok(mproxy_lock_acquire(lock, 0, &second));
	ck_assert(!first.owner_died && !second.owner_died);
	ck_assert_uint_gt(second.fencing, first.fencing);
	ck_assert_ok(mproxy_lock_release(lock));
	ck_assert_ok(mproxy_lock_acquire(lock, -1, NULL));
	ck_assert_ok(mproxy_lock_release(lock));
}
END_TEST

START_TEST(lock_is_not_recursive)
{
	struct mproxy_lock_grant grant = { 0, false };
	int64_t begun;

	ck_assert_ok(mproxy_lock_acquire(lock, -1, NULL));
	ck_assert_error(mproxy_lock_acquire(lock, 0, &grant), WOULD_BLOCK);
	begun = now_ms();
	ck_assert_error(mproxy_lock_acquire(lock, 30, &grant), TIMEOUT);
	ck_assert_int_ge(now_ms() - begun, 30);
	ck_assert_uint_eq(grant.fencing, 0);
	ck_assert_ok(mproxy_lock_release(lock));
}
END_TEST

START_TEST(only_the_owner_releases)
{
	ck_assert_error(mproxy_lock_release(lock), NOT_OWNER);
	ck_assert_ok(mproxy_lock_acquire(lock, -1, NULL));
	ck_assert_ok(mproxy_lock_release(lock));
	ck_assert_error(mproxy_lock_release(lock), NOT_OWNER);
}
END_TEST

START_TEST(holder_is_told)
{
	struct mproxy_lock_grant grant;
	struct mproxy_lock_holder holder;

	ck_assert_error(mproxy_lock_holder(lock, &holder), NOT_FOUND);
	ck_assert_ok(mproxy_lock_acquire(lock, -1, &grant));
	ck_assert_ok(mproxy_lock_holder(lock, &holder));
	ck_assert_int_eq(holder.pid, getpid());
	ck_assert_uint_eq(holder.thread, (uint64_t)syscall(SYS_gettid));
	ck_assert_uint_eq(holder.fencing, grant.fencing);
	ck_assert_int_ge(holder.held_ns, 0);
	ck_assert_uint_eq(holder.waiters, 0);
	ck_assert_ok(mproxy_lock_release(lock));
	ck_assert_error(mproxy_lock_holder(lock, &holder), NOT_FOUND);
}
END_TEST

START_TEST(proxy_is_counted_named_and_goes_through_values)
{
	int64_t before = manager_objects();
	struct mproxy_lock *a, *b;
	struct mproxy_value *value;

	ck_assert_ok(mproxy_lock_open(manager, "summary", &a));
	ck_assert_ok(mproxy_lock_open(manager, "summary", &b));
	ck_assert_ok(mproxy_lock_acquire(a, 0, NULL));
	ck_assert_error(mproxy_lock_acquire(b, 0, NULL), WOULD_BLOCK);
	ck_assert_ok(mproxy_lock_release(b));
	value = MPROXY(mproxy_lock_object(mproxy_lock_ref(a)));
	mproxy_lock_free(a);
	mproxy_lock_free(a);
	mproxy_lock_free(b);
	ck_assert_ok(mproxy_lock_from_value(value, &a));
	mproxy_value_free(value);
	ck_assert_ok(mproxy_manager_unlink(manager, "summary"));
	mproxy_lock_free(a);
	ck_assert_int_eq(manager_objects(), before);
}
END_TEST

/* --- threads --- */

struct attempt {
	int acquire, release;
};

static void *
try_in_thread(void *argument)
{
	struct attempt *attempt = argument;

	attempt->release = mproxy_lock_release(lock);
	attempt->acquire = mproxy_lock_acquire(lock, 0, NULL);
	return NULL;
}

START_TEST(another_thread_is_another_owner)
{
	struct attempt attempt;
	pthread_t thread;

	ck_assert_ok(mproxy_lock_acquire(lock, -1, NULL));
	pthread_create(&thread, NULL, try_in_thread, &attempt);
	pthread_join(thread, NULL);
	ck_assert_int_eq(attempt.release, MPROXY_ERR_NOT_OWNER);
	ck_assert_int_eq(attempt.acquire, MPROXY_ERR_WOULD_BLOCK);
	ck_assert_ok(mproxy_lock_release(lock));
}
END_TEST

START_TEST(thread_that_ends_loses_its_lock)
{
	struct mproxy_lock_grant grant;
	struct attempt attempt;
	pthread_t thread;

	pthread_create(&thread, NULL, try_in_thread, &attempt);
	pthread_join(thread, NULL);
	ck_assert_int_eq(attempt.acquire, 0);
	ck_assert_ok(mproxy_lock_acquire(lock, LONG_MS, &grant));
	ck_assert(grant.owner_died);
	ck_assert_ok(mproxy_lock_release(lock));
	/* told once */
	ck_assert_ok(mproxy_lock_acquire(lock, 0, &grant));
	ck_assert(!grant.owner_died);
	ck_assert_ok(mproxy_lock_release(lock));
}
END_TEST

/* --- processes --- */

static int
hold_until_killed(void)
{
	struct mproxy_value *value;

	CHILD_CHECK(mproxy_lock_acquire(lock, -1, NULL) == 0);
	CHILD_CHECK(mproxy_queue_put(queue, MPROXY(1), 0) == 0);
	for (;;)
		mproxy_queue_get(queue, LONG_MS, &value);
}

START_TEST(killed_holder_passes_it_on_with_a_larger_number)
{
	struct mproxy_lock_grant before, after;
	struct mproxy_lock_holder holder;
	pid_t child;

	ck_assert_ok(mproxy_lock_acquire(lock, -1, &before));
	ck_assert_ok(mproxy_lock_release(lock));
	child = child_begin(hold_until_killed);
	await_child();
	ck_assert_error(mproxy_lock_acquire(lock, 0, NULL), WOULD_BLOCK);
	ck_assert_error(mproxy_lock_release(lock), NOT_OWNER);
	ck_assert_ok(mproxy_lock_holder(lock, &holder));
	ck_assert_int_eq(holder.pid, child);
	ck_assert_uint_gt(holder.fencing, before.fencing);
	child_kill(child);
	ck_assert_ok(mproxy_lock_acquire(lock, LONG_MS, &after));
	ck_assert(after.owner_died);
	ck_assert_uint_gt(after.fencing, holder.fencing);
	ck_assert_ok(mproxy_lock_release(lock));
}
END_TEST

static int
wait_for_it(void)
{
	struct mproxy_lock_grant grant;

	CHILD_CHECK(mproxy_lock_acquire(lock, LONG_MS, &grant) == 0);
	CHILD_CHECK(!grant.owner_died);
	CHILD_CHECK(mproxy_queue_put(queue, MPROXY((int)getpid()), 0) == 0);
	CHILD_CHECK(mproxy_lock_release(lock) == 0);
	return 0;
}

START_TEST(waiters_are_served_in_the_order_they_came)
{
	pid_t children[3];

	ck_assert_ok(mproxy_lock_acquire(lock, -1, NULL));
	for (int i = 0; i < 3; i++) {
		children[i] = child_begin(wait_for_it);
		manager_await_waits(i + 1);
	}
	ck_assert_ok(mproxy_lock_release(lock));
	for (int i = 0; i < 3; i++) {
		struct mproxy_value *value;
		int64_t pid;

		ck_assert_ok(mproxy_queue_get(queue, -1, &value));
		ck_assert_ok(mproxy_value_get_int(value, &pid));
		mproxy_value_free(value);
		ck_assert_int_eq(pid, children[i]);
		child_end(children[i]);
	}
}
END_TEST

START_TEST(killed_waiter_is_passed_over)
{
	struct mproxy_lock_holder holder;
	pid_t first, second;

	ck_assert_ok(mproxy_lock_acquire(lock, -1, NULL));
	first = child_begin(wait_for_it);
	manager_await_waits(1);
	second = child_begin(wait_for_it);
	manager_await_waits(2);
	ck_assert_ok(mproxy_lock_holder(lock, &holder));
	ck_assert_uint_eq(holder.waiters, 2);
	child_kill(first);
	manager_await_waits(1);
	ck_assert_ok(mproxy_lock_release(lock));
	child_end(second);
}
END_TEST

static int
try_inherited(void)
{
	CHILD_CHECK(mproxy_lock_release(lock) == MPROXY_ERR_NOT_OWNER);
	CHILD_CHECK(mproxy_lock_acquire(lock, 0, NULL) ==
		    MPROXY_ERR_WOULD_BLOCK);
	return 0;
}

START_TEST(child_does_not_inherit_the_lock)
{
	ck_assert_ok(mproxy_lock_acquire(lock, -1, NULL));
	child_end(child_begin(try_inherited));
	ck_assert_ok(mproxy_lock_release(lock));
}
END_TEST

#define ROUNDS 200

static struct mproxy_list *list;

/* Without the lock two of these would read the same number. */
static int
count_up(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct mproxy_value *value;
		int64_t n;

		CHILD_CHECK(mproxy_lock_acquire(lock, -1, NULL) == 0);
		CHILD_CHECK(mproxy_list_get(list, 0, &value) == 0);
		CHILD_CHECK(mproxy_value_get_int(value, &n) == 0);
		mproxy_value_free(value);
		CHILD_CHECK(mproxy_list_set(list, 0, MPROXY(n + 1)) == 0);
		CHILD_CHECK(mproxy_lock_release(lock) == 0);
	}
	return 0;
}

START_TEST(one_at_a_time)
{
	pid_t children[3];

	ck_assert_ok(mproxy_list_new_from(manager, MPROXY_LIST(0), &list));
	for (int i = 0; i < 3; i++)
		children[i] = child_begin(count_up);
	for (int i = 0; i < 3; i++)
		child_end(children[i]);
	ck_assert_gives(mproxy_list_get(list, 0, &got), "600");
	mproxy_list_free(list);
}
END_TEST

static Suite *
lock_suite(void)
{
	Suite *suite = suite_create("lock");
	TCase *tcase = tcase_create("lock");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, lock_is_taken_and_given_back);
	tcase_add_test(tcase, lock_is_not_recursive);
	tcase_add_test(tcase, only_the_owner_releases);
	tcase_add_test(tcase, holder_is_told);
	tcase_add_test(tcase, proxy_is_counted_named_and_goes_through_values);
	tcase_add_test(tcase, another_thread_is_another_owner);
	tcase_add_test(tcase, thread_that_ends_loses_its_lock);
	tcase_add_test(tcase, killed_holder_passes_it_on_with_a_larger_number);
	tcase_add_test(tcase, waiters_are_served_in_the_order_they_came);
	tcase_add_test(tcase, killed_waiter_is_passed_over);
	tcase_add_test(tcase, child_does_not_inherit_the_lock);
	tcase_add_test(tcase, one_at_a_time);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(lock_suite());
}
