/*
 * Records: small maps from text to plain values, as the server answers them
 * when it is asked about itself.
 */
#ifndef MPROXY_SERVER_CORE_RECORD_H
#define MPROXY_SERVER_CORE_RECORD_H

#include "proto/value.h"

struct call;

#define RECORD_FIELDS 24

struct record {
	struct buffer bytes; /* keys and values in turn */
	size_t ends[RECORD_FIELDS * 2];
	size_t n;
};

#define RECORD_INIT                                                            \
	{                                                                      \
	}

void record_uint(struct record *record, const char *key, uint64_t value);
/* text NULL: nil. */
void record_text(struct record *record, const char *key, const char *text);

/* Answers the call with it and frees it. */
void record_reply(struct record *record, struct call *call);

#endif
