/*
 * The clock starts when all are there and ends when the last item is got: a
 * backlog that producers leave behind costs time, too.
 */
#include "crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { CREW_MOST = 16 };

struct shared {
	pthread_barrier_t start;
	atomic_long got;
};

static struct shared *
share(int n)
{
	struct shared *shared = mmap(NULL, sizeof(*shared),
				     PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_barrierattr_t attr;

	if (shared == MAP_FAILED)
		bench_die("memory for a crew");
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	bench_check(pthread_barrier_init(&shared->start, &attr, (unsigned)n),
		    "a barrier");
	return shared;
}

static void
produce(const struct crew *crew, void *context)
{
	double end = bench_now() + bench_seconds();

	while (bench_now() < end)
		crew->put(context);
}

static void
consume(const struct crew *crew, void *context, struct shared *shared)
{
	long got = 0, n;

	while ((n = crew->get(context)) > 0)
		got += n;
	atomic_fetch_add(&shared->got, got);
}

static pid_t
start(const struct crew *crew, void *context, struct shared *shared,
      bool produces)
{
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork");
	if (pid > 0)
		return pid;
	if (crew->begin)
		crew->begin(context);
	pthread_barrier_wait(&shared->start);
	if (produces)
		produce(crew, context);
	else
		consume(crew, context, shared);
	_exit(0);
}

static void
wait_for(const pid_t *pids, int n)
{
	for (int i = 0; i < n; i++) {
		int status;

		if (waitpid(pids[i], &status, 0) < 0)
			bench_die("waitpid");
		bench_check(status, "a producer or consumer");
	}
}

double
crew_run(const struct crew *crew, void *context)
{
	struct shared *shared = share(crew->producers + crew->consumers + 1);
	pid_t producers[CREW_MOST], consumers[CREW_MOST];

	for (int i = 0; i < crew->consumers; i++)
		consumers[i] = start(crew, context, shared, false);
	for (int i = 0; i < crew->producers; i++)
		producers[i] = start(crew, context, shared, true);
	pthread_barrier_wait(&shared->start);
	double begin = bench_now();
	wait_for(producers, crew->producers);
	crew->finish(context);
	wait_for(consumers, crew->consumers);
	double rate = (double)shared->got / (bench_now() - begin);
	munmap(shared, sizeof(*shared));
	return rate;
}
