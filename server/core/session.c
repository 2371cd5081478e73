/* Sessions: who refers to what, and is charged for it. */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/machine.h"

/* --- references --- */

void
session_book(struct session *session, struct object *object)
{
	refs_add(&session->refs, object->id, object)->count++;
	object->outer_refs++;
}

void
session_drop(struct session *session, uint64_t id, uint64_t count)
{
	struct ref *ref = refs_find(&session->refs, id);
	struct object *object;

	if (!ref)
		return;
	if (count > ref->count)
		count = ref->count;
	object = ref->object;
	ref->count -= (size_t)count;
	object->outer_refs -= (size_t)count;
	if (ref->count == 0) {
		refs_remove(&session->refs, ref);
		session->drops++;
		if (object->maker == session)
			session_discharge(object);
	}
	object_consider(object);
}

static void
count_one(void *context, struct value_handle handle)
{
	(void)handle;
	++*(size_t *)context;
}

size_t
count_handles(struct span value)
{
	size_t n = 0;

	value_each_handle(value, count_one, &n);
	return n;
}

static void
book_one(void *context, struct value_handle handle)
{
	struct session *session = context;
	struct object *object = registry_find(session->core, handle.object);

	if (object)
		session_book(session, object);
	else
		session->core->fault = "a reply with a dead handle";
}

void
session_book_all(struct session *session, struct span value)
{
	value_each_handle(value, book_one, session);
}

/* --- charges --- */

void
session_charge(struct session *session, struct object *object)
{
	object->maker = session;
	list_append(&session->made, &object->made);
	session->n_made++;
}

void
session_discharge(struct object *object)
{
	if (!object->maker)
		return;
	list_remove(&object->made);
	object->maker->n_made--;
	object->maker = NULL;
}

/* --- coming and going --- */

static void
set_info(struct session *session, const struct session_info *info)
{
	size_t size = info->program.size;

	if (size > sizeof(session->program) - 1)
		size = sizeof(session->program) - 1;
	if (size)
		memcpy(session->program, info->program.data, size);
	session->program[size] = '\0';
	session->pid = info->pid;
	session->uid = info->uid;
}

struct session *
core_session_open(struct core *core, const struct session_info *info)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->core = core;
	list_init(&session->lanes);
	list_init(&session->made);
	set_info(session, info);
	list_append(&core->sessions, &session->link);
	core->n_sessions++;
	return session;
}

struct session *
core_session_fork(struct core *core, struct session *parent)
{
	struct session_info info = { .pid = parent->pid, .uid = parent->uid };
	struct session *session;
	size_t place = 0;
	struct ref *ref;

	info.program = span_text(parent->program);
	session = core_session_open(core, &info);
	if (!session)
		return NULL;
	if (!session_reserve(session, parent->refs.n)) {
		list_remove(&session->link);
		core->n_sessions--;
		free(session);
		return NULL;
	}
	while ((ref = refs_next(&parent->refs, &place))) {
		refs_add(&session->refs, ref->id, ref->object)
			->count = ref->count;
		ref->object->outer_refs += ref->count;
	}
	return session;
}

int
core_session_claim(struct core *core, struct session *session,
		   const struct session_info *info)
{
	(void)core;
	set_info(session, info);
	return 0;
}

void
core_session_close(struct core *core, struct session *session,
		   const char *cause, int64_t now)
{
	struct list_link *link;
	struct ref *ref;
	size_t place = 0;

	core_enter(core, now);
	while ((link = list_first(&session->lanes)))
		lane_end(LIST_ENTRY(link, struct lane, link), false, cause);
	while ((link = list_first(&session->made)))
		session_discharge(LIST_ENTRY(link, struct object, made));
	while ((ref = refs_next(&session->refs, &place))) {
		ref->object->outer_refs -= ref->count;
		object_consider(ref->object);
	}
	refs_deinit(&session->refs);
	list_remove(&session->link);
	core->n_sessions--;
	free(session);
	core_leave(core);
}

void
core_release(struct core *core, struct lane *lane,
	     const struct message_release *release, int64_t now)
{
	core_enter(core, now);
	lane_confirm(lane);
	session_drop(lane->session, release->object, release->count);
	core_leave(core);
}
