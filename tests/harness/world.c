/*
 * No allocation happens between a call and its recorded answer, so that a
 * test can let memory run out anywhere.
 */
#include "tests/harness/world.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/object.h"
#include "tests/harness/literal.h"

#define ANSWERS 4096
#define LONGEST 480
#define MS 1000000

struct answer {
	uint64_t id;
	int32_t status;
	bool handled;
	uint64_t handle;
	char text[LONGEST];
	char detail[256];
};

static struct answer answers[ANSWERS];
static size_t n_answers;
static struct buffer parsed;
static struct buffer printed;

/* --- answers --- */

static const char *
status_name(int status)
{
	switch (status) {
#define X(name, number, text)                                                  \
	case number:                                                           \
		return #name;
		MPROXY_ERROR_LIST(X)
#undef X
	default:
		return status == 0 ? "ok" : "?";
	}
}

static void
note_handle(void *context, struct value_handle handle)
{
	struct answer *answer = context;

	if (!answer->handle)
		answer->handle = handle.object;
}

static struct answer *
find(uint64_t id)
{
	size_t i;

	for (i = n_answers; i > 0; i--)
		if (answers[i - 1].id == id)
			return &answers[i - 1];
	return NULL;
}

static struct world the_world;

static void
record(void *context, struct lane *lane, const struct message_reply *reply)
{
	struct answer *answer;
	size_t i;

	(void)context;
	if (lane == the_world.busy)
		return;
	answer = &answers[n_answers++];
	if (n_answers > ANSWERS) /* no allocating assertion in here */
		abort();
	*answer = (struct answer){ .id = reply->id, .status = reply->status };
	buffer_clear(&printed);
	buffer_append_text(&printed, status_name(reply->status));
	for (i = 0; i < reply->n_results; i++) {
		buffer_append_text(&printed, i ? ", " : " ");
		value_format(&printed, reply->results[i], LONGEST);
		value_each_handle(reply->results[i], note_handle, answer);
	}
	snprintf(answer->text, LONGEST, "%.*s", (int)printed.size,
		 (const char *)printed.data);
	snprintf(answer->detail, sizeof(answer->detail), "%.*s",
		 (int)reply->detail.size,
		 reply->detail.size ? (const char *)reply->detail.data : "");
}

const char *
world_answer(uint64_t id)
{
	const struct answer *answer = find(id);

	return answer ? answer->text : "…";
}

const char *
world_detail(uint64_t id)
{
	const struct answer *answer = find(id);

	return answer ? answer->detail : "";
}

uint64_t
world_handle(uint64_t id)
{
	const struct answer *answer = find(id);

	return answer ? answer->handle : 0;
}

void
world_forget(void)
{
	n_answers = 0;
}

/* --- the world --- */

struct world *
world_new(const struct core_config *config)
{
	const struct core_config usual = CORE_CONFIG_DEFAULT;
	const struct core_output output = { .reply = record };

	world_forget();
	/* enough for good */
	buffer_extend(&parsed, 1 << 16);
	buffer_extend(&printed, 1 << 16);
	the_world = (struct world){ .now = MS, .timeout = -1 };
	the_world.core = core_new(config ? config : &usual, &output);
	ck_assert_ptr_nonnull(the_world.core);
	return &the_world;
}

void
world_free(struct world *w)
{
	world_check(w);
	core_free(w->core);
	buffer_deinit(&parsed);
	buffer_deinit(&printed);
}

void
world_check(struct world *w)
{
	const char *wrong = core_check(w->core);

	ck_assert_msg(!wrong, "core_check: %s", wrong);
}

static void
call_of_another(struct world *w)
{
	const struct message_call call = {
		.id = 1,
		.object = WORLD_MANAGER,
		.method = span_text("ping"),
		.timeout_ms = -1,
	};

	core_call(w->core, w->busy, &call, w->now);
}

static void
work(struct world *w)
{
	while (core_work(w->core, w->now))
		if (w->busy)
			call_of_another(w);
}

static void
after(struct world *w)
{
	if (!w->idle)
		work(w);
	if (!w->unchecked)
		world_check(w);
}

struct lane *
world_client(struct world *w, uint32_t pid)
{
	const struct session_info info = { .pid = pid,
					   .program = span_text("test") };
	struct session *session = core_session_open(w->core, &info);
	struct lane *lane;

	ck_assert_ptr_nonnull(session);
	lane = core_lane_open(w->core, session, pid, NULL);
	ck_assert_ptr_nonnull(lane);
	return lane;
}

struct lane *
world_thread(struct world *w, struct lane *of, uint64_t thread)
{
	struct lane *lane;

	lane = core_lane_open(w->core, lane_session(of), thread, NULL);
	ck_assert_ptr_nonnull(lane);
	return lane;
}

void
world_kill(struct world *w, struct lane *lane)
{
	core_session_close(w->core, lane_session(lane), "killed", w->now);
	after(w);
}

void
world_end(struct world *w, struct lane *lane, bool unread)
{
	core_lane_close(w->core, lane, unread, w->now);
	after(w);
}

static struct span
type_of(uint64_t object)
{
	return core_type_of(the_world.core, object);
}

static void
send_call(struct world *w, struct lane *lane, uint64_t id, uint64_t object,
	  const char *method, const struct span *args, size_t n)
{
	const struct message_call call = {
		.id = id,
		.object = object,
		.method = span_text(method),
		.timeout_ms = w->timeout,
		.n_args = n,
		.args = args,
	};

	if (w->before)
		w->before();
	core_call(w->core, lane, &call, w->now);
	if (w->after)
		w->after();
	after(w);
}

void
world_ask_as(struct world *w, struct lane *lane, uint64_t id, uint64_t object,
	     const char *method, const char *args)
{
	struct span values[LITERAL_MOST];
	size_t n = literal_values(args, &parsed, values, type_of);

	send_call(w, lane, id, object, method, values, n);
}

uint64_t
world_ask_raw(struct world *w, struct lane *lane, uint64_t object,
	      const char *method, const struct span *args, size_t n)
{
	uint64_t id = ++w->asked;

	send_call(w, lane, id, object, method, args, n);
	return id;
}

static uint64_t ask(struct world *w, struct lane *lane, uint64_t object,
		    const char *method, const char *format, va_list ap)
	__attribute__((format(printf, 5, 0)));

static uint64_t
ask(struct world *w, struct lane *lane, uint64_t object, const char *method,
    const char *format, va_list ap)
{
	uint64_t id = ++w->asked;
	char args[4096];

	vsnprintf(args, sizeof(args), format, ap);
	world_ask_as(w, lane, id, object, method, args);
	return id;
}

uint64_t
world_ask(struct world *w, struct lane *lane, uint64_t object,
	  const char *method, const char *format, ...)
{
	uint64_t id;
	va_list ap;

	va_start(ap, format);
	id = ask(w, lane, object, method, format, ap);
	va_end(ap);
	return id;
}

const char *
world_call(struct world *w, struct lane *lane, uint64_t object,
	   const char *method, const char *format, ...)
{
	uint64_t id;
	va_list ap;

	va_start(ap, format);
	id = ask(w, lane, object, method, format, ap);
	va_end(ap);
	return world_answer(id);
}

uint64_t
world_make(struct world *w, struct lane *lane, const char *type,
	   const char *args)
{
	uint64_t id = world_ask(w, lane, WORLD_MANAGER, "new", "\"%s\"%s%s",
				type, *args ? ", " : "", args);

	ck_assert_msg(world_handle(id), "new %s: %s", type, world_detail(id));
	return world_handle(id);
}

void
world_cancel(struct world *w, struct lane *lane, uint64_t id)
{
	core_cancel(w->core, lane, id, w->now);
	after(w);
}

void
world_release(struct world *w, struct lane *lane, uint64_t object,
	      uint64_t count)
{
	const struct message_release release = { object, count };

	core_release(w->core, lane, &release, w->now);
	after(w);
}

void
world_pass(struct world *w, int64_t ms)
{
	w->now += ms * MS;
	core_time(w->core, w->now);
	after(w);
}

void
world_make_busy(struct world *w)
{
	w->busy = world_client(w, 1000);
}

void
world_work(struct world *w)
{
	work(w);
	world_check(w);
}
