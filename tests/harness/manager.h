/*
 * A private manager around each test, and processes that share it.
 *
 *	tcase_add_checked_fixture(tcase, manager_setup, manager_teardown);
 *
 * $MPROXYD says which daemon. Descriptors and children are counted around.
 */
#ifndef MPROXY_TESTS_MANAGER_H
#define MPROXY_TESTS_MANAGER_H

#include <stdio.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "mproxy/manager.h"

extern struct mproxy_manager *manager;

void manager_setup(void);
void manager_teardown(void);

/* Goes on when n calls with a timeout wait in the manager. Give those that are
 * to be seen a timeout, as LONG_MS. */
#define LONG_MS 60000
void manager_await_waits(int64_t n);

/* How many objects there are in the manager. */
int64_t manager_objects(void);

/*
 * Runs function in a child, which ends with what it returns. Assertions of
 * Check must not be used there; CHILD_CHECK() instead.
 */
pid_t child_begin(int (*function)(void));
void child_end(pid_t pid);  /* waits; it must end with 0 */
void child_kill(pid_t pid); /* with SIGKILL, and waits */

#define CHILD_CHECK(condition)                                                 \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: in the child: %s: %s\n",       \
				__FILE__, __LINE__, #condition,                \
				mproxy_error_detail());                        \
			_exit(99);                                             \
		}                                                              \
	} while (0)

/* Milliseconds, for measuring how long something took. */
int64_t now_ms(void);

#endif
