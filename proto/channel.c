/*
 * Why not bufferevents: they take a copy more, cost half the speed, and read
 * with recv(), which drops descriptors without a word.
 *
 * The read buffer exists only while there is something in it that is not
 * handled: ten thousand idle clients must cost next to nothing. It starts at
 * IN_SIZE whatever a header claims, and doubles only when it has been filled
 * by bytes that really came.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "block.h"
#include "channel.h"
#include "sanitize.h"

#include "mproxy/error.h"

#define IN_SIZE ((size_t)16 << 10)
#define OUT_KEEP ((size_t)4 << 10)    /* kept by channel_trim() */
#define OUT_LARGE ((size_t)256 << 10) /* not kept when all is written */
#define KERNEL_MAX_FDS 253	      /* SCM_MAX_FD: no message has more */

void
channel_spare_deinit(struct channel_spare *spare)
{
	free(spare->memory);
	spare->memory = NULL;
}

static uint8_t *
in_alloc(struct channel *channel)
{
	struct channel_spare *spare = channel->spare;
	uint8_t *memory = NULL;

	if (!SANITIZED && spare) {
		memory = spare->memory;
		spare->memory = NULL;
	}
	return memory ? memory : malloc(IN_SIZE);
}

static void
in_leave(struct channel *channel)
{
	channel->in = NULL;
	channel->in_capacity = 0;
	channel->in_base = 0;
	channel->in_start = 0;
	channel->in_end = 0;
}

static void
in_free(struct channel *channel)
{
	struct channel_spare *spare = channel->spare;

	if (!SANITIZED && spare && !spare->memory &&
	    channel->in_capacity == IN_SIZE)
		spare->memory = channel->in;
	else
		block_free(channel->in, channel->in_capacity);
	in_leave(channel);
}

/* Written, or never to be. */
static void
end_lent(struct channel *channel)
{
	if (channel->loan)
		loan_let_go(channel->loan);
	channel->loan = NULL;
	channel->lent = 0;
	/* what comes next takes the memory, unless it has its own */
	if (!channel->out.data) {
		channel->out = channel->head;
		buffer_clear(&channel->out);
		channel->head = (struct buffer)BUFFER_INIT;
	}
	buffer_deinit(&channel->head);
}

void
channel_init(struct channel *channel, int fd, uint32_t max_length)
{
	*channel = (struct channel){ .fd = fd, .max_length = max_length };
}

void
channel_deinit(struct channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
	fdset_deinit(&channel->in_fds);
	fdset_deinit(&channel->out_fds);
	in_free(channel);
	end_lent(channel);
	buffer_deinit(&channel->out);
	channel->out_start = 0;
}

void
channel_trim(struct channel *channel)
{
	if (channel->in && channel->in_start == channel->in_end)
		in_free(channel);
	if (channel_pending(channel) == 0 && channel->out.capacity > OUT_KEEP) {
		buffer_deinit(&channel->out);
		channel->out_start = 0;
	}
}

/* Where a large frame begins in its buffer, so that its end lies in_place. */
static size_t
base_for(const struct channel *channel, size_t need)
{
	struct span part = span_make(channel->in, channel->in_end);
	size_t tail;

	if (channel->in_place == 0)
		return 0;
	part.data += FRAME_HEADER_SIZE;
	part.size -= FRAME_HEADER_SIZE;
	tail = wire_find_tail(part, need - FRAME_HEADER_SIZE);
	if (tail == 0 || FRAME_HEADER_SIZE + tail > channel->in_place)
		return 0;
	return channel->in_place - tail - FRAME_HEADER_SIZE;
}

/* A large frame leaves the buffer of the usual size. */
static int
in_move(struct channel *channel, size_t need, size_t capacity)
{
	size_t size = channel->in_end;
	size_t base = base_for(channel, need);
	uint8_t *memory = block_find(base + need + 1);

	if (memory)
		capacity = need;
	else
		memory = malloc(base + capacity + 1);
	if (!memory)
		return -ENOMEM;
	memcpy(memory + base, channel->in, size);
	in_free(channel);
	channel->in = memory;
	channel->in_capacity = base + capacity;
	channel->in_base = base;
	channel->in_start = base;
	channel->in_end = base + size;
	return 0;
}

/*
 * A buffer that is full and cannot be emptied holds part of one frame. It
 * doubles, so that what is taken is at most twice what has arrived; only a
 * kept block, which takes no memory, is as large as the header says.
 */
static __attribute__((noinline)) int
in_grow(struct channel *channel)
{
	size_t base = channel->in_base;
	size_t capacity = (channel->in_capacity - base) * 2;
	size_t need = 0;
	struct frame frame;
	uint8_t *memory;

	if (frame_parse(span_make(channel->in + base, channel->in_end - base),
			channel->max_length, &frame, &need) != 0)
		return -ENOBUFS;
	if (capacity > need)
		capacity = need;
	if (need >= BLOCK_LARGE && channel->in_capacity == IN_SIZE)
		return in_move(channel, need, capacity);
	memory = realloc(channel->in, base + capacity + 1);
	if (!memory)
		return -ENOMEM;
	channel->in = memory;
	channel->in_capacity = base + capacity;
	return 0;
}

static int
in_make_room(struct channel *channel)
{
	size_t size = channel->in_end - channel->in_start;

	if (!channel->in) {
		channel->in = in_alloc(channel);
		if (!channel->in)
			return -ENOMEM;
		channel->in_capacity = IN_SIZE;
		return 0;
	}
	if (channel->in_start > channel->in_base) {
		memmove(channel->in, channel->in + channel->in_start, size);
		channel->in_base = 0;
		channel->in_start = 0;
		channel->in_end = size;
	}
	/* what a large frame needed goes when that frame is done */
	if (size == 0 && channel->in_capacity > IN_SIZE) {
		in_free(channel);
		return in_make_room(channel);
	}
	return channel->in_end < channel->in_capacity ? 0 : in_grow(channel);
}

void *
channel_take_block(struct channel *channel, struct span tail)
{
	uint8_t *block = channel->in;

	if (channel->in_place == 0 || !block ||
	    tail.data != block + channel->in_place ||
	    tail.data + tail.size != block + channel->in_end ||
	    channel->in_start < channel->in_end ||
	    channel->in_capacity == IN_SIZE)
		return NULL;
	in_leave(channel);
	return block;
}

/* All descriptors of a control message go into the set, or all are closed. */
static int
receive_fds(struct channel *channel, struct msghdr *header)
{
	bool lost = (header->msg_flags & MSG_CTRUNC) != 0;
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(header); cmsg;
	     cmsg = CMSG_NXTHDR(header, cmsg)) {
		size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		const unsigned char *data = CMSG_DATA(cmsg);

		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
			if (fdset_consume(&channel->in_fds, fd) != 0)
				lost = true;
		}
	}
	if (!lost)
		return 0;
	/* which frame lost one can no longer be told */
	fdset_deinit(&channel->in_fds);
	return -EPROTO;
}

/* As recv(), and what descriptors come are kept. */
static ssize_t
receive(struct channel *channel, void *data, size_t size, int flags)
{
	union {
		char bytes[CMSG_SPACE(KERNEL_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(channel->fd, &header, flags | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return -errno;
	if (header.msg_controllen > 0 || header.msg_flags & MSG_CTRUNC) {
		int r = receive_fds(channel, &header);

		if (r < 0)
			return r;
	}
	return n;
}

ssize_t
channel_fill(struct channel *channel, int flags)
{
	ssize_t n = in_make_room(channel);
	size_t room = channel->in_capacity - channel->in_end;
	uint8_t *end = channel->in + channel->in_end;

	if (n < 0)
		return n;
	if (!channel->wants_no_fds)
		n = receive(channel, end, room, flags);
	else if ((n = recv(channel->fd, end, room, flags)) < 0)
		n = -errno;
	if (n == -EWOULDBLOCK)
		n = -EAGAIN;
	if (n > 0)
		channel->in_end += (size_t)n;
	return n;
}

static int
move_fds(struct channel *channel, const struct frame *frame, struct fdset *fds)
{
	struct fdset none = FDSET_INIT;

	if (fds)
		return fdset_move(&channel->in_fds, frame->n_fds, fds);
	fdset_move(&channel->in_fds, frame->n_fds, &none);
	fdset_deinit(&none);
	return MPROXY_ERR_PROTOCOL;
}

int
channel_next_with_fds(struct channel *channel, struct frame *ret,
		      struct fdset *fds)
{
	struct frame frame;
	struct span data;
	size_t need;
	int64_t n;

	if (channel->in_start == channel->in_end) {
		/* a descriptor comes with the first byte of its frame: one
		 * that is still here belongs to none */
		if (channel->in_fds.n == 0)
			return 0;
		fdset_deinit(&channel->in_fds);
		return MPROXY_ERR_PROTOCOL;
	}
	data = span_make(channel->in + channel->in_start,
			 channel->in_end - channel->in_start);
	n = frame_parse(data, channel->max_length, &frame, &need);
	if (n <= 0)
		return (int)n;
	if (frame.n_fds > 0 && move_fds(channel, &frame, fds) != 0)
		return MPROXY_ERR_PROTOCOL;
	channel->in_start += (size_t)n;
	*ret = frame;
	return 1;
}

/* What has been written gives way to what comes, once that moves fewer bytes
 * than it frees. */
static void
out_compact(struct channel *channel)
{
	struct buffer *out = &channel->out;
	size_t start = channel->out_start;
	size_t pending = out->size - start;

	if (start == 0 || pending > start)
		return;
	memmove(out->data, out->data + start, pending);
	out->size = pending;
	channel->out_start = 0;
	if (channel->out_fds.n > 0) {
		channel->out_fds_at -= start;
		channel->out_fds_end -= start;
	}
}

/* Room for a frame at the end of the buffer. */
static uint8_t *
out_extend(struct channel *channel, size_t total)
{
	uint8_t *out;

	if (channel->out.capacity - channel->out.size < total)
		out_compact(channel);
	out = buffer_extend(&channel->out, total);
	/* this frame is lost, the ones before it are not */
	if (!out)
		channel->out.failed = false;
	return out;
}

uint8_t *
channel_begin_slowly(struct channel *channel, size_t most)
{
	size_t total = FRAME_HEADER_SIZE + most;
	uint8_t *out = out_extend(channel, total);

	if (!out)
		return NULL;
	channel->out.size -= total;
	return out + FRAME_HEADER_SIZE;
}

static uint8_t *
reserve(struct channel *channel, enum frame_kind kind, size_t size,
	unsigned n_fds)
{
	uint8_t *out;

	if (size > channel->max_length)
		return NULL;
	out = out_extend(channel, FRAME_HEADER_SIZE + size);
	if (!out)
		return NULL;
	frame_pack_header(out, kind, (uint32_t)size, n_fds);
	return out + FRAME_HEADER_SIZE;
}

uint8_t *
channel_reserve_slowly(struct channel *channel, enum frame_kind kind,
		       size_t size)
{
	return reserve(channel, kind, size, 0);
}

uint8_t *
channel_reserve_lent(struct channel *channel, enum frame_kind kind, size_t size,
		     struct span tail, struct loan *loan)
{
	uint8_t *at;

	if (size > channel->max_length || channel->lent > 0 ||
	    channel->out_fds.n > 0)
		return NULL;
	at = channel_reserve(channel, kind, size - tail.size);
	if (!at)
		return NULL;
	frame_pack_header(at - FRAME_HEADER_SIZE, kind, (uint32_t)size, 0);
	channel->lent = channel_pending(channel) + tail.size;
	channel->head = channel->out;
	channel->out = (struct buffer)BUFFER_INIT;
	channel->out_start = 0;
	channel->tail = tail;
	channel->loan = loan;
	if (loan)
		loan_hold(loan);
	return at;
}

static __attribute__((noinline)) int
flush_lent(struct channel *channel, int flags)
{
	const struct buffer *head = &channel->head;
	struct span tail = channel->tail;

	while (channel->lent > 0) {
		size_t of_tail = channel->lent < tail.size ? channel->lent
							   : tail.size;
		size_t of_head = channel->lent - of_tail;
		struct iovec parts[2] = {
			{ head->data + head->size - of_head, of_head },
			{ (uint8_t *)(uintptr_t)tail.data + tail.size - of_tail,
			  of_tail },
		};
		struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };
		ssize_t n = sendmsg(channel->fd, &header, flags);

		if (n < 0)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		channel->lent -= (size_t)n;
	}
	end_lent(channel);
	return 0;
}

uint8_t *
channel_reserve_with_fd(struct channel *channel, enum frame_kind kind,
			size_t size, int fd)
{
	uint8_t *out = NULL;

	if (channel->out_fds.n == 0)
		out = reserve(channel, kind, size, 1);
	if (!out) {
		close(fd);
		return NULL;
	}
	fdset_consume(&channel->out_fds, fd);
	channel->out_fds_end = channel->out.size;
	channel->out_fds_at = channel->out.size - size - FRAME_HEADER_SIZE;
	return out;
}

static ssize_t
send_with_fds(struct channel *channel, int flags)
{
	union {
		char bytes[CMSG_SPACE(FRAME_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	size_t size = channel->out_fds.n * sizeof(int);
	struct iovec iov = {
		.iov_base = channel->out.data + channel->out_fds_at,
		.iov_len = channel->out_fds_end - channel->out_fds_at,
	};
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(size),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
	ssize_t n;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(cmsg), channel->out_fds.fds, size);
	n = sendmsg(channel->fd, &header, flags);
	/* they travel with the first byte */
	if (n > 0)
		fdset_deinit(&channel->out_fds);
	return n;
}

int
channel_flush(struct channel *channel, int flags)
{
	struct buffer *out = &channel->out;

	flags |= MSG_NOSIGNAL;
	if (channel->lent > 0) {
		int r = flush_lent(channel, flags);

		if (r < 0)
			return r;
	}
	while (channel->out_start < out->size) {
		size_t end = out->size;
		ssize_t n;

		if (channel->out_fds.n > 0)
			end = channel->out_fds_at;
		if (channel->out_start < end)
			n = send(channel->fd, out->data + channel->out_start,
				 end - channel->out_start, flags);
		else
			n = send_with_fds(channel, flags);
		if (n < 0)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		channel->out_start += (size_t)n;
	}
	channel->out_start = 0;
	buffer_clear(out);
	if (out->capacity > OUT_LARGE)
		buffer_deinit(out);
	return 0;
}
