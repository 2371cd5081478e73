/*
 * Tasks by name. They are made known by constructors, before main() and
 * perhaps while a library is loaded by another thread; there is nobody yet to
 * tell of a mistake, so a name used twice is remembered until somebody asks.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pool/pool-private.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct mproxy_task_info **tasks;
static size_t n_tasks, capacity;
static const char *twice;
static bool forgotten; /* for want of memory */

static const struct mproxy_task_info *
find(struct span name)
{
	size_t i;

	for (i = 0; i < n_tasks; i++)
		if (span_equal(span_text(tasks[i]->name), name))
			return tasks[i];
	return NULL;
}

static void
add(const struct mproxy_task_info *info)
{
	const struct mproxy_task_info **wider;
	size_t wanted = capacity ? 2 * capacity : 16;

	if (n_tasks == capacity) {
		wider = realloc(tasks, wanted * sizeof(*wider));
		if (!wider) {
			forgotten = true;
			return;
		}
		tasks = wider;
		capacity = wanted;
	}
	tasks[n_tasks++] = info;
}

void
mproxy_task_register(const struct mproxy_task_info *info)
{
	const struct mproxy_task_info *same;

	pthread_mutex_lock(&lock);
	same = find(span_text(info->name));
	if (!same)
		add(info);
	else if (same != info)
		twice = info->name;
	pthread_mutex_unlock(&lock);
}

const struct mproxy_task_info *
task_find(struct span name)
{
	const struct mproxy_task_info *info;

	pthread_mutex_lock(&lock);
	info = find(name);
	pthread_mutex_unlock(&lock);
	return info;
}

int
tasks_check(void)
{
	int error = 0;

	pthread_mutex_lock(&lock);
	if (twice)
		error = error_set(MPROXY_ERR_EXISTS,
				  "there are two tasks named \"%s\"", twice);
	else if (forgotten)
		error = error_set(MPROXY_ERR_NO_MEMORY,
				  "no memory to register all tasks");
	pthread_mutex_unlock(&lock);
	return error;
}

struct mproxy_value *
tasks_names(void)
{
	struct mproxy_value **names, *list = NULL;
	size_t i;

	pthread_mutex_lock(&lock);
	names = calloc(n_tasks ? n_tasks : 1, sizeof(struct mproxy_value *));
	if (names) {
		for (i = 0; i < n_tasks; i++)
			names[i] = mproxy_value_string(tasks[i]->name);
		list = mproxy_value_list(n_tasks, names);
	}
	pthread_mutex_unlock(&lock);
	free(names);
	return list;
}
