/*
 * What a handler may know of a descriptor of the library: a slot.
 *
 * Every descriptor the library keeps has one: lanes, control lanes, ends of
 * pipes. mproxy_interrupt() finds the waiting lanes here, a child of fork all
 * it must close. Slots live in a registry that takes no lock.
 *
 * The state of a lane's slot:
 *
 *	IDLE <-> BUSY <-> WAITING <-> CANCELLING
 *	  |
 *	  v
 *	CLOSED
 *
 * The thread of the lane moves it between IDLE, BUSY and WAITING.
 * mproxy_interrupt(), in whatever thread, borrows a WAITING one: CANCELLING for
 * the moment of one send; its owner waits until that is over before it goes
 * on. mproxy_close() takes an IDLE one: CLOSED, its descriptor is closed then.
 */
#ifndef MPROXY_LIB_SLOT_H
#define MPROXY_LIB_SLOT_H

#include <stdint.h>

#include "registry.h"

enum slot_state {
	SLOT_PLAIN, /* no lane that anybody calls on */
	SLOT_IDLE,
	SLOT_BUSY,
	SLOT_WAITING,
	SLOT_CANCELLING,
	SLOT_CLOSED,
};

struct slot {
	struct registry_record record;
	atomic_bool cancelled; /* a Cancel was sent for this wait */
	atomic_int state;
	atomic_int fd;	       /* plus one, so that zero is none */
	_Atomic uint64_t call; /* id of the call that waits */
};

extern struct registry slots;

/* A slot for fd, PLAIN. Borrows fd. NULL without memory. */
struct slot *slot_take(int fd);

/* Out of use; gives its descriptor back, to be closed by the caller; -1 when
 * it had none any more. */
int slot_give(struct slot *slot);

int slot_fd(const struct slot *slot);
int slot_take_fd(struct slot *slot); /* as slot_fd(), and leaves it without */

/* IDLE to BUSY; false when it is anything else. */
static inline bool
slot_begin(struct slot *slot)
{
	int expected = SLOT_IDLE;

	return atomic_compare_exchange_strong_explicit(
		&slot->state, &expected, SLOT_BUSY, memory_order_acquire,
		memory_order_relaxed);
}

/* BUSY to IDLE. */
static inline void
slot_end(struct slot *slot)
{
	atomic_store_explicit(&slot->state, SLOT_IDLE, memory_order_release);
}

/* Shuts its socket down and closes it, if it has one. */
void slot_end_socket(struct slot *slot);

/* BUSY to WAITING, for the call of this id. */
void slot_wait(struct slot *slot, uint64_t call);

/* From WAITING back to BUSY, once no interrupt is at work on it. */
void slot_settle(struct slot *slot);

/* IDLE to CLOSED; false when it is anything else. */
bool slot_close(struct slot *slot);

/* Sends a Cancel if it is WAITING. Async-signal-safe, never waits. */
void slot_interrupt(struct slot *slot);

#endif
