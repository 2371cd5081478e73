/*
 * The lines of MPROXY_DEBUG=calls.
 */
#include "proto/trace.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "tests/harness/check-main.h"
#include "tests/harness/leak.h"

#define FORTY_TWO LITERAL("\x18\x54")

static struct buffer line;

static void
teardown(void)
{
	buffer_deinit(&line);
	leak_check_end();
}

static void
expect(const char *want, const char *type, const struct message_call *call,
       const struct message_reply *reply, int64_t ns)
{
	buffer_clear(&line);
	trace_format_call(&line, "mproxy[4711]", span_text(type), call, reply,
			  ns);
	ck_assert_buffer(line, span_text(want));
}

START_TEST(call_that_works_prints_what_it_did)
{
	struct span arg = FORTY_TWO;
	struct message_call call = { .object = 7,
				     .method = LITERAL("append"),
				     .n_args = 1,
				     .args = &arg };
	struct message_reply reply = { .id = 1 };

	expect("mproxy[4711]: list#7.append(42) -> ok 6 us", "list", &call,
	       &reply, 6789);
	call.n_args = 0;
	reply.n_results = 1;
	reply.results = &arg;
	expect("mproxy[4711]: list#7.append() -> ok (42) 0 us", "list", &call,
	       &reply, 0);
}
END_TEST

START_TEST(call_that_fails_prints_name_and_detail)
{
	struct message_call call = { .object = 7, .method = LITERAL("get") };
	struct message_reply reply = { .status = MPROXY_ERR_RANGE };

	expect("mproxy[4711]: #7.get() -> RANGE 2 us", "", &call, &reply, 2000);
	reply.detail = LITERAL("list index 9 out of range");
	expect("mproxy[4711]: list#7.get() -> RANGE (list index 9 out of "
	       "range) 2 us",
	       "list", &call, &reply, 2000);
	reply.status = 99;
	reply.detail.size = 0;
	expect("mproxy[4711]: list#7.get() -> UNKNOWN 2 us", "list", &call,
	       &reply, 2000);
}
END_TEST

START_TEST(manager_is_named_without_a_type)
{
	struct message_call call = { .object = MESSAGE_MANAGER,
				     .method = LITERAL("create") };
	struct message_reply reply = { 0 };

	expect("mproxy[4711]: manager#1.create() -> ok 1 us", "", &call, &reply,
	       1000);
}
END_TEST

START_TEST(times_have_a_unit_that_fits)
{
	struct message_call call = { .object = 2, .method = LITERAL("m") };
	struct message_reply reply = { 0 };

	expect("mproxy[4711]: t#2.m() -> ok 9999 us", "t", &call, &reply,
	       9999999);
	expect("mproxy[4711]: t#2.m() -> ok 10 ms", "t", &call, &reply,
	       10000000);
	expect("mproxy[4711]: t#2.m() -> ok 10 s", "t", &call, &reply,
	       INT64_C(10000000000));
}
END_TEST

START_TEST(what_is_no_value_is_printed_as_that)
{
	struct span args[] = { LITERAL("\x18"), LITERAL(""), FORTY_TWO };
	struct message_call call = {
		.object = 2, .method = LITERAL("m"), .n_args = 3, .args = args
	};
	struct message_reply reply = { 0 };

	expect("mproxy[4711]: t#2.m(<no value: number cut short or not in its "
	       "shortest form>, <no value: empty value>, 42) -> ok 0 us",
	       "t", &call, &reply, 0);
}
END_TEST

START_TEST(line_is_one_line_whatever_the_peer_sends)
{
	struct message_call call = { .object = 2,
				     .method = LITERAL("a\nb\x1b[0m\xc2\x9b") };
	struct message_reply reply = { .status = MPROXY_ERR_TYPE,
				       .detail = LITERAL("x\r\ny\0") };

	expect("mproxy[4711]: t#2.a?b?[0m?() -> TYPE (x??y?) 0 us", "t", &call,
	       &reply, 0);
}
END_TEST

START_TEST(many_and_long_arguments_are_cut)
{
	struct span args[9];
	static uint8_t long_text[1003] = { 0x32, 0xe8, 0x07 };
	struct message_call call = {
		.object = 2, .method = LITERAL("m"), .n_args = 9, .args = args
	};
	struct message_reply reply = { 0 };

	for (size_t i = 0; i < 9; i++)
		args[i] = FORTY_TWO;
	expect("mproxy[4711]: t#2.m(42, 42, 42, 42, 42, 42, … 3 more) -> ok "
	       "0 us",
	       "t", &call, &reply, 0);
	/* those that are given as the items of a list come behind */
	call.n_args = 5;
	call.items = LITERAL("\x0a\x02\x18\x02\x0a\x02\x08\x01");
	expect("mproxy[4711]: t#2.m(42, 42, 42, 42, 42, 1, … 1 more) -> ok "
	       "0 us",
	       "t", &call, &reply, 0);
	call.items.size = 0;
	memset(long_text + 3, 'x', 1000);
	args[0] = span_make(long_text, sizeof(long_text));
	call.n_args = 1;
	buffer_clear(&line);
	trace_format_call(&line, "w", LITERAL("t"), &call, &reply, 0);
	ck_assert_uint_lt(line.size, 130);
}
END_TEST

/* In a child: the answer is found once for a process. */
static int
wanted_with(const char *debug)
{
	pid_t pid = fork();
	bool first;
	int status;

	if (pid == 0) {
		if (debug)
			setenv("MPROXY_DEBUG", debug, 1);
		else
			unsetenv("MPROXY_DEBUG");
		first = trace_calls_wanted();
		_exit(first && trace_calls_wanted());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(environment_decides_whether_to_trace)
{
	ck_assert_int_eq(wanted_with(NULL), 0);
	ck_assert_int_eq(wanted_with(""), 0);
	ck_assert_int_eq(wanted_with("frames"), 0);
	ck_assert_int_eq(wanted_with("callsign"), 0);
	ck_assert_int_eq(wanted_with("calls"), 1);
	ck_assert_int_eq(wanted_with("frames,calls"), 1);
	ck_assert_int_eq(wanted_with("all"), 1);
}
END_TEST

START_TEST(line_goes_to_standard_error_in_one_piece)
{
	struct message_call call = { .object = 7, .method = LITERAL("get") };
	struct message_reply reply = { 0 };
	char got[100] = "";
	int saved = dup(STDERR_FILENO);
	int pair[2];

	ck_assert_int_eq(pipe(pair), 0);
	dup2(pair[1], STDERR_FILENO);
	trace_call("mproxy[1]", LITERAL("list"), &call, &reply, 1000);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pair[1]);
	ck_assert_int_gt(read(pair[0], got, sizeof(got) - 1), 0);
	close(pair[0]);
	ck_assert_str_eq(got, "mproxy[1]: list#7.get() -> ok 1 us\n");
}
END_TEST

static Suite *
trace_suite(void)
{
	Suite *suite = suite_create("trace");
	TCase *tcase = tcase_create("trace");

	tcase_set_timeout(tcase, 10);
	tcase_add_checked_fixture(tcase, leak_check_begin, teardown);
	tcase_add_test(tcase, call_that_works_prints_what_it_did);
	tcase_add_test(tcase, call_that_fails_prints_name_and_detail);
	tcase_add_test(tcase, manager_is_named_without_a_type);
	tcase_add_test(tcase, times_have_a_unit_that_fits);
	tcase_add_test(tcase, what_is_no_value_is_printed_as_that);
	tcase_add_test(tcase, line_is_one_line_whatever_the_peer_sends);
	tcase_add_test(tcase, many_and_long_arguments_are_cut);
	tcase_add_test(tcase, environment_decides_whether_to_trace);
	tcase_add_test(tcase, line_goes_to_standard_error_in_one_piece);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(trace_suite());
}
