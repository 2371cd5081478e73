/*
 * MPROXY_DEBUG=calls on the server: what was called, until it is answered.
 *
 * One for each connection, and only when tracing. A call that could not be
 * remembered, without memory, is not shown.
 */
#ifndef MPROXY_SERVER_TRACER_H
#define MPROXY_SERVER_TRACER_H

#include "proto/message.h"
#include "server/auth.h"

struct tracer;

/* NULL without memory. */
struct tracer *tracer_new(uint64_t thread);
void tracer_free(struct tracer *tracer); /* NULL is fine */

/* payload: the whole Call message; type: a constant string. */
void tracer_begin(struct tracer *tracer, struct span payload, uint64_t id,
		  struct span type);
void tracer_end(struct tracer *tracer, const struct identity *who,
		const struct message_reply *reply);

#endif
