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
 *
 * What is large is not copied on its way: the end of a frame may be sent from
 * where it lies, and the end of one that came may stay where it was read to.
 */
#ifndef MPROXY_PROTO_CHANNEL_H
#define MPROXY_PROTO_CHANNEL_H

#include <sys/types.h>

#include "buffer.h"
#include "fdset.h"
#include "frame.h"
#include "loan.h"

/*
 * One read buffer at rest, for whichever channel reads next: on a server that
 * handles one lane after the other all of them read through the same, warm
 * memory. For one thread. All zero when empty.
 */
struct channel_spare {
	uint8_t *memory;
};

void channel_spare_deinit(struct channel_spare *spare);

struct channel {
	int fd; /* owned; -1 when closed */
	uint32_t max_length;
	bool wants_no_fds;	     /* none is taken: reading costs less */
	struct channel_spare *spare; /* borrowed; NULL: none */

	/* in: bytes in [in_start, in_end) are not handled yet */
	uint8_t *in;
	size_t in_capacity;
	size_t in_start;
	size_t in_end;
	struct fdset in_fds;

	size_t in_base;	 /* where they begin, when the buffer was just empty */
	size_t in_place; /* see channel_take_block() */

	/* a frame whose end lies elsewhere, and what is before it: goes out
	 * before what is in out */
	struct buffer head;
	struct span tail;
	struct loan *loan; /* held; NULL: none */
	size_t lent;	   /* of both, not written yet */

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

/* As below, at the end of the buffer, and where descriptors have come. */
int channel_next_with_fds(struct channel *channel, struct frame *ret,
			  struct fdset *fds);

/*
 * The next whole frame that has been read. Its payload stays valid until the
 * next channel_fill() or channel_trim(). Its descriptors, if any, are moved
 * into fds, which may be NULL when none are expected: then they are closed and
 * the frame refused.
 *
 * Returns 1, 0 when there is none, MPROXY_ERR_PROTOCOL or MPROXY_ERR_TOO_BIG.
 */
static inline int
channel_next(struct channel *channel, struct frame *ret, struct fdset *fds)
{
	size_t need;
	int64_t n;

	if (channel->in_fds.n > 0 || channel->in_start == channel->in_end)
		return channel_next_with_fds(channel, ret, fds);
	n = frame_parse(span_make(channel->in + channel->in_start,
				  channel->in_end - channel->in_start),
			channel->max_length, ret, &need);
	if (n <= 0)
		return (int)n;
	if (ret->n_fds > 0)
		return MPROXY_ERR_PROTOCOL; /* they did not come */
	channel->in_start += (size_t)n;
	return 1;
}

/* As below, where the buffer must grow, or the frame is too big. */
uint8_t *channel_reserve_slowly(struct channel *channel, enum frame_kind kind,
				size_t size);

/*
 * Room for a frame of this kind with a message of size bytes, which the
 * caller fills in at once. NULL without memory or when size is past the limit.
 */
static inline uint8_t *
channel_reserve(struct channel *channel, enum frame_kind kind, size_t size)
{
	struct buffer *out = &channel->out;
	size_t total = FRAME_HEADER_SIZE + size;
	uint8_t *at;

	if (size > channel->max_length || out->failed ||
	    total >= out->capacity - out->size)
		return channel_reserve_slowly(channel, kind, size);
	at = out->data + out->size;
	out->size += total;
	frame_pack_header(at, kind, (uint32_t)size, 0);
	return at + FRAME_HEADER_SIZE;
}

/*
 * As above, but the caller fills in all except the end of the message, which is
 * tail: it is sent from where it lies. loan, if any, is held as long; without,
 * tail must stay until all is written, or the channel is gone. NULL also when
 * it must be copied, as another such frame, or a descriptor, is on its way.
 */
uint8_t *channel_reserve_lent(struct channel *channel, enum frame_kind kind,
			      size_t size, struct span tail, struct loan *loan);

/* As below, where the buffer must grow. */
uint8_t *channel_begin_slowly(struct channel *channel, size_t most);

/*
 * Room for a frame whose message is not counted before, most bytes at most;
 * it is written at once, and then channel_end() says up to where and of which
 * kind it is: false when it is past the limit; then there is no frame. NULL
 * without memory.
 */
static inline uint8_t *
channel_begin(struct channel *channel, size_t most)
{
	struct buffer *out = &channel->out;

	if (out->failed ||
	    FRAME_HEADER_SIZE + most >= out->capacity - out->size)
		return channel_begin_slowly(channel, most);
	return out->data + out->size + FRAME_HEADER_SIZE;
}

static inline bool
channel_end(struct channel *channel, enum frame_kind kind, const uint8_t *end)
{
	uint8_t *at = channel->out.data + channel->out.size;
	size_t total = (size_t)(end - at);

	if (total - FRAME_HEADER_SIZE > channel->max_length)
		return false;
	frame_pack_header(at, kind, (uint32_t)(total - FRAME_HEADER_SIZE), 0);
	channel->out.size += total;
	return true;
}

/* As channel_reserve(), and fd travels with it. Takes fd, also on failure. One
 * at a time: NULL while another frame with a descriptor is not written yet. */
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
 * Takes the buffer with tail, the end of the frame that came last, for the
 * caller to free with block_free(): tail lies in_place bytes behind its
 * beginning, and there is room for a byte behind tail. NULL when it does not
 * lie so. A large frame does, when in_place is not too little for what is
 * before its last field, and the frame came alone.
 */
void *channel_take_block(struct channel *channel, struct span tail);

/*
 * Gives back the memory that an idle channel does not need. Nothing read from
 * the channel may be in use any more. Costs next to nothing: the server calls
 * it at the end of each turn of a lane.
 */
void channel_trim(struct channel *channel);

/* Bytes not written yet. */
static inline size_t
channel_pending(const struct channel *channel)
{
	return channel->lent + channel->out.size - channel->out_start;
}

#endif
