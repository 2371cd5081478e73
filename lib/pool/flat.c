/*
 * C arrays of structs in and out, each struct one task. The bytes go as they
 * are: both ends are the same program on the same machine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/pool/pool-private.h"

struct flat {
	const struct mproxy_task_info *task;
	unsigned char *out;
	size_t out_size;
	int *statuses;	 /* NULL: nobody asked */
	int first_error; /* of those that failed */
	char detail[512];
};

static int
check_sizes(const struct mproxy_task_info *task, size_t in_size,
	    size_t out_size)
{
	if (!task->flat)
		return error_set(MPROXY_ERR_TYPE,
				 "task %s takes a value, not a struct: it is "
				 "not made by MPROXY_TASK_FLAT",
				 task->name);
	if (task->in_size != in_size)
		return error_set(MPROXY_ERR_TYPE,
				 "task %s takes structs of %zu bytes, these "
				 "have %zu",
				 task->name, task->in_size, in_size);
	if (task->out_size != out_size)
		return error_set(MPROXY_ERR_TYPE,
				 "task %s gives structs of %zu bytes, there is "
				 "room for %zu",
				 task->name, task->out_size, out_size);
	return 0;
}

static int
submit_structs(struct mproxy_pool *pool, const struct mproxy_task_info *task,
	       size_t n, const unsigned char *in, struct mproxy_object **ret)
{
	struct buffer value = BUFFER_INIT;
	struct submit submit;
	int error;
	size_t i;

	error = submit_begin(&submit, pool, task, n);
	for (i = 0; i < n && !error; i++) {
		buffer_clear(&value);
		value_put_bytes(&value, span_make(in + i * task->in_size,
						  task->in_size));
		/* a value that failed spoils the page, which is then noticed */
		if (buffer_failed(&value))
			submit.page.failed = true;
		error = submit_add(&submit, buffer_span(&value));
	}
	buffer_deinit(&value);
	return error ? error : submit_end(&submit, ret);
}

static int
take_struct(void *context, size_t index, const struct outcome *outcome)
{
	struct flat *flat = context;
	struct mproxy_value *text;
	struct value value;
	int status = outcome->status;

	if (status == 0) {
		value = value_decode(outcome->value.bytes);
		if (value.kind != MPROXY_BYTES ||
		    value.text.size != flat->out_size)
			return error_set(MPROXY_ERR_PROTOCOL,
					 "result %zu is no struct of %zu bytes",
					 index, flat->out_size);
		if (flat->out_size > 0)
			memcpy(flat->out + index * flat->out_size,
			       value.text.data, flat->out_size);
	} else if (!flat->first_error) {
		text = value_part_copy(outcome->page, outcome->text);
		flat->first_error = task_error(flat->task->name, status, text);
		snprintf(flat->detail, sizeof(flat->detail), "item %zu: %s",
			 index, mproxy_error_detail());
		mproxy_value_free(text);
	}
	if (flat->statuses)
		flat->statuses[index] = status;
	return 0;
}

int
mproxy_pool_map_flat(struct mproxy_pool *pool,
		     const struct mproxy_task_info *task, size_t n,
		     const void *in, size_t in_size, void *out, size_t out_size,
		     int *statuses, int timeout_ms)
{
	struct flat flat = {
		.task = task,
		.out = out,
		.out_size = out_size,
		.statuses = statuses,
	};
	struct mproxy_object *job = NULL;
	int error = check_sizes(task, in_size, out_size);

	if (!error)
		error = submit_structs(pool, task, n, in, &job);
	if (error)
		return error;
	error = results_each(job, n, timeout_ms, take_struct, &flat);
	if (error) {
		job_abandon(job);
		return error;
	}
	mproxy_object_free(job);
	if (flat.first_error && !statuses)
		return error_set(flat.first_error, "%s", flat.detail);
	return 0;
}
