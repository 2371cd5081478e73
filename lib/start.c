/*
 * Why the manager is not our child: what the program waits for with wait() is
 * its own affair. mproxyd, told to be private, forks at once and its first
 * process, our child, ends; it is waited for here. What remains knows its owner
 * by a pipe, of which we alone hold the end that is written to: it ends when we
 * close it or are no more, however we ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "find-program.h"

#define READY_FD 3 /* in the manager */
#define OWNER_FD 4
#define FIRST_FD 10 /* ours are above those */
#define START_MS 30000
#define REAP_MS 5000

struct start {
	char *program;
	char max_value[40];
	char max_memory[40];
	const char *argv[10];
	int ready[2];
	int owner[2];
	pid_t pid;
	char answer[512];
	size_t answer_size;
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
system_error(int error, const char *what)
{
	int code = MPROXY_ERR_START;

	if (error == EMFILE || error == ENFILE)
		code = MPROXY_ERR_NO_DESCRIPTORS;
	else if (error == ENOMEM)
		code = MPROXY_ERR_NO_MEMORY;
	return error_set(code, "%s: %s", what, strerror(error));
}

/* Both ends above what the manager is given them as. */
static int
make_pipe(int ends[2])
{
	int low[2];
	int error = 0;

	if (pipe2(low, O_CLOEXEC) < 0)
		return system_error(errno, "a pipe to a new manager");
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, FIRST_FD);
		if (ends[i] < 0 && !error)
			error = system_error(errno, "a pipe to a new manager");
	}
	close(low[0]);
	close(low[1]);
	return error;
}

/* --- the new process --- */

static void
make_arguments(struct start *start, const struct mproxy_start_options *options)
{
	size_t n = 0;

	start->argv[n++] = start->program;
	start->argv[n++] = "--private";
	start->argv[n++] = "--ready-fd=3";
	start->argv[n++] = "--owner-fd=4";
	if (options->max_value > 0) {
		snprintf(start->max_value, sizeof(start->max_value),
			 "--max-value=%llu",
			 (unsigned long long)options->max_value);
		start->argv[n++] = start->max_value;
	}
	if (options->max_memory > 0) {
		snprintf(start->max_memory, sizeof(start->max_memory),
			 "--max-memory=%llu",
			 (unsigned long long)options->max_memory);
		start->argv[n++] = start->max_memory;
	}
}

/* Its own standard input and output; standard error is shared, if any. */
static int
set_files(posix_spawn_file_actions_t *files, const struct start *start)
{
	int error;

	error = posix_spawn_file_actions_addopen(files, STDIN_FILENO,
						 "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(
			files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!error && fcntl(STDERR_FILENO, F_GETFD) < 0)
		error = posix_spawn_file_actions_addopen(
			files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(files, start->ready[1],
							 READY_FD);
	if (!error)
		error = posix_spawn_file_actions_adddup2(files, start->owner[0],
							 OWNER_FD);
	if (!error)
		error = posix_spawn_file_actions_addclosefrom_np(files,
								 OWNER_FD + 1);
	return error;
}

static int
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all, none;
	int error;

	sigfillset(&all);
	sigemptyset(&none);
	error = posix_spawnattr_setsigdefault(attributes, &all);
	if (!error)
		error = posix_spawnattr_setsigmask(attributes, &none);
	if (!error)
		error = posix_spawnattr_setflags(
			attributes, POSIX_SPAWN_SETSIGDEF |
					    POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETPGROUP);
	return error;
}

static int
spawn(struct start *start)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int error;

	error = posix_spawn_file_actions_init(&files);
	if (error)
		return system_error(error, start->program);
	error = posix_spawnattr_init(&attributes);
	if (!error) {
		error = set_files(&files, start);
		if (!error)
			error = set_attributes(&attributes);
		if (!error)
			error = posix_spawn(
				&start->pid, start->program, &files,
				&attributes,
				(char *const *)(uintptr_t)start->argv, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return error ? system_error(error, start->program) : 0;
}

/* --- its answer --- */

/* Waits a little for our child; somebody else may have waited for it. */
static int
reap(struct start *start, int *ret_status)
{
	int64_t deadline = clock_now() + REAP_MS * NS_PER_MS;
	pid_t pid;

	do {
		pid = waitpid(start->pid, ret_status, WNOHANG);
		if (pid == start->pid)
			return 0;
		if (pid < 0 && errno != EINTR)
			return -1;
		poll(NULL, 0, 1);
	} while (clock_now() < deadline);
	return -1;
}

/* All that comes until the other end is closed. */
static int
read_answer(struct start *start)
{
	int64_t deadline = clock_now() + START_MS * NS_PER_MS;
	struct pollfd ready = { .fd = start->ready[0], .events = POLLIN };
	size_t room = sizeof(start->answer) - 1;

	while (start->answer_size < room) {
		int64_t left = (deadline - clock_now()) / NS_PER_MS;
		ssize_t n;
		int r = poll(&ready, 1, left > 0 ? (int)left : 0);

		if (r == 0)
			return error_set(MPROXY_ERR_START,
					 "%s does not say that it is ready",
					 start->program);
		n = r < 0 ? -1
			  : read(start->ready[0],
				 start->answer + start->answer_size,
				 room - start->answer_size);
		if (n < 0 && errno != EINTR)
			return system_error(errno, start->program);
		if (n == 0)
			break;
		if (n > 0)
			start->answer_size += (size_t)n;
	}
	return 0;
}

static int
say_why(const struct start *start, int status, bool known)
{
	const char *program = start->program;

	if (start->answer_size > 0)
		return error_set(MPROXY_ERR_START, "%s: %.*s", program,
				 (int)strcspn(start->answer, "\n"),
				 start->answer);
	if (known && WIFSIGNALED(status))
		return error_set(MPROXY_ERR_START, "%s was killed: %s", program,
				 strsignal(WTERMSIG(status)));
	if (known && WEXITSTATUS(status) != 0)
		return error_set(MPROXY_ERR_START,
				 "%s ended with status %d and without a word",
				 program, WEXITSTATUS(status));
	return error_set(MPROXY_ERR_START,
			 "%s ended before it was ready; see its standard error",
			 program);
}

/* Its address, or the sentence that says why there is none. */
static int
await(struct start *start, struct address *ret)
{
	char why[256];
	int status = 0;
	bool known;
	int error;
	char *end;

	error = read_answer(start);
	if (error)
		return error;
	known = reap(start, &status) == 0;
	end = memchr(start->answer, '\n', start->answer_size);
	if (start->answer[0] != '/' || !end)
		return say_why(start, status, known);
	*end = '\0';
	error = address_parse(start->answer, ret, why, sizeof(why));
	return error ? error_set(MPROXY_ERR_START, "%s", why) : 0;
}

static int
run(struct start *start, struct mproxy_manager **ret)
{
	struct address address;
	struct slot *owner;
	int error;

	error = make_pipe(start->ready);
	if (!error)
		error = make_pipe(start->owner);
	if (error)
		return error;
	owner = slot_take(start->owner[1]);
	if (!owner)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory to start a manager");
	start->owner[1] = -1; /* the slot's */
	error = spawn(start);
	close_fd(&start->ready[1]);
	close_fd(&start->owner[0]);
	if (!error)
		error = await(start, &address);
	if (!error)
		error = connection_open(&address, ret);
	if (error)
		close(slot_give(owner));
	else
		connection_keep(*ret, owner);
	return error;
}

/* Whoever was compiled with older headers has a smaller struct. */
static int
read_options(const struct mproxy_start_options *given,
	     struct mproxy_start_options *ret)
{
	mproxy_start_options_init(ret);
	if (!given)
		return 0;
	if (given->size < sizeof(given->size) || given->size > sizeof(*ret))
		return error_set(MPROXY_ERR_INVALID,
				 "struct mproxy_start_options has the size %zu",
				 given->size);
	memcpy(ret, given, given->size);
	ret->size = sizeof(*ret);
	return 0;
}

void
mproxy_start_options_init(struct mproxy_start_options *options)
{
	*options = (struct mproxy_start_options){ .size = sizeof(*options) };
}

int
mproxy_start(const struct mproxy_start_options *options,
	     struct mproxy_manager **ret)
{
	struct mproxy_start_options wanted;
	struct start start = {
		.ready = { -1, -1 },
		.owner = { -1, -1 },
	};
	int error, cancel;

	error = read_options(options, &wanted);
	if (error)
		return error;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	error = find_program(wanted.program, &start.program);
	if (!error) {
		make_arguments(&start, &wanted);
		error = run(&start, ret);
	}
	for (int i = 0; i < 2; i++) {
		close_fd(&start.ready[i]);
		close_fd(&start.owner[i]);
	}
	free(start.program);
	pthread_setcancelstate(cancel, NULL);
	return error;
}
