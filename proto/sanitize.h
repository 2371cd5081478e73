/*
 * Whether memory may be kept for its next use. Sanitizers would not see the use
 * of memory that was given back that way, so they get real allocations.
 */
#ifndef MPROXY_PROTO_SANITIZE_H
#define MPROXY_PROTO_SANITIZE_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
