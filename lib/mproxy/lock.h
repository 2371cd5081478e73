/*
 * Shared locks, which survive the death of who holds them.
 *
 *	struct mproxy_lock *lock;
 *	struct mproxy_lock_grant grant;
 *
 *	mproxy_lock_open(m, "summary", &lock);
 *	if (mproxy_lock_acquire(lock, -1, &grant) == 0) {
 *		if (grant.owner_died)
 *			…	// repair what it may have left half done
 *		…
 *		mproxy_lock_release(lock);
 *	}
 *
 * A lock belongs to the thread that acquired it. When that thread or its
 * process ends, however it ends, the next one gets the lock, and is told. It is
 * not recursive, and not inherited by fork. Those who wait are served in the
 * order in which they came.
 *
 * timeout_ms: -1 waits for ever, 0 does not wait. A call that waits is ended by
 * a signal as manager.h says (MPROXY_ERR_INTERRUPTED).
 *
 * Each function is one round trip, and the wait. All return 0 or a code, any
 * connection error among them; only the codes of their own are named.
 */
#ifndef MPROXY_LOCK_H
#define MPROXY_LOCK_H

#include <sys/types.h>

#include <mproxy/manager.h>
#include <mproxy/object.h>
#include <mproxy/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_lock;

/** What one gets with the lock. */
struct mproxy_lock_grant {
	uint64_t fencing; /**< larger than in every grant before: a store that
			       remembers it can refuse a holder of old */
	bool owner_died;  /**< the one before ended without release */
};

/** Who has the lock. */
struct mproxy_lock_holder {
	pid_t pid;	  /**< its process */
	uint64_t thread;  /**< the kernel's number of its thread */
	uint64_t fencing; /**< of its grant */
	int64_t held_ns;  /**< nanoseconds since */
	size_t waiters;	  /**< how many wait for it */
};

/**
 * mproxy_lock_new() - make a lock without a name.
 * @ret: given; release with mproxy_lock_free().
 *
 * Returns: 0; MPROXY_ERR_LIMIT. Since: 0.1
 */
int mproxy_lock_new(struct mproxy_manager *m, struct mproxy_lock **ret);

/**
 * mproxy_lock_open() - find the lock of this name, or make it, free.
 * @name: borrowed.
 *
 * Returns: 0; MPROXY_ERR_TYPE, the name is that of an object of another type.
 * Since: 0.1
 */
int mproxy_lock_open(struct mproxy_manager *m, const char *name,
		     struct mproxy_lock **ret);

/** mproxy_lock_ref() - one more owner. Returns @lock. Since: 0.1 */
struct mproxy_lock *mproxy_lock_ref(struct mproxy_lock *lock);

/** mproxy_lock_free() - one owner less. @lock is taken; NULL is fine.
 * Returns: NULL. Since: 0.1 */
struct mproxy_lock *mproxy_lock_free(struct mproxy_lock *lock);

/** mproxy_lock_object() - the same proxy as an object; borrowed from @lock.
 * Since: 0.1 */
struct mproxy_object *mproxy_lock_object(struct mproxy_lock *lock);

/**
 * mproxy_lock_from_value() - the lock whose handle a value is.
 * @ret: given; release with mproxy_lock_free().
 *
 * Returns: 0; MPROXY_ERR_TYPE. Since: 0.1
 */
int mproxy_lock_from_value(const struct mproxy_value *value,
			   struct mproxy_lock **ret);

/**
 * mproxy_lock_acquire() - get the lock, waiting for it.
 * @ret: filled on success; may be NULL.
 *
 * That the owner before died is no failure: the lock is yours, and
 * @ret->owner_died says so.
 *
 * Returns: 0; MPROXY_ERR_WOULD_BLOCK, @timeout_ms was 0; MPROXY_ERR_TIMEOUT, it
 *          passed; both also when this thread has the lock already. Since: 0.1
 */
int mproxy_lock_acquire(struct mproxy_lock *lock, int timeout_ms,
			struct mproxy_lock_grant *ret);

/**
 * mproxy_lock_release() - let the next one have it.
 *
 * Returns: 0; MPROXY_ERR_NOT_OWNER, this thread does not have it. Since: 0.1
 */
int mproxy_lock_release(struct mproxy_lock *lock);

/** mproxy_lock_is_locked() - whether somebody has it. Since: 0.1 */
int mproxy_lock_is_locked(struct mproxy_lock *lock, bool *ret);

/**
 * mproxy_lock_holder() - who has it.
 * @ret: filled on success.
 *
 * Returns: 0; MPROXY_ERR_NOT_FOUND, nobody. Since: 0.1
 */
int mproxy_lock_holder(struct mproxy_lock *lock,
		       struct mproxy_lock_holder *ret);

#ifdef __cplusplus
}
#endif

#endif
