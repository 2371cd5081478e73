/*
 * Call and Reply, read and written in place.
 *
 * Why not by the generated code, as all other messages: for a call and its
 * reply, at both ends, it takes 335 ns where this takes 120; it copies each
 * argument, and one may have 64 MiB; and it needs 24 times the memory of a
 * message with many small arguments, so that a budget that stops an attacker
 * would stop those, too. Here an argument costs one span: 16 bytes for the 4
 * or more that it has on the wire. The bytes are the same; a test holds one
 * against the other.
 */
#include "message.h"

#include "mproxy/error.h"
#include "value-wire.h"

#define CALL_ID WIRE_TAG(1, WIRE_VARINT)
#define CALL_OBJECT WIRE_TAG(2, WIRE_VARINT)
#define CALL_METHOD WIRE_TAG(3, WIRE_LENGTH)
#define CALL_TIMEOUT WIRE_TAG(4, WIRE_VARINT)
#define CALL_ARG WIRE_TAG(5, WIRE_LENGTH)
#define CALL_LAST_FIELD 5

#define REPLY_ID WIRE_TAG(1, WIRE_VARINT)
#define REPLY_STATUS WIRE_TAG(2, WIRE_VARINT)
#define REPLY_RESULT WIRE_TAG(3, WIRE_LENGTH)
#define REPLY_DETAIL WIRE_TAG(4, WIRE_LENGTH)
#define REPLY_LAST_FIELD 4

#define WIRE_FIXED32 5u

struct field {
	uint64_t tag;
	uint64_t number;   /* of a varint */
	struct span bytes; /* of a length-delimited one */
};

static bool
skip(struct wire *in, size_t size)
{
	if (wire_left(in) < size)
		return false;
	in->at += size;
	return true;
}

static inline bool
next_field(struct wire *in, struct field *ret)
{
	if (!wire_get_varint(in, &ret->tag) || ret->tag >> 3 == 0 ||
	    ret->tag > UINT32_MAX)
		return false;
	switch (ret->tag & 7) {
	case WIRE_VARINT:
		return wire_get_varint(in, &ret->number);
	case WIRE_LENGTH:
		return wire_get_span(in, &ret->bytes);
	case WIRE_FIXED64:
		return skip(in, 8);
	case WIRE_FIXED32:
		return skip(in, 4);
	default:
		return false;
	}
}

/*
 * Arguments or results as they are read. The first few are kept, which is all
 * there are in nearly every message; more are looked up in a second pass.
 */
#define FEW 4

struct collector {
	struct span first[FEW];
	size_t n;
};

static inline void
collect(struct collector *collector, struct span bytes)
{
	if (collector->n < FEW)
		collector->first[collector->n] = bytes;
	collector->n++;
}

/* All of them; payload is known to be well-formed. */
static __attribute__((noinline)) void
collect_again(struct span *spans, size_t n, struct span payload, uint64_t tag)
{
	struct wire in = wire_make(payload);
	struct field field = { 0 };

	for (size_t i = 0; i < n;) {
		next_field(&in, &field);
		if (field.tag == tag)
			spans[i++] = field.bytes;
	}
}

/* All of them, in an array of the arena. */
static inline int
collected(const struct collector *collector, struct arena *arena,
	  struct span payload, uint64_t tag, const struct span **ret)
{
	size_t n = collector->n;
	struct span *spans;

	if (n == 0)
		return 0;
	spans = arena_alloc(arena, n * sizeof(*spans));
	if (!spans)
		return MPROXY_ERR_TOO_BIG;
	if (n > FEW)
		collect_again(spans, n, payload, tag);
	else
		for (size_t i = 0; i < n; i++)
			spans[i] = collector->first[i];
	*ret = spans;
	return 0;
}

/*
 * A call as our own library writes it, each field in its place: done in a few
 * steps. False for any other, and for what is no call at all.
 */
static inline bool
get_call_in_order(struct span payload, struct message_call *call,
		  struct collector *args)
{
	const uint8_t *at = payload.data, *end = at + payload.size;
	struct wire_number id = { at, 0 }, object, method, timeout, arg;

	if (*at == CALL_ID && !(id = wire_read(at + 1, end)).next)
		return false;
	object = (struct wire_number){ id.next, 0 };
	if (object.next < end && *object.next == CALL_OBJECT &&
	    !(object = wire_read(object.next + 1, end)).next)
		return false;
	at = object.next;
	if (at == end || *at != CALL_METHOD ||
	    !(method = wire_read(at + 1, end)).next ||
	    method.value > (size_t)(end - method.next))
		return false;
	at = method.next + method.value;
	timeout = (struct wire_number){ at, 0 };
	if (at < end && *at == CALL_TIMEOUT &&
	    !(timeout = wire_read(at + 1, end)).next)
		return false;
	at = timeout.next;
	for (args->n = 0; at < end && *at == CALL_ARG; at += arg.value) {
		arg = wire_read(at + 1, end);
		at = arg.next;
		if (!at || arg.value > (size_t)(end - at))
			return false;
		collect(args, span_make(at, arg.value));
	}
	call->id = id.value;
	call->object = object.value;
	call->method = span_make(method.next, method.value);
	call->timeout_ms = wire_unzigzag(timeout.value);
	return at == end;
}

/* Any call: fields in any order, the last one counts, unknown ones do not.
 * Kept out of line, as all that is rare here: it would take the registers. */
static __attribute__((noinline)) bool
get_call(struct span payload, struct message_call *call, struct collector *args)
{
	struct wire in = wire_make(payload);
	struct field field = { 0 };

	*call = (struct message_call){ 0 };
	args->n = 0;
	while (wire_left(&in) > 0) {
		if (!next_field(&in, &field))
			return false;
		if (field.tag == CALL_ID)
			call->id = field.number;
		else if (field.tag == CALL_OBJECT)
			call->object = field.number;
		else if (field.tag == CALL_METHOD)
			call->method = field.bytes;
		else if (field.tag == CALL_TIMEOUT)
			call->timeout_ms = wire_unzigzag(field.number);
		else if (field.tag == CALL_ARG)
			collect(args, field.bytes);
		else if (field.tag >> 3 <= CALL_LAST_FIELD)
			return false;
	}
	return true;
}

int
message_unpack_call(struct arena *arena, struct span payload,
		    struct message_call *ret)
{
	struct message_call call;
	struct collector args;

	if (payload.size == 0) {
		*ret = (struct message_call){ 0 };
		return 0;
	}
	if (!get_call_in_order(payload, &call, &args) &&
	    !get_call(payload, &call, &args))
		return MPROXY_ERR_PROTOCOL;
	if (!value_is_ascii(call.method) && !value_is_utf8(call.method))
		return MPROXY_ERR_PROTOCOL;
	call.n_args = args.n;
	call.args = NULL;
	call.items = span_make(NULL, 0);
	if (collected(&args, arena, payload, CALL_ARG, &call.args) < 0)
		return MPROXY_ERR_TOO_BIG;
	*ret = call;
	return 0;
}

/* A sint32, which never needs more than 32 bits. */
static bool
get_status(uint64_t number, int32_t *ret)
{
	if (number > UINT32_MAX)
		return false;
	*ret = (int32_t)wire_unzigzag(number);
	return true;
}

/* A reply of success as our own server writes it; else as for a call. */
static inline bool
get_reply_in_order(struct span payload, struct message_reply *reply,
		   struct collector *results)
{
	const uint8_t *end = payload.data + payload.size;
	struct wire_number number = { payload.data, 0 };

	reply->id = 0;
	reply->status = 0;
	reply->detail = span_make(NULL, 0);
	results->n = 0;
	if (wire_next_is(&number, end, REPLY_ID))
		reply->id = number.value;
	while (wire_next_is(&number, end, REPLY_RESULT))
		collect(results, wire_number_span(&number, end));
	return number.next == end;
}

static __attribute__((noinline)) bool
get_reply(struct span payload, struct message_reply *reply,
	  struct collector *results)
{
	struct wire in = wire_make(payload);
	struct field field = { 0 };
	bool ok = true;

	*reply = (struct message_reply){ 0 };
	results->n = 0;
	while (ok && wire_left(&in) > 0) {
		if (!next_field(&in, &field))
			return false;
		if (field.tag == REPLY_ID)
			reply->id = field.number;
		else if (field.tag == REPLY_STATUS)
			ok = get_status(field.number, &reply->status);
		else if (field.tag == REPLY_RESULT)
			collect(results, field.bytes);
		else if (field.tag == REPLY_DETAIL)
			reply->detail = field.bytes;
		else
			ok = field.tag >> 3 > REPLY_LAST_FIELD;
	}
	return ok && value_is_utf8(reply->detail);
}

int
message_unpack_reply(struct arena *arena, struct span payload,
		     struct message_reply *ret)
{
	struct message_reply reply;
	struct collector results;

	if (payload.size == 0) {
		*ret = (struct message_reply){ 0 };
		return 0;
	}
	if (!get_reply_in_order(payload, &reply, &results) &&
	    !get_reply(payload, &reply, &results))
		return MPROXY_ERR_PROTOCOL;
	reply.n_results = results.n;
	reply.results = NULL;
	if (collected(&results, arena, payload, REPLY_RESULT, &reply.results) <
	    0)
		return MPROXY_ERR_TOO_BIG;
	*ret = reply;
	return 0;
}

/* Of a field that is left out when it is 0. */
static inline size_t
number_size(uint64_t number)
{
	return number ? 1 + wire_varint_size(number) : 0;
}

static inline uint8_t *
put_number(uint8_t *out, uint8_t tag, uint64_t number)
{
	if (number == 0)
		return out;
	*out++ = tag;
	return wire_put_varint(out, number);
}

static inline size_t
spans_size(const struct span *spans, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += wire_field_size(spans[i].size);
	return size;
}

static inline uint8_t *
put_spans(uint8_t *out, uint8_t tag, const struct span *spans, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out = wire_put_field(out, tag, spans[i]);
	return out;
}

static int
no_room(const struct channel *channel, size_t size)
{
	return size > channel->max_length ? MPROXY_ERR_TOO_BIG
					  : MPROXY_ERR_NO_MEMORY;
}

static inline __attribute__((always_inline)) uint8_t *
put_call(uint8_t *out, const struct message_call *call, size_t n_args)
{
	out = put_number(out, CALL_ID, call->id);
	out = put_number(out, CALL_OBJECT, call->object);
	if (call->method.size > 0)
		out = wire_put_field(out, CALL_METHOD, call->method);
	out = put_number(out, CALL_TIMEOUT, wire_zigzag(call->timeout_ms));
	return put_spans(out, CALL_ARG, call->args, n_args);
}

static size_t
call_size(const struct message_call *call)
{
	return number_size(call->id) + number_size(call->object) +
	       spans_size(&call->method, call->method.size > 0) +
	       number_size(wire_zigzag(call->timeout_ms)) +
	       spans_size(call->args, call->n_args);
}

/* The last field, without its bytes. */
static void
put_tail(uint8_t *out, uint8_t tag, struct span tail)
{
	*out++ = tag;
	wire_put_varint(out, tail.size);
}

/* False: it must be copied. */
static __attribute__((noinline)) bool
lend_call(struct channel *channel, const struct message_call *call)
{
	struct span tail;
	uint8_t *out;

	if (call->n_args == 0 || call->items.size > 0)
		return false;
	tail = call->args[call->n_args - 1];
	if (tail.size < MESSAGE_LENDS)
		return false;
	out = channel_reserve_lent(channel, FRAME_CALL, call_size(call), tail,
				   NULL);
	if (!out)
		return false;
	out = put_call(out, call, call->n_args - 1);
	put_tail(out, CALL_ARG, tail);
	return true;
}

/* The items of a list as arguments: the same fields but for their tags. */
static inline uint8_t *
put_items(uint8_t *out, struct span items)
{
	uint8_t *end = wire_put_bytes(out, items.data, items.size);

	while (out < end) {
		struct wire_number size = wire_read(out + 1, end);

		*out = CALL_ARG;
		out += (size_t)(size.next - out) + size.value;
	}
	return end;
}

/* Written without being counted before, which would cost as much again. */
int
message_send_call(struct channel *channel, const struct message_call *call)
{
	size_t size = call->method.size + call->items.size;
	uint8_t *out;

	if (call->lends && lend_call(channel, call))
		return 0;
	for (size_t i = 0; i < call->n_args; i++)
		size += call->args[i].size;
	if (size > channel->max_length)
		return MPROXY_ERR_TOO_BIG;
	/* the heads of three numbers, the method, and the arguments */
	out = channel_begin(channel,
			    size + (4 + call->n_args) * WIRE_FIELD_HEAD_MAX);
	if (!out)
		return MPROXY_ERR_NO_MEMORY;
	out = put_call(out, call, call->n_args);
	out = put_items(out, call->items);
	return channel_end(channel, FRAME_CALL, out) ? 0 : MPROXY_ERR_TOO_BIG;
}

/* Success, with one result or none: most replies by far. */
static int
send_success(struct channel *channel, uint64_t id, const struct span *result)
{
	size_t size = 1 + wire_varint_size(id) +
		      (result ? wire_field_size(result->size) : 0);
	uint8_t *out = channel_reserve(channel, FRAME_REPLY, size);

	if (!out)
		return no_room(channel, size);
	*out++ = REPLY_ID;
	out = wire_put_varint(out, id);
	if (result)
		wire_put_field(out, REPLY_RESULT, *result);
	return 0;
}

/* The same, from where the result lies. False: it must be copied. */
static __attribute__((noinline)) bool
lend_success(struct channel *channel, const struct message_reply *reply)
{
	struct span tail = reply->results[0];
	size_t size = 1 + wire_varint_size(reply->id) +
		      wire_field_size(tail.size);
	uint8_t *out = channel_reserve_lent(channel, FRAME_REPLY, size, tail,
					    reply->loan);

	if (!out)
		return false;
	*out++ = REPLY_ID;
	out = wire_put_varint(out, reply->id);
	put_tail(out, REPLY_RESULT, tail);
	return true;
}

/* Any reply. */
static __attribute__((noinline)) int
send_reply(struct channel *channel, const struct message_reply *reply)
{
	uint64_t status = wire_zigzag(reply->status);
	size_t n_details = reply->detail.size > 0;
	size_t size = number_size(reply->id) + number_size(status) +
		      spans_size(reply->results, reply->n_results) +
		      spans_size(&reply->detail, n_details);
	uint8_t *out = channel_reserve(channel, FRAME_REPLY, size);

	if (!out)
		return no_room(channel, size);
	out = put_number(out, REPLY_ID, reply->id);
	out = put_number(out, REPLY_STATUS, status);
	out = put_spans(out, REPLY_RESULT, reply->results, reply->n_results);
	put_spans(out, REPLY_DETAIL, &reply->detail, n_details);
	return 0;
}

int
message_send_reply(struct channel *channel, const struct message_reply *reply)
{
	if (reply->loan && lend_success(channel, reply))
		return 0;
	if (reply->status == 0 && reply->n_results <= 1 && reply->id != 0 &&
	    reply->detail.size == 0)
		return send_success(channel, reply->id,
				    reply->n_results ? reply->results : NULL);
	return send_reply(channel, reply);
}
