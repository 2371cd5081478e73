/*
 * A client that speaks frames by hand, well or badly.
 *
 * With a turn function it talks to a server in its own process: instead of
 * waiting it turns that server. Every failure fails the test; nothing waits
 * longer than RAW_PATIENCE_MS.
 */
#ifndef MPROXY_TESTS_RAW_H
#define MPROXY_TESTS_RAW_H

#include "proto/message.h"

#define RAW_PATIENCE_MS 20000

struct raw {
	struct channel channel;
	struct arena arena;
	uint8_t session[MESSAGE_KEY_SIZE]; /* from the last welcome */
	uint8_t instance[MESSAGE_KEY_SIZE];
	uint32_t server_pid;
	uint64_t next_id;
	void (*turn)(void *context); /* NULL: wait for the socket */
	void *context;
};

/* Takes fd. */
void raw_init(struct raw *raw, int fd);
void raw_deinit(struct raw *raw); /* closes; fine after it was closed */

/* A socket connected to path, without a word said. */
void raw_connect(struct raw *raw, const char *path);
/* The same, and hello has been answered. */
void raw_open(struct raw *raw, const char *path);

/* --- sending --- */

/* Bytes as they are. False when the server has closed. */
bool raw_send(struct raw *raw, const void *bytes, size_t size);
/* A frame with this payload, and n_fds descriptors of /dev/null. */
void raw_send_frame(struct raw *raw, int kind, struct span payload,
		    unsigned n_fds);
void raw_send_hello(struct raw *raw, const struct message_hello *hello);
/* args: values, whole. Returns its id. timeout_ms as on the wire. */
uint64_t raw_send_call(struct raw *raw, uint64_t object, const char *method,
		       const struct span *args, size_t n_args,
		       int64_t timeout_ms);

/* --- receiving; spans are valid until the next of these --- */

/* The next frame; false at the end of the stream. */
bool raw_next(struct raw *raw, struct frame *ret);
struct message_welcome raw_welcome(struct raw *raw);
struct message_reply raw_reply(struct raw *raw);
/* What the server sends until it closes is read; fails if it does not. */
void raw_expect_end(struct raw *raw);

/* --- both --- */

/* A new session. */
void raw_hello(struct raw *raw);
struct message_reply raw_call(struct raw *raw, uint64_t object,
			      const char *method, const struct span *args,
			      size_t n_args, int64_t timeout_ms);
/* The server answers: it is alive. */
void raw_ping(struct raw *raw);
/* A new anonymous object of a type, without arguments: its id. */
uint64_t raw_new_object(struct raw *raw, const char *type);
/* The object of this name and type, made if it is not there: its id. */
uint64_t raw_open_object(struct raw *raw, const char *type, const char *name);

#endif
