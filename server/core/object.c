/*
 * The life of objects: made by a call, counted, freed in bounded steps.
 *
 * Nothing is freed where a count falls to zero: the object loses its id at
 * once and joins the dying ones. So a chain of a hundred thousand lists, each
 * in the one before, costs no stack and no long turn.
 */
#include "server/core/object.h"

#include <stdlib.h>

#include "mproxy/error.h"
#include "proto/signature.h"
#include "server/core/machine.h"

/* --- references --- */

void
object_hold(struct object *object)
{
	object->inner_refs++;
}

void
object_consider(struct object *object)
{
	struct core *core = object->core;

	if (object->inner_refs || object->outer_refs ||
	    list_is_linked(&object->dying))
		return;
	list_remove(&object->touched);
	session_discharge(object);
	registry_remove(core, object);
	list_append(&core->dying, &object->dying);
}

void
object_let_go(struct object *object)
{
	object->inner_refs--;
	object_consider(object);
}

void
object_ref(struct object *object)
{
	object->type_refs++;
	object_hold(object);
}

void
object_unref(struct object *object)
{
	object->type_refs--;
	object_let_go(object);
}

void
object_touch(struct object *object)
{
	if (!object->type->wake || list_is_linked(&object->touched) ||
	    list_is_linked(&object->dying))
		return;
	list_append(&object->core->touched, &object->touched);
}

/* --- the end --- */

static void
object_free(struct object *object)
{
	struct core *core = object->core;

	list_remove(&object->dying);
	list_remove(&object->touched);
	core_discharge(core, object->type->size);
	core->freed++;
	if (core->closing)
		list_append(&core->dead, &object->dying);
	else
		free(object);
}

void
core_bury(struct core *core, size_t budget)
{
	uint64_t end = core->freed + budget;
	struct list_link *link;
	struct object *object;

	while (core->freed < end && (link = list_first(&core->dying))) {
		object = LIST_ENTRY(link, struct object, dying);
		if (object->type->destroy &&
		    !object->type->destroy(object, (size_t)(end - core->freed)))
			return;
		object_free(object);
	}
}

void
objects_kill(struct core *core)
{
	struct registry *registry = &core->registry;
	struct object *object;
	struct list_link *link;
	uint32_t i;

	/* they may point at each other: none is freed before all are empty */
	core->closing = true;
	for (i = 0; i < registry->n; i++) {
		object = registry->slots[i].object;
		if (!object)
			continue;
		object->inner_refs = object->outer_refs = 0;
		object_consider(object);
	}
	while (!list_is_empty(&core->dying))
		core_bury(core, FREE_PER_SLICE);
	while ((link = list_first(&core->dead))) {
		list_remove(link);
		free(LIST_ENTRY(link, struct object, dying));
	}
}

/* --- the beginning --- */

static bool
may_make(struct call *call, const struct object_type *type,
	 const struct value *args, size_t n_args)
{
	struct session *session = call->lane->session;
	const char *want;
	size_t arg;
	int code;

	code = signature_check(type->takes ? type->takes : "", args, n_args,
			       &arg, &want);
	if (code == MPROXY_ERR_TYPE)
		call_fail(call, code, "argument %zu of a new %s must be %s",
			  arg + 1, type->name, want);
	else if (code < 0)
		call_fail(call, code, "%zu arguments for a new %s: %s", n_args,
			  type->name, want);
	else if (session->n_made >= call->core->config.max_objects)
		call_fail(call, code = MPROXY_ERR_LIMIT,
			  "this process has made %zu objects that it still "
			  "refers to, the limit",
			  session->n_made);
	return code == 0;
}

struct object *
object_new(struct call *call, const struct object_type *type,
	   const struct value *args, size_t n_args)
{
	struct core *core = call->core;
	struct object *object;

	if (!may_make(call, type, args, n_args))
		return NULL;
	if (!core_charge(core, type->size)) {
		call_fail_memory(call);
		return NULL;
	}
	object = calloc(1, type->size);
	if (!object)
		goto no_memory;
	object->type = type;
	object->core = core;
	object->methods = registry_table(core, type);
	if (registry_add(core, object) < 0)
		goto no_memory;
	object->inner_refs = object->type_refs = 1;
	if (type->create && type->create(call, object, args, n_args) < 0) {
		registry_remove(core, object);
		object_free(object);
		return NULL;
	}
	session_charge(call->lane->session, object);
	return object;

no_memory:
	free(object);
	core_discharge(core, type->size);
	call_fail_memory(call);
	return NULL;
}

/* --- handles --- */

struct object *
object_of_handle(struct call *call, const struct value *handle,
		 const struct object_type *type)
{
	struct object *object;

	if (handle->kind != MPROXY_HANDLE) {
		call_fail(call, MPROXY_ERR_TYPE, "not a handle");
		return NULL;
	}
	object = registry_find(call->core, handle->handle.object);
	if (!object) {
		call_fail(call, MPROXY_ERR_NO_OBJECT, "no object %llu",
			  (unsigned long long)handle->handle.object);
		return NULL;
	}
	if (type && object->type != type) {
		call_fail(call, MPROXY_ERR_TYPE,
			  "a %s is needed, object %llu is a %s", type->name,
			  (unsigned long long)object->id, object->type->name);
		return NULL;
	}
	return object;
}

void
object_put_handle(const struct object *object, struct buffer *out)
{
	value_put_handle(out, object->id, span_text(object->type->name));
}

/* --- holds --- */

void
hold_add(struct hold *hold, struct lane *lane, struct object *object,
	 void (*settle)(struct hold *hold, const char *cause))
{
	hold->lane = lane;
	hold->object = object;
	hold->settle = settle;
	list_append(&lane->holds, &hold->link);
	object_hold(object);
}

void
hold_remove(struct hold *hold)
{
	if (!hold->lane)
		return;
	list_remove(&hold->link);
	hold->lane = NULL;
	object_let_go(hold->object);
}

uint64_t
core_number(struct core *core)
{
	return ++core->number;
}
