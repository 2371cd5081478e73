/*
 * THE CONTRACT of a type. Read this before you write one.
 *
 * A type is a record, a table of methods and a state struct that begins with
 * a struct object. The core makes the object, counts who refers to it, finds
 * the method, checks the arguments against its signature, and calls the
 * handler. A handler ends its call in exactly one way: call_reply…(),
 * call_fail(), call_park() or call_again() (call.h). After it, and after
 * everything else that may have changed the object (a timeout, a death), the
 * core calls wake(): there, and only there, waiters are served. So a handler
 * that must wait just parks, and no wake-up can be forgotten.
 */
#ifndef MPROXY_SERVER_CORE_OBJECT_H
#define MPROXY_SERVER_CORE_OBJECT_H

#include "proto/buffer.h"
#include "proto/value.h"
#include "server/core/list.h"

struct call;
struct core;
struct item;
struct job;
struct lane;
struct method_table;
struct object;
struct session;

enum method_flags {
	METHOD_READONLY = 1, /* changes nothing: no version, no wake-up */
	METHOD_WAITS = 2,    /* may park; the caller's timeout counts */
};

struct method {
	const char *name;
	const char *takes; /* signature.h */
	const char *gives; /* signature of the results, for documentation */
	void (*handler)(struct call *call, struct object *object,
			const struct value *args, size_t n_args);
	unsigned flags;
	const char *about; /* one line, for documentation */
};

#define METHOD_END                                                             \
	{                                                                      \
	}

struct object_type {
	const char *name;
	const char *about;
	/* Signature of its constructor. NULL: only the server makes such objects. */
	const char *takes;
	size_t size; /* of its state struct */

	/*
	 * Fills in a zeroed state. 0, or a code after call_fail(); then
	 * destroy() is not called: undo what was done. May be NULL.
	 */
	int (*create)(struct call *call, struct object *object,
		      const struct value *args, size_t n_args);

	/*
	 * Goes on with what create() began when it set object->unfinished, which
	 * only an object made by a client may: once a turn until it gives 1, all
	 * is done, or -1 after call_fail(). It is a step of a job (call_again()).
	 * Nobody can reach the object before.
	 * May be NULL.
	 */
	int (*make)(struct call *call, struct object *object);

	/*
	 * Frees about budget parts of the state, items with item_free(), in some
	 * 20 ns each. True when all is freed; the core calls again
	 * later otherwise, with a smaller budget while others call. No call is
	 * parked on it any more and nobody holds it. May be NULL.
	 */
	bool (*destroy)(struct object *object, size_t budget);

	/* Serves waiters as far as the state allows. May be NULL. */
	void (*wake)(struct object *object);

	/* Prints the contents, about max bytes of them. May be NULL. */
	void (*format)(const struct object *object, struct buffer *out,
		       size_t max);

	/* NULL, or the sentence about itself that does not hold. For tests.
	 * May be NULL. */
	const char *(*check)(const struct object *object);

	/* Calls visit for each stored item; core_check() counts references by
	 * it. NULL when the type stores none. */
	void (*each_item)(const struct object *object,
			  void (*visit)(void *context, const struct item *item),
			  void *context);

	const struct method *methods; /* ends with METHOD_END */
};

struct object {
	uint64_t id;
	const struct object_type *type;
	struct core *core;
	char *name;		  /* NULL: anonymous */
	struct session *maker;	  /* charged for it; NULL when gone */
	size_t outer_refs;	  /* by sessions */
	size_t inner_refs;	  /* by items, parked calls, names, types */
	uint64_t version;	  /* grows with every call that changed it */
	struct list_link touched; /* in core->touched while wake() is due */
	struct list_link dying;	  /* in core->dying while being freed */
	struct list_link made;	  /* in maker's list */
	struct job *job;	  /* a long call runs; NULL: not busy */
	bool unfinished;	  /* make() has still to be called */
	const struct method_table *methods; /* of its type, by name */
	size_t type_refs; /* those of inner_refs that are object_ref()'s */
};

/* All types there are, from types/types.def; ends with NULL. */
extern const struct object_type *const object_types[];

/*
 * One more, one less inner reference. For types that point at other objects;
 * items do it by themselves. object_unref() may free the object soon: do not
 * touch it after.
 */
void object_ref(struct object *object);
void object_unref(struct object *object);

/* wake() of this object is called before the core returns to its shell. */
void object_touch(struct object *object);

/*
 * A new anonymous object of a type, made by the server itself for the session
 * of call; has one inner reference, the caller's. NULL after call_fail().
 */
struct object *object_new(struct call *call, const struct object_type *type,
			  const struct value *args, size_t n_args);

/* The object of a handle argument if it is of this type, else NULL after
 * call_fail(). type NULL: any. */
struct object *object_of_handle(struct call *call, const struct value *handle,
				const struct object_type *type);

/* Writes a handle value for object. */
void object_put_handle(const struct object *object, struct buffer *out);

/*
 * A hold: something a lane has and must lose when it dies (a lock, a running
 * task). Embedded in the state of the type. When the lane closes, settle() is
 * called once, the hold being already removed from it; cause says why the
 * lane closed. Then the object is touched.
 */
struct hold {
	struct list_link link;
	struct lane *lane; /* NULL when not held */
	struct object *object;
	void (*settle)(struct hold *hold, const char *cause);
};

void hold_add(struct hold *hold, struct lane *lane, struct object *object,
	      void (*settle)(struct hold *hold, const char *cause));
void hold_remove(struct hold *hold); /* fine when not held */

/* With which keys are hashed, as clients choose them. */
const struct value_hash_key *core_hash_key(const struct core *core);

/* A number that only grows, over all objects of this core; never 0. */
uint64_t core_number(struct core *core);

/* Who that is. */
uint32_t lane_pid(const struct lane *lane);
uint64_t lane_thread(const struct lane *lane);
struct session *lane_session(const struct lane *lane);

#endif
