/*
 * A socket with what was read but not handled, and what is to be written.
 *
 * The only place that calls recvmsg and sendmsg. Both sides use it: the
 * server without blocking, the client with (it decides by flags). Knows
 * frames, not messages.
 *
 * One channel_fill() takes all the socket has, up to the size of the buffer;
 * then channel_next() gives frame after frame without a system call. Frames
 * to send pile up in one buffer and leave in one write, but a frame with
 * descriptors goes alone in its sendmsg.
 */
#ifndef MPROXY_PROTO_CHANNEL_H
#define MPROXY_PROTO_CHANNEL_H

#include <sys/types.h>

#include "buffer.h"
#include "fdset.h"
#include "frame.h"

struct channel {
	int fd; /* owned; -1 when closed */
	uint32_t max_length;
	bool wants_no_fds; /* none is taken: reading costs less */

	/* in: bytes in [in_start, in_end) are not handled yet */
	uint8_t *in;
	size_t in_capacity;
	size_t in_start;
	size_t in_end;
	struct fdset in_fds;

	/* out: bytes from out_start on are not written yet */
	struct buffer out;
	size_t out_start;
	struct fdset out_fds; /* go with the frame at out_fds_at */
	size_t out_fds_at;
	size_t out_fds_end; /* where that frame ends */
};

/* Takes fd. max_length bounds the message of a frame. Never fails. */
void channel_init(struct channel *channel, int fd, uint32_t max_length);

/* Closes fd and drops everything. */
void channel_deinit(struct channel *channel);

/*
 * Reads once. flags are those of recvmsg (MSG_DONTWAIT or 0).
 *
 * Returns the number of bytes; 0 at the end of the stream; or a negative
 * errno: -EAGAIN, -EINTR, -ECONNRESET (the peer closed without having read
 * everything), -EPROTO (descriptors lost, or too many; the channel is dead),
 * -ENOMEM, -ENOBUFS (the buffer is full of frames: handle them first).
 */
ssize_t channel_fill(struct channel *channel, int flags);

/*
 * The next whole frame that has been read. Its payload stays valid until the
 * next channel_fill() or channel_trim(). Its descriptors, if any, are moved into fds, which may
 * be NULL when none are expected: then they are closed and the frame refused.
 *
 * Returns 1, 0 when there is none, MPROXY_ERR_PROTOCOL or MPROXY_ERR_TOO_BIG.
 */
int channel_next(struct channel *channel, struct frame *ret, struct fdset *fds);

/*
 * Room for a frame of this kind with a message of size bytes, which the
 * caller fills in at once. NULL without memory or when size is past the limit.
 */
uint8_t *channel_reserve(struct channel *channel, enum frame_kind kind,
			 size_t size);

/* As above, and fd travels with it. Takes fd, also on failure. One at a time:
 * NULL while another frame with a descriptor is not written yet. */
uint8_t *channel_reserve_with_fd(struct channel *channel, enum frame_kind kind,
				 size_t size, int fd);

/*
 * Writes what there is. flags as for sendmsg; MSG_NOSIGNAL is added.
 *
 * Returns 0 when all is written, or a negative errno: -EAGAIN, -EINTR (part
 * may be written; call again), -EPIPE and others: the channel is dead.
 */
int channel_flush(struct channel *channel, int flags);

/*
 * Gives back the memory that an idle channel does not need. Nothing read from
 * the channel may be in use any more. Costs next to nothing: the server calls
 * it at the end of each turn of a lane.
 */
void channel_trim(struct channel *channel);

/* Bytes not written yet. */
size_t channel_pending(const struct channel *channel);

#endif
