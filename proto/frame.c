/*
 * Why our own header in front of protobuf: a protobuf message does not know
 * its length, and its kind, version and descriptors must be known before any
 * of it is decoded.
 */
#include "frame.h"

#include "mproxy/error.h"
#include "wire.h"

void
frame_pack_header(uint8_t *out, enum frame_kind kind, uint32_t length,
		  unsigned n_fds)
{
	wire_store32(out, length);
	out[4] = FRAME_VERSION;
	out[5] = (uint8_t)kind;
	out[6] = (uint8_t)n_fds;
	out[7] = 0;
}

int64_t
frame_parse(struct span data, uint32_t max_length, struct frame *ret,
	    size_t *ret_need)
{
	uint32_t length;
	size_t total;

	if (data.size < FRAME_HEADER_SIZE) {
		*ret_need = FRAME_HEADER_SIZE;
		return 0;
	}
	if (data.data[4] != FRAME_VERSION || data.data[5] == 0 ||
	    data.data[5] >= FRAME_KIND_END || data.data[6] > FRAME_MAX_FDS ||
	    data.data[7] != 0)
		return MPROXY_ERR_PROTOCOL;
	length = wire_load32(data.data);
	if (length > max_length)
		return MPROXY_ERR_TOO_BIG;
	total = FRAME_HEADER_SIZE + (size_t)length;
	if (data.size < total) {
		*ret_need = total;
		return 0;
	}
	*ret = (struct frame){
		.kind = (enum frame_kind)data.data[5],
		.n_fds = data.data[6],
		.payload = span_make(data.data + FRAME_HEADER_SIZE, length),
	};
	return (int64_t)total;
}
