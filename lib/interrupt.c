/*
 * Why look at the handlers: a read with a timeout is always disturbed by a
 * handler, whether it was installed with SA_RESTART or not, and which signal
 * it was cannot be told afterwards. So what decides is whether there is any
 * handler without SA_RESTART. A program that mixes both sorts has either end
 * its waits that have a timeout.
 */
#include <errno.h>
#include <signal.h>

#include "interrupt.h"
#include "mproxy/manager.h"
#include "slot.h"

static atomic_uint count;

unsigned
interrupt_count(void)
{
	return atomic_load(&count);
}

void
mproxy_interrupt(void)
{
	struct registry_cursor cursor = { 0 };
	int saved = errno;
	struct slot *slot;

	atomic_fetch_add(&count, 1);
	while ((slot = registry_next(&slots, &cursor)))
		slot_interrupt(slot);
	errno = saved;
}

/* Faults: their handlers are crash reporters, not a wish to stop waiting. */
static bool
is_fault(int signal)
{
	switch (signal) {
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGTRAP:
	case SIGABRT:
	case SIGSYS:
		return true;
	default:
		return false;
	}
}

bool
interrupt_by_handler(void)
{
	for (int signal = 1; signal <= SIGRTMAX; signal++) {
		struct sigaction action;

		if (is_fault(signal) || sigaction(signal, NULL, &action) < 0)
			continue;
		if (action.sa_flags & SA_RESTART)
			continue;
		/* with SA_SIGINFO the same word holds the function */
		if (action.sa_handler != SIG_DFL &&
		    action.sa_handler != SIG_IGN)
			return true;
	}
	return false;
}
