/*
 * The machine as a whole: it begins, ends, and lives one event at a time.
 */
#include "server/core/core.h"

#include <stdlib.h>

#include "server/core/machine.h"

#define SMALL_RESULT 256

/* --- memory --- */

bool
core_charge(struct core *core, size_t size)
{
	if (size > core->config.max_memory ||
	    core->memory > core->config.max_memory - size)
		return false;
	core->memory += size;
	return true;
}

void
core_discharge(struct core *core, size_t size)
{
	core->memory -= size;
}

/* --- one event --- */

static void
wake_touched(struct core *core)
{
	struct list_link *link;

	while ((link = list_first(&core->touched))) {
		struct object *object = LIST_ENTRY(link, struct object,
						   touched);

		list_remove(link);
		/* a job will touch it again when it is over */
		if (!object->job || !object->job->call)
			object->type->wake(object);
	}
}

/* Wake-ups may wake others; who did not want to wait fails after the last. */
static void
settle(struct core *core)
{
	struct list_link *link;

	for (;;) {
		wake_touched(core);
		link = list_first(&core->impatient);
		if (!link)
			return;
		list_remove(link);
		call_expire(LIST_ENTRY(link, struct call, impatient));
	}
}

void
core_expire(struct core *core)
{
	struct timer *timer;

	while (timers_next(core) <= core->now) {
		timer = core->timers.heap[1];
		timer_clear(core, timer);
		timer->fire(core, timer);
		settle(core);
	}
}

void
core_settle(struct core *core)
{
	struct list_link *link;

	settle(core);
	while ((link = list_first(&core->ended)))
		call_free(LIST_ENTRY(link, struct call, link));
	if (!list_is_empty(&core->dying))
		core_bury(core, core_share(core, FREE_PER_EVENT));
}

void
core_time(struct core *core, int64_t now)
{
	core_enter(core, now);
	core_leave(core);
}

int64_t
core_deadline(const struct core *core)
{
	return timers_next(core);
}

bool
core_has_work(const struct core *core)
{
	return !list_is_empty(&core->dying) || !list_is_empty(&core->jobs) ||
	       !list_is_empty(&core->ready);
}

/* There is no clock here: who else wants the server is seen by the calls that
 * came since the last slice. Those that came while nothing was to be done do
 * not count: the one that began the job is among them. */
static void
set_pace(struct core *core)
{
	struct pace *pace = &core->pace;

	if (!pace->is_working)
		return;
	if (core->calls != pace->calls) {
		pace->shift = PACE_SHORTEST;
		pace->quiet = 0;
	} else if (pace->shift && ++pace->quiet == PACE_PATIENCE) {
		pace->shift--;
		pace->quiet = 0;
	}
}

bool
core_work(struct core *core, int64_t now)
{
	core_enter(core, now);
	set_pace(core);
	jobs_work(core);
	settle(core);
	core_bury(core, core_share(core, FREE_PER_SLICE));
	core_leave(core);
	core->pace.calls = core->calls;
	core->pace.is_working = core_has_work(core);
	return core->pace.is_working;
}

/* --- beginning and end --- */

static void
no_reply(void *context, struct lane *lane, const struct message_reply *reply)
{
	(void)context;
	(void)lane;
	(void)reply;
}

/* The first of all types is the manager's; it makes itself from nothing. */
static struct object *
make_manager(struct core *core)
{
	const struct object_type *type = object_types[0];
	struct object *manager = calloc(1, type->size);

	if (!manager)
		return NULL;
	manager->type = type;
	manager->core = core;
	manager->methods = registry_table(core, type);
	manager->inner_refs = 1; /* ours: it lives as long as the core */
	core->memory += type->size;
	registry_add(core, manager);
	return manager;
}

struct core *
core_new(const struct core_config *config, const struct core_output *output)
{
	struct core *core = calloc(1, sizeof(*core));

	if (!core)
		return NULL;
	core->config = *config;
	if (core->config.epoch == 0)
		core->config.epoch = 1; /* 0 is the manager's */
	core->output = *output;
	core->now = INT64_MIN;
	list_init(&core->sessions);
	list_init(&core->touched);
	list_init(&core->impatient);
	list_init(&core->dying);
	list_init(&core->dead);
	list_init(&core->jobs);
	list_init(&core->ready);
	list_init(&core->ended);
	list_init(&core->names.all);
	if (names_init(core) < 0 || registry_init(core) < 0 ||
	    args_init(core) < 0 || !buffer_extend(&core->small, SMALL_RESULT) ||
	    !(core->manager = make_manager(core)))
		return core_free(core);
	return core;
}

struct core *
core_free(struct core *core)
{
	struct list_link *link;
	struct call *call;

	if (!core)
		return NULL;
	core->output.reply = no_reply;
	while ((link = list_first(&core->sessions)))
		core_session_close(core, LIST_ENTRY(link, struct session, link),
				   "the server ends", core->now);
	while (core_has_work(core))
		core_work(core, core->now);
	while ((link = list_first(&core->names.all)))
		names_remove(core, LIST_ENTRY(link, struct name, all)->object);
	objects_kill(core);
	while ((call = core->spare)) {
		core->spare = call->data;
		free(call);
	}
	names_deinit(core);
	registry_deinit(core);
	free(core->timers.heap);
	free(core->args);
	buffer_deinit(&core->scratch);
	buffer_deinit(&core->small);
	free(core);
	return NULL;
}

/* --- for display --- */

size_t
core_object_count(const struct core *core)
{
	return core->registry.living - 1;
}

size_t
core_session_count(const struct core *core)
{
	return core->n_sessions;
}

size_t
core_memory_used(const struct core *core)
{
	return core->memory;
}

const struct value_hash_key *
core_hash_key(const struct core *core)
{
	return &core->config.hash_key;
}

struct span
core_type_of(const struct core *core, uint64_t object)
{
	const struct object *found = registry_find(core, object);

	return found ? span_text(found->type->name) : span_make(NULL, 0);
}
