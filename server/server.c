/*
 * Why the loop is turned by hand instead of left to libevent: answers of a
 * whole turn must leave together, the dead be settled before anyone sleeps,
 * and the core get its slices while others are served.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "proto/trace.h"
#include "server/announce.h"
#include "server/conn.h"
#include "server/listener.h"

#define NS_PER_S INT64_C(1000000000)
#define LONGEST_TIMER (3600 * NS_PER_S)

int64_t
server_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t
server_tick(struct server *server)
{
	if (server->now == 0)
		server->now = server_now();
	return server->now;
}

int
server_random(void *data, size_t size)
{
	uint8_t *at = data;

	while (size > 0) {
		ssize_t n = getrandom(at, size, 0);

		if (n < 0 && errno != EINTR)
			return MPROXY_ERR_SYSTEM;
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* --- beginning and end --- */

static struct event_base *
base_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (!config)
		return NULL;
	if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0 &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) == 0 &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	/* 0: deaths (client.c); 1, the default: all else */
	if (base && event_base_priority_init(base, 2) < 0) {
		event_base_free(base);
		base = NULL;
	}
	return base;
}

static struct core *
make_core(struct core_config config)
{
	const struct core_output output = { .reply = conn_reply };

	if (server_random(&config.epoch, sizeof(config.epoch)) != 0 ||
	    server_random(&config.hash_key, sizeof(config.hash_key)) != 0)
		return NULL;
	config.epoch &= 0x7fffffff;
	if (config.epoch == 0)
		config.epoch = 1;
	return core_new(&config, &output);
}

static void
on_timer(evutil_socket_t fd, short what, void *context)
{
	struct server *server = context;

	(void)fd;
	(void)what;
	/* what is due is done after each turn */
	server->timer_deadline = INT64_MAX;
}

static void
init_lists(struct server *server)
{
	list_init(&server->clients);
	list_init(&server->conns);
	list_init(&server->forks);
	list_init(&server->to_read);
	list_init(&server->to_flush);
	list_init(&server->doomed_conns);
	list_init(&server->doomed_clients);
	patience_init(&server->hello, LIMITS_HELLO_NS);
	patience_init(&server->frame, LIMITS_FRAME_NS);
	patience_init(&server->output, LIMITS_OUTPUT_NS);
}

struct server *
server_new(const struct server_config *config)
{
	struct server *server = calloc(1, sizeof(*server));
	struct value_hash_key key;

	if (!server)
		return NULL;
	init_lists(server);
	arena_init(&server->arena, 0);
	server->limits = config->limits;
	server->max_value = config->core.max_value;
	server->max_length = (uint32_t)server->max_value + FRAME_ENVELOPE;
	server->traced = trace_calls_wanted();
	server->timer_deadline = INT64_MAX;
	if (server_random(server->instance, sizeof(server->instance)) != 0 ||
	    server_random(&key, sizeof(key)) != 0)
		return server_free(server);
	server->client_keys.hash_key = key;
	server->fork_nonces.hash_key = key;
	server->core = make_core(config->core);
	server->base = base_new();
	if (!server->core || !server->base ||
	    evtimer_assign(&server->timer, server->base, on_timer, server) < 0)
		return server_free(server);
	return server;
}

struct server *
server_free(struct server *server)
{
	struct list_link *link;

	if (!server)
		return NULL;
	server->listener = listener_free(server->listener);
	server->core = core_free(server->core);
	while ((link = list_first(&server->conns)))
		conn_free(LIST_ENTRY(link, struct conn, link));
	announce_free_all(server);
	while ((link = list_first(&server->clients)))
		client_free(LIST_ENTRY(link, struct client, link));
	arena_deinit(&server->arena);
	channel_spare_deinit(&server->spare);
	if (server->base) {
		if (event_initialized(&server->timer))
			event_del(&server->timer);
		event_base_free(server->base);
	}
	free(server);
	return NULL;
}

int
server_listen(struct server *server, int fd)
{
	server->listener = listener_new(server, fd);
	return server->listener ? 0 : MPROXY_ERR_NO_MEMORY;
}

int
server_add_socket(struct server *server, int fd)
{
	struct identity who;

	if (auth_identify(fd, &who) < 0 || !auth_is_welcome(&who)) {
		listener_refuse(fd, MPROXY_ERR_DENIED,
				"server: it serves another user only");
		return MPROXY_ERR_DENIED;
	}
	if (server->n_conns >= server->limits.max_lanes) {
		listener_refuse(fd, MPROXY_ERR_LIMIT,
				"server: it has all the clients it may have");
		return MPROXY_ERR_LIMIT;
	}
	return conn_new(server, fd, &who, server_tick(server))
		       ? 0
		       : MPROXY_ERR_NO_MEMORY;
}

/* --- a turn --- */

static void
expire(const struct patience *patience, size_t member, const char *cause,
       int64_t now)
{
	struct wait *wait;
	struct conn *conn;

	while ((wait = patience_over(patience, now))) {
		conn = (struct conn *)(void *)((char *)wait - member);
		patience_end(wait);
		conn_condemn(conn, CONN_EXPELLED, cause);
	}
}

static void
expire_all(struct server *server, int64_t now)
{
	core_time(server->core, now);
	expire(&server->hello, offsetof(struct conn, in_wait),
	       "it did not say hello in time", now);
	expire(&server->frame, offsetof(struct conn, in_wait),
	       "it did not finish a message in time", now);
	expire(&server->output, offsetof(struct conn, out_wait),
	       "it did not read in time", now);
}

static int64_t
next_deadline(const struct server *server)
{
	int64_t deadline = core_deadline(server->core);
	int64_t hello = patience_deadline(&server->hello);
	int64_t frame = patience_deadline(&server->frame);
	int64_t output = patience_deadline(&server->output);

	if (hello < deadline)
		deadline = hello;
	if (frame < deadline)
		deadline = frame;
	return output < deadline ? output : deadline;
}

/*
 * A timer that is set too early is left: it costs one turn in vain, while
 * moving it would cost each call that waits.
 */
static void
set_timer(struct server *server, int64_t deadline)
{
	struct timeval time;
	int64_t length;

	if (deadline == INT64_MAX && server->timer_deadline != INT64_MAX) {
		/* while one is set, each epoll_wait() costs a timer */
		evtimer_del(&server->timer);
		server->timer_deadline = INT64_MAX;
	}
	if (deadline >= server->timer_deadline)
		return;
	length = deadline - server_now();
	if (length < 0)
		length = 0;
	if (length > LONGEST_TIMER)
		length = LONGEST_TIMER;
	time.tv_sec = length / NS_PER_S;
	time.tv_usec = (length % NS_PER_S + 999) / 1000;
	if (time.tv_usec == 1000000) {
		time.tv_sec++;
		time.tv_usec = 0;
	}
	if (evtimer_add(&server->timer, &time) == 0)
		server->timer_deadline = deadline;
}

static void
read_on(struct server *server, int64_t now)
{
	struct list_link *last = server->to_read.previous;
	struct list_link *link;
	bool done = list_is_empty(&server->to_read);

	/* each once: those who have more come again at the end of the list */
	while (!done) {
		link = list_first(&server->to_read);
		done = link == last;
		conn_read_frames(LIST_ENTRY(link, struct conn, read_link), now);
	}
}

/* Settles what ended and sends what was answered, which may show more ends. */
static void
settle(struct server *server, int64_t now)
{
	struct list_link *link;

	for (;;) {
		if ((link = list_first(&server->doomed_conns)))
			conn_end(LIST_ENTRY(link, struct conn, doomed_link),
				 now);
		else if ((link = list_first(&server->doomed_clients)))
			client_end(LIST_ENTRY(link, struct client, doomed_link),
				   now);
		else if ((link = list_first(&server->to_flush)))
			conn_flush(LIST_ENTRY(link, struct conn, flush_link),
				   now);
		else
			return;
	}
}

int
server_turn(struct server *server, bool wait)
{
	int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;
	int64_t deadline = next_deadline(server);
	int64_t now;

	if (deadline != server->timer_deadline)
		set_timer(server, deadline);
	if (!wait || server->has_work || !list_is_empty(&server->to_read))
		flags |= EVLOOP_NONBLOCK;
	server->now = 0;
	if (event_base_loop(server->base, flags) < 0)
		return MPROXY_ERR_SYSTEM;
	now = server_tick(server);
	/* what began in this turn is over in none before the next */
	if (deadline <= now)
		expire_all(server, now);
	read_on(server, now);
	server->has_work = core_has_work(server->core) &&
			   core_work(server->core, now);
	settle(server, now);
	server->now = 0;
	return 0;
}

int
server_run(struct server *server)
{
	int r = 0;

	while (!server->stopped && r == 0)
		r = server_turn(server, true);
	return r;
}

void
server_stop(struct server *server)
{
	server->stopped = true;
}

struct event_base *
server_base(struct server *server)
{
	return server->base;
}

struct core *
server_core(struct server *server)
{
	return server->core;
}

size_t
server_lane_count(const struct server *server)
{
	return server->n_conns;
}
