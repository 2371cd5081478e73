/*
 * What happens to connections when the process forks. See fork.c.
 */
#ifndef MPROXY_LIB_FORK_H
#define MPROXY_LIB_FORK_H

#include "lib-private.h"

/* Has forks taken care of from now on. 0 or an errno. */
int fork_watch(void);

/*
 * Announces a process that will not come by fork(), but comes forward with
 * this nonce (connection_claim()): until then, or until the end of *ret_fd is
 * closed everywhere, the manager keeps alive what this process refers to now.
 * 0 or an error; *ret_fd is the caller's, close-on-exec.
 */
int fork_announce(struct mproxy_manager *m, uint8_t ret_nonce[MESSAGE_KEY_SIZE],
		  int *ret_fd);

#endif
