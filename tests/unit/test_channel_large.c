/*
 * Large frames: sent from where their end lies, read to where it may stay. In
 * whatever pieces they go and come, they arrive whole and in order.
 */
#include "proto/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "mproxy/error.h"
#include "proto/block.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/harness/leak.h"
#include "tests/unit/alarms.h"

#define LIMIT ((uint32_t)8 << 20)
#define SIZE ((size_t)3 << 20)
#define PLACE 40

static struct channel a;
static struct channel b;
static uint8_t *big; /* SIZE bytes, no two neighbourhoods the same */

static struct loan loan;
static unsigned n_freed;

static void
on_free(struct loan *freed)
{
	ck_assert_ptr_eq(freed, &loan);
	n_freed++;
}

static void
setup(void)
{
	int small = 1, fds[2];

	leak_check_begin();
	block_forget();
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	/* the kernel makes the least it can of that */
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	channel_init(&a, fds[0], LIMIT);
	channel_init(&b, fds[1], LIMIT);
	b.in_place = PLACE;
	big = malloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		big[i] = (uint8_t)(i * 7 + (i >> 8) + (i >> 16));
	loan = (struct loan){ .holders = 1, .free = on_free };
	n_freed = 0;
}

static void
teardown(void)
{
	fault_reset();
	channel_deinit(&a);
	channel_deinit(&b);
	free(big);
	block_forget();
	leak_check_end();
}

static void
put(struct span message)
{
	uint8_t *out = channel_reserve(&a, FRAME_CALL, message.size);

	ck_assert_ptr_nonnull(out);
	memcpy(out, message.data, message.size);
}

/* A message of an id, and a field of size bytes: 1 + 1 + 1 + varint before. */
static size_t
head_size(size_t size)
{
	return 3 + wire_varint_size(size);
}

static bool
lend(size_t size, struct loan *with)
{
	uint8_t *out = channel_reserve_lent(&a, FRAME_REPLY,
					    head_size(size) + size,
					    span_make(big, size), with);

	if (!out)
		return false;
	memcpy(out, "\x08\x01\x1a", 3);
	wire_put_varint(out + 3, size);
	return true;
}

/* Moves bytes until the next frame is at b. */
static struct frame
next(void)
{
	struct frame frame = { 0 };
	int r;

	while ((r = channel_next(&b, &frame, NULL)) == 0) {
		int sent = channel_flush(&a, MSG_DONTWAIT);
		ssize_t n = channel_fill(&b, MSG_DONTWAIT);

		ck_assert(sent == 0 || sent == -EAGAIN);
		ck_assert_int_gt(n, 0);
	}
	ck_assert_int_eq(r, 1);
	return frame;
}

static void
expect(struct span message)
{
	struct frame frame = next();

	ck_assert_int_eq(frame.kind, FRAME_CALL);
	ck_assert_bytes(frame.payload, message);
}

/* The field of what lend() sent. */
static struct span
expect_lent(size_t size)
{
	struct frame frame = next();
	size_t head = head_size(size);

	ck_assert_int_eq(frame.kind, FRAME_REPLY);
	ck_assert_uint_eq(frame.payload.size, head + size);
	ck_assert_mem_eq(frame.payload.data, "\x08\x01\x1a", 3);
	ck_assert_bytes(span_make(frame.payload.data + head, size),
			span_make(big, size));
	return span_make(frame.payload.data + head, size);
}

START_TEST(lent_frame_goes_in_order_with_others)
{
	put(LITERAL("before"));
	ck_assert(lend(SIZE, NULL));
	put(LITERAL("after"));
	ck_assert_uint_eq(channel_pending(&a),
			  8 + 6 + 8 + head_size(SIZE) + SIZE + 8 + 5);
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), -EAGAIN);
	put(LITERAL("later"));
	expect(LITERAL("before"));
	expect_lent(SIZE);
	expect(LITERAL("after"));
	expect(LITERAL("later"));
	ck_assert_uint_eq(channel_pending(&a), 0);
	/* and it can lend again */
	ck_assert(lend(SIZE / 2, NULL));
	expect_lent(SIZE / 2);
}
END_TEST

START_TEST(loan_is_held_until_all_is_written)
{
	ck_assert(lend(SIZE, &loan));
	ck_assert_uint_eq(loan.holders, 2);
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), -EAGAIN);
	loan_let_go(&loan); /* whose it was: gone meanwhile */
	ck_assert_uint_eq(n_freed, 0);
	expect_lent(SIZE);
	ck_assert_uint_eq(n_freed, 1);
}
END_TEST

START_TEST(loan_ends_with_the_channel)
{
	ck_assert(lend(SIZE, &loan));
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), -EAGAIN);
	channel_deinit(&a);
	ck_assert_uint_eq(loan.holders, 1);
	ck_assert_uint_eq(channel_pending(&a), 0);
}
END_TEST

START_TEST(loan_ends_with_a_channel_whose_peer_has_gone)
{
	ck_assert(lend(SIZE, &loan));
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), -EAGAIN);
	channel_deinit(&b);
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), -EPIPE);
	channel_deinit(&a);
	ck_assert_uint_eq(loan.holders, 1);
}
END_TEST

START_TEST(nothing_is_lent_while_another_frame_is_on_its_way)
{
	ck_assert(lend(SIZE, &loan));
	ck_assert(!lend(100, &loan));
	ck_assert_uint_eq(loan.holders, 2);
	expect_lent(SIZE);
	ck_assert(lend(100, &loan));
	expect_lent(100);
	ck_assert_uint_eq(loan.holders, 1);
}
END_TEST

START_TEST(nothing_is_lent_past_the_limit)
{
	a.max_length = (uint32_t)(head_size(1000) + 999);
	ck_assert(!lend(1000, &loan));
	a.max_length++;
	ck_assert(lend(1000, &loan));
	expect_lent(1000);
}
END_TEST

START_TEST(lending_without_memory_leaves_what_was_there)
{
	bool lent;

	put(LITERAL("before"));
	expect(LITERAL("before"));
	channel_deinit(&a); /* no buffer: lending needs one */
	for (unsigned n = 1;; n++) {
		teardown();
		setup();
		fault_fail_at(n);
		lent = lend(SIZE, &loan);
		fault_reset();
		if (lent)
			break;
		ck_assert_uint_eq(loan.holders, 1);
		ck_assert_uint_eq(channel_pending(&a), 0);
		ck_assert_uint_eq(n, 1);
		put(LITERAL("x"));
		expect(LITERAL("x"));
	}
	expect_lent(SIZE);
}
END_TEST

START_TEST(signal_ends_a_flush_of_a_lent_frame_and_loses_nothing)
{
	int r;

	ck_assert(lend(SIZE, NULL));
	set_alarms(true);
	r = channel_flush(&a, 0);
	set_alarms(false);
	ck_assert_int_eq(r, -EINTR);
	ck_assert_uint_gt(channel_pending(&a), 0);
	expect_lent(SIZE);
}
END_TEST

/* Bytes of the next lent frame lie where the block may be taken. */
static void
take(size_t size)
{
	struct span field;
	uint8_t *block;

	ck_assert(lend(size, NULL));
	field = expect_lent(size);
	block = channel_take_block(&b, field);
	ck_assert_ptr_nonnull(block);
	ck_assert_ptr_eq(block + PLACE, field.data);
	ck_assert_ptr_null(channel_take_block(&b, field));
	put(LITERAL("next"));
	expect(LITERAL("next"));
	block[PLACE + size] = '\0';
	ck_assert_bytes(field, span_make(big, size));
	block_free(block, size);
}

START_TEST(block_of_a_large_frame_can_be_taken)
{
	take(SIZE);
	take(SIZE); /* the same block again, where blocks are kept */
	take(BLOCK_LARGE);
	take(SIZE - 1);
}
END_TEST

START_TEST(block_that_is_not_taken_goes_when_the_frame_is_done)
{
	ck_assert(lend(SIZE, NULL));
	expect_lent(SIZE);
	put(LITERAL("next"));
	expect(LITERAL("next"));
	ck_assert_uint_eq(b.in_capacity, (size_t)16 << 10);
}
END_TEST

START_TEST(block_is_not_taken_when_the_field_lies_elsewhere)
{
	struct span field;

	b.in_place = 8 + head_size(SIZE) - 1; /* too little */
	ck_assert(lend(SIZE, NULL));
	field = expect_lent(SIZE);
	ck_assert_ptr_null(channel_take_block(&b, field));
	b.in_place = 0; /* not wanted */
	ck_assert(lend(SIZE, NULL));
	field = expect_lent(SIZE);
	ck_assert_ptr_null(channel_take_block(&b, field));
	b.in_place = PLACE; /* small */
	ck_assert(lend(1000, NULL));
	field = expect_lent(1000);
	ck_assert_ptr_null(channel_take_block(&b, field));
	/* one that ends before the frame does */
	ck_assert(lend(SIZE, NULL));
	field = expect_lent(SIZE);
	field.size--;
	ck_assert_ptr_null(channel_take_block(&b, field));
}
END_TEST

START_TEST(bytes_that_are_no_message_come_through)
{
	uint8_t *out = channel_reserve(&a, FRAME_CALL, SIZE);

	memcpy(out, big, SIZE);
	expect(span_make(big, SIZE));
}
END_TEST

START_TEST(reading_without_memory_can_be_repeated)
{
	for (unsigned n = 1;; n++) {
		struct frame frame;
		unsigned failures = 0;
		ssize_t got;

		ck_assert(lend(SIZE, NULL));
		fault_fail_at(n);
		while (channel_next(&b, &frame, NULL) == 0) {
			channel_flush(&a, MSG_DONTWAIT);
			got = channel_fill(&b, MSG_DONTWAIT);
			if (got == -ENOMEM)
				failures++;
			else if (got <= 0)
				break;
		}
		fault_reset();
		ck_assert_bytes(
			span_make(frame.payload.data + head_size(SIZE), SIZE),
			span_make(big, SIZE));
		channel_trim(&b);
		block_forget();
		if (failures == 0)
			break;
		ck_assert_uint_eq(failures, 1);
	}
}
END_TEST

/* What a header claims costs nothing before it comes. */
START_TEST(length_of_a_large_message_takes_no_memory)
{
	const uint8_t start[] = { 0, 0, 0x80, 0,    1,	  4,	0,   0,
				  8, 1, 0x1a, 0xf9, 0xff, 0xff, 0x03 };
	static uint8_t some[16 << 10];
	size_t arrived = sizeof(start);

	ck_assert_int_eq(send(a.fd, start, sizeof(start), 0), sizeof(start));
	for (unsigned i = 0; i < 64; i++) {
		struct frame frame;
		ssize_t n = send(a.fd, some, 4096, MSG_DONTWAIT);

		ck_assert_int_gt(n, 0);
		arrived += (size_t)n;
		while ((n = channel_fill(&b, MSG_DONTWAIT)) > 0)
			ck_assert_int_eq(channel_next(&b, &frame, NULL), 0);
		ck_assert_int_eq(n, -EAGAIN);
		ck_assert_uint_eq(b.in_end - b.in_base, arrived);
		ck_assert(b.in_capacity - b.in_base <= 2 * arrived ||
			  b.in_capacity <= (size_t)16 << 10);
	}
}
END_TEST

static void
add_tests(TCase *tcase)
{
	tcase_add_test(tcase, lent_frame_goes_in_order_with_others);
	tcase_add_test(tcase, loan_is_held_until_all_is_written);
	tcase_add_test(tcase, loan_ends_with_the_channel);
	tcase_add_test(tcase, loan_ends_with_a_channel_whose_peer_has_gone);
	tcase_add_test(tcase,
		       nothing_is_lent_while_another_frame_is_on_its_way);
	tcase_add_test(tcase, nothing_is_lent_past_the_limit);
	tcase_add_test(tcase, lending_without_memory_leaves_what_was_there);
	tcase_add_test(tcase,
		       signal_ends_a_flush_of_a_lent_frame_and_loses_nothing);
	tcase_add_test(tcase, block_of_a_large_frame_can_be_taken);
	tcase_add_test(tcase,
		       block_that_is_not_taken_goes_when_the_frame_is_done);
	tcase_add_test(tcase, block_is_not_taken_when_the_field_lies_elsewhere);
	tcase_add_test(tcase, bytes_that_are_no_message_come_through);
	tcase_add_test(tcase, reading_without_memory_can_be_repeated);
	tcase_add_test(tcase, length_of_a_large_message_takes_no_memory);
}

static Suite *
channel_suite(void)
{
	Suite *suite = suite_create("channel_large");
	TCase *tcase = tcase_create("channel_large");

	tcase_set_timeout(tcase, 60);
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
