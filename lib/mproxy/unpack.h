/*
 * Taking a list apart into C variables.
 *
 *	int64_t n;
 *	double x;
 *	char *text;
 *	struct mproxy_list *results;
 *
 *	if (mproxy_unpack(value, "idsL", &n, &x, &text, &results))
 *		return complain(mproxy_error_detail());
 *	…
 *	free(text);
 *	mproxy_list_free(results);
 */
#ifndef MPROXY_UNPACK_H
#define MPROXY_UNPACK_H

#include <mproxy/error.h>
#include <mproxy/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * mproxy_unpack() - take a list apart into C variables.
 * @value:  borrowed; a list. Anything else counts as a list of this one item.
 * @format: one letter an item, at most 32, each with the address of a variable:
 *
 *	i  int64_t *         u  uint64_t *
 *	b  bool *            d  double *; an integer is converted
 *	s  char **           given: release with free(); ends with a NUL
 *	y  void **, size_t * given: release with free(); and how many bytes
 *	v  struct mproxy_value ** given: release with mproxy_value_free()
 *	h  struct mproxy_object ** given: release with mproxy_object_free()
 *	L  struct mproxy_list **, D dict, Q queue, K lock: given: release with
 *	   mproxy_list_free() …
 *	.  no variable: an item that is skipped
 *	|  no item: those that follow may be missing or nil, and leave their
 *	   variables as they are
 *	*  the last letter: more items may follow
 *
 * On failure all variables stay as they were, and nothing is given.
 *
 * Returns: 0; MPROXY_ERR_TYPE or MPROXY_ERR_RANGE, an item is not what its letter
 *          says ("item 2 of 3: wanted integer, is string"); MPROXY_ERR_INVALID,
 *          too few or too many items, or a format with other letters;
 *          MPROXY_ERR_NO_MEMORY.
 * Since: 0.1
 */
int mproxy_unpack(const struct mproxy_value *value, const char *format, ...);

#ifdef __cplusplus
}
#endif

#endif
