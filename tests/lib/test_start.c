/*
 * A manager of one's own: it starts, or says why not, and is gone with its
 * owner.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mproxy/manager.h>

#include "tests/harness/check-main.h"
#include "tests/harness/leak.h"

static struct mproxy_manager *m;
static char *mproxyd;

static void
setup(void)
{
	const char *path = getenv("MPROXYD");

	leak_check_begin();
	mproxyd = path ? strdup(path) : NULL;
}

static void
teardown(void)
{
	m = mproxy_close(m);
	if (mproxyd)
		setenv("MPROXYD", mproxyd, 1);
	free(mproxyd);
	leak_check_end();
}

static void
assert_detail(const char *part)
{
	if (!strstr(mproxy_error_detail(), part))
		ck_abort_msg("\"%s\" does not say \"%s\"",
			     mproxy_error_detail(), part);
}

/* Waits for the end of fd's other side, at most 10 s. */
static void
assert_ends(int fd)
{
	struct pollfd input = { .fd = fd, .events = POLLIN };
	char byte;

	ck_assert_int_eq(poll(&input, 1, 10000), 1);
	ck_assert_int_le(recv(fd, &byte, 1, 0), 0);
}

static int
connect_raw(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(name.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
		return fd;
	close(fd);
	return -1;
}

START_TEST(started_manager_answers_and_is_no_child)
{
	ck_assert_msg(mproxy_start(NULL, &m) == 0, "%s", mproxy_error_detail());
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(close_ends_the_manager)
{
	char *path;

	ck_assert_int_eq(mproxy_start(NULL, &m), 0);
	path = strdup(mproxy_manager_address(m));
	m = mproxy_close(m);
	/* by the time close returns nobody listens any more */
	ck_assert_int_eq(connect_raw(path), -1);
	ck_assert_int_eq(access(path, F_OK), -1);
	free(path);
}
END_TEST

START_TEST(second_connection_survives_neither_close_nor_hangs)
{
	struct mproxy_manager *other;

	ck_assert_int_eq(mproxy_start(NULL, &m), 0);
	ck_assert_int_eq(mproxy_connect(mproxy_manager_address(m), &other), 0);
	ck_assert_int_eq(mproxy_manager_ping(other), 0);
	m = mproxy_close(m);
	ck_assert_int_eq(mproxy_manager_ping(other), MPROXY_ERR_SERVER_GONE);
	mproxy_close(other);
}
END_TEST

/* How many times: 10, or $MPROXY_FAULT. */
START_TEST(manager_ends_when_its_owner_is_killed)
{
	const char *scale = getenv("MPROXY_FAULT");
	int n = scale ? atoi(scale) : 10;

	for (int i = 0; i < n; i++) {
		char path[sizeof(((struct sockaddr_un *)0)->sun_path)] = "";
		int pipe_fds[2], fd;
		pid_t pid;

		ck_assert_int_eq(pipe(pipe_fds), 0);
		pid = fork();
		if (pid == 0) {
			if (mproxy_start(NULL, &m) != 0)
				_exit(1);
			if (write(pipe_fds[1], mproxy_manager_address(m),
				  strlen(mproxy_manager_address(m))) < 0)
				_exit(1);
			for (;;)
				pause();
		}
		ck_assert_int_gt(read(pipe_fds[0], path, sizeof(path) - 1), 0);
		fd = connect_raw(path);
		ck_assert_int_ge(fd, 0);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		assert_ends(fd);
		close(fd);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
	}
}
END_TEST

START_TEST(forked_child_does_not_keep_the_manager_alive)
{
	int gate[2], fd;
	pid_t pid;

	ck_assert_int_eq(mproxy_start(NULL, &m), 0);
	fd = connect_raw(mproxy_manager_address(m));
	ck_assert_int_eq(pipe(gate), 0);
	pid = fork();
	if (pid == 0) {
		char byte;

		close(gate[1]);
		_exit(read(gate[0], &byte, 1) != 0);
	}
	m = mproxy_close(m);
	assert_ends(fd);
	close(gate[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(gate[0]);
	close(fd);
}
END_TEST

START_TEST(missing_program_is_told_with_the_places)
{
	const char *path = getenv("PATH");
	char *before;
	int error;

	ck_assert_ptr_nonnull(path);
	before = strdup(path);
	unsetenv("MPROXYD");
	setenv("PATH", "/nowhere/bin:/nowhere/else", 1);
	error = mproxy_start(NULL, &m);
	setenv("PATH", before, 1);
	free(before);
	if (!error)
		return; /* it is installed on this machine */
	assert_detail("/nowhere/bin/mproxyd");
	assert_detail("/nowhere/else/mproxyd");
	assert_detail("MPROXYD");
}
END_TEST

START_TEST(named_program_that_cannot_be_run_is_told)
{
	ck_assert_int_eq(
		mproxy_start(
			MPROXY_START_OPTIONS(.program = "/nowhere/mproxyd"),
			&m),
		MPROXY_ERR_START);
	assert_detail("/nowhere/mproxyd");
	ck_assert_int_eq(
		mproxy_start(MPROXY_START_OPTIONS(.program = "/tmp"), &m),
		MPROXY_ERR_START);
	assert_detail("/tmp");
	ck_assert_int_eq(
		mproxy_start(MPROXY_START_OPTIONS(.program = "/bin/false"), &m),
		MPROXY_ERR_START);
	assert_detail("status 1");
}
END_TEST

START_TEST(why_a_manager_could_not_start_is_told)
{
	char folder[] = "/tmp/mproxy-test-XXXXXX";
	char file[64];
	int fd;

	/* a file where the folder for its socket should be */
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/mproxy", folder);
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	setenv("XDG_RUNTIME_DIR", folder, 1);
	ck_assert_int_eq(mproxy_start(NULL, &m), MPROXY_ERR_START);
	assert_detail(file);
	unsetenv("XDG_RUNTIME_DIR");
	unlink(file);
	rmdir(folder);
}
END_TEST

START_TEST(options_of_a_wrong_size_are_refused)
{
	struct mproxy_start_options options;

	mproxy_start_options_init(&options);
	options.size += 8;
	ck_assert_int_eq(mproxy_start(&options, &m), MPROXY_ERR_INVALID);
}
END_TEST

START_TEST(limit_of_values_reaches_the_manager)
{
	struct mproxy_value *stats;

	ck_assert_int_eq(
		mproxy_start(MPROXY_START_OPTIONS(.max_value = 4096), &m), 0);
	ck_assert_int_eq(mproxy_manager_unlink(m, "nothing"),
			 MPROXY_ERR_NOT_FOUND);
	ck_assert_int_eq(mproxy_manager_stats(m, &stats), 0);
	mproxy_value_free(stats);
}
END_TEST

/* Also a program without standard streams can have a manager. */
START_TEST(closed_standard_streams_do_no_harm)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		close(0);
		close(1);
		close(2);
		if (mproxy_start(NULL, &m) != 0)
			_exit(1);
		if (mproxy_manager_ping(m) != 0)
			_exit(2);
		m = mproxy_close(m);
		_exit(fcntl(0, F_GETFD) >= 0 || fcntl(1, F_GETFD) >= 0 ||
		      fcntl(2, F_GETFD) >= 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static Suite *
start_suite(void)
{
	Suite *suite = suite_create("start");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, started_manager_answers_and_is_no_child);
	tcase_add_test(tcase, close_ends_the_manager);
	tcase_add_test(tcase,
		       second_connection_survives_neither_close_nor_hangs);
	tcase_add_test(tcase, manager_ends_when_its_owner_is_killed);
	tcase_add_test(tcase, forked_child_does_not_keep_the_manager_alive);
	tcase_add_test(tcase, missing_program_is_told_with_the_places);
	tcase_add_test(tcase, named_program_that_cannot_be_run_is_told);
	tcase_add_test(tcase, why_a_manager_could_not_start_is_told);
	tcase_add_test(tcase, options_of_a_wrong_size_are_refused);
	tcase_add_test(tcase, limit_of_values_reaches_the_manager);
	tcase_add_test(tcase, closed_standard_streams_do_no_harm);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(start_suite());
}
