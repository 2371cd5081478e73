/*
 * Sessions, their lanes and their forks, on a server in this process: who may
 * join, what ends what, and what is settled by it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/check-main.h"
#include "tests/harness/inside.h"
#include "tests/harness/leak.h"

#include "mproxy/error.h"
#include "proto/value.h"

static struct inside inside;

static void
set_up(void)
{
	leak_check_begin();
	inside_init(&inside, NULL);
}

static void
tear_down(void)
{
	inside_deinit(&inside);
	leak_check_end();
}

static size_t
count_sessions(void)
{
	return core_session_count(server_core(inside.server));
}

static void
until_sessions(size_t n)
{
	while (count_sessions() != n)
		inside_turn(&inside);
}

/* Another lane of the session of first. */
static void
join(struct raw *first, struct raw *ret)
{
	const struct message_hello hello = {
		.version = MESSAGE_VERSION,
		.session = span_make(first->session, MESSAGE_KEY_SIZE),
		.thread = 8,
	};

	inside_connect(&inside, ret);
	raw_send_hello(ret, &hello);
	ck_assert_int_eq(raw_welcome(ret).status, 0);
}

START_TEST(session_is_named_by_server_and_key)
{
	struct raw one;
	struct raw two;

	inside_open(&inside, &one);
	inside_open(&inside, &two);
	ck_assert_uint_eq(count_sessions(), 2);
	ck_assert_bytes(span_make(one.instance, MESSAGE_KEY_SIZE),
			span_make(two.instance, MESSAGE_KEY_SIZE));
	ck_assert_int_ne(memcmp(one.session, two.session, MESSAGE_KEY_SIZE), 0);
	ck_assert_uint_eq(one.server_pid, (uint32_t)getpid());
	raw_deinit(&one);
	raw_deinit(&two);
	inside_until_lanes(&inside, 0);
	ck_assert_uint_eq(count_sessions(), 0);
}
END_TEST

START_TEST(lane_joins_session_and_sees_its_objects)
{
	struct raw one;
	struct raw two;
	uint64_t lock;

	inside_open(&inside, &one);
	lock = raw_new_object(&one, "lock");
	join(&one, &two);
	ck_assert_uint_eq(count_sessions(), 1);
	ck_assert_int_eq(raw_call(&two, lock, "acquire", NULL, 0, 0).status, 0);
	/* a lane is a thread: the other one does not hold it */
	ck_assert_int_eq(raw_call(&one, lock, "release", NULL, 0, 0).status,
			 MPROXY_ERR_NOT_OWNER);
	/* its end is not that of the session, but lets go of the lock */
	raw_deinit(&two);
	inside_until_lanes(&inside, 1);
	ck_assert_int_eq(raw_call(&one, lock, "acquire", NULL, 0, 0).status, 0);
	raw_deinit(&one);
}
END_TEST

START_TEST(session_ends_with_its_first_lane)
{
	struct raw one;
	struct raw two;

	inside_open(&inside, &one);
	raw_new_object(&one, "lock");
	join(&one, &two);
	raw_deinit(&one);
	raw_expect_end(&two);
	inside_until_lanes(&inside, 0);
	ck_assert_uint_eq(count_sessions(), 0);
	inside_until_objects(&inside, 0);
	raw_deinit(&two);
}
END_TEST

START_TEST(calls_sent_before_the_end_count)
{
	struct buffer value = BUFFER_INIT;
	struct span args[1];
	struct raw one;
	struct raw other;
	uint64_t list;

	inside_open(&inside, &one);
	inside_open(&inside, &other);
	list = raw_open_object(&one, "list", "kept");
	ck_assert_uint_eq(raw_open_object(&other, "list", "kept"), list);
	value_put_int(&value, 5);
	args[0] = buffer_span(&value);
	/* more than one turn handles, and none of the answers is read */
	for (int i = 0; i < 1000; i++)
		raw_send_call(&one, list, "append", args, 1, 0);
	raw_deinit(&one);
	until_sessions(1);
	ck_assert_int_eq(
		value_decode(
			raw_call(&other, list, "len", NULL, 0, 0).results[0])
			.integer,
		1000);
	raw_deinit(&other);
	buffer_deinit(&value);
}
END_TEST

START_TEST(item_whose_reply_was_not_read_goes_back)
{
	struct buffer value = BUFFER_INIT;
	struct span args[1];
	struct raw one;
	struct raw other;
	uint64_t queue;

	inside_open(&inside, &one);
	inside_open(&inside, &other);
	queue = raw_open_object(&one, "queue", "kept");
	raw_open_object(&other, "queue", "kept");
	value_put_int(&value, 5);
	args[0] = buffer_span(&value);
	ck_assert_int_eq(raw_call(&other, queue, "put", args, 1, 0).status, 0);
	raw_send_call(&one, queue, "get", NULL, 0, 0);
	/* it is on its way: nobody else gets it */
	ck_assert_int_eq(raw_call(&other, queue, "qsize", NULL, 0, 0).status,
			 0);
	raw_deinit(&one);
	until_sessions(1);
	ck_assert_bytes(raw_call(&other, queue, "get", NULL, 0, 0).results[0],
			args[0]);
	raw_deinit(&other);
	buffer_deinit(&value);
}
END_TEST

START_TEST(item_whose_reply_was_read_is_gone)
{
	struct buffer value = BUFFER_INIT;
	struct span args[1];
	struct raw one;
	struct raw other;
	uint64_t queue;

	inside_open(&inside, &one);
	inside_open(&inside, &other);
	queue = raw_open_object(&one, "queue", "kept");
	raw_open_object(&other, "queue", "kept");
	value_put_int(&value, 5);
	args[0] = buffer_span(&value);
	ck_assert_int_eq(raw_call(&other, queue, "put", args, 1, 0).status, 0);
	ck_assert_int_eq(raw_call(&one, queue, "get", NULL, 0, 0).status, 0);
	raw_deinit(&one);
	until_sessions(1);
	ck_assert_int_eq(raw_call(&other, queue, "get", NULL, 0, 0).status,
			 MPROXY_ERR_EMPTY);
	raw_deinit(&other);
	buffer_deinit(&value);
}
END_TEST

START_TEST(waiting_call_is_answered_by_another_client_or_in_time)
{
	struct raw one;
	struct raw other;
	uint64_t lock;
	uint64_t id;

	inside_open(&inside, &one);
	inside_open(&inside, &other);
	lock = raw_open_object(&one, "lock", "it");
	raw_open_object(&other, "lock", "it");
	ck_assert_int_eq(raw_call(&one, lock, "acquire", NULL, 0, -1).status,
			 0);
	ck_assert_int_eq(raw_call(&other, lock, "acquire", NULL, 0, 20).status,
			 MPROXY_ERR_TIMEOUT);
	id = raw_send_call(&other, lock, "acquire", NULL, 0, -1);
	raw_deinit(&one);
	ck_assert_uint_eq(raw_reply(&other).id, id);
	raw_deinit(&other);
}
END_TEST

START_TEST(clients_past_the_limit_are_told)
{
	struct server_config config = SERVER_CONFIG_DEFAULT;
	struct inside small;
	struct raw one;
	struct raw two;
	int fds[2];

	config.limits.max_lanes = 1;
	inside_init(&small, &config);
	inside_open(&small, &one);
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(server_add_socket(small.server, fds[0]),
			 MPROXY_ERR_LIMIT);
	raw_init(&two, fds[1]);
	ck_assert_int_eq(raw_welcome(&two).status, MPROXY_ERR_LIMIT);
	raw_expect_end(&two);
	raw_deinit(&two);
	raw_ping(&one);
	raw_deinit(&one);
	inside_until_lanes(&small, 0);
	inside_open(&small, &one);
	raw_deinit(&one);
	inside_deinit(&small);
}
END_TEST

/* --- forks --- */

struct announced {
	uint8_t nonce[MESSAGE_KEY_SIZE];
	int child_end; /* of the pipe */
};

static int
announce(struct raw *raw, uint8_t number, struct announced *ret)
{
	struct message_fork fork = { .id = 1000u + number };
	struct message_reply reply;
	int fds[2];

	memset(ret->nonce, number, sizeof(ret->nonce));
	fork.nonce = span_make(ret->nonce, sizeof(ret->nonce));
	ck_assert_int_eq(message_send_fork(&raw->channel, &fork, -1), 0);
	ck_assert_int_eq(channel_flush(&raw->channel, 0), 0);
	reply = raw_reply(raw);
	ck_assert_uint_eq(reply.id, fork.id);
	ck_assert_int_eq(reply.status, 0);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ret->child_end = fds[1];
	ck_assert_int_eq(message_send_fork(&raw->channel, &fork, fds[0]), 0);
	ck_assert_int_eq(channel_flush(&raw->channel, 0), 0);
	reply = raw_reply(raw);
	ck_assert_uint_eq(reply.id, fork.id);
	return reply.status;
}

static int
claim(struct announced *announced, struct raw *ret)
{
	const struct message_hello hello = {
		.version = MESSAGE_VERSION,
		.fork = span_make(announced->nonce, MESSAGE_KEY_SIZE),
	};

	inside_connect(&inside, ret);
	raw_send_hello(ret, &hello);
	return raw_welcome(ret).status;
}

START_TEST(fork_keeps_references_for_the_child)
{
	struct announced announced;
	struct raw parent;
	struct raw child;
	uint64_t lock;

	inside_open(&inside, &parent);
	lock = raw_new_object(&parent, "lock");
	ck_assert_int_eq(announce(&parent, 1, &announced), 0);
	raw_deinit(&parent);
	inside_until_lanes(&inside, 0);
	ck_assert_uint_eq(core_object_count(server_core(inside.server)), 1);
	ck_assert_int_eq(claim(&announced, &child), 0);
	close(announced.child_end);
	ck_assert_int_eq(raw_call(&child, lock, "acquire", NULL, 0, 0).status,
			 0);
	ck_assert_uint_eq(count_sessions(), 1);
	raw_deinit(&child);
	inside_until_objects(&inside, 0);
}
END_TEST

START_TEST(fork_whose_child_never_comes_is_dropped)
{
	struct announced announced;
	struct raw parent;
	struct raw child;

	inside_open(&inside, &parent);
	raw_new_object(&parent, "lock");
	ck_assert_int_eq(announce(&parent, 1, &announced), 0);
	ck_assert_uint_eq(count_sessions(), 2);
	close(announced.child_end);
	until_sessions(1);
	ck_assert_int_eq(claim(&announced, &child), MPROXY_ERR_NOT_FOUND);
	raw_deinit(&child);
	raw_deinit(&parent);
	inside_until_objects(&inside, 0);
}
END_TEST

START_TEST(fork_is_claimed_once)
{
	struct announced announced;
	struct raw parent;
	struct raw child;
	struct raw second;

	inside_open(&inside, &parent);
	ck_assert_int_eq(announce(&parent, 1, &announced), 0);
	ck_assert_int_eq(claim(&announced, &child), 0);
	ck_assert_int_eq(claim(&announced, &second), MPROXY_ERR_NOT_FOUND);
	close(announced.child_end);
	raw_ping(&child);
	raw_deinit(&second);
	raw_deinit(&child);
	raw_deinit(&parent);
}
END_TEST

START_TEST(fork_is_announced_once)
{
	struct announced one;
	struct announced same;
	struct raw parent;

	inside_open(&inside, &parent);
	ck_assert_int_eq(announce(&parent, 1, &one), 0);
	ck_assert_int_eq(announce(&parent, 1, &same), MPROXY_ERR_EXISTS);
	close(one.child_end);
	close(same.child_end);
	raw_deinit(&parent);
	until_sessions(0);
}
END_TEST

START_TEST(forks_have_a_limit)
{
	struct server_config config = SERVER_CONFIG_DEFAULT;
	struct announced announced[5];
	struct inside small;
	struct raw parent;

	config.limits.max_forks = 4;
	inside_init(&small, &config);
	inside_open(&small, &parent);
	for (uint8_t i = 0; i < 5; i++)
		ck_assert_int_eq(announce(&parent, i, &announced[i]),
				 i < 4 ? 0 : MPROXY_ERR_LIMIT);
	for (int i = 0; i < 5; i++)
		close(announced[i].child_end);
	raw_deinit(&parent);
	inside_until_lanes(&small, 0);
	inside_deinit(&small);
}
END_TEST

static Suite *
session_suite(void)
{
	Suite *suite = suite_create("session");
	TCase *lanes = tcase_create("lanes");
	TCase *forks = tcase_create("forks");

	tcase_add_checked_fixture(lanes, set_up, tear_down);
	tcase_set_timeout(lanes, 60);
	tcase_add_test(lanes, session_is_named_by_server_and_key);
	tcase_add_test(lanes, lane_joins_session_and_sees_its_objects);
	tcase_add_test(lanes, session_ends_with_its_first_lane);
	tcase_add_test(lanes, calls_sent_before_the_end_count);
	tcase_add_test(lanes, item_whose_reply_was_not_read_goes_back);
	tcase_add_test(lanes, item_whose_reply_was_read_is_gone);
	tcase_add_test(lanes,
		       waiting_call_is_answered_by_another_client_or_in_time);
	tcase_add_test(lanes, clients_past_the_limit_are_told);
	suite_add_tcase(suite, lanes);
	tcase_add_checked_fixture(forks, set_up, tear_down);
	tcase_set_timeout(forks, 60);
	tcase_add_test(forks, fork_keeps_references_for_the_child);
	tcase_add_test(forks, fork_whose_child_never_comes_is_dropped);
	tcase_add_test(forks, fork_is_claimed_once);
	tcase_add_test(forks, fork_is_announced_once);
	tcase_add_test(forks, forks_have_a_limit);
	suite_add_tcase(suite, forks);
	return suite;
}

int
main(void)
{
	return check_run(session_suite());
}
