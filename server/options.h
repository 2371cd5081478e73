/*
 * What the daemon was asked to do, from its command line.
 */
#ifndef MPROXY_SERVER_OPTIONS_H
#define MPROXY_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/log.h"

struct options {
	const char *address; /* NULL: the default, or a private one */
	bool print_address;
	int ready_fd; /* -1: none */
	bool is_private;
	bool stays_child;   /* its owner waits for it; set by around.c */
	int owner_fd;	    /* -1: none */
	size_t max_clients; /* 0: the default */
	size_t max_value;   /* 0: the default */
	size_t max_memory;  /* 0: no limit */
	enum log_level log_level;
	char **command; /* prog and its arguments, NULL at the end; or NULL */
};

/* Exits with a message when the command line is wrong, or only asks for help. */
void options_parse(int argc, char **argv, struct options *ret);

#endif
