/*
 * Why readiness by a descriptor and ends by a pidfd: a test that sleeps is
 * either slow or wrong, and on a busy machine both.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/check-main.h"
#include "tests/harness/daemon.h"
#include "tests/harness/raw.h"

#define MAX_OPTIONS 32

const char *
daemon_program(void)
{
	const char *path = getenv("MPROXYD");

	return path ? path : "./mproxyd";
}

/* --- folders --- */

void
test_folder_make(struct test_folder *folder)
{
	snprintf(folder->path, sizeof(folder->path), "/tmp/mproxy-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder->path));
}

static size_t
each_file(const struct test_folder *folder, bool removes)
{
	DIR *stream = opendir(folder->path);
	struct dirent *entry;
	size_t n = 0;

	ck_assert_msg(stream != NULL, "%s: %m", folder->path);
	while ((entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		n++;
		if (removes && unlinkat(dirfd(stream), entry->d_name, 0) < 0 &&
		    errno == EISDIR)
			unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR);
	}
	closedir(stream);
	return n;
}

void
test_folder_remove(struct test_folder *folder)
{
	each_file(folder, true);
	ck_assert_msg(rmdir(folder->path) == 0, "%s: %m", folder->path);
}

size_t
test_folder_count(const struct test_folder *folder)
{
	return each_file(folder, false);
}

/* --- processes --- */

static void
await_readable(int fd, const char *what)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int r;

	do {
		r = poll(&poller, 1, DAEMON_PATIENCE_MS);
	} while (r < 0 && errno == EINTR);
	ck_assert_msg(r > 0, "%s takes too long", what);
}

int
daemon_wait(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int status;

	/* where there are none, Check's own time-out has to do */
	if (pidfd >= 0) {
		await_readable(pidfd, "the end of a child");
		close(pidfd);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
daemon_await_end(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0) {
		ck_assert_int_eq(errno, ESRCH);
		return;
	}
	await_readable(pidfd, "the end of a process");
	close(pidfd);
}

pid_t
daemon_spawn(const char *const *argv, int output_fd)
{
	const char *copy[MAX_OPTIONS];
	size_t n = 0;
	pid_t pid;

	do {
		ck_assert_uint_lt(n, MAX_OPTIONS);
		copy[n] = argv[n];
	} while (argv[n++]);
	if (strcmp(copy[0], "mproxyd") == 0)
		copy[0] = daemon_program();
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (output_fd >= 0) {
			dup2(output_fd, STDOUT_FILENO);
			dup2(output_fd, STDERR_FILENO);
		}
		execvp(copy[0], (char *const *)(uintptr_t)copy);
		fprintf(stderr, "cannot run %s: %m\n", copy[0]);
		_exit(127);
	}
	return pid;
}

void
daemon_run_command(const char *const *argv, struct daemon_result *ret)
{
	size_t size = 0;
	ssize_t n;
	pid_t pid;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = daemon_spawn(argv, fds[1]);
	close(fds[1]);
	do {
		await_readable(fds[0], argv[0]);
		n = read(fds[0], ret->output + size,
			 sizeof(ret->output) - 1 - size);
		if (n > 0)
			size += (size_t)n;
	} while (n > 0 && size < sizeof(ret->output) - 1);
	ret->output[size] = '\0';
	close(fds[0]);
	ret->status = daemon_wait(pid);
}

/* --- the daemon --- */

static void
await_address(int fd, char *ret, size_t size)
{
	size_t used = 0;
	ssize_t n;

	do {
		await_readable(fd, "mproxyd");
		n = read(fd, ret + used, size - 1 - used);
		ck_assert_msg(n >= 0, "read: %m");
		used += (size_t)n;
	} while (n > 0 && used < size - 1);
	ck_assert_msg(used > 0 && ret[used - 1] == '\n',
		      "mproxyd did not start");
	ret[used - 1] = '\0';
}

void
daemon_start(struct test_daemon *daemon, const char *const *options)
{
	const char *argv[MAX_OPTIONS] = { "mproxyd", "--address" };
	char address[DAEMON_ADDRESS_SIZE];
	char ready[16];
	size_t n = 2;
	int fds[2];

	test_folder_make(&daemon->folder);
	snprintf(daemon->address, sizeof(daemon->address), "%s/socket",
		 daemon->folder.path);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	fcntl(fds[1], F_SETFD, 0);
	snprintf(ready, sizeof(ready), "%d", fds[1]);
	argv[n++] = daemon->address;
	argv[n++] = "--ready-fd";
	argv[n++] = ready;
	for (; options && *options; options++)
		argv[n++] = *options;
	daemon->pid = daemon_spawn(argv, -1);
	close(fds[1]);
	await_address(fds[0], address, sizeof(address));
	close(fds[0]);
	ck_assert_str_eq(address, daemon->address);
}

void
daemon_stop(struct test_daemon *daemon)
{
	ck_assert_int_eq(kill(daemon->pid, SIGTERM), 0);
	ck_assert_int_eq(daemon_wait(daemon->pid), 0);
	daemon->pid = 0;
	ck_assert_uint_eq(test_folder_count(&daemon->folder), 0);
	daemon_clean(daemon);
}

void
daemon_kill(struct test_daemon *daemon)
{
	ck_assert_int_eq(kill(daemon->pid, SIGKILL), 0);
	ck_assert_int_eq(daemon_wait(daemon->pid), 128 + SIGKILL);
	daemon->pid = 0;
}

void
daemon_clean(struct test_daemon *daemon)
{
	test_folder_remove(&daemon->folder);
}

size_t
daemon_count_fds(const struct test_daemon *daemon)
{
	char path[32];
	struct dirent *entry;
	size_t n = 0;
	DIR *stream;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)daemon->pid);
	stream = opendir(path);
	ck_assert_msg(stream != NULL, "%s: %m", path);
	while ((entry = readdir(stream)))
		n += entry->d_name[0] != '.';
	closedir(stream);
	return n;
}

void
daemon_await_fds(const struct test_daemon *daemon, size_t n)
{
	struct raw raw;
	size_t now = 0;

	raw_open(&raw, daemon->address);
	/* each answer is a turn of its loop; the ends come in one of the
	 * next, and this connection is two descriptors more */
	for (int i = 0; i < 100000 && now != n + 2; i++) {
		raw_ping(&raw);
		now = daemon_count_fds(daemon);
	}
	ck_assert_uint_eq(now, n + 2);
	raw_deinit(&raw);
}
