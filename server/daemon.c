/*
 * Why a private daemon has a process group of its own: Ctrl-C, Ctrl-Z and a
 * closed terminal are for the owner to answer, and the daemon must outlast
 * whatever the owner still has to say to it. Not a session: Linux groups the
 * processes of a session for scheduling (sched_autogroup), and a call that
 * goes from one group to another and back took 0.3 to 0.4 us more of 6.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "server/daemon.h"
#include "server/endpoint.h"
#include "server/ready.h"
#include "server/shell.h"

#define N_SIGNALS 3

struct daemon {
	const struct options *options;
	struct server *server;
	struct endpoint endpoint;
	struct event signals[N_SIGNALS];
	struct event owner;
};

/* Where a private daemon that cannot start says why; -1: nowhere. */
static int failure_fd = -1;

static int
fail(const char *why)
{
	log_line(LOG_LEVEL_ERROR, "%s", why);
	if (failure_fd >= 0)
		dprintf(failure_fd, "%s\n", why);
	return -1;
}

/* --- surroundings --- */

/* So that no socket becomes somebody's standard error. */
static void
open_standard_streams(void)
{
	int fd;

	do {
		/* NOLINTNEXTLINE(android-cloexec-open): a standard stream */
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void
close_from(unsigned first, unsigned last)
{
	if (first <= last)
		syscall(SYS_close_range, first, last, 0);
}

/* What the owner left open by mistake would stay open as long as we live. */
static void
close_all_but(int one, int other)
{
	unsigned low = (unsigned)(one < other ? one : other);
	unsigned high = (unsigned)(one < other ? other : one);
	unsigned next = STDERR_FILENO + 1;

	/* -1, none, is above all */
	if (one < 0 || other < 0) {
		low = (unsigned)(one < 0 ? other : one);
		high = low;
	}
	if (low != UINT32_MAX && low >= next) {
		close_from(next, low - 1);
		next = low + 1;
	}
	if (high != UINT32_MAX && high >= next) {
		close_from(next, high - 1);
		next = high + 1;
	}
	close_from(next, UINT32_MAX);
}

/*
 * The owner waits for the process it started, which ends here; what goes on is
 * no child of the owner, whose wait() is its own affair.
 */
static void
leave_owner(void)
{
	pid_t pid = fork();

	if (pid > 0)
		_exit(EXIT_SUCCESS);
	if (pid < 0) {
		fail("cannot fork");
		_exit(EXIT_FAILURE);
	}
}

static void
detach(const struct options *options)
{
	if (!options->stays_child) {
		failure_fd = options->ready_fd;
		leave_owner();
	}
	close_all_but(options->ready_fd, options->owner_fd);
	setpgid(0, 0); /* fails for the leader of a session, which has one */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTTOU, SIG_IGN); /* it may print on the owner's terminal */
}

/* What libevent has to say goes where everything else goes. */
static void
on_libevent_log(int severity, const char *text)
{
	log_line(severity == EVENT_LOG_ERR ? LOG_LEVEL_ERROR
					   : LOG_LEVEL_WARNING,
		 "libevent: %s", text);
}

/*
 * A free() of a small piece of memory that is put off until many are joined at
 * once: with millions of them somebody's call takes a quarter of a second. So
 * each is joined when it is freed, which costs 5 ns. Memory that is free goes
 * back to the system only where malloc() does that by itself: malloc_trim()
 * takes as long as there is memory, 2 ms for 50 MB, and cannot be stopped.
 */
static void
free_evenly(void)
{
	mallopt(M_MXFAST, 0);
}

static void
prepare_process(const struct options *options)
{
	sigset_t none;

	free_evenly();
	log_set_level(options->log_level);
	event_set_log_callback(on_libevent_log);
	open_standard_streams();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (options->ready_fd >= 0)
		fcntl(options->ready_fd, F_SETFD, FD_CLOEXEC);
	if (options->owner_fd >= 0)
		fcntl(options->owner_fd, F_SETFD, FD_CLOEXEC);
	if (options->is_private)
		detach(options);
}

/* --- what ends it --- */

static void
on_signal(evutil_socket_t number, short what, void *context)
{
	struct daemon *daemon = context;

	(void)what;
	log_line(LOG_LEVEL_INFO, "ends signal=%d", (int)number);
	server_stop(daemon->server);
}

static int
watch_signals(struct daemon *daemon)
{
	static const int numbers[N_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };
	struct event_base *base = server_base(daemon->server);
	struct sigaction now;

	for (size_t i = 0; i < N_SIGNALS; i++) {
		struct event *event = &daemon->signals[i];

		/* ignored by whoever started it (nohup), or by detach() */
		if (sigaction(numbers[i], NULL, &now) == 0 &&
		    now.sa_handler == SIG_IGN)
			continue;
		if (evsignal_assign(event, base, numbers[i], on_signal,
				    daemon) < 0 ||
		    evsignal_add(event, NULL) < 0)
			return fail("cannot watch signals");
	}
	return 0;
}

static void
on_owner(evutil_socket_t fd, short what, void *context)
{
	struct daemon *daemon = context;
	char ignored[64];
	ssize_t n;

	(void)what;
	n = read(fd, ignored, sizeof(ignored));
	/* a pipe at its end, or a pidfd, which cannot be read */
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	log_line(LOG_LEVEL_INFO, "ends, as the owner has");
	server_stop(daemon->server);
}

static int
watch_owner(struct daemon *daemon)
{
	int fd = daemon->options->owner_fd;

	if (fd < 0)
		return 0;
	if (event_assign(&daemon->owner, server_base(daemon->server), fd,
			 EV_READ | EV_PERSIST, on_owner, daemon) < 0 ||
	    event_add(&daemon->owner, NULL) < 0)
		return fail("cannot watch the descriptor of --owner-fd");
	return 0;
}

/* --- the steps --- */

static int
make_server(struct daemon *daemon)
{
	const struct options *options = daemon->options;
	struct server_config config = SERVER_CONFIG_DEFAULT;
	size_t descriptors = limits_raise_descriptors();
	char why[120];

	if (descriptors < LIMITS_LEAST_DESCRIPTORS) {
		snprintf(why, sizeof(why),
			 "out of descriptors: the limit is %zu, at least %u "
			 "are needed (ulimit -n)",
			 descriptors, LIMITS_LEAST_DESCRIPTORS);
		return fail(why);
	}
	config.limits = limits_derive(descriptors, options->max_clients);
	if (options->max_clients > config.limits.max_lanes)
		log_line(LOG_LEVEL_WARNING,
			 "fewer clients than wanted, for lack of descriptors "
			 "max_clients=%zu descriptors=%zu",
			 config.limits.max_lanes, descriptors);
	if (options->max_value > 0)
		config.core.max_value = options->max_value;
	if (options->max_memory > 0)
		config.core.max_memory = options->max_memory;
	daemon->server = server_new(&config);
	return daemon->server ? 0 : fail("no memory or descriptors to begin");
}

static int
open_endpoint(struct daemon *daemon, char *why, size_t why_size)
{
	const struct options *options = daemon->options;
	struct address *address = &daemon->endpoint.address;
	int r;

	if (!options->address && options->is_private)
		return endpoint_listen_privately(&daemon->endpoint, why,
						 why_size);
	if (options->address)
		r = address_parse(options->address, address, why, why_size);
	else
		r = address_default(address, why, why_size);
	return r < 0 ? r : endpoint_listen(&daemon->endpoint, why, why_size);
}

static int
start_listening(struct daemon *daemon)
{
	char why[512] = "";
	int fd = -1;

	if (!daemon->options->is_private) {
		fd = ready_inherited_socket(&daemon->endpoint.address, why,
					    sizeof(why));
		if (fd < -1)
			return fail(why);
	}
	if (fd < 0)
		fd = open_endpoint(daemon, why, sizeof(why));
	if (fd < 0)
		return fail(why);
	if (server_listen(daemon->server, fd) < 0)
		return fail("no memory to listen");
	return 0;
}

static void
tell_ready(struct daemon *daemon)
{
	const struct options *options = daemon->options;
	const struct address *address = &daemon->endpoint.address;

	log_line(LOG_LEVEL_INFO, "listens address=%s", address->path);
	if (options->print_address) {
		printf("%s\n", address->path);
		fflush(stdout);
	}
	failure_fd = -1;
	ready_announce(options->ready_fd, address);
	if (options->is_private) {
		/* whoever reads the owner's output must see its end */
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		open_standard_streams();
	}
}

static int
serve(struct daemon *daemon)
{
	if (make_server(daemon) < 0 || watch_signals(daemon) < 0 ||
	    watch_owner(daemon) < 0 || start_listening(daemon) < 0)
		return EXIT_FAILURE;
	tell_ready(daemon);
	if (server_run(daemon->server) < 0) {
		fail("the event loop failed");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static void
unwatch(struct daemon *daemon)
{
	for (size_t i = 0; i < N_SIGNALS; i++)
		if (event_initialized(&daemon->signals[i]))
			event_del(&daemon->signals[i]);
	if (event_initialized(&daemon->owner))
		event_del(&daemon->owner);
}

int
daemon_run(const struct options *options)
{
	struct daemon daemon = { .options = options,
				 .endpoint = ENDPOINT_INIT };
	int status;

	prepare_process(options);
	status = serve(&daemon);
	/* first, so that nobody comes to a socket that is being closed */
	endpoint_remove(&daemon.endpoint);
	unwatch(&daemon);
	server_free(daemon.server);
	return status;
}
