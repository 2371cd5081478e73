/*
 * Arguments: checked once, here, so that no handler ever sees a wrong one.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "proto/signature.h"
#include "server/core/machine.h"

#define ARGS_AT_FIRST 16
#define ARGS_MOST 1024

int
args_init(struct core *core)
{
	core->args = malloc(ARGS_AT_FIRST * sizeof(*core->args));
	if (!core->args)
		return MPROXY_ERR_NO_MEMORY;
	core->args_capacity = ARGS_AT_FIRST;
	return 0;
}

static bool
make_room(struct call *call, size_t n)
{
	struct core *core = call->core;
	struct value *args;

	if (n <= core->args_capacity)
		return true;
	if (n > ARGS_MOST) {
		call_fail(call, MPROXY_ERR_INVALID,
			  "%zu arguments, at most %d are possible", n,
			  ARGS_MOST);
		return false;
	}
	args = realloc(core->args, n * sizeof(*args));
	if (!args) {
		call_fail_memory(call);
		return false;
	}
	core->args = args;
	core->args_capacity = n;
	return true;
}

struct handle_check {
	const struct session *session;
	uint64_t missing; /* object the session does not refer to; 0: none */
};

static void
check_handle(void *context, struct value_handle handle)
{
	struct handle_check *check = context;
	struct object *object = session_find(check->session, handle.object);

	if (!object || !span_equal(handle.type, span_text(object->type->name)))
		check->missing = handle.object;
}

/* The session must refer to every object whose handle it passes on. */
static bool
check_handles(struct call *call, const struct value *value, size_t number)
{
	struct handle_check check = { .session = call->lane->session };

	value_each_handle(value->bytes, check_handle, &check);
	if (!check.missing)
		return true;
	call_fail(
		call, MPROXY_ERR_NO_OBJECT,
		"argument %zu has a handle of object %llu: no such object, or "
		"not referred to by this process",
		number, (unsigned long long)check.missing);
	return false;
}

static bool
check_arg(struct call *call, struct span bytes, size_t number,
	  struct value *ret)
{
	size_t limit = call->core->config.max_value;
	const char *why = "";

	if (bytes.size > limit) {
		call_fail(call, MPROXY_ERR_TOO_BIG,
			  "argument %zu has %zu bytes, the limit is %zu",
			  number, bytes.size, limit);
		return false;
	}
	if (value_validate(bytes, ret, &why) < 0) {
		call_fail(call, MPROXY_ERR_INVALID, "argument %zu: %s", number,
			  why);
		return false;
	}
	return !ret->has_handles || check_handles(call, ret, number);
}

static bool
check_signature(struct call *call, size_t n_args)
{
	const struct object_type *type = call->object->type;
	const struct method *method = call->method;
	const char *want = "";
	struct buffer *text;
	size_t arg;
	int code;

	code = signature_check(method->takes, call->core->args, n_args, &arg,
			       &want);
	if (code == 0)
		return true;
	if (code == MPROXY_ERR_TYPE) {
		call_fail(call, code, "%s.%s: argument %zu must be %s",
			  type->name, method->name, arg + 1, want);
		return false;
	}
	text = call_scratch(call);
	signature_describe(method->takes, text);
	buffer_append(text, "", 1);
	call_fail(call, code, "%s.%s takes (%s), %zu arguments given",
		  type->name, method->name,
		  buffer_failed(text) ? "…" : (const char *)text->data, n_args);
	return false;
}

/* What nearly all calls have: a few small arguments, of the right kinds. */
static bool
take_small(const struct call *call, const struct message_call *message)
{
	const struct signature_plan *takes = call->takes;
	struct value *value = call->core->args;
	size_t limit = call->core->config.max_value;

	if (message->n_args < takes->least || message->n_args > takes->most)
		return false;
	for (size_t i = 0; i < message->n_args; i++, value++)
		if (message->args[i].size > limit ||
		    !value_take_small(message->args[i], value) ||
		    !(takes->kinds[i] >> value->kind & 1))
			return false;
	return true;
}

bool
args_take(struct call *call, const struct message_call *message)
{
	size_t i;

	if (take_small(call, message))
		return true;

	if (!make_room(call, message->n_args))
		return false;
	for (i = 0; i < message->n_args; i++)
		if (!check_arg(call, message->args[i], i + 1,
			       &call->core->args[i]))
			return false;
	return check_signature(call, message->n_args);
}
