/*
 * Call and Reply, which we read and write ourselves, against the generated
 * code: the same bytes, the same meaning, and nothing taken that it refuses.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "proto/message.h"
#include "proto/mproxy.pb-c.h"
#include "tests/harness/check-main.h"
#include "tests/harness/values.h"

#define ROUNDS 20000
#define MAX_SPANS 8

static uint64_t seed;

#define require(condition)                                                     \
	ck_assert_msg(condition, "seed %llu: " #condition,                     \
		      (unsigned long long)seed)

static struct span
from_data(ProtobufCBinaryData data)
{
	return span_make(data.data, data.len);
}

static void
require_same_spans(const struct span *ours, size_t n,
		   const ProtobufCBinaryData *theirs, size_t n_theirs)
{
	require(n == n_theirs);
	for (size_t i = 0; i < n; i++)
		require(span_equal(ours[i], from_data(theirs[i])));
}

static void
require_same_call(const struct message_call *ours,
		  const Mproxy__Wire__Call *theirs)
{
	require(ours->id == theirs->id);
	require(ours->object == theirs->object);
	require(ours->timeout_ms == theirs->timeout_ms);
	require(span_equal(ours->method, from_data(theirs->method)));
	require_same_spans(ours->args, ours->n_args, theirs->args,
			   theirs->n_args);
}

static void
require_same_reply(const struct message_reply *ours,
		   const Mproxy__Wire__Reply *theirs)
{
	require(ours->id == theirs->id);
	require(ours->status == theirs->status);
	require(span_equal(ours->detail, from_data(theirs->detail)));
	require_same_spans(ours->results, ours->n_results, theirs->results,
			   theirs->n_results);
}

/* What they refuse we refuse; what we take means the same to them. */
static void
compare_readings(struct span bytes)
{
	Mproxy__Wire__Call *their_call = mproxy__wire__call__unpack(
		NULL, bytes.size, bytes.data);
	Mproxy__Wire__Reply *their_reply = mproxy__wire__reply__unpack(
		NULL, bytes.size, bytes.data);
	struct message_reply reply;
	struct message_call call;
	struct arena arena;

	arena_init(&arena, (size_t)1 << 20);
	if (message_unpack_call(&arena, bytes, &call) == 0) {
		require(their_call != NULL);
		require_same_call(&call, their_call);
	}
	if (message_unpack_reply(&arena, bytes, &reply) == 0) {
		require(their_reply != NULL);
		require_same_reply(&reply, their_reply);
	}
	arena_deinit(&arena);
	if (their_call)
		mproxy__wire__call__free_unpacked(their_call, NULL);
	if (their_reply)
		mproxy__wire__reply__free_unpacked(their_reply, NULL);
}

static uint64_t
random_number(uint64_t *state)
{
	return check_random(state) >> check_random_below(state, 64);
}

/* The message of the one frame in the channel. */
static struct span
sent(const struct channel *channel)
{
	return span_make(channel->out.data + FRAME_HEADER_SIZE,
			 channel->out.size - FRAME_HEADER_SIZE);
}

static size_t
random_spans(struct span *spans, struct buffer *bytes, uint64_t *state)
{
	size_t n = check_random_below(state, MAX_SPANS);

	for (size_t i = 0; i < n; i++) {
		size_t start = bytes->size;

		values_random(bytes, state, 3, true);
		spans[i].size = bytes->size - start;
	}
	/* only now will the buffer not move any more */
	for (size_t i = 0, at = 0; i < n; at += spans[i++].size)
		spans[i].data = bytes->data + at;
	return n;
}

static void
send_random_call(struct channel *channel, uint64_t *state)
{
	struct span args[MAX_SPANS];
	struct buffer bytes = BUFFER_INIT;
	struct message_call call = {
		.id = random_number(state),
		.object = random_number(state),
		.method = span_make("get_many", check_random_below(state, 9)),
		.timeout_ms = (int64_t)random_number(state) *
			      (check_random_below(state, 2) ? 1 : -1),
		.args = args,
	};
	Mproxy__Wire__Call *theirs;

	call.n_args = random_spans(args, &bytes, state);
	require(message_send_call(channel, &call) == 0);
	theirs = mproxy__wire__call__unpack(NULL, sent(channel).size,
					    sent(channel).data);
	require(theirs != NULL);
	require_same_call(&call, theirs);
	require(mproxy__wire__call__get_packed_size(theirs) ==
		sent(channel).size);
	mproxy__wire__call__free_unpacked(theirs, NULL);
	buffer_deinit(&bytes);
}

static void
send_random_reply(struct channel *channel, uint64_t *state)
{
	struct span results[MAX_SPANS];
	struct buffer bytes = BUFFER_INIT;
	struct message_reply reply = {
		.id = random_number(state),
		.status = (int32_t)random_number(state),
		.detail = span_make("too far", check_random_below(state, 8)),
		.results = results,
	};
	Mproxy__Wire__Reply *theirs;

	reply.n_results = random_spans(results, &bytes, state);
	require(message_send_reply(channel, &reply) == 0);
	theirs = mproxy__wire__reply__unpack(NULL, sent(channel).size,
					     sent(channel).data);
	require(theirs != NULL);
	require_same_reply(&reply, theirs);
	require(mproxy__wire__reply__get_packed_size(theirs) ==
		sent(channel).size);
	mproxy__wire__reply__free_unpacked(theirs, NULL);
	buffer_deinit(&bytes);
}

static void
for_all(void (*send_random)(struct channel *channel, uint64_t *state))
{
	uint64_t first = check_seed(1);

	for (seed = first; seed < first + ROUNDS / 10; seed++) {
		struct buffer bytes = BUFFER_INIT;
		uint64_t state = seed;
		struct channel channel;

		channel_init(&channel, -1, 1 << 20);
		send_random(&channel, &state);
		buffer_append_span(&bytes, sent(&channel));
		compare_readings(buffer_span(&bytes));
		/* twice in one: all fields again, where none is expected */
		buffer_append_span(&bytes, sent(&channel));
		compare_readings(buffer_span(&bytes));
		bytes.size /= 2;
		for (unsigned i = 0; i < 10 && bytes.size > 0; i++) {
			values_mutate(&bytes, &state);
			compare_readings(buffer_span(&bytes));
		}
		buffer_deinit(&bytes);
		channel_deinit(&channel);
	}
}

START_TEST(calls_mean_the_same_to_generated_code)
{
	for_all(send_random_call);
}
END_TEST

START_TEST(replies_mean_the_same_to_generated_code)
{
	for_all(send_random_reply);
}
END_TEST

static Suite *
message_random_suite(void)
{
	Suite *suite = suite_create("message_random");
	TCase *tcase = tcase_create("message_random");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, calls_mean_the_same_to_generated_code);
	tcase_add_test(tcase, replies_mean_the_same_to_generated_code);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(message_random_suite());
}
