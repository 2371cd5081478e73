/*
 * What happens next: calls drawn at random, with a liking for the edges.
 */
#ifndef MPROXY_TESTS_STORY_H
#define MPROXY_TESTS_STORY_H

#include "tests/model/model.h"

struct story {
	uint64_t state;
	/* the last one drawn: */
	int lane;
	int object;
	enum m_type type;
	int name; /* -1: none */
	const char *method;
	struct m_values args;
	int64_t timeout; /* ms */
};

/* 0 … n - 1; n is at least 1. */
size_t story_below(struct story *story, size_t n);
/* A lane that is open. */
int story_lane(struct story *story, const struct model *m);
/* False when there is nothing to be done just now. */
bool story_call(struct story *story, const struct model *m);
bool story_make(struct story *story, const struct model *m);

#endif
