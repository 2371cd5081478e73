/*
 * Sorting an array of pointers a little at a time: a stable merge sort.
 */
#ifndef MPROXY_SERVER_CONTAINERS_SORTER_H
#define MPROXY_SERVER_CONTAINERS_SORTER_H

#include <stdbool.h>
#include <stddef.h>

struct sorter {
	/* <0, 0, >0; must be a total order */
	int (*compare)(const void *a, const void *b);
	bool descending; /* equal ones keep their order in this case too */
	size_t n;
	void **items;
	void **spare; /* room for as many */

	size_t width;  /* of the runs that are in order; 0: none yet */
	size_t begin;  /* of the two runs being merged */
	size_t left;   /* taken from the first of them */
	size_t right;  /* and from the second */
	bool in_order; /* they are, one behind the other */
};

/* Borrows both arrays, of n pointers each, until the end. */
void sorter_init(struct sorter *sorter, void **items, void **spare, size_t n,
		 int (*compare)(const void *a, const void *b), bool descending);

/*
 * Does about budget comparisons. True when all is in order: then
 * sorter->items, which is one of the two arrays, has the result.
 */
bool sorter_some(struct sorter *sorter, size_t budget);

#endif
