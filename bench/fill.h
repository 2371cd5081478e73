/*
 * Filling shared objects with many elements, in large portions.
 */
#ifndef MPROXY_BENCH_FILL_H
#define MPROXY_BENCH_FILL_H

#include <mproxy/mproxy.h>

/* Each ends the program when it fails. The elements are those from first to
 * before first + n: integers, pairs of an integer with itself, and items of
 * 16 bytes. */
void fill_list(struct mproxy_list *list, long first, long n);
void fill_dict(struct mproxy_dict *dict, long first, long n);
void fill_queue(struct mproxy_queue *queue, long first, long n);

/* The list gets n integers in no order. */
void fill_list_shuffled(struct mproxy_list *list, long n);

#endif
