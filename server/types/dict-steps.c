/*
 * Changing many entries of a dict, in steps when it may take long.
 *
 * The argument is copied then, as it is gone when the call's first turn is
 * over. Another dict from which the entries come may change meanwhile: what
 * was taken from it is then thrown away and taken anew, and at last in one
 * turn, so that it is what that dict was at one moment. What is left over goes
 * to an anonymous dict nobody refers to, which the core frees little by little.
 * Only a call that is given up in its last part, when half of the entries are
 * in, is undone in one turn.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/types/contents.h"
#include "server/types/dict.h"

#define STEP 1024u		  /* entries */
#define AT_ONCE ((size_t)8 << 10) /* bytes of an argument */
#define ATTEMPTS 3u

struct dict_job {
	struct dict *dict;
	/* 0: goes on; 1: done; -1: after call_fail() */
	int (*work)(struct call *call, struct dict_job *job);
	struct dict_source source;
	struct dict_changes changes;
	struct item *argument; /* what source reads; NULL: another dict */
	struct dict *grave;
	uint64_t version; /* of that other dict */
	uint64_t next;	  /* sequence number in it */
	unsigned attempts;
};

/* --- the parts of the work --- */

static int
put(struct call *call, struct dict_job *job)
{
	return dict_changes_put(job->dict, &job->changes,
				call_share(call, STEP));
}

static int
reserve(struct call *call, struct dict_job *job)
{
	int r = dict_changes_reserve(job->dict, &job->changes);

	if (r < 0)
		call_fail_memory(call);
	else if (r > 0)
		job->work = put;
	return r < 0 ? -1 : 0;
}

static int gather(struct call *call, struct dict_job *job);

static int
discard(struct call *call, struct dict_job *job)
{
	if (dict_changes_free_some(call_core(call), &job->changes,
				   call_share(call, STEP)))
		job->work = gather;
	return 0;
}

static int
gather(struct call *call, struct dict_job *job)
{
	struct dict *from = job->source.from;
	size_t n = call_share(call, STEP);
	int r = 1;

	if (from && from->job && from->job->work == put && from != job->dict)
		return 0;
	if (from && !job->changes.first) {
		job->version = from->object.version;
		job->next = 0;
	} else if (from && from->object.version != job->version) {
		job->attempts++;
		job->work = discard;
		return 0;
	}
	if (from)
		table_seek(&from->entries, job->next, &job->source.walk);
	if (job->attempts >= ATTEMPTS)
		n = SIZE_MAX;
	for (; n > 0 && r > 0; n--)
		r = job->source.take(call, job->dict, &job->changes,
				     &job->source);
	if (r == 0)
		job->work = reserve;
	else if (r > 0 && from)
		job->next = table_sequence(&job->source.walk) + 1;
	return r < 0 ? -1 : 0;
}

/* --- life --- */

static void
job_free(struct dict_job *job)
{
	struct core *core = job->dict->object.core;

	job->dict->job = NULL;
	job->grave->debris = job->changes;
	object_unref(&job->grave->object);
	item_free(core, job->argument);
	if (job->source.from)
		object_unref(&job->source.from->object);
	free(job);
}

static void
job_release(struct call *call, void *data)
{
	struct dict_job *job = data;

	(void)call;
	if (job->work == put)
		dict_changes_undo(job->dict, &job->changes);
	table_trim(&job->dict->entries);
	job_free(job);
}

static void
step(struct call *call, void *data)
{
	struct dict_job *job = data;
	int r = job->work(call, job);

	if (r == 0)
		return;
	if (r > 0)
		call_reply(call);
	job_free(job);
}

void
dict_settle(struct dict *dict)
{
	if (dict->job && dict->job->work == put)
		dict_changes_put(dict, &dict->job->changes, SIZE_MAX);
}

/* The source in a form that stays; false after call_fail(). */
static bool
keep_source(struct call *call, struct dict_job *job)
{
	struct dict_source *source = &job->source;

	if (source->from) {
		object_ref(&source->from->object);
		return true;
	}
	job->argument = item_new(call, &source->value);
	if (!job->argument)
		return false;
	source->value = value_decode(item_span(job->argument));
	source->value.has_handles = job->argument->has_handles;
	return true;
}

/* NULL after call_fail(). */
static struct dict_job *
job_new(struct call *call, struct dict *dict, const struct dict_source *source)
{
	struct dict_job *job = calloc(1, sizeof(*job));
	struct object *grave;

	if (!job) {
		call_fail_memory(call);
		return NULL;
	}
	*job = (struct dict_job){ .dict = dict,
				  .work = gather,
				  .source = *source };
	if (!keep_source(call, job)) {
		free(job);
		return NULL;
	}
	grave = object_new(call, &dict_type, NULL, 0);
	if (!grave) {
		item_free(dict->object.core, job->argument);
		if (source->from)
			object_unref(&source->from->object);
		free(job);
		return NULL;
	}
	job->grave = dict_of(grave);
	dict_source_rewind(&job->source);
	dict->job = job;
	return job;
}

static bool
is_short(const struct dict_source *source)
{
	if (source->from)
		return source->from->entries.n <= CONTENTS_AT_ONCE;
	return source->value.bytes.size <= AT_ONCE;
}

void
dict_change_all(struct call *call, struct dict *dict,
		struct dict_source *source)
{
	struct dict_job *job;

	if (is_short(source)) {
		if (dict_change_now(call, dict, source))
			call_reply(call);
		return;
	}
	job = job_new(call, dict, source);
	if (job)
		call_again(call, step, job, job_release);
}

void
dict_job_each_item(const struct dict_job *job,
		   void (*visit)(void *context, const struct item *item),
		   void *context)
{
	if (job->argument)
		visit(context, job->argument);
	dict_changes_each_item(&job->changes, visit, context);
}
