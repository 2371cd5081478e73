/*
 * Clients that mean harm, or are broken. After each of them a client that was
 * there before and one that comes after are served, and the daemon has as many
 * descriptors as it had.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/harness/check-main.h"
#include "tests/harness/daemon.h"
#include "tests/harness/leak.h"
#include "tests/harness/raw.h"

#include "mproxy/error.h"
#include "proto/value.h"

static struct test_daemon server;
static struct raw witness;
static size_t baseline;

static void
set_up(void)
{
	leak_check_begin();
	daemon_start(&server, NULL);
	raw_open(&witness, server.address);
	raw_ping(&witness);
	baseline = daemon_count_fds(&server);
}

static void
prove_unharmed(void)
{
	struct raw other;

	raw_ping(&witness);
	raw_open(&other, server.address);
	raw_ping(&other);
	raw_deinit(&other);
	daemon_await_fds(&server, baseline);
}

static void
tear_down(void)
{
	prove_unharmed();
	raw_deinit(&witness);
	daemon_stop(&server);
	leak_check_end();
}

static void
meet(struct raw *raw, bool says_hello)
{
	if (says_hello)
		raw_open(raw, server.address);
	else
		raw_connect(raw, server.address);
}

static void
expect_detail(struct span detail, const char *part)
{
	char text[512] = "";

	ck_assert_uint_lt(detail.size, sizeof(text));
	memcpy(text, detail.data, detail.size);
	ck_assert_msg(strstr(text, part) != NULL, "\"%s\" lacks \"%s\"", text,
		      part);
}

/* The reply that answers nothing in particular, then the end. */
static void
expect_expulsion(struct raw *raw, bool said_hello, int status,
		 const char *detail)
{
	if (said_hello) {
		struct message_reply reply = raw_reply(raw);

		ck_assert_uint_eq(reply.id, 0);
		ck_assert_int_eq(reply.status, status);
		expect_detail(reply.detail, detail);
	} else {
		struct message_welcome welcome = raw_welcome(raw);

		ck_assert_int_eq(welcome.status, status);
		expect_detail(welcome.detail, detail);
	}
	raw_expect_end(raw);
}

/* A hello and a call, as bytes. */
static void
sample(struct buffer *out)
{
	const struct message_hello hello = {
		.version = MESSAGE_VERSION,
		.program = span_text("sample"),
	};
	const struct message_call call = {
		.id = 5,
		.object = MESSAGE_MANAGER,
		.method = span_text("names"),
	};
	struct channel channel;

	channel_init(&channel, -1, FRAME_ENVELOPE);
	ck_assert_int_eq(message_send_hello(&channel, &hello), 0);
	ck_assert_int_eq(message_send_call(&channel, &call), 0);
	buffer_append(out, channel.out.data, channel.out.size);
	channel_deinit(&channel);
}

/* --- frames --- */

START_TEST(truncated_anywhere_then_death_harms_nobody)
{
	struct buffer bytes = BUFFER_INIT;
	struct raw raw;

	sample(&bytes);
	for (size_t cut = 0; cut < bytes.size; cut++) {
		meet(&raw, false);
		raw_send(&raw, bytes.data, cut);
		raw_deinit(&raw);
	}
	buffer_deinit(&bytes);
}
END_TEST

START_TEST(a_length_past_the_limit_is_refused_with_both_numbers)
{
	static const uint32_t lengths[] = {
		((uint32_t)64 << 20) + FRAME_ENVELOPE + 1,
		UINT32_C(0x7fffffff),
		UINT32_C(0x80000000),
		UINT32_C(0xffffffff),
	};
	uint8_t bytes[FRAME_HEADER_SIZE + 1] = { 0 };
	struct raw raw;
	char number[16];

	for (size_t i = 0; i < 2 * sizeof(lengths) / sizeof(lengths[0]); i++) {
		frame_pack_header(bytes, FRAME_CALL, lengths[i / 2], 0);
		snprintf(number, sizeof(number), "%u", lengths[i / 2]);
		meet(&raw, i % 2);
		raw_send(&raw, bytes, sizeof(bytes));
		expect_expulsion(&raw, i % 2, MPROXY_ERR_TOO_BIG, number);
		raw_deinit(&raw);
	}
	snprintf(number, sizeof(number), "%u",
		 ((uint32_t)64 << 20) + FRAME_ENVELOPE);
	meet(&raw, true);
	raw_send(&raw, bytes, sizeof(bytes));
	expect_expulsion(&raw, true, MPROXY_ERR_TOO_BIG, number);
	raw_deinit(&raw);
}
END_TEST

START_TEST(a_frame_no_client_may_send_ends_the_connection)
{
	static const int kinds[] = { 0, FRAME_WELCOME, FRAME_REPLY,
				     FRAME_KIND_END, 255 };
	struct raw raw;

	for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		meet(&raw, i % 2);
		raw_send_frame(&raw, kinds[i / 2], LITERAL(""), 0);
		expect_expulsion(&raw, i % 2, MPROXY_ERR_PROTOCOL, "server:");
		raw_deinit(&raw);
	}
}
END_TEST

START_TEST(a_frame_of_another_version_is_refused_with_both_versions)
{
	uint8_t bytes[FRAME_HEADER_SIZE];
	struct raw raw;

	frame_pack_header(bytes, FRAME_HELLO, 0, 0);
	bytes[4] = FRAME_VERSION + 8;
	meet(&raw, false);
	raw_send(&raw, bytes, sizeof(bytes));
	expect_expulsion(&raw, false, MPROXY_ERR_VERSION,
			 "version 1, the client's of 9");
	raw_deinit(&raw);
}
END_TEST

START_TEST(a_message_that_cannot_be_decoded_ends_the_connection)
{
	static const int kinds[] = { FRAME_CALL, FRAME_CANCEL, FRAME_RELEASE };
	const struct span bad = LITERAL("\x0a\xff\xff\xff\xff\x0f");
	struct raw raw;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		meet(&raw, true);
		raw_send_frame(&raw, kinds[i], bad, 0);
		expect_expulsion(&raw, true, MPROXY_ERR_PROTOCOL, "decoded");
		raw_deinit(&raw);
	}
	meet(&raw, false);
	raw_send_frame(&raw, FRAME_HELLO, bad, 0);
	expect_expulsion(&raw, false, MPROXY_ERR_PROTOCOL, "decoded");
	raw_deinit(&raw);
}
END_TEST

/* 500,000 empty arguments: a decoder without a budget takes 36 times that. */
START_TEST(a_message_that_would_blow_up_is_refused)
{
	struct buffer payload = BUFFER_INIT;
	struct raw raw;

	buffer_append(&payload, "\x08\x05\x10\x01\x1a\x04ping", 10);
	for (int i = 0; i < 500000; i++)
		buffer_append(&payload, "\x2a\x00", 2);
	meet(&raw, true);
	/* either is an honest answer: too big, or not a value */
	raw_send_call(&raw, MESSAGE_MANAGER, "ping", NULL, 0, 0);
	ck_assert_int_eq(raw_reply(&raw).status, 0);
	{
		uint8_t header[FRAME_HEADER_SIZE];

		frame_pack_header(header, FRAME_CALL, (uint32_t)payload.size,
				  0);
		raw_send(&raw, header, sizeof(header));
		raw_send(&raw, payload.data, payload.size);
	}
	ck_assert_int_lt(raw_reply(&raw).status, 0);
	raw_deinit(&raw);
	buffer_deinit(&payload);
}
END_TEST

START_TEST(garbage_harms_nobody)
{
	uint64_t seed = check_seed(4711);
	uint8_t bytes[512];
	struct raw raw;

	for (int i = 0; i < 400; i++) {
		for (size_t at = 0; at < sizeof(bytes); at++)
			bytes[at] = (uint8_t)check_random(&seed);
		meet(&raw, i % 2);
		raw_send(&raw, bytes, check_random_below(&seed, 512));
		raw_deinit(&raw);
	}
}
END_TEST

START_TEST(flipped_bits_harm_nobody)
{
	struct buffer bytes = BUFFER_INIT;
	uint64_t seed = check_seed(815);
	struct raw raw;

	sample(&bytes);
	for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
		size_t other = check_random_below(&seed, 8 * bytes.size);

		bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		bytes.data[other / 8] ^= (uint8_t)(1u << other % 8);
		meet(&raw, false);
		raw_send(&raw, bytes.data, bytes.size);
		raw_deinit(&raw);
		bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		bytes.data[other / 8] ^= (uint8_t)(1u << other % 8);
	}
	buffer_deinit(&bytes);
}
END_TEST

/* --- the order of frames --- */

START_TEST(a_call_before_hello_is_refused)
{
	static const int kinds[] = { FRAME_CALL, FRAME_CANCEL, FRAME_RELEASE };
	struct raw raw;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		meet(&raw, false);
		raw_send_frame(&raw, kinds[i], LITERAL("\x08\x01"), 0);
		expect_expulsion(&raw, false, MPROXY_ERR_PROTOCOL, "hello");
		raw_deinit(&raw);
	}
}
END_TEST

START_TEST(a_second_hello_is_refused)
{
	struct raw raw;

	meet(&raw, true);
	raw_send_frame(&raw, FRAME_HELLO, LITERAL("\x08\x01"), 0);
	expect_expulsion(&raw, true, MPROXY_ERR_PROTOCOL, "hello");
	raw_deinit(&raw);
}
END_TEST

static void
expect_refusal(const struct message_hello *hello, int status,
	       const char *detail)
{
	struct raw raw;

	meet(&raw, false);
	raw_send_hello(&raw, hello);
	expect_expulsion(&raw, false, status, detail);
	raw_deinit(&raw);
}

START_TEST(a_hello_that_cannot_be_granted_says_why)
{
	static const char key[MESSAGE_KEY_SIZE];
	const struct span unknown = span_make(key, sizeof(key));
	struct message_hello hello = { .version = 9 };

	expect_refusal(&hello, MPROXY_ERR_VERSION,
		       "version 1 of the protocol, the client version 9");
	hello.version = MESSAGE_VERSION;
	hello.session = unknown;
	expect_refusal(&hello, MPROXY_ERR_STALE, "no session");
	hello.fork = unknown;
	expect_refusal(&hello, MPROXY_ERR_INVALID, "not both");
	hello.session = span_make(NULL, 0);
	expect_refusal(&hello, MPROXY_ERR_NOT_FOUND, "fork");
	hello.fork = span_make(key, 3);
	expect_refusal(&hello, MPROXY_ERR_PROTOCOL, "decoded");
}
END_TEST

/* --- descriptors --- */

/* Message: number 3, and 16 bytes. */
#define FORK "\x08\x03\x12\x10nonce-0123456789"

/* Makes the lane ready for descriptors. */
static void
send_first_fork(struct raw *raw)
{
	struct message_reply reply;

	raw_send_frame(raw, FRAME_FORK, LITERAL(FORK), 0);
	reply = raw_reply(raw);
	ck_assert_uint_eq(reply.id, 3);
	ck_assert_int_eq(reply.status, 0);
}

START_TEST(descriptors_where_none_belong_are_closed)
{
	static const int kinds[] = { FRAME_CALL, FRAME_CANCEL, FRAME_RELEASE };
	struct raw raw;

	for (unsigned n = 1; n <= FRAME_MAX_FDS; n++) {
		meet(&raw, true);
		send_first_fork(&raw);
		raw_send_frame(&raw, kinds[n % 3], LITERAL("\x08\x01"), n);
		expect_expulsion(&raw, true, MPROXY_ERR_PROTOCOL, "descriptor");
		raw_deinit(&raw);
	}
}
END_TEST

/* They never arrive: what is left is a header that promises some. */
START_TEST(descriptors_that_were_not_announced_are_closed)
{
	static const int kinds[] = { FRAME_CALL, FRAME_CANCEL, FRAME_RELEASE,
				     FRAME_FORK };
	struct raw raw;

	for (unsigned n = 1; n <= FRAME_MAX_FDS; n++) {
		meet(&raw, true);
		raw_send_frame(&raw, kinds[n % 4], LITERAL("\x08\x01"), n);
		expect_expulsion(&raw, true, MPROXY_ERR_PROTOCOL, "descriptor");
		raw_deinit(&raw);
	}
	meet(&raw, false);
	raw_send_frame(&raw, FRAME_HELLO, LITERAL("\x08\x01"), 1);
	expect_expulsion(&raw, false, MPROXY_ERR_PROTOCOL, "descriptor");
	raw_deinit(&raw);
}
END_TEST

START_TEST(a_fork_without_its_pipe_is_refused)
{
	struct message_reply reply;
	uint8_t header[FRAME_HEADER_SIZE];
	struct raw raw;

	meet(&raw, true);
	send_first_fork(&raw);
	send_first_fork(&raw); /* asked again: no harm */
	raw_send_frame(&raw, FRAME_FORK, LITERAL(FORK), 1); /* /dev/null */
	reply = raw_reply(&raw);
	ck_assert_uint_eq(reply.id, 3);
	ck_assert_int_eq(reply.status, MPROXY_ERR_INVALID);
	raw_send_frame(&raw, FRAME_FORK, LITERAL(FORK), 2);
	expect_expulsion(&raw, true, MPROXY_ERR_PROTOCOL, "descriptor");
	raw_deinit(&raw);

	/* the header promises one that does not come */
	meet(&raw, true);
	send_first_fork(&raw);
	frame_pack_header(header, FRAME_FORK, sizeof(FORK) - 1, 1);
	raw_send(&raw, header, sizeof(header));
	raw_send(&raw, FORK, sizeof(FORK) - 1);
	expect_expulsion(&raw, true, MPROXY_ERR_PROTOCOL, "server:");
	raw_deinit(&raw);
}
END_TEST

/* --- calls --- */

static void
expect_failure(struct raw *raw, uint64_t object, const char *method,
	       struct span arg, int status)
{
	struct message_reply reply = raw_call(raw, object, method, &arg, 1, 0);

	ck_assert_msg(reply.status == status, "%s: %s, not %s", method,
		      mproxy_error_name(reply.status),
		      mproxy_error_name(status));
	ck_assert_uint_gt(reply.detail.size, 0);
}

START_TEST(a_wrong_call_is_answered_and_the_client_stays)
{
	const struct span text = LITERAL("\x32\x01x");
	const struct span integer = LITERAL("\x18\x02");
	struct raw raw;

	meet(&raw, true);
	expect_failure(&raw, MESSAGE_MANAGER, "no-such", text,
		       MPROXY_ERR_NO_METHOD);
	expect_failure(&raw, MESSAGE_MANAGER, "w\303\266rter\n", text,
		       MPROXY_ERR_NO_METHOD);
	expect_failure(&raw, MESSAGE_MANAGER, "", text, MPROXY_ERR_NO_METHOD);
	expect_failure(&raw, 0, "ping", text, MPROXY_ERR_NO_OBJECT);
	expect_failure(&raw, UINT64_MAX, "ping", text, MPROXY_ERR_NO_OBJECT);
	expect_failure(&raw, MESSAGE_MANAGER, "find", integer, MPROXY_ERR_TYPE);
	expect_failure(&raw, MESSAGE_MANAGER, "ping", text, MPROXY_ERR_INVALID);
	expect_failure(&raw, MESSAGE_MANAGER, "new", text, MPROXY_ERR_NO_TYPE);
	raw_ping(&raw);
	raw_deinit(&raw);
}
END_TEST

START_TEST(a_value_that_is_not_canonical_is_refused)
{
	const struct span values[] = {
		LITERAL(""),		     /* nothing */
		LITERAL("\x18\x82\x00"),     /* a longer 1 */
		LITERAL("\x18\x02\x18\x02"), /* two fields */
		LITERAL("\x10\x02"),	     /* a bool of 2 */
		LITERAL("\x08\x00"),	     /* a nil that is false */
		LITERAL("\x20\x05"),	     /* unsigned, but it fits */
		LITERAL("\x32\x02\xc0\x80"), /* UTF-8 too long */
		LITERAL("\x32\x05x"),	     /* text past the end */
		LITERAL("\x4a\x02\x0a\x05"), /* list with half an item */
		LITERAL("\x7a\x00"),	     /* unknown field */
		LITERAL("\x29\0\0\0\0\0\0\0\x80") /* minus zero */,
	};
	struct raw raw;

	meet(&raw, true);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct message_reply reply = raw_call(&raw, MESSAGE_MANAGER,
						      "find", &values[i], 1, 0);

		ck_assert_msg(reply.status < 0, "value %zu was taken", i);
		ck_assert_int_ne(reply.status, MPROXY_ERR_NOT_FOUND);
	}
	raw_ping(&raw);
	raw_deinit(&raw);
}
END_TEST

START_TEST(a_value_nested_too_deeply_is_refused)
{
	static const size_t depths[] = { 65, 1000, 20000 };
	struct raw raw;

	meet(&raw, true);
	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		struct buffer inner = BUFFER_INIT;
		struct buffer outer = BUFFER_INIT;
		struct buffer other;
		struct span item;

		value_put_nil(&inner);
		for (size_t depth = 1; depth < depths[i]; depth++) {
			item = buffer_span(&inner);
			value_put_list(&outer, &item, 1);
			other = inner;
			inner = outer;
			outer = other;
			buffer_clear(&outer);
		}
		item = buffer_span(&inner);
		ck_assert_int_lt(
			raw_call(&raw, MESSAGE_MANAGER, "find", &item, 1, 0)
				.status,
			0);
		buffer_deinit(&inner);
		buffer_deinit(&outer);
	}
	raw_ping(&raw);
	raw_deinit(&raw);
}
END_TEST

START_TEST(references_given_back_too_often_harm_nobody)
{
	static const uint64_t objects[] = { 0, 1, 2, UINT64_MAX };
	struct raw raw;

	meet(&raw, true);
	for (size_t i = 0; i < 4; i++) {
		const struct message_release release = {
			.object = objects[i],
			.count = UINT64_MAX,
		};

		ck_assert_int_eq(message_send_release(&raw.channel, &release),
				 0);
		ck_assert_int_eq(message_send_cancel(&raw.channel, i), 0);
	}
	raw_ping(&raw);
	raw_deinit(&raw);
}
END_TEST

static Suite *
hostile_suite(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tcase = tcase_create("hostile");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, truncated_anywhere_then_death_harms_nobody);
	tcase_add_test(tcase,
		       a_length_past_the_limit_is_refused_with_both_numbers);
	tcase_add_test(tcase, a_frame_no_client_may_send_ends_the_connection);
	tcase_add_test(
		tcase,
		a_frame_of_another_version_is_refused_with_both_versions);
	tcase_add_test(tcase,
		       a_message_that_cannot_be_decoded_ends_the_connection);
	tcase_add_test(tcase, a_message_that_would_blow_up_is_refused);
	tcase_add_test(tcase, garbage_harms_nobody);
	tcase_add_test(tcase, flipped_bits_harm_nobody);
	tcase_add_test(tcase, a_call_before_hello_is_refused);
	tcase_add_test(tcase, a_second_hello_is_refused);
	tcase_add_test(tcase, a_hello_that_cannot_be_granted_says_why);
	tcase_add_test(tcase, descriptors_where_none_belong_are_closed);
	tcase_add_test(tcase, descriptors_that_were_not_announced_are_closed);
	tcase_add_test(tcase, a_fork_without_its_pipe_is_refused);
	tcase_add_test(tcase, a_wrong_call_is_answered_and_the_client_stays);
	tcase_add_test(tcase, a_value_that_is_not_canonical_is_refused);
	tcase_add_test(tcase, a_value_nested_too_deeply_is_refused);
	tcase_add_test(tcase, references_given_back_too_often_harm_nobody);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(hostile_suite());
}
