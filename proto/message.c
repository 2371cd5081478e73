/*
 * Why plain structs beside the generated ones: the rest of the program then
 * does not depend on what a compiler for schemas likes to emit, and what the
 * schema cannot say (this is text, this is a key) is checked in one place.
 * Call and Reply are in message-call.c.
 */
#include "message.h"

#include "mproxy/error.h"
#include "proto/mproxy.pb-c.h"
#include "value.h"
#include "wire.h"

static struct span
from_data(ProtobufCBinaryData data)
{
	return span_make(data.data, data.len);
}

/* Packing only reads, but the generated structs do not say so. */
static ProtobufCBinaryData
to_data(struct span span)
{
	return (ProtobufCBinaryData){
		.len = span.size,
		.data = (uint8_t *)(uintptr_t)span.data,
	};
}

static bool
is_key(struct span span)
{
	return span.size == 0 || span.size == MESSAGE_KEY_SIZE;
}

/* A decoder that gives NULL does not say why; the arena does. */
static int
unpack_error(const struct arena *arena)
{
	return arena->failed ? MPROXY_ERR_TOO_BIG : MPROXY_ERR_PROTOCOL;
}

int
message_unpack_hello(struct arena *arena, struct span payload,
		     struct message_hello *ret)
{
	Mproxy__Wire__Hello *hello = mproxy__wire__hello__unpack(
		&arena->allocator, payload.size, payload.data);

	if (!hello)
		return unpack_error(arena);
	*ret = (struct message_hello){
		.version = hello->version,
		.session = from_data(hello->session),
		.fork = from_data(hello->fork),
		.thread = hello->thread,
		.program = from_data(hello->program),
	};
	if (!is_key(ret->session) || !is_key(ret->fork) ||
	    !value_is_utf8(ret->program))
		return MPROXY_ERR_PROTOCOL;
	return 0;
}

int
message_unpack_welcome(struct arena *arena, struct span payload,
		       struct message_welcome *ret)
{
	Mproxy__Wire__Welcome *welcome = mproxy__wire__welcome__unpack(
		&arena->allocator, payload.size, payload.data);

	if (!welcome)
		return unpack_error(arena);
	*ret = (struct message_welcome){
		.version = welcome->version,
		.status = welcome->status,
		.detail = from_data(welcome->detail),
		.instance = from_data(welcome->instance),
		.session = from_data(welcome->session),
		.max_value = welcome->max_value,
		.pid = welcome->pid,
	};
	if (!is_key(ret->instance) || !is_key(ret->session) ||
	    !value_is_utf8(ret->detail))
		return MPROXY_ERR_PROTOCOL;
	return 0;
}

int
message_unpack_cancel(struct arena *arena, struct span payload,
		      uint64_t *ret_id)
{
	Mproxy__Wire__Cancel *cancel = mproxy__wire__cancel__unpack(
		&arena->allocator, payload.size, payload.data);

	if (!cancel)
		return unpack_error(arena);
	*ret_id = cancel->id;
	return 0;
}

int
message_unpack_release(struct arena *arena, struct span payload,
		       struct message_release *ret)
{
	Mproxy__Wire__Release *release = mproxy__wire__release__unpack(
		&arena->allocator, payload.size, payload.data);

	if (!release)
		return unpack_error(arena);
	*ret = (struct message_release){
		.object = release->object,
		.count = release->count,
	};
	return 0;
}

int
message_unpack_fork(struct arena *arena, struct span payload,
		    struct message_fork *ret)
{
	Mproxy__Wire__Fork *fork = mproxy__wire__fork__unpack(
		&arena->allocator, payload.size, payload.data);

	if (!fork)
		return unpack_error(arena);
	*ret = (struct message_fork){
		.id = fork->id,
		.nonce = from_data(fork->nonce),
	};
	return ret->nonce.size == MESSAGE_KEY_SIZE ? 0 : MPROXY_ERR_PROTOCOL;
}

static int
no_room(const struct channel *channel, size_t size)
{
	return size > channel->max_length ? MPROXY_ERR_TOO_BIG
					  : MPROXY_ERR_NO_MEMORY;
}

static int
send_message(struct channel *channel, enum frame_kind kind,
	     const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *out = channel_reserve(channel, kind, size);

	if (!out)
		return no_room(channel, size);
	protobuf_c_message_pack(message, out);
	return 0;
}

int
message_send_hello(struct channel *channel, const struct message_hello *hello)
{
	Mproxy__Wire__Hello wire = MPROXY__WIRE__HELLO__INIT;

	wire.version = hello->version;
	wire.session = to_data(hello->session);
	wire.fork = to_data(hello->fork);
	wire.thread = hello->thread;
	wire.program = to_data(hello->program);
	return send_message(channel, FRAME_HELLO, &wire.base);
}

int
message_send_welcome(struct channel *channel,
		     const struct message_welcome *welcome)
{
	Mproxy__Wire__Welcome wire = MPROXY__WIRE__WELCOME__INIT;

	wire.version = welcome->version;
	wire.status = welcome->status;
	wire.detail = to_data(welcome->detail);
	wire.instance = to_data(welcome->instance);
	wire.session = to_data(welcome->session);
	wire.max_value = welcome->max_value;
	wire.pid = welcome->pid;
	return send_message(channel, FRAME_WELCOME, &wire.base);
}

int
message_send_cancel(struct channel *channel, uint64_t id)
{
	Mproxy__Wire__Cancel wire = MPROXY__WIRE__CANCEL__INIT;

	wire.id = id;
	return send_message(channel, FRAME_CANCEL, &wire.base);
}

int
message_send_release(struct channel *channel,
		     const struct message_release *release)
{
	Mproxy__Wire__Release wire = MPROXY__WIRE__RELEASE__INIT;

	wire.object = release->object;
	wire.count = release->count;
	return send_message(channel, FRAME_RELEASE, &wire.base);
}

int
message_send_fork(struct channel *channel, const struct message_fork *fork,
		  int fd)
{
	Mproxy__Wire__Fork wire = MPROXY__WIRE__FORK__INIT;
	uint8_t *out;
	size_t size;

	wire.id = fork->id;
	wire.nonce = to_data(fork->nonce);
	size = mproxy__wire__fork__get_packed_size(&wire);
	if (fd < 0)
		out = channel_reserve(channel, FRAME_FORK, size);
	else
		out = channel_reserve_with_fd(channel, FRAME_FORK, size, fd);
	if (!out)
		return no_room(channel, size);
	mproxy__wire__fork__pack(&wire, out);
	return 0;
}

size_t
message_pack_cancel(uint8_t *out, uint64_t id)
{
	uint8_t *end = out + FRAME_HEADER_SIZE;

	if (id != 0) {
		*end++ = WIRE_TAG(1, WIRE_VARINT);
		end = wire_put_varint(end, id);
	}
	frame_pack_header(out, FRAME_CANCEL,
			  (uint32_t)(end - out - FRAME_HEADER_SIZE), 0);
	return (size_t)(end - out);
}
