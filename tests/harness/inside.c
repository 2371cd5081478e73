/* Why a watchdog on the loop itself: a turn that waits for what never comes
 * would otherwise end only with the whole program. */
#include <event2/event.h>
#include <sys/socket.h>

#include "tests/harness/check-main.h"
#include "tests/harness/inside.h"

static void
on_watchdog(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	ck_abort_msg("nothing happened for %d ms", RAW_PATIENCE_MS);
}

void
inside_init(struct inside *inside, const struct server_config *config)
{
	const struct server_config standard = SERVER_CONFIG_DEFAULT;

	inside->server = server_new(config ? config : &standard);
	ck_assert_ptr_nonnull(inside->server);
	inside->watchdog = evtimer_new(server_base(inside->server), on_watchdog,
				       NULL);
	ck_assert_ptr_nonnull(inside->watchdog);
}

void
inside_deinit(struct inside *inside)
{
	event_free(inside->watchdog);
	server_free(inside->server);
}

void
inside_turn(void *context)
{
	const struct timeval patience = { .tv_sec = RAW_PATIENCE_MS / 1000 };
	struct inside *inside = context;
	const char *violated;

	evtimer_add(inside->watchdog, &patience);
	ck_assert_int_eq(server_turn(inside->server, true), 0);
	violated = core_check(server_core(inside->server));
	ck_assert_msg(!violated, "%s", violated);
}

void
inside_until_lanes(struct inside *inside, size_t n)
{
	while (server_lane_count(inside->server) != n)
		inside_turn(inside);
}

void
inside_until_objects(struct inside *inside, size_t n)
{
	while (core_object_count(server_core(inside->server)) != n)
		inside_turn(inside);
}

void
inside_connect(struct inside *inside, struct raw *ret)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, fds),
			 0);
	ck_assert_int_eq(server_add_socket(inside->server, fds[0]), 0);
	raw_init(ret, fds[1]);
	ret->turn = inside_turn;
	ret->context = inside;
}

void
inside_open(struct inside *inside, struct raw *ret)
{
	inside_connect(inside, ret);
	raw_hello(ret);
}
