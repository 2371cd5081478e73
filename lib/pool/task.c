/* A task as it runs, and how it says that it failed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/detail.h"
#include "lib/pool/pool-private.h"

int
mproxy_task_fail(struct mproxy_task *task, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(task->text, sizeof(task->text), format, args);
	va_end(args);
	task->code = code ? code : MPROXY_ERR_FAILED;
	return task->code;
}

struct mproxy_manager *
mproxy_task_manager(struct mproxy_task *task)
{
	return task->manager;
}

int
mproxy_task_worker(const struct mproxy_task *task)
{
	return task->worker;
}

static int
wrong_size(struct mproxy_task *task, size_t size)
{
	return mproxy_task_fail(task, MPROXY_ERR_TYPE,
				"the argument has %zu bytes, the struct %zu",
				size, task->info->in_size);
}

/* The structs are copied, so that they are aligned as any C variable. */
static int
run_flat(struct mproxy_task *task, const struct mproxy_value *arg,
	 struct mproxy_value **ret)
{
	const struct mproxy_task_info *info = task->info;
	const void *bytes;
	void *in, *out;
	size_t size;
	int code;

	if (mproxy_value_get_bytes(arg, &bytes, &size) != 0)
		return mproxy_task_fail(task, MPROXY_ERR_TYPE,
					"the task takes a struct of %zu bytes",
					info->in_size);
	if (size != info->in_size)
		return wrong_size(task, size);
	in = malloc(size ? size : 1);
	out = calloc(1, info->out_size ? info->out_size : 1);
	if (in && out) {
		memcpy(in, bytes, size);
		code = info->flat(task, in, out);
		if (code == 0 &&
		    !(*ret = mproxy_value_bytes(out, info->out_size)))
			code = MPROXY_ERR_NO_MEMORY;
	} else {
		code = mproxy_task_fail(task, MPROXY_ERR_NO_MEMORY,
					"no memory for the structs");
	}
	free(in);
	free(out);
	return code;
}

/* A task may return the code of a function that failed, without a word. */
static void
say_something(struct mproxy_task *task, int code)
{
	const char *text = mproxy_error_detail();

	if (task->code == code && task->text[0])
		return;
	if (detail_code() != code)
		text = mproxy_strerror(code > 0 ? MPROXY_ERR_FAILED : code);
	snprintf(task->text, sizeof(task->text), "%s", text);
}

int
task_run(struct mproxy_task *task, const struct mproxy_value *arg,
	 struct mproxy_value **ret)
{
	struct mproxy_value *value = NULL;
	int code;

	task->code = 0;
	task->text[0] = '\0';
	error_set(0, "%s", "");
	code = task->info->run ? task->info->run(task, arg, &value)
			       : run_flat(task, arg, &value);
	if (code == 0) {
		*ret = value;
		return 0;
	}
	mproxy_value_free(value);
	say_something(task, code);
	return code;
}

int
task_error(const char *name, int status, const struct mproxy_value *text)
{
	const char *words = "";
	size_t size;

	if (status == 0)
		return 0;
	if (!text || mproxy_value_get_string(text, &words, &size) != 0)
		words = mproxy_strerror(status > 0 ? MPROXY_ERR_FAILED
						   : status);
	if (status < 0)
		return error_set(status, "task %s: %s", name, words);
	return error_set(MPROXY_ERR_FAILED, "task %s: code %d: %s", name,
			 status, words);
}
