/*
 * Where a manager is: the path of a Unix socket.
 *
 * Both sides find the same place from the same environment. Written as a path
 * or as unix:path=PATH. Abstract addresses are refused: nothing guards them,
 * any user of the machine could sit there first.
 */
#ifndef MPROXY_PROTO_ADDRESS_H
#define MPROXY_PROTO_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* What sun_path holds, with its NUL; the longest path is one less. */
#define ADDRESS_SIZE 108

#define ADDRESS_ENVIRONMENT "MPROXY_ADDRESS"

struct address {
	char path[ADDRESS_SIZE]; /* absolute */
};

/*
 * Reads an address as people write it; a relative path counts from the
 * current folder.
 *
 * Returns 0; or MPROXY_ERR_INVALID or MPROXY_ERR_TOO_BIG, then why holds the
 * sentence, which names the address.
 */
int address_parse(const char *text, struct address *ret, char *why,
		  size_t why_size);

/*
 * The address when none is given: $MPROXY_ADDRESS; else mproxy.sock in the
 * folder of address_folder(). Fails as address_parse() does.
 */
int address_default(struct address *ret, char *why, size_t why_size);

/*
 * The user's folder for sockets, which need not exist yet:
 * $XDG_RUNTIME_DIR/mproxy if there is such a runtime folder, else
 * /tmp/mproxy-UID. Fails as address_parse() does.
 */
int address_folder(struct address *ret, char *why, size_t why_size);

/* Fills in what connect() and bind() take. */
socklen_t address_to_sockaddr(const struct address *address,
			      struct sockaddr_un *ret);

#endif
