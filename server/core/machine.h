/*
 * The inside of the core: what its own files share. No type includes this,
 * except the manager, which shows the core to clients.
 *
 * One event, from core_enter() to core_leave(): expire what is due, handle
 * the event, then settle: wake what was touched until nothing is, fail those
 * who did not want to wait, free what nobody refers to.
 */
#ifndef MPROXY_SERVER_CORE_MACHINE_H
#define MPROXY_SERVER_CORE_MACHINE_H

#include "proto/signature.h"
#include "server/core/call.h"
#include "server/core/core.h"
#include "server/core/refs.h"

/* Handles that a reply can book without asking for memory. */
#define BOOK_AHEAD 16

/* Parts of dying objects freed at the end of each event, and in each slice. */
#define FREE_PER_EVENT 64
#define FREE_PER_SLICE 4096

/* Deferred calls served in one slice. */
#define CALLS_PER_SLICE 64

/*
 * All of these are shares of who has the server to himself. Once a call comes
 * between two slices they are divided by 2^PACE_SHORTEST; each time so many
 * slices pass without one they double. So a slice takes about a PACE_PATIENCE-th
 * of the time for which no call has come, which is what the next one may have
 * to wait; and a client that asks again as soon as it has an answer finds the
 * server at short slices always.
 */
#define PACE_SHORTEST 4
#define PACE_PATIENCE 16

/* --- one type, as the dispatcher finds it --- */

struct method_slot {
	const struct method *method; /* NULL: empty */
	size_t size;		     /* of its name */
	struct signature_plan takes;
};

static inline bool
method_has_name(const struct method_slot *slot, struct span name)
{
	return span_equal(span_make(slot->method->name, slot->size), name);
}

/* The methods of a type, and those that every object has, by name. */
struct method_table {
	const struct object_type *type;
	struct method_slot *slots;
	size_t mask;
};

/* --- the machine --- */

struct slot {
	struct object *object; /* NULL: free */
	uint32_t generation;   /* of the object, or of the next one */
	uint32_t next_free;    /* 0: none */
};

struct registry {
	struct slot *slots;
	uint32_t n;	   /* slots in use or free */
	uint32_t capacity; /* of slots */
	uint32_t free;	   /* first free one; 0: none */
	size_t living;
};

/* A name that refers to an object; order is that of making. */
struct name {
	struct list_link all;
	struct name *next; /* in its bucket */
	struct object *object;
	uint64_t hash;
	size_t size;
	char text[];
};

struct names {
	struct list_link all;
	struct name **buckets;
	size_t mask;
	size_t n;
};

struct timers {
	struct timer **heap; /* [1] is the next one */
	size_t n;
	size_t capacity;
	uint64_t order;
};

/* How long the slices are, at present. */
struct pace {
	unsigned shift;	 /* they do 2^-shift of the most */
	unsigned quiet;	 /* of this length, without a call between them */
	uint64_t calls;	 /* core->calls when the last one was over */
	bool is_working; /* there was more to do after it */
};

struct core {
	struct core_config config;
	struct core_output output;
	int64_t now;
	struct registry registry;
	struct names names;
	struct timers timers;
	struct method_table *tables; /* one for each of object_types */
	size_t n_tables;
	struct object *manager;

	struct list_link sessions;
	size_t n_sessions;
	struct list_link touched;   /* objects: wake() is due */
	struct list_link impatient; /* calls that fail if wake() passes by */
	struct list_link dying;	    /* objects being freed */
	struct list_link dead;	/* when closing: objects with nothing left */
	bool closing;		/* core_free() is at work */
	struct list_link jobs;	/* busy objects */
	struct list_link ready; /* lanes whose backlog may go on */
	struct pace pace;

	struct list_link ended; /* calls, until the event is over */
	struct call *spare;	/* calls, for the next ones, by their data */
	size_t n_spare;

	struct value *args; /* of the running call */
	size_t args_capacity;
	void *offered; /* block of the running call; see item_offer() */
	struct buffer scratch;
	struct buffer small; /* results that must not fail for memory */
	size_t memory;	     /* charged */
	uint64_t freed;	     /* items, nodes and objects, ever */
	uint64_t number;     /* core_number() */
	uint64_t calls;	     /* ever */
	const char *fault;   /* a type broke the contract; for core_check() */
};

/* Fires the timers that are due. */
void core_expire(struct core *core);
/* False, and nothing charged, past the limit. */
bool core_charge(struct core *core, size_t size);
void core_discharge(struct core *core, size_t size);

/* What a slice does of at most n. */
static inline size_t
core_share(const struct core *core, size_t n)
{
	size_t share = n >> core->pace.shift;

	return share ? share : 1;
}

/* The deadline of the next timer. */
static inline int64_t
timers_next(const struct core *core)
{
	return core->timers.n ? core->timers.heap[1]->deadline : INT64_MAX;
}

/* As below, when there is anything to do. */
void core_settle(struct core *core);

static inline void
core_leave(struct core *core)
{
	if (!list_is_empty(&core->touched) ||
	    !list_is_empty(&core->impatient) || !list_is_empty(&core->ended) ||
	    !list_is_empty(&core->dying))
		core_settle(core);
}

static inline void
core_enter(struct core *core, int64_t now)
{
	if (now > core->now)
		core->now = now;
	if (timers_next(core) <= core->now)
		core_expire(core);
}

/* --- registry.c --- */

int registry_init(struct core *core);
void registry_deinit(struct core *core);
/* Gives object an id: 0 or MPROXY_ERR_NO_MEMORY. */
int registry_add(struct core *core, struct object *object);
void registry_remove(struct core *core, struct object *object);
struct object *registry_find(const struct core *core, uint64_t id);
const struct method_table *registry_table(const struct core *core,
					  const struct object_type *type);
/* NULL when there is none. */
const struct method_slot *method_find(const struct method_table *table,
				      struct span name);

/* What every object can be asked; ends with METHOD_END. */
extern const struct method common_methods[];

/* --- names.c: a name counts as an inner reference --- */

int names_init(struct core *core);
void names_deinit(struct core *core);
struct object *names_find(const struct core *core, struct span name);
/* 0 or MPROXY_ERR_NO_MEMORY. */
int names_add(struct core *core, struct object *object, struct span name);
void names_remove(struct core *core, struct object *object);

/* --- object.c --- */

/* References of the core itself: items, calls, names, holds. */
void object_hold(struct object *object);
void object_let_go(struct object *object);
/* Called when a count has fallen: starts to free it when nobody is left. */
void object_consider(struct object *object);
/* Frees about budget items and objects of the dying ones. */
void core_bury(struct core *core, size_t budget);
/* For core_free(): frees all that is left, also what holds itself. */
void objects_kill(struct core *core);

/* --- session.c --- */

struct session {
	struct core *core;
	struct list_link link; /* in core->sessions */
	struct list_link lanes;
	struct refs refs;
	uint64_t drops;	       /* references it lost, ever */
	struct list_link made; /* objects it is charged for */
	size_t n_made;
	uint32_t pid;
	uint32_t uid;
	char program[32];
};

/* NULL when the session does not refer to it. The manager is everybody's. */
static inline struct object *
session_find(const struct session *session, uint64_t id)
{
	struct ref *ref;

	if (id == MESSAGE_MANAGER)
		return session->core->manager;
	ref = refs_find(&session->refs, id);
	return ref ? ref->object : NULL;
}

/* Room to book n handles; false without memory. */
static inline bool
session_reserve(struct session *session, size_t n)
{
	return refs_reserve(&session->refs, n);
}

/* Books one reference; there must be room. */
void session_book(struct session *session, struct object *object);
void session_drop(struct session *session, uint64_t id, uint64_t count);
/* Books every handle in the value; there must be room. */
void session_book_all(struct session *session, struct span value);
size_t count_handles(struct span value);
void session_charge(struct session *session, struct object *object);
void session_discharge(struct object *object);

/* --- lane.c --- */

struct unread {
	struct object *object; /* NULL: nothing kept */
	void (*give_back)(struct object *object, void *data);
	void (*forget)(struct object *object, void *data);
	void *data;
};

/*
 * What the last call of a lane was on: the next one mostly is on the same.
 * Valid while the session has lost no reference since.
 */
struct found {
	struct object *object; /* NULL: nothing */
	const struct method_slot *slot;
	uint64_t id;
	uint64_t drops;
};

struct lane {
	struct core *core;
	struct session *session;
	struct list_link link;	/* in session->lanes */
	struct list_link calls; /* parked, deferred, or running as a job */
	size_t n_calls;
	uint64_t highest_id; /* of any call so far */
	struct found found;
	struct list_link holds;
	struct unread unread;	  /* of its last reply */
	struct call *stalled;	  /* a job of this lane, or waits for one */
	struct list_link backlog; /* calls that come after it */
	struct list_link ready;	  /* in core->ready */
	uint64_t thread;
	void *shell;
};

struct call *lane_find_call(const struct lane *lane, uint64_t id);
/* Ends one: kept for give_back() or not. */
void unread_end(struct unread *unread, bool give_back);

/* Its last reply was read: what was kept for it is let go. */
static inline void
lane_confirm(struct lane *lane)
{
	if (lane->unread.object)
		unread_end(&lane->unread, false);
}

/* Withdraws its calls, settles its holds, frees it; wakes nobody yet. */
void lane_end(struct lane *lane, bool unread, const char *cause);

/* --- call.c --- */

enum call_state {
	CALL_RUNNING,  /* in its handler */
	CALL_PARKED,   /* in a waitlist */
	CALL_DEFERRED, /* its object is busy, or its lane stalled */
	CALL_JOB,      /* in steps */
	CALL_ENDED,
};

struct deferred;

struct call {
	struct core *core;
	struct lane *lane;
	struct object *object;
	const struct method *method;
	const struct signature_plan *takes; /* of the method */
	uint64_t id;
	int64_t deadline;
	enum call_state state;
	int at_once;
	struct list_link link;	    /* the list it waits in, or ended, spare */
	struct waitlist *waitlist;  /* when parked */
	struct list_link flight;    /* in lane->calls */
	struct list_link impatient; /* in core->impatient */
	struct timer timer;
	void *data; /* of call_park() */
	void (*release)(struct call *call, void *data);
	bool (*late)(struct call *call, void *data);
	struct unread unread;
	struct deferred *deferred; /* what it asks, copied */
};

/* NULL without memory. */
struct call *call_new(struct core *core, struct lane *lane, uint64_t id);
void call_free(struct call *call);
/* Its handler is over: frees it if it has ended, and is in no list. */
void call_retire(struct call *call);
/* What call_park() kept and nobody took. */
void call_release_data(struct call *call);
/* Joins the calls in flight; false after call_fail(): too many. */
bool call_take_off(struct call *call);
/* Leaves every list and timer, back to the state of a running call. */
void call_land(struct call *call);
/* Ends it without a reply: its lane is gone. */
void call_drop(struct call *call);
void call_cancel(struct call *call);
/* The caller's patience is over. */
void call_expire(struct call *call);
void call_expire_by_timer(struct core *core, struct timer *timer);
/* Bytes of a client's text that fit a sentence: whole characters, none if it
 * is not UTF-8. */
int shown_size(struct span text);
/* The one reply of a call for which there is no struct call. */
void lane_refuse(struct lane *lane, uint64_t id, int code, const char *text);

/* --- args.c --- */

/* Room for those of an ordinary call. 0 or MPROXY_ERR_NO_MEMORY. */
int args_init(struct core *core);
/* Checks the arguments into core->args; false after call_fail(). */
bool args_take(struct call *call, const struct message_call *message);

/* --- dispatch.c --- */

/* Runs a call whose object and method are known. */
void dispatch_run(struct call *call, const struct message_call *message);

/* --- job.c --- */

struct job {
	struct list_link link; /* in core->jobs */
	struct object *object;
	struct call *call; /* NULL: over, those who wait for it are served */
	struct list_link waiting;
	void (*step)(struct call *call, void *data);
	void *data;
	void (*release)(struct call *call, void *data);
};

/* Whether a new call on object by this lane has to wait for its turn. */
static inline bool
job_is_in_the_way(const struct lane *lane, const struct object *object)
{
	return object->job || lane->stalled || !list_is_empty(&lane->backlog);
}

/* Keeps the call for later. */
void job_defer(struct call *call, const struct message_call *message);
void job_forget_deferred(struct call *call);
/* The call is no longer a job; release: its data is freed by the type. */
void job_end(struct call *call, bool release);
/* What stalled the lane has ended: its backlog may go on. */
void lane_resume(struct lane *lane, const struct call *call);
/* One slice. */
void jobs_work(struct core *core);

#endif
