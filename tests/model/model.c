/*
 * Sessions, references, lanes and time. See model.h.
 */
#include "tests/model/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const m_type_names[M_TYPES] = { "list", "dict", "queue", "lock" };

/* --- values --- */

void
m_insert(struct m_values *values, int at, const char *value)
{
	if (values->n == M_VALUES || strlen(value) >= M_VALUE)
		abort();
	memmove(values->v[at + 1], values->v[at],
		(size_t)(values->n++ - at) * M_VALUE);
	strcpy(values->v[at], value);
}

void
m_remove(struct m_values *values, int at)
{
	memmove(values->v[at], values->v[at + 1],
		(size_t)(--values->n - at) * M_VALUE);
}

int
m_find(const struct m_values *values, const char *value)
{
	for (int i = 0; i < values->n; i++)
		if (strcmp(values->v[i], value) == 0)
			return i;
	return -1;
}

void
m_print(char out[M_TEXT], const struct m_values *values)
{
	size_t n = (size_t)sprintf(out, "[");

	for (int i = 0; i < values->n; i++)
		n += (size_t)snprintf(out + n, M_TEXT - n, "%s%s",
				      i ? ", " : "", values->v[i]);
	snprintf(out + n, M_TEXT - n, "]");
}

void
m_parse(struct m_values *out, const char *text)
{
	int depth = 0;
	char value[M_VALUE];
	size_t n = 0;

	out->n = 0;
	for (text++; *text; text++) {
		if (depth == 0 && strchr(",]}:", *text)) {
			value[n] = '\0';
			if (n > 0)
				m_insert(out, out->n, value);
			n = 0;
			continue;
		}
		depth += strchr("[{", *text) ? 1 : strchr("]}", *text) ? -1 : 0;
		if (*text != ' ' || n > 0)
			value[n++] = *text;
	}
}

bool
m_is_number(const char *value)
{
	return strchr("-0123456789", *value) != NULL;
}

static int
rank(const char *value)
{
	static const char firsts[] = "nft1\"[<";

	return (int)(strchr(firsts, m_is_number(value) ? '1' : *value) -
		     firsts);
}

/* Only for the values that histories use. */
int
m_compare(const char *a, const char *b)
{
	long double x, y;

	if (rank(a) != rank(b))
		return rank(a) - rank(b);
	if (m_is_number(a)) {
		x = strtold(a, NULL);
		y = strtold(b, NULL);
		if (x != y)
			return x < y ? -1 : 1;
		return (strpbrk(a, ".e") != NULL) - (strpbrk(b, ".e") != NULL);
	}
	if (*a != '[' && *a != '"')
		return strcmp(a, b);
	if (*a == '[')
		return (int)strlen(a) - (int)strlen(b);
	/* without the quotes: a shorter text is before a longer one */
	for (a++, b++; *a == *b && *a != '"'; a++, b++)
		;
	return (*a == '"' ? 0 : *a) - (*b == '"' ? 0 : *b);
}

/* --- references --- */

int
m_handle(const struct model *m, const char *value)
{
	const char *digits = strpbrk(value, "0123456789");
	uint64_t id;

	if (*value != '<' || !digits)
		return -1;
	id = strtoull(digits, NULL, 10);
	for (int i = 0; i < m->n_objects; i++)
		if (m->objects[i].id == id)
			return i;
	return -1;
}

static void
each_handle(const struct model *m, const char *text, long *counts)
{
	while ((text = strchr(text, '<'))) {
		if (m_handle(m, text) >= 0)
			counts[m_handle(m, text)]++;
		text++;
	}
}

static void
count_values(const struct model *m, const struct m_values *values, long *counts)
{
	for (int i = 0; i < values->n; i++)
		each_handle(m, values->v[i], counts);
}

/* All references to each object, from whatever lives. */
static void
count_all(const struct model *m, long *counts)
{
	memset(counts, 0, M_OBJECTS * sizeof(*counts));
	for (int i = 0; i < m->n_objects; i++) {
		const struct m_object *object = &m->objects[i];

		if (!object->alive)
			continue;
		count_values(m, &object->items, counts);
		count_values(m, &object->values, counts);
		counts[i] += (object->name >= 0) + (object->holder >= 0);
		for (int s = 0; s < m->n_sessions; s++)
			counts[i] += m->sessions[s].refs[i];
	}
	for (int i = 0; i < m->n_lanes; i++) {
		if (m->lanes[i].lent_by < 0)
			continue;
		counts[m->lanes[i].lent_by]++;
		count_values(m, &m->lanes[i].lent, counts);
	}
	for (int i = 0; i < M_CALLS; i++) {
		if (!m->calls[i].used)
			continue;
		counts[m->calls[i].object]++;
		count_values(m, &m->calls[i].values, counts);
	}
}

static void
collect(struct model *m)
{
	long counts[M_OBJECTS];
	bool again = true;

	while (again) {
		again = false;
		count_all(m, counts);
		for (int i = 0; i < m->n_objects; i++) {
			if (!m->objects[i].alive || counts[i] > 0)
				continue;
			m->objects[i].alive = false;
			m->objects[i].items.n = m->objects[i].values.n = 0;
			again = true;
		}
	}
}

int
model_living(const struct model *m)
{
	int n = 0;

	for (int i = 0; i < m->n_objects; i++)
		n += m->objects[i].alive;
	return n;
}

bool
model_may(const struct model *m, int lane, int object,
	  const struct m_values *args)
{
	const long *refs = m->sessions[m->lanes[lane].session].refs;
	long needed[M_OBJECTS] = {};

	count_values(m, args, needed);
	needed[object]++;
	for (int i = 0; i < m->n_objects; i++)
		if (needed[i] > 0 && refs[i] == 0)
			return false;
	return true;
}

int
model_named(const struct model *m, int name)
{
	for (int i = 0; i < m->n_objects; i++)
		if (m->objects[i].alive && m->objects[i].name == name)
			return i;
	return -1;
}

void
model_unlink(struct model *m, int name)
{
	m->objects[model_named(m, name)].name = -1;
}

void
model_release(struct model *m, int lane, int object, long count)
{
	long *refs = &m->sessions[m->lanes[lane].session].refs[object];

	*refs -= count < *refs ? count : *refs;
}

/* --- replies --- */

void
model_confirm(struct model *m, int lane)
{
	m->lanes[lane].lent_by = -1;
}

void
m_reply(struct model *m, int lane, uint64_t id, const char *format, ...)
{
	struct m_reply *reply = &m->replies[m->n_replies++];
	va_list ap;

	reply->id = id;
	va_start(ap, format);
	vsnprintf(reply->text, M_TEXT, format, ap);
	va_end(ap);
	each_handle(m, reply->text, m->sessions[m->lanes[lane].session].refs);
	model_confirm(m, lane);
}

/* --- waiting --- */

struct m_call *
m_first(struct model *m, int object, char side)
{
	struct m_call *first = NULL;

	for (int i = 0; i < M_CALLS; i++) {
		struct m_call *call = &m->calls[i];

		if (call->used && call->object == object &&
		    (call->side | 32) == side &&
		    (!first || call->order < first->order))
			first = call;
	}
	return first;
}

void
m_park(struct model *m, const struct m_call *call, char side)
{
	int i = 0;

	while (m->calls[i].used)
		if (++i == M_CALLS)
			abort();
	m->calls[i] = *call;
	m->calls[i].used = true;
	m->calls[i].side = side;
	m->calls[i].order = m->order++;
}

/* Ends a call that waited: with what is done of it, or a code. */
static void
give_up(struct model *m, struct m_call *call, const char *code)
{
	call->used = false;
	if (call->side == 'P' && call->n > 0)
		m_reply(m, call->lane, call->id, "ok %lld", (long long)call->n);
	else
		m_reply(m, call->lane, call->id, "%s", code);
}

void
model_cancel(struct model *m, int lane, uint64_t id)
{
	for (int i = 0; i < M_CALLS; i++)
		if (m->calls[i].used && m->calls[i].lane == lane &&
		    m->calls[i].id == id)
			give_up(m, &m->calls[i], "CANCELLED");
}

static void
wake_all(struct model *m)
{
	for (int i = 0; i < m->n_objects; i++) {
		if (m->objects[i].alive && m->objects[i].type == M_QUEUE)
			model_queue_wake(m, i);
		if (m->objects[i].alive && m->objects[i].type == M_LOCK)
			model_lock_wake(m, i);
	}
}

static const char *
at_once(char side)
{
	return (side | 32) == 'g'   ? "EMPTY"
	       : (side | 32) == 'p' ? "FULL"
				    : "WOULD_BLOCK";
}

void
model_settle(struct model *m)
{
	wake_all(m);
	for (int i = 0; i < M_CALLS; i++) {
		struct m_call *call = &m->calls[i];

		if (call->used && call->deadline == M_AT_ONCE) {
			give_up(m, call, at_once(call->side));
			wake_all(m);
		}
	}
	collect(m);
}

void
model_time(struct model *m, int64_t now)
{
	struct m_call *next;

	m->now = now;
	do {
		next = NULL;
		for (int i = 0; i < M_CALLS; i++) {
			struct m_call *call = &m->calls[i];

			if (call->used && call->deadline <= now &&
			    (!next || call->deadline < next->deadline))
				next = call;
		}
		if (next)
			give_up(m, next, "TIMEOUT");
		wake_all(m);
	} while (next);
	collect(m);
}

/* --- coming and going --- */

void
model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
}

int
model_open_session(struct model *m)
{
	m->sessions[m->n_sessions].open = true;
	return m->n_sessions++;
}

int
model_fork(struct model *m, int session)
{
	m->sessions[m->n_sessions] = m->sessions[session];
	return m->n_sessions++;
}

int
model_open_lane(struct model *m, int session)
{
	m->lanes[m->n_lanes] = (struct m_lane){ .open = true,
						.session = session,
						.lent_by = -1 };
	return m->n_lanes++;
}

void
model_close_lane(struct model *m, int lane, bool unread)
{
	if (unread && m->lanes[lane].lent_by >= 0)
		model_put_back(m, &m->lanes[lane]);
	m->lanes[lane].lent_by = -1;
	m->lanes[lane].open = false;
	for (int i = 0; i < M_CALLS; i++)
		if (m->calls[i].lane == lane)
			m->calls[i].used = false;
	for (int i = 0; i < m->n_objects; i++) {
		if (!m->objects[i].alive || m->objects[i].holder != lane)
			continue;
		m->objects[i].holder = -1;
		m->objects[i].died = true;
	}
}

void
model_close_session(struct model *m, int session)
{
	for (int i = 0; i < m->n_lanes; i++)
		if (m->lanes[i].open && m->lanes[i].session == session)
			model_close_lane(m, i, false);
	m->sessions[session] = (struct m_session){};
}

void
model_made(struct model *m, int lane, enum m_type type, int name, uint64_t id,
	   const struct m_values *args)
{
	struct m_object *object = &m->objects[m->n_objects++];

	*object = (struct m_object){ .alive = true,
				     .type = type,
				     .id = id,
				     .name = name,
				     .holder = -1 };
	m->sessions[m->lanes[lane].session].refs[m->n_objects - 1]++;
	model_confirm(m, lane);
	if (args->n == 0)
		return;
	if (type == M_LIST)
		model_list(m, object, "extend", args);
	if (type == M_DICT)
		model_dict(m, object, "update", args);
	if (type == M_QUEUE)
		object->max = atoll(args->v[0]);
}

void
model_call(struct model *m, int lane, uint64_t id, int object,
	   const char *method, const struct m_values *args, int64_t deadline)
{
	struct m_object *target = &m->objects[object];
	const struct m_call call = {
		.id = id, .lane = lane, .object = object, .deadline = deadline
	};

	model_confirm(m, lane);
	if (!model_may(m, lane, object, args))
		m_reply(m, lane, id, "NO_OBJECT");
	else if (target->type == M_LIST)
		m_reply(m, lane, id, "%s", model_list(m, target, method, args));
	else if (target->type == M_DICT)
		m_reply(m, lane, id, "%s", model_dict(m, target, method, args));
	else if (target->type == M_QUEUE)
		model_queue(m, &call, method, args);
	else
		model_lock(m, &call, method);
}
