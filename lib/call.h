/*
 * A call whose reply is looked at where it lies. See call.c.
 */
#ifndef MPROXY_LIB_CALL_H
#define MPROXY_LIB_CALL_H

#include "lane.h"

struct call {
	struct mproxy_manager *manager;
	const char *type; /* for the trace; NULL: not known */
	/* when nobody looks at the result, the proxy it is called on: a
	 * pipeline may take the call then; see pipeline.h */
	struct mproxy_object *unwatched;
	struct message_call message; /* its id: from call_put() on */
};

/* Without arguments. Each field is set by itself, for otherwise compilers clear
 * the whole first, in a way that takes long to begin. */
static inline struct call
call_make(struct mproxy_object *object, const char *method, int timeout_ms)
{
	struct call call;

	call.manager = object->manager;
	call.type = object->type;
	call.unwatched = NULL;
	call.message.id = 0;
	call.message.object = object->id;
	call.message.method = span_text(method);
	call.message.timeout_ms = timeout_ms;
	call.message.n_args = 0;
	call.message.args = NULL;
	call.message.items = span_make(NULL, 0);
	return call;
}

/* The items of a list, which may be NULL, as arguments: 0 or, when it is no
 * list, MPROXY_ERR_TYPE. Borrows them. */
int call_set_items(struct call *call, const struct mproxy_value *list);

/* Gives the call its id and writes it into the channel of a lane that is
 * BUSY. */
int call_put(struct call *call, struct lane *lane);

/*
 * Sends the call and waits for its reply: 0, or the error of the connection or
 * of the method. On 0 the spans in ret are valid until call_done(), which must
 * follow; on an error it must not.
 */
int call_perform(struct call *call, struct lane **ret_lane,
		 struct message_reply *ret);
void call_done(struct lane *lane);

/* Receives the first n results as values and gives back the others. Nothing
 * is given on failure. */
int call_receive(struct mproxy_manager *m, const struct message_reply *reply,
		 size_t n, struct mproxy_value **ret);

/* As manager_call(), the call being made up already. */
int call_values(struct call *call, size_t n_results,
		struct mproxy_value **ret_values);

#endif
