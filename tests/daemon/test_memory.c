/*
 * Memory runs out in the server, at each of its allocations in turn: the
 * client that is being served is answered or dropped, nobody else notices,
 * and nothing is leaked. Linked with --wrap=malloc and so on, see fault.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/harness/inside.h"
#include "tests/harness/leak.h"

#include "proto/value.h"

/* Which allocation of the server's is to fail; 0: none. */
static unsigned to_fail;
static bool fails_all_after;

static void
turn_with_fault(struct inside *inside)
{
	unsigned made;

	if (to_fail > 0 && fails_all_after)
		fault_fail_from(to_fail);
	else if (to_fail > 0)
		fault_fail_at(to_fail);
	(void)server_turn(inside->server, false);
	made = fault_count();
	fault_reset();
	if (to_fail == 0)
		return;
	if (made < to_fail)
		to_fail -= made;
	else
		to_fail = fails_all_after ? 1 : 0;
}

/* Whether a frame comes; false when the server closed instead. */
static bool
await(struct inside *inside, struct raw *raw)
{
	struct frame frame;
	ssize_t n;

	for (int turns = 0; turns < 1000; turns++) {
		turn_with_fault(inside);
		n = channel_fill(&raw->channel, MSG_DONTWAIT);
		if (n == 0 || n == -ECONNRESET)
			return false;
		while (channel_next(&raw->channel, &frame, NULL) == 1)
			return true;
	}
	ck_abort_msg("neither an answer nor an end");
}

static bool
call(struct inside *inside, struct raw *raw, uint64_t object,
     const char *method, const char *text)
{
	struct buffer value = BUFFER_INIT;
	struct span args[1];

	value_put_text(&value, span_text(text));
	args[0] = buffer_span(&value);
	raw_send_call(raw, object, method, args, 1, 0);
	buffer_deinit(&value);
	return await(inside, raw);
}

static bool
fork_once(struct inside *inside, struct raw *raw)
{
	struct message_fork fork = {
		.id = 77,
		.nonce = span_text("0123456789abcdef"),
	};
	bool is_answered;
	int fds[2];

	ck_assert_int_eq(message_send_fork(&raw->channel, &fork, -1), 0);
	ck_assert_int_eq(channel_flush(&raw->channel, 0), 0);
	if (!await(inside, raw))
		return false;
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(message_send_fork(&raw->channel, &fork, fds[0]), 0);
	ck_assert_int_eq(channel_flush(&raw->channel, 0), 0);
	is_answered = await(inside, raw);
	close(fds[1]);
	return is_answered;
}

/* Some of everything; whether it all was answered. */
static bool
run_scenario(struct inside *inside, struct raw *raw)
{
	const struct message_hello hello = { .version = MESSAGE_VERSION };

	raw_send_hello(raw, &hello);
	return await(inside, raw) &&
	       call(inside, raw, MESSAGE_MANAGER, "new", "list") &&
	       call(inside, raw, MESSAGE_MANAGER, "find", "nothing") &&
	       fork_once(inside, raw) &&
	       call(inside, raw, MESSAGE_MANAGER, "methods", "list");
}

/* True when the n-th allocation was no longer reached. */
static bool
try(struct inside *inside, struct raw *witness, unsigned n)
{
	struct raw raw;
	int fds[2];
	int r;

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	fault_fail_at(n);
	r = server_add_socket(inside->server, fds[0]);
	to_fail = fault_count() < n ? n - fault_count() : 0;
	fault_reset();
	raw_init(&raw, fds[1]);
	if (r == 0)
		run_scenario(inside, &raw);
	raw_deinit(&raw);
	n = to_fail;
	while (server_lane_count(inside->server) > 1 ||
	       core_session_count(server_core(inside->server)) > 1)
		turn_with_fault(inside);
	to_fail = 0;
	raw_ping(witness);
	return n > 0;
}

static void
run_until_it_is_not_reached(bool all_after)
{
	struct inside inside;
	struct raw witness;
	unsigned n = 1;

	leak_check_begin();
	fails_all_after = all_after;
	inside_init(&inside, NULL);
	inside_open(&inside, &witness);
	while (n < 10000) {
		bool is_over = try(&inside, &witness, n++);

		/* failing from then on, it is always reached */
		if (is_over && !all_after)
			break;
		if (all_after && n > 200)
			break;
	}
	ck_assert_uint_gt(n, 5);
	ck_assert_uint_lt(n, 10000);
	raw_deinit(&witness);
	inside_deinit(&inside);
	leak_check_end();
}

START_TEST(one_failed_allocation_harms_no_other_client)
{
	run_until_it_is_not_reached(false);
}
END_TEST

START_TEST(no_memory_at_all_harms_no_other_client)
{
	run_until_it_is_not_reached(true);
}
END_TEST

START_TEST(server_without_memory_is_not_made)
{
	const struct server_config config = SERVER_CONFIG_DEFAULT;
	struct server *server = NULL;

	leak_check_begin();
	for (unsigned n = 1; !server && n < 10000; n++) {
		fault_fail_at(n);
		server = server_new(&config);
		fault_reset();
	}
	ck_assert_ptr_nonnull(server);
	server_free(server);
	leak_check_end();
}
END_TEST

static Suite *
memory_suite(void)
{
	Suite *suite = suite_create("daemon-memory");
	TCase *tcase = tcase_create("memory");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, one_failed_allocation_harms_no_other_client);
	tcase_add_test(tcase, no_memory_at_all_harms_no_other_client);
	tcase_add_test(tcase, server_without_memory_is_not_made);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(memory_suite());
}
