/*
 * The manager: object 1, which makes, names and finds all others, and tells
 * about types and about itself.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/machine.h"
#include "server/core/record.h"

#define NAME_LONGEST 255

struct manager {
	struct object object;
};

extern const struct object_type manager_type;

/* --- making and naming --- */

/* A type that clients may make objects of; NULL after call_fail(). */
static const struct object_type *
type_of(struct call *call, struct span name)
{
	const struct object_type *const *type;

	for (type = object_types; *type; type++)
		if (span_equal(name, span_text((*type)->name)))
			break;
	if (!*type)
		call_fail(call, MPROXY_ERR_NO_TYPE, "there is no type \"%.*s\"",
			  shown_size(name), (const char *)name.data);
	else if (!(*type)->takes)
		call_fail(call, MPROXY_ERR_NO_TYPE,
			  "a %s is made by the server alone", (*type)->name);
	else
		return *type;
	return NULL;
}

static bool
check_name(struct call *call, struct span name)
{
	if (name.size > 0 && name.size <= NAME_LONGEST)
		return true;
	call_fail(call, MPROXY_ERR_INVALID,
		  "a name has 1 to %d bytes, this one %zu", NAME_LONGEST,
		  name.size);
	return false;
}

/* Takes the reference of an object just made. */
static void
answer_new(struct call *call, struct object *object)
{
	object_put_handle(object, call_scratch(call));
	call_reply_scratch(call, true);
	object_unref(object);
}

/* What open answers, in the scratch of the call; false after call_fail(). */
static bool
put_opened(struct call *call, const struct object *object, bool made,
	   struct span *results)
{
	struct buffer *out = call_scratch(call);
	size_t end;

	object_put_handle(object, out);
	end = out->size;
	value_put_bool(out, made);
	if (buffer_failed(out)) {
		call_fail_memory(call);
		return false;
	}
	results[0] = span_make(out->data, end);
	results[1] = span_make(out->data + end, out->size - end);
	return true;
}

static void
answer_found(struct call *call, const struct object *object,
	     const struct object_type *type)
{
	struct span results[2];

	if (object->type != type)
		call_fail(call, MPROXY_ERR_TYPE, "\"%s\" is a %s, not a %s",
			  object->name, object->type->name, type->name);
	else if (put_opened(call, object, false, results))
		call_reply_spans(call, results, 2, true);
}

/* Takes the reference of an object just made. */
static void
answer_made(struct call *call, struct object *object, struct span name)
{
	const struct object *other = names_find(object->core, name);
	struct span results[2];

	/* the name comes last: nothing may fail after it */
	if (other) /* it came while this one was being made */
		answer_found(call, other, object->type);
	else if (put_opened(call, object, true, results)) {
		if (names_add(object->core, object, name) < 0)
			call_fail_memory(call);
		else
			call_reply_spans(call, results, 2, true);
	}
	object_unref(object);
}

/* --- making what takes several turns: the object is busy meanwhile, not the
 * manager --- */

struct making {
	struct object *object;
	size_t name_size; /* 0: it gets none */
	char name[];
};

static void
making_release(struct call *call, void *data)
{
	struct making *making = data;

	(void)call;
	object_unref(making->object);
	free(making);
}

static void
making_step(struct call *call, void *data)
{
	struct making *making = data;
	struct object *object = making->object;
	int code = object->type->make(call, object);

	if (code == 0)
		return;
	if (code < 0) {
		making_release(call, making);
		return;
	}
	object->unfinished = false;
	if (making->name_size)
		answer_made(call, object,
			    span_make(making->name, making->name_size));
	else
		answer_new(call, object);
	free(making);
}

/* Takes the reference. */
static void
make(struct call *call, struct object *object, struct span name)
{
	struct making *making = malloc(sizeof(*making) + name.size);

	if (!making) {
		object_unref(object);
		call_fail_memory(call);
		return;
	}
	making->object = object;
	making->name_size = name.size;
	if (name.size)
		memcpy(making->name, name.data, name.size);
	call->object = object;
	call_again(call, making_step, making, making_release);
}

static void
manager_new(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	const struct object_type *type = type_of(call, args[0].text);

	(void)object;
	if (!type)
		return;
	object = object_new(call, type, args + 1, n_args - 1);
	if (!object)
		return;
	if (object->unfinished)
		make(call, object, (struct span){ 0 });
	else
		answer_new(call, object);
}

static void
manager_open(struct call *call, struct object *manager,
	     const struct value *args, size_t n_args)
{
	const struct object_type *type = type_of(call, args[0].text);
	struct span name = args[1].text;
	struct object *object;

	if (!type || !check_name(call, name))
		return;
	object = names_find(manager->core, name);
	if (object) {
		answer_found(call, object, type);
		return;
	}
	object = object_new(call, type, args + 2, n_args - 2);
	if (!object)
		return;
	if (object->unfinished)
		make(call, object, name);
	else
		answer_made(call, object, name);
}

static struct object *
find_named(struct call *call, struct span name)
{
	struct object *object = names_find(call_core(call), name);

	if (!object)
		call_fail(call, MPROXY_ERR_NOT_FOUND,
			  "there is no object named \"%.*s\"", shown_size(name),
			  (const char *)name.data);
	return object;
}

static void
manager_find(struct call *call, struct object *manager,
	     const struct value *args, size_t n_args)
{
	struct object *object = find_named(call, args[0].text);

	(void)manager;
	(void)n_args;
	if (!object)
		return;
	object_put_handle(object, call_scratch(call));
	call_reply_scratch(call, true);
}

static void
manager_unlink(struct call *call, struct object *manager,
	       const struct value *args, size_t n_args)
{
	struct object *object = find_named(call, args[0].text);

	(void)n_args;
	if (!object)
		return;
	names_remove(manager->core, object);
	call_reply(call);
}

/* --- telling --- */

static void
manager_ping(struct call *call, struct object *manager,
	     const struct value *args, size_t n_args)
{
	(void)manager;
	(void)args;
	(void)n_args;
	call_reply(call);
}

static void
manager_names(struct call *call, struct object *manager,
	      const struct value *args, size_t n_args)
{
	const struct names *names = &manager->core->names;
	struct buffer *out = call_scratch(call);
	size_t list = value_list_begin(out);
	const struct list_link *link;
	const struct name *name;
	size_t row;

	(void)args;
	(void)n_args;
	for (link = names->all.next; link != &names->all; link = link->next) {
		name = LIST_ENTRY(link, struct name, all);
		row = value_list_begin(out);
		call_item_text(call, span_make(name->text, name->size));
		call_item_text(call, span_text(name->object->type->name));
		value_list_end(out, row);
	}
	value_list_end(out, list);
	call_reply_scratch(call, false);
}

static void
put_text(struct call *call, const char *text)
{
	call_item_text(call, span_text(text ? text : ""));
}

static void
manager_types(struct call *call, struct object *manager,
	      const struct value *args, size_t n_args)
{
	struct buffer *out = call_scratch(call);
	size_t list = value_list_begin(out);
	const struct object_type *const *type;
	size_t row;

	(void)manager;
	(void)args;
	(void)n_args;
	for (type = object_types; *type; type++) {
		row = value_list_begin(out);
		put_text(call, (*type)->name);
		put_text(call, (*type)->takes ? (*type)->takes : "");
		put_text(call, (*type)->about);
		value_list_end(out, row);
	}
	value_list_end(out, list);
	call_reply_scratch(call, false);
}

static void
put_methods(struct call *call, struct buffer *out, const struct method *method)
{
	size_t row;

	for (; method && method->name; method++) {
		row = value_list_begin(out);
		put_text(call, method->name);
		put_text(call, method->takes);
		put_text(call, method->gives);
		call_item_uint(call, method->flags);
		put_text(call, method->about);
		value_list_end(out, row);
	}
}

static void
manager_methods(struct call *call, struct object *manager,
		const struct value *args, size_t n_args)
{
	const struct object_type *const *type = object_types;
	struct buffer *out = call_scratch(call);
	size_t list;

	(void)manager;
	(void)n_args;
	while (*type && !span_equal(args[0].text, span_text((*type)->name)))
		type++;
	if (!*type) {
		type_of(call, args[0].text);
		return;
	}
	list = value_list_begin(out);
	put_methods(call, out, (*type)->methods);
	put_methods(call, out, common_methods);
	value_list_end(out, list);
	call_reply_scratch(call, false);
}

static void
manager_stats(struct call *call, struct object *manager,
	      const struct value *args, size_t n_args)
{
	const struct core *core = manager->core;
	struct record record = RECORD_INIT;

	(void)args;
	(void)n_args;
	record_uint(&record, "calls", core->calls);
	record_uint(&record, "memory", core->memory);
	record_uint(&record, "max_memory", core->config.max_memory);
	record_uint(&record, "max_value", core->config.max_value);
	record_uint(&record, "names", core->names.n);
	record_uint(&record, "objects", core_object_count(core));
	record_uint(&record, "sessions", core->n_sessions);
	record_uint(&record, "timers", core->timers.n);
	record_reply(&record, call);
}

static void
manager_format(const struct object *object, struct buffer *out, size_t max)
{
	(void)max;
	buffer_printf(out, "<manager of %zu objects>",
		      core_object_count(object->core));
}

static const struct method manager_table[] = {
	{ "ping", "", "", manager_ping, METHOD_READONLY, "answers" },
	{ "new", "sv*", "h", manager_new, 0,
	  "makes an object of a type, with arguments for it" },
	{ "open", "ssv*", "hb", manager_open, 0,
	  "finds the object with a name, or makes it; whether it was made" },
	{ "find", "s", "h", manager_find, METHOD_READONLY,
	  "the object with a name" },
	{ "unlink", "s", "", manager_unlink, 0,
	  "takes the name away; the object lives on while referred to" },
	{ "names", "", "l", manager_names, METHOD_READONLY,
	  "a [name, type] for each named object, oldest first" },
	{ "types", "", "l", manager_types, METHOD_READONLY,
	  "a [name, takes, about] for each type" },
	{ "methods", "s", "l", manager_methods, METHOD_READONLY,
	  "a [name, takes, gives, flags, about] for each method of a type" },
	{ "stats", "", "m", manager_stats, METHOD_READONLY,
	  "counts of calls, objects, sessions, and memory" },
	METHOD_END,
};

const struct object_type manager_type = {
	.name = "manager",
	.about = "makes, names and finds all other objects",
	.size = sizeof(struct manager),
	.format = manager_format,
	.methods = manager_table,
};
