/*
 * Clients that are killed, that hold on to a socket after death, that do not
 * read, and that do not speak.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness/check-main.h"
#include "tests/harness/daemon.h"
#include "tests/harness/inside.h"
#include "tests/harness/leak.h"

#include "proto/value.h"
#include "server/limits.h"

static struct test_daemon server;
static struct raw witness;
static size_t baseline;

static void
set_up(void)
{
	leak_check_begin();
	daemon_start(&server, NULL);
	baseline = daemon_count_fds(&server);
	raw_open(&witness, server.address);
}

static void
tear_down(void)
{
	raw_deinit(&witness);
	daemon_await_fds(&server, baseline);
	daemon_stop(&server);
	leak_check_end();
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Tells the test that the child is where it should be, then waits for ever. */
static void __attribute__((noreturn)) stay(int ready)
{
	ck_assert_int_eq(write(ready, "", 1), 1);
	for (;;)
		pause();
}

/* Forks; the child runs body, and the parent goes on once it stays. */
static pid_t
start_child(void (*body)(int ready))
{
	int fds[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(fds[0]);
		raw_deinit(&witness);
		body(fds[1]);
	}
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

static void
hold_lock(int ready)
{
	struct raw raw;
	uint64_t lock;

	raw_open(&raw, server.address);
	lock = raw_open_object(&raw, "lock", "it");
	ck_assert_int_eq(raw_call(&raw, lock, "acquire", NULL, 0, 0).status, 0);
	stay(ready);
}

START_TEST(lock_passes_on_when_its_holder_is_killed)
{
	for (int i = 0; i < 50; i++) {
		pid_t child = start_child(hold_lock);
		uint64_t lock = raw_open_object(&witness, "lock", "it");
		struct message_reply reply;

		raw_send_call(&witness, lock, "acquire", NULL, 0, -1);
		kill(child, SIGKILL);
		reply = raw_reply(&witness);
		ck_assert_int_eq(reply.status, 0);
		ck_assert_int_eq(
			raw_call(&witness, lock, "release", NULL, 0, 0).status,
			0);
		ck_assert_int_eq(daemon_wait(child), 128 + SIGKILL);
	}
}
END_TEST

/* The holder's own child keeps the socket, and outlives it. */
static void
hold_lock_with_child(int ready)
{
	struct raw raw;
	uint64_t lock;

	raw_open(&raw, server.address);
	lock = raw_open_object(&raw, "lock", "it");
	ck_assert_int_eq(raw_call(&raw, lock, "acquire", NULL, 0, 0).status, 0);
	if (fork() == 0) {
		pid_t pid = getpid();

		ck_assert_int_eq(write(ready, &pid, sizeof(pid)), sizeof(pid));
		for (;;)
			pause();
	}
	for (;;)
		pause();
}

START_TEST(socket_held_by_a_forked_child_delays_nothing)
{
	int64_t begin;
	uint64_t lock;
	pid_t child;
	pid_t grandchild;
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int fds[2];

	if (pidfd < 0)
		return; /* then only the end of the stream can tell */
	close(pidfd);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		raw_deinit(&witness);
		hold_lock_with_child(fds[1]);
	}
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &grandchild, sizeof(grandchild)),
			 sizeof(grandchild));
	close(fds[0]);
	lock = raw_open_object(&witness, "lock", "it");
	raw_send_call(&witness, lock, "acquire", NULL, 0, -1);
	begin = now_ms();
	kill(child, SIGKILL);
	ck_assert_int_eq(raw_reply(&witness).status, 0);
	ck_assert_int_lt(now_ms() - begin, 1000);
	daemon_wait(child);
	ck_assert_int_eq(kill(grandchild, SIGKILL), 0);
	daemon_await_end(grandchild);
}
END_TEST

static void
append_and_stay(int ready)
{
	struct buffer value = BUFFER_INIT;
	struct span args[1];
	struct raw raw;
	uint64_t list;

	raw_open(&raw, server.address);
	list = raw_open_object(&raw, "list", "it");
	value_put_int(&value, 1);
	args[0] = buffer_span(&value);
	for (int i = 0; i < 500; i++)
		raw_send_call(&raw, list, "append", args, 1, 0);
	stay(ready);
}

START_TEST(calls_fully_sent_before_a_kill_are_not_lost)
{
	uint64_t list = raw_open_object(&witness, "list", "it");
	int64_t length = 0;

	for (int i = 1; i <= 20; i++) {
		pid_t child = start_child(append_and_stay);

		kill(child, SIGKILL);
		daemon_wait(child);
		do {
			length = value_decode(raw_call(&witness, list, "len",
						       NULL, 0, 0)
						      .results[0])
					 .integer;
		} while (length < 500 * i);
		ck_assert_int_eq(length, 500 * i);
	}
}
END_TEST

START_TEST(client_that_says_nothing_is_sent_away)
{
	int64_t begin = now_ms();
	struct raw raw;

	raw_connect(&raw, server.address);
	raw_expect_end(&raw);
	ck_assert_int_ge(now_ms() - begin, LIMITS_HELLO_NS / 1000000 - 50);
	raw_deinit(&raw);
	raw_ping(&witness);
}
END_TEST

/* --- a reader that does not read --- */

static void
turn_idly(void *context)
{
	(void)context;
	ck_abort_msg("the server should not be waited for");
}

/* Sends calls until the server reads no more; their number. */
static size_t
send_until_stuck(struct inside *inside, struct raw *raw)
{
	const struct message_call call = {
		.id = 1,
		.object = MESSAGE_MANAGER,
		.method = span_text("types"),
	};
	size_t n = 0;
	int stuck = 0;
	int r;

	while (stuck < 50) {
		if (channel_pending(&raw->channel) == 0) {
			ck_assert_int_eq(
				message_send_call(&raw->channel, &call), 0);
			n++;
		}
		r = channel_flush(&raw->channel, MSG_DONTWAIT);
		ck_assert_msg(r == 0 || r == -EAGAIN, "send: %s", strerror(-r));
		if (r == -EAGAIN || n % 64 == 0)
			ck_assert_int_eq(server_turn(inside->server, false), 0);
		stuck = r == 0 ? 0 : stuck + 1;
	}
	return n;
}

START_TEST(reader_that_does_not_read_is_not_read_either)
{
	struct inside inside;
	struct raw lazy;
	struct raw other;
	struct frame frame;
	size_t size = 0;
	size_t got = 0;
	size_t n;

	leak_check_begin();
	inside_init(&inside, NULL);
	inside_open(&inside, &lazy);
	inside_open(&inside, &other);
	lazy.turn = turn_idly;
	n = send_until_stuck(&inside, &lazy);
	raw_ping(&other);

	/* it starts to read: nothing is lost */
	lazy.turn = inside_turn;
	while (got < n) {
		channel_flush(&lazy.channel, MSG_DONTWAIT);
		ck_assert(raw_next(&lazy, &frame));
		ck_assert_int_eq(frame.kind, FRAME_REPLY);
		size += FRAME_HEADER_SIZE + frame.payload.size;
		got++;
	}
	/* what was sent in vain fits what the server keeps, and two sockets */
	ck_assert_uint_gt(size, LIMITS_OUTPUT_PAUSE);
	ck_assert_uint_lt(got, 200000);
	raw_ping(&other);
	raw_deinit(&lazy);
	raw_deinit(&other);
	inside_deinit(&inside);
	leak_check_end();
}
END_TEST

START_TEST(reader_that_never_reads_can_leave)
{
	struct inside inside;
	struct raw lazy;
	struct raw other;

	leak_check_begin();
	inside_init(&inside, NULL);
	inside_open(&inside, &lazy);
	inside_open(&inside, &other);
	send_until_stuck(&inside, &lazy);
	raw_deinit(&lazy);
	inside_until_lanes(&inside, 1);
	raw_ping(&other);
	raw_deinit(&other);
	inside_deinit(&inside);
	leak_check_end();
}
END_TEST

static Suite *
death_suite(void)
{
	Suite *suite = suite_create("death");
	TCase *kills = tcase_create("kills");
	TCase *readers = tcase_create("readers");

	tcase_add_checked_fixture(kills, set_up, tear_down);
	tcase_set_timeout(kills, 60);
	tcase_add_test(kills, lock_passes_on_when_its_holder_is_killed);
	tcase_add_test(kills, socket_held_by_a_forked_child_delays_nothing);
	tcase_add_test(kills, calls_fully_sent_before_a_kill_are_not_lost);
	tcase_add_test(kills, client_that_says_nothing_is_sent_away);
	suite_add_tcase(suite, kills);
	tcase_set_timeout(readers, 60);
	tcase_add_test(readers, reader_that_does_not_read_is_not_read_either);
	tcase_add_test(readers, reader_that_never_reads_can_leave);
	suite_add_tcase(suite, readers);
	return suite;
}

int
main(void)
{
	return check_run(death_suite());
}
