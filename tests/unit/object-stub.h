/*
 * Proxies without a manager, for tests of values: only counted.
 */
#ifndef MPROXY_TESTS_OBJECT_STUB_H
#define MPROXY_TESTS_OBJECT_STUB_H

#include "lib/lib-private.h"

/* Two managers that are nothing but addresses. */
extern struct mproxy_manager *const stub_manager;
extern struct mproxy_manager *const stub_other_manager;

/* A proxy with one reference; id tells it apart. */
struct mproxy_object *stub_object(struct mproxy_manager *m, uint64_t id,
				  const char *type);

/* How many proxies there are, and how often manager_release() was called. */
size_t stub_live(void);
size_t stub_released(void);

#endif
