/*
 * Timers: a binary heap by deadline; ties fire in the order they were set.
 *
 * A struct timer is embedded in what waits. fire() runs in core_time(), the
 * timer being unset already; it may set it again.
 */
#ifndef MPROXY_SERVER_CORE_TIMER_H
#define MPROXY_SERVER_CORE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct core;

struct timer {
	int64_t deadline; /* ns, of the core's clock */
	uint64_t order;
	size_t place; /* in the heap, counted from 1; 0: not set */
	void (*fire)(struct core *core, struct timer *timer);
};

/* Sets or moves it. 0, or MPROXY_ERR_NO_MEMORY: then it is not set. */
int timer_set(struct core *core, struct timer *timer, int64_t deadline);
/* The same, so many ns from now. */
int timer_set_in(struct core *core, struct timer *timer, int64_t delay);
void timer_clear(struct core *core, struct timer *timer); /* fine when unset */
static inline bool
timer_is_set(const struct timer *timer)
{
	return timer->place != 0;
}

#endif
