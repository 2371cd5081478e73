/*
 * The detail of this thread as a thing that can be put aside: what happens
 * behind the caller's back (giving references back, a fork) must not change
 * what mproxy_error_detail() says.
 */
#ifndef MPROXY_LIB_DETAIL_H
#define MPROXY_LIB_DETAIL_H

#define DETAIL_SIZE 512

struct detail {
	int code; /* what it goes with */
	char text[DETAIL_SIZE];
};

/* The code of the last failure of this thread. */
int detail_code(void);

void detail_save(struct detail *ret);
void detail_restore(const struct detail *saved);

#endif
