/*
 * Why the call is kept as bytes: a reply may come hours later, and the
 * decoded form points into memory that is reused by then.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/trace.h"
#include "server/shell.h"
#include "server/tracer.h"

struct traced {
	struct list_link link;
	uint64_t id;
	int64_t begin;
	struct span type;
	size_t size;
	uint8_t payload[];
};

struct tracer {
	struct list_link calls;
	uint64_t thread;
};

struct tracer *
tracer_new(uint64_t thread)
{
	struct tracer *tracer = malloc(sizeof(*tracer));

	if (!tracer)
		return NULL;
	list_init(&tracer->calls);
	tracer->thread = thread;
	return tracer;
}

static void
traced_free(struct traced *call)
{
	list_remove(&call->link);
	free(call);
}

void
tracer_free(struct tracer *tracer)
{
	struct list_link *link;

	if (!tracer)
		return;
	while ((link = list_first(&tracer->calls)))
		traced_free(LIST_ENTRY(link, struct traced, link));
	free(tracer);
}

void
tracer_begin(struct tracer *tracer, struct span payload, uint64_t id,
	     struct span type)
{
	struct traced *call = malloc(sizeof(*call) + payload.size);

	if (!call)
		return;
	*call = (struct traced){
		.id = id,
		.begin = server_now(),
		.type = type,
		.size = payload.size,
	};
	if (payload.size > 0)
		memcpy(call->payload, payload.data, payload.size);
	list_append(&tracer->calls, &call->link);
}

/* As trace_call(), but a standard error that nobody reads stops nobody. */
static void
print(const char *who, const struct traced *traced,
      const struct message_call *call, const struct message_reply *reply)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct buffer line = BUFFER_INIT;

	trace_format_call(&line, who, traced->type, call, reply,
			  server_now() - traced->begin);
	buffer_append_text(&line, "\n");
	if (!buffer_failed(&line) && poll(&ready, 1, 0) == 1 &&
	    write(STDERR_FILENO, line.data, line.size) < 0)
		buffer_clear(&line);
	buffer_deinit(&line);
}

void
tracer_end(struct tracer *tracer, const struct identity *who,
	   const struct message_reply *reply)
{
	struct list_link *link;
	struct traced *traced;
	struct message_call call;
	struct arena arena;
	char name[64];

	for (link = tracer->calls.next; link != &tracer->calls;
	     link = link->next) {
		traced = LIST_ENTRY(link, struct traced, link);
		if (traced->id == reply->id)
			break;
	}
	if (link == &tracer->calls)
		return;
	traced = LIST_ENTRY(link, struct traced, link);
	snprintf(name, sizeof(name), "mproxyd[%d]: %u/%" PRIu64, (int)getpid(),
		 who->pid, tracer->thread);
	arena_init(&arena, message_budget(traced->size));
	if (message_unpack_call(&arena,
				span_make(traced->payload, traced->size),
				&call) == 0)
		print(name, traced, &call, reply);
	arena_deinit(&arena);
	traced_free(traced);
}
