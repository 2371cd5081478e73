/*
 * What the tests of pools share: tasks, and the pool of the running test.
 *
 * Tests are loops over the start methods: _i says which.
 */
#ifndef MPROXY_TESTS_POOL_COMMON_H
#define MPROXY_TESTS_POOL_COMMON_H

#include <mproxy/mproxy.h>

#include "tests/harness/check-main.h"
#include "tests/harness/manager.h"
#include "tests/harness/value-check.h"

#define N_METHODS 2
extern const enum mproxy_start_method methods[N_METHODS];

extern struct mproxy_pool *pool;

void pool_setup(void); /* a manager, no pool yet */
void pool_teardown(void);
void make_pool(int method, int workers);

/* Values 0, 1, … */
struct mproxy_value **numbers(size_t n);

/* How often what happens at random moments is tried: $MPROXY_FAULT, or few. */
int rounds(void);

/* A figure of the pool. */
int64_t stat_of(const char *figure);

MPROXY_TASK_DECLARE(square);
MPROXY_TASK_DECLARE(echo);
MPROXY_TASK_DECLARE(nothing);
MPROXY_TASK_DECLARE(fail_with);
MPROXY_TASK_DECLARE(big);
MPROXY_TASK_DECLARE(append);
MPROXY_TASK_DECLARE(make_list);
MPROXY_TASK_DECLARE(await);
MPROXY_TASK_DECLARE(whoami);
MPROXY_TASK_DECLARE(surroundings);
MPROXY_TASK_DECLARE(mutter);
MPROXY_TASK_DECLARE(scribble);
MPROXY_TASK_DECLARE(set_base);
MPROXY_TASK_DECLARE(add_base);
MPROXY_TASK_DECLARE(add_up);

/* What the initializer set_base was given. */
extern int64_t base;

struct point {
	double x, y;
};

struct sum {
	double value;
	int64_t worker;
};

/* Tests of one group, for each start method. */
#define N_TESTS(tests) (sizeof(tests) / sizeof((tests)[0]))
Suite *pool_suite_of(const char *name, const TTest *const *tests, size_t n);

#endif
