/*
 * Producers and consumers, each a process: how many items pass in a second.
 */
#ifndef MPROXY_BENCH_CREW_H
#define MPROXY_BENCH_CREW_H

struct crew {
	int producers, consumers;
	void (*begin)(void *context);  /* first in each process; or NULL */
	long (*put)(void *context);    /* puts some items; gives how many */
	long (*get)(void *context);    /* as many as it got; 0: no more come */
	void (*finish)(void *context); /* all is put: lets get() see the end */
};

/* Producers put for bench_seconds(); returns items got per second. */
double crew_run(const struct crew *crew, void *context);

#endif
