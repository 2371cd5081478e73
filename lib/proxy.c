/*
 * Why the count of the manager's own proxy is the manager's: the one contains
 * the other, and neither may outlive it.
 */
#include <stdlib.h>

#include "call.h"
#include "pipeline.h"

struct mproxy_object *
object_new_proxy(struct mproxy_manager *m, uint64_t id, struct span type)
{
	struct mproxy_object *object;

	if (id == MESSAGE_MANAGER)
		return mproxy_object_ref(m->object);
	object = malloc(sizeof(*object) + type.size + 1);
	if (!object)
		return NULL;
	atomic_init(&object->refs, 1);
	object->manager = manager_ref(m);
	object->id = id;
	if (type.size > 0)
		memcpy(object->type, type.data, type.size);
	object->type[type.size] = '\0';
	return object;
}

static bool
is_manager(const struct mproxy_object *object)
{
	return object == object->manager->object;
}

struct mproxy_object *
mproxy_object_ref(struct mproxy_object *object)
{
	if (is_manager(object))
		manager_ref(object->manager);
	else
		atomic_fetch_add_explicit(&object->refs, 1,
					  memory_order_relaxed);
	return object;
}

struct mproxy_object *
mproxy_object_free(struct mproxy_object *object)
{
	struct mproxy_manager *m;

	if (!object)
		return NULL;
	m = object->manager;
	if (!is_manager(object)) {
		if (atomic_fetch_sub(&object->refs, 1) > 1)
			return NULL;
		manager_release(m, object->id, 1);
		free(object);
	}
	manager_unref(m);
	return NULL;
}

const char *
mproxy_object_type(const struct mproxy_object *object)
{
	return object->type;
}

uint64_t
mproxy_object_id(const struct mproxy_object *object)
{
	return object->id;
}

struct mproxy_manager *
mproxy_object_manager(const struct mproxy_object *object)
{
	return object->manager;
}

/* Calls the manager itself; the first result is a handle. */
static int
make(struct mproxy_manager *m, const char *method, size_t n_before,
     const struct span *before, const struct mproxy_value *args,
     struct mproxy_object **ret)
{
	struct call call = {
		.manager = m,
		.type = "manager",
		.message = {
			.object = MESSAGE_MANAGER,
			.method = span_text(method),
			.n_args = n_before,
			.args = before,
		},
	};
	struct mproxy_value *value;
	int error = call_set_items(&call, args);

	if (!error)
		error = call_values(&call, 1, &value);
	if (error)
		return error;
	error = mproxy_value_get_object(value, NULL, ret);
	mproxy_value_free(value);
	return error ? error_set(MPROXY_ERR_PROTOCOL,
				 "the manager did not answer %s with a handle",
				 method)
		     : 0;
}

static int
put_text(struct buffer *out, const char *what, const char *text)
{
	struct span span = text ? span_text(text) : span_text("");

	if (!text || !value_is_utf8(span))
		return error_set(MPROXY_ERR_INVALID, "%s is no UTF-8 text",
				 what);
	value_put_text(out, span);
	return 0;
}

int
mproxy_object_new(struct mproxy_manager *m, const char *type,
		  struct mproxy_value *args, struct mproxy_object **ret)
{
	struct buffer bytes = BUFFER_INIT;
	struct span span;
	int error = put_text(&bytes, "the type", type);

	if (!error && buffer_failed(&bytes))
		error = error_set(MPROXY_ERR_NO_MEMORY, "no memory for a call");
	if (!error) {
		span = buffer_span(&bytes);
		error = make(m, "new", 1, &span, args, ret);
	}
	buffer_deinit(&bytes);
	mproxy_value_free(args);
	return error;
}

int
mproxy_object_open(struct mproxy_manager *m, const char *type, const char *name,
		   struct mproxy_value *args, struct mproxy_object **ret)
{
	struct buffer bytes = BUFFER_INIT;
	struct span spans[2];
	size_t size = 0;
	int error = put_text(&bytes, "the type", type);

	if (!error) {
		size = bytes.size;
		error = put_text(&bytes, "the name", name);
	}
	if (!error && buffer_failed(&bytes))
		error = error_set(MPROXY_ERR_NO_MEMORY, "no memory for a call");
	if (!error) {
		spans[0] = span_make(bytes.data, size);
		spans[1] = span_make(bytes.data + size, bytes.size - size);
		error = make(m, "open", 2, spans, args, ret);
	}
	buffer_deinit(&bytes);
	mproxy_value_free(args);
	return error;
}

int
object_results(struct mproxy_manager *m, const struct message_reply *reply,
	       struct mproxy_value **ret)
{
	size_t n = reply->n_results;
	struct mproxy_value **values;
	int error;

	if (n == 1)
		return call_receive(m, reply, 1, ret);
	values = calloc(n + 1, sizeof(struct mproxy_value *));
	if (!values)
		n = 0;
	error = call_receive(m, reply, n, values);
	if (!error && values)
		*ret = n == 0 ? mproxy_value_nil()
			      : mproxy_value_list(n, values);
	if (!error && (!values || !*ret))
		error = error_set(MPROXY_ERR_NO_MEMORY,
				  "no memory for the results");
	free(values);
	return error;
}

int
mproxy_object_call(struct mproxy_object *object, const char *method,
		   struct mproxy_value *args, int timeout_ms,
		   struct mproxy_value **ret)
{
	struct call call = call_make(object, method, timeout_ms);
	struct mproxy_value *value = NULL;
	struct message_reply reply;
	struct lane *lane;
	int error;

	call.unwatched = ret ? NULL : object;
	error = call_set_items(&call, args);
	if (!error)
		error = call_perform(&call, &lane, &reply);
	if (error)
		goto out;
	if (args && args->n_objects > 0 && pipeline_takes(lane, &call))
		pipeline_hold(lane, args);
	error = ret ? object_results(call.manager, &reply, &value)
		    : call_receive(call.manager, &reply, 0, NULL);
	call_done(lane);
	if (!error && ret)
		*ret = value;
out:
	mproxy_value_free(args);
	return error;
}

int
mproxy_object_format(struct mproxy_object *object, char **ret)
{
	struct mproxy_value *value;
	const char *text;
	size_t size;
	char *copy;
	int error;

	error = object_call(object, "str", CALL_NO_WAIT, 0, NULL, &value);
	if (error)
		return error;
	error = mproxy_value_get_string(value, &text, &size);
	if (!error) {
		copy = strndup(text, size);
		if (copy)
			*ret = copy;
		else
			error = error_set(MPROXY_ERR_NO_MEMORY,
					  "no memory for %zu bytes of text",
					  size);
	}
	mproxy_value_free(value);
	return error;
}
