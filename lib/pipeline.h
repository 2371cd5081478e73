/*
 * The pipeline of a lane: calls that were put into its buffer and whose replies
 * nobody waits for. See pipeline.c and mproxy/pipeline.h.
 */
#ifndef MPROXY_LIB_PIPELINE_H
#define MPROXY_LIB_PIPELINE_H

#include "call.h"
#include "mproxy/pipeline.h"

struct pipeline;

/* Whether this call is one that the pipeline of the lane takes. */
static inline bool
pipeline_takes(const struct lane *lane, const struct call *call)
{
	return lane->pipeline && call->unwatched &&
	       call->message.timeout_ms == 0;
}

/* Puts the call into the buffer of its lane, which is BUSY. */
int pipeline_put(struct call *call, struct lane *lane);

/* Such a call needs this argument of its, which has handles, until it is
 * answered. */
void pipeline_hold(struct lane *lane, const struct mproxy_value *value);

/* Sends and takes replies if it is time to. On failure the lane is dropped. */
int pipeline_go_on(struct lane *lane);

/*
 * Sends all there is and takes what replies come meanwhile, for a call that is
 * waited for: 0, or 1 when the reply with this id has come already; else a
 * negative errno.
 */
int pipeline_send(struct lane *lane, uint64_t id, struct message_reply *ret);

/* Whether the reply is that of a pipelined call; then it is dealt with. */
bool pipeline_take_reply(struct lane *lane, const struct message_reply *reply);

/* --- when lanes come and go --- */

/* A lane was opened for this thread. */
void pipeline_attach(struct lane *lane);

/* The lane ends, for this reason; 0: whatever the manager's state says. */
void pipeline_detach(struct lane *lane, int reason);

/* Why no call can be made before the failure of the pipeline was told; or 0. */
int pipeline_obstacle(struct mproxy_manager *m);

/* Sends what the socket takes without waiting: the connection ends. */
void pipeline_push(struct mproxy_manager *m);

/* The thread ends: does the same, and forgets all. */
void pipeline_forget(void);

/* --- at a fork --- */

/* Waits until all is answered, until deadline at most; whether it is. The lane
 * is BUSY, and dropped when it breaks: then *ret_lane is NULL. */
bool pipeline_settle(struct lane **lane, int64_t deadline);

/* In the child: the calls are the parent's. */
void pipeline_disown(void);

#endif
