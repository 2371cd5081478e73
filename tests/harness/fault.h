/*
 * Makes memory run out at a chosen moment.
 *
 * For a program linked with
 *	-Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
 * it covers what is linked statically, not the insides of shared libraries.
 * A test of a function is a loop: fail the first allocation, the second …,
 * until the function succeeds:
 *
 *	for (unsigned n = 1;; n++) {
 *		fault_fail_at(n);
 *		r = function();
 *		fault_reset();
 *		if (r == 0)
 *			break;
 *		ck_assert_int_eq(r, MPROXY_ERR_NO_MEMORY);
 *	}
 *
 * Any thread's allocation counts. Debian links Check statically, so that its
 * assertions allocate through here, too: none between fault_fail_…() and
 * fault_reset(), or between fault_reset() and fault_count().
 */
#ifndef MPROXY_TESTS_FAULT_H
#define MPROXY_TESTS_FAULT_H

/* The n-th allocation from now, counted from 1, fails; or that and all after
 * it. Counting begins anew. */
void fault_fail_at(unsigned n);
void fault_fail_from(unsigned n);

/* Nothing fails any more; counting begins anew. */
void fault_reset(void);

/* Allocations since the last call of one of the others. */
unsigned fault_count(void);

#endif
