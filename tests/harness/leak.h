/*
 * Counts descriptors and children around a test, and fails it when one of
 * them is left:
 *
 *	tcase_add_checked_fixture(tcase, leak_check_begin, leak_check_end);
 *
 * Checked, so that it runs in the process of the test, in fork mode and with
 * CK_FORK=no. A test with a fixture of its own calls the two around that. An
 * ended child counts until it is waited for.
 */
#ifndef MPROXY_TESTS_LEAK_H
#define MPROXY_TESTS_LEAK_H

#include <stddef.h>

void leak_check_begin(void);
void leak_check_end(void);

/* How many there are now. */
size_t leak_count_fds(void);
size_t leak_count_children(void);

#endif
