/*
 * Two types that only tests know, and the table of all types for the programs
 * that use them: proof that a type is one file and one row.
 */
#ifndef MPROXY_TESTS_TOYS_H
#define MPROXY_TESTS_TOYS_H

#include "server/core/object.h"

/*
 * counter: add i -> i, get -> i, wait_for i (waits until it is at least that),
 * take i (waits likewise, and subtracts; who came first is served first).
 * box: keeps one value. set v, get -> v; slow i (a job of that many steps,
 * then the number of those); and ways to break the contract: silent, twice.
 */
extern const struct object_type counter_type;
extern const struct object_type box_type;

/* Jobs of boxes that were ended from outside. */
extern int toys_released;
/* What the last step of a slow box may have done of 1024. */
extern size_t toys_share;
/* Boxes destroyed so far. */
extern size_t toys_destroyed;

#endif
