/*
 * Running this program again, which then finds in mproxy_init() what it is to
 * be (handover.c).
 *
 * Until execve() the memory is the parent's: only system calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fork.h"
#include "lib/pool/pool-private.h"

#define STACK_SIZE ((size_t)64 << 10) /* more than enough for system calls */

extern char **environ;

/* --- this side of exec --- */

struct plan {
	char *argv[2];
	char **envp;
	int keep[4];
	size_t n_keep;
	pid_t parent; /* of a worker; 0: of a supervisor */
	char *stacks;
	int life;
	struct crew_report failure;
};

static void
keep_descriptors(const struct plan *plan)
{
	struct rlimit limit = { .rlim_cur = 1024 };
	size_t i;

	if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0) {
		/* an old kernel */
		getrlimit(RLIMIT_NOFILE, &limit);
		if (limit.rlim_cur > 65536)
			limit.rlim_cur = 65536;
		for (i = 3; i < limit.rlim_cur; i++)
			fcntl((int)i, F_SETFD, FD_CLOEXEC);
	}
	for (i = 0; i < plan->n_keep; i++)
		fcntl(plan->keep[i], F_SETFD, 0);
}

static int
become_program(void *context)
{
	const struct plan *plan = context;
	ssize_t r;

	crew_fresh_signals();
	if (plan->parent) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != plan->parent)
			return 1;
	}
	keep_descriptors(plan);
	execve("/proc/self/exe", plan->argv, plan->envp);
	if (plan->life >= 0) {
		r = write(plan->life, &plan->failure, sizeof(plan->failure));
		(void)r;
	}
	return 127;
}

/* As vfork(), but on a stack of its own, as posix_spawn() does it: a function
 * that returns in a child of vfork() destroys its parent's stack. */
static pid_t
run_beside(int (*function)(void *), const struct plan *plan, size_t level)
{
	return clone(function, plan->stacks + (level + 1) * STACK_SIZE,
		     CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)(uintptr_t)plan);
}

/* The one in between. */
static int
run_program(void *context)
{
	return run_beside(become_program, context, 1) < 0 ? 1 : 0;
}

/* The environment with one more variable; only the array and its last string are new. */
static char **
extended_environment(int fd)
{
	size_t n = 0;
	char **envp;

	while (environ && environ[n])
		n++;
	envp = calloc(n + 2, sizeof(char *));
	if (!envp)
		return NULL;
	if (n)
		memcpy(envp, environ, n * sizeof(char *));
	if (asprintf(&envp[n], HANDOVER_VARIABLE "=%d", fd) < 0) {
		free(envp);
		return NULL;
	}
	return envp;
}

static void
free_environment(char **envp)
{
	size_t n = 0;

	while (envp[n])
		n++;
	free(envp[n - 1]);
	free(envp);
}

static int
cannot(const char *what, int error)
{
	return error_set(error == EMFILE || error == ENFILE
				 ? MPROXY_ERR_NO_DESCRIPTORS
				 : MPROXY_ERR_START,
			 "cannot %s: %s", what, strerror(error));
}

/* With all signals blocked, for a handler must not run in the middle. */
static pid_t
run_blocked(const struct plan *plan)
{
	sigset_t all, before;
	int error;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = run_beside(plan->parent ? become_program : run_program, plan, 0);
	error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

static pid_t
run(struct plan *plan, int file)
{
	pid_t pid = -1;

	plan->argv[0] = program_invocation_name;
	plan->argv[1] = NULL;
	plan->failure = (struct crew_report){
		.code = MPROXY_ERR_START,
		.text = "cannot run this program again from /proc/self/exe",
	};
	plan->envp = extended_environment(file);
	plan->stacks = mmap(NULL, 2 * STACK_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (!plan->envp || plan->stacks == MAP_FAILED)
		errno = ENOMEM;
	else
		pid = run_blocked(plan);
	if (pid < 0)
		pid = cannot("run this program again", errno);
	if (plan->stacks != MAP_FAILED)
		munmap(plan->stacks, 2 * STACK_SIZE);
	if (plan->envp)
		free_environment(plan->envp);
	return pid;
}

/* The pid of the child that was made, or an error. */
static pid_t
spawn(const struct crew_setup *setup)
{
	bool is_worker = setup->role == ROLE_WORKER;
	struct plan plan = {
		.parent = is_worker ? getpid() : 0,
		.life = is_worker ? -1 : setup->life,
	};
	struct handover_claim claim;
	int file;
	pid_t pid;

	pid = fork_announce(setup->manager, claim.nonce, &claim.pipe);
	if (pid < 0)
		return pid;
	file = handover_write(setup, &claim);
	if (file < 0) {
		close(claim.pipe);
		return cannot("write down what the new process is to be",
			      -file);
	}
	plan.keep[plan.n_keep++] = file;
	plan.keep[plan.n_keep++] = claim.pipe;
	if (!is_worker) {
		plan.keep[plan.n_keep++] = setup->leash;
		plan.keep[plan.n_keep++] = setup->life;
	}
	pid = run(&plan, file);
	close(file);
	close(claim.pipe);
	return pid;
}

int
spawn_supervisor(const struct crew_setup *setup)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = spawn(setup);
	if (pid < 0)
		return pid;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0; /* the program has waited for it */
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return cannot("run this program again", EAGAIN);
	return 0;
}

pid_t
spawn_worker(const struct crew_setup *setup)
{
	return spawn(setup);
}
