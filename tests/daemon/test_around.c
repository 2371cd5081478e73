/*
 * mproxyd -- prog: statuses, signals, and what is left behind.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/harness/check-main.h"
#include "tests/harness/daemon.h"
#include "tests/harness/leak.h"
#include "tests/harness/raw.h"

static struct test_folder folder;

static void
set_up(void)
{
	leak_check_begin();
	test_folder_make(&folder);
	setenv("XDG_RUNTIME_DIR", folder.path, 1);
}

static void
tear_down(void)
{
	char path[64];

	/* only the folder itself may be left */
	snprintf(path, sizeof(path), "%s/mproxy", folder.path);
	ck_assert_int_eq(rmdir(path), 0);
	test_folder_remove(&folder);
	leak_check_end();
}

static void
expect_status(const char *script, int status, const char *output)
{
	const char *argv[] = { "mproxyd", "--", "sh", "-c", script, NULL };
	struct daemon_result result;

	daemon_run_command(argv, &result);
	ck_assert_msg(result.status == status, "%s: %d, not %d: %s", script,
		      result.status, status, result.output);
	ck_assert_str_eq(result.output, output);
}

START_TEST(status_of_prog_is_passed_on)
{
	expect_status("exit 0", 0, "");
	expect_status("echo out; exit 3", 3, "out\n");
	expect_status("exit 255", 255, "");
	expect_status("kill -9 $$", 128 + SIGKILL, "");
	expect_status("kill -TERM $$", 128 + SIGTERM, "");
}
END_TEST

START_TEST(prog_that_cannot_start_is_named)
{
	const char *missing[] = { "mproxyd", "--", "no-such-prog", "x", NULL };
	const char *plain[] = { "mproxyd", "/etc/passwd", NULL };
	struct daemon_result result;

	daemon_run_command(missing, &result);
	ck_assert_int_eq(result.status, 127);
	ck_assert_ptr_nonnull(strstr(result.output, "no-such-prog"));
	daemon_run_command(plain, &result);
	ck_assert_int_eq(result.status, 127);
	ck_assert_ptr_nonnull(strstr(result.output, "/etc/passwd"));
}
END_TEST

START_TEST(manager_that_cannot_start_is_told)
{
	const char *argv[] = { "mproxyd", "--address",	 "@x", "--",
			       "echo",	  "not reached", NULL };
	struct daemon_result result;

	daemon_run_command(argv, &result);
	ck_assert_int_eq(result.status, 125);
	ck_assert_ptr_nonnull(strstr(result.output, "abstract"));
	ck_assert_ptr_null(strstr(result.output, "not reached"));
	expect_status("exit 0", 0, "");
}
END_TEST

/* Starts mproxyd around a script, whose first line of output is given. */
static pid_t
start_around(const char *script, char *ret, size_t size)
{
	const char *argv[] = { "mproxyd", "--", "sh", "-c", script, NULL };
	ssize_t n;
	pid_t pid;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = daemon_spawn(argv, fds[1]);
	close(fds[1]);
	n = read(fds[0], ret, size - 1);
	ck_assert_int_gt(n, 0);
	ret[n - 1] = '\0';
	close(fds[0]);
	return pid;
}

START_TEST(prog_finds_its_manager)
{
	char address[DAEMON_ADDRESS_SIZE + 1];
	struct raw raw;
	pid_t pid = start_around("trap 'exit 5' TERM; echo $MPROXY_ADDRESS; "
				 "while :; do sleep 0.1; done",
				 address, sizeof(address));

	raw_open(&raw, address);
	raw_ping(&raw);
	ck_assert_uint_ne(raw.server_pid, (uint32_t)pid);
	kill(pid, SIGTERM);
	ck_assert_int_eq(daemon_wait(pid), 5);
	raw_expect_end(&raw);
	raw_deinit(&raw);
	ck_assert_int_lt(access(address, F_OK), 0);
}
END_TEST

START_TEST(signals_are_passed_on)
{
	static const int numbers[] = { SIGHUP,	SIGINT,	 SIGQUIT,
				       SIGTERM, SIGUSR1, SIGUSR2 };
	char script[128];
	char line[16];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		pid_t pid;

		snprintf(script, sizeof(script),
			 "trap 'exit %zu' %d; echo ready; while :; do "
			 "sleep "
			 "0.05; done",
			 40 + i, numbers[i]);
		pid = start_around(script, line, sizeof(line));
		kill(pid, numbers[i]);
		ck_assert_int_eq(daemon_wait(pid), 40 + (int)i);
	}
}
END_TEST

/* --- at a terminal --- */

static int
open_terminal(char *name, size_t size)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(grantpt(fd), 0);
	ck_assert_int_eq(unlockpt(fd), 0);
	ck_assert_int_eq(ptsname_r(fd, name, size), 0);
	return fd;
}

/* Reads from the terminal until text has come. */
static void
read_until(int fd, char *all, size_t size, const char *text)
{
	size_t used = strlen(all);

	while (!strstr(all, text)) {
		ssize_t n = read(fd, all + used, size - 1 - used);

		ck_assert_msg(n > 0, "\"%s\" lacks \"%s\"", all, text);
		used += (size_t)n;
		all[used] = '\0';
	}
}

START_TEST(ctrl_c_reaches_prog_once_and_the_manager_not)
{
	static const char script[] =
		"n=0; trap 'n=$((n + 1)); echo caught $n' INT; echo ready; "
		"while [ $n = 0 ]; do sleep 0.05; done; sleep 0.3; "
		"test -S $MPROXY_ADDRESS && echo served $n; exit 6";
	const char *argv[] = { "mproxyd", "--", "bash", "-c", script, NULL };
	char name[64];
	char text[4096] = "";
	int terminal = open_terminal(name, sizeof(name));
	pid_t pid = fork();

	if (pid == 0) {
		int fd;

		setsid();
		fd = open(name, O_RDWR);
		ioctl(fd, TIOCSCTTY, 0);
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		argv[0] = daemon_program();
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	read_until(terminal, text, sizeof(text), "ready");
	ck_assert_int_eq(write(terminal, "\003", 1), 1);
	read_until(terminal, text, sizeof(text), "served 1");
	ck_assert_ptr_null(strstr(text, "caught 2"));
	ck_assert_int_eq(daemon_wait(pid), 6);
	close(terminal);
}
END_TEST

START_TEST(manager_goes_when_mproxyd_is_killed)
{
	char address[DAEMON_ADDRESS_SIZE + 1];
	struct raw raw;
	pid_t pid = start_around("echo $MPROXY_ADDRESS; exec sleep 0.2",
				 address, sizeof(address));

	raw_open(&raw, address);
	kill(pid, SIGKILL);
	daemon_wait(pid);
	raw_expect_end(&raw);
	daemon_await_end((pid_t)raw.server_pid);
	raw_deinit(&raw);
	ck_assert_int_lt(access(address, F_OK), 0);
}
END_TEST

static Suite *
around_suite(void)
{
	Suite *suite = suite_create("around");
	TCase *tcase = tcase_create("around");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, status_of_prog_is_passed_on);
	tcase_add_test(tcase, prog_that_cannot_start_is_named);
	tcase_add_test(tcase, manager_that_cannot_start_is_told);
	tcase_add_test(tcase, prog_finds_its_manager);
	tcase_add_test(tcase, signals_are_passed_on);
	tcase_add_test(tcase, ctrl_c_reaches_prog_once_and_the_manager_not);
	tcase_add_test(tcase, manager_goes_when_mproxyd_is_killed);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(around_suite());
}
