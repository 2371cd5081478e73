/*
 * How the supervisor comes into the world: forked from the owner (zygote), or
 * as the program run again (spawn). Twice removed, so that it is no child: the
 * owner's wait() never meets it.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/pool/pool-private.h"

#define START_MS 60000 /* for a program that is slow to load */

#if defined __SANITIZE_THREAD__
#define THREADS_NOT_OURS 1 /* the sanitizer's own */
#else
#define THREADS_NOT_OURS 0
#endif

/* --- which way --- */

/* 1 when it cannot be told. */
static int
count_threads(void)
{
	DIR *directory = opendir("/proc/self/task");
	const struct dirent *entry;
	int n = 0;

	while (directory && (entry = readdir(directory)))
		n += entry->d_name[0] != '.';
	if (directory)
		closedir(directory);
	n -= THREADS_NOT_OURS;
	return n > 1 ? n : 1;
}

/* AUTO becomes one of the others. */
static int
choose_method(enum mproxy_start_method *method)
{
	bool was_asked = *method == MPROXY_START_SPAWN;
	int threads = count_threads();

	if (handover_is_due())
		return error_set(MPROXY_ERR_NO_INIT,
				 "this process is to be a worker, but main() "
				 "does not begin with mproxy_init()");
	if (*method == MPROXY_START_AUTO)
		*method = threads == 1 ? MPROXY_START_ZYGOTE
				       : MPROXY_START_SPAWN;
	if (*method == MPROXY_START_ZYGOTE && threads > 1)
		return error_set(MPROXY_ERR_INVALID,
				 "a process with %d threads cannot be copied: "
				 "make the pool before the threads, or let it "
				 "use MPROXY_START_SPAWN",
				 threads);
	if (*method == MPROXY_START_SPAWN && !init_was_called())
		return error_set(MPROXY_ERR_NO_INIT,
				 "workers are started by running the program "
				 "again, because %s: call mproxy_init() first "
				 "in main()%s",
				 was_asked ? "MPROXY_START_SPAWN was asked for"
					   : "it has threads",
				 was_asked ? ""
					   : ", or make the pool before "
					     "the first thread");
	return 0;
}

/* --- zygote --- */

static _Noreturn void
fork_again(const struct crew_setup *setup)
{
	/* no handlers of fork this time: the library's have made this process
	 * ready, and the next one is that process in all but its number */
#if __GLIBC_PREREQ(2, 34)
	pid_t pid = _Fork();
#else
	pid_t pid = fork();
#endif

	if (pid == 0)
		supervisor_run(setup);
	if (pid < 0)
		crew_give_up(setup, MPROXY_ERR_START,
			     "cannot fork the supervisor");
	_exit(0);
}

static int
start_zygote(const struct crew_setup *setup)
{
	sigset_t all, before;
	int error = 0;
	pid_t pid;

	fflush(NULL); /* or the copies would write it, too */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		fork_again(setup);
	if (pid < 0)
		error = error_set(MPROXY_ERR_START,
				  "cannot fork the supervisor: %s",
				  strerror(errno));
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return error;
}

/* --- its first words --- */

static int
no_report(void)
{
	return error_set(MPROXY_ERR_START,
			 "the supervisor of the pool ended before it was "
			 "ready");
}

static int
read_report(int life, pid_t *ret_pid)
{
	int64_t deadline = clock_now() + START_MS * NS_PER_MS;
	struct pollfd fd = { .fd = life, .events = POLLIN };
	struct crew_report report;
	ssize_t n;
	int r;

	do {
		int64_t left = deadline - clock_now();

		r = poll(&fd, 1, left > 0 ? (int)(left / NS_PER_MS) : 0);
	} while (r < 0 && errno == EINTR);
	if (r == 0)
		return error_set(
			MPROXY_ERR_START,
			"the supervisor of the pool is not ready after "
			"%d s; does main() begin with mproxy_init()?",
			START_MS / 1000);
	do
		n = read(life, &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(report))
		return no_report();
	if (report.code == 0) {
		*ret_pid = report.pid;
		return 0;
	}
	report.text[sizeof(report.text) - 1] = '\0';
	return error_set(report.code, "%s", report.text);
}

/* --- both --- */

static int
start(const struct crew_setup *setup)
{
	return setup->method == MPROXY_START_ZYGOTE ? start_zygote(setup)
						    : spawn_supervisor(setup);
}

/* Makes the two pipes: 0, or an error with nothing made. */
static int
make_pipes(int leash[2], int life[2])
{
	int error = descriptors_pipe(leash);

	if (!error) {
		error = descriptors_pipe(life);
		if (error) {
			close(leash[0]);
			close(leash[1]);
		}
	}
	return error ? error_set(MPROXY_ERR_NO_DESCRIPTORS,
				 "a pipe to the supervisor: %s",
				 strerror(error))
		     : 0;
}

int
supervisor_start(struct mproxy_pool *pool, enum mproxy_start_method method)
{
	struct crew_setup setup = {
		.role = ROLE_SUPERVISOR,
		.pool = pool->object->id,
		.workers = pool->workers,
		.owner = getpid(),
		.manager = pool->object->manager,
	};
	int leash[2] = { -1, -1 }, life[2] = { -1, -1 }, error, cancel;

	error = choose_method(&method);
	if (!error)
		error = make_pipes(leash, life);
	if (error)
		return error;
	setup.method = method;
	setup.leash = leash[0];
	setup.life = life[1];
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	error = start(&setup);
	close(leash[0]);
	close(life[1]);
	if (!error)
		error = read_report(life[0], &pool->supervisor);
	pthread_setcancelstate(cancel, NULL);
	if (error) {
		close(leash[1]);
		close(life[0]);
		return error;
	}
	pool->leash = leash[1];
	pool->life = life[0];
	return 0;
}
