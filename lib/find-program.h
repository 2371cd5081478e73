/*
 * Where mproxyd is. See find-program.c.
 */
#ifndef MPROXY_LIB_FIND_PROGRAM_H
#define MPROXY_LIB_FIND_PROGRAM_H

/*
 * Finds mproxyd: wanted if it is not NULL; else $MPROXYD; else where it was
 * installed, then in $PATH. *ret is to be freed. MPROXY_ERR_START when there is
 * none, the detail names the places; or MPROXY_ERR_NO_MEMORY.
 */
int find_program(const char *wanted, char **ret);

#endif
