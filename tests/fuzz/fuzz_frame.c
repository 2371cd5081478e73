/*
 * A stream from outside: frames, the messages in them, the values in those,
 * as a server reads them, but without a socket.
 */
#include "mproxy/error.h"
#include "proto/frame.h"
#include "proto/message.h"
#include "proto/trace.h"
#include "proto/value.h"
#include "tests/fuzz/fuzz.h"
#include "tests/harness/check-main.h"
#include "tests/harness/values.h"

#define LIMIT 65536

static void
add_call(struct channel *channel, uint64_t *state)
{
	struct buffer bytes = BUFFER_INIT;
	struct message_call call = {
		.id = check_random_below(state, 1000),
		.object = check_random_below(state, 10),
		.method = LITERAL("append"),
		.timeout_ms = -1,
		.n_args = 1,
	};
	struct span arg;

	values_random(&bytes, state, 4, true);
	arg = buffer_span(&bytes);
	call.args = &arg;
	message_send_call(channel, &call);
	buffer_deinit(&bytes);
}

static void
add_reply(struct channel *channel, uint64_t *state)
{
	struct span result = LITERAL("\x18\x54");
	struct message_reply reply = {
		.id = check_random_below(state, 1000),
		.status = -(int32_t)check_random_below(state, 100),
		.n_results = 1,
		.results = &result,
		.detail = LITERAL("a sentence"),
	};

	message_send_reply(channel, &reply);
}

static void
add_others(struct channel *channel, uint64_t *state)
{
	static const char key[] = "0123456789abcdef";
	struct message_hello hello = {
		.version = 1,
		.session = span_make(key, 16),
		.thread = check_random_below(state, 1000),
		.program = LITERAL("prog"),
	};
	struct message_welcome welcome = {
		.version = 1,
		.instance = span_make(key, 16),
		.session = span_make(key, 16),
		.max_value = 1000,
		.pid = 1,
	};
	struct message_release release = { .object = 2, .count = 1 };

	message_send_hello(channel, &hello);
	message_send_welcome(channel, &welcome);
	message_send_release(channel, &release);
	message_send_cancel(channel, check_random_below(state, 1000));
}

void
fuzz_seed(struct buffer *out, uint64_t *state)
{
	struct channel channel;

	channel_init(&channel, -1, LIMIT);
	for (unsigned i = 0; i < 3; i++) {
		add_call(&channel, state);
		add_reply(&channel, state);
	}
	if (check_random_below(state, 2))
		add_others(&channel, state);
	buffer_append_span(out, buffer_span(&channel.out));
	channel_deinit(&channel);
}

static void
check_call(struct arena *arena, struct span payload)
{
	struct message_reply reply = { 0 };
	struct buffer line = BUFFER_INIT;
	struct message_call call;

	if (message_unpack_call(arena, payload, &call) != 0)
		return;
	for (size_t i = 0; i < call.n_args; i++) {
		FUZZ_REQUIRE(call.args[i].size <= payload.size);
		FUZZ_REQUIRE(call.args[i].data >= payload.data);
	}
	trace_format_call(&line, "fuzz", span_make(NULL, 0), &call, &reply, 0);
	FUZZ_REQUIRE(value_is_utf8(buffer_span(&line)));
	buffer_deinit(&line);
}

static void
check_message(struct arena *arena, const struct frame *frame)
{
	struct message_welcome welcome;
	struct message_release release;
	struct message_reply reply;
	struct message_hello hello;
	struct message_fork fork;
	uint64_t id;

	switch (frame->kind) {
	case FRAME_HELLO:
		message_unpack_hello(arena, frame->payload, &hello);
		break;
	case FRAME_WELCOME:
		message_unpack_welcome(arena, frame->payload, &welcome);
		break;
	case FRAME_CALL:
		check_call(arena, frame->payload);
		break;
	case FRAME_REPLY:
		message_unpack_reply(arena, frame->payload, &reply);
		break;
	case FRAME_CANCEL:
		message_unpack_cancel(arena, frame->payload, &id);
		break;
	case FRAME_RELEASE:
		message_unpack_release(arena, frame->payload, &release);
		break;
	case FRAME_FORK:
		message_unpack_fork(arena, frame->payload, &fork);
		break;
	default:
		FUZZ_REQUIRE(frame->kind < FRAME_KIND_END);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	size_t at = 0;

	arena_init(&arena, 0);
	while (at < size) {
		struct span rest = span_make(data + at, size - at);
		struct frame frame;
		size_t need = 0;
		int64_t n = frame_parse(rest, LIMIT, &frame, &need);

		if (n == 0)
			FUZZ_REQUIRE(need > rest.size && need <= LIMIT + 8);
		if (n <= 0)
			break;
		FUZZ_REQUIRE((size_t)n == frame.payload.size + 8);
		arena_reset(&arena, message_budget(frame.payload.size));
		check_message(&arena, &frame);
		FUZZ_REQUIRE(arena.used <= message_budget(frame.payload.size));
		at += (size_t)n;
	}
	arena_deinit(&arena);
	return 0;
}
