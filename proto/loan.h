/*
 * Memory that several hold: it is freed when the last lets go. One thread's.
 */
#ifndef MPROXY_PROTO_LOAN_H
#define MPROXY_PROTO_LOAN_H

struct loan {
	unsigned holders;
	void (*free)(struct loan *loan);
};

static inline void
loan_hold(struct loan *loan)
{
	loan->holders++;
}

static inline void
loan_let_go(struct loan *loan)
{
	if (--loan->holders == 0)
		loan->free(loan);
}

#endif
