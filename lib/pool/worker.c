/*
 * A worker: takes tasks from the pool, one after the other, until the pool
 * sends it home. Reporting a task and asking for the next is one call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/pool/pool-private.h"

#define NEXT_TRIES 100 /* with the manager out of memory */
#define NEXT_PAUSE_US 10000

struct worker {
	const struct crew_setup *setup;
	struct mproxy_task task; /* the one being run */
	struct buffer numbers;	 /* of a call being made */
};

struct report {
	int64_t ticket; /* 0: nothing to report */
	int status;
	struct mproxy_value *text; /* NULL: none */
	struct mproxy_value *value;
};

static _Noreturn void
leave(int status)
{
	/* no exit handlers: in a zygote's child they are the owner's */
	fflush(NULL);
	_exit(status);
}

static int
call(const struct worker *worker, const char *method, size_t n_args,
     const struct span *args, int timeout_ms, size_t n,
     struct mproxy_value **ret)
{
	return manager_call(worker->setup->manager, worker->setup->pool, "pool",
			    method, n_args, args, timeout_ms, n, ret);
}

/* Text that the program made up may be anything. */
static struct mproxy_value *
text_value(char *text)
{
	size_t size = strlen(text), cut;

	for (cut = 0; cut < 4 && cut <= size; cut++)
		if (value_is_utf8(span_make(text, size - cut)))
			return mproxy_value_string_n(text, size - cut);
	return mproxy_value_string("(a text that is not UTF-8)");
}

/* --- beginning --- */

static int
enlist(struct worker *worker, struct mproxy_value *ret[3])
{
	struct span pid;

	buffer_clear(&worker->numbers);
	value_put_int(&worker->numbers, getpid());
	if (buffer_failed(&worker->numbers))
		return MPROXY_ERR_NO_MEMORY;
	pid = buffer_span(&worker->numbers);
	return call(worker, "enlist", 1, &pid, 0, 3, ret);
}

static _Noreturn void
unfit(struct worker *worker, const char *name, int code)
{
	char words[600];
	struct mproxy_value *text;
	struct span arg;

	if (code > 0)
		snprintf(words, sizeof(words), "initializer %s: code %d: %s",
			 name, code, worker->task.text);
	else
		snprintf(words, sizeof(words), "initializer %s: %s", name,
			 worker->task.text);
	text = text_value(words);
	if (text) {
		arg = value_span(text);
		call(worker, "unfit", 1, &arg, 0, 0, NULL);
	}
	leave(1);
}

static void
initialize(struct worker *worker, const struct mproxy_value *name,
	   const struct mproxy_value *arg)
{
	struct mproxy_value *ignored = NULL;
	const char *text;
	size_t size;
	int code;

	if (mproxy_value_get_string(name, &text, &size) != 0)
		return; /* nil: there is none */
	worker->task.info = task_find(span_make(text, size));
	if (!worker->task.info) {
		snprintf(worker->task.text, sizeof(worker->task.text),
			 "no such task in this worker");
		unfit(worker, text, MPROXY_ERR_NO_TASK);
	}
	code = task_run(&worker->task, arg, &ignored);
	mproxy_value_free(ignored);
	fflush(stdout);
	if (code)
		unfit(worker, text, code);
}

static void
begin(struct worker *worker)
{
	struct mproxy_value *values[3];
	int64_t number = 0;

	if (enlist(worker, values) != 0)
		leave(1);
	mproxy_value_get_int(values[0], &number);
	worker->task.worker = (int)number;
	initialize(worker, values[1], values[2]);
	mproxy_value_free(values[0]);
	mproxy_value_free(values[1]);
	mproxy_value_free(values[2]);
}

/* --- one task after the other --- */

static void
report_clear(struct report *report)
{
	report->text = mproxy_value_free(report->text);
	report->value = mproxy_value_free(report->value);
}

/* What came out cannot be delivered: that is said instead. */
static void
report_undeliverable(struct report *report, int error)
{
	char words[600];

	snprintf(words, sizeof(words), "the result cannot be delivered: %s",
		 mproxy_error_detail());
	report_clear(report);
	report->status = error;
	report->text = text_value(words);
}

static int
try_next(struct worker *worker, const struct report *report,
	 struct mproxy_value *ret[3])
{
	struct buffer *numbers = &worker->numbers;
	struct span args[4], nil;
	size_t ends[2];

	buffer_clear(numbers);
	value_put_int(numbers, report->ticket);
	ends[0] = numbers->size;
	value_put_int(numbers, report->status);
	ends[1] = numbers->size;
	value_put_nil(numbers);
	if (buffer_failed(numbers))
		return MPROXY_ERR_NO_MEMORY;
	nil = span_make(numbers->data + ends[1], numbers->size - ends[1]);
	args[0] = span_make(numbers->data, ends[0]);
	args[1] = span_make(numbers->data + ends[0], ends[1] - ends[0]);
	args[2] = report->text ? value_span(report->text) : nil;
	args[3] = report->value ? value_span(report->value) : nil;
	return call(worker, "next", 4, args, -1, 3, ret);
}

/* Whether another try may help. */
static bool
may_pass(int error)
{
	return error == MPROXY_ERR_NO_MEMORY || error == MPROXY_ERR_LIMIT ||
	       error == MPROXY_ERR_NO_DESCRIPTORS;
}

static bool
is_about_the_result(int error)
{
	return may_pass(error) || error == MPROXY_ERR_TOO_BIG ||
	       error == MPROXY_ERR_NO_OBJECT || error == MPROXY_ERR_INVALID ||
	       error == MPROXY_ERR_TYPE;
}

/* Reports and waits. Repeating a report does no harm: its ticket is spent. */
static int
next(struct worker *worker, struct report *report, struct mproxy_value *ret[3])
{
	bool replaced = false;
	int error, tries;

	for (tries = 0; tries < NEXT_TRIES;) {
		error = try_next(worker, report, ret);
		if (error == MPROXY_ERR_INTERRUPTED)
			continue;
		if (error && report->ticket && !replaced &&
		    is_about_the_result(error)) {
			report_undeliverable(report, error);
			replaced = true;
			continue;
		}
		if (!may_pass(error))
			return error;
		tries++;
		usleep(NEXT_PAUSE_US);
	}
	return error;
}

static void
run(struct worker *worker, const struct mproxy_value *name,
    const struct mproxy_value *arg, struct report *report)
{
	const char *text = "";
	size_t size = 0;

	mproxy_value_get_string(name, &text, &size);
	if (!worker->task.info ||
	    !span_equal(span_text(worker->task.info->name),
			span_make(text, size)))
		worker->task.info = task_find(span_make(text, size));
	if (worker->task.info) {
		report->status = task_run(&worker->task, arg, &report->value);
	} else {
		report->status = MPROXY_ERR_NO_TASK;
		snprintf(worker->task.text, sizeof(worker->task.text),
			 "no such task in this worker");
	}
	if (report->status)
		report->text = text_value(worker->task.text);
	fflush(stdout);
}

_Noreturn void
worker_run(const struct crew_setup *setup)
{
	struct worker worker = {
		.setup = setup,
		.task = { .manager = setup->manager },
	};
	struct report report = { .ticket = 0 };
	struct mproxy_value *values[3];
	int error;

	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stderr, NULL, _IOLBF, 0);
	begin(&worker);
	while ((error = next(&worker, &report, values)) == 0) {
		report_clear(&report);
		mproxy_value_get_int(values[0], &report.ticket);
		run(&worker, values[1], values[2], &report);
		mproxy_value_free(values[0]);
		mproxy_value_free(values[1]);
		mproxy_value_free(values[2]);
	}
	leave(error == MPROXY_ERR_CLOSED ? 0 : 1);
}
