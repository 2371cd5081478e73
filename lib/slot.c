/*
 * Why the state is sequentially consistent where it meets an interrupt: the
 * owner stores WAITING and then looks for interrupts; the interrupt counts
 * itself and then looks for WAITING. One of the two must see the other.
 */
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/message.h"
#include "slot.h"

struct registry slots = { .size = sizeof(struct slot) };

_Static_assert(sizeof(struct slot) % 8 == 0, "records are aligned");

struct slot *
slot_take(int fd)
{
	struct slot *slot = registry_take(&slots);

	if (!slot)
		return NULL;
	atomic_store(&slot->state, SLOT_PLAIN);
	atomic_store(&slot->fd, fd + 1);
	return slot;
}

int
slot_give(struct slot *slot)
{
	int fd = slot_take_fd(slot);

	atomic_store(&slot->state, SLOT_PLAIN);
	registry_give(slot);
	return fd;
}

int
slot_fd(const struct slot *slot)
{
	return atomic_load(&slot->fd) - 1;
}

int
slot_take_fd(struct slot *slot)
{
	return atomic_exchange(&slot->fd, 0) - 1;
}

/*
 * Shut down first, for a child forked by another thread at the wrong moment
 * may hold a copy that nobody knows of.
 */
void
slot_end_socket(struct slot *slot)
{
	int fd = slot_take_fd(slot);

	if (fd < 0)
		return;
	shutdown(fd, SHUT_RDWR);
	close(fd);
}

void
slot_wait(struct slot *slot, uint64_t call)
{
	atomic_store_explicit(&slot->call, call, memory_order_relaxed);
	atomic_store_explicit(&slot->cancelled, false, memory_order_relaxed);
	atomic_store(&slot->state, SLOT_WAITING);
}

void
slot_settle(struct slot *slot)
{
	for (;;) {
		int expected = SLOT_WAITING;

		if (atomic_compare_exchange_strong(&slot->state, &expected,
						   SLOT_BUSY) ||
		    expected != SLOT_CANCELLING)
			return;
		sched_yield();
	}
}

bool
slot_close(struct slot *slot)
{
	int expected = SLOT_IDLE;

	return atomic_compare_exchange_strong(&slot->state, &expected,
					      SLOT_CLOSED);
}

void
slot_interrupt(struct slot *slot)
{
	int expected = SLOT_WAITING;
	uint8_t frame[MESSAGE_CANCEL_MAX];
	size_t size;

	if (!atomic_compare_exchange_strong(&slot->state, &expected,
					    SLOT_CANCELLING))
		return;
	if (!atomic_exchange(&slot->cancelled, true)) {
		size = message_pack_cancel(frame, atomic_load(&slot->call));
		/* a frame this small goes whole or not at all; if not, the
		 * owner sends it when it next looks */
		if (send(slot_fd(slot), frame, size,
			 MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)size)
			atomic_store(&slot->cancelled, false);
	}
	atomic_store(&slot->state, SLOT_WAITING);
}
