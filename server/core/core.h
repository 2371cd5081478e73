/*
 * The machine that holds all objects, as its shell sees it.
 *
 * Deterministic: no I/O, no clock, no randomness. What happens is told to it
 * (a call came, a lane closed, time passed), each with the time `now` in
 * nanoseconds of a clock that never goes back; what it answers leaves through
 * struct core_output, during the call that caused it. The same story gives the
 * same answers, so a million random ones can be tested from a seed.
 *
 * One thread. No function here fails for what a client did: the client gets
 * an error as its reply.
 */
#ifndef MPROXY_SERVER_CORE_CORE_H
#define MPROXY_SERVER_CORE_CORE_H

#include "proto/message.h"
#include "proto/value.h"

struct core;
struct session; /* a process: owns references */
struct lane;	/* a thread of it: owns holds, waits and running tasks */

struct core_config {
	uint32_t epoch; /* first generation of object ids: differs
				    between servers, so stale ids miss */
	struct value_hash_key hash_key;
	size_t max_value;  /* bytes of one value */
	size_t max_memory; /* bytes of all stored values together */
	size_t max_objects; /* that one session may have made and still refer to */
	size_t max_parked; /* calls waiting on one lane */
};

#define CORE_CONFIG_DEFAULT                                                    \
	{                                                                      \
		.epoch = 1, .max_value = (size_t)64 << 20,                     \
		.max_memory = SIZE_MAX, .max_objects = 1000000,                \
		.max_parked = 1024,                                            \
	}

struct core_output {
	/*
	 * The one reply of a call, to be sent on lane. Must not call back into
	 * the core. reply->results point into memory of the core: copy now.
	 */
	void (*reply)(void *context, struct lane *lane,
		      const struct message_reply *reply);
	void *context;
};

struct session_info {
	uint32_t pid;
	uint32_t uid;
	struct span program; /* short name, for display; copied */
};

/* NULL without memory. */
struct core *core_new(const struct core_config *config,
		      const struct core_output *output);
/* Frees everything, without replies. NULL is fine. Returns NULL. */
struct core *core_free(struct core *core);

/* NULL without memory. */
struct session *core_session_open(struct core *core,
				  const struct session_info *info);

/*
 * A fork is announced: a session without lanes that refers to all that parent
 * refers to now. When the child comes, core_session_claim() tells who it is;
 * if it never does, core_session_close() gives the references back.
 */
struct session *core_session_fork(struct core *core, struct session *parent);
int core_session_claim(struct core *core, struct session *session,
		       const struct session_info *info);

/* Closes its lanes, then drops its references. cause: for those who learn of
 * it ("killed", "closed its connection"); a constant string. */
void core_session_close(struct core *core, struct session *session,
			const char *cause, int64_t now);

/* shell: whatever the shell wants back from lane_shell(). NULL without memory. */
struct lane *core_lane_open(struct core *core, struct session *session,
			    uint64_t thread, void *shell);

/*
 * The lane is gone: its waits are withdrawn, what it holds is settled. unread
 * says that its last reply never reached the client, as far as the kernel
 * tells; then an item given by that reply goes back to its place.
 */
void core_lane_close(struct core *core, struct lane *lane, bool unread,
		     int64_t now);
void *lane_shell(const struct lane *lane);

void core_call(struct core *core, struct lane *lane,
	       const struct message_call *call, int64_t now);
void core_cancel(struct core *core, struct lane *lane, uint64_t id,
		 int64_t now);
void core_release(struct core *core, struct lane *lane,
		  const struct message_release *release, int64_t now);

/* Expires what is due by now. Called before every other event too, inside. */
void core_time(struct core *core, int64_t now);
/* When core_time() is next needed; INT64_MAX when never. */
int64_t core_deadline(const struct core *core);
/* One slice of long jobs and of freeing. True when there is more to do. */
bool core_work(struct core *core, int64_t now);
/* Whether core_work() has something to do now. */
bool core_has_work(const struct core *core);

/* For display, tests and tracing. */
size_t core_object_count(const struct core *core); /* manager not counted */
size_t core_session_count(const struct core *core);
size_t core_memory_used(const struct core *core);
struct span core_type_of(const struct core *core, uint64_t object);

/*
 * Checks every invariant it knows; NULL or the sentence that is violated.
 * Slow: for tests, after each step.
 */
const char *core_check(const struct core *core);

#endif
