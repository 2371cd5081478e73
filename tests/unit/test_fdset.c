/*
 * Sets of descriptors: each has one owner, none is lost.
 */
#include "proto/fdset.h"

#include <fcntl.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "tests/harness/check-main.h"
#include "tests/harness/leak.h"

static struct fdset set;
static struct fdset other;

static void
setup(void)
{
	leak_check_begin();
}

static void
teardown(void)
{
	fdset_deinit(&set);
	fdset_deinit(&other);
	leak_check_end();
}

static int
new_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(taken_in_the_order_they_came)
{
	int first = new_fd();
	int second = new_fd();

	ck_assert_int_eq(fdset_consume(&set, first), 0);
	ck_assert_int_eq(fdset_consume(&set, second), 0);
	ck_assert_int_eq(fdset_take(&set), first);
	ck_assert_int_eq(fdset_take(&set), second);
	ck_assert_int_eq(fdset_take(&set), -1);
	close(first);
	close(second);
}
END_TEST

START_TEST(what_nobody_takes_is_closed)
{
	int fd = new_fd();

	fdset_consume(&set, fd);
	fdset_consume(&set, new_fd());
	fdset_deinit(&set);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_uint_eq(set.n, 0);
}
END_TEST

START_TEST(full_set_closes_what_it_cannot_hold)
{
	int fd;

	for (int i = 0; i < FDSET_MAX; i++)
		ck_assert_int_eq(fdset_consume(&set, new_fd()), 0);
	fd = new_fd();
	ck_assert_int_eq(fdset_consume(&set, fd), MPROXY_ERR_LIMIT);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_uint_eq(set.n, FDSET_MAX);
}
END_TEST

START_TEST(move_takes_the_oldest)
{
	int fds[3] = { new_fd(), new_fd(), new_fd() };

	for (int i = 0; i < 3; i++)
		fdset_consume(&set, fds[i]);
	fdset_consume(&other, new_fd());
	ck_assert_int_eq(fdset_move(&set, 2, &other), 0);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_int_eq(set.fds[0], fds[2]);
	ck_assert_uint_eq(other.n, 3);
	ck_assert_int_eq(other.fds[1], fds[0]);
	ck_assert_int_eq(other.fds[2], fds[1]);
	ck_assert_int_eq(fdset_move(&set, 0, &other), 0);
}
END_TEST

START_TEST(move_of_more_than_there_are_moves_nothing)
{
	fdset_consume(&set, new_fd());
	ck_assert_int_eq(fdset_move(&set, 2, &other), MPROXY_ERR_PROTOCOL);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_uint_eq(other.n, 0);
}
END_TEST

START_TEST(move_into_a_full_set_moves_nothing)
{
	for (int i = 0; i < FDSET_MAX; i++)
		fdset_consume(&other, new_fd());
	fdset_consume(&set, new_fd());
	ck_assert_int_eq(fdset_move(&set, 1, &other), MPROXY_ERR_PROTOCOL);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_uint_eq(other.n, FDSET_MAX);
}
END_TEST

static Suite *
fdset_suite(void)
{
	Suite *suite = suite_create("fdset");
	TCase *tcase = tcase_create("fdset");

	tcase_set_timeout(tcase, 10);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, taken_in_the_order_they_came);
	tcase_add_test(tcase, what_nobody_takes_is_closed);
	tcase_add_test(tcase, full_set_closes_what_it_cannot_hold);
	tcase_add_test(tcase, move_takes_the_oldest);
	tcase_add_test(tcase, move_of_more_than_there_are_moves_nothing);
	tcase_add_test(tcase, move_into_a_full_set_moves_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(fdset_suite());
}
