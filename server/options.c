/*
 * Why options are checked here and nowhere else: what passes this file is
 * within its range, and a wrong one is told before anything has begun.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "mproxy/version.h"
#include "proto/frame.h"
#include "server/options.h"

#define SMALLEST_VALUE ((size_t)1 << 10)
#define LARGEST_VALUE (((size_t)1 << 31) - FRAME_ENVELOPE)

const char *argp_program_version = "mproxyd (mproxy) " MPROXY_VERSION;

enum key {
	KEY_ADDRESS = 'a',
	KEY_PRINT_ADDRESS = 'p',
	KEY_READY_FD = 0x100,
	KEY_PRIVATE,
	KEY_OWNER_FD,
	KEY_MAX_CLIENTS,
	KEY_MAX_VALUE,
	KEY_MAX_MEMORY,
	KEY_LOG_LEVEL,
};

static const struct argp_option table[] = {
	{ .name = "address",
	  .key = KEY_ADDRESS,
	  .arg = "ADDRESS",
	  .doc = "where to listen: PATH or unix:path=PATH (default: "
		 "$MPROXY_ADDRESS, else mproxy/mproxy.sock in "
		 "$XDG_RUNTIME_DIR, "
		 "else /tmp/mproxy-UID/mproxy.sock)" },
	{ .name = "print-address",
	  .key = KEY_PRINT_ADDRESS,
	  .doc = "print the address when listening" },
	{ .name = "max-clients",
	  .key = KEY_MAX_CLIENTS,
	  .arg = "N",
	  .doc = "connections at the same time, one for each thread of a "
		 "client "
		 "(default: 10000, or what descriptors allow)" },
	{ .name = "max-value",
	  .key = KEY_MAX_VALUE,
	  .arg = "SIZE",
	  .doc = "bytes of one value, as 64M (the default)" },
	{ .name = "max-memory",
	  .key = KEY_MAX_MEMORY,
	  .arg = "SIZE",
	  .doc = "bytes of all stored values together (default: no limit)" },
	{ .name = "log-level",
	  .key = KEY_LOG_LEVEL,
	  .arg = "LEVEL",
	  .doc = "error, warning (the default), info or debug" },
	{ .doc = "For programs that start it:" },
	{ .name = "ready-fd",
	  .key = KEY_READY_FD,
	  .arg = "FD",
	  .doc = "write the address and a newline to FD when listening, then "
		 "close it" },
	{ .name = "private",
	  .key = KEY_PRIVATE,
	  .doc = "listen at an address of its own and end with the owner" },
	{ .name = "owner-fd",
	  .key = KEY_OWNER_FD,
	  .arg = "FD",
	  .doc = "end when FD says that the owner has: a pidfd, or a pipe at "
		 "its end" },
	{ .doc = NULL },
};

static const char about[] =
	"The manager of mproxy: holds objects that other processes share.\n"
	"\vWith PROG it serves that command alone: PROG finds the manager by "
	"$MPROXY_ADDRESS, gets the signals that mproxyd gets, and mproxyd ends "
	"with it and exits with its status: 128 + N when signal N killed it, "
	"127 when it cannot start, 125 when mproxyd itself failed.";

/* A whole number, perhaps with a suffix for sizes; exits if it is none. */
static size_t
parse_number(struct argp_state *state, const char *text, const char *what,
	     size_t least, size_t most, bool is_size)
{
	static const char units[] = "KMGT";
	unsigned shift = 0;
	uintmax_t number;
	char *end;

	errno = 0;
	number = strtoumax(text, &end, 10);
	if (is_size && *end) {
		const char *unit = strchr(units, *end);

		if (unit && end[1] == '\0') {
			shift = 10 * (unsigned)(1 + (unit - units));
			end++;
		}
	}
	if (text[0] < '0' || text[0] > '9' || *end || errno ||
	    number > (UINTMAX_MAX >> shift) || number << shift < least ||
	    number << shift > most)
		argp_error(state, "%s must be %zu to %zu%s: %s", what, least,
			   most, is_size ? " bytes, as 64M" : "", text);
	return (size_t)(number << shift);
}

static int
parse_fd(struct argp_state *state, const char *text, const char *what)
{
	int fd = (int)parse_number(state, text, what, 0, INT_MAX, false);

	if (fcntl(fd, F_GETFD) < 0)
		argp_error(state, "%s is not open: %s", what, text);
	return fd;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_ADDRESS:
		options->address = arg;
		return 0;
	case KEY_PRINT_ADDRESS:
		options->print_address = true;
		return 0;
	case KEY_READY_FD:
		options->ready_fd = parse_fd(state, arg, "--ready-fd");
		return 0;
	case KEY_PRIVATE:
		options->is_private = true;
		return 0;
	case KEY_OWNER_FD:
		options->owner_fd = parse_fd(state, arg, "--owner-fd");
		return 0;
	case KEY_MAX_CLIENTS:
		options->max_clients = parse_number(state, arg, "--max-clients",
						    1, 1000000, false);
		return 0;
	case KEY_MAX_VALUE:
		options->max_value = parse_number(state, arg, "--max-value",
						  SMALLEST_VALUE, LARGEST_VALUE,
						  true);
		return 0;
	case KEY_MAX_MEMORY:
		options->max_memory = parse_number(state, arg, "--max-memory",
						   SMALLEST_VALUE, SIZE_MAX,
						   true);
		return 0;
	case KEY_LOG_LEVEL:
		if (!log_level_parse(arg, &options->log_level))
			argp_error(state,
				   "--log-level is error, warning, info "
				   "or debug: %s",
				   arg);
		return 0;
	case ARGP_KEY_ARGS:
		options->command = state->argv + state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (strcmp(state->argv[state->argc - 1], "--") == 0)
			argp_error(state, "no program after --");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void
options_parse(int argc, char **argv, struct options *ret)
{
	static const struct argp parser = {
		.options = table,
		.parser = parse_option,
		.args_doc = "[-- PROG [ARG…]]",
		.doc = about,
	};

	*ret = (struct options){
		.ready_fd = -1,
		.owner_fd = -1,
		.log_level = LOG_LEVEL_WARNING,
	};
	argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, ret);
}
