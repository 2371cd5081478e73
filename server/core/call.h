/*
 * A call in flight: answered now, later, or never because its lane is gone.
 *
 * A handler ends it in exactly one way. After call_reply…() and call_fail()
 * the call must not be touched any more. A parked call stays in one waitlist
 * until it is answered (by wake() of its object), expires, is cancelled or
 * its lane closes.
 */
#ifndef MPROXY_SERVER_CORE_CALL_H
#define MPROXY_SERVER_CORE_CALL_H

#include "server/core/item.h"
#include "server/core/object.h"
#include "server/core/timer.h"

/* Calls waiting for the same thing, first come first. */
struct waitlist {
	struct list_link calls;
	size_t n;
};

void waitlist_init(struct waitlist *list);
struct call *waitlist_first(const struct waitlist *list); /* or NULL */
struct call *waitlist_next(const struct waitlist *list,
			   const struct call *call); /* or NULL */

/* --- asking --- */

struct lane *call_lane(const struct call *call);
struct core *call_core(const struct call *call);
struct object *call_object(const struct call *call);
int64_t call_now(const struct call *call); /* ns */

/*
 * When the caller's patience ends, in ns; INT64_MAX: never; INT64_MIN: it does
 * not want to wait at all. Only for METHOD_WAITS.
 */
int64_t call_deadline(const struct call *call);

/* Bytes that a value, and so all results of a call together, may have. */
size_t call_max_value(const struct call *call);

/* --- answering --- */

void call_reply(struct call *call); /* no result */
void call_reply_bool(struct call *call, bool value);
void call_reply_int(struct call *call, int64_t value);
void call_reply_text(struct call *call, struct span utf8);
/* The item stays the caller's. */
void call_reply_item(struct call *call, const struct item *item);
/* Any canonical value; has_handles must be right: it books references. */
void call_reply_span(struct call *call, struct span value, bool has_handles);
/* Several results. */
void call_reply_spans(struct call *call, const struct span *values, size_t n,
		      bool has_handles);

/*
 * An empty buffer to build a result in; one for all of the core, valid until
 * the call ends. call_reply_scratch() sends it as the one result; if building
 * failed the call fails with NO_MEMORY.
 */
struct buffer *call_scratch(struct call *call);
void call_reply_scratch(struct call *call, bool has_handles);

/* Items of a list that is open (value_list_begin()) in call_scratch(). */
void call_item_uint(struct call *call, uint64_t value);
void call_item_text(struct call *call, struct span utf8);

/* code is one of mproxy/error.h; the sentence names the thing. */
void call_fail(struct call *call, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void call_fail_memory(struct call *call);

/*
 * To be called before the reply that gives something away for good: if it
 * turns out that the client died without having read that reply, or if the
 * call fails after all, give_back() returns it to the object; else forget()
 * frees what was kept for that: it may run inside of any later reply on the
 * lane. The core holds the object until one of the two has run.
 */
void call_on_unread(struct call *call,
		    void (*give_back)(struct object *object, void *data),
		    void (*forget)(struct object *object, void *data),
		    void *data);

/* --- waiting --- */

/*
 * Waits in list. When the deadline passes the call fails with TIMEOUT; a
 * caller that does not want to wait at all gets the code at_once instead
 * (EMPTY, FULL, WOULD_BLOCK …), but only after wake() had its chance. The
 * arguments of the handler are gone by the time the call is answered: what is
 * needed of them is kept in data, which release() frees when the call leaves
 * the list unanswered (may be NULL). The call fails by itself when it may not
 * park (limit, batch).
 */
void call_park(struct call *call, struct waitlist *list, int at_once,
	       void *data, void (*release)(struct call *call, void *data));

/*
 * To be called before call_park() by a method that may be done in part: late()
 * is asked when the time is over, the caller does not want to wait, or it
 * cancels; true when it has ended the call itself.
 */
void call_on_late(struct call *call,
		  bool (*late)(struct call *call, void *data));

/* What call_park() kept; the caller owns it once it calls call_take_data().
 * What is not taken is released when the call ends, however it ends. */
void *call_data(const struct call *call);
void *call_take_data(struct call *call);

/* Fails every call in the list. */
void waitlist_fail_all(struct waitlist *list, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * A long job: step() runs now and then again in later turns until it ends the
 * call (or parks it); the object answers nobody else meanwhile, others are
 * served between two steps. How much a step may do it asks call_share().
 * release() frees data, and leaves the object in order, if the lane goes or
 * the call is cancelled before the end; step() frees it when it ends the call.
 */
void call_again(struct call *call, void (*step)(struct call *call, void *data),
		void *data, void (*release)(struct call *call, void *data));

/*
 * How many of at most n a step does: items, comparisons, bytes; at least 1.
 * n is as many as take some 100 µs, and all are the share of whoever has the
 * server to himself. While calls come in between the steps, it is a small part
 * of them: some 5 µs, so that a call waits no longer for a step than it takes
 * itself. The share differs from step to step, so count what was done. The
 * first step, within the handler, always has all: whether what is short is
 * answered at once does not depend on others.
 */
size_t call_share(const struct call *call, size_t n);

#endif
