/*
 * The manager: the process that holds the shared objects, as seen from here.
 *
 * A struct mproxy_manager is a connection to it. Any thread may use it: each
 * gets a socket of its own on its first call, so that one that waits delays no
 * other, and what a thread holds (locks) ends with the thread. After fork the
 * child may use it too: it connects for itself on first use. Locks are not
 * inherited. Each fork makes one round trip to the manager (a thread's first,
 * two), for at most a second; a child of _Fork() or clone() has no connection
 * it could use.
 *
 * A manager that has ended is one named error, at once, on every call from then
 * on: MPROXY_ERR_SERVER_GONE; if it broke off in the middle of a call, the
 * detail says that the outcome is not known. Nothing is ever sent twice. One
 * that stays silent for a grace time (30 s, or $MPROXY_GRACE_MS) after it should
 * have answered gives MPROXY_ERR_SERVER_SILENT; what the thread held is given
 * up then, and its next call tries anew.
 *
 * Calls are not for signal handlers, but for mproxy_interrupt(). A thread that
 * is cancelled in a call gives up what it held, and may leak a little memory.
 *
 * With MPROXY_DEBUG=calls in the environment each call is written to standard
 * error, with its answer and the time it took.
 *
 *	struct mproxy_manager *m;
 *	if (mproxy_start(NULL, &m))	// a private one, ends with this process
 *		die("%s", mproxy_error_detail());
 *	…
 *	mproxy_close(m);
 */
#ifndef MPROXY_MANAGER_H
#define MPROXY_MANAGER_H

#include <sys/types.h>

#include <mproxy/error.h>
#include <mproxy/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_manager;

/**
 * mproxy_connect() - connect to a manager that runs already.
 * @address: path of its socket; NULL: $MPROXY_ADDRESS, else the default place
 *           ($XDG_RUNTIME_DIR/mproxy/mproxy.sock or /tmp/mproxy-UID/…).
 * @ret:     given; release with mproxy_close().
 *
 * Blocks: until the manager answers; at most 5 s to be accepted, and the grace.
 * Returns: 0; MPROXY_ERR_CONNECT, nobody listens there; MPROXY_ERR_DENIED, it
 *          belongs to another user (neither this process's nor root);
 *          MPROXY_ERR_VERSION; MPROXY_ERR_INVALID, the address is no path or too
 *          long; MPROXY_ERR_PROTOCOL, it is no manager; MPROXY_ERR_SERVER_SILENT;
 *          MPROXY_ERR_LIMIT, it has too many clients;
 *          MPROXY_ERR_NO_DESCRIPTORS; MPROXY_ERR_NO_MEMORY. The detail names the
 *          address.
 * Since: 0.1
 */
int mproxy_connect(const char *address, struct mproxy_manager **ret);

/** How mproxy_start() starts a manager. NULL means all defaults. */
struct mproxy_start_options {
	size_t size;	     /**< sizeof this struct; the macro sets it */
	const char *program; /**< path of mproxyd; NULL: $MPROXYD, then where
				  it was installed, then $PATH */
	uint64_t max_value;  /**< bytes of the largest value; 0: 64 MiB */
	uint64_t max_memory; /**< bytes of all values; 0: no limit */
};

#ifndef __cplusplus /* there, mproxy_start_options_init() */
#define MPROXY_START_OPTIONS(...)                                              \
	(&(struct mproxy_start_options){                                       \
		.size = sizeof(struct mproxy_start_options), __VA_ARGS__ })
#endif

/**
 * mproxy_start_options_init() - all defaults; for languages without the macro.
 * @options: filled in.
 *
 * Since: 0.1
 */
void mproxy_start_options_init(struct mproxy_start_options *options);

/**
 * mproxy_start() - start a private manager and connect to it.
 * @options: borrowed; NULL: defaults.
 * @ret:     given; release with mproxy_close(), which ends the manager.
 *
 * The manager ends within a second when this process ends, however it ends,
 * whatever children it leaves. It is no child of this process (wait() never
 * sees it), does not get the terminal's Ctrl-C, and inherits no descriptor but
 * standard error.
 *
 * Blocks: until the manager is ready.
 * Returns: 0; MPROXY_ERR_START, the detail says why (mproxyd not found, with
 *          the places looked at; directory not writable; …); otherwise as
 *          mproxy_connect().
 * Since: 0.1
 */
int mproxy_start(const struct mproxy_start_options *options,
		 struct mproxy_manager **ret);

/**
 * mproxy_close() - end the connection; a private manager ends with it.
 * @m: taken; NULL is fine.
 *
 * Everything this process refers to is given up. Proxies and values that are
 * still around stay valid memory, to be freed as usual; calls on them give
 * MPROXY_ERR_CLOSED. Calls waiting in other threads end with it too. @m itself
 * must not be used any more, unless through a proxy. A forked child closes only
 * its own connection.
 *
 * Blocks: until a private manager has ended, at most 2 s; else not.
 * Returns: NULL.
 * Since: 0.1
 */
struct mproxy_manager *mproxy_close(struct mproxy_manager *m);

/**
 * mproxy_manager_address() - where the manager listens; for MPROXY_ADDRESS.
 * @m: borrowed.
 *
 * Returns: a string that lives as long as @m.
 * Since: 0.1
 */
const char *mproxy_manager_address(const struct mproxy_manager *m);

/** mproxy_manager_pid() - the process that is the manager; for display, and for
 * watching it. Since: 0.1 */
pid_t mproxy_manager_pid(const struct mproxy_manager *m);

/**
 * mproxy_manager_ping() - one round trip.
 * @m: borrowed.
 *
 * Blocks: one round trip.
 * Returns: 0; MPROXY_ERR_SERVER_GONE; MPROXY_ERR_SERVER_SILENT; MPROXY_ERR_CLOSED;
 *          MPROXY_ERR_FORKED, this child could not be made known to the manager;
 *          MPROXY_ERR_PROTOCOL; MPROXY_ERR_NO_DESCRIPTORS or
 *          MPROXY_ERR_NO_MEMORY, no socket for this thread; MPROXY_ERR_BUSY, called
 *          by a signal handler in the middle of another call. Every call can
 *          fail with these.
 * Since: 0.1
 */
int mproxy_manager_ping(struct mproxy_manager *m);

/**
 * mproxy_manager_names() - the named objects.
 * @m:   borrowed.
 * @ret: given: a list of [name, type].
 *
 * Blocks: one round trip. Returns: 0, or as mproxy_manager_ping().
 * Since: 0.1
 */
int mproxy_manager_names(struct mproxy_manager *m, struct mproxy_value **ret);

/**
 * mproxy_manager_unlink() - take the name off an object.
 * @m:    borrowed.
 * @name: UTF-8 text; borrowed.
 *
 * The object lives on while somebody refers to it.
 *
 * Blocks: one round trip.
 * Returns: 0; MPROXY_ERR_NOT_FOUND; otherwise as mproxy_manager_ping().
 * Since: 0.1
 */
int mproxy_manager_unlink(struct mproxy_manager *m, const char *name);

/**
 * mproxy_manager_stats() - figures about the manager.
 * @m:   borrowed.
 * @ret: given: a map with "objects", "sessions", "memory" (bytes) and others.
 *
 * Blocks: one round trip. Returns: 0, or as mproxy_manager_ping().
 * Since: 0.1
 */
int mproxy_manager_stats(struct mproxy_manager *m, struct mproxy_value **ret);

/**
 * mproxy_interrupt() - end the waits of all threads of this process.
 *
 * Each thread's current wait, or else its next one, ends with
 * MPROXY_ERR_INTERRUPTED, unless its result was there already. A thread that has
 * made no call of this library yet is not concerned. Meant for signal handlers
 * (it is async-signal-safe), and the only way without a race: a signal that
 * arrives just before a call begins to wait counts too.
 *
 * Without it, a call that waits returns MPROXY_ERR_INTERRUPTED when a signal
 * handler installed without SA_RESTART ran during the wait. If the wait has a
 * timeout and the program has handlers of both sorts, either sort ends it.
 *
 * Since: 0.1
 */
void mproxy_interrupt(void);

#ifdef __cplusplus
}
#endif

#endif
