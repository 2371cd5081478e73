/* Tasks and the pool of a test. See common.h. */
#include "tests/pool/common.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- tasks --- */

static int
square(struct mproxy_task *task, const struct mproxy_value *arg,
       struct mproxy_value **ret)
{
	int64_t n;
	int error = mproxy_unpack(arg, "i", &n);

	if (error)
		return mproxy_task_fail(task, error, "want a number");
	*ret = mproxy_value_int(n * n);
	return 0;
}
MPROXY_TASK(square);

static int
echo(struct mproxy_task *task, const struct mproxy_value *arg,
     struct mproxy_value **ret)
{
	(void)task;
	*ret = mproxy_value_ref((struct mproxy_value *)(uintptr_t)arg);
	return 0;
}
MPROXY_TASK(echo);

static int
nothing(struct mproxy_task *task, const struct mproxy_value *arg,
	struct mproxy_value **ret)
{
	(void)task;
	(void)arg;
	(void)ret;
	return 0;
}
MPROXY_TASK(nothing);

/* Fails with the code it is given, with a text unless that is nil. */
static int
fail_with(struct mproxy_task *task, const struct mproxy_value *arg,
	  struct mproxy_value **ret)
{
	struct mproxy_value *code, *text;
	const char *words;
	int64_t n = 0;
	size_t size;
	int error = mproxy_unpack(arg, "vv", &code, &text);

	(void)ret;
	if (error)
		return error;
	mproxy_value_get_int(code, &n);
	if (mproxy_value_get_string(text, &words, &size) == 0)
		mproxy_task_fail(task, (int)n, "%s", words);
	mproxy_value_free(code);
	mproxy_value_free(text);
	return (int)n;
}
MPROXY_TASK(fail_with);

/* Gives so many bytes. */
static int
big(struct mproxy_task *task, const struct mproxy_value *arg,
    struct mproxy_value **ret)
{
	int64_t n;
	char *bytes;

	if (mproxy_value_get_int(arg, &n) != 0)
		return mproxy_task_fail(task, MPROXY_ERR_TYPE, "want a size");
	bytes = calloc(1, (size_t)n);
	*ret = mproxy_value_bytes(bytes, (size_t)n);
	free(bytes);
	return *ret ? 0 : MPROXY_ERR_NO_MEMORY;
}
MPROXY_TASK(big);

/* [list, value]: appends it, and gives the list. */
static int
append(struct mproxy_task *task, const struct mproxy_value *arg,
       struct mproxy_value **ret)
{
	struct mproxy_list *list;
	struct mproxy_value *value;
	int error = mproxy_unpack(arg, "Lv", &list, &value);

	(void)task;
	if (error)
		return error;
	error = mproxy_list_append(list, value);
	*ret = MPROXY(list);
	mproxy_list_free(list);
	return error;
}
MPROXY_TASK(append);

/* Makes an object of its own and gives that. */
static int
make_list(struct mproxy_task *task, const struct mproxy_value *arg,
	  struct mproxy_value **ret)
{
	struct mproxy_list *list;
	int error = mproxy_list_new(mproxy_task_manager(task), &list);

	if (error)
		return error;
	error = mproxy_list_append(
		list, mproxy_value_ref((struct mproxy_value *)(uintptr_t)arg));
	*ret = MPROXY(list);
	mproxy_list_free(list);
	return error;
}
MPROXY_TASK(make_list);

/* Waits on a queue: gives what comes. */
static int
await(struct mproxy_task *task, const struct mproxy_value *arg,
      struct mproxy_value **ret)
{
	struct mproxy_queue *queue;
	int error = mproxy_unpack(arg, "Q", &queue);

	(void)task;
	if (error)
		return error;
	error = mproxy_queue_get(queue, -1, ret);
	mproxy_queue_free(queue);
	return error;
}
MPROXY_TASK(await);

/* [pid, number, pid of the parent, process group] */
static int
whoami(struct mproxy_task *task, const struct mproxy_value *arg,
       struct mproxy_value **ret)
{
	(void)arg;
	*ret = MPROXY_ARGS((int)getpid(), mproxy_task_worker(task),
			   (int)getppid(), (int)getpgrp());
	return 0;
}
MPROXY_TASK(whoami);

/* What a fresh process looks like: [signals blocked, SIGINT standard, stdin at
 * its end, MPROXY_WORKER set]. */
static int
surroundings(struct mproxy_task *task, const struct mproxy_value *arg,
	     struct mproxy_value **ret)
{
	struct sigaction action;
	sigset_t blocked;
	char byte;
	int n = 0, i;

	(void)task;
	(void)arg;
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (i = 1; i < 32; i++)
		n += sigismember(&blocked, i) == 1;
	sigaction(SIGINT, NULL, &action);
	*ret = MPROXY_ARGS(n, action.sa_handler == SIG_DFL,
			   read(0, &byte, 1) == 0,
			   getenv("MPROXY_WORKER") != NULL);
	return 0;
}
MPROXY_TASK(surroundings);

int64_t base;

/* Prints half a line. */
static int
mutter(struct mproxy_task *task, const struct mproxy_value *arg,
       struct mproxy_value **ret)
{
	(void)task;
	(void)arg;
	(void)ret;
	printf("half a line");
	return 0;
}
MPROXY_TASK(mutter);

/* Writes to a descriptor: gives what write() gave, or minus errno. */
static int
scribble(struct mproxy_task *task, const struct mproxy_value *arg,
	 struct mproxy_value **ret)
{
	int64_t fd = -1;
	ssize_t n;

	(void)task;
	mproxy_value_get_int(arg, &fd);
	n = write((int)fd, "x", 1);
	*ret = mproxy_value_int(n < 0 ? -errno : n);
	return 0;
}
MPROXY_TASK(scribble);

static int
set_base(struct mproxy_task *task, const struct mproxy_value *arg,
	 struct mproxy_value **ret)
{
	(void)ret;
	if (mproxy_value_get_int(arg, &base) != 0)
		return mproxy_task_fail(task, 5, "no base");
	return 0;
}
MPROXY_TASK(set_base);

static int
add_base(struct mproxy_task *task, const struct mproxy_value *arg,
	 struct mproxy_value **ret)
{
	int64_t n;

	if (mproxy_value_get_int(arg, &n) != 0)
		return mproxy_task_fail(task, MPROXY_ERR_TYPE, "want a number");
	*ret = mproxy_value_int(base + n);
	return 0;
}
MPROXY_TASK(add_base);

static int
add_up(struct mproxy_task *task, const struct point *in, struct sum *out)
{
	if (in->x < 0)
		return mproxy_task_fail(task, 3, "x is negative");
	out->value = in->x + in->y;
	out->worker = mproxy_task_worker(task);
	return 0;
}
MPROXY_TASK_FLAT(add_up, struct point, struct sum);

/* --- the pool of a test --- */

const enum mproxy_start_method methods[2] = {
	MPROXY_START_ZYGOTE,
	MPROXY_START_SPAWN,
};

struct mproxy_pool *pool;

void
make_pool(int method, int workers)
{
	ck_assert_ok(
		mproxy_pool_new(manager,
				MPROXY_POOL_OPTIONS(.workers = workers,
						    .method = methods[method]),
				&pool));
}

void
pool_setup(void)
{
	manager_setup();
	pool = NULL;
}

void
pool_teardown(void)
{
	int64_t end = now_ms() + LONG_MS;

	pool = mproxy_pool_free(pool);
	/* with the last worker goes the last reference */
	while (manager_objects() != 0)
		ck_assert_msg(now_ms() < end, "%lld objects are left",
			      (long long)manager_objects());
	manager_teardown();
}

struct mproxy_value **
numbers(size_t n)
{
	struct mproxy_value **values = calloc(n, sizeof(*values));
	size_t i;

	for (i = 0; i < n; i++)
		values[i] = mproxy_value_int((int64_t)i);
	return values;
}

int64_t
stat_of(const char *figure)
{
	struct mproxy_value *stats, *value;
	int64_t n = -1;

	ck_assert_ok(mproxy_pool_stats(pool, &stats));
	ck_assert_ok(mproxy_value_find(stats, MPROXY(figure), &value));
	ck_assert_ok(mproxy_value_get_int(value, &n));
	mproxy_value_free(value);
	mproxy_value_free(stats);
	return n;
}

/* --- suites --- */

int
rounds(void)
{
	const char *wish = getenv("MPROXY_FAULT");

	return wish ? (int)strtol(wish, NULL, 10) : 25;
}

Suite *
pool_suite_of(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create("both");
	size_t i;

	tcase_set_timeout(tcase, 60 + rounds() / 5.0);
	tcase_add_checked_fixture(tcase, pool_setup, pool_teardown);
	for (i = 0; i < n; i++)
		tcase_add_loop_test(tcase, tests[i], 0, N_METHODS);
	suite_add_tcase(suite, tcase);
	return suite;
}
