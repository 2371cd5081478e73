/*
 * How the daemon begins and ends: what it says when it cannot, what it leaves
 * behind when it is killed, and whose end is its own.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
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
}

static void
tear_down(void)
{
	test_folder_remove(&folder);
	leak_check_end();
}

static const char *
in_folder(const char *name)
{
	static char paths[4][256];
	static unsigned n;
	char *path = paths[n++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder.path, name);
	return path;
}

/* Some of these live at the same time, but never more than four. */
/* The daemon does not start at this address, and its message has both parts. */
static void
expect_refusal(const char *address, const char *part, const char *other)
{
	const char *argv[] = { "mproxyd", "--address", address, NULL };
	struct daemon_result result;

	daemon_run_command(argv, &result);
	ck_assert_int_eq(result.status, 1);
	ck_assert_msg(strstr(result.output, part) != NULL,
		      "\"%s\" lacks \"%s\"", result.output, part);
	ck_assert_msg(strstr(result.output, other) != NULL,
		      "\"%s\" lacks \"%s\"", result.output, other);
}

START_TEST(path_that_is_too_long_is_named)
{
	char path[200];
	size_t size = strlen(folder.path);

	memcpy(path, folder.path, size);
	memset(path + size, 'x', 108 - size);
	path[size] = '/';
	path[108] = '\0';
	expect_refusal(path, "too long: 108 bytes, at most 107", path);
	path[107] = '\0';
	{
		/* one byte less will do */
		struct test_daemon daemon = { .folder = folder };
		const char *argv[] = { "mproxyd",    "--address", path,
				       "--ready-fd", "1",	  NULL };
		char line[DAEMON_ADDRESS_SIZE + 1] = "";
		int fds[2];

		ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
		daemon.pid = daemon_spawn(argv, fds[1]);
		close(fds[1]);
		ck_assert_int_eq(read(fds[0], line, sizeof(line) - 1), 108);
		ck_assert_int_eq(strncmp(line, path, 107), 0);
		close(fds[0]);
		kill(daemon.pid, SIGTERM);
		ck_assert_int_eq(daemon_wait(daemon.pid), 0);
	}
}
END_TEST

START_TEST(folder_that_is_not_safe_is_named)
{
	expect_refusal(in_folder("no/such/socket"), "cannot make folder",
		       in_folder("no/such"));
	ck_assert_int_eq(mkdir(in_folder("open"), 0700), 0);
	ck_assert_int_eq(chmod(in_folder("open"), 0777), 0);
	expect_refusal(in_folder("open/socket"), "writable for other users",
		       in_folder("open"));
	ck_assert_int_eq(chmod(in_folder("open"), 0500), 0);
	if (access(in_folder("open"), W_OK) < 0) /* root may write anywhere */
		expect_refusal(in_folder("open/socket"), "not writable",
			       in_folder("open"));
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(in_folder("open"), 0700), 0);
		ck_assert_int_eq(chown(in_folder("open"), 4711, 4711), 0);
		expect_refusal(in_folder("open/socket"), "uid 4711",
			       in_folder("open"));
	}
}
END_TEST

START_TEST(address_that_is_none_is_named)
{
	expect_refusal("@abstract", "abstract", "@abstract");
	expect_refusal("unix:abstract=x", "abstract", "unix:abstract=x");
	expect_refusal("unix:tmpdir=/x", "not an address", "unix:tmpdir=/x");
	expect_refusal("", "names no socket", "\"\"");
	expect_refusal("/tmp/", "names no socket", "/tmp/");
}
END_TEST

START_TEST(file_in_the_way_is_kept)
{
	int fd = open(in_folder("socket"), O_CREAT | O_WRONLY | O_CLOEXEC,
		      0600);

	close(fd);
	expect_refusal(in_folder("socket"), "something else than a socket",
		       in_folder("socket"));
	ck_assert_int_eq(access(in_folder("socket"), F_OK), 0);
	ck_assert_uint_eq(test_folder_count(&folder), 1);
}
END_TEST

START_TEST(second_daemon_names_the_first)
{
	struct test_daemon daemon;
	struct raw raw;
	char text[64];

	daemon_start(&daemon, NULL);
	snprintf(text, sizeof(text), "in use by process %d", (int)daemon.pid);
	expect_refusal(daemon.address, text, daemon.address);
	raw_open(&raw, daemon.address);
	raw_ping(&raw);
	raw_deinit(&raw);
	daemon_stop(&daemon);
}
END_TEST

START_TEST(address_of_a_killed_daemon_is_taken_over)
{
	struct test_daemon daemon;
	const char *argv[] = { "mproxyd",    "--address", daemon.address,
			       "--ready-fd", "1",	  NULL };
	char line[DAEMON_ADDRESS_SIZE + 1];
	struct raw raw;
	pid_t pid;
	int fds[2];

	daemon_start(&daemon, NULL);
	daemon_kill(&daemon);
	ck_assert_uint_eq(test_folder_count(&daemon.folder), 2);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = daemon_spawn(argv, fds[1]);
	close(fds[1]);
	ck_assert_int_gt(read(fds[0], line, sizeof(line)), 0);
	close(fds[0]);
	raw_open(&raw, daemon.address);
	raw_ping(&raw);
	raw_deinit(&raw);
	daemon.pid = pid;
	daemon_stop(&daemon);
}
END_TEST

START_TEST(socket_is_for_its_user_only)
{
	struct test_daemon daemon;
	struct stat status;

	umask(0);
	daemon_start(&daemon, NULL);
	ck_assert_int_eq(lstat(daemon.address, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	daemon_stop(&daemon);
}
END_TEST

START_TEST(too_few_descriptors_are_named)
{
	const char *argv[] = {
		"sh", "-c", "ulimit -n 20; exec \"$0\" --address \"$1\"",
		NULL, NULL, NULL
	};
	struct daemon_result result;

	argv[3] = daemon_program();
	argv[4] = in_folder("socket");
	daemon_run_command(argv, &result);
	ck_assert_int_eq(result.status, 1);
	ck_assert_ptr_nonnull(strstr(result.output, "out of descriptors"));
	ck_assert_ptr_nonnull(strstr(result.output, "20"));
}
END_TEST

START_TEST(clients_past_the_descriptors_are_told_and_served_later)
{
	const char *const options[] = { "--max-clients", "4", NULL };
	struct test_daemon daemon;
	struct raw raw[5];
	const struct message_hello hello = { .version = MESSAGE_VERSION };
	bool is_in = false;

	daemon_start(&daemon, options);
	for (int i = 0; i < 4; i++)
		raw_open(&raw[i], daemon.address);
	raw_connect(&raw[4], daemon.address);
	ck_assert_int_lt(raw_welcome(&raw[4]).status, 0);
	raw_expect_end(&raw[4]);
	raw_deinit(&raw[4]);
	for (int i = 0; i < 4; i++)
		raw_ping(&raw[i]);
	for (int i = 0; i < 4; i++)
		raw_deinit(&raw[i]);
	/* each try is a turn, and one of the next sees their ends */
	for (int i = 0; i < 10000; i++) {
		raw_connect(&raw[0], daemon.address);
		raw_send_hello(&raw[0], &hello);
		is_in = raw_welcome(&raw[0]).status == 0;
		raw_deinit(&raw[0]);
		if (is_in)
			break;
	}
	ck_assert(is_in);
	daemon_stop(&daemon);
}
END_TEST

START_TEST(wrong_command_lines_are_refused)
{
	static const char *const lines[][3] = {
		{ "--no-such-option", NULL },
		{ "--max-value", "7", "must be" },
		{ "--max-clients", "x", "must be" },
		{ "--log-level", "loud", "loud" },
		{ "--ready-fd", "999", "not open" },
	};
	struct daemon_result result;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *argv[] = { "mproxyd", lines[i][0], lines[i][1],
				       NULL };

		daemon_run_command(argv, &result);
		ck_assert_int_eq(result.status, 64);
		ck_assert_ptr_nonnull(
			strstr(result.output,
			       lines[i][1] ? lines[i][2] : lines[i][0]));
	}
}
END_TEST

/* --- private daemons --- */

/* A child that starts a private daemon and stays; its output is the address. */
static pid_t
start_owner(int output)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const char *argv[] = { "mproxyd", "--private",	"--ready-fd",
				       "1",	  "--owner-fd", NULL,
				       NULL };
		int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
		char number[16];
		int fds[2];

		/* a pipe does where there are no pidfds */
		if (pidfd < 0 && pipe(fds) == 0) {
			pidfd = fds[0];
			fcntl(fds[1], F_SETFD, FD_CLOEXEC);
		} else {
			fcntl(pidfd, F_SETFD, 0);
		}
		snprintf(number, sizeof(number), "%d", pidfd);
		argv[5] = number;
		setenv("XDG_RUNTIME_DIR", folder.path, 1);
		daemon_spawn(argv, output);
		for (;;)
			pause();
	}
	return pid;
}

static void
read_line(int fd, char *ret, size_t size)
{
	ssize_t n = read(fd, ret, size - 1);

	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(ret[n - 1], '\n');
	ret[n - 1] = '\0';
}

START_TEST(private_daemon_ends_with_its_owner)
{
	char address[DAEMON_ADDRESS_SIZE];
	struct raw raw;
	pid_t owner;
	uint32_t pid;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	owner = start_owner(fds[1]);
	close(fds[1]);
	read_line(fds[0], address, sizeof(address));
	close(fds[0]);
	raw_open(&raw, address);
	pid = raw.server_pid;
	/* the terminal's signals are the owner's affair */
	kill((pid_t)pid, SIGINT);
	kill((pid_t)pid, SIGQUIT);
	kill((pid_t)pid, SIGHUP);
	raw_ping(&raw);
	kill(owner, SIGKILL);
	daemon_wait(owner);
	raw_expect_end(&raw);
	raw_deinit(&raw);
	daemon_await_end((pid_t)pid);
	ck_assert_int_lt(access(address, F_OK), 0);
	rmdir(in_folder("mproxy"));
}
END_TEST

START_TEST(private_daemon_sweeps_what_killed_ones_left)
{
	char address[2][DAEMON_ADDRESS_SIZE];
	struct raw raw;
	pid_t owner[2];
	int fds[2];

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
		owner[i] = start_owner(fds[1]);
		close(fds[1]);
		read_line(fds[0], address[i], sizeof(address[i]));
		close(fds[0]);
		raw_open(&raw, address[i]);
		if (i == 0) {
			kill((pid_t)raw.server_pid, SIGKILL);
			raw_expect_end(&raw);
			daemon_await_end((pid_t)raw.server_pid);
			raw_deinit(&raw);
			ck_assert_int_eq(access(address[0], F_OK), 0);
		}
	}
	ck_assert_int_lt(access(address[0], F_OK), 0);
	kill(owner[0], SIGKILL);
	daemon_wait(owner[0]);
	raw_ping(&raw);
	kill(owner[1], SIGKILL);
	daemon_wait(owner[1]);
	raw_expect_end(&raw);
	daemon_await_end((pid_t)raw.server_pid);
	raw_deinit(&raw);
	ck_assert_int_eq(rmdir(in_folder("mproxy")), 0);
}
END_TEST

/* --- service managers --- */

START_TEST(listening_socket_that_is_handed_over_is_served_and_kept)
{
	const char *sh = "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" --ready-fd 1";
	const char *argv[] = { "sh", "-c", sh, NULL, NULL };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char line[DAEMON_ADDRESS_SIZE + 1];
	struct raw raw;
	pid_t pid;
	int listener;
	int fds[2];

	argv[3] = daemon_program();
	snprintf(name.sun_path, sizeof(name.sun_path), "%s/s", folder.path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&name, sizeof(name)),
			 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(listener, 13);
		dup2(13, 3);
		close(13);
		fcntl(3, F_SETFD, 0);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(fds[1]);
	close(listener);
	read_line(fds[0], line, sizeof(line));
	close(fds[0]);
	ck_assert_str_eq(line, name.sun_path);
	raw_open(&raw, name.sun_path);
	raw_ping(&raw);
	raw_deinit(&raw);
	kill(pid, SIGTERM);
	ck_assert_int_eq(daemon_wait(pid), 0);
	ck_assert_int_eq(access(name.sun_path, F_OK), 0);
}
END_TEST

START_TEST(service_manager_is_told_that_it_is_ready)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct test_daemon daemon;
	char text[32] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s/n", folder.path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	setenv("NOTIFY_SOCKET", name.sun_path, 1);
	daemon_start(&daemon, NULL);
	unsetenv("NOTIFY_SOCKET");
	ck_assert_int_gt(recv(fd, text, sizeof(text) - 1, 0), 0);
	ck_assert_str_eq(text, "READY=1");
	close(fd);
	daemon_stop(&daemon);
}
END_TEST

static Suite *
lifecycle_suite(void)
{
	Suite *suite = suite_create("lifecycle");
	TCase *tcase = tcase_create("lifecycle");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, path_that_is_too_long_is_named);
	tcase_add_test(tcase, folder_that_is_not_safe_is_named);
	tcase_add_test(tcase, address_that_is_none_is_named);
	tcase_add_test(tcase, file_in_the_way_is_kept);
	tcase_add_test(tcase, second_daemon_names_the_first);
	tcase_add_test(tcase, address_of_a_killed_daemon_is_taken_over);
	tcase_add_test(tcase, socket_is_for_its_user_only);
	tcase_add_test(tcase, too_few_descriptors_are_named);
	tcase_add_test(tcase,
		       clients_past_the_descriptors_are_told_and_served_later);
	tcase_add_test(tcase, wrong_command_lines_are_refused);
	tcase_add_test(tcase, private_daemon_ends_with_its_owner);
	tcase_add_test(tcase, private_daemon_sweeps_what_killed_ones_left);
	tcase_add_test(tcase,
		       listening_socket_that_is_handed_over_is_served_and_kept);
	tcase_add_test(tcase, service_manager_is_told_that_it_is_ready);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(lifecycle_suite());
}
