/*
 * Random histories: the server's machine against the reference model.
 *
 * Several processes with several threads call, wait, cancel, fork and die in
 * an order drawn from a seed. Every reply is compared with the model's, and
 * every invariant checked after each step. In every fourth history memory runs
 * out now and then: the caller must be told, and nothing have changed. The
 * same seed gives the same history: its trace is hashed, and the first ones
 * are run twice.
 *
 *	MPROXY_SEEDS=n   so many histories (1000)
 *	MPROXY_SEED=x    only that one, and prints it
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/core.h"
#include "tests/harness/fault.h"
#include "tests/harness/literal.h"
#include "tests/model/model.h"
#include "tests/model/story.h"

#define STEPS 200
#define CALLS 1000 /* ids in one history */
#define MS 1000000

struct answer {
	uint64_t id;
	char text[M_TEXT];
};

static struct {
	uint64_t seed;
	bool print;
	uint64_t hash; /* of everything said */
	struct core *core;
	struct model model;
	struct model before; /* a call for which memory runs out */
	unsigned fail_at;    /* the n-th allocation of the next call; 0: none */
	bool over;	     /* the two have parted: only invariants count */
	int64_t now;
	struct session *sessions[M_SESSIONS];
	struct lane *lanes[M_LANES];
	int lane_of[CALLS]; /* by id */
	int object_of[CALLS];
	bool is_many[CALLS]; /* a put_many, which may be done in part */
	uint64_t last_id;
	struct answer answers[M_REPLIES]; /* of this step */
	int n_answers;
	struct buffer arguments;
	struct buffer printed;
} run;

/* --- telling --- */

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
tell(const char *format, ...)
{
	char line[M_TEXT + 200];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	for (const char *c = line; *c; c++)
		run.hash = (run.hash ^ (uint8_t)*c) * 1099511628211u;
	if (run.print)
		printf("%s\n", line);
}

static void fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

static void
fail(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "model: seed %" PRIu64 ": ", run.seed);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr,
		"\n(MPROXY_SEED=%" PRIu64 " shows how it came to "
		"that)\n",
		run.seed);
	exit(EXIT_FAILURE);
}

/* --- the server's answers --- */

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
hear(void *context, struct lane *lane, const struct message_reply *reply)
{
	struct answer *answer = &run.answers[run.n_answers++];
	size_t i;

	(void)context;
	if (run.n_answers == M_REPLIES)
		fail("too many answers");
	if (reply->id >= CALLS || run.lanes[run.lane_of[reply->id]] != lane)
		fail("an answer on the wrong lane");
	buffer_clear(&run.printed);
	buffer_append_text(&run.printed, status_name(reply->status));
	for (i = 0; i < reply->n_results; i++) {
		buffer_append_text(&run.printed, i ? ", " : " ");
		value_format(&run.printed, reply->results[i], M_TEXT);
	}
	answer->id = reply->id;
	snprintf(answer->text, M_TEXT, "%.*s", (int)run.printed.size,
		 (const char *)run.printed.data);
	tell("    %" PRIu64 " -> %s", answer->id, answer->text);
}

/* --- comparing --- */

/* A grant: the number must be larger than the last one of that lock. */
static bool
is_grant(const struct answer *answer, const char *want)
{
	struct m_object *lock = &run.model.objects[run.object_of[answer->id]];
	int64_t number;
	char *rest;

	if (strncmp(want, "ok #", 4) != 0 ||
	    strncmp(answer->text, "ok ", 3) != 0)
		return false;
	number = strtoll(answer->text + 3, &rest, 10);
	if (number <= lock->number || strcmp(rest, want + 4) != 0)
		return false;
	lock->number = number;
	return true;
}

static void
compare(void)
{
	struct model *m = &run.model;
	int i, k;

	for (i = 0; i < m->n_replies; i++) {
		const struct m_reply *want = &m->replies[i];

		for (k = 0; k < run.n_answers; k++)
			if (run.answers[k].id == want->id)
				break;
		if (k == run.n_answers)
			fail("call %" PRIu64 " should be answered \"%s\"",
			     want->id, want->text);
		if (strcmp(run.answers[k].text, want->text) != 0 &&
		    !is_grant(&run.answers[k], want->text))
			fail("call %" PRIu64 " was answered \"%s\", not \"%s\"",
			     want->id, run.answers[k].text, want->text);
		run.answers[k] = run.answers[--run.n_answers];
	}
	if (run.n_answers)
		fail("call %" PRIu64 " was answered \"%s\" and should wait",
		     run.answers[0].id, run.answers[0].text);
	m->n_replies = 0;
	if ((int)core_object_count(run.core) != model_living(m))
		fail("%zu objects live, not %d", core_object_count(run.core),
		     model_living(m));
}

/* The step is over: everything must agree. */
static void
end_step(void)
{
	const char *wrong;

	while (core_work(run.core, run.now))
		;
	wrong = core_check(run.core);
	if (wrong)
		fail("core_check: %s", wrong);
	if (run.over)
		return;
	model_settle(&run.model);
	compare();
}

/* --- steps --- */

static struct span
type_of(uint64_t object)
{
	return core_type_of(run.core, object);
}

static uint64_t
send_call(int lane, uint64_t object, int n, const char *method,
	  const char *args, int64_t timeout)
{
	struct span values[LITERAL_MOST];
	struct message_call call = {
		.id = ++run.last_id,
		.object = object,
		.method = span_text(method),
		.timeout_ms = timeout,
		.args = values,
	};

	tell("%" PRId64 " lane %d: %" PRIu64 " %" PRIu64 ".%s(%s) %" PRId64,
	     run.now / MS, lane, call.id, object, method, args, timeout);
	run.lane_of[call.id] = lane;
	run.object_of[call.id] = n;
	run.is_many[call.id] = strcmp(method, "put_many") == 0;
	call.n_args = literal_values(args, &run.arguments, values, type_of);
	model_time(&run.model, run.now);
	if (run.fail_at)
		fault_fail_at(run.fail_at);
	core_call(run.core, run.lanes[lane], &call, run.now);
	fault_reset();
	return call.id;
}

/*
 * Memory ran out in the call, or not at all. If it was the call that failed,
 * all is as it was before. If it was another one, woken by it, or a put_many
 * done in part, the model does not know what has become of it.
 */
static void
after_fault(uint64_t id)
{
	bool failed = false;

	for (int i = 0; i < run.n_answers; i++) {
		if (run.is_many[run.answers[i].id])
			run.over = true;
		if (strcmp(run.answers[i].text, "NO_MEMORY") != 0)
			continue;
		if (run.answers[i].id != id)
			run.over = true;
		failed = true;
		run.answers[i--] = run.answers[--run.n_answers];
	}
	if (failed)
		run.model = run.before;
}

static const char *
joined(const struct m_values *args)
{
	static char text[M_TEXT];
	size_t size;

	m_print(text, args);
	size = strlen(text);
	text[size - 1] = '\0';
	return text + 1;
}

static void
step_call(struct story *story)
{
	int64_t deadline = M_NEVER;
	uint64_t id;

	if (!story_call(story, &run.model))
		return;
	if (story->timeout == 0)
		deadline = M_AT_ONCE;
	else if (story->timeout > 0)
		deadline = run.now + story->timeout * MS;
	if (run.seed % 4 == 0 && strcmp(story->method, "put_many") != 0 &&
	    story_below(story, 8) == 0) {
		model_time(&run.model, run.now);
		run.fail_at = 1 + (unsigned)story_below(story, 4);
		run.before = run.model;
	}
	id = send_call(story->lane, run.model.objects[story->object].id,
		       story->object, story->method, joined(&story->args),
		       story->timeout);
	model_call(&run.model, story->lane, id, story->object, story->method,
		   &story->args, deadline);
	if (run.fail_at) {
		while (core_work(run.core, run.now))
			;
		model_settle(&run.model);
		model_confirm(&run.before, story->lane);
		after_fault(id);
	}
	run.fail_at = 0;
	end_step();
}

/* A new object, or one with a name, which may be there already. */
static void
step_make(struct story *story)
{
	struct model *m = &run.model;
	char args[M_TEXT + 100], want[100];
	int there = -1;
	uint64_t id;

	if (!story_make(story, m))
		return;
	if (story->name >= 0) {
		there = model_named(m, story->name);
		snprintf(args, sizeof(args), "\"%s\", \"name%d\"%s%s",
			 m_type_names[story->type], story->name,
			 story->args.n ? ", " : "", joined(&story->args));
	} else {
		snprintf(args, sizeof(args), "\"%s\"%s%s",
			 m_type_names[story->type], story->args.n ? ", " : "",
			 joined(&story->args));
	}
	id = send_call(story->lane, MESSAGE_MANAGER, 0,
		       story->name >= 0 ? "open" : "new", args, -1);
	if (there >= 0 && m->objects[there].type != story->type) {
		m_reply(m, story->lane, id, "TYPE");
	} else if (there >= 0) {
		m_reply(m, story->lane, id, "ok <%s %" PRIu64 ">, false",
			m_type_names[story->type], m->objects[there].id);
	} else if (run.n_answers > 0) {
		const char *text = run.answers[run.n_answers - 1].text;

		/* which id it is only the server knows, but it is a new one */
		snprintf(want, sizeof(want), "ok <%s ",
			 m_type_names[story->type]);
		if (strncmp(text, want, strlen(want)) != 0 ||
		    m_handle(m, text + 3) >= 0)
			fail("a new object should be answered, not \"%s\"",
			     text);
		model_made(m, story->lane, story->type, story->name,
			   strtoull(text + strlen(want), NULL, 10),
			   &story->args);
		run.n_answers--;
	}
	end_step();
}

static void
step_unlink(struct story *story)
{
	int lane = story_lane(story, &run.model);
	int name = (int)story_below(story, M_NAMES);
	char args[20];
	uint64_t id;

	snprintf(args, sizeof(args), "\"name%d\"", name);
	id = send_call(lane, MESSAGE_MANAGER, 0, "unlink", args, -1);
	if (model_named(&run.model, name) >= 0) {
		model_unlink(&run.model, name);
		m_reply(&run.model, lane, id, "ok");
	} else {
		m_reply(&run.model, lane, id, "NOT_FOUND");
	}
	end_step();
}

static void
step_release(struct story *story)
{
	int lane = story_lane(story, &run.model);
	int object = (int)story_below(story, (size_t)run.model.n_objects);
	long count = 1 + (long)story_below(story, 3);
	const struct message_release release = { run.model.objects[object].id,
						 (uint64_t)count };

	tell("lane %d: release %" PRIu64 " %ld", lane, release.object, count);
	model_time(&run.model, run.now);
	core_release(run.core, run.lanes[lane], &release, run.now);
	model_confirm(&run.model, lane);
	model_release(&run.model, lane, object, count);
	end_step();
}

static void
step_cancel(struct story *story)
{
	const struct m_call *waits = run.model.calls;
	uint64_t id = run.last_id - story_below(story, 3);
	int lane, i;

	/* mostly one that waits */
	for (i = 0; i < M_CALLS; i++)
		if (waits[i].used && story_below(story, 3))
			id = waits[i].id;
	if (id == 0 || id > run.last_id)
		return;
	lane = run.lane_of[id];
	if (!run.model.lanes[lane].open)
		return;
	tell("lane %d: cancel %" PRIu64, lane, id);
	model_time(&run.model, run.now);
	core_cancel(run.core, run.lanes[lane], id, run.now);
	model_cancel(&run.model, lane, id);
	end_step();
}

static void
open_lane(int session)
{
	int lane = model_open_lane(&run.model, session);

	run.lanes[lane] = core_lane_open(run.core, run.sessions[session],
					 (uint64_t)lane, NULL);
	tell("lane %d of session %d", lane, session);
}

static void
open_session(int fork_of)
{
	struct session_info info = { .program = span_text("model") };
	int session;

	if (fork_of >= 0) {
		session = model_fork(&run.model, fork_of);
		run.sessions[session] = core_session_fork(
			run.core, run.sessions[fork_of]);
		tell("session %d is forked from %d", session, fork_of);
	} else {
		session = model_open_session(&run.model);
	}
	info.pid = (uint32_t)(100 + session);
	if (fork_of >= 0)
		core_session_claim(run.core, run.sessions[session], &info);
	else
		run.sessions[session] = core_session_open(run.core, &info);
	open_lane(session);
}

static void
step_join(struct story *story)
{
	struct model *m = &run.model;
	int session = m->lanes[story_lane(story, m)].session;

	if (m->n_lanes == M_LANES)
		return;
	if (m->n_sessions == M_SESSIONS || story_below(story, 2))
		open_lane(session);
	else
		open_session(story_below(story, 2) ? session : -1);
	end_step();
}

static void
step_die(struct story *story)
{
	struct model *m = &run.model;
	int lane = story_lane(story, m), session;
	bool unread = story_below(story, 2);

	if (m->n_lanes == M_LANES)
		return;
	/* often the one that has just asked for something */
	if (run.last_id && m->lanes[run.lane_of[run.last_id]].open &&
	    story_below(story, 2))
		lane = run.lane_of[run.last_id];
	session = m->lanes[lane].session;
	model_time(m, run.now);
	if (story_below(story, 2) && m->n_sessions < M_SESSIONS) {
		tell("session %d dies", session);
		core_session_close(run.core, run.sessions[session], "died",
				   run.now);
		model_close_session(m, session);
		open_session(-1); /* somebody must be there */
	} else {
		tell("lane %d closes, %s", lane, unread ? "unread" : "read");
		core_lane_close(run.core, run.lanes[lane], unread, run.now);
		model_close_lane(m, lane, unread);
		open_lane(session);
	}
	end_step();
}

static void
step_time(struct story *story)
{
	run.now += (int64_t)(1 + story_below(story, 12)) * MS;
	tell("%" PRId64, run.now / MS);
	model_time(&run.model, run.now);
	/* half the time the server has to find out by itself */
	if (story_below(story, 2))
		core_time(run.core, run.now);
	else
		core_work(run.core, run.now);
	end_step();
}

/* --- a history --- */

static uint64_t
live(uint64_t seed)
{
	struct core_config config = CORE_CONFIG_DEFAULT;
	const struct core_output output = { .reply = hear };
	struct story story = { .state = seed };
	int i, what;

	run.seed = seed;
	run.hash = 14695981039346656037u;
	run.now = MS;
	run.last_id = 0;
	run.n_answers = 0;
	run.over = false;
	config.epoch = (uint32_t)seed;
	config.hash_key.k0 = seed;
	run.core = core_new(&config, &output);
	if (!run.core)
		fail("no memory");
	model_init(&run.model);
	for (i = 0; i < 3; i++)
		open_session(-1);
	open_lane(0);
	for (i = 0; i < STEPS && !run.over; i++) {
		what = (int)story_below(&story, 100);
		if (run.model.n_objects < 6 || what < 12)
			step_make(&story);
		else if (what < 80)
			step_call(&story);
		else if (what < 87)
			step_time(&story);
		else if (what < 90)
			step_release(&story);
		else if (what < 95)
			step_cancel(&story);
		else if (what < 96)
			step_unlink(&story);
		else if (what < 98)
			step_join(&story);
		else
			step_die(&story);
	}
	run.core = core_free(run.core);
	return run.hash;
}

static uint64_t
number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

int
main(void)
{
	uint64_t n = number_from("MPROXY_SEEDS", 1000), hash = 0, seed;

	buffer_extend(&run.printed, 1 << 16);
	buffer_extend(&run.arguments, 1 << 16);
	if (getenv("MPROXY_SEED")) {
		run.print = true;
		seed = number_from("MPROXY_SEED", 0);
		printf("seed %" PRIu64 ", trace %016" PRIx64 "\n", seed,
		       live(seed));
		return EXIT_SUCCESS;
	}
	for (seed = 1; seed <= n; seed++) {
		uint64_t trace = live(seed);

		if (seed <= 50 && live(seed) != trace)
			fail("twice the same seed, two histories");
		hash = hash * 31 + trace;
	}
	printf("model: %" PRIu64 " histories of %d steps, trace %016" PRIx64
	       "\n",
	       n, STEPS, hash);
	buffer_deinit(&run.printed);
	buffer_deinit(&run.arguments);
	return EXIT_SUCCESS;
}
