/*
 * Lanes: one thread's connection, and what it must lose when it dies.
 *
 * Ending a lane only withdraws and settles. Those who profit are woken when
 * the event is over, so nothing can be granted to another lane that dies in
 * the same event.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/machine.h"

struct lane *
core_lane_open(struct core *core, struct session *session, uint64_t thread,
	       void *shell)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		return NULL;
	lane->core = core;
	lane->session = session;
	lane->thread = thread;
	lane->shell = shell;
	list_init(&lane->calls);
	list_init(&lane->holds);
	list_init(&lane->backlog);
	list_append(&session->lanes, &lane->link);
	return lane;
}

void *
lane_shell(const struct lane *lane)
{
	return lane->shell;
}

uint32_t
lane_pid(const struct lane *lane)
{
	return lane->session->pid;
}

uint64_t
lane_thread(const struct lane *lane)
{
	return lane->thread;
}

struct session *
lane_session(const struct lane *lane)
{
	return lane->session;
}

struct call *
lane_find_call(const struct lane *lane, uint64_t id)
{
	struct list_link *link;

	for (link = lane->calls.next; link != &lane->calls; link = link->next) {
		struct call *call = LIST_ENTRY(link, struct call, flight);

		if (call->id == id)
			return call;
	}
	return NULL;
}

/* --- what may come back --- */

void
unread_end(struct unread *unread, bool give_back)
{
	struct unread kept = *unread;

	if (!kept.object)
		return;
	*unread = (struct unread){};
	if (give_back) {
		kept.give_back(kept.object, kept.data);
		object_touch(kept.object);
	} else if (kept.forget) {
		kept.forget(kept.object, kept.data);
	}
	object_let_go(kept.object);
}

/* --- the end --- */

static void
settle_holds(struct lane *lane, const char *cause)
{
	struct list_link *link;

	while ((link = list_first(&lane->holds))) {
		struct hold *hold = LIST_ENTRY(link, struct hold, link);
		struct object *object = hold->object;

		list_remove(&hold->link);
		hold->lane = NULL;
		hold->settle(hold, cause);
		object_touch(object);
		object_let_go(object);
	}
}

void
lane_end(struct lane *lane, bool unread, const char *cause)
{
	struct list_link *link;

	unread_end(&lane->unread, unread);
	/* from the last, so that no backlog moves up meanwhile */
	while (!list_is_empty(&lane->calls)) {
		link = lane->calls.previous;
		call_drop(LIST_ENTRY(link, struct call, flight));
	}
	settle_holds(lane, cause);
	list_remove(&lane->ready);
	list_remove(&lane->link);
	free(lane);
}

void
core_lane_close(struct core *core, struct lane *lane, bool unread, int64_t now)
{
	core_enter(core, now);
	lane_end(lane, unread, "closed its connection");
	core_leave(core);
}

void
lane_refuse(struct lane *lane, uint64_t id, int code, const char *text)
{
	struct message_reply reply = { .id = id,
				       .status = code,
				       .detail = span_text(text) };

	lane_confirm(lane);
	lane->core->output.reply(lane->core->output.context, lane, &reply);
}
