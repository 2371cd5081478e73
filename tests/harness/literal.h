/*
 * Values from text, as value_format() prints them:
 *
 *	1, -2.5, true, nil, "text", [1, [2]], {"a": 1}, <list 7>
 *
 * Text has no escapes. A handle may leave out its type: <7>.
 */
#ifndef MPROXY_TESTS_LITERAL_H
#define MPROXY_TESTS_LITERAL_H

#include "proto/value.h"

#define LITERAL_MOST 256 /* values in one text, one list or one map */

/*
 * Writes all values of a text into out, which is cleared first, and where
 * each one is into ret; gives how many. type_of (may be NULL) tells the type
 * of an object for a handle without one. Ends the program on what it cannot
 * read: the text is a test's own.
 */
size_t literal_values(const char *text, struct buffer *out,
		      struct span ret[LITERAL_MOST],
		      struct span (*type_of)(uint64_t object));

#endif
