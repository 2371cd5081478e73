/*
 * Interrupts: how a signal ends a wait. See interrupt.c.
 */
#ifndef MPROXY_LIB_INTERRUPT_H
#define MPROXY_LIB_INTERRUPT_H

#include <stdbool.h>

/* How often mproxy_interrupt() was called. */
unsigned interrupt_count(void);

/* A wait was disturbed by a signal: whether a handler wants it ended. */
bool interrupt_by_handler(void);

#endif
