/*
 * The daemon: a server with a listener, signals, and an owner.
 */
#ifndef MPROXY_SERVER_DAEMON_H
#define MPROXY_SERVER_DAEMON_H

#include "server/options.h"

/* Serves until it is told to end, or its owner ends. Returns an exit status. */
int daemon_run(const struct options *options);

#endif
