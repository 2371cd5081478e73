/*
 * What the parts of the library know of each other.
 *
 * manager (connection.c) -> lanes, one a thread (lane.c) -> calls (call.c).
 * Objects and values are counted; an object's last unref gives its reference
 * back to the manager. fork.c and interrupt.c reach lanes through one registry
 * that takes no lock, because they run in handlers.
 */
#ifndef MPROXY_LIB_PRIVATE_H
#define MPROXY_LIB_PRIVATE_H

#include <stdatomic.h>

#include "mproxy/manager.h"
#include "mproxy/object.h"
#include "mproxy/value.h"
#include "proto/message.h"
#include "proto/value.h"

/* --- error.c: the detail of this thread --- */

/* Sets the detail and returns code. */
int error_set(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void error_set_span(int code, struct span detail);

/* --- value.c --- */

struct mproxy_value {
	atomic_uint refs;
	uint32_t n_objects; /* handles inside, each with one reference */
	struct mproxy_object *
		*objects; /* in the order of the bytes; NULL: none */
	struct value_index *_Atomic index; /* value-access.c; NULL: not yet */
	unsigned depth;			   /* 0: not known, see value_depth() */
	bool is_small;			   /* its memory, see value-block.c */
	size_t size;
	uint8_t bytes[]; /* canonical; a NUL follows */
};

/* This thread keeps blocks of small values from now on, until it forgets
 * them. */
void value_blocks_keep(void);
void value_blocks_forget(void);

/* From canonical bytes without handles. NULL without memory. */
struct mproxy_value *value_new(struct span bytes);

/*
 * From bytes that came in a reply: the objects of the handles inside are made,
 * each owning one booked reference. Not canonical bytes: PROTOCOL. On failure
 * the booked references are given back.
 */
int value_receive(struct mproxy_manager *m, struct span bytes,
		  struct mproxy_value **ret);

/*
 * The same from a block that has them offsetof(struct mproxy_value, bytes)
 * behind its beginning, with room for a byte behind them; takes the block.
 */
int value_receive_block(struct mproxy_manager *m, void *block,
			struct span bytes, struct mproxy_value **ret);

/*
 * The code to report for a value that is NULL, its detail set: why a
 * constructor failed last in this thread (told once); NO_MEMORY when none did.
 */
int value_null_error(void);

static inline struct span
value_span(const struct mproxy_value *value)
{
	return span_make(value->bytes, value->size);
}

/* --- proxy.c --- */

struct mproxy_object {
	atomic_uint refs;
	struct mproxy_manager *manager; /* one reference */
	uint64_t id;
	char type[]; /* its name */
};

/* Owns one booked reference. NULL without memory: then release it yourself. */
struct mproxy_object *object_new_proxy(struct mproxy_manager *m, uint64_t id,
				       struct span type);

/* All results of a reply as one value: nil for none, the result, or a list. */
int object_results(struct mproxy_manager *m, const struct message_reply *reply,
		   struct mproxy_value **ret);

/* --- connection.c --- */

struct mproxy_manager *manager_ref(struct mproxy_manager *m);
void manager_unref(struct mproxy_manager *m);

/* The process's view of the manager object itself (id 1); borrowed. */
struct mproxy_object *manager_object(struct mproxy_manager *m);

/* Gives count references of an object back; never fails, never waits long. */
void manager_release(struct mproxy_manager *m, uint64_t object, uint64_t count);

/* --- call.c: the one generic call --- */

struct call_args {
	size_t n;
	const struct span *spans;
};

/*
 * Calls and waits for the reply. Takes nothing: spans are borrowed. Results
 * are received into values (n_results of them at most 4, given). Fewer results
 * than asked for: PROTOCOL. ret_values may be NULL with n_results 0: results
 * are dropped, handles in them given back.
 */
int manager_call(struct mproxy_manager *m, uint64_t object, const char *type,
		 const char *method, size_t n_args, const struct span *args,
		 int timeout_ms, size_t n_results,
		 struct mproxy_value **ret_values);

/*
 * The thin typed faces: takes the n_args values (any NULL: NO_MEMORY). The
 * one result, if wanted, is given in *ret. MAY_WAIT methods pass timeout_ms,
 * others CALL_NO_WAIT.
 */
#define CALL_NO_WAIT 0
int object_call(struct mproxy_object *object, const char *method,
		int timeout_ms, size_t n_args, struct mproxy_value *const *args,
		struct mproxy_value **ret);
/* The same, and the result as a C variable; NULL: not wanted. */
int object_call_int(struct mproxy_object *object, const char *method,
		    int timeout_ms, size_t n_args,
		    struct mproxy_value *const *args, int64_t *ret);
int object_call_bool(struct mproxy_object *object, const char *method,
		     int timeout_ms, size_t n_args,
		     struct mproxy_value *const *args, bool *ret);

#endif
