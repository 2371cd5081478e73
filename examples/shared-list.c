/*
 * A list shared by two processes: the child changes it, the parent sees it.
 *
 * Run it: mproxyd -- ./shared-list
 */
#include <mproxy/mproxy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every function returns 0, or a code; the detail says what went wrong. */
static void
check(int error)
{
	if (error) {
		fprintf(stderr, "%s\n", mproxy_error_detail());
		exit(EXIT_FAILURE);
	}
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_list *list;
	char *text;
	pid_t child;

	check(mproxy_connect(NULL, &m)); /* the manager at $MPROXY_ADDRESS */
	check(mproxy_list_new_from(m, MPROXY_LIST(1, 2, 3), &list));

	child = fork();
	if (child == 0) {
		/* the proxy works here too, by a connection of its own */
		check(mproxy_list_set(list, 0, MPROXY(100)));
		_exit(0);
	}
	waitpid(child, NULL, 0);

	check(mproxy_object_format(mproxy_list_object(list), &text));
	puts(text);

	free(text);
	mproxy_list_free(list);
	mproxy_close(m);
	return 0;
}
