/*
 * A lock: one lane at a time holds it, the others wait in the order they came.
 *
 * Every grant carries a fencing number, larger than that of any grant before.
 * When the holder dies, the next one to get the lock is told so.
 */
#include "mproxy/error.h"
#include "server/core/call.h"

struct lock {
	struct object object;
	struct hold hold;
	struct waitlist waiters;
	uint64_t number; /* fencing number of the holder */
	int64_t since;	 /* ns; when it got the lock */
	bool owner_died; /* the last holder, without releasing */
};

static struct lock *
lock_of(struct object *object)
{
	return (struct lock *)object;
}

static void
lock_settle(struct hold *hold, const char *cause)
{
	(void)cause;
	lock_of(hold->object)->owner_died = true;
}

static void
lock_grant(struct lock *lock, struct call *call)
{
	struct lane *lane = call_lane(call);
	struct buffer *out = call_scratch(call);
	uint64_t number = core_number(lock->object.core);
	struct span results[2];
	size_t end;

	value_put_uint(out, number);
	end = out->size;
	value_put_bool(out, lock->owner_died);
	if (buffer_failed(out)) {
		call_fail_memory(call);
		return;
	}
	lock->number = number;
	lock->since = call_now(call);
	lock->owner_died = false;
	hold_add(&lock->hold, lane, &lock->object, lock_settle);
	results[0] = span_make(out->data, end);
	results[1] = span_make(out->data + end, out->size - end);
	call_reply_spans(call, results, 2, false);
}

static void
lock_acquire(struct call *call, struct object *object, const struct value *args,
	     size_t n_args)
{
	struct lock *lock = lock_of(object);

	(void)args;
	(void)n_args;
	if (!lock->hold.lane && !waitlist_first(&lock->waiters))
		lock_grant(lock, call);
	else
		call_park(call, &lock->waiters, MPROXY_ERR_WOULD_BLOCK, NULL,
			  NULL);
}

static void
lock_release(struct call *call, struct object *object, const struct value *args,
	     size_t n_args)
{
	struct lock *lock = lock_of(object);

	(void)args;
	(void)n_args;
	if (!lock->hold.lane) {
		call_fail(call, MPROXY_ERR_NOT_OWNER, "nobody holds the lock");
		return;
	}
	if (lock->hold.lane != call_lane(call)) {
		call_fail(call, MPROXY_ERR_NOT_OWNER,
			  "process %u, thread %llu holds the lock",
			  lane_pid(lock->hold.lane),
			  (unsigned long long)lane_thread(lock->hold.lane));
		return;
	}
	hold_remove(&lock->hold);
	call_reply(call);
}

static void
lock_locked(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	(void)args;
	(void)n_args;
	call_reply_bool(call, lock_of(object)->hold.lane != NULL);
}

static void
lock_holder(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct lock *lock = lock_of(object);
	uint64_t facts[5];
	struct buffer *out;
	size_t i, list;

	(void)args;
	(void)n_args;
	if (!lock->hold.lane) {
		call_fail(call, MPROXY_ERR_NOT_FOUND, "nobody holds the lock");
		return;
	}
	facts[0] = lane_pid(lock->hold.lane);
	facts[1] = lane_thread(lock->hold.lane);
	facts[2] = lock->number;
	facts[3] = (uint64_t)(call_now(call) - lock->since);
	facts[4] = lock->waiters.n;
	out = call_scratch(call);
	list = value_list_begin(out);
	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		call_item_uint(call, facts[i]);
	value_list_end(out, list);
	call_reply_scratch(call, false);
}

static int
lock_create(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	(void)call;
	(void)args;
	(void)n_args;
	waitlist_init(&lock_of(object)->waiters);
	return 0;
}

static void
lock_wake(struct object *object)
{
	struct lock *lock = lock_of(object);
	struct call *call;

	while (!lock->hold.lane && (call = waitlist_first(&lock->waiters)))
		lock_grant(lock, call);
}

static void
lock_format(const struct object *object, struct buffer *out, size_t max)
{
	const struct lock *lock = (const struct lock *)object;

	(void)max;
	if (lock->hold.lane)
		buffer_printf(out, "<lock held by process %u, thread %llu>",
			      lane_pid(lock->hold.lane),
			      (unsigned long long)lane_thread(lock->hold.lane));
	else
		buffer_append_text(out, "<lock, free>");
}

static const char *
lock_check(const struct object *object)
{
	const struct lock *lock = (const struct lock *)object;

	if (!lock->hold.lane && waitlist_first(&lock->waiters))
		return "a lock is free and somebody waits for it";
	if (lock->hold.lane && lock->owner_died)
		return "a lock has both a holder and a dead one";
	return NULL;
}

static const struct method lock_methods[] = {
	{ "acquire", "", "ib", lock_acquire, METHOD_WAITS,
	  "waits for the lock; fencing number, and whether the owner died" },
	{ "release", "", "", lock_release, 0,
	  "gives the lock to the next one" },
	{ "locked", "", "b", lock_locked, METHOD_READONLY,
	  "whether somebody holds it" },
	{ "holder", "", "l", lock_holder, METHOD_READONLY,
	  "process, thread, fencing number, ns held, waiters" },
	METHOD_END,
};

extern const struct object_type lock_type;
const struct object_type lock_type = {
	.name = "lock",
	.about = "one holder at a time, passed on when the holder dies",
	.takes = "",
	.size = sizeof(struct lock),
	.create = lock_create,
	.wake = lock_wake,
	.format = lock_format,
	.check = lock_check,
	.methods = lock_methods,
};
