/*
 * Futures: what may still be to come. A future is a reference to the job in
 * the manager, where its results are kept until it is freed.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/pool/pool-private.h"

#define NEXT_PAGE 64

/* What came with a next and is not given yet. */
struct page {
	struct page *following;
	struct mproxy_value *value;
	struct value_walk walk;
};

struct mproxy_future {
	struct mproxy_object *job; /* one reference */
	size_t n;
	pid_t owner;
	pthread_mutex_t lock; /* of the pages; held briefly */
	struct page *pages;   /* several when several threads fetched */
	char task[];
};

int
future_new(struct mproxy_object *job, const char *task, size_t n,
	   struct mproxy_future **ret)
{
	size_t size = strlen(task) + 1;
	struct mproxy_future *future;

	if (!ret) {
		mproxy_object_free(job); /* its tasks run all the same */
		return 0;
	}
	future = calloc(1, sizeof(*future) + size);
	if (!future) {
		job_abandon(job);
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for a future");
	}
	future->job = job;
	future->n = n;
	future->owner = getpid();
	pthread_mutex_init(&future->lock, NULL);
	memcpy(future->task, task, size);
	*ret = future;
	return 0;
}

static void
drop_page(struct mproxy_future *future)
{
	struct page *page = future->pages;

	future->pages = page->following;
	mproxy_value_free(page->value);
	free(page);
}

struct mproxy_future *
mproxy_future_free(struct mproxy_future *future)
{
	if (!future)
		return NULL;
	while (future->pages)
		drop_page(future);
	mproxy_object_free(future->job);
	pthread_mutex_destroy(&future->lock);
	free(future);
	return NULL;
}

/* A future is the affair of the process that began it. */
static int
check_owner(const struct mproxy_future *future)
{
	if (future->owner == getpid())
		return 0;
	return error_set(MPROXY_ERR_FORKED,
			 "the future of task %s belongs to process %ld",
			 future->task, (long)future->owner);
}

/* --- one result --- */

int
outcome_call(struct mproxy_object *object, const char *method, size_t n_args,
	     const struct span *args, int timeout_ms, int *ret_status,
	     struct mproxy_value **ret_text, struct mproxy_value **ret_value)
{
	struct mproxy_value *values[3];
	int64_t status;
	int error;

	error = manager_call(object->manager, object->id, object->type, method,
			     n_args, args, timeout_ms, 3, values);
	if (error)
		return error;
	error = mproxy_value_get_int(values[0], &status);
	mproxy_value_free(values[0]);
	if (error) {
		mproxy_value_free(values[1]);
		mproxy_value_free(values[2]);
		return error_set(MPROXY_ERR_PROTOCOL,
				 "the status of a task is no number");
	}
	*ret_status = (int)status;
	*ret_text = values[1];
	*ret_value = values[2];
	return 0;
}

/* The outcome as a function returns it: the value, or the task's error. Takes
 * text and value. */
int
outcome_return(const char *task, int status, struct mproxy_value *text,
	       struct mproxy_value *value, struct mproxy_value **ret)
{
	int error = task_error(task, status, text);

	mproxy_value_free(text);
	if (!error && ret)
		*ret = value;
	else
		mproxy_value_free(value);
	return error;
}

int
mproxy_future_get(struct mproxy_future *future, int timeout_ms,
		  struct mproxy_value **ret)
{
	struct mproxy_value *text = NULL, *value = NULL;
	struct buffer index = BUFFER_INIT;
	struct span arg;
	int status = 0, error = check_owner(future);

	if (error)
		return error;
	if (future->n != 1)
		return error_set(MPROXY_ERR_INVALID,
				 "this future has %zu results: use "
				 "mproxy_future_results() or _next()",
				 future->n);
	value_put_int(&index, 0);
	if (buffer_failed(&index))
		return error_set(MPROXY_ERR_NO_MEMORY, "no memory for a call");
	arg = buffer_span(&index);
	error = outcome_call(future->job, "get", 1, &arg, timeout_ms, &status,
			     &text, &value);
	buffer_deinit(&index);
	if (error)
		return error;
	return outcome_return(future->task, status, text, value, ret);
}

/* --- all of them --- */

int
mproxy_future_results(struct mproxy_future *future, int timeout_ms,
		      struct mproxy_results **ret)
{
	int error = check_owner(future);

	return error ? error
		     : results_fetch(future->job, future->n, timeout_ms, ret);
}

int
mproxy_future_wait(struct mproxy_future *future, int timeout_ms)
{
	int error = check_owner(future);

	return error ? error : pool_tell(future->job, "wait", timeout_ms);
}

static int
counts(struct mproxy_future *future, int64_t ret[3])
{
	struct mproxy_value *value;
	int error = check_owner(future);
	size_t n;

	if (!error)
		error = object_call(future->job, "done", CALL_NO_WAIT, 0, NULL,
				    &value);
	if (error)
		return error;
	error = mproxy_value_get_numbers(value, MPROXY_I64, ret, 3, &n);
	mproxy_value_free(value);
	if (error || n != 3)
		return error_set(MPROXY_ERR_PROTOCOL,
				 "the counts of a job are no three numbers");
	return 0;
}

int
mproxy_future_done(struct mproxy_future *future, size_t *ret_done,
		   size_t *ret_n)
{
	int64_t n[3];
	int error = counts(future, n);

	if (error)
		return error;
	if (ret_done)
		*ret_done = (size_t)n[1];
	if (ret_n)
		*ret_n = (size_t)n[0];
	return 0;
}

int
mproxy_future_ready(struct mproxy_future *future, bool *ret)
{
	int64_t n[3];
	int error = counts(future, n);

	if (!error)
		*ret = n[0] == n[1];
	return error;
}

int
mproxy_future_successful(struct mproxy_future *future, bool *ret)
{
	int64_t n[3];
	int error = counts(future, n);

	if (error)
		return error;
	if (n[0] != n[1])
		return error_set(MPROXY_ERR_BUSY,
				 "%lld of %lld tasks have not finished",
				 (long long)(n[0] - n[1]), (long long)n[0]);
	*ret = n[2] == 0;
	return 0;
}

int
mproxy_future_cancel(struct mproxy_future *future)
{
	int error = check_owner(future);

	return error ? error : pool_tell(future->job, "cancel", CALL_NO_WAIT);
}

/* --- as they come --- */

static int
fetch_page(struct mproxy_future *future, int timeout_ms)
{
	struct mproxy_value *arg = mproxy_value_int(NEXT_PAGE), *value;
	struct page *page = malloc(sizeof(*page));
	int error;

	if (!page) {
		mproxy_value_free(arg);
		return error_set(MPROXY_ERR_NO_MEMORY, "no memory for results");
	}
	error = object_call(future->job, "next", timeout_ms, 1, &arg, &value);
	if (error) {
		free(page);
		return error;
	}
	page->value = value;
	page->walk = value_walk_begin(value);
	pthread_mutex_lock(&future->lock);
	page->following = future->pages;
	future->pages = page;
	pthread_mutex_unlock(&future->lock);
	return 0;
}

/* One that was fetched before: its index, and a page kept alive by a
 * reference; false when there is none. */
static bool
take_fetched(struct mproxy_future *future, size_t *ret_index,
	     struct outcome *ret, struct mproxy_value **ret_page)
{
	struct value_part index;
	bool found = false;

	pthread_mutex_lock(&future->lock);
	while (future->pages && !found) {
		struct page *page = future->pages;

		if (value_walk_next(&page->walk, &index) &&
		    outcome_next(&page->walk, ret)) {
			*ret_index = (size_t)value_decode(index.bytes).integer;
			*ret_page = mproxy_value_ref(page->value);
			found = true;
		} else {
			drop_page(future);
		}
	}
	pthread_mutex_unlock(&future->lock);
	return found;
}

int
mproxy_future_next(struct mproxy_future *future, int timeout_ms,
		   size_t *ret_index, int *ret_status,
		   struct mproxy_value **ret)
{
	struct mproxy_value *page, *value, *text;
	int error = check_owner(future);
	struct outcome outcome;
	size_t index;

	while (!error && !take_fetched(future, &index, &outcome, &page))
		error = fetch_page(future, timeout_ms);
	if (error)
		return error;
	value = value_part_copy(page, outcome.value);
	text = value_part_copy(page, outcome.text);
	mproxy_value_free(page);
	if (outcome.status)
		task_error(future->task, outcome.status, text);
	mproxy_value_free(text);
	if (!value)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for a result");
	if (ret_index)
		*ret_index = index;
	if (ret_status)
		*ret_status = outcome.status;
	if (ret)
		*ret = value;
	else
		mproxy_value_free(value);
	return 0;
}
