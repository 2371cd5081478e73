/*
 * Why so thin: a face is to add nothing but C types. Whatever needs a decision
 * is decided by the server, so that every language sees the same.
 */
#include "types/face.h"

int
face_call_size(struct mproxy_object *object, const char *method, int timeout_ms,
	       size_t n_args, struct mproxy_value *const *args, size_t *ret)
{
	int64_t number = 0;
	int error = object_call_int(object, method, timeout_ms, n_args, args,
				    ret ? &number : NULL);

	if (error)
		return error;
	if (number < 0)
		return error_set(MPROXY_ERR_PROTOCOL,
				 "%s.%s gave a number below 0", object->type,
				 method);
	if (ret)
		*ret = (size_t)number;
	return 0;
}

int
face_call_many(struct mproxy_object *object, const char *method, int timeout_ms,
	       size_t n_args, struct mproxy_value *const *args,
	       size_t n_results, struct mproxy_value **ret)
{
	struct span spans[4] = { { 0 } };
	int error = 0;

	for (size_t i = 0; i < n_args; i++) {
		if (!args[i])
			error = value_null_error();
		else
			spans[i] = value_span(args[i]);
	}
	if (!error)
		error = manager_call(object->manager, object->id, object->type,
				     method, n_args, spans, timeout_ms,
				     n_results, ret);
	for (size_t i = 0; i < n_args; i++)
		mproxy_value_free(args[i]);
	return error;
}

/* The arguments of a constructor; NULL when they cannot be its: *ret_error. */
static struct mproxy_value *
constructor_args(struct mproxy_manager *m, size_t n_args,
		 struct mproxy_value *const *args, int *ret_error)
{
	struct mproxy_value *list = mproxy_value_list(n_args, args);

	if (!list) {
		*ret_error = value_null_error();
	} else if (list->n_objects > 0 && list->objects[0]->manager != m) {
		*ret_error = error_set(MPROXY_ERR_INVALID,
				       "a handle of another manager");
		list = mproxy_value_free(list);
	}
	return list;
}

int
face_new(struct mproxy_manager *m, const char *type, size_t n_args,
	 struct mproxy_value *const *args, struct mproxy_object **ret)
{
	int error = 0;
	struct mproxy_value *list = constructor_args(m, n_args, args, &error);

	return list ? mproxy_object_new(m, type, list, ret) : error;
}

int
face_open(struct mproxy_manager *m, const char *type, const char *name,
	  size_t n_args, struct mproxy_value *const *args,
	  struct mproxy_object **ret)
{
	int error = 0;
	struct mproxy_value *list = constructor_args(m, n_args, args, &error);

	if (list && !name) {
		mproxy_value_free(list);
		return error_set(MPROXY_ERR_INVALID, "a name is NULL");
	}
	return list ? mproxy_object_open(m, type, name, list, ret) : error;
}

struct mproxy_value *
face_bound(int64_t bound)
{
	/* MPROXY_BEGIN and MPROXY_END */
	return bound == INT64_MIN ? mproxy_value_nil()
				  : mproxy_value_int(bound);
}

struct mproxy_value *
face_size(size_t size)
{
	return mproxy_value_int(size > INT64_MAX ? INT64_MAX : (int64_t)size);
}
