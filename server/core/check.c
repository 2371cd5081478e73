/*
 * core_check(): every invariant that can be told from outside of a type.
 *
 * References are counted anew from their sources (sessions, stored items,
 * calls, names, holds, replies not yet read) and compared with the counters.
 */
#include <stdio.h>
#include <stdlib.h>

#include "server/core/machine.h"

struct tally {
	const struct core *core;
	size_t *inner; /* by slot */
	size_t *outer;
	size_t sessions;
	const char *wrong;
};

static size_t *
place(size_t *counts, const struct object *object)
{
	return &counts[(uint32_t)object->id];
}

static void
complain(struct tally *tally, const char *sentence)
{
	if (!tally->wrong)
		tally->wrong = sentence;
}

/* --- items --- */

static void
count_handle(void *context, struct value_handle handle)
{
	struct tally *tally = context;
	struct object *object = registry_find(tally->core, handle.object);

	if (object)
		++*place(tally->inner, object);
	else
		complain(tally, "a stored handle refers to no living object");
}

static void
count_item(void *context, const struct item *item)
{
	size_t n = count_handles(item_span(item));

	if (n > 0 && !item->has_handles)
		complain(context, "an item does not know of its handles");
	value_each_handle(item_span(item), count_handle, context);
}

static void
check_object(struct tally *tally, const struct object *object, bool living)
{
	const char *wrong = NULL;

	if (object->type->each_item)
		object->type->each_item(object, count_item, tally);
	if (living && object->type->check)
		wrong = object->type->check(object);
	if (wrong)
		complain(tally, wrong);
	if (list_is_linked(&object->touched))
		complain(tally, "an object was not woken");
	if (living == list_is_linked(&object->dying))
		complain(tally, "an object is neither living nor dying");
	if (object->name)
		++*place(tally->inner, object);
	if (object->job)
		++*place(tally->inner, object);
}

/* --- sessions and lanes --- */

static void
check_call(struct tally *tally, const struct lane *lane,
	   const struct call *call)
{
	if (call->lane != lane)
		complain(tally, "a call is in flight on another's lane");
	if (call->state == CALL_PARKED && !call->waitlist)
		complain(tally, "a parked call waits in no list");
	if (call->state == CALL_RUNNING || call->state == CALL_ENDED)
		complain(tally, "a call in flight has ended");
	if (timer_is_set(&call->timer) &&
	    tally->core->timers.heap[call->timer.place] != &call->timer)
		complain(tally, "a timer is not where it says");
	if (call->state == CALL_JOB && call->object->job->call != call)
		complain(tally, "a job does not know its call");
	if (list_is_linked(&call->impatient))
		complain(tally, "an impatient call still waits");
	++*place(tally->inner, call->object);
}

static void
check_lane(struct tally *tally, const struct lane *lane)
{
	const struct list_link *link;
	size_t n = 0;

	for (link = lane->calls.next; link != &lane->calls; link = link->next) {
		check_call(tally, lane, LIST_ENTRY(link, struct call, flight));
		n++;
	}
	if (n != lane->n_calls)
		complain(tally, "a lane miscounts its calls in flight");
	for (link = lane->holds.next; link != &lane->holds; link = link->next) {
		struct hold *hold = LIST_ENTRY(link, struct hold, link);

		if (hold->lane != lane)
			complain(tally, "a hold belongs to another lane");
		++*place(tally->inner, hold->object);
	}
	if (lane->unread.object)
		++*place(tally->inner, lane->unread.object);
	if (!lane->stalled && !list_is_empty(&lane->backlog) &&
	    !list_is_linked(&lane->ready))
		complain(tally, "a backlog waits for nothing");
}

static void
check_session(struct tally *tally, const struct session *session)
{
	const struct list_link *link;
	struct ref *ref;
	size_t at = 0, n = 0;

	tally->sessions++;
	while ((ref = refs_next(&session->refs, &at))) {
		if (registry_find(tally->core, ref->id) != ref->object ||
		    ref->count == 0)
			complain(tally, "a session refers to a dead object");
		else
			*place(tally->outer, ref->object) += ref->count;
		n++;
	}
	if (n != session->refs.n)
		complain(tally, "a session miscounts its references");
	for (link = session->lanes.next; link != &session->lanes;
	     link = link->next)
		check_lane(tally, LIST_ENTRY(link, struct lane, link));
	for (n = 0, link = session->made.next; link != &session->made;
	     link = link->next, n++)
		if (LIST_ENTRY(link, struct object, made)->maker != session)
			complain(tally, "a session pays for another's object");
	if (n != session->n_made)
		complain(tally, "a session miscounts what it made");
}

/* --- the whole --- */

static void
check_timers(struct tally *tally)
{
	const struct timers *timers = &tally->core->timers;
	size_t i;

	for (i = 1; i <= timers->n; i++) {
		if (timers->heap[i]->place != i)
			complain(tally, "a timer is not where it says");
		if (timers->heap[i]->deadline <
		    timers->heap[i > 1 ? i / 2 : 1]->deadline)
			complain(tally, "the timers are out of order");
		if (timers->heap[i]->deadline < tally->core->now)
			complain(tally, "a timer is overdue");
	}
}

static void
check_counts(struct tally *tally)
{
	const struct registry *registry = &tally->core->registry;
	size_t living = 0;
	uint32_t i;

	++*place(tally->inner, tally->core->manager);
	for (i = 0; i < registry->n; i++) {
		const struct object *object = registry->slots[i].object;

		if (!object)
			continue;
		living++;
		if (object->outer_refs != tally->outer[i])
			complain(tally, "outer references are miscounted");
		if (object->inner_refs != tally->inner[i] + object->type_refs)
			complain(tally, "inner references are miscounted");
		if (object->inner_refs + object->outer_refs == 0)
			complain(tally, "an object lives that nobody wants");
	}
	if (living != registry->living)
		complain(tally, "living objects are miscounted");
	if (tally->sessions != tally->core->n_sessions)
		complain(tally, "sessions are miscounted");
}

static void
check_all(struct tally *tally)
{
	const struct core *core = tally->core;
	const struct list_link *link;
	uint32_t i;

	for (i = 0; i < core->registry.n; i++)
		if (core->registry.slots[i].object)
			check_object(tally, core->registry.slots[i].object,
				     true);
	for (link = core->dying.next; link != &core->dying; link = link->next)
		check_object(tally, LIST_ENTRY(link, struct object, dying),
			     false);
	for (link = core->sessions.next; link != &core->sessions;
	     link = link->next)
		check_session(tally, LIST_ENTRY(link, struct session, link));
	check_timers(tally);
	check_counts(tally);
	if (!list_is_empty(&core->impatient))
		complain(tally, "an impatient call still waits");
}

const char *
core_check(const struct core *core)
{
	struct tally tally = { .core = core, .wrong = core->fault };
	size_t n = core->registry.n;

	tally.inner = calloc(n, sizeof(*tally.inner));
	tally.outer = calloc(n, sizeof(*tally.outer));
	if (tally.inner && tally.outer)
		check_all(&tally);
	else
		tally.wrong = "no memory to check with";
	free(tally.inner);
	free(tally.outer);
	return tally.wrong;
}
