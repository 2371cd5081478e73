/*
 * Queues and locks. See model.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/model.h"

static bool
is(const char *method, const char *name)
{
	return strcmp(method, name) == 0;
}

/* --- queue --- */

static void
put_value(struct m_object *queue, const char *value)
{
	queue->ranks[queue->items.n] = queue->next_rank++;
	m_insert(&queue->items, queue->items.n, value);
	queue->unfinished++;
}

static int
size_of(const struct m_object *queue)
{
	return queue->dropped ? 0 : queue->items.n;
}

static bool
has_room(const struct m_object *queue)
{
	return !queue->closed &&
	       (queue->max <= 0 || queue->items.n < queue->max);
}

/* Gives items to a getter: n of them as a list, or one as it is (n 0). */
static void
give(struct model *m, int q, const struct m_call *call)
{
	struct m_object *queue = &m->objects[q];
	struct m_lane *lane = &m->lanes[call->lane];
	struct m_values out = {};
	int ranks[M_VALUES];
	char text[M_TEXT];

	do {
		ranks[out.n] = queue->ranks[0];
		m_insert(&out, out.n, queue->items.v[0]);
		m_remove(&queue->items, 0);
		memmove(queue->ranks, queue->ranks + 1,
			sizeof(queue->ranks) - sizeof(queue->ranks[0]));
	} while (out.n < call->n && queue->items.n > 0);
	m_print(text, &out);
	m_reply(m, call->lane, call->id, "ok %s",
		call->n == 0 ? out.v[0] : text);
	lane->lent_by = q;
	lane->lent = out;
	memcpy(lane->ranks, ranks, sizeof(ranks));
}

void
model_put_back(struct model *m, struct m_lane *lane)
{
	struct m_object *queue = &m->objects[lane->lent_by];

	for (int i = 0; i < lane->lent.n; i++) {
		int at = 0;

		if (queue->dropped) {
			queue->unfinished -= queue->unfinished > 0;
			continue;
		}
		while (at < queue->items.n && queue->ranks[at] < lane->ranks[i])
			at++;
		memmove(&queue->ranks[at + 1], &queue->ranks[at],
			(size_t)(queue->items.n - at) * sizeof(int));
		queue->ranks[at] = lane->ranks[i];
		m_insert(&queue->items, at, lane->lent.v[i]);
	}
}

/* Puts what there is room for; true when the call has ended. */
static bool
take(struct model *m, struct m_object *queue, struct m_call *call)
{
	while (has_room(queue) && call->n < call->values.n)
		put_value(queue, call->values.v[call->n++]);
	if (call->n < call->values.n)
		return false;
	if (call->side == 'P')
		m_reply(m, call->lane, call->id, "ok %lld", (long long)call->n);
	else
		m_reply(m, call->lane, call->id, "ok");
	call->used = false;
	return true;
}

void
model_queue_wake(struct model *m, int q)
{
	struct m_object *queue = &m->objects[q];
	struct m_call *call;

	for (;;) {
		if (size_of(queue) > 0 && (call = m_first(m, q, 'g'))) {
			call->used = false;
			give(m, q, call);
		} else if (!has_room(queue) || !(call = m_first(m, q, 'p')) ||
			   !take(m, queue, call)) {
			if (size_of(queue) == 0 || !m_first(m, q, 'g'))
				break;
		}
	}
	while (queue->closed && (call = m_first(m, q, 'p'))) {
		call->used = false;
		if (call->n > 0)
			m_reply(m, call->lane, call->id, "ok %lld",
				(long long)call->n);
		else
			m_reply(m, call->lane, call->id, "CLOSED");
	}
	while (queue->closed && size_of(queue) == 0 &&
	       (call = m_first(m, q, 'g'))) {
		call->used = false;
		m_reply(m, call->lane, call->id, "CLOSED");
	}
	while (queue->unfinished == 0 && (call = m_first(m, q, 'j'))) {
		call->used = false;
		m_reply(m, call->lane, call->id, "ok");
	}
}

static void
drop(struct m_object *queue)
{
	queue->unfinished -= queue->items.n < queue->unfinished
				     ? queue->items.n
				     : queue->unfinished;
	queue->dropped = true;
	queue->items.n = 0;
}

static void
answer_queue(struct model *m, const struct m_call *call, const char *method,
	     const struct m_values *args)
{
	struct m_object *queue = &m->objects[call->object];
	const char *text = "ok";
	char number[30];
	int64_t n;

	if (is(method, "qsize")) {
		snprintf(number, sizeof(number), "ok %d", size_of(queue));
		text = number;
	} else if (is(method, "empty")) {
		text = size_of(queue) == 0 ? "ok true" : "ok false";
	} else if (is(method, "full")) {
		text = queue->max > 0 && size_of(queue) >= queue->max
			       ? "ok true"
			       : "ok false";
	} else if (is(method, "is_closed")) {
		text = queue->closed ? "ok true" : "ok false";
	} else if (is(method, "task_done")) {
		n = args->n ? atoll(args->v[0]) : 1;
		if (n < 1 || n > queue->unfinished)
			text = "INVALID";
		else
			queue->unfinished -= n;
	} else { /* close */
		queue->closed = true;
		if (args->n && is(args->v[0], "false") && !queue->dropped)
			drop(queue);
	}
	m_reply(m, call->lane, call->id, "%s", text);
}

void
model_queue(struct model *m, const struct m_call *call, const char *method,
	    const struct m_values *args)
{
	bool closed = m->objects[call->object].closed;
	struct m_call waits = *call;

	/* every call that may wait first waits; model_settle() serves it */
	if (is(method, "get")) {
		m_park(m, &waits, 'g');
	} else if (is(method, "get_many")) {
		waits.n = atoll(args->v[0]);
		if (waits.n < 1)
			m_reply(m, call->lane, call->id, "INVALID");
		else
			m_park(m, &waits, 'G');
	} else if (is(method, "join")) {
		m_park(m, &waits, 'j');
	} else if (strncmp(method, "put", 3) == 0) {
		bool many = is(method, "put_many");

		waits.values = *args;
		if (many)
			m_parse(&waits.values, args->v[0]);
		if (closed)
			m_reply(m, call->lane, call->id, "CLOSED");
		else if (many && waits.values.n == 0 &&
			 !m_first(m, call->object, 'p'))
			m_reply(m, call->lane, call->id, "ok 0");
		else
			m_park(m, &waits, many ? 'P' : 'p');
	} else {
		answer_queue(m, call, method, args);
	}
}

/* --- lock --- */

void
model_lock_wake(struct model *m, int l)
{
	struct m_object *lock = &m->objects[l];
	struct m_call *call = m_first(m, l, 'a');

	if (lock->holder >= 0 || !call)
		return;
	call->used = false;
	lock->holder = call->lane;
	lock->since = m->now;
	/* the number is only known to grow */
	m_reply(m, call->lane, call->id, "ok #, %s",
		lock->died ? "true" : "false");
	lock->died = false;
}

void
model_lock(struct model *m, const struct m_call *call, const char *method)
{
	struct m_object *lock = &m->objects[call->object];
	int waiters = 0;

	if (is(method, "acquire")) {
		m_park(m, call, 'a');
	} else if (is(method, "locked")) {
		m_reply(m, call->lane, call->id, "ok %s",
			lock->holder >= 0 ? "true" : "false");
	} else if (is(method, "release")) {
		if (lock->holder != call->lane) {
			m_reply(m, call->lane, call->id, "NOT_OWNER");
			return;
		}
		lock->holder = -1;
		m_reply(m, call->lane, call->id, "ok");
	} else if (lock->holder < 0) { /* holder */
		m_reply(m, call->lane, call->id, "NOT_FOUND");
	} else {
		for (int i = 0; i < M_CALLS; i++)
			waiters += m->calls[i].used &&
				   m->calls[i].object == call->object;
		m_reply(m, call->lane, call->id, "ok [%d, %d, %lld, %lld, %d]",
			100 + m->lanes[lock->holder].session, lock->holder,
			(long long)lock->number,
			(long long)(m->now - lock->since), waiters);
	}
}
