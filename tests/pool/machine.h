/*
 * A pool without processes: a core, who submits, the supervisor, workers.
 */
#ifndef MPROXY_TESTS_POOL_MACHINE_H
#define MPROXY_TESTS_POOL_MACHINE_H

#include "tests/harness/check-main.h"
#include "tests/harness/world.h"

#define M WORLD_MANAGER
#define LLU(id) ((unsigned long long)(id))
#define CAUSE_MS 200 /* POOL_CAUSE_NS */

extern struct world *w;
extern struct lane *owner, *boss; /* who submits, the supervisor */
extern uint64_t pool;
extern uint64_t post; /* a list in which others find the pool */

/* A pool of two workers, none there yet, and tasks "a" and "b". */
void machine_setup(void);
void machine_teardown(void);

/* Another process that has the pool's handle. */
struct lane *staff(uint32_t pid);
/* The same as a worker of this pid. */
struct lane *hire(uint32_t pid);
/* A worker asks for its first task. */
uint64_t begin(struct lane *worker);
/* It reports one: outcome is status, text, value. */
uint64_t report(struct lane *worker, int ticket, const char *outcome);
/* A job: task, number, list. */
uint64_t submit(const char *args);

#define ck_says(call, want) ck_assert_str_eq(call, want)
#define ck_answered(id, want) ck_assert_str_eq(world_answer(id), want)
#define ck_begins(id, want)                                                    \
	ck_assert_msg(strncmp(world_answer(id), want, strlen(want)) == 0,      \
		      "not \"%s…\": %s", want, world_answer(id))
#define ck_mentions(id, words)                                                 \
	ck_assert_msg(strstr(world_answer(id), words), "no \"%s\" in %s",      \
		      words, world_answer(id))

#endif
