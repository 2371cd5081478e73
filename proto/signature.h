/*
 * Signatures: what arguments a method takes, checked before its handler runs.
 *
 *	v  any value            k  any value without a handle inside
 *	i  integer that fits int64          I  such an integer, or nil
 *	n  number (int, uint or double)     b  bool
 *	s  text     y  bytes    l  list     m  map     h  handle
 *	|  what follows may be left out
 *	*  after a letter, as the last thing: any number of these, also none
 *
 * "kv" takes a key and a value; "v|i" a value and perhaps an integer; "v*"
 * any number of values.
 */
#ifndef MPROXY_PROTO_SIGNATURE_H
#define MPROXY_PROTO_SIGNATURE_H

#include "value.h"

/*
 * Checks n values, whose has_handles is set where a k is wanted. 0; or
 * MPROXY_ERR_TYPE, then *ret_arg is the number of the wrong one, counted from
 * 0, and *ret_want what was wanted, as "integer"; or MPROXY_ERR_INVALID (wrong
 * number of values), then *ret_arg is n, and *ret_want the first that is
 * missing, or "fewer". A signature knows itself where it is from: it is not
 * checked.
 */
int signature_check(const char *signature, const struct value *values, size_t n,
		    size_t *ret_arg, const char **ret_want);

/*
 * A signature made ready for a quick check of small arguments: how many there
 * may be, and which kinds each may have, a bit each. One with a star, or with
 * more than a few letters, is never met.
 */
#define SIGNATURE_FEW 4

struct signature_plan {
	uint8_t least, most;
	uint16_t kinds[SIGNATURE_FEW];
};

struct signature_plan signature_plan(const char *signature);

/* "kv" as "key, value", "v|ib" as "value[, integer[, bool]]", "v*" as
 * "value…"; for documentation. */
void signature_describe(const char *signature, struct buffer *out);

#endif
