/*
 * Threads of one process that all do the same, each with its own context.
 */
#ifndef MPROXY_BENCH_TEAM_H
#define MPROXY_BENCH_TEAM_H

enum { TEAM_SIZE = 8 };

/*
 * Each thread runs one(contexts[i]) again and again for bench_seconds().
 * one() returns how often it did what is counted, or 0 to end the program.
 * Returns how often all together did it in a second.
 */
double team_run(long (*one)(void *context), void *const contexts[TEAM_SIZE]);

#endif
