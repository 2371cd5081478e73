/*
 * How many of each the daemon takes: what descriptors there are is shared out
 * once, at the start, so that no client can use up what others need.
 */
#ifndef MPROXY_SERVER_LIMITS_H
#define MPROXY_SERVER_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define LIMITS_CLIENTS_DEFAULT 10000u
#define LIMITS_LEAST_DESCRIPTORS 32u
#define LIMITS_FORKS_PER_SESSION 1024u

/* Calls handled for one lane before the others have their turn. */
#define LIMITS_FRAMES_PER_TURN 64u

/* Output above which a lane is not read, and below which it is again. */
#define LIMITS_OUTPUT_PAUSE ((size_t)1 << 20)
#define LIMITS_OUTPUT_RESUME ((size_t)1 << 19)
/* Output, besides one largest value, above which it is disconnected. */
#define LIMITS_OUTPUT_MAX ((size_t)16 << 20)

#define LIMITS_HELLO_NS INT64_C(5000000000)   /* to say hello */
#define LIMITS_FRAME_NS INT64_C(30000000000)  /* to finish a frame */
#define LIMITS_OUTPUT_NS INT64_C(60000000000) /* to read, when too much waits */

struct limits {
	size_t max_lanes;  /* connections, of all clients together */
	size_t max_forks;  /* announced, of all clients together */
	size_t max_pidfds; /* beyond it, the end of the stream must tell */
};

/* Raises the soft limit of descriptors to the hard one; gives the limit. */
size_t limits_raise_descriptors(void);

/* Shares out the descriptors there may be. wanted 0: the default. */
struct limits limits_derive(size_t descriptors, size_t wanted);

#endif
