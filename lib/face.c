/*
 * What the typed faces are made of: a call with values as arguments, which it
 * takes, and one result.
 */
#include <stdlib.h>

#include "call.h"
#include "pipeline.h"

#define FACE_ARGS 8

/* Borrows the bytes of the arguments. */
static int
set_args(struct call *call, const struct mproxy_object *object, size_t n_args,
	 struct mproxy_value *const *args, struct span *spans)
{
	if (n_args > FACE_ARGS)
		return error_set(
			MPROXY_ERR_INVALID, "%s with more than %d arguments",
			(const char *)call->message.method.data, FACE_ARGS);
	for (size_t i = 0; i < n_args; i++) {
		if (!args[i])
			return value_null_error();
		if (args[i]->n_objects > 0 &&
		    args[i]->objects[0]->manager != object->manager)
			return error_set(
				MPROXY_ERR_INVALID,
				"argument %zu of %s has a handle of "
				"another manager",
				i + 1, (const char *)call->message.method.data);
		spans[i] = value_span(args[i]);
	}
	call->message.n_args = n_args;
	call->message.args = spans;
	return 0;
}

/* watched: whether anybody looks at the result. */
static int
perform(struct mproxy_object *object, const char *method, int timeout_ms,
	size_t n_args, struct mproxy_value *const *args, bool watched,
	struct lane **ret_lane, struct message_reply *ret)
{
	struct call call = call_make(object, method, timeout_ms);
	struct span spans[FACE_ARGS];
	int error = set_args(&call, object, n_args, args, spans);

	if (!error) {
		call.unwatched = watched ? NULL : object;
		error = call_perform(&call, ret_lane, ret);
	}
	if (!error && pipeline_takes(*ret_lane, &call))
		for (size_t i = 0; i < n_args; i++)
			if (args[i]->n_objects > 0)
				pipeline_hold(*ret_lane, args[i]);
	for (size_t i = 0; i < n_args; i++)
		mproxy_value_free(args[i]);
	return error;
}

int
object_call(struct mproxy_object *object, const char *method, int timeout_ms,
	    size_t n_args, struct mproxy_value *const *args,
	    struct mproxy_value **ret)
{
	struct mproxy_value *value = NULL;
	struct message_reply reply;
	struct lane *lane;
	int error;

	error = perform(object, method, timeout_ms, n_args, args, ret != NULL,
			&lane, &reply);
	if (error)
		return error;
	error = call_receive(object->manager, &reply, ret ? 1 : 0, &value);
	call_done(lane);
	if (!error && ret)
		*ret = value;
	return error;
}

/* One result that is a plain C variable is read where it lies. */
static int
scalar(const struct message_reply *reply, const char *method,
       enum mproxy_kind kind, const char *want, struct value *ret)
{
	const char *why;

	if (reply->n_results != 1 ||
	    value_validate(reply->results[0], ret, &why) != 0 ||
	    ret->kind != kind)
		return error_set(MPROXY_ERR_PROTOCOL,
				 "the manager did not answer %s with %s",
				 method, want);
	return 0;
}

int
object_call_int(struct mproxy_object *object, const char *method,
		int timeout_ms, size_t n_args, struct mproxy_value *const *args,
		int64_t *ret)
{
	struct message_reply reply;
	struct value value = { 0 };
	struct lane *lane;
	int error;

	error = perform(object, method, timeout_ms, n_args, args, ret != NULL,
			&lane, &reply);
	if (error)
		return error;
	if (ret)
		error = scalar(&reply, method, MPROXY_INT, "an integer",
			       &value);
	call_done(lane);
	if (!error && ret)
		*ret = value.integer;
	return error;
}

int
object_call_bool(struct mproxy_object *object, const char *method,
		 int timeout_ms, size_t n_args,
		 struct mproxy_value *const *args, bool *ret)
{
	struct message_reply reply;
	struct value value = { 0 };
	struct lane *lane;
	int error;

	error = perform(object, method, timeout_ms, n_args, args, ret != NULL,
			&lane, &reply);
	if (error)
		return error;
	if (ret)
		error = scalar(&reply, method, MPROXY_BOOL, "true or false",
			       &value);
	call_done(lane);
	if (!error && ret)
		*ret = value.boolean;
	return error;
}
