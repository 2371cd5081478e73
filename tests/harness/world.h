/*
 * A core and its clients without a socket between them: for tests of the
 * machine and of types, and for those that need every moment in their hand.
 *
 * Arguments and answers are text, as value_format() prints it (literal.h):
 *
 *	world_call(w, lane, list, "insert", "0, [1, \"x\", <%llu>]", handle)
 *
 * gives "ok" or "ok 1, true" or "RANGE" or, when there is no answer yet, "…".
 * After each step core_check() is asked.
 */
#ifndef MPROXY_TESTS_WORLD_H
#define MPROXY_TESTS_WORLD_H

#include "server/core/core.h"

#define WORLD_MANAGER MESSAGE_MANAGER

struct world {
	struct core *core;
	int64_t now;	      /* ns */
	bool unchecked;	      /* no core_check(): memory may be failing */
	bool idle;	      /* core_work() only when the test says so */
	int64_t timeout;      /* ms, of the next asks; -1 at first */
	uint64_t asked;	      /* the last id used */
	struct lane *busy;    /* it calls in each turn; NULL: none */
	void (*before)(void); /* around each core_call(); NULL: nothing */
	void (*after)(void);
};

/* config NULL: the default. There is one world at a time. */
struct world *world_new(const struct core_config *config);
void world_free(struct world *w);

struct lane *world_client(struct world *w, uint32_t pid); /* a new session */
struct lane *world_thread(struct world *w, struct lane *of, uint64_t thread);
/* All of the session, or one lane, is gone. */
void world_kill(struct world *w, struct lane *lane);
void world_end(struct world *w, struct lane *lane, bool unread);

/* Sends a call; gives its id. */
uint64_t world_ask(struct world *w, struct lane *lane, uint64_t object,
		   const char *method, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* The same with an id of one's own. */
void world_ask_as(struct world *w, struct lane *lane, uint64_t id,
		  uint64_t object, const char *method, const char *args);
/* The same with arguments as they are. */
uint64_t world_ask_raw(struct world *w, struct lane *lane, uint64_t object,
		       const char *method, const struct span *args, size_t n);

/* The answer so far; valid until the next one is asked for. */
const char *world_answer(uint64_t id);
const char *world_detail(uint64_t id);
/* The first handle in it; 0: none. */
uint64_t world_handle(uint64_t id);
/* Forgets all answers. */
void world_forget(void);

/* world_ask() and world_answer(). */
const char *world_call(struct world *w, struct lane *lane, uint64_t object,
		       const char *method, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* A new object, by the manager; fails the test when there is none. */
uint64_t world_make(struct world *w, struct lane *lane, const char *type,
		    const char *args);

void world_cancel(struct world *w, struct lane *lane, uint64_t id);
void world_release(struct world *w, struct lane *lane, uint64_t object,
		   uint64_t count);
void world_pass(struct world *w, int64_t ms); /* time */
/* From now on another client calls after each core_work() of the world. */
void world_make_busy(struct world *w);
/* core_work() until there is no more to do. */
void world_work(struct world *w);

/* Fails the test if an invariant does not hold. */
void world_check(struct world *w);

#endif
