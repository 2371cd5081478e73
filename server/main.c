/*
 * mproxyd: the manager. The story starts here.
 *
 *	options.c	what was asked
 *	around.c	for `mproxyd -- prog`: a manager, prog, and who waits
 *	daemon.c	listen, tell that it is ready, serve, end
 *	server.c	one turn of the loop: read, work, settle, answer
 *	listener.c	lets clients in
 *	conn.c		the socket of a client's thread: frames in, replies out
 *	frames.c	what a frame asks for; hello.c: the first one
 *	client.c	a client's process, and its end
 *	core/core.h	from here on: objects
 */
#include "server/around.h"
#include "server/daemon.h"

int
main(int argc, char **argv)
{
	struct options options;

	options_parse(argc, argv, &options);
	if (options.command)
		return around_run(&options);
	return daemon_run(&options);
}
