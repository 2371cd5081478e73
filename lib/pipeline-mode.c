/*
 * Pipelined mode as the program sees it: mproxy/pipeline.h says what each
 * function does.
 */
#include <stdlib.h>

#include "pipeline-inside.h"

#define WINDOW 1000 /* less than the server lets wait behind a long job */

static int
not_on(void)
{
	return error_set(MPROXY_ERR_INVALID,
			 "this thread does not pipeline its calls");
}

static int
is_the_parents(void)
{
	return error_set(MPROXY_ERR_FORKED,
			 "this pipeline belongs to the parent");
}

/* NULL, and the detail set, when there is none, or it is the parent's. */
static struct pipeline *
find_own(const struct mproxy_manager *m, int *ret_error)
{
	struct pipeline *pipeline = pipeline_of(m);

	if (pipeline && !pipeline->forked)
		return pipeline;
	*ret_error = pipeline ? is_the_parents() : not_on();
	return NULL;
}

int
mproxy_pipeline_begin(struct mproxy_manager *m, size_t window)
{
	struct pipeline *pipeline = pipeline_of(m);
	struct lane *lane;
	int error;

	if (pipeline && !pipeline->forked)
		return error_set(MPROXY_ERR_BUSY,
				 "this thread pipelines its calls already");
	if (pipeline)
		pipeline_free(pipeline);
	error = lane_enter(m, &lane);
	if (error)
		return error;
	pipeline = calloc(1, sizeof(*pipeline));
	if (pipeline) {
		pipeline->manager = manager_ref(m);
		pipeline->window = window > 0 && window < WINDOW ? window
								 : WINDOW;
		pipeline->next = thread_state.pipelines;
		thread_state.pipelines = pipeline;
		pipeline_attach(lane);
	}
	lane_leave(lane);
	return pipeline ? 0
			: error_set(MPROXY_ERR_NO_MEMORY,
				    "no memory to pipeline calls");
}

/* Waits until nothing is on its way, or that is hopeless. */
static int
drain(struct pipeline *pipeline)
{
	struct pump pump = { 0 };
	int error, r;

	if (!pipeline->lane)
		return 0;
	error = lane_enter(pipeline->manager, &pump.lane);
	if (error)
		return pipeline->broken ? 0 : error;
	r = pump_run(&pump);
	if (r < 0)
		pipeline_give_up(pump.lane, r);
	else
		lane_leave(pump.lane);
	return 0;
}

static int
tell_broken(struct pipeline *pipeline)
{
	const struct mproxy_pipeline_status *status = &pipeline->status;
	struct detail why;
	int code = pipeline_why(pipeline);

	detail_save(&why);
	pipeline->broken = false;
	pipeline_drop_runs(pipeline);
	return error_set(code,
			 "%.*s (%llu of %llu pipelined calls were "
			 "answered, %llu of these failed)",
			 (int)sizeof(why.text) / 2, why.text,
			 (unsigned long long)status->answered,
			 (unsigned long long)status->calls,
			 (unsigned long long)status->failed);
}

/* What went wrong since this was asked last. */
static int
tell(struct pipeline *pipeline)
{
	uint64_t failed = pipeline->failed;

	if (pipeline->forked) /* by a handler, meanwhile */
		return is_the_parents();
	pipeline->failed = 0;
	if (pipeline->broken)
		return tell_broken(pipeline);
	if (failed == 0)
		return 0;
	if (failed == 1)
		detail_restore(&pipeline->detail);
	else
		error_set(pipeline->error, "%.*s (and %llu more failed)",
			  (int)sizeof(pipeline->detail.text) - 64,
			  pipeline->detail.text,
			  (unsigned long long)failed - 1);
	return pipeline->error;
}

int
mproxy_pipeline_flush(struct mproxy_manager *m)
{
	int error = 0;
	struct pipeline *pipeline = find_own(m, &error);

	if (pipeline)
		error = drain(pipeline);
	return error || !pipeline ? error : tell(pipeline);
}

int
mproxy_pipeline_end(struct mproxy_manager *m)
{
	struct pipeline *pipeline = pipeline_of(m);
	struct detail kept;
	int error = mproxy_pipeline_flush(m);

	if (!pipeline)
		return error;
	detail_save(&kept);
	pipeline_free(pipeline);
	detail_restore(&kept);
	return error;
}

int
mproxy_pipeline_status(struct mproxy_manager *m,
		       struct mproxy_pipeline_status *ret)
{
	int error = 0;
	const struct pipeline *pipeline = find_own(m, &error);

	if (pipeline)
		*ret = pipeline->status;
	return error;
}
