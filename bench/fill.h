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

/* What the server says that all its objects take, in bytes. */
int64_t fill_memory(struct mproxy_manager *m);

/* Frees a proxy, the last one, and waits until the memory is back: the server
 * does that in its own time. empty: what fill_memory() said before. */
void fill_free(struct mproxy_manager *m, struct mproxy_object *object,
	       int64_t empty);

#endif
