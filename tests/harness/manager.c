/*
 * Why the manager is asked who waits: a test that sleeps until somebody
 * probably waits is slow when it is right and wrong when it is quick.
 */
#include "tests/harness/manager.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/harness/leak.h"
#include "tests/harness/value-check.h"

struct mproxy_manager *manager;

void
manager_setup(void)
{
	leak_check_begin();
	ck_assert_ok(mproxy_start(NULL, &manager));
}

void
manager_teardown(void)
{
	manager = mproxy_close(manager);
	leak_check_end();
}

static int64_t
ask(const char *figure)
{
	struct mproxy_value *stats, *value;
	int64_t n;

	ck_assert_ok(mproxy_manager_stats(manager, &stats));
	ck_assert_ok(mproxy_value_find(stats, MPROXY(figure), &value));
	ck_assert_ok(mproxy_value_get_int(value, &n));
	mproxy_value_free(value);
	mproxy_value_free(stats);
	return n;
}

void
manager_await_waits(int64_t n)
{
	while (ask("timers") != n)
		sched_yield();
}

int64_t
manager_objects(void)
{
	return ask("objects");
}

pid_t
child_begin(int (*function)(void))
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(function());
	return pid;
}

void
child_end(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "child %d ended with status 0x%x", (int)pid,
		      status);
}

void
child_kill(pid_t pid)
{
	int status;

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
