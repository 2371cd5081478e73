/*
 * What the two halves of asynchronous calls share: async.c keeps the calls,
 * async-run.c moves them.
 */
#ifndef MPROXY_LIB_ASYNC_H
#define MPROXY_LIB_ASYNC_H

#include "call.h"
#include "detail.h"
#include "mproxy/async.h"

#define ASYNC_PUSH_AT ((size_t)64 << 10) /* bytes in the buffer */

struct async_trace;

/* A call in flight: at slots[id & mask]. */
struct async_call {
	uint64_t id; /* 0: the slot is free */
	struct mproxy_object *object;
	void (*callback)(void *context, int error,
			 const struct mproxy_value *value);
	void *context;
	struct mproxy_value *held; /* its arguments, if they have handles */
	struct async_trace *trace; /* NULL: not wanted */
	bool finite;		   /* must be answered some time */
};

struct mproxy_async {
	struct mproxy_manager *manager; /* one reference */
	struct lane *lane;		/* NULL: it has ended, … */
	int failure;			/* … with this … */
	struct detail because;		/* … and this sentence */
	uint64_t last_id;		/* when it ended */

	struct async_call *slots;
	size_t mask; /* one less than there are */
	size_t in_flight;
	size_t push_at; /* bytes in the buffer that make submit send */

	/* when the server counts as silent */
	size_t n_finite;
	int longest_ms; /* of these */
	int64_t heard;	/* the last sign of life; or when these were sent */
	bool unsent;	/* none of them has left yet */

	void (*changed)(void *context, struct mproxy_async *async);
	void *context;
	int told_fd;
	unsigned told_events;
	int64_t told_deadline;

	struct mproxy_value *nil; /* lent to callbacks */
	bool dispatching;
	bool freed; /* by a callback */
};

/* --- async.c --- */

struct async_call *async_find(struct mproxy_async *async, uint64_t id);

/* The call is over: runs its callback with the value, which is borrowed. */
void async_complete(struct mproxy_async *async, struct async_call *call,
		    int error, const struct mproxy_value *value);

/* Prints a call that is traced, with its answer. */
void async_trace_reply(const struct async_call *call,
		       const struct message_reply *reply);

/* Frees what is left; no call is in flight. */
void async_destroy(struct mproxy_async *async);

/* --- async-run.c --- */

/* Not the parent's; of one that has not ended. */
static inline bool
async_is_ours(const struct mproxy_async *async)
{
	return async->lane->session == atomic_load(&async->manager->session);
}

/* NULL: it has ended, or is the parent's. */
static inline struct lane *
async_own_lane(const struct mproxy_async *async)
{
	return async->lane && async_is_ours(async) ? async->lane : NULL;
}

/* Sets the detail and returns why there is none. */
int async_obstacle(const struct mproxy_async *async);

/* Ends the connection, and all calls with error, whose detail is set. */
void async_end(struct mproxy_async *async, int error);

/* Sends what goes without waiting; a failure shows when it is read. */
void async_push(struct mproxy_async *async);

/* Tells the watcher what has changed, if anything has. */
void async_tell(struct mproxy_async *async);

#endif
