/*
 * The face of shared locks: mproxy/lock.h says what each function does.
 */
#include "mproxy/lock.h"

#include "types/face.h"

FACE_DEFINE(lock)

int
mproxy_lock_new(struct mproxy_manager *m, struct mproxy_lock **ret)
{
	return FACE_NEW(m, "lock", ret);
}

int
mproxy_lock_open(struct mproxy_manager *m, const char *name,
		 struct mproxy_lock **ret)
{
	return FACE_OPEN(m, "lock", name, ret);
}

int
mproxy_lock_acquire(struct mproxy_lock *lock, int timeout_ms,
		    struct mproxy_lock_grant *ret)
{
	struct mproxy_lock_grant grant;
	struct mproxy_value *results[2];
	int error = face_call_many(FACE_OBJECT(lock), "acquire", timeout_ms, 0,
				   NULL, 2, results);

	if (error)
		return error;
	error = mproxy_value_get_uint(results[0], &grant.fencing);
	if (!error)
		error = mproxy_value_get_bool(results[1], &grant.owner_died);
	if (!error && ret)
		*ret = grant;
	mproxy_value_free(results[0]);
	mproxy_value_free(results[1]);
	return error;
}

int
mproxy_lock_release(struct mproxy_lock *lock)
{
	return FACE_CALL(lock, "release", NULL);
}

int
mproxy_lock_is_locked(struct mproxy_lock *lock, bool *ret)
{
	return FACE_CALL_BOOL(lock, "locked", ret);
}

int
mproxy_lock_holder(struct mproxy_lock *lock, struct mproxy_lock_holder *ret)
{
	struct mproxy_lock_holder holder;
	struct mproxy_value *list;
	uint64_t waiters;
	int64_t pid;
	int error = FACE_CALL(lock, "holder", &list);

	if (error)
		return error;
	error = mproxy_unpack(list, "iuuiu", &pid, &holder.thread,
			      &holder.fencing, &holder.held_ns, &waiters);
	mproxy_value_free(list);
	if (error)
		return error;
	holder.pid = (pid_t)pid;
	holder.waiters = (size_t)waiters;
	*ret = holder;
	return 0;
}
