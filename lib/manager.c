/*
 * What the manager itself can be asked: calls on the object that is always
 * there.
 */
#include "lib-private.h"

static int
ask(struct mproxy_manager *m, const char *method, size_t n_args,
    const struct span *args, struct mproxy_value **ret)
{
	return manager_call(m, MESSAGE_MANAGER, "manager", method, n_args, args,
			    CALL_NO_WAIT, ret ? 1 : 0, ret);
}

int
mproxy_manager_ping(struct mproxy_manager *m)
{
	return ask(m, "ping", 0, NULL, NULL);
}

int
mproxy_manager_names(struct mproxy_manager *m, struct mproxy_value **ret)
{
	return ask(m, "names", 0, NULL, ret);
}

int
mproxy_manager_stats(struct mproxy_manager *m, struct mproxy_value **ret)
{
	return ask(m, "stats", 0, NULL, ret);
}

int
mproxy_manager_unlink(struct mproxy_manager *m, const char *name)
{
	struct mproxy_value *text = mproxy_value_string(name);
	struct span span;
	int error;

	if (!text)
		return name && !value_is_utf8(span_text(name))
			       ? error_set(MPROXY_ERR_INVALID,
					   "the name is no UTF-8 text")
			       : error_set(MPROXY_ERR_NO_MEMORY,
					   "no memory for a name");
	span = value_span(text);
	error = ask(m, "unlink", 1, &span, NULL);
	mproxy_value_free(text);
	return error;
}
