/*
 * The messages of mproxy.proto as plain structs.
 *
 * Only message.c sees generated code. Unpacked messages point into the frame
 * and the arena: valid until either is reused. Method, program and details are
 * known to be UTF-8 without NUL, keys to be empty or of MESSAGE_KEY_SIZE; the
 * values in args and results have not been looked at.
 */
#ifndef MPROXY_PROTO_MESSAGE_H
#define MPROXY_PROTO_MESSAGE_H

#include "arena.h"
#include "channel.h"
#include "span.h"

#define MESSAGE_VERSION 1u
#define MESSAGE_KEY_SIZE 16		 /* instance, session key, fork nonce */
#define MESSAGE_LENDS ((size_t)32 << 10) /* smaller ends of frames are copied */
#define MESSAGE_MANAGER 1u		 /* the object that is always there */

struct message_hello {
	uint32_t version;
	struct span session;
	struct span fork;
	uint64_t thread;
	struct span program;
};

struct message_welcome {
	uint32_t version;
	int32_t status;
	struct span detail;
	struct span instance;
	struct span session;
	uint64_t max_value;
	uint32_t pid;
};

struct message_call {
	uint64_t id;
	uint64_t object;
	struct span method;
	int64_t timeout_ms;
	size_t n_args;
	const struct span *args;
	/* when it is sent: more arguments, the items of a list as they lie in
	 * it; what is received has all of them in args */
	struct span items;
	bool lends; /* the last argument stays until it is sent: not copied */
};

struct message_reply {
	uint64_t id;
	int32_t status;
	size_t n_results;
	const struct span *results;
	struct span detail;
	struct loan *loan; /* of the one result of a success, which is then
			    * sent from where it lies; NULL: it is copied */
};

struct message_release {
	uint64_t object;
	uint64_t count;
};

struct message_fork {
	uint64_t id;
	struct span nonce;
};

/* Each: 0, MPROXY_ERR_PROTOCOL (undecodable) or MPROXY_ERR_TOO_BIG (over the
 * arena's budget, or no memory). */
int message_unpack_hello(struct arena *arena, struct span payload,
			 struct message_hello *ret);
int message_unpack_welcome(struct arena *arena, struct span payload,
			   struct message_welcome *ret);
int message_unpack_call(struct arena *arena, struct span payload,
			struct message_call *ret);
int message_unpack_reply(struct arena *arena, struct span payload,
			 struct message_reply *ret);
int message_unpack_cancel(struct arena *arena, struct span payload,
			  uint64_t *ret_id);
int message_unpack_release(struct arena *arena, struct span payload,
			   struct message_release *ret);
int message_unpack_fork(struct arena *arena, struct span payload,
			struct message_fork *ret);

/* Each appends one frame to the channel: 0, MPROXY_ERR_TOO_BIG (past the
 * channel's limit) or MPROXY_ERR_NO_MEMORY; on failure nothing is appended. */
int message_send_hello(struct channel *channel,
		       const struct message_hello *hello);
int message_send_welcome(struct channel *channel,
			 const struct message_welcome *welcome);
int message_send_call(struct channel *channel, const struct message_call *call);
int message_send_reply(struct channel *channel,
		       const struct message_reply *reply);
int message_send_cancel(struct channel *channel, uint64_t id);
int message_send_release(struct channel *channel,
			 const struct message_release *release);
/* Takes fd, also on failure; -1: a Fork that only asks to be ready for one. */
int message_send_fork(struct channel *channel, const struct message_fork *fork,
		      int fd);

/*
 * Writes a whole Cancel frame into out, at most MESSAGE_CANCEL_MAX bytes, and
 * returns its size. Uses nothing but its arguments: fit for a signal handler.
 */
#define MESSAGE_CANCEL_MAX 24
size_t message_pack_cancel(uint8_t *out, uint64_t id);

/* The budget for decoding a message of this size: enough for any that a
 * client of ours sends, and a bound on what others can make of it. */
static inline size_t
message_budget(size_t size)
{
	return 4 * size + ((size_t)64 << 10);
}

#endif
