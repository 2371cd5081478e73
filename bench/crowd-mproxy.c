/*
 * mproxy by its frames: what doc/protocol.md says a client does.
 */
#include "crowd.h"

#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "proto/message.h"
#include "proto/value.h"

enum { ROOM = 4096, LARGEST = 1 << 20 };

static struct channel channel; /* only a place to put frames together */
static uint64_t object;	       /* the dict that all of them use */

/* The frame put together last, of which the channel is freed. */
static size_t
take_frame(uint8_t *out, size_t room)
{
	struct span bytes = buffer_span(&channel.out);

	bench_check(bytes.size > room, "a frame");
	memcpy(out, bytes.data, bytes.size);
	channel_deinit(&channel);
	return bytes.size;
}

static size_t
put_call(uint64_t to, const char *method, size_t n, const struct span *args,
	 uint8_t *out, size_t room)
{
	const struct message_call call = {
		.id = 1,
		.object = to,
		.method = span_text(method),
		.n_args = n,
		.args = args,
	};

	channel_init(&channel, -1, LARGEST);
	bench_check(message_send_call(&channel, &call), method);
	return take_frame(out, room);
}

static size_t
reply_size(const uint8_t *in, size_t size)
{
	struct frame frame;
	size_t need;
	int64_t n = frame_parse(span_make(in, size), LARGEST, &frame, &need);

	bench_check(n < 0, "the frame of a reply");
	return (size_t)n;
}

/* The first result of a reply; the program ends if it is a failure. */
static struct value
first_result(const uint8_t *in, size_t size)
{
	struct arena arena;
	struct message_reply reply;
	struct value value = { .kind = MPROXY_NIL };

	arena_init(&arena, message_budget(size));
	bench_check(message_unpack_reply(&arena,
					 span_make(in + FRAME_HEADER_SIZE,
						   size - FRAME_HEADER_SIZE),
					 &reply),
		    "a reply");
	bench_check(reply.status, "a call");
	if (reply.n_results > 0)
		value = value_decode(reply.results[0]);
	arena_deinit(&arena);
	return value;
}

static struct value
call(int fd, uint64_t to, const char *method, size_t n, const struct span *args,
     uint8_t in[ROOM])
{
	uint8_t out[ROOM];
	size_t size = put_call(to, method, n, args, out, sizeof(out));

	size = crowd_exchange(&crowd_mproxy, fd, out, size, in, ROOM);
	return first_result(in, size);
}

static void
say_hello(int fd)
{
	const struct message_hello hello = {
		.version = MESSAGE_VERSION,
		.program = span_text("bench"),
	};
	uint8_t out[ROOM], in[ROOM];
	size_t size;

	channel_init(&channel, -1, LARGEST);
	bench_check(message_send_hello(&channel, &hello), "hello");
	size = take_frame(out, sizeof(out));
	crowd_exchange(&crowd_mproxy, fd, out, size, in, sizeof(in));
	bench_check(in[5] != FRAME_WELCOME, "hello");
}

static struct span
text(struct buffer *out, const char *string)
{
	size_t before = buffer_span(out).size;

	value_put_text(out, span_text(string));
	return span_make(buffer_span(out).data + before,
			 buffer_span(out).size - before);
}

static int
join(const char *address)
{
	struct buffer type = BUFFER_INIT, name = BUFFER_INIT;
	uint8_t in[ROOM];
	int fd = crowd_connect(address);

	say_hello(fd);
	const struct span open[] = { text(&type, "dict"),
				     text(&name, "bench") };
	struct value dict = call(fd, MESSAGE_MANAGER, "open", 2, open, in);
	object = dict.handle.object;
	buffer_clear(&type);
	buffer_clear(&name);
	const struct span set[] = { text(&type, CROWD_KEY),
				    text(&name, CROWD_ITEM) };
	call(fd, object, "set", 2, set, in);
	buffer_deinit(&type);
	buffer_deinit(&name);
	return fd;
}

static size_t
request(int fd, uint8_t *out, size_t room)
{
	struct buffer key = BUFFER_INIT;
	const struct span get[] = { text(&key, CROWD_KEY) };
	size_t size = put_call(object, "get", 1, get, out, room);

	(void)fd;
	buffer_deinit(&key);
	return size;
}

const struct crowd_server crowd_mproxy = {
	.system = "mproxy",
	.join = join,
	.request = request,
	.reply_size = reply_size,
};
