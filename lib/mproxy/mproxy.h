/*
 * mproxy: objects that several processes share, and a pool of workers.
 *
 * A tour. A manager, the daemon mproxyd, holds lists, dicts, queues and locks;
 * programs hold proxies of them. Every function returns 0 or a negative code
 * (error.h); mproxy_error_detail() then says in a sentence what went wrong.
 *
 *	struct mproxy_manager *m;
 *	struct mproxy_list *list;
 *	struct mproxy_dict *dict;
 *	struct mproxy_value *v;
 *	int64_t n;
 *
 *	mproxy_start(NULL, &m);            // a manager of one's own; or
 *	mproxy_connect(NULL, &m);          // the one at $MPROXY_ADDRESS
 *	mproxy_dict_new(m, &dict);         // lives while somebody refers to it
 *	mproxy_list_open(m, "all", &list); // found by its name, or made
 *
 * Values go in and out (value.h). What is put somewhere is taken from you, so
 * constructors nest; a proxy in a value is a handle, which arrives as a working
 * proxy: here the list gets a text and the dict itself, not a copy of it.
 *
 *	mproxy_list_append(list, MPROXY_ARGS("words", dict));
 *	mproxy_dict_add(dict, MPROXY("the"), MPROXY(2), NULL);
 *	mproxy_dict_get(dict, MPROXY("the"), &v);
 *	mproxy_unpack(v, "i", &n);
 *	mproxy_value_free(v);
 *	mproxy_list_free(list);            // the proxy; the named list stays
 *
 * Headers use three words for who owns what: a function *borrows* (valid during
 * the call), *takes* (yours no more, also on failure) or *gives* (release it
 * with the function named). …_free(NULL) is fine.
 *
 * Waiting: timeout_ms is -1 for ever, 0 not at all; less than -1 is
 * MPROXY_ERR_INVALID. A wait ends with
 * MPROXY_ERR_INTERRUPTED after a signal whose handler was installed without
 * SA_RESTART, or by mproxy_interrupt(). The library never prints, exits,
 * raises SIGPIPE or installs a handler.
 *
 * Threads may share everything; each has a connection of its own, and owns the
 * locks it acquires. After fork the child goes on using its proxies and
 * values; locks stay with the parent. Whatever dies, others are told: a lock
 * passes on, a queue's item goes back, mproxy_close() or the end of the process
 * ends the manager that mproxy_start() made.
 *
 * Many calls at once: pipelined, with the errors at the end (pipeline.h); or
 * asynchronous, in a loop of the program's own (async.h, adapters/).
 *
 *	mproxy_pipeline_begin(m, 0);
 *	for (int i = 0; i < 1000; i++)
 *		mproxy_list_append(list, MPROXY(i)); // returns at once
 *	error = mproxy_pipeline_end(m);
 *
 * A pool runs tasks in worker processes: task.h, pool.h.
 *
 *	mproxy_pool_new(m, MPROXY_POOL_OPTIONS(.workers = 4), &pool);
 *	mproxy_pool_apply(pool, &mproxy_task_count, MPROXY_ARGS(path, dict), -1, &v);
 */
#ifndef MPROXY_H
#define MPROXY_H

#include <mproxy/error.h>
#include <mproxy/manager.h>
#include <mproxy/object.h>
#include <mproxy/value.h>
#include <mproxy/version.h>

#include <mproxy/async.h>
#include <mproxy/dict.h>
#include <mproxy/iter.h>
#include <mproxy/list.h>
#include <mproxy/lock.h>
#include <mproxy/pipeline.h>
#include <mproxy/queue.h>

#include <mproxy/future.h>
#include <mproxy/pool.h>
#include <mproxy/task.h>

#endif
