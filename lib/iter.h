/*
 * Paged walks: what an iterator asks for, page by page.
 */
#ifndef MPROXY_LIB_ITER_H
#define MPROXY_LIB_ITER_H

#include "lib-private.h"
#include "mproxy/iter.h"

enum iter_kind {
	ITER_SLICES,	/* of a list, by index */
	ITER_KEY_PAGES, /* of a dict, by the cursor it gave */
	ITER_VALUE_PAGES,
	ITER_ITEM_PAGES, /* of [key, item] */
};

/* page: 0 for a good number. Borrows object, holds a reference. */
int iter_new(struct mproxy_object *object, enum iter_kind kind, size_t page,
	     struct mproxy_iter **ret);

#endif
