/*
 * Counts the words of many files: wordcount [-j WORKERS] [-n TOP] PATH…
 *
 * Each worker counts a file, adds what it found to a shared dict, brings a
 * shared summary up to date under a lock, and notes the file in a shared list.
 */
#include <errno.h>
#include <mproxy/mproxy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "find-files.h"
#include "words.h"

enum { BATCH = 1000 };

static void
check(int error)
{
	if (error) {
		fprintf(stderr, "wordcount: %s\n", mproxy_error_detail());
		exit(EXIT_FAILURE);
	}
}

/* --- in the workers --- */

/* Words on their way to the shared dict; each batch goes wholly or not at all. */
struct batch {
	struct mproxy_dict *counts;
	size_t n;
	struct mproxy_value *keys[BATCH], *numbers[BATCH];
	int error;
};

static void
send_batch(struct batch *batch)
{
	if (batch->n > 0)
		batch->error = mproxy_dict_add_many(
			batch->counts, mproxy_value_map(batch->n, batch->keys,
							batch->numbers));
	batch->n = 0;
}

static void
add_to_batch(const struct word *word, void *context)
{
	struct batch *batch = context;

	if (batch->error)
		return;
	batch->keys[batch->n] = mproxy_value_string(word->text);
	batch->numbers[batch->n++] = mproxy_value_int(word->count);
	if (batch->n == BATCH)
		send_batch(batch);
}

/* What one reader of the summary sees belongs together: hence the lock. */
static int
share_totals(struct mproxy_lock *lock, struct mproxy_dict *summary,
	     int64_t bytes, int64_t n)
{
	int error = mproxy_lock_acquire(lock, -1, NULL);

	if (error)
		return error;
	error = mproxy_dict_add_many(
		summary, MPROXY_MAP("bytes", bytes, "words", n, getpid(), n));
	mproxy_lock_release(lock);
	return error;
}

/* The task. Its result is nil, or the reason why the file was skipped. */
static int
count_file(struct mproxy_task *task, const struct mproxy_value *arg,
	   struct mproxy_value **ret)
{
	struct words w = { 0 };
	struct batch batch = { 0 };
	struct mproxy_dict *summary;
	struct mproxy_list *files;
	struct mproxy_lock *lock;
	char *path;
	int error = mproxy_unpack(arg, "sDLKD", &path, &batch.counts, &files,
				  &lock, &summary);

	if (error)
		return mproxy_task_fail(task, error, "%s",
					mproxy_error_detail());
	FILE *file = fopen(path, "re");
	const char *reason = file ? words_read(&w, file) : strerror(errno);
	*ret = reason ? mproxy_value_string(reason) : mproxy_value_nil();
	if (!reason) {
		words_each(&w, add_to_batch, &batch);
		send_batch(&batch);
		error = batch.error;
	}
	if (!reason && !error)
		error = share_totals(lock, summary, w.bytes, w.total);
	if (!reason && !error)
		error = mproxy_list_append(
			files, MPROXY_ARGS(path, w.bytes, w.total, getpid()));
	if (error)
		error = mproxy_task_fail(task, error, "%s",
					 mproxy_error_detail());
	if (file)
		fclose(file);
	words_free(&w);
	free(path);
	mproxy_dict_free(summary);
	mproxy_lock_free(lock);
	mproxy_list_free(files);
	mproxy_dict_free(batch.counts);
	return error;
}
MPROXY_TASK(count_file);

/* --- in the parent --- */

static void
skip(const char *path, const char *reason)
{
	fprintf(stderr, "%swordcount: %s: %s; skipped\n",
		isatty(STDERR_FILENO) ? "\r\033[K" : "", path, reason);
}

static void
show_progress(size_t done, size_t n, time_t began)
{
	double rate = (double)done / (difftime(time(NULL), began) + 0.5);

	if (isatty(STDERR_FILENO))
		fprintf(stderr,
			"\r[%-30.*s] %zu/%zu, %.0f/s, ETA %.0f s\033[K%s",
			(int)(30 * done / n), "##############################",
			done, n, rate, (double)(n - done) / rate,
			done == n ? "\n" : "");
}

static void
print_top(struct mproxy_dict *counts, size_t top)
{
	struct mproxy_value *list, *entry;
	char *word;
	int64_t n;

	check(mproxy_dict_top(counts, top, &list));
	for (size_t i = 0; i < mproxy_value_count(list); i++) {
		check(mproxy_value_item(list, i, &entry));
		check(mproxy_unpack(entry, "si", &word, &n));
		printf("%10lld %s\n", (long long)n, word);
		free(word);
		mproxy_value_free(entry);
	}
	mproxy_value_free(list);
}

/* A line a worker, whose keys are their pids, and the totals. */
static void
print_summary(struct mproxy_dict *summary)
{
	struct mproxy_value *key, *item;
	struct mproxy_iter *it;
	const char *name;
	int64_t pid, n;

	check(mproxy_dict_iterate_items(summary, 0, &it));
	while (mproxy_iter_next_entry(it, &key, &item) == 0) {
		check(mproxy_value_get_int(item, &n));
		if (mproxy_value_get_int(key, &pid) == 0)
			printf("worker %lld: %lld words\n", (long long)pid,
			       (long long)n);
		else if (mproxy_value_get_string(key, &name, NULL) == 0)
			printf("total: %lld %s\n", (long long)n, name);
		mproxy_value_free(key);
		mproxy_value_free(item);
	}
	mproxy_iter_free(it);
}

int
main(int argc, char **argv)
{
	struct mproxy_manager *m;
	struct mproxy_dict *counts, *summary;
	struct mproxy_list *list;
	struct mproxy_lock *lock;
	struct mproxy_pool *pool;
	struct mproxy_future *future;
	struct mproxy_value *value, **args;
	const char *reason;
	int workers = 0, option, status;
	size_t top = 10, n = 0, i;
	time_t began = time(NULL);

	check(mproxy_init());
	while ((option = getopt(argc, argv, "j:n:")) != -1) {
		workers = option == 'j' ? (int)strtol(optarg, NULL, 10)
					: workers;
		top = option == 'n' ? strtoul(optarg, NULL, 10) : top;
		optind = option == '?' ? argc : optind;
	}
	if (optind >= argc || workers < 0) {
		fputs("usage: wordcount [-j WORKERS] [-n TOP] PATH…\n", stderr);
		return 2;
	}
	/* under `mproxyd --` there is a manager already */
	check(getenv("MPROXY_ADDRESS") ? mproxy_connect(NULL, &m)
				       : mproxy_start(NULL, &m));
	check(mproxy_dict_new(m, &counts));
	check(mproxy_dict_new(m, &summary));
	check(mproxy_list_new(m, &list));
	check(mproxy_lock_new(m, &lock));
	check(mproxy_pool_new(m, MPROXY_POOL_OPTIONS(.workers = workers),
			      &pool));
	char **files = find_files(argv + optind, skip, &n);
	check((args = calloc(n + 1, sizeof(*args))) ? 0 : MPROXY_ERR_NO_MEMORY);
	for (i = 0; i < n; i++)
		args[i] = MPROXY_ARGS(files[i], counts, list, lock, summary);
	check(mproxy_pool_imap_unordered(pool, &mproxy_task_count_file, n, args,
					 &future));
	for (size_t done = 1; done <= n; done++) {
		check(mproxy_future_next(future, -1, &i, &status, &value));
		if (status)
			skip(files[i], mproxy_error_detail());
		else if (mproxy_value_get_string(value, &reason, NULL) == 0)
			skip(files[i], reason);
		mproxy_value_free(value);
		show_progress(done, n, began);
	}
	print_top(counts, top);
	print_summary(summary);

	while (n > 0)
		free(files[--n]);
	free(files);
	free(args);
	mproxy_future_free(future);
	mproxy_pool_free(pool);
	mproxy_lock_free(lock);
	mproxy_list_free(list);
	mproxy_dict_free(summary);
	mproxy_dict_free(counts);
	mproxy_close(m);
	return 0;
}
