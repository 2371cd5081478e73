/*
 * A list, a dict and a queue around each test of pipelined mode, and looks at
 * what it did.
 */
#ifndef MPROXY_TESTS_PIPELINE_CHECK_H
#define MPROXY_TESTS_PIPELINE_CHECK_H

#include <mproxy/mproxy.h>

#include "tests/harness/manager.h"
#include "tests/harness/value-check.h"

#define MANY 100000

static struct mproxy_list *list;
static struct mproxy_dict *dict;
static struct mproxy_queue *queue;

static void
setup(void)
{
	manager_setup();
	ck_assert_ok(mproxy_list_new(manager, &list));
	ck_assert_ok(mproxy_dict_new(manager, &dict));
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
}

static void
teardown(void)
{
	list = mproxy_list_free(list);
	dict = mproxy_dict_free(dict);
	queue = mproxy_queue_free(queue);
	manager_teardown();
}

static void
assert_detail(const char *part)
{
	if (!strstr(mproxy_error_detail(), part))
		ck_abort_msg("\"%s\" does not say \"%s\"",
			     mproxy_error_detail(), part);
}

static void
append_many(int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		ck_assert_ok(mproxy_list_append(list, MPROXY(i)));
}

/* The list is 0, 1, … n - 1. */
static void
assert_counts_up(int64_t n)
{
	struct mproxy_value *all, *item;
	int64_t number = -1;

	ck_assert_ok(mproxy_list_copy(list, &all));
	ck_assert_int_eq((int64_t)mproxy_value_count(all), n);
	for (int64_t i = 0; i < n; i++) {
		ck_assert_ok(mproxy_value_item(all, (size_t)i, &item));
		ck_assert_ok(mproxy_value_get_int(item, &number));
		ck_assert_int_eq(number, i);
		mproxy_value_free(item);
	}
	mproxy_value_free(all);
}

static struct mproxy_pipeline_status
status(void)
{
	struct mproxy_pipeline_status figures = { 0 };

	ck_assert_ok(mproxy_pipeline_status(manager, &figures));
	return figures;
}

#endif
