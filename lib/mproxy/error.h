/*
 * Error codes of mproxy: one list for the wire, the server and the library.
 *
 * Functions return 0 or one of these negative numbers. Numbers never change
 * and are never used again for something else.
 */
#ifndef MPROXY_ERROR_H
#define MPROXY_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* name, number, text */
#define MPROXY_ERROR_LIST(X)                                                   \
	/* conditions a caller is expected to meet */                          \
	X(TIMEOUT, -1, "timed out")                                            \
	X(EMPTY, -2, "empty")                                                  \
	X(FULL, -3, "full")                                                    \
	X(NOT_FOUND, -4, "not found")                                          \
	X(EXISTS, -5, "exists already")                                        \
	X(CLOSED, -6, "closed")                                                \
	X(OWNER_DIED, -7, "the owner died")                                    \
	X(WORKER_DIED, -8, "the worker died")                                  \
	X(CANCELLED, -9, "cancelled")                                          \
	X(INTERRUPTED, -10, "interrupted")                                     \
	X(WOULD_BLOCK, -11, "would have to wait")                              \
	X(CHANGED, -12, "changed in the meantime")                             \
	X(FAILED, -13, "the task failed")                                      \
	X(BROKEN, -14, "broken")                                               \
	/* mistakes */                                                         \
	X(INVALID, -30, "invalid argument")                                    \
	X(TYPE, -31, "wrong type")                                             \
	X(RANGE, -32, "out of range")                                          \
	X(NO_METHOD, -33, "no such method")                                    \
	X(NO_OBJECT, -34, "no such object")                                    \
	X(NO_TYPE, -35, "no such object type")                                 \
	X(NOT_OWNER, -36, "not the owner")                                     \
	X(STALE, -37, "handle of an earlier server")                           \
	X(BUSY, -38, "busy")                                                   \
	X(NO_TASK, -39, "no such task")                                        \
	X(NO_INIT, -40, "mproxy_init() was not called")                        \
	/* limits */                                                           \
	X(NO_MEMORY, -60, "out of memory")                                     \
	X(TOO_BIG, -61, "too big")                                             \
	X(LIMIT, -62, "limit reached")                                         \
	X(NO_DESCRIPTORS, -63, "out of descriptors")                           \
	/* connection */                                                       \
	X(SERVER_GONE, -90, "the server is gone")                              \
	X(SERVER_SILENT, -91, "the server does not answer")                    \
	X(CONNECT, -92, "cannot connect")                                      \
	X(PROTOCOL, -93, "protocol violation")                                 \
	X(VERSION, -94, "protocol versions differ")                            \
	X(FORKED, -95, "begun before fork")                                    \
	X(DENIED, -96, "permission denied")                                    \
	X(SYSTEM, -97, "system error")                                         \
	X(START, -98, "cannot start")

enum mproxy_error {
	MPROXY_OK = 0,
#define X(name, number, text) MPROXY_ERR_##name = (number),
	MPROXY_ERROR_LIST(X)
#undef X
};

/**
 * mproxy_strerror() - the text of a code, as "timed out".
 * @code: what a function returned; any number is fine.
 *
 * Threads: any. Returns: a constant string, never NULL.
 * Since: 0.1
 */
const char *mproxy_strerror(int code);

/**
 * mproxy_error_name() - the name of a code, as "MPROXY_ERR_TIMEOUT".
 * @code: what a function returned; any number is fine.
 *
 * Threads: any. Returns: a constant string, never NULL.
 * Since: 0.1
 */
const char *mproxy_error_name(int code);

/**
 * mproxy_error_detail() - the sentence that goes with the last failure.
 *
 * Says what failed and on which side ("server: list index 7 out of range for
 * length 3"). One per thread; valid until the next mproxy call of the thread;
 * an empty string when there was no failure yet.
 *
 * Since: 0.1
 */
const char *mproxy_error_detail(void);

#ifdef __cplusplus
}
#endif

#endif
