/*
 * Frames: how messages are told apart on a stream.
 *
 *	byte 0..3   length of the message, little-endian
 *	byte 4      version of the framing, 1
 *	byte 5      kind, which message of mproxy.proto follows
 *	byte 6      number of descriptors that travel with the frame
 *	byte 7      flags, 0
 *
 * Then the message. A length is checked against the limit before anything is
 * allocated for it.
 *
 * Why our own header in front of protobuf: a protobuf message does not know
 * its length, and its kind, version and descriptors must be known before any
 * of it is decoded.
 */
#ifndef MPROXY_PROTO_FRAME_H
#define MPROXY_PROTO_FRAME_H

#include "mproxy/error.h"
#include "wire.h"

#define FRAME_HEADER_SIZE 8
#define FRAME_VERSION 1
#define FRAME_MAX_FDS 16

/* What a frame may be larger than the largest value it carries. */
#define FRAME_ENVELOPE 65536u

enum frame_kind {
	FRAME_HELLO = 1,
	FRAME_WELCOME = 2,
	FRAME_CALL = 3,
	FRAME_REPLY = 4,
	FRAME_CANCEL = 5,
	FRAME_RELEASE = 6,
	FRAME_FORK = 7,
	FRAME_KIND_END
};

struct frame {
	enum frame_kind kind;
	uint8_t n_fds;
	struct span payload; /* points into the parsed bytes */
};

/* Writes FRAME_HEADER_SIZE bytes. */
static inline void
frame_pack_header(uint8_t *out, enum frame_kind kind, uint32_t length,
		  unsigned n_fds)
{
	wire_store64(out, length | (uint64_t)FRAME_VERSION << 32 |
				  (uint64_t)kind << 40 | (uint64_t)n_fds << 48);
}

/*
 * Looks for one whole frame at the start of data.
 *
 * Returns the bytes it takes up (header included) and fills ret; 0 when more
 * bytes are needed, then *ret_need is the total from the start of data that
 * the frame will take, as far as known (never more than the limit allows);
 * MPROXY_ERR_PROTOCOL for a bad header, MPROXY_ERR_TOO_BIG past max_length.
 */
static inline int64_t
frame_parse(struct span data, uint32_t max_length, struct frame *ret,
	    size_t *ret_need)
{
	uint64_t header;
	uint32_t length;
	uint8_t kind, n_fds;

	if (data.size < FRAME_HEADER_SIZE) {
		*ret_need = FRAME_HEADER_SIZE;
		return 0;
	}
	header = wire_load64(data.data);
	length = (uint32_t)header;
	kind = (uint8_t)(header >> 40);
	n_fds = (uint8_t)(header >> 48);
	if ((header >> 32 & 0xff) != FRAME_VERSION || kind == 0 ||
	    kind >= FRAME_KIND_END || n_fds > FRAME_MAX_FDS || header >> 56)
		return MPROXY_ERR_PROTOCOL;
	if (length > max_length)
		return MPROXY_ERR_TOO_BIG;
	if (data.size - FRAME_HEADER_SIZE < length) {
		*ret_need = FRAME_HEADER_SIZE + (size_t)length;
		return 0;
	}
	ret->kind = (enum frame_kind)kind;
	ret->n_fds = n_fds;
	ret->payload = span_make(data.data + FRAME_HEADER_SIZE, length);
	return FRAME_HEADER_SIZE + (int64_t)length;
}

#endif
