/*
 * A binary heap. Place 1 is the root, so that place 0 can mean "not set" and
 * a zeroed timer is a valid one.
 */
#include "server/core/timer.h"

#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/machine.h"

static bool
is_before(const struct timer *a, const struct timer *b)
{
	if (a->deadline != b->deadline)
		return a->deadline < b->deadline;
	return a->order < b->order;
}

static void
put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place] = timer;
	timer->place = place;
}

static void
sift_up(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;

	while (place > 1 && is_before(timer, timers->heap[place / 2])) {
		put(timers, place, timers->heap[place / 2]);
		place /= 2;
	}
	put(timers, place, timer);
}

static void
sift_down(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;
	size_t child;

	while ((child = place * 2) <= timers->n) {
		if (child < timers->n &&
		    is_before(timers->heap[child + 1], timers->heap[child]))
			child++;
		if (!is_before(timers->heap[child], timer))
			break;
		put(timers, place, timers->heap[child]);
		place = child;
	}
	put(timers, place, timer);
}

static int
grow(struct timers *timers)
{
	size_t capacity = timers->capacity ? timers->capacity * 2 : 64;
	struct timer **heap;

	heap = realloc(timers->heap, capacity * sizeof(*heap));
	if (!heap)
		return MPROXY_ERR_NO_MEMORY;
	timers->heap = heap;
	timers->capacity = capacity;
	return 0;
}

int
timer_set(struct core *core, struct timer *timer, int64_t deadline)
{
	struct timers *timers = &core->timers;

	if (!timer_is_set(timer)) {
		if (timers->n + 1 >= timers->capacity && grow(timers) < 0)
			return MPROXY_ERR_NO_MEMORY;
		timers->n++;
		put(timers, timers->n, timer);
	}
	timer->deadline = deadline;
	timer->order = timers->order++;
	sift_up(timers, timer);
	sift_down(timers, timer);
	return 0;
}

int
timer_set_in(struct core *core, struct timer *timer, int64_t delay)
{
	return timer_set(core, timer, core->now + delay);
}

void
timer_clear(struct core *core, struct timer *timer)
{
	struct timers *timers = &core->timers;
	struct timer *last;

	if (!timer_is_set(timer))
		return;
	last = timers->heap[timers->n--];
	if (last != timer) {
		put(timers, timer->place, last);
		sift_up(timers, last);
		sift_down(timers, last);
	}
	timer->place = 0;
}
