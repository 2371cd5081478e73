/*
 * The harness finds what it is there to find.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/harness/leak.h"

/* Kept from the optimiser, which knows what malloc is for. */
static void *volatile memory;

static bool
alloc_works(void)
{
	memory = malloc(1);
	free(memory);
	return memory != NULL;
}

START_TEST(chosen_allocation_fails_and_no_other)
{
	bool works[3];

	fault_fail_at(2);
	for (int i = 0; i < 3; i++)
		works[i] = alloc_works();
	fault_reset();
	ck_assert(works[0] && !works[1] && works[2]);
}
END_TEST

START_TEST(all_allocations_from_the_chosen_one_on_fail)
{
	bool works[3];
	unsigned count;

	fault_fail_from(2);
	for (int i = 0; i < 3; i++)
		works[i] = alloc_works();
	count = fault_count();
	fault_reset();
	ck_assert(works[0] && !works[1] && !works[2]);
	ck_assert_uint_eq(count, 3);
	ck_assert(alloc_works());
}
END_TEST

START_TEST(descriptors_are_counted)
{
	size_t before = leak_count_fds();
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_uint_eq(leak_count_fds(), before + 1);
	close(fd);
	ck_assert_uint_eq(leak_count_fds(), before);
}
END_TEST

START_TEST(children_are_counted_until_waited_for)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	ck_assert_uint_eq(leak_count_children(), 1);
	waitpid(pid, NULL, 0);
	ck_assert_uint_eq(leak_count_children(), 0);
}
END_TEST

START_TEST(random_numbers_come_from_their_seed)
{
	uint64_t first = 1, again = 1, other = 2;

	ck_assert_uint_eq(check_random(&first), check_random(&again));
	ck_assert_uint_eq(check_random(&first), check_random(&again));
	ck_assert_uint_ne(check_random(&first), check_random(&other));
}
END_TEST

static Suite *
harness_suite(void)
{
	Suite *suite = suite_create("harness");
	TCase *tcase = tcase_create("harness");

	tcase_set_timeout(tcase, 10);
	tcase_add_checked_fixture(tcase, leak_check_begin, leak_check_end);
	tcase_add_test(tcase, chosen_allocation_fails_and_no_other);
	tcase_add_test(tcase, all_allocations_from_the_chosen_one_on_fail);
	tcase_add_test(tcase, descriptors_are_counted);
	tcase_add_test(tcase, children_are_counted_until_waited_for);
	tcase_add_test(tcase, random_numbers_come_from_their_seed);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(harness_suite());
}
