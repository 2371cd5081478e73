/*
 * The channel: bytes in and out over a socket pair. Descriptors are in
 * test_channel_fds.c.
 */
#include "proto/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "proto/block.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/harness/leak.h"
#include "tests/unit/alarms.h"

#define LIMIT ((uint32_t)8 << 20)
#define IN_SIZE ((size_t)16 << 10)

static struct channel a;
static struct channel b;

static void
setup(void)
{
	int fds[2];

	leak_check_begin();
	block_forget();
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	channel_init(&a, fds[0], LIMIT);
	channel_init(&b, fds[1], LIMIT);
}

static void
teardown(void)
{
	fault_reset();
	channel_deinit(&a);
	channel_deinit(&b);
	leak_check_end();
}

/* Past the channel, straight into the socket. */
static void
write_raw(struct span bytes)
{
	ssize_t n = send(a.fd, bytes.data, bytes.size, MSG_DONTWAIT);

	ck_assert_int_eq(n, (ssize_t)bytes.size);
}

static void
put(enum frame_kind kind, struct span message)
{
	uint8_t *out = channel_reserve(&a, kind, message.size);

	ck_assert_ptr_nonnull(out);
	if (message.size > 0)
		memcpy(out, message.data, message.size);
}

/* The next frame at b is this one. */
static void
expect(enum frame_kind kind, struct span message)
{
	struct frame frame;

	ck_assert_int_eq(channel_next(&b, &frame, NULL), 1);
	ck_assert_int_eq(frame.kind, kind);
	ck_assert_bytes(frame.payload, message);
}

static void
expect_none(void)
{
	struct frame frame;

	ck_assert_int_eq(channel_next(&b, &frame, NULL), 0);
}

START_TEST(frames_pile_up_and_leave_in_one_write)
{
	uint8_t got[100];
	ssize_t n;

	put(FRAME_CALL, LITERAL("ab"));
	put(FRAME_CANCEL, LITERAL(""));
	put(FRAME_REPLY, LITERAL("c"));
	ck_assert_uint_eq(channel_pending(&a), 27);
	ck_assert_int_eq(recv(b.fd, got, sizeof(got), MSG_DONTWAIT), -1);
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), 0);
	ck_assert_uint_eq(channel_pending(&a), 0);
	n = recv(b.fd, got, sizeof(got), MSG_DONTWAIT);
	ck_assert_bytes(span_make(got, (size_t)n),
			LITERAL("\2\0\0\0\1\3\0\0ab"
				"\0\0\0\0\1\5\0\0"
				"\1\0\0\0\1\4\0\0c"));
}
END_TEST

START_TEST(one_fill_takes_all_there_is)
{
	write_raw(LITERAL("\2\0\0\0\1\3\0\0ab"
			  "\0\0\0\0\1\5\0\0"
			  "\1\0\0\0\1\4\0\0c"
			  "\1\0\0"));
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 30);
	expect(FRAME_CALL, LITERAL("ab"));
	expect(FRAME_CANCEL, LITERAL(""));
	expect(FRAME_REPLY, LITERAL("c"));
	expect_none();
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), -EAGAIN);
	write_raw(LITERAL("\0\1\6\0\0d"));
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 6);
	expect(FRAME_RELEASE, LITERAL("d"));
	expect_none();
}
END_TEST

START_TEST(frame_that_comes_byte_by_byte_arrives_whole)
{
	struct span bytes = LITERAL("\3\0\0\0\1\3\0\0abc");

	for (size_t i = 0; i < bytes.size; i++) {
		expect_none();
		write_raw(span_make(bytes.data + i, 1));
		ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 1);
	}
	expect(FRAME_CALL, LITERAL("abc"));
	expect_none();
}
END_TEST

START_TEST(stream_that_ends_inside_a_frame_gives_no_frame)
{
	struct span bytes = LITERAL("\3\0\0\0\1\3\0\0abc");

	for (size_t size = 0; size < bytes.size; size++) {
		if (size > 0) {
			write_raw(span_make(bytes.data, size));
			channel_fill(&b, MSG_DONTWAIT);
		}
		shutdown(a.fd, SHUT_WR);
		ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 0);
		expect_none();
		teardown();
		setup();
	}
}
END_TEST

/* Sends what a has, receives what b can take, until nothing moves. */
static void
pump(void)
{
	int sent;
	ssize_t n;

	do {
		sent = channel_flush(&a, MSG_DONTWAIT);
		ck_assert(sent == 0 || sent == -EAGAIN);
		n = channel_fill(&b, MSG_DONTWAIT);
		ck_assert(n > 0 || n == -EAGAIN || n == -ENOBUFS);
	} while (n > 0);
}

START_TEST(large_frame_comes_through_and_its_memory_goes)
{
	size_t size = LIMIT;
	uint8_t *big = malloc(size);

	for (size_t i = 0; i < size; i++)
		big[i] = (uint8_t)(i * 7 + (i >> 8));
	put(FRAME_CALL, span_make(big, size));
	pump();
	expect(FRAME_CALL, span_make(big, size));
	free(big);
	expect_none();
	ck_assert_uint_eq(a.out.capacity, 0);
	put(FRAME_CANCEL, LITERAL("x"));
	pump();
	expect(FRAME_CANCEL, LITERAL("x"));
	ck_assert_uint_eq(b.in_capacity, IN_SIZE);
}
END_TEST

START_TEST(large_length_takes_no_memory_before_the_bytes_come)
{
	uint8_t some[4096] = { 0 };
	size_t arrived = 9;

	write_raw(LITERAL("\0\0\x80\0\1\3\0\0x"));
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 9);
	expect_none();
	ck_assert_uint_eq(b.in_capacity, IN_SIZE);
	for (unsigned i = 0; i < 256; i++) {
		write_raw(span_make(some, sizeof(some)));
		while (channel_fill(&b, MSG_DONTWAIT) > 0)
			expect_none();
		arrived += sizeof(some);
		ck_assert_uint_eq(b.in_end, arrived);
		ck_assert(b.in_capacity <= 2 * arrived ||
			  b.in_capacity == IN_SIZE);
	}
}
END_TEST

START_TEST(frame_at_the_limit_passes_and_one_past_it_does_not)
{
	struct frame frame;

	a.max_length = 5;
	b.max_length = 4;
	ck_assert_ptr_null(channel_reserve(&a, FRAME_CALL, 6));
	put(FRAME_CALL, LITERAL("abcd"));
	put(FRAME_CALL, LITERAL("abcde"));
	pump();
	expect(FRAME_CALL, LITERAL("abcd"));
	ck_assert_int_eq(channel_next(&b, &frame, NULL), MPROXY_ERR_TOO_BIG);
}
END_TEST

START_TEST(bad_header_is_a_protocol_violation)
{
	struct frame frame;

	write_raw(LITERAL("GET / HT"));
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 8);
	ck_assert_int_eq(channel_next(&b, &frame, NULL), MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(channel_next(&b, &frame, NULL), MPROXY_ERR_PROTOCOL);
}
END_TEST

START_TEST(fill_of_a_buffer_full_of_frames_asks_to_handle_them)
{
	static uint8_t frames[2 * IN_SIZE];

	for (size_t at = 0; at < sizeof(frames); at += FRAME_HEADER_SIZE)
		frame_pack_header(frames + at, FRAME_CANCEL, 0, 0);
	write_raw(span_make(frames, sizeof(frames)));
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), IN_SIZE);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), -ENOBUFS);
	for (size_t at = 0; at < IN_SIZE; at += FRAME_HEADER_SIZE)
		expect(FRAME_CANCEL, LITERAL(""));
	expect_none();
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), IN_SIZE);
}
END_TEST

START_TEST(peer_that_closes_with_bytes_unread_is_a_reset)
{
	put(FRAME_CALL, LITERAL("abc"));
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), 0);
	channel_deinit(&b);
	ck_assert_int_eq(channel_fill(&a, MSG_DONTWAIT), -ECONNRESET);
}
END_TEST

START_TEST(writing_to_a_closed_peer_is_an_error_and_no_signal)
{
	channel_deinit(&b);
	put(FRAME_CALL, LITERAL("abc"));
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), -EPIPE);
}
END_TEST

START_TEST(what_the_socket_does_not_take_waits)
{
	static uint8_t message[1000];
	unsigned n = 0;

	do {
		memset(message, (int)n, sizeof(message));
		put(FRAME_CALL, span_make(message, sizeof(message)));
		n++;
	} while (channel_flush(&a, MSG_DONTWAIT) == 0);
	ck_assert_uint_gt(channel_pending(&a), 0);
	put(FRAME_CANCEL, LITERAL(""));
	for (unsigned i = 0; i < n; i++) {
		struct frame frame;

		while (channel_next(&b, &frame, NULL) == 0) {
			ck_assert_int_gt(channel_fill(&b, MSG_DONTWAIT), 0);
			channel_flush(&a, MSG_DONTWAIT);
		}
		memset(message, (int)i, sizeof(message));
		ck_assert_bytes(frame.payload,
				span_make(message, sizeof(message)));
	}
	pump();
	expect(FRAME_CANCEL, LITERAL(""));
	expect_none();
}
END_TEST

START_TEST(signal_ends_a_blocking_fill_and_loses_nothing)
{
	ssize_t n;

	write_raw(LITERAL("\1\0\0\0\1"));
	ck_assert_int_eq(channel_fill(&b, 0), 5);
	set_alarms(true);
	n = channel_fill(&b, 0);
	set_alarms(false);
	ck_assert_int_eq(n, -EINTR);
	write_raw(LITERAL("\4\0\0x"));
	ck_assert_int_eq(channel_fill(&b, 0), 4);
	expect(FRAME_REPLY, LITERAL("x"));
}
END_TEST

START_TEST(signal_ends_a_blocking_flush_and_loses_nothing)
{
	size_t size = 4 << 20;
	uint8_t *big = calloc(1, size);
	int r;

	put(FRAME_CALL, span_make(big, size));
	set_alarms(true);
	r = channel_flush(&a, 0);
	set_alarms(false);
	ck_assert_int_eq(r, -EINTR);
	ck_assert_uint_gt(channel_pending(&a), 0);
	pump();
	expect(FRAME_CALL, span_make(big, size));
	free(big);
}
END_TEST

START_TEST(fill_without_memory_can_be_repeated)
{
	ssize_t n;

	/* the buffer at rest, if there is one, goes to the other side */
	ck_assert_int_eq(send(b.fd, "x", 1, 0), 1);
	ck_assert_int_eq(channel_fill(&a, MSG_DONTWAIT), 1);
	write_raw(LITERAL("\1\0\0\0\1\4\0\0x"));
	fault_fail_at(1);
	n = channel_fill(&b, MSG_DONTWAIT);
	fault_reset();
	ck_assert_int_eq(n, -ENOMEM);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 9);
	expect(FRAME_REPLY, LITERAL("x"));
}
END_TEST

START_TEST(growing_without_memory_can_be_repeated)
{
	size_t size = 100000;
	uint8_t *big = calloc(1, size);
	ssize_t n;

	put(FRAME_CALL, span_make(big, size));
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), 0);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), IN_SIZE);
	fault_fail_at(1);
	n = channel_fill(&b, MSG_DONTWAIT);
	fault_reset();
	ck_assert_int_eq(n, -ENOMEM);
	pump();
	expect(FRAME_CALL, span_make(big, size));
	free(big);
}
END_TEST

START_TEST(frame_without_memory_leaves_those_before_it_alone)
{
	uint8_t *out;

	put(FRAME_CALL, LITERAL("ab"));
	fault_fail_at(1);
	out = channel_reserve(&a, FRAME_CALL, 1000);
	fault_reset();
	ck_assert_ptr_null(out);
	put(FRAME_CANCEL, LITERAL("c"));
	pump();
	expect(FRAME_CALL, LITERAL("ab"));
	expect(FRAME_CANCEL, LITERAL("c"));
	expect_none();
}
END_TEST

START_TEST(idle_channel_keeps_at_most_4_kib)
{
	put(FRAME_CALL, LITERAL("abc"));
	pump();
	expect(FRAME_CALL, LITERAL("abc"));
	expect_none();
	channel_trim(&b);
	ck_assert_uint_eq(b.in_capacity, 0);
	ck_assert_ptr_nonnull(channel_reserve(&a, FRAME_CALL, 10000));
	memset(a.out.data + 8, 0, 10000);
	channel_trim(&a);
	ck_assert_uint_eq(channel_pending(&a), 10008);
	pump();
	channel_trim(&a);
	ck_assert_uint_eq(a.out.capacity, 0);
}
END_TEST

START_TEST(trim_keeps_part_of_a_frame)
{
	write_raw(LITERAL("\1\0\0\0\1"));
	channel_fill(&b, MSG_DONTWAIT);
	expect_none();
	channel_trim(&b);
	write_raw(LITERAL("\4\0\0x"));
	channel_fill(&b, MSG_DONTWAIT);
	expect(FRAME_REPLY, LITERAL("x"));
	channel_trim(&b);
	channel_trim(&b);
}
END_TEST

/* Frames of random sizes, sent and received in random turns. */
START_TEST(random_frames_come_in_order_and_whole)
{
	uint64_t seed = check_seed((uint64_t)_i + 1);
	uint64_t state = seed;
	unsigned sent = 0, received = 0;
	static uint8_t want[70000];
	struct frame frame;

	while (received < 300) {
		size_t size = check_random_below(&state, 1u << (_i % 17));
		uint8_t *out;
		int r;

		if (sent < 300) {
			out = channel_reserve(&a, FRAME_CALL, size + 1);
			memset(out, (int)(sent++ % 251), size + 1);
		}
		if (check_random_below(&state, 3) == 0)
			channel_flush(&a, MSG_DONTWAIT);
		if (check_random_below(&state, 3) == 0 || sent == 300)
			channel_fill(&b, MSG_DONTWAIT);
		while ((r = channel_next(&b, &frame, NULL)) == 1) {
			memset(want, (int)(received++ % 251),
			       frame.payload.size);
			ck_assert_msg(frame.payload.size > 0 &&
					      memcmp(frame.payload.data, want,
						     frame.payload.size) == 0,
				      "seed %llu: frame %u",
				      (unsigned long long)seed, received);
		}
		ck_assert_int_eq(r, 0);
		channel_trim(&b);
	}
}
END_TEST

static void
add_tests(TCase *tcase)
{
	tcase_add_test(tcase, frames_pile_up_and_leave_in_one_write);
	tcase_add_test(tcase, one_fill_takes_all_there_is);
	tcase_add_test(tcase, frame_that_comes_byte_by_byte_arrives_whole);
	tcase_add_test(tcase, stream_that_ends_inside_a_frame_gives_no_frame);
	tcase_add_test(tcase, large_frame_comes_through_and_its_memory_goes);
	tcase_add_test(tcase,
		       large_length_takes_no_memory_before_the_bytes_come);
	tcase_add_test(tcase,
		       frame_at_the_limit_passes_and_one_past_it_does_not);
	tcase_add_test(tcase, bad_header_is_a_protocol_violation);
	tcase_add_test(tcase,
		       fill_of_a_buffer_full_of_frames_asks_to_handle_them);
	tcase_add_test(tcase, peer_that_closes_with_bytes_unread_is_a_reset);
	tcase_add_test(tcase,
		       writing_to_a_closed_peer_is_an_error_and_no_signal);
	tcase_add_test(tcase, what_the_socket_does_not_take_waits);
	tcase_add_test(tcase, signal_ends_a_blocking_fill_and_loses_nothing);
	tcase_add_test(tcase, signal_ends_a_blocking_flush_and_loses_nothing);
	tcase_add_test(tcase, fill_without_memory_can_be_repeated);
	tcase_add_test(tcase, growing_without_memory_can_be_repeated);
	tcase_add_test(tcase,
		       frame_without_memory_leaves_those_before_it_alone);
	tcase_add_test(tcase, idle_channel_keeps_at_most_4_kib);
	tcase_add_test(tcase, trim_keeps_part_of_a_frame);
	tcase_add_loop_test(tcase, random_frames_come_in_order_and_whole, 0,
			    34);
}

static Suite *
channel_suite(void)
{
	Suite *suite = suite_create("channel");
	TCase *tcase = tcase_create("channel");

	tcase_set_timeout(tcase, 20);
	tcase_add_checked_fixture(tcase, setup, teardown);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(channel_suite());
}
