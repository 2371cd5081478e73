/*
 * Why three processes. The one the user started stays in the foreground with
 * prog, as a shell expects of a command: it waits, and passes on signals. The
 * manager is its other child, in a process group of its own: Ctrl-C and Ctrl-Z
 * must not reach it while prog still uses it. A signal from the terminal goes to
 * the whole group, so prog has it already; only those sent to mproxyd alone
 * are passed on.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/address.h"
#include "server/around.h"
#include "server/daemon.h"

static const int forwarded[] = {
	SIGHUP,	 SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1,
	SIGUSR2, SIGALRM, SIGWINCH, SIGCONT,
};

struct around {
	const struct options *options;
	char address[ADDRESS_SIZE + 1]; /* of the manager */
	pid_t manager;			/* 0: gone */
	pid_t prog;
	int owner_pipe;		    /* the manager ends when this is closed */
	sigset_t watched;	    /* blocked here, taken one by one */
	sigset_t old_mask;	    /* for prog and manager */
	struct sigaction old_child; /* for prog */
};

static int
fail(const char *what)
{
	log_line(LOG_LEVEL_ERROR, "%s: %s", what, strerror(errno));
	return -1;
}

static void
hold_signals(struct around *around)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };

	sigemptyset(&around->watched);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&around->watched, forwarded[i]);
	sigaddset(&around->watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &around->watched, &around->old_mask);
	/* were it ignored, there would be no status to pass on */
	sigaction(SIGCHLD, &standard, &around->old_child);
}

/* --- the manager --- */

/* Reads the line that says it is ready; false when it ended instead. */
static bool
read_address(struct around *around, int fd)
{
	size_t size = 0;
	ssize_t n;

	while (size < sizeof(around->address)) {
		n = read(fd, around->address + size,
			 sizeof(around->address) - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		size += (size_t)n;
		if (around->address[size - 1] == '\n') {
			around->address[size - 1] = '\0';
			return true;
		}
	}
	return false;
}

static void __attribute__((noreturn))
become_manager(const struct around *around, int ready, int owner)
{
	struct options options = *around->options;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	options.command = NULL;
	options.is_private = true;
	options.stays_child = true;
	options.print_address = false;
	options.ready_fd = ready;
	options.owner_fd = owner;
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	exit(daemon_run(&options));
}

static int
start_manager(struct around *around)
{
	bool is_ready;
	int ready[2];
	int owner[2];

	if (pipe2(ready, O_CLOEXEC) < 0)
		return fail("cannot make a pipe");
	if (pipe2(owner, O_CLOEXEC) < 0) {
		close(ready[0]);
		close(ready[1]);
		return fail("cannot make a pipe");
	}
	around->manager = fork();
	if (around->manager == 0)
		become_manager(around, ready[1], owner[0]);
	close(ready[1]);
	close(owner[0]);
	around->owner_pipe = owner[1];
	is_ready = around->manager > 0 && read_address(around, ready[0]);
	close(ready[0]);
	if (around->manager < 0)
		return fail("cannot start the manager");
	if (!is_ready)
		return -1; /* it said why */
	if (around->options->print_address) {
		printf("%s\n", around->address);
		fflush(stdout);
	}
	return 0;
}

static void
end_manager(struct around *around)
{
	close(around->owner_pipe);
	if (around->manager <= 0)
		return;
	while (waitpid(around->manager, NULL, 0) < 0 && errno == EINTR)
		;
}

/* --- prog --- */

static void __attribute__((noreturn))
become_prog(const struct around *around, int error_pipe)
{
	char **command = around->options->command;
	int error;

	sigaction(SIGCHLD, &around->old_child, NULL);
	sigprocmask(SIG_SETMASK, &around->old_mask, NULL);
	if (setenv(ADDRESS_ENVIRONMENT, around->address, 1) == 0)
		execvp(command[0], command);
	error = errno;
	if (write(error_pipe, &error, sizeof(error)) < 0)
		_exit(AROUND_FAILED);
	_exit(AROUND_NOT_STARTED);
}

/* 0, or the exit status for a prog that could not be started. */
static int
start_prog(struct around *around)
{
	int error_pipe[2];
	int error = 0;
	ssize_t n;

	if (pipe2(error_pipe, O_CLOEXEC) < 0) {
		fail("cannot make a pipe");
		return AROUND_FAILED;
	}
	around->prog = fork();
	if (around->prog == 0)
		become_prog(around, error_pipe[1]);
	close(error_pipe[1]);
	if (around->prog < 0) {
		close(error_pipe[0]);
		fail("cannot start a process");
		return AROUND_FAILED;
	}
	do {
		n = read(error_pipe[0], &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	close(error_pipe[0]);
	if (n != sizeof(error))
		return 0;
	while (waitpid(around->prog, NULL, 0) < 0 && errno == EINTR)
		;
	log_line(LOG_LEVEL_ERROR, "cannot run %s: %s",
		 around->options->command[0], strerror(error));
	return AROUND_NOT_STARTED;
}

/* Reaps whoever ended; true when that was prog, then with its status. */
static bool
reap(struct around *around, int *ret_status)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid == around->manager) {
			around->manager = 0;
			log_line(LOG_LEVEL_ERROR,
				 "the manager ended before %s did",
				 around->options->command[0]);
		}
		if (pid != around->prog)
			continue;
		/* the terminal stops all of us; this prog did to itself, and
		 * the shell that waits for us has to see it */
		if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP)
			raise(SIGSTOP);
		if (WIFSTOPPED(status))
			continue;
		*ret_status = WIFEXITED(status) ? WEXITSTATUS(status)
						: 128 + WTERMSIG(status);
		return true;
	}
	return false;
}

static int
wait_for_prog(struct around *around)
{
	siginfo_t info;
	int status;
	int number;

	for (;;) {
		number = sigwaitinfo(&around->watched, &info);
		if (number == SIGCHLD && reap(around, &status))
			return status;
		if (number > 0 && number != SIGCHLD &&
		    info.si_code != SI_KERNEL)
			kill(around->prog, number);
	}
}

int
around_run(const struct options *options)
{
	struct around around = { .options = options, .owner_pipe = -1 };
	int status;

	log_set_level(options->log_level);
	hold_signals(&around);
	if (start_manager(&around) < 0) {
		if (around.owner_pipe >= 0)
			end_manager(&around);
		return AROUND_FAILED;
	}
	status = start_prog(&around);
	if (status == 0)
		status = wait_for_prog(&around);
	end_manager(&around);
	return status;
}
