/*
 * Connections: how they begin, what goes wrong with them, and how they end.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <mproxy/manager.h>
#include <mproxy/object.h>

#include "lib/lib-private.h"
#include "proto/trace.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fake-server.h"
#include "tests/harness/fault.h"
#include "tests/harness/leak.h"

static struct fake_server *server;
static struct mproxy_manager *m;

static void
setup(void)
{
	leak_check_begin();
}

static void
teardown(void)
{
	m = mproxy_close(m);
	if (server)
		fake_stop(server);
	server = NULL;
	leak_check_end();
}

static void
assert_detail(const char *part)
{
	if (!strstr(mproxy_error_detail(), part))
		ck_abort_msg("\"%s\" does not say \"%s\"",
			     mproxy_error_detail(), part);
}

static void
serve(struct fake_client *client)
{
	struct message_call call;

	fake_welcome(client);
	while (fake_read_call(client, &call)) {
		if (call.n_args > 0)
			fake_reply_value(client, call.id, call.args[0]);
		else
			fake_reply(client, call.id, 0);
	}
}

START_TEST(nobody_there_is_told_with_the_way_out)
{
	ck_assert_int_eq(mproxy_connect("/tmp/mproxy-nobody-here", &m),
			 MPROXY_ERR_CONNECT);
	assert_detail("/tmp/mproxy-nobody-here");
	assert_detail("mproxyd --address");
}
END_TEST

START_TEST(socket_left_by_a_dead_server_is_told_the_same)
{
	char path[96];

	server = fake_start(serve);
	snprintf(path, sizeof(path), "%s/link", server->folder);
	ck_assert_int_eq(link(server->path, path), 0);
	fake_refuse(server);
	ck_assert_int_eq(mproxy_connect(path, &m), MPROXY_ERR_CONNECT);
	assert_detail("refused");
	unlink(path);
}
END_TEST

START_TEST(address_that_is_none_is_invalid)
{
	char path[300];

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(mproxy_connect(path, &m), MPROXY_ERR_INVALID);
	ck_assert_int_eq(mproxy_connect("", &m), MPROXY_ERR_INVALID);
	ck_assert_int_eq(mproxy_connect("unix:abstract=x", &m),
			 MPROXY_ERR_INVALID);
}
END_TEST

START_TEST(address_comes_from_the_environment)
{
	server = fake_start(serve);
	setenv("MPROXY_ADDRESS", server->path, 1);
	ck_assert_int_eq(mproxy_connect(NULL, &m), 0);
	unsetenv("MPROXY_ADDRESS");
	ck_assert_str_eq(mproxy_manager_address(m), server->path);
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
}
END_TEST

START_TEST(running_out_of_descriptors_is_told_and_passes)
{
	struct rlimit before, none;

	server = fake_start(serve);
	ck_assert_int_eq(mproxy_connect(server->path, &m), 0);
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &none);
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_NO_DESCRIPTORS);
	setrlimit(RLIMIT_NOFILE, &before);
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
}
END_TEST

START_TEST(close_of_nothing_is_fine)
{
	ck_assert_ptr_null(mproxy_close(NULL));
	ck_assert_ptr_null(mproxy_object_free(NULL));
}
END_TEST

START_TEST(manager_is_an_object_too)
{
	struct mproxy_object *object;

	server = fake_start(serve);
	ck_assert_int_eq(mproxy_connect(server->path, &m), 0);
	object = mproxy_object_ref(manager_object(m));
	ck_assert_uint_eq(mproxy_object_id(object), MESSAGE_MANAGER);
	ck_assert_str_eq(mproxy_object_type(object), "manager");
	ck_assert_ptr_eq(mproxy_object_manager(object), m);
	m = mproxy_close(m);
	ck_assert_int_eq(mproxy_object_call(object, "ping", NULL, 0, NULL),
			 MPROXY_ERR_CLOSED);
	mproxy_object_free(object);
}
END_TEST

START_TEST(arguments_are_taken_whatever_happens)
{
	struct mproxy_value *pair[2] = { mproxy_value_int(1), NULL };
	struct mproxy_object *object;
	struct mproxy_value *result;

	server = fake_start(serve);
	ck_assert_int_eq(mproxy_connect(server->path, &m), 0);
	object = object_new_proxy(m, 7, span_text("list"));
	ck_assert_int_eq(
		object_call(object, "insert", CALL_NO_WAIT, 2, pair, &result),
		MPROXY_ERR_INVALID);
	ck_assert_int_eq(mproxy_object_call(object, "x", mproxy_value_int(1), 0,
					    &result),
			 MPROXY_ERR_TYPE);
	pair[0] = mproxy_value_int(5);
	ck_assert_int_eq(mproxy_object_call(object, "x",
					    mproxy_value_list(1, pair), 0,
					    &result),
			 0);
	ck_assert_int_eq(mproxy_value_kind(result), MPROXY_INT);
	mproxy_value_free(result);
	ck_assert_int_eq(mproxy_object_call(object, "x", NULL, 0, &result), 0);
	ck_assert_int_eq(mproxy_value_kind(result), MPROXY_NIL);
	mproxy_value_free(result);
	mproxy_object_free(object);
}
END_TEST

START_TEST(trace_writes_a_line_for_each_call)
{
	char text[1024] = "";
	int ends[2], saved;

	setenv("MPROXY_DEBUG", "calls", 1);
	if (!trace_calls_wanted())
		return; /* without fork it was asked before */
	server = fake_start(serve);
	ck_assert_int_eq(mproxy_connect(server->path, &m), 0);
	ck_assert_int_eq(pipe(ends), 0);
	saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	mproxy_manager_ping(m);
	dup2(saved, STDERR_FILENO);
	close(saved);
	ck_assert_int_gt(read(ends[0], text, sizeof(text) - 1), 0);
	close(ends[0]);
	close(ends[1]);
	unsetenv("MPROXY_DEBUG");
	ck_assert_msg(strstr(text, "manager#1.ping() -> ok") != NULL, "%s",
		      text);
}
END_TEST

/* Connect, make a lane, call, close: each allocation fails once. */
static int
whole_life(const char *path)
{
	struct mproxy_manager *own;
	struct mproxy_value *value;
	struct span span;
	int error = mproxy_connect(path, &own);

	if (error)
		return error;
	value = mproxy_value_int(1);
	error = value ? 0 : MPROXY_ERR_NO_MEMORY;
	if (!error) {
		span = value_span(value);
		error = manager_call(own, 7, "list", "x", 1, &span, 0, 0, NULL);
		mproxy_value_free(value);
	}
	mproxy_close(own);
	return error;
}

START_TEST(running_out_of_memory_is_an_ordinary_error)
{
	unsigned n;
	int error = -1;

	server = fake_start(serve);
	ck_assert_int_eq(whole_life(server->path), 0);
	for (n = 1; error != 0 && n < 200; n++) {
		fault_fail_at(n);
		error = whole_life(server->path);
		fault_reset();
		/* what fails may be the server's: it hangs up, or is mute */
		ck_assert_msg(error == 0 || error == MPROXY_ERR_NO_MEMORY ||
				      error == MPROXY_ERR_CONNECT ||
				      error == MPROXY_ERR_SERVER_GONE ||
				      error == MPROXY_ERR_SERVER_SILENT ||
				      error == MPROXY_ERR_PROTOCOL,
			      "%d at allocation %u", error, n);
	}
	ck_assert_int_eq(error, 0);
}
END_TEST

static Suite *
connection_suite(void)
{
	Suite *suite = suite_create("connection");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, nobody_there_is_told_with_the_way_out);
	tcase_add_test(tcase, socket_left_by_a_dead_server_is_told_the_same);
	tcase_add_test(tcase, address_that_is_none_is_invalid);
	tcase_add_test(tcase, address_comes_from_the_environment);
	tcase_add_test(tcase, running_out_of_descriptors_is_told_and_passes);
	tcase_add_test(tcase, close_of_nothing_is_fine);
	tcase_add_test(tcase, manager_is_an_object_too);
	tcase_add_test(tcase, arguments_are_taken_whatever_happens);
	tcase_add_test(tcase, trace_writes_a_line_for_each_call);
	tcase_add_test(tcase, running_out_of_memory_is_an_ordinary_error);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	setenv("MPROXY_GRACE_MS", "300", 1);
	return check_run(connection_suite());
}
