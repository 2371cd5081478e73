/*
 * The workers as processes: started, killed, reaped. Each leads a process
 * group of its own, so that what a task started ends with its worker.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/pool/pool-private.h"

void
crew_fresh_signals(void)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	sigset_t none;
	int signal;

	for (signal = 1; signal <= SIGRTMAX; signal++)
		sigaction(signal, &standard, NULL); /* fails for a few */
	/* in the background: to print is fine, and to read is an error */
	sigaction(SIGTTOU, &ignored, NULL);
	sigaction(SIGTTIN, &ignored, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int
crew_watch_children(struct crew *crew)
{
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	crew->children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	return crew->children < 0 ? errno : 0;
}

void
crew_drain_signals(const struct crew *crew)
{
	struct signalfd_siginfo info;

	while (read(crew->children, &info, sizeof(info)) > 0)
		;
}

/* --- starting --- */

static void
forget_descriptors(const struct crew *crew)
{
	close(crew->children);
	close(crew->setup->leash);
	close(crew->setup->life);
	if (crew->owner >= 0)
		close(crew->owner);
}

/* In the new process of a zygote. */
static _Noreturn void
become_worker(const struct crew *crew, pid_t supervisor)
{
	struct crew_setup setup = *crew->setup;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor)
		_exit(1);
	prctl(PR_SET_NAME, program_invocation_short_name);
	forget_descriptors(crew);
	crew_fresh_signals();
	setup.role = ROLE_WORKER;
	worker_run(&setup);
}

static pid_t
fork_worker(const struct crew *crew)
{
	pid_t supervisor = getpid();
	pid_t pid = fork();

	if (pid == 0)
		become_worker(crew, supervisor);
	if (pid < 0)
		return error_set(MPROXY_ERR_START, "cannot fork a worker: %s",
				 strerror(errno));
	return pid;
}

int
crew_hire(struct crew *crew)
{
	struct crew_setup setup = *crew->setup;
	pid_t pid;

	setup.role = ROLE_WORKER;
	pid = setup.method == MPROXY_START_ZYGOTE ? fork_worker(crew)
						  : spawn_worker(&setup);
	if (pid < 0)
		return pid;
	setpgid(pid, pid); /* whoever comes first */
	crew->pids[crew->n++] = pid;
	return 0;
}

/* --- ending --- */

static bool
strike_off(struct crew *crew, pid_t pid)
{
	size_t i;

	for (i = 0; i < crew->n; i++) {
		if (crew->pids[i] != pid)
			continue;
		crew->pids[i] = crew->pids[--crew->n];
		return true;
	}
	return false;
}

pid_t
crew_bury(struct crew *crew, int *ret_status)
{
	for (;;) {
		siginfo_t info = { .si_pid = 0 };
		int status;
		bool ours;

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    info.si_pid == 0)
			return 0;
		ours = strike_off(crew, info.si_pid);
		/* as long as it is not reaped, its number is nobody else's */
		if (ours)
			kill(-info.si_pid, SIGKILL);
		if (waitpid(info.si_pid, &status, 0) < 0 || !ours)
			continue;
		*ret_status = status;
		return info.si_pid;
	}
}

void
crew_disband(struct crew *crew, int timeout_ms)
{
	int64_t end = clock_now() + timeout_ms * NS_PER_MS;
	int status;
	size_t i;

	for (i = 0; i < crew->n; i++) {
		kill(-crew->pids[i], SIGKILL);
		kill(crew->pids[i], SIGKILL);
	}
	while (crew->n > 0 && clock_now() < end) {
		struct pollfd children = { .fd = crew->children,
					   .events = POLLIN };

		if (crew_bury(crew, &status) == 0) {
			poll(&children, 1, 20);
			crew_drain_signals(crew);
		}
	}
}
