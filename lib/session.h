/*
 * The manager object and this process's session with it, from inside.
 *
 * struct mproxy_manager is what the program holds; its memory is never freed,
 * only used again, because fork finds it in a registry. struct session is what
 * this process agreed on with the manager. A child of fork gets a new one,
 * made ready before the fork, and never touches the old one again: its mutex
 * and its lists may have been in any state.
 */
#ifndef MPROXY_LIB_SESSION_H
#define MPROXY_LIB_SESSION_H

#include <pthread.h>

#include "lib-private.h"
#include "proto/address.h"
#include "registry.h"
#include "slot.h"

struct lane;

enum manager_state {
	MANAGER_OPEN,
	MANAGER_GONE,	/* the server; for good */
	MANAGER_CLOSED, /* by mproxy_close() */
};

struct mproxy_manager {
	struct registry_record record;
	atomic_uint refs;
	atomic_int state;
	_Atomic(struct session *) session; /* NULL: lost at a fork */
	struct mproxy_object *object;	   /* the manager as an object */
	struct address address;
	uint8_t instance[MESSAGE_KEY_SIZE];
	uint64_t max_value;
	uint32_t pid;	    /* of the manager */
	struct slot *owner; /* pipe that keeps a private manager alive */
};

extern struct registry managers;

enum session_state {
	SESSION_ANNOUNCED, /* of a forked child that has not come forward */
	SESSION_OPEN,
	SESSION_FAILED, /* see failure */
};

struct session {
	pthread_mutex_t claim; /* held while a child comes forward */
	atomic_int state;
	int failure;	     /* a code, and … */
	const char *because; /* … a constant sentence */
	uint8_t key[MESSAGE_KEY_SIZE];
	uint8_t nonce[MESSAGE_KEY_SIZE]; /* of the fork */
	struct slot *pipe;		 /* held until claimed */

	pthread_mutex_t lock;	/* of what follows; only ever held briefly */
	struct lane *control;	/* never called on; its end is the server's */
	struct lane *lanes;	/* of all threads */
	struct session *before; /* in the list of sessions given up by fork */
};

/* --- connection.c --- */

/* How long a server may stay silent, in ms. $MPROXY_GRACE_MS, else 30 s. */
int connection_grace_ms(void);

/* One more reference, unless there is none any more. */
bool manager_try_ref(struct mproxy_manager *m);

/* --- session.c --- */

/* NULL without memory. */
struct session *session_new(enum session_state state);

/* Frees one that has no lanes, closing what it holds. */
void session_free(struct session *session);

/* The session for calls: 0, or why there can be none. A child of fork comes
 * forward here; timeout_ms bounds how long the manager may take to answer. */
int session_get(struct mproxy_manager *m, int timeout_ms, struct session **ret);

void session_add(struct session *session, struct lane *lane);

/* Takes lane out and closes its descriptor. */
void session_remove(struct session *session, struct lane *lane);

/* Ends all lanes. Idle ones lose their descriptors at once, the others when
 * their threads notice. */
void session_shut(struct session *session);

/* Closes the control lane: the end, as the server sees it. */
void session_end(struct session *session);

/* Whether the server has ended its side of the control lane. */
bool session_is_gone(struct session *session);

/* The code, with its sentence, for a manager that is not open; or 0. */
int manager_state_error(struct mproxy_manager *m);

#endif
