/*
 * MPROXY_DEBUG=calls: one readable line a call, the same on both sides:
 *
 *	mproxy[4711]: list#7.append(42) -> ok 6 us
 *	mproxyd[4700] 4711/1: list#7.get(9) -> RANGE (list index 9 …) 2 us
 *	mproxy[4711]: dict#9.get("a") -> ok ([1, 2]) 6 us
 *
 * Goes to standard error because the user asked for it in the environment.
 */
#ifndef MPROXY_PROTO_TRACE_H
#define MPROXY_PROTO_TRACE_H

#include "message.h"

/* Whether MPROXY_DEBUG holds calls or all; read once, by secure_getenv. */
bool trace_calls_wanted(void);

/*
 * Formats one line, without a newline. who: "mproxy[4711]" or the like; type:
 * name of the object's type or an empty span. Trusts neither call nor reply:
 * what is no value is printed as that.
 */
void trace_format_call(struct buffer *out, const char *who, struct span type,
		       const struct message_call *call,
		       const struct message_reply *reply, int64_t elapsed_ns);

/* Formats and writes it to standard error in one write. */
void trace_call(const char *who, struct span type,
		const struct message_call *call,
		const struct message_reply *reply, int64_t elapsed_ns);

#endif
