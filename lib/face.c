/*
 * What the typed faces are made of: a call with values as arguments, which it
 * takes, and one result.
 */
#include <stdlib.h>

#include "call.h"
#include "pipeline.h"

#define FACE_ARGS 8

struct face {
	struct span spans[FACE_ARGS];
	struct call call;
};

static int
face_init(struct face *face, struct mproxy_object *object, const char *method,
	  int timeout_ms, size_t n_args, struct mproxy_value *const *args)
{
	if (n_args > FACE_ARGS)
		return error_set(MPROXY_ERR_INVALID,
				 "%s with more than %d arguments", method,
				 FACE_ARGS);
	for (size_t i = 0; i < n_args; i++) {
		if (!args[i])
			return value_null_error();
		if (args[i]->n_objects > 0 &&
		    args[i]->objects[0]->manager != object->manager)
			return error_set(MPROXY_ERR_INVALID,
					 "argument %zu of %s has a handle of "
					 "another manager",
					 i + 1, method);
		face->spans[i] = value_span(args[i]);
	}
	face->call = (struct call){
		.manager = object->manager,
		.type = object->type,
		.message = {
			.object = object->id,
			.method = span_text(method),
			.timeout_ms = timeout_ms,
			.n_args = n_args,
			.args = face->spans,
		},
	};
	return 0;
}

/* watched: whether anybody looks at the result. */
static int
perform(struct mproxy_object *object, const char *method, int timeout_ms,
	size_t n_args, struct mproxy_value *const *args, bool watched,
	struct lane **ret_lane, struct message_reply *ret)
{
	struct face face;
	int error = face_init(&face, object, method, timeout_ms, n_args, args);

	if (!error) {
		face.call.unwatched = watched ? NULL : object;
		error = call_perform(&face.call, ret_lane, ret);
	}
	if (!error && pipeline_takes(*ret_lane, &face.call))
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
