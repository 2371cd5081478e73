/*
 * An object for asynchronous calls, a list and a queue around each test, and
 * what callbacks have seen.
 */
#ifndef MPROXY_TESTS_ASYNC_CHECK_H
#define MPROXY_TESTS_ASYNC_CHECK_H

#include <mproxy/mproxy.h>

#include "tests/harness/manager.h"
#include "tests/harness/value-check.h"

static struct mproxy_async *async;
static struct mproxy_list *list;
static struct mproxy_queue *queue;

static void
setup(void)
{
	manager_setup();
	ck_assert_ok(mproxy_async_new(manager, &async));
	ck_assert_ok(mproxy_list_new(manager, &list));
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
}

static void
teardown(void)
{
	list = mproxy_list_free(list);
	queue = mproxy_queue_free(queue);
	async = mproxy_async_free(async);
	manager_teardown();
}

/* What callbacks have seen. */
struct seen {
	int n;
	int error;
	char text[64]; /* the last value */
	char detail[256];
};

static void
note(void *context, int error, const struct mproxy_value *value)
{
	struct seen *seen = context;
	char *text = NULL;

	seen->n++;
	seen->error = error;
	strncpy(seen->detail, mproxy_error_detail(), sizeof(seen->detail) - 1);
	ck_assert_int_eq(error == 0, value != NULL);
	if (value) {
		ck_assert_ok(mproxy_value_format(value, &text));
		strncpy(seen->text, text, sizeof(seen->text) - 1);
		free(text);
	}
}

#define ck_assert_seen(seen, want_error, want_text)                            \
	do {                                                                   \
		ck_assert_int_eq((seen).n, 1);                                 \
		ck_assert_int_eq((seen).error, want_error);                    \
		ck_assert_str_eq((seen).text, want_text);                      \
	} while (0)

static int
on_list(const char *method, struct mproxy_value *args, struct seen *seen)
{
	return mproxy_async_call(async, mproxy_list_object(list), method, 0,
				 args, seen ? note : NULL, seen, NULL);
}

static int
get_item(int timeout_ms, struct seen *seen, uint64_t *ret)
{
	return mproxy_async_call(async, mproxy_queue_object(queue), "get",
				 timeout_ms, NULL, note, seen, ret);
}

#endif
