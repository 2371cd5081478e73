/*
 * A server that answers wrongly, late, in parts or not at all: each time the
 * client gets the right error, soon, and nothing is left behind.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mproxy/manager.h>
#include <mproxy/object.h>

#include "lib/clock.h"
#include "lib/lib-private.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fake-server.h"
#include "tests/harness/leak.h"

#define GRACE_MS 300

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
begin(void (*serve)(struct fake_client *client))
{
	server = fake_start(serve);
	ck_assert_int_eq(mproxy_connect(server->path, &m), 0);
}

static void
assert_detail(const char *part)
{
	if (!strstr(mproxy_error_detail(), part))
		ck_abort_msg("\"%s\" does not say \"%s\"",
			     mproxy_error_detail(), part);
}

/* The control lane does as it should; true for the others. */
static bool
is_thread(struct fake_client *client)
{
	fake_welcome(client);
	if (client->number > 0)
		return true;
	fake_wait_end(client);
	return false;
}

/* --- the greeting --- */

static void
serve_garbage(struct fake_client *client)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	fake_read_hello(client);
	fake_send_raw(client, text, sizeof(text));
	fake_wait_end(client);
}

START_TEST(connect_to_something_else_gives_protocol)
{
	server = fake_start(serve_garbage);
	ck_assert_int_eq(mproxy_connect(server->path, &m), MPROXY_ERR_PROTOCOL);
	assert_detail(server->path);
}
END_TEST

static void
serve_nothing(struct fake_client *client)
{
	fake_read_hello(client);
}

START_TEST(connection_closed_at_once_gives_connect)
{
	server = fake_start(serve_nothing);
	ck_assert_int_eq(mproxy_connect(server->path, &m), MPROXY_ERR_CONNECT);
	assert_detail(server->path);
}
END_TEST

static void
serve_silence(struct fake_client *client)
{
	fake_wait_end(client);
}

START_TEST(no_welcome_within_the_grace_gives_silent)
{
	int64_t begun = clock_now();

	server = fake_start(serve_silence);
	ck_assert_int_eq(mproxy_connect(server->path, &m),
			 MPROXY_ERR_SERVER_SILENT);
	ck_assert(clock_now() - begun >= (GRACE_MS - 50) * NS_PER_MS);
}
END_TEST

static void
serve_version_2(struct fake_client *client)
{
	struct message_welcome welcome = { .version = 2 };

	welcome.instance = LITERAL("sixteen bytes...");
	welcome.session = LITERAL("sixteen bytes...");
	fake_read_hello(client);
	message_send_welcome(&client->channel, &welcome);
	fake_flush(client);
	fake_wait_end(client);
}

START_TEST(another_version_gives_version)
{
	server = fake_start(serve_version_2);
	ck_assert_int_eq(mproxy_connect(server->path, &m), MPROXY_ERR_VERSION);
	assert_detail("version 2");
}
END_TEST

static void
serve_refusal(struct fake_client *client)
{
	struct message_welcome welcome = {
		.version = MESSAGE_VERSION,
		.status = MPROXY_ERR_DENIED,
	};

	welcome.detail = LITERAL("not for you");
	fake_read_hello(client);
	message_send_welcome(&client->channel, &welcome);
	fake_flush(client);
	fake_wait_end(client);
}

START_TEST(refusal_comes_with_the_sentence_of_the_server)
{
	server = fake_start(serve_refusal);
	ck_assert_int_eq(mproxy_connect(server->path, &m), MPROXY_ERR_DENIED);
	ck_assert_str_eq(mproxy_error_detail(), "server: not for you");
}
END_TEST

/* --- one answer, sent as it is --- */

static const uint8_t *raw;
static size_t raw_size;

/* The first lane of a thread gets the raw bytes, later ones good replies. */
static void
serve_raw(struct fake_client *client)
{
	struct message_call call;

	if (!is_thread(client))
		return;
	while (fake_read_call(client, &call)) {
		if (client->number > 1) {
			fake_reply(client, call.id, 0);
			continue;
		}
		fake_send_raw(client, raw, raw_size);
		if (raw_size < FRAME_HEADER_SIZE)
			return; /* half a frame, and then the end */
	}
}

static const struct {
	const char *what;
	struct span bytes;
	int want;
} answers[] = {
	{ "a length of 4 GiB",
	  { 8, (const uint8_t *)"\xff\xff\xff\xff\1\4\0\0" },
	  MPROXY_ERR_PROTOCOL },
	{ "an unknown version of frames",
	  { 8, (const uint8_t *)"\0\0\0\0\2\4\0\0" },
	  MPROXY_ERR_PROTOCOL },
	{ "an unknown kind",
	  { 8, (const uint8_t *)"\0\0\0\0\1\x63\0\0" },
	  MPROXY_ERR_PROTOCOL },
	{ "a frame only clients send",
	  { 8, (const uint8_t *)"\0\0\0\0\1\3\0\0" },
	  MPROXY_ERR_PROTOCOL },
	{ "a second welcome",
	  { 8, (const uint8_t *)"\0\0\0\0\1\2\0\0" },
	  MPROXY_ERR_PROTOCOL },
	{ "descriptors that are not there",
	  { 8, (const uint8_t *)"\0\0\0\0\1\4\1\0" },
	  MPROXY_ERR_PROTOCOL },
	{ "a reply to another call",
	  { 10, (const uint8_t *)"\2\0\0\0\1\4\0\0\x08\x63" },
	  MPROXY_ERR_PROTOCOL },
	{ "a reply that cannot be decoded",
	  { 10, (const uint8_t *)"\2\0\0\0\1\4\0\0\xff\xff" },
	  MPROXY_ERR_PROTOCOL },
	{ "half a header, then the end",
	  { 4, (const uint8_t *)"\2\0\0\0" },
	  MPROXY_ERR_SERVER_GONE },
};

START_TEST(bad_answer_costs_the_lane_and_not_the_connection)
{
	raw = answers[_i].bytes.data;
	raw_size = answers[_i].bytes.size;
	begin(serve_raw);
	ck_assert_msg(mproxy_manager_ping(m) == answers[_i].want, "%s: %s",
		      answers[_i].what, mproxy_error_detail());
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
	ck_assert_int_eq(atomic_load(&server->n_clients), 3);
}
END_TEST

/* --- answers that say too little or nonsense --- */

static struct span answer;

static void
serve_answer(struct fake_client *client)
{
	struct message_call call;

	if (!is_thread(client))
		return;
	while (fake_read_call(client, &call))
		fake_reply_value(client, call.id, answer);
}

START_TEST(value_that_is_not_canonical_gives_protocol)
{
	struct mproxy_value *value = NULL;

	answer = LITERAL("\x08\x02"); /* nil: 2 */
	begin(serve_answer);
	ck_assert_int_eq(mproxy_manager_stats(m, &value), MPROXY_ERR_PROTOCOL);
	ck_assert_ptr_null(value);
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
	ck_assert_int_eq(atomic_load(&server->n_clients), 2);
}
END_TEST

static void
serve_empty(struct fake_client *client)
{
	struct message_call call;

	if (!is_thread(client))
		return;
	while (fake_read_call(client, &call))
		fake_reply(client, call.id, 0);
}

START_TEST(fewer_results_than_wanted_gives_protocol)
{
	struct mproxy_value *value = NULL;

	begin(serve_empty);
	ck_assert_int_eq(mproxy_manager_stats(m, &value), MPROXY_ERR_PROTOCOL);
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
	ck_assert_int_eq(atomic_load(&server->n_clients), 2);
}
END_TEST

static void
serve_status(struct fake_client *client)
{
	struct message_call call;

	if (!is_thread(client))
		return;
	while (fake_read_call(client, &call))
		fake_reply(client, call.id,
			   call.id == 1 ? MPROXY_ERR_FULL : 42);
}

START_TEST(status_of_the_call_comes_with_its_sentence)
{
	begin(serve_status);
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_FULL);
	ck_assert_str_eq(mproxy_error_detail(), "server: as the test says");
	/* there are no positive codes */
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_PROTOCOL);
}
END_TEST

static void
serve_byte_by_byte(struct fake_client *client)
{
	struct message_call call;
	struct message_reply reply = { .id = 0 };

	if (!is_thread(client))
		return;
	while (fake_read_call(client, &call)) {
		reply.id = call.id;
		message_send_reply(&client->channel, &reply);
		for (size_t i = 0; i < client->channel.out.size; i++)
			fake_send_raw(client, client->channel.out.data + i, 1);
		buffer_clear(&client->channel.out);
	}
}

START_TEST(reply_in_single_bytes_is_put_together)
{
	begin(serve_byte_by_byte);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(mproxy_manager_ping(m), 0);
}
END_TEST

static void
serve_descriptor(struct fake_client *client)
{
	struct message_call call;

	if (!is_thread(client))
		return;
	while (fake_read_call(client, &call)) {
		uint8_t *out = channel_reserve_with_fd(
			&client->channel, FRAME_REPLY, 2,
			open("/dev/null", O_RDONLY | O_CLOEXEC));

		memcpy(out, "\x08\x01", 2);
		fake_flush(client);
	}
}

START_TEST(descriptor_nobody_asked_for_is_closed)
{
	begin(serve_descriptor);
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_PROTOCOL);
}
END_TEST

/* --- silence and ends --- */

static void
serve_mutely(struct fake_client *client)
{
	if (is_thread(client))
		fake_wait_end(client);
}

START_TEST(silent_server_costs_the_lane)
{
	int64_t begun;

	begin(serve_mutely);
	begun = clock_now();
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_SERVER_SILENT);
	ck_assert(clock_now() - begun >= (GRACE_MS - 50) * NS_PER_MS);
	assert_detail("silent");
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_SERVER_SILENT);
	ck_assert_int_eq(atomic_load(&server->n_clients), 3);
}
END_TEST

START_TEST(silence_counts_from_the_deadline_of_a_wait)
{
	int64_t begun, took;

	begin(serve_mutely);
	begun = clock_now();
	ck_assert_int_eq(manager_call(m, 7, "queue", "get", 0, NULL,
				      2 * GRACE_MS, 0, NULL),
			 MPROXY_ERR_SERVER_SILENT);
	took = clock_now() - begun;
	ck_assert(took >= (3 * GRACE_MS - 50) * NS_PER_MS);
	ck_assert(took < 20 * GRACE_MS * NS_PER_MS);
}
END_TEST

static void
serve_one_call(struct fake_client *client)
{
	struct message_call call;

	if (!is_thread(client))
		return;
	fake_read_call(client, &call);
}

START_TEST(end_during_a_call_leaves_the_outcome_unknown)
{
	begin(serve_one_call);
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_SERVER_GONE);
	assert_detail("not known");
	/* the control lane is still there: the next call tries again */
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_SERVER_GONE);
	ck_assert_int_eq(atomic_load(&server->n_clients), 3);
}
END_TEST

static void
serve_and_die(struct fake_client *client)
{
	struct message_call call;

	fake_welcome(client);
	if (client->number == 0) {
		fake_wait_end(client);
		return;
	}
	fake_read_call(client, &call);
	shutdown(client->server->clients[0].fd, SHUT_RDWR);
}

START_TEST(server_gone_is_remembered)
{
	begin(serve_and_die);
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_SERVER_GONE);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mproxy_manager_ping(m),
				 MPROXY_ERR_SERVER_GONE);
	assert_detail("has ended");
	ck_assert_int_eq(atomic_load(&server->n_clients), 2);
}
END_TEST

START_TEST(nobody_listening_any_more_is_remembered)
{
	begin(serve_empty);
	fake_refuse(server);
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_SERVER_GONE);
	assert_detail(server->path);
}
END_TEST

static void
serve_another_instance(struct fake_client *client)
{
	struct message_welcome welcome = { .version = MESSAGE_VERSION };

	if (client->number == 0) {
		fake_welcome(client);
		fake_wait_end(client);
		return;
	}
	welcome.instance = LITERAL("another instance");
	welcome.session = LITERAL("another session.");
	fake_read_hello(client);
	message_send_welcome(&client->channel, &welcome);
	fake_flush(client);
	fake_wait_end(client);
}

START_TEST(another_server_at_the_same_place_is_not_taken_for_this_one)
{
	begin(serve_another_instance);
	ck_assert_int_eq(mproxy_manager_ping(m), MPROXY_ERR_SERVER_GONE);
}
END_TEST

START_TEST(value_over_the_limit_is_refused_before_it_is_sent)
{
	struct span big;

	begin(serve_empty);
	big = span_make(calloc(1, 2 << 20), 2 << 20);
	ck_assert_int_eq(
		manager_call(m, 7, "list", "append", 1, &big, 0, 0, NULL),
		MPROXY_ERR_TOO_BIG);
	free((void *)(uintptr_t)big.data);
	assert_detail("2097152");
	assert_detail("1048576");
	ck_assert_int_eq(atomic_load(&server->n_calls), 0);
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
}
END_TEST

/* --- handles that are not wanted --- */

static atomic_int n_released;

static void
serve_handles(struct fake_client *client)
{
	struct buffer value = BUFFER_INIT;
	struct message_release release;
	struct message_call call;

	if (!is_thread(client))
		return;
	value_put_handle(&value, 77, span_text("list"));
	while (fake_read(client)) {
		arena_reset(&client->arena, (size_t)1 << 20);
		if (client->frame.kind == FRAME_RELEASE) {
			message_unpack_release(&client->arena,
					       client->frame.payload, &release);
			if (release.object == 77)
				atomic_fetch_add(&n_released,
						 (int)release.count);
			continue;
		}
		message_unpack_call(&client->arena, client->frame.payload,
				    &call);
		fake_reply_value(client, call.id, buffer_span(&value));
	}
	buffer_deinit(&value);
}

START_TEST(handle_in_a_result_nobody_wants_is_given_back)
{
	struct mproxy_value *value;

	atomic_store(&n_released, 0);
	begin(serve_handles);
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
	ck_assert_int_eq(mproxy_manager_stats(m, &value), 0);
	ck_assert_int_eq(atomic_load(&n_released), 1);
	mproxy_value_free(value);
	/* a call is answered after what was sent before it was handled */
	ck_assert_int_eq(mproxy_manager_ping(m), 0);
	/* that answer had one, too, which may have arrived by now */
	ck_assert_int_ge(atomic_load(&n_released), 2);
}
END_TEST

static Suite *
evil_server_suite(void)
{
	Suite *suite = suite_create("evil server");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, connect_to_something_else_gives_protocol);
	tcase_add_test(tcase, connection_closed_at_once_gives_connect);
	tcase_add_test(tcase, no_welcome_within_the_grace_gives_silent);
	tcase_add_test(tcase, another_version_gives_version);
	tcase_add_test(tcase, refusal_comes_with_the_sentence_of_the_server);
	tcase_add_loop_test(tcase,
			    bad_answer_costs_the_lane_and_not_the_connection, 0,
			    sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(tcase, value_that_is_not_canonical_gives_protocol);
	tcase_add_test(tcase, fewer_results_than_wanted_gives_protocol);
	tcase_add_test(tcase, status_of_the_call_comes_with_its_sentence);
	tcase_add_test(tcase, reply_in_single_bytes_is_put_together);
	tcase_add_test(tcase, descriptor_nobody_asked_for_is_closed);
	tcase_add_test(tcase, silent_server_costs_the_lane);
	tcase_add_test(tcase, silence_counts_from_the_deadline_of_a_wait);
	tcase_add_test(tcase, end_during_a_call_leaves_the_outcome_unknown);
	tcase_add_test(tcase, server_gone_is_remembered);
	tcase_add_test(tcase, nobody_listening_any_more_is_remembered);
	tcase_add_test(
		tcase,
		another_server_at_the_same_place_is_not_taken_for_this_one);
	tcase_add_test(tcase,
		       value_over_the_limit_is_refused_before_it_is_sent);
	tcase_add_test(tcase, handle_in_a_result_nobody_wants_is_given_back);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	/* asked for once, by the first connection */
	setenv("MPROXY_GRACE_MS", "300", 1);
	return check_run(evil_server_suite());
}
