/*
 * What the parts of a pipeline share: pipeline-runs.c knows what is on its way,
 * pipeline.c moves it, pipeline-mode.c is what the program calls.
 */
#ifndef MPROXY_LIB_PIPELINE_INSIDE_H
#define MPROXY_LIB_PIPELINE_INSIDE_H

#include "detail.h"
#include "pipeline.h"

#define PIPELINE_METHOD_SHOWN 27

/* Calls with consecutive ids, of one method, on one object; or a value. */
struct run {
	struct mproxy_object *object; /* one reference; NULL: a value … */
	struct mproxy_value *held;    /* … with handles, of the call before */
	uint64_t id;		      /* of the first call */
	uint64_t number;	      /* the same, as the program counts */
	size_t n, left;		      /* calls, and not answered yet */
	uint8_t method_size;
	char method[PIPELINE_METHOD_SHOWN]; /* cut, if it is longer */
};

struct pipeline {
	struct mproxy_manager *manager; /* one reference */
	struct lane *lane;		/* NULL: none now */
	struct pipeline *next;		/* of the thread */
	size_t window;
	bool forked;
	bool broken; /* and not told yet: for this reason */
	int reason;
	struct detail because;

	/* a ring: runs [first, first + n_runs) */
	struct run *runs;
	size_t first, n_runs, capacity;
	size_t in_flight;

	struct mproxy_pipeline_status status;
	/* since the last flush: how many failed, and the first of them */
	uint64_t failed, failed_number;
	int error;
	struct detail detail;
};

/* --- pipeline-runs.c --- */

/* Room for n more runs: 0 or NO_MEMORY. */
int pipeline_reserve(struct pipeline *pipeline, size_t n);

/* The call has its id; there was room. */
void pipeline_note_call(struct pipeline *pipeline, const struct call *call);

/* Forgets all calls that are not answered. */
void pipeline_drop_runs(struct pipeline *pipeline);

/* --- pipeline.c --- */

struct pump {
	struct lane *lane;
	size_t unanswered; /* goes on until there are no more than these … */
	size_t unsent;	   /* … and these bytes, … */
	uint64_t id;	   /* … or this reply has come; 0: none is awaited */
	int64_t deadline;  /* 0: one grace from the last sign of life */
	struct message_reply *ret;
};

/* 0, 1 when the reply has come, or a negative errno. */
int pump_run(struct pump *pump);

/* The lane is no good any more: drops it. Returns the code. */
int pipeline_give_up(struct lane *lane, int error);

/* That of this thread, if there is one. */
struct pipeline *pipeline_of(const struct mproxy_manager *m);

/* Why it broke: sets the detail, returns the code. */
int pipeline_why(const struct pipeline *pipeline);

void pipeline_free(struct pipeline *pipeline);

#endif
