/*
 * Each thread counts for itself; a shared counter would measure itself.
 */
#include "team.h"

#include <pthread.h>

#include "bench.h"

struct member {
	pthread_t thread;
	pthread_barrier_t *start;
	long (*one)(void *context);
	void *context;
	double rate;
};

static void *
work(void *argument)
{
	struct member *member = argument;
	double seconds = bench_seconds();
	long done = 0;

	bench_check(member->one(member->context) == 0, "a thread");
	pthread_barrier_wait(member->start);
	double start = bench_now();
	while (bench_now() < start + seconds) {
		long n = member->one(member->context);

		bench_check(n == 0, "a thread");
		done += n;
	}
	member->rate = (double)done / (bench_now() - start);
	return NULL;
}

double
team_run(long (*one)(void *context), void *const contexts[TEAM_SIZE])
{
	struct member members[TEAM_SIZE];
	pthread_barrier_t start;
	double rate = 0;

	bench_check(pthread_barrier_init(&start, NULL, TEAM_SIZE), "a barrier");
	for (int i = 0; i < TEAM_SIZE; i++) {
		members[i] = (struct member){ .start = &start,
					      .one = one,
					      .context = contexts[i] };
		bench_check(pthread_create(&members[i].thread, NULL, work,
					   &members[i]),
			    "a thread");
	}
	for (int i = 0; i < TEAM_SIZE; i++) {
		pthread_join(members[i].thread, NULL);
		rate += members[i].rate;
	}
	pthread_barrier_destroy(&start);
	return rate;
}
