/*
 * Results of many tasks, fetched page by page. A page is one list: status,
 * text, value of each task in turn.
 */
#include <limits.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/pool/pool-private.h"

struct result {
	int status;
	struct mproxy_value *text; /* NULL: none */
	struct mproxy_value *value;
};

struct mproxy_results {
	size_t n;
	size_t failed;
	struct result results[];
};

/* --- pages --- */

bool
outcome_next(struct value_walk *walk, struct outcome *ret)
{
	struct value_part status;
	struct value value;

	if (!value_walk_next(walk, &status) ||
	    !value_walk_next(walk, &ret->text) ||
	    !value_walk_next(walk, &ret->value))
		return false;
	value = value_decode(status.bytes);
	if (value.kind != MPROXY_INT)
		return false;
	ret->page = walk->value;
	ret->status = (int)value.integer;
	return true;
}

static int
fetch_page(struct mproxy_object *job, size_t from, int timeout_ms,
	   struct mproxy_value **ret)
{
	struct buffer number = BUFFER_INIT;
	struct span arg;
	int error;

	value_put_int(&number, (int64_t)from);
	if (buffer_failed(&number))
		return error_set(MPROXY_ERR_NO_MEMORY, "no memory for a call");
	arg = buffer_span(&number);
	error = manager_call(job->manager, job->id, job->type, "results", 1,
			     &arg, timeout_ms, 1, ret);
	buffer_deinit(&number);
	return error;
}

/* What is left of timeout_ms, which began at this time. */
static int
left_of(int timeout_ms, int64_t begun)
{
	int64_t spent = (clock_now() - begun) / NS_PER_MS;

	if (timeout_ms <= 0)
		return timeout_ms;
	return spent < timeout_ms ? timeout_ms - (int)spent : 0;
}

int
results_each(struct mproxy_object *job, size_t n, int timeout_ms,
	     int (*visit)(void *context, size_t index,
			  const struct outcome *outcome),
	     void *context)
{
	int64_t begun = clock_now();
	size_t index = 0, before;
	int error = 0;

	/* also with none there is something to wait for: that it is accepted */
	do {
		struct mproxy_value *page = NULL;
		struct outcome outcome;
		struct value_walk walk;

		error = fetch_page(job, index, left_of(timeout_ms, begun),
				   &page);
		if (error)
			return error;
		before = index;
		walk = value_walk_begin(page);
		while (!error && index < n && outcome_next(&walk, &outcome))
			error = visit(context, index++, &outcome);
		mproxy_value_free(page);
		if (!error && index == before && index < n)
			error = error_set(MPROXY_ERR_CANCELLED,
					  "the job was ended before all tasks "
					  "were submitted");
	} while (!error && index < n);
	return error;
}

/* --- in memory --- */

static int
keep(void *context, size_t index, const struct outcome *outcome)
{
	struct mproxy_results *results = context;
	struct result *result = &results->results[index];

	result->status = outcome->status;
	result->value = value_part_copy(outcome->page, outcome->value);
	if (!result->value)
		return error_set(MPROXY_ERR_NO_MEMORY, "no memory for results");
	if (outcome->status == 0)
		return 0;
	results->failed++;
	result->text = value_part_copy(outcome->page, outcome->text);
	return result->text ? 0
			    : error_set(MPROXY_ERR_NO_MEMORY,
					"no memory for results");
}

int
results_fetch(struct mproxy_object *job, size_t n, int timeout_ms,
	      struct mproxy_results **ret)
{
	struct mproxy_results *results;
	int error;

	results = calloc(1, sizeof(*results) + n * sizeof(struct result));
	if (!results)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for %zu results", n);
	results->n = n;
	error = results_each(job, n, timeout_ms, keep, results);
	if (error)
		mproxy_results_free(results);
	else
		*ret = results;
	return error;
}

size_t
mproxy_results_count(const struct mproxy_results *results)
{
	return results->n;
}

size_t
mproxy_results_failed(const struct mproxy_results *results)
{
	return results->failed;
}

int
mproxy_results_status(const struct mproxy_results *results, size_t i)
{
	return i < results->n ? results->results[i].status : MPROXY_ERR_RANGE;
}

const char *
mproxy_results_error(const struct mproxy_results *results, size_t i)
{
	const char *text = "";
	size_t size;

	if (i >= results->n || results->results[i].status == 0)
		return "";
	if (mproxy_value_get_string(results->results[i].text, &text, &size))
		text = mproxy_strerror(results->results[i].status);
	return text;
}

const struct mproxy_value *
mproxy_results_value(const struct mproxy_results *results, size_t i)
{
	return i < results->n ? results->results[i].value : NULL;
}

struct mproxy_results *
mproxy_results_free(struct mproxy_results *results)
{
	size_t i;

	if (!results)
		return NULL;
	for (i = 0; i < results->n; i++) {
		mproxy_value_free(results->results[i].text);
		mproxy_value_free(results->results[i].value);
	}
	free(results);
	return NULL;
}
