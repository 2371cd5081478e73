/*
 * Frames, byte by byte.
 */
#include "proto/frame.h"

#include "mproxy/error.h"
#include "tests/harness/check-main.h"

#define LIMIT 1000

/* A Cancel with three bytes of message, then the start of something else. */
#define CANCEL                                                                 \
	LITERAL("\x03\x00\x00\x00\x01\x05\x00\x00"                             \
		"abc")

static int64_t
parse(struct span data, struct frame *ret)
{
	size_t need;

	return frame_parse(data, LIMIT, ret, &need);
}

START_TEST(header_is_packed_byte_by_byte)
{
	uint8_t out[FRAME_HEADER_SIZE];

	frame_pack_header(out, FRAME_FORK, 0x04030201, 9);
	ck_assert_bytes(span_make(out, sizeof(out)),
			LITERAL("\x01\x02\x03\x04\x01\x07\x09\x00"));
}
END_TEST

START_TEST(whole_frame_is_found)
{
	struct frame frame = { 0 };

	ck_assert_int_eq(parse(CANCEL, &frame), 11);
	ck_assert_int_eq(frame.kind, FRAME_CANCEL);
	ck_assert_uint_eq(frame.n_fds, 0);
	ck_assert_bytes(frame.payload, LITERAL("abc"));
}
END_TEST

START_TEST(what_follows_a_frame_is_left_alone)
{
	struct frame frame = { 0 };

	ck_assert_int_eq(parse(LITERAL("\x00\x00\x00\x00\x01\x03\x10\x00"
				       "\xff\xff\xff"),
			       &frame),
			 8);
	ck_assert_int_eq(frame.kind, FRAME_CALL);
	ck_assert_uint_eq(frame.n_fds, 16);
	ck_assert_uint_eq(frame.payload.size, 0);
}
END_TEST

START_TEST(frame_cut_anywhere_needs_more_and_says_how_much)
{
	struct frame frame = { 0 };
	size_t need;

	for (size_t size = 0; size < CANCEL.size; size++) {
		need = 0;
		ck_assert_int_eq(frame_parse(span_make(CANCEL.data, size),
					     LIMIT, &frame, &need),
				 0);
		ck_assert_uint_eq(need, size < 8 ? 8 : 11);
	}
}
END_TEST

START_TEST(every_wrong_byte_of_a_header_is_a_protocol_violation)
{
	struct frame frame = { 0 };

	/* version */
	ck_assert_int_eq(parse(LITERAL("\0\0\0\0\x00\x05\0\0"), &frame),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(parse(LITERAL("\0\0\0\0\x02\x05\0\0"), &frame),
			 MPROXY_ERR_PROTOCOL);
	/* kind */
	ck_assert_int_eq(parse(LITERAL("\0\0\0\0\x01\x00\0\0"), &frame),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(parse(LITERAL("\0\0\0\0\x01\x08\0\0"), &frame),
			 MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(parse(LITERAL("\0\0\0\0\x01\xff\0\0"), &frame),
			 MPROXY_ERR_PROTOCOL);
	/* descriptors */
	ck_assert_int_eq(parse(LITERAL("\0\0\0\0\x01\x05\x11\0"), &frame),
			 MPROXY_ERR_PROTOCOL);
	/* flags */
	ck_assert_int_eq(parse(LITERAL("\0\0\0\0\x01\x05\0\x01"), &frame),
			 MPROXY_ERR_PROTOCOL);
}
END_TEST

START_TEST(length_is_checked_before_the_message_is_there)
{
	struct frame frame = { 0 };
	size_t need = 0;

	ck_assert_int_eq(parse(LITERAL("\xe8\x03\0\0\x01\x05\0\0x"), &frame),
			 0);
	ck_assert_int_eq(parse(LITERAL("\xe9\x03\0\0\x01\x05\0\0x"), &frame),
			 MPROXY_ERR_TOO_BIG);
	ck_assert_int_eq(parse(LITERAL("\0\0\0\x80\x01\x05\0\0x"), &frame),
			 MPROXY_ERR_TOO_BIG);
	ck_assert_int_eq(
		parse(LITERAL("\xff\xff\xff\xff\x01\x05\0\0x"), &frame),
		MPROXY_ERR_TOO_BIG);
	/* the largest there can be does not wrap around */
	ck_assert_int_eq(frame_parse(LITERAL("\xff\xff\xff\xff\x01\x05\0\0x"),
				     UINT32_MAX, &frame, &need),
			 0);
	ck_assert_uint_eq(need, UINT64_C(0x100000007));
}
END_TEST

START_TEST(frames_survive_a_change_of_any_byte)
{
	uint8_t data[11];
	struct frame frame = { 0 };

	for (size_t i = 0; i < sizeof(data); i++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			int64_t n;

			memcpy(data, CANCEL.data, sizeof(data));
			data[i] = (uint8_t)byte;
			n = parse(span_make(data, sizeof(data)), &frame);
			ck_assert_int_le(n, 11);
			if (n > 0)
				ck_assert_uint_eq(frame.payload.size,
						  (size_t)n - 8);
		}
	}
}
END_TEST

static Suite *
frame_suite(void)
{
	Suite *suite = suite_create("frame");
	TCase *tcase = tcase_create("frame");

	tcase_set_timeout(tcase, 10);
	tcase_add_test(tcase, header_is_packed_byte_by_byte);
	tcase_add_test(tcase, whole_frame_is_found);
	tcase_add_test(tcase, what_follows_a_frame_is_left_alone);
	tcase_add_test(tcase, frame_cut_anywhere_needs_more_and_says_how_much);
	tcase_add_test(tcase,
		       every_wrong_byte_of_a_header_is_a_protocol_violation);
	tcase_add_test(tcase, length_is_checked_before_the_message_is_there);
	tcase_add_test(tcase, frames_survive_a_change_of_any_byte);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(frame_suite());
}
