/*
 * A world with one client and one object in it, for tests of a type.
 */
#ifndef MPROXY_TESTS_ONE_OBJECT_H
#define MPROXY_TESTS_ONE_OBJECT_H

#include "tests/harness/world.h"

extern struct world *w;
extern struct lane *lane; /* of the client */
extern uint64_t object;

void one_object_setup(const char *type);
void one_object_teardown(void);

/* Calls a method of the object; gives the answer. */
#define CALL(...) world_call(w, lane, object, __VA_ARGS__)
#define ASSERT_CALL(want, ...) ck_assert_str_eq(CALL(__VA_ARGS__), want)

/* The sentence of an error. */
const char *detail(const char *method, const char *args);

/* The method with a single argument that is a list of n parts: put_part(out,
 * i) writes part i. Fails the test if it fails. */
void call_with_many(const char *method, int64_t n,
		    void (*put_part)(struct buffer *out, int64_t i));

/* The answer when the n-th allocation from now fails (begin is
 * fault_fail_at), or that and all after it (fault_fail_from). */
const char *call_without_memory(const char *method, const char *args,
				unsigned n, void (*begin)(unsigned n));

#endif
