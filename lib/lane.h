/*
 * Lanes: one socket a thread, opened by its first call, closed at its end; and
 * one for each struct mproxy_async.
 *
 * A lane is used by one thread at a time. What others may do to it (interrupt
 * it, close it) goes through its slot. One call is in flight, but for pipelines
 * (pipeline.h) and asynchronous ones (async.c).
 */
#ifndef MPROXY_LIB_LANE_H
#define MPROXY_LIB_LANE_H

#include "session.h"

struct fork_node;
struct pipeline;

struct lane {
	struct slot *slot;
	struct mproxy_manager *manager; /* one reference; control: borrowed */
	struct session *session;
	struct lane *next;	    /* of the thread */
	struct lane *session_next;  /* of the session, … */
	struct lane **session_link; /* … NULL: not listed */
	uint64_t last_id;
	uint64_t orphan_id; /* a reply nobody waits for any more; 0: none */
	bool timeless;	    /* its socket has no timeout for reading now */
	bool passes_fds;    /* the server is ready for them; see fork.c */
	bool gathers;	    /* what is put into its buffer is sent by others */
	struct pipeline *pipeline; /* NULL: none; see pipeline.c */
	struct channel channel;
	struct arena arena; /* for the reply being handled */
};

/* What the library keeps for each thread. */
struct thread_state {
	struct mproxy_manager *manager; /* the one used last, and … */
	struct lane *lane;		/* … its lane */
	struct lane *current;		/* whose reply is being taken apart */
	struct lane *lanes;
	struct pipeline *pipelines;
	struct fork_node *forks; /* between the two halves of a fork */
	unsigned interrupts;	 /* as many are dealt with */
	bool known;
};

extern _Thread_local struct thread_state thread_state
	__attribute__((tls_model("initial-exec")));

/* What a lane says first. */
struct greeting {
	struct span session; /* one of the two, or none: a new session */
	struct span fork;
	int timeout_ms; /* for the answer */
	bool first;	/* no connection yet: other words for failure */
};

struct welcome {
	uint8_t instance[MESSAGE_KEY_SIZE];
	uint8_t session[MESSAGE_KEY_SIZE];
	uint64_t max_value;
	uint32_t pid;
};

/* Connects and exchanges greetings. The lane is PLAIN and nobody's. */
int lane_connect(struct mproxy_manager *m, const struct greeting *greeting,
		 struct lane **ret, struct welcome *ret_welcome);

/* Opens one in the process's session, IDLE, not (yet) this thread's. */
int lane_open(struct mproxy_manager *m, int timeout_ms, struct lane **ret);

/* Reading gives up after the grace, or (timeless) never. */
void lane_set_timeless(struct lane *lane, bool timeless);

/* Closes and frees. For its thread only; not in a list of threads any more. */
void lane_close(struct lane *lane);

/* As above, and takes it out of the list of this thread. */
void lane_drop(struct lane *lane);

/* The lane of this thread, opened if need be; BUSY until lane_leave(). */
int lane_enter_slowly(struct mproxy_manager *m, struct lane **ret);

static inline int
lane_enter(struct mproxy_manager *m, struct lane **ret)
{
	if (thread_state.manager == m && slot_begin(thread_state.lane->slot)) {
		*ret = thread_state.lane;
		return 0;
	}
	return lane_enter_slowly(m, ret);
}

static inline void
lane_leave(struct lane *lane)
{
	slot_end(lane->slot);
}

/* Has freed what this thread gets, when it ends. */
int lane_watch_thread(void);

/* Forgets lanes of this thread that mproxy_close() has closed. */
void lane_purge(void);

/* --- exchange.c --- */

/*
 * Sends what the channel of the lane holds and reads until the reply with this
 * id. timeout_ms 0: a call that does not wait. On failure the lane is dropped
 * and the detail set. Spans in ret are valid until the lane reads again.
 */
int lane_exchange(struct lane *lane, uint64_t id, int timeout_ms,
		  struct message_reply *ret);

/* The next reply that was read already: 1, 0 when there is none, -ENOMEM or
 * -EPROTO. */
int lane_read_reply(struct lane *lane, struct message_reply *ret);

/* The same, the one with this id. Those of pipelined calls are dealt with on
 * the way. id 0: only these. */
int lane_next_reply(struct lane *lane, uint64_t id, struct message_reply *ret);

/* 0 when it is ready for one of these events, -EINTR, or -EAGAIN when it is
 * deadline. */
int lane_poll(const struct lane *lane, short events, int64_t deadline);

/*
 * Looks for that reply, waiting until deadline at most, deaf to signals.
 * Returns 1, 0 when it has not come, or an error. The lane stays.
 */
int lane_await(struct lane *lane, uint64_t id, int64_t deadline,
	       struct message_reply *ret);

/* Sets the detail for a lane on which a negative errno was met. Returns the
 * code; drops nothing. sent: the call had left whole. */
int lane_error(struct lane *lane, int error, bool sent);

#endif
