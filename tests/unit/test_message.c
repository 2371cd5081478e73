/*
 * Messages: byte by byte, against the generated code, and malformed.
 */
#include "proto/message.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "proto/mproxy.pb-c.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/harness/values.h"

#define KEY "0123456789abcdef"

static struct channel channel;
static struct arena arena;

static void
setup(void)
{
	channel_init(&channel, -1, 1 << 20);
	arena_init(&arena, 1 << 20);
}

static void
teardown(void)
{
	fault_reset();
	channel_deinit(&channel);
	arena_deinit(&arena);
}

/* The one frame that has been appended: its header, and these bytes. */
static struct span
expect_frame(enum frame_kind kind, struct span want)
{
	struct frame frame = { 0 };
	size_t need;

	ck_assert_int_eq(
		frame_parse(buffer_span(&channel.out), 1 << 20, &frame, &need),
		(int64_t)channel.out.size);
	ck_assert_int_eq(frame.kind, kind);
	ck_assert_bytes(frame.payload, want);
	return want;
}

START_TEST(hello_is_written_and_read_byte_by_byte)
{
	struct message_hello hello = {
		.version = 1,
		.session = LITERAL(KEY),
		.fork = LITERAL(""),
		.thread = 4711,
		.program = LITERAL("wc"),
	};
	struct message_hello got;
	struct span bytes;

	ck_assert_int_eq(message_send_hello(&channel, &hello), 0);
	bytes = expect_frame(FRAME_HELLO, LITERAL("\x08\x01\x12\x10" KEY
						  "\x20\xe7\x24\x2a\x02wc"));
	ck_assert_int_eq(message_unpack_hello(&arena, bytes, &got), 0);
	ck_assert_uint_eq(got.version, 1);
	ck_assert_bytes(got.session, hello.session);
	ck_assert_uint_eq(got.fork.size, 0);
	ck_assert_uint_eq(got.thread, 4711);
	ck_assert_bytes(got.program, hello.program);
}
END_TEST

START_TEST(welcome_is_written_and_read_byte_by_byte)
{
	struct message_welcome welcome = {
		.version = 1,
		.status = MPROXY_ERR_DENIED, /* -96: zigzag 191 */
		.detail = LITERAL("no"),
		.instance = LITERAL(KEY),
		.session = LITERAL(KEY),
		.max_value = 300,
		.pid = 5,
	};
	struct message_welcome got;
	struct span bytes;

	ck_assert_int_eq(message_send_welcome(&channel, &welcome), 0);
	bytes = expect_frame(FRAME_WELCOME,
			     LITERAL("\x08\x01\x10\xbf\x01\x1a\x02no"
				     "\x22\x10" KEY "\x2a\x10" KEY
				     "\x30\xac\x02\x38\x05"));
	ck_assert_int_eq(message_unpack_welcome(&arena, bytes, &got), 0);
	ck_assert_int_eq(got.status, MPROXY_ERR_DENIED);
	ck_assert_bytes(got.detail, welcome.detail);
	ck_assert_bytes(got.instance, welcome.instance);
	ck_assert_bytes(got.session, welcome.session);
	ck_assert_uint_eq(got.max_value, 300);
	ck_assert_uint_eq(got.pid, 5);
}
END_TEST

START_TEST(call_is_written_and_read_byte_by_byte)
{
	struct span args[] = { LITERAL("\x08\x01"), LITERAL("\x18\x02") };
	struct message_call call = {
		.id = 300,
		.object = 7,
		.method = LITERAL("append"),
		.timeout_ms = -1,
		.n_args = 2,
		.args = args,
	};
	struct message_call got;
	struct span bytes;

	ck_assert_int_eq(message_send_call(&channel, &call), 0);
	bytes = expect_frame(FRAME_CALL,
			     LITERAL("\x08\xac\x02\x10\x07\x1a\x06"
				     "append\x20\x01"
				     "\x2a\x02\x08\x01\x2a\x02\x18\x02"));
	ck_assert_int_eq(message_unpack_call(&arena, bytes, &got), 0);
	ck_assert_uint_eq(got.id, 300);
	ck_assert_uint_eq(got.object, 7);
	ck_assert_bytes(got.method, call.method);
	ck_assert_int_eq(got.timeout_ms, -1);
	ck_assert_uint_eq(got.n_args, 2);
	ck_assert_bytes(got.args[0], args[0]);
	ck_assert_bytes(got.args[1], args[1]);
}
END_TEST

/* What a list has inside: fields 1, one of them with a length of two bytes. */
START_TEST(items_of_a_list_are_arguments_behind_the_others)
{
	struct span arg = LITERAL("\x08\x01");
	uint8_t items[4 + 3 + 200 + 4] = "\x0a\x02\x18\x02\x0a\xc8\x01";
	struct message_call got, call = {
		.id = 1,
		.n_args = 1,
		.args = &arg,
		.items = span_make(items, sizeof(items)),
	};

	memset(items + 7, 'x', 200);
	memcpy(items + 207, "\x0a\x02\x18\x04", 4);
	ck_assert_int_eq(message_send_call(&channel, &call), 0);
	ck_assert_int_eq(message_unpack_call(
				 &arena,
				 span_make(channel.out.data + FRAME_HEADER_SIZE,
					   channel_pending(&channel) -
						   FRAME_HEADER_SIZE),
				 &got),
			 0);
	ck_assert_uint_eq(got.n_args, 4);
	ck_assert_uint_eq(got.items.size, 0);
	ck_assert_bytes(got.args[0], arg);
	ck_assert_bytes(got.args[1], LITERAL("\x18\x02"));
	ck_assert_bytes(got.args[2], span_make(items + 7, 200));
	ck_assert_bytes(got.args[3], LITERAL("\x18\x04"));
}
END_TEST

START_TEST(reply_is_written_and_read_byte_by_byte)
{
	struct span results[] = { LITERAL("\x08\x01") };
	struct message_reply reply = {
		.id = 300,
		.status = MPROXY_ERR_RANGE, /* -32: zigzag 63 */
		.n_results = 1,
		.results = results,
		.detail = LITERAL("far"),
	};
	struct message_reply got;
	struct span bytes;

	ck_assert_int_eq(message_send_reply(&channel, &reply), 0);
	bytes = expect_frame(FRAME_REPLY,
			     LITERAL("\x08\xac\x02\x10\x3f\x1a\x02\x08\x01"
				     "\x22\x03"
				     "far"));
	ck_assert_int_eq(message_unpack_reply(&arena, bytes, &got), 0);
	ck_assert_uint_eq(got.id, 300);
	ck_assert_int_eq(got.status, MPROXY_ERR_RANGE);
	ck_assert_uint_eq(got.n_results, 1);
	ck_assert_bytes(got.results[0], results[0]);
	ck_assert_bytes(got.detail, reply.detail);
}
END_TEST

START_TEST(cancel_release_and_fork_are_written_and_read_byte_by_byte)
{
	struct message_release release = { .object = 9, .count = 2 };
	struct message_fork fork = { .id = 4, .nonce = LITERAL(KEY) };
	struct message_release got_release;
	struct message_fork got_fork;
	struct span bytes;
	uint64_t id = 0;

	ck_assert_int_eq(message_send_cancel(&channel, 300), 0);
	bytes = expect_frame(FRAME_CANCEL, LITERAL("\x08\xac\x02"));
	ck_assert_int_eq(message_unpack_cancel(&arena, bytes, &id), 0);
	ck_assert_uint_eq(id, 300);
	buffer_clear(&channel.out);
	ck_assert_int_eq(message_send_release(&channel, &release), 0);
	bytes = expect_frame(FRAME_RELEASE, LITERAL("\x08\x09\x10\x02"));
	ck_assert_int_eq(message_unpack_release(&arena, bytes, &got_release),
			 0);
	ck_assert_uint_eq(got_release.object, 9);
	ck_assert_uint_eq(got_release.count, 2);
	buffer_clear(&channel.out);
	ck_assert_int_eq(message_send_fork(&channel, &fork,
					   open("/dev/null", O_CLOEXEC)),
			 0);
	ck_assert_uint_eq(channel.out_fds.n, 1);
	bytes = expect_frame(FRAME_FORK, LITERAL("\x08\x04\x12\x10" KEY));
	ck_assert_int_eq(message_unpack_fork(&arena, bytes, &got_fork), 0);
	ck_assert_uint_eq(got_fork.id, 4);
	ck_assert_bytes(got_fork.nonce, fork.nonce);
}
END_TEST

START_TEST(empty_messages_have_no_bytes_and_read_as_zeros)
{
	struct message_call call = { 0 }, got_call = { .id = 9 };
	struct message_reply reply = { 0 }, got_reply = { .id = 9 };
	uint64_t id = 9;

	ck_assert_int_eq(message_send_call(&channel, &call), 0);
	expect_frame(FRAME_CALL, LITERAL(""));
	ck_assert_int_eq(message_unpack_call(&arena, LITERAL(""), &got_call),
			 0);
	ck_assert_uint_eq(got_call.id, 0);
	ck_assert_uint_eq(got_call.n_args, 0);
	buffer_clear(&channel.out);
	ck_assert_int_eq(message_send_reply(&channel, &reply), 0);
	expect_frame(FRAME_REPLY, LITERAL(""));
	ck_assert_int_eq(
		message_unpack_reply(&arena, span_make(NULL, 0), &got_reply),
		0);
	ck_assert_uint_eq(got_reply.id, 0);
	ck_assert_int_eq(message_unpack_cancel(&arena, LITERAL(""), &id), 0);
	ck_assert_uint_eq(id, 0);
}
END_TEST

START_TEST(cancel_for_signal_handlers_is_the_same_frame)
{
	static const uint64_t ids[] = { 0, 1, 127, 128, 300, UINT64_MAX };
	uint8_t out[MESSAGE_CANCEL_MAX + 1];

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		size_t size;

		buffer_clear(&channel.out);
		message_send_cancel(&channel, ids[i]);
		memset(out, 0xee, sizeof(out));
		size = message_pack_cancel(out, ids[i]);
		ck_assert_uint_le(size, MESSAGE_CANCEL_MAX);
		ck_assert_buffer(channel.out, span_make(out, size));
		ck_assert_uint_eq(out[size], 0xee);
	}
}
END_TEST

START_TEST(fields_of_later_versions_are_skipped)
{
	struct message_reply reply;
	struct message_call call;

	ck_assert_int_eq(
		message_unpack_call(&arena,
				    LITERAL("\x30\x05\x39"
					    "12345678\x42\x02zz\x4d"
					    "1234\x80\x01\x01\x08\x02"),
				    &call),
		0);
	ck_assert_uint_eq(call.id, 2);
	ck_assert_int_eq(message_unpack_reply(
				 &arena, LITERAL("\x28\x05\x08\x03"), &reply),
			 0);
	ck_assert_uint_eq(reply.id, 3);
}
END_TEST

static const struct span malformed[] = {
	{ 1, (const uint8_t *)"\x08" },	     /* cut */
	{ 2, (const uint8_t *)"\x08\x80" },  /* cut */
	{ 3, (const uint8_t *)"\x1a\x05x" }, /* past the end */
	{ 3, (const uint8_t *)"\x2a\x05x" }, /* past the end */
	{ 2, (const uint8_t *)"\x0a\x00" },  /* id as bytes */
	{ 2, (const uint8_t *)"\x18\x00" },  /* bytes as a number */
	{ 2, (const uint8_t *)"\x02\x00" },  /* field 0 */
	{ 2, (const uint8_t *)"\x3b\x3c" },  /* a group */
	{ 2, (const uint8_t *)"\x3f\x00" },  /* no wire type */
	{ 4, (const uint8_t *)"\x39xyz" },   /* eight bytes, cut */
	{ 4, (const uint8_t *)"\x3dxyz" },   /* four bytes, cut */
	{ 12, (const uint8_t *)"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
			       "\x01" },
	{ 8, (const uint8_t *)"\x1a\x0b\xff\xff\xff\xff\xff\x01" },
};

START_TEST(malformed_calls_and_replies_are_a_protocol_violation)
{
	struct message_call call = { .id = 42 };
	struct message_reply reply = { .id = 42 };

	ck_assert_int_eq(message_unpack_call(&arena, malformed[_i], &call),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_uint_eq(call.id, 42);
	/* in a Reply field 5 is a later version's */
	if (malformed[_i].data[0] == 0x2a)
		return;
	ck_assert_int_eq(message_unpack_reply(&arena, malformed[_i], &reply),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_uint_eq(reply.id, 42);
}
END_TEST

START_TEST(malformed_rare_messages_are_a_protocol_violation)
{
	struct span cut = LITERAL("\x0a\x05x");
	struct message_welcome welcome;
	struct message_release release;
	struct message_hello hello;
	struct message_fork fork;
	uint64_t id;

	ck_assert_int_eq(message_unpack_hello(&arena, cut, &hello),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(message_unpack_welcome(&arena, cut, &welcome),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(message_unpack_cancel(&arena, cut, &id),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(message_unpack_release(&arena, cut, &release),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(message_unpack_fork(&arena, cut, &fork),
			 MPROXY_ERR_PROTOCOL);
}
END_TEST

START_TEST(text_with_a_nul_or_other_bytes_is_refused)
{
	struct message_welcome welcome;
	struct message_reply reply;
	struct message_hello hello;
	struct message_call call;

	ck_assert_int_eq(message_unpack_call(&arena,
					     LITERAL("\x1a\x03"
						     "a\0b"),
					     &call),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(
		message_unpack_call(&arena, LITERAL("\x1a\x01\xff"), &call),
		MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(
		message_unpack_reply(&arena, LITERAL("\x22\x01\0"), &reply),
		MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(
		message_unpack_hello(&arena, LITERAL("\x2a\x01\0"), &hello),
		MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(message_unpack_welcome(&arena, LITERAL("\x1a\x01\xc0"),
						&welcome),
			 MPROXY_ERR_PROTOCOL);
}
END_TEST

START_TEST(keys_of_a_wrong_size_are_refused)
{
	struct message_welcome welcome;
	struct message_hello hello;
	struct message_fork fork;

	ck_assert_int_eq(
		message_unpack_hello(&arena, LITERAL("\x12\x01k"), &hello),
		MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(message_unpack_hello(
				 &arena, LITERAL("\x1a\x11" KEY "g"), &hello),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(
		message_unpack_welcome(&arena, LITERAL("\x22\x01k"), &welcome),
		MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(
		message_unpack_fork(&arena, LITERAL("\x08\x01"), &fork),
		MPROXY_ERR_PROTOCOL);
}
END_TEST

START_TEST(status_that_is_no_32_bit_number_is_refused)
{
	struct message_reply reply;

	ck_assert_int_eq(
		message_unpack_reply(
			&arena, LITERAL("\x10\xff\xff\xff\xff\x0f"), &reply),
		0);
	ck_assert_int_eq(reply.status, INT32_MIN);
	ck_assert_int_eq(
		message_unpack_reply(
			&arena, LITERAL("\x10\x80\x80\x80\x80\x10"), &reply),
		MPROXY_ERR_PROTOCOL);
}
END_TEST

START_TEST(message_past_the_limit_of_the_channel_is_too_big)
{
	struct span arg = span_make(KEY, 16);
	struct message_call call = { .n_args = 1, .args = &arg };
	struct message_fork fork = { .nonce = LITERAL(KEY) };

	channel.max_length = 17;
	ck_assert_int_eq(message_send_call(&channel, &call),
			 MPROXY_ERR_TOO_BIG);
	/* the bytes fit, with what is around them they do not */
	arg.size = 15;
	call.id = 1;
	ck_assert_int_eq(message_send_call(&channel, &call),
			 MPROXY_ERR_TOO_BIG);
	ck_assert_uint_eq(channel_pending(&channel), 0);
	ck_assert_int_eq(message_send_fork(&channel, &fork,
					   open("/dev/null", O_CLOEXEC)),
			 MPROXY_ERR_TOO_BIG);
	ck_assert_uint_eq(channel_pending(&channel), 0);
	channel.max_length = 19;
	ck_assert_int_eq(message_send_call(&channel, &call), 0);
}
END_TEST

START_TEST(sending_without_memory_appends_nothing)
{
	struct message_hello hello = { .program = LITERAL("x") };
	struct message_call call = { .method = LITERAL("x") };
	int r[2];

	fault_fail_from(1);
	r[0] = message_send_call(&channel, &call);
	r[1] = message_send_hello(&channel, &hello);
	fault_reset();
	ck_assert_int_eq(r[0], MPROXY_ERR_NO_MEMORY);
	ck_assert_int_eq(r[1], MPROXY_ERR_NO_MEMORY);
	ck_assert_uint_eq(channel_pending(&channel), 0);
	ck_assert_int_eq(message_send_call(&channel, &call), 0);
}
END_TEST

START_TEST(decoding_past_the_budget_or_without_memory_is_too_big)
{
	struct span bytes = LITERAL("\x2a\x02\x08\x01\x2a\x02\x08\x01");
	struct message_hello hello;
	struct message_call call;
	int r;

	arena_reset(&arena, 31);
	ck_assert_int_eq(message_unpack_call(&arena, bytes, &call),
			 MPROXY_ERR_TOO_BIG);
	arena_reset(&arena, 32);
	ck_assert_int_eq(message_unpack_call(&arena, bytes, &call), 0);
	arena_reset(&arena, 32);
	ck_assert_int_eq(
		message_unpack_hello(&arena, LITERAL("\x2a\x01x"), &hello),
		MPROXY_ERR_TOO_BIG);
	arena_deinit(&arena);
	arena_init(&arena, 1000);
	fault_fail_from(1);
	r = message_unpack_call(&arena, bytes, &call);
	fault_reset();
	ck_assert_int_eq(r, MPROXY_ERR_TOO_BIG);
}
END_TEST

/* The smallest arguments there can be, as many as fit: the budget is enough
 * for them, and nothing makes more of a message. */
START_TEST(budget_suffices_for_any_number_of_small_arguments)
{
	size_t size = 4 << 20;
	uint8_t *bytes = malloc(size);
	struct message_call call;

	for (size_t i = 0; i < size; i += 4)
		memcpy(bytes + i, "\x2a\x02\x08\x01", 4);
	arena_reset(&arena, message_budget(size));
	ck_assert_int_eq(
		message_unpack_call(&arena, span_make(bytes, size), &call), 0);
	ck_assert_uint_eq(call.n_args, size / 4);
	ck_assert_bytes(call.args[size / 4 - 1], LITERAL("\x08\x01"));
	ck_assert_uint_le(arena.used, 4 * size);
	free(bytes);
}
END_TEST

/* Two bytes a field, which the generated code makes much of. */
START_TEST(decode_bombs_stop_at_the_budget)
{
	static const uint8_t tags[] = { 0x12, 0x1a, 0x2a, 0x52, 0x08 };
	size_t size = 1 << 20;
	uint8_t *bytes = malloc(size);
	struct message_welcome welcome;
	struct message_hello hello;
	struct message_reply reply;
	struct message_call call;

	for (size_t tag = 0; tag < sizeof(tags); tag++) {
		struct span bomb = span_make(bytes, size);

		for (size_t i = 0; i < size; i += 2) {
			bytes[i] = tags[tag];
			bytes[i + 1] = 0;
		}
		arena_reset(&arena, message_budget(size));
		message_unpack_call(&arena, bomb, &call);
		message_unpack_reply(&arena, bomb, &reply);
		message_unpack_hello(&arena, bomb, &hello);
		message_unpack_welcome(&arena, bomb, &welcome);
		ck_assert_uint_le(arena.used, message_budget(size));
	}
	free(bytes);
}
END_TEST

static void
add_tests(TCase *tcase)
{
	tcase_add_test(tcase, hello_is_written_and_read_byte_by_byte);
	tcase_add_test(tcase, welcome_is_written_and_read_byte_by_byte);
	tcase_add_test(tcase, call_is_written_and_read_byte_by_byte);
	tcase_add_test(tcase, items_of_a_list_are_arguments_behind_the_others);
	tcase_add_test(tcase, reply_is_written_and_read_byte_by_byte);
	tcase_add_test(
		tcase,
		cancel_release_and_fork_are_written_and_read_byte_by_byte);
	tcase_add_test(tcase, empty_messages_have_no_bytes_and_read_as_zeros);
	tcase_add_test(tcase, cancel_for_signal_handlers_is_the_same_frame);
	tcase_add_test(tcase, fields_of_later_versions_are_skipped);
	tcase_add_loop_test(
		tcase, malformed_calls_and_replies_are_a_protocol_violation, 0,
		sizeof(malformed) / sizeof(*malformed));
	tcase_add_test(tcase, malformed_rare_messages_are_a_protocol_violation);
	tcase_add_test(tcase, text_with_a_nul_or_other_bytes_is_refused);
	tcase_add_test(tcase, keys_of_a_wrong_size_are_refused);
	tcase_add_test(tcase, status_that_is_no_32_bit_number_is_refused);
	tcase_add_test(tcase, message_past_the_limit_of_the_channel_is_too_big);
	tcase_add_test(tcase, sending_without_memory_appends_nothing);
	tcase_add_test(tcase,
		       decoding_past_the_budget_or_without_memory_is_too_big);
	tcase_add_test(tcase,
		       budget_suffices_for_any_number_of_small_arguments);
	tcase_add_test(tcase, decode_bombs_stop_at_the_budget);
}

static Suite *
message_suite(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = tcase_create("message");

	tcase_set_timeout(tcase, 20);
	tcase_add_checked_fixture(tcase, setup, teardown);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(message_suite());
}
