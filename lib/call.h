/*
 * A call whose reply is looked at where it lies. See call.c.
 */
#ifndef MPROXY_LIB_CALL_H
#define MPROXY_LIB_CALL_H

#include "lane.h"

struct call {
	struct mproxy_manager *manager;
	uint64_t object;
	const char *type; /* for the trace; NULL: not known */
	const char *method;
	size_t n_args;
	const struct span *args;
	int timeout_ms;
	/* when nobody looks at the result, the proxy it is called on: a
	 * pipeline may take the call then; see pipeline.h */
	struct mproxy_object *unwatched;
};

/* Writes the call into the channel of a lane that is BUSY. */
int call_put(const struct call *call, struct lane *lane, uint64_t *ret_id);

/*
 * Sends the call and waits for its reply: 0, or the error of the connection or
 * of the method. On 0 the spans in ret are valid until call_done(), which must
 * follow; on an error it must not.
 */
int call_perform(const struct call *call, struct lane **ret_lane,
		 struct message_reply *ret);
void call_done(struct lane *lane);

/* Receives the first n results as values and gives back the others. Nothing
 * is given on failure. */
int call_receive(struct mproxy_manager *m, const struct message_reply *reply,
		 size_t n, struct mproxy_value **ret);

/* The spans of arguments that come as a list value. */
struct spread {
	size_t n;
	struct span *spans;
	struct span room[8];
};

/*
 * The spans of the items of list, which may be NULL, behind n_before given
 * ones, fewer than there is room for. MPROXY_ERR_TYPE when it is no list, or MPROXY_ERR_NO_MEMORY: then there
 * is nothing to deinit.
 */
int call_spread(const struct mproxy_value *list, size_t n_before,
		const struct span *before, struct spread *ret);
void spread_deinit(struct spread *spread);

#endif
