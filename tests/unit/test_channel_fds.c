/*
 * The channel and descriptors: each arrives with its frame or is closed.
 */
#include "proto/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "tests/harness/check-main.h"
#include "tests/harness/leak.h"

static struct channel a;
static struct channel b;
static struct fdset fds;

static void
open_pair(int type)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
	channel_init(&a, pair[0], 1000);
	channel_init(&b, pair[1], 1000);
}

static void
setup(void)
{
	leak_check_begin();
	open_pair(SOCK_STREAM);
}

static void
teardown(void)
{
	channel_deinit(&a);
	channel_deinit(&b);
	fdset_deinit(&fds);
	leak_check_end();
}

static int
new_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void
put(enum frame_kind kind, const char *text)
{
	memcpy(channel_reserve(&a, kind, strlen(text)), text, strlen(text));
}

static void
put_with_fd(enum frame_kind kind, const char *text, int fd)
{
	uint8_t *out = channel_reserve_with_fd(&a, kind, strlen(text), fd);

	ck_assert_ptr_nonnull(out);
	memcpy(out, text, strlen(text));
}

/* Past the channel: these bytes with n descriptors of /dev/null. */
static void
send_raw(struct span bytes, unsigned n)
{
	union {
		char bytes[CMSG_SPACE(253 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {
		.iov_base = (void *)(uintptr_t)bytes.data,
		.iov_len = bytes.size,
	};
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
	int fd = new_fd();

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (unsigned i = 0; i < n; i++)
		memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd, sizeof(fd));
	ck_assert_int_eq(sendmsg(a.fd, &header, MSG_DONTWAIT),
			 (ssize_t)bytes.size);
	close(fd);
}

START_TEST(descriptor_arrives_with_its_frame_and_closes_on_exec)
{
	struct stat want, got;
	struct frame frame;
	int pair[2];
	int fd;

	ck_assert_int_eq(pipe2(pair, O_CLOEXEC), 0);
	fstat(pair[0], &want);
	close(pair[1]);
	put(FRAME_CALL, "before");
	put_with_fd(FRAME_FORK, "with", pair[0]);
	put(FRAME_CALL, "after");
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), 0);
	ck_assert(!is_open(pair[0]));
	while (channel_fill(&b, MSG_DONTWAIT) > 0)
		;
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 1);
	ck_assert_uint_eq(fds.n, 0);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 1);
	ck_assert_bytes(frame.payload, LITERAL("with"));
	ck_assert_uint_eq(fds.n, 1);
	fd = fdset_take(&fds);
	fstat(fd, &got);
	ck_assert_uint_eq(got.st_ino, want.st_ino);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 1);
	ck_assert_bytes(frame.payload, LITERAL("after"));
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 0);
}
END_TEST

/* A socket that keeps the borders of writes shows them. */
START_TEST(frame_with_a_descriptor_goes_alone)
{
	static const char *const want[] = {
		"\6\0\0\0\1\3\0\0before",
		"\4\0\0\0\1\7\1\0with",
		"\5\0\0\0\1\3\0\0after",
	};
	uint8_t got[100];
	ssize_t n;

	channel_deinit(&a);
	channel_deinit(&b);
	open_pair(SOCK_SEQPACKET);
	put(FRAME_CALL, "before");
	put_with_fd(FRAME_FORK, "with", new_fd());
	put(FRAME_CALL, "after");
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), 0);
	for (int i = 0; i < 3; i++) {
		n = recv(b.fd, got, sizeof(got), MSG_DONTWAIT);
		ck_assert_bytes(span_make(got, (size_t)n),
				span_make(want[i], (size_t)want[i][0] + 8));
	}
}
END_TEST

START_TEST(second_descriptor_waits_for_the_first)
{
	int second = new_fd();
	struct frame frame;

	put_with_fd(FRAME_FORK, "1", new_fd());
	ck_assert_ptr_null(channel_reserve_with_fd(&a, FRAME_FORK, 1, second));
	ck_assert(!is_open(second));
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), 0);
	put_with_fd(FRAME_FORK, "2", new_fd());
	ck_assert_int_eq(channel_flush(&a, MSG_DONTWAIT), 0);
	for (size_t i = 1; i <= 2; i++) {
		while (channel_next(&b, &frame, &fds) == 0)
			ck_assert_int_gt(channel_fill(&b, MSG_DONTWAIT), 0);
		ck_assert_uint_eq(fds.n, i);
	}
}
END_TEST

START_TEST(descriptor_of_a_frame_that_is_too_big_is_closed)
{
	int fd = new_fd();

	ck_assert_ptr_null(channel_reserve_with_fd(&a, FRAME_FORK, 1001, fd));
	ck_assert(!is_open(fd));
	ck_assert_uint_eq(channel_pending(&a), 0);
}
END_TEST

START_TEST(descriptor_never_written_is_closed_with_the_channel)
{
	int fd = new_fd();

	put_with_fd(FRAME_FORK, "x", fd);
	channel_deinit(&a);
	ck_assert(!is_open(fd));
}
END_TEST

START_TEST(descriptor_nobody_expects_is_closed_and_its_frame_refused)
{
	struct frame frame;

	send_raw(LITERAL("\0\0\0\0\1\3\1\0"), 1);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 8);
	ck_assert_int_eq(channel_next(&b, &frame, NULL), MPROXY_ERR_PROTOCOL);
	ck_assert_uint_eq(b.in_fds.n, 0);
}
END_TEST

START_TEST(frame_that_claims_a_descriptor_too_many_is_refused)
{
	struct frame frame;

	send_raw(LITERAL("\0\0\0\0\1\7\2\0"), 1);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 8);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), MPROXY_ERR_PROTOCOL);
	ck_assert_uint_eq(fds.n, 0);
}
END_TEST

START_TEST(descriptor_that_no_frame_claims_is_closed)
{
	struct frame frame;

	send_raw(LITERAL("\0\0\0\0\1\7\1\0"), 2);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 8);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 1);
	ck_assert_uint_eq(fds.n, 1);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), MPROXY_ERR_PROTOCOL);
	ck_assert_uint_eq(b.in_fds.n, 0);
}
END_TEST

START_TEST(descriptors_are_matched_by_count_in_order)
{
	struct frame frame;

	/* two frames in one write, which the kernel allows others to do */
	send_raw(LITERAL("\0\0\0\0\1\3\2\0"
			 "\0\0\0\0\1\7\1\0"),
		 3);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 16);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 1);
	ck_assert_uint_eq(fds.n, 2);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 1);
	ck_assert_uint_eq(fds.n, 3);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 0);
}
END_TEST

START_TEST(descriptors_wait_for_the_rest_of_their_frame)
{
	struct frame frame;

	send_raw(LITERAL("\2\0\0\0\1\7"), 1);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 6);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 0);
	ck_assert_int_eq(send(a.fd, "\1\0xy", 4, 0), 4);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 4);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 1);
	ck_assert_uint_eq(fds.n, 1);
}
END_TEST

START_TEST(as_many_as_the_kernel_can_carry_are_all_closed)
{
	send_raw(LITERAL("\0\0\0\0\1\7\x10\0"), 253);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), -EPROTO);
	ck_assert_uint_eq(b.in_fds.n, 0);
}
END_TEST

START_TEST(sixteen_a_frame_are_taken_and_seventeen_refused)
{
	struct frame frame;

	send_raw(LITERAL("\0\0\0\0\1\7\x10\0"), 16);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 8);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), 1);
	ck_assert_uint_eq(fds.n, 16);
	send_raw(LITERAL("\0\0\0\0\1\7\x11\0"), 17);
	ck_assert_int_eq(channel_fill(&b, MSG_DONTWAIT), 8);
	ck_assert_int_eq(channel_next(&b, &frame, &fds), MPROXY_ERR_PROTOCOL);
}
END_TEST

START_TEST(descriptors_cannot_be_piled_up_without_end)
{
	ssize_t n = 8;
	unsigned i;

	for (i = 0; i < 10 && n > 0; i++) {
		/* part of one long frame each time */
		send_raw(LITERAL("\xe8\3\0\0\1\7\1\0"), 16);
		n = channel_fill(&b, MSG_DONTWAIT);
	}
	ck_assert_int_eq(n, -EPROTO);
	ck_assert_uint_eq(i, 5);
	ck_assert_uint_eq(b.in_fds.n, 0);
}
END_TEST

START_TEST(descriptors_lost_at_the_limit_are_an_error)
{
	struct rlimit before, limit;
	int probe;
	ssize_t n;

	send_raw(LITERAL("\0\0\0\0\1\7\4\0"), 4);
	getrlimit(RLIMIT_NOFILE, &before);
	probe = new_fd();
	close(probe);
	limit = before;
	limit.rlim_cur = (rlim_t)probe + 2;
	setrlimit(RLIMIT_NOFILE, &limit);
	n = channel_fill(&b, MSG_DONTWAIT);
	setrlimit(RLIMIT_NOFILE, &before);
	ck_assert_int_eq(n, -EPROTO);
	ck_assert_uint_eq(b.in_fds.n, 0);
}
END_TEST

static Suite *
channel_fds_suite(void)
{
	Suite *suite = suite_create("channel_fds");
	TCase *tcase = tcase_create("channel_fds");

	tcase_set_timeout(tcase, 10);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase,
		       descriptor_arrives_with_its_frame_and_closes_on_exec);
	tcase_add_test(tcase, frame_with_a_descriptor_goes_alone);
	tcase_add_test(tcase, second_descriptor_waits_for_the_first);
	tcase_add_test(tcase, descriptor_of_a_frame_that_is_too_big_is_closed);
	tcase_add_test(tcase,
		       descriptor_never_written_is_closed_with_the_channel);
	tcase_add_test(
		tcase,
		descriptor_nobody_expects_is_closed_and_its_frame_refused);
	tcase_add_test(tcase,
		       frame_that_claims_a_descriptor_too_many_is_refused);
	tcase_add_test(tcase, descriptor_that_no_frame_claims_is_closed);
	tcase_add_test(tcase, descriptors_are_matched_by_count_in_order);
	tcase_add_test(tcase, descriptors_wait_for_the_rest_of_their_frame);
	tcase_add_test(tcase, as_many_as_the_kernel_can_carry_are_all_closed);
	tcase_add_test(tcase, sixteen_a_frame_are_taken_and_seventeen_refused);
	tcase_add_test(tcase, descriptors_cannot_be_piled_up_without_end);
	tcase_add_test(tcase, descriptors_lost_at_the_limit_are_an_error);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(channel_fds_suite());
}
