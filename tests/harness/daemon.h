/*
 * A real mproxyd ($MPROXYD, else ./mproxyd) as a child of the test.
 *
 * It is ready when daemon_start() returns, told by a descriptor. Every
 * failure fails the test; nothing waits longer than DAEMON_PATIENCE_MS.
 */
#ifndef MPROXY_TESTS_DAEMON_H
#define MPROXY_TESTS_DAEMON_H

#include <stddef.h>
#include <sys/types.h>

#define DAEMON_PATIENCE_MS 20000
#define DAEMON_FOLDER_SIZE 48
#define DAEMON_ADDRESS_SIZE 108
#define DAEMON_OUTPUT_SIZE 4096

/* A folder of its own, mode 0700, and what is in it. */
struct test_folder {
	char path[DAEMON_FOLDER_SIZE];
};

void test_folder_make(struct test_folder *folder);
/* Removes it and the files in it. */
void test_folder_remove(struct test_folder *folder);
size_t test_folder_count(const struct test_folder *folder);

struct test_daemon {
	pid_t pid; /* 0: not running */
	struct test_folder folder;
	char address[DAEMON_ADDRESS_SIZE]; /* in the folder */
};

/* options: further ones, ended by NULL; NULL for none. */
void daemon_start(struct test_daemon *daemon, const char *const *options);
/* SIGTERM, waits, checks that it ended well and left nothing behind. */
void daemon_stop(struct test_daemon *daemon);
/* kill -9; the folder stays until daemon_clean(). */
void daemon_kill(struct test_daemon *daemon);
void daemon_clean(struct test_daemon *daemon);

/* Descriptors it has open. */
size_t daemon_count_fds(const struct test_daemon *daemon);
/* Talks to it until it has n descriptors. */
void daemon_await_fds(const struct test_daemon *daemon, size_t n);

/* How a command ended, and what it wrote to both of its streams. */
struct daemon_result {
	int status; /* exit status, 128 + n for a signal */
	char output[DAEMON_OUTPUT_SIZE];
};

/* argv[0] "mproxyd" stands for the one that is tested. */
void daemon_run_command(const char *const *argv, struct daemon_result *ret);
/* The same, not waited for; its output goes to output_fd. */
pid_t daemon_spawn(const char *const *argv, int output_fd);
/* Waits for a child: its exit status, 128 + n for a signal. */
int daemon_wait(pid_t pid);
/* Waits until no process has this pid; it need not be a child. */
void daemon_await_end(pid_t pid);

/* The path of the mproxyd that is tested. */
const char *daemon_program(void);

#endif
