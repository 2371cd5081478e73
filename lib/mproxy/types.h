/*
 * The types of shared objects that have a proxy of their own: one row each.
 *
 * name: of the type; the proxy is struct mproxy_NAME. letter: what takes such a
 * proxy out of a value in mproxy_unpack().
 */
#ifndef MPROXY_TYPES_H
#define MPROXY_TYPES_H

#define MPROXY_TYPE_LIST(X)                                                    \
	X(list, 'L')                                                           \
	X(dict, 'D')                                                           \
	X(queue, 'Q')                                                          \
	X(lock, 'K')

struct mproxy_value;
struct mproxy_object; /* what all proxies are; see object.h */

#define MPROXY_TYPE_DECLARE_(name, letter) struct mproxy_##name;
MPROXY_TYPE_LIST(MPROXY_TYPE_DECLARE_)
#undef MPROXY_TYPE_DECLARE_

#endif
