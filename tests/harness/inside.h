/*
 * A server in the process of the test, on the test's own loop: client and
 * server take turns, nothing sleeps, and a sanitizer sees both.
 */
#ifndef MPROXY_TESTS_INSIDE_H
#define MPROXY_TESTS_INSIDE_H

#include "server/server.h"
#include "tests/harness/raw.h"

struct inside {
	struct server *server;
	struct event *watchdog; /* fails a test that waits in vain */
};

/* config NULL: the default. */
void inside_init(struct inside *inside, const struct server_config *config);
void inside_deinit(struct inside *inside);

/* One turn that waits for something to happen. */
void inside_turn(void *inside);
/* Turns until there are n connections, or n objects. */
void inside_until_lanes(struct inside *inside, size_t n);
void inside_until_objects(struct inside *inside, size_t n);

/* A socket pair; without a word said. */
void inside_connect(struct inside *inside, struct raw *ret);
/* The same, and hello has been answered. */
void inside_open(struct inside *inside, struct raw *ret);

#endif
