/*
 * Values for random tests and fuzzing.
 */
#ifndef MPROXY_TESTS_VALUES_H
#define MPROXY_TESTS_VALUES_H

#include "proto/buffer.h"

/* Appends a random canonical value, nested at most depth deep (1: a scalar or
 * an empty container), with handles in it if wished. */
void values_random(struct buffer *out, uint64_t *state, unsigned depth,
		   bool handles);

/* Changes bytes at random: bits, bytes, pieces left out, doubled or moved. */
void values_mutate(struct buffer *bytes, uint64_t *state);

/* Takes a canonical value apart and builds it anew, all the way down. */
void values_rebuild(struct buffer *out, struct span bytes);

#endif
