/*
 * Jobs for three processes, and waiting until the last one is done.
 *
 * The manager is the program's own: it is started here and ends with it.
 *
 * Run it: ./joinable-queue
 */
#include <mproxy/mproxy.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
check(int error)
{
	if (error) {
		fprintf(stderr, "%s\n", mproxy_error_detail());
		exit(EXIT_FAILURE);
	}
}

/* Takes jobs until there is no manager any more. */
static void
work(struct mproxy_queue *jobs)
{
	struct mproxy_value *job;
	struct mproxy_dict *squares;
	int64_t n;

	while (mproxy_queue_get(jobs, -1, &job) == 0) {
		check(mproxy_unpack(job, "iD", &n, &squares));
		check(mproxy_dict_set(squares, MPROXY(n), MPROXY(n * n)));
		check(mproxy_queue_task_done(jobs, 1));
		mproxy_dict_free(squares);
		mproxy_value_free(job);
	}
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_queue *jobs;
	struct mproxy_dict *squares;
	struct mproxy_value *result;
	char *text;

	check(mproxy_start(NULL, &m));
	check(mproxy_queue_new(m, 0, &jobs));
	check(mproxy_dict_new(m, &squares));

	for (int i = 0; i < 3; i++) {
		if (fork() == 0) {
			work(jobs);
			_exit(0);
		}
	}
	/* a job says what to do, and where the result goes: into a dict that
	 * arrives as a working proxy */
	for (int n = 1; n <= 10; n++)
		check(mproxy_queue_put(jobs, MPROXY_ARGS(n, squares), -1));

	check(mproxy_queue_join(jobs, -1)); /* all are done now */

	check(mproxy_dict_copy(squares, &result));
	check(mproxy_value_format(result, &text));
	puts(text);

	free(text);
	mproxy_value_free(result);
	mproxy_dict_free(squares);
	mproxy_queue_free(jobs);
	mproxy_close(m);
	return 0;
}
