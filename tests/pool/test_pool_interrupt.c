/*
 * Ctrl-C, through a pseudo-terminal. A program with a handler gets its waits
 * back; one without ends, and everything that it started.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <termios.h>

#include "tests/harness/leak.h"
#include "tests/pool/common.h"

#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
#define END_MS 5000
#else
#define END_MS 1000
#endif

#define CTRL_C "\003"
#define AGAIN_MS 50

/* Puts who it is into the queue, then waits for ever. */
static int
hang(struct mproxy_task *task, const struct mproxy_value *arg,
     struct mproxy_value **ret)
{
	struct mproxy_queue *queue;
	int error = mproxy_unpack(arg, "Q", &queue);

	(void)task;
	(void)ret;
	if (error)
		return error;
	error = mproxy_queue_put(
		queue, MPROXY_ARGS((int)getpid(), (int)getppid()), -1);
	if (!error)
		for (;;)
			pause();
	return error;
}
MPROXY_TASK(hang);

/* Writes to the terminal, and asks it for a word: with what error? */
static int
ask(struct mproxy_task *task, const struct mproxy_value *arg,
    struct mproxy_value **ret)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	char word[8];
	int64_t error = 0;

	(void)task;
	(void)arg;
	if (write(fd, "who is it\n", 10) != 10 ||
	    read(fd, word, sizeof(word)) < 0)
		error = errno;
	close(fd);
	*ret = MPROXY(error);
	return 0;
}
MPROXY_TASK(ask);

/* --- the program at the terminal --- */

static struct mproxy_manager *m;
static struct mproxy_queue *queue;
static int64_t worker, boss;

static void
on_ctrl_c(int signal)
{
	(void)signal;
}

static void
on_ctrl_c_interrupt(int signal)
{
	(void)signal;
	mproxy_interrupt();
}

static void
handle_ctrl_c(void (*handler)(int signal))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(SIGINT, &action, NULL);
}

static void
begin(void)
{
	CHILD_CHECK(mproxy_start(NULL, &m) == 0);
	CHILD_CHECK(mproxy_queue_new(m, 0, &queue) == 0);
	CHILD_CHECK(mproxy_pool_new(
			    m,
			    MPROXY_POOL_OPTIONS(.workers = 1,
						.method = MPROXY_START_ZYGOTE),
			    &pool) == 0);
}

/* Says where everything is, once a task runs. */
static void
say_ready(void)
{
	struct mproxy_value *value;

	CHILD_CHECK(mproxy_queue_get(queue, LONG_MS, &value) == 0);
	CHILD_CHECK(mproxy_unpack(value, "ii", &worker, &boss) == 0);
	mproxy_value_free(value);
	printf("ready %lld %lld %s;\n", (long long)worker, (long long)boss,
	       mproxy_manager_address(m));
	fflush(stdout);
}

static struct mproxy_future *
begin_to_hang(void)
{
	struct mproxy_future *future;

	CHILD_CHECK(mproxy_pool_apply_async(pool, &mproxy_task_hang,
					    MPROXY_ARGS(queue), &future) == 0);
	say_ready();
	return future;
}

/* What came out of the wait, and whether the pool still works. */
static void
say_how_it_ended(int error)
{
	struct mproxy_value *value;

	/* it may have been pressed once more meanwhile */
	handle_ctrl_c(SIG_IGN);
	printf("ended %s\n", mproxy_error_name(error));
	kill((pid_t)worker, SIGKILL);
	if (mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(7), LONG_MS,
			      &value) == 0)
		printf("works\n");
	fflush(stdout);
}

static void
program_get(void)
{
	struct mproxy_future *future = begin_to_hang();

	say_how_it_ended(mproxy_future_get(future, -1, NULL));
}

static void
program_apply(void)
{
	/* the first one is running, the second is interrupted */
	begin_to_hang();
	say_how_it_ended(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(1),
					   -1, NULL));
}

static void
program_map(void)
{
	struct mproxy_value *args[] = { MPROXY(1), MPROXY(2), MPROXY(3) };
	struct mproxy_results *results;
	int error;

	begin_to_hang();
	error = mproxy_pool_map(pool, &mproxy_task_square, 3, args, -1,
				&results);
	/* its tasks are gone: only the one that hangs is left */
	printf("queued %lld\n", (long long)stat_of("queued"));
	say_how_it_ended(error);
}

static void
program_join(void)
{
	begin_to_hang();
	CHILD_CHECK(mproxy_pool_close(pool) == 0);
	printf("ended %s\n", mproxy_error_name(mproxy_pool_join(pool, -1)));
	fflush(stdout);
}

/* With a terminal that stops who prints from the background. */
static void
program_ask(void)
{
	struct termios settings;
	struct mproxy_value *value;
	int64_t error;

	CHILD_CHECK(tcgetattr(0, &settings) == 0);
	settings.c_lflag |= TOSTOP;
	CHILD_CHECK(tcsetattr(0, TCSANOW, &settings) == 0);
	CHILD_CHECK(mproxy_pool_apply(pool, &mproxy_task_ask,
				      mproxy_value_nil(), LONG_MS,
				      &value) == 0);
	CHILD_CHECK(mproxy_value_get_int(value, &error) == 0);
	mproxy_value_free(value);
	printf("asked: %s\n", strerror((int)error));
	fflush(stdout);
}

static void (*const programs[])(void) = {
	program_get,
	program_apply,
	program_map,
	program_join,
};

/* --- the terminal --- */

struct terminal {
	int fd;
	pid_t pid;
	char seen[4096]; /* all that was printed */
	size_t size;
};

/* So that what is read was printed. */
static void
stop_echo(void)
{
	struct termios settings;

	CHILD_CHECK(tcgetattr(0, &settings) == 0);
	settings.c_lflag &= ~(tcflag_t)ECHO;
	CHILD_CHECK(tcsetattr(0, TCSANOW, &settings) == 0);
}

static void
terminal_begin(struct terminal *terminal, void (*program)(void),
	       void (*handler)(int signal))
{
	*terminal = (struct terminal){ .size = 0 };
	terminal->pid = forkpty(&terminal->fd, NULL, NULL, NULL);
	ck_assert_int_ge(terminal->pid, 0);
	if (terminal->pid != 0)
		return;
	stop_echo();
	handle_ctrl_c(SIG_DFL); /* not Check's */
	begin();
	if (handler)
		handle_ctrl_c(handler);
	program();
	pool = mproxy_pool_free(pool);
	mproxy_close(m);
	_exit(0);
}

/* Reads what comes within so many ms; false at the end. */
static bool
terminal_read(struct terminal *terminal, int timeout_ms)
{
	struct pollfd fd = { .fd = terminal->fd, .events = POLLIN };
	size_t room = sizeof(terminal->seen) - 1 - terminal->size;
	ssize_t n;

	if (poll(&fd, 1, timeout_ms) == 0)
		return true;
	n = read(terminal->fd, terminal->seen + terminal->size, room);
	if (n <= 0)
		return false;
	terminal->size += (size_t)n;
	terminal->seen[terminal->size] = '\0';
	return true;
}

static void
terminal_await(struct terminal *terminal, const char *words)
{
	int64_t end = now_ms() + LONG_MS;

	while (!strstr(terminal->seen, words))
		ck_assert_msg(terminal_read(terminal, AGAIN_MS) &&
				      now_ms() < end,
			      "no \"%s\" in \"%s\"", words, terminal->seen);
}

/* Until the program says that its wait has ended. Where a single one may
 * come just before the wait, it is pressed again. */
static void
terminal_press(struct terminal *terminal, bool again)
{
	int64_t end = now_ms() + LONG_MS;
	bool pressed = false;

	while (!strstr(terminal->seen, "ended")) {
		if (!pressed || again)
			ck_assert_int_eq(write(terminal->fd, CTRL_C, 1), 1);
		pressed = true;
		ck_assert_msg(terminal_read(terminal, AGAIN_MS) &&
				      now_ms() < end,
			      "not interrupted: %s", terminal->seen);
	}
}

static int
terminal_end(struct terminal *terminal)
{
	int status;

	while (terminal_read(terminal, LONG_MS))
		;
	ck_assert_int_eq(waitpid(terminal->pid, &status, 0), terminal->pid);
	close(terminal->fd);
	return status;
}

/* --- with a handler --- */

static void
interrupt(size_t which, void (*handler)(int signal), bool again)
{
	struct terminal terminal;

	terminal_begin(&terminal, programs[which], handler);
	terminal_await(&terminal, "ready");
	terminal_press(&terminal, again);
	terminal_await(&terminal, "ended MPROXY_ERR_INTERRUPTED");
	if (programs[which] != program_join)
		terminal_await(&terminal, "works");
	if (programs[which] == program_map)
		terminal_await(&terminal, "queued 0");
	ck_assert_int_eq(terminal_end(&terminal), 0);
}

START_TEST(handler_ends_the_wait)
{
	interrupt((size_t)_i, on_ctrl_c, true);
}
END_TEST

START_TEST(handler_that_interrupts_ends_it_without_a_race)
{
	interrupt((size_t)_i, on_ctrl_c_interrupt, false);
}
END_TEST

/* --- a task at the terminal --- */

/* It is in the background: stopped by the terminal it would hang. */
START_TEST(task_prints_on_the_terminal_and_cannot_read_it)
{
	struct terminal terminal;

	terminal_begin(&terminal, program_ask, NULL);
	terminal_await(&terminal, "who is it");
	terminal_await(&terminal, "asked: Input/output error");
	ck_assert_int_eq(terminal_end(&terminal), 0);
}
END_TEST

/* --- without --- */

static void
ck_process_ends(long long pid)
{
	struct pollfd fd = { .fd = pidfd_open((pid_t)pid, 0),
			     .events = POLLIN };

	if (fd.fd < 0)
		return;
	ck_assert_msg(poll(&fd, 1, END_MS) == 1, "process %lld goes on", pid);
	close(fd.fd);
}

START_TEST(program_without_handler_ends_and_all_with_it)
{
	long long pids[2];
	struct terminal terminal;
	char *words, *address;
	int64_t end;
	int status;

	terminal_begin(&terminal, programs[_i], NULL);
	terminal_await(&terminal, ";");
	words = strstr(terminal.seen, "ready ") + strlen("ready ");
	pids[0] = strtoll(words, &words, 10);
	pids[1] = strtoll(words, &words, 10);
	address = words + 1;
	*strchr(address, ';') = '\0';
	ck_assert_int_eq(access(address, F_OK), 0);
	ck_assert_int_eq(write(terminal.fd, CTRL_C, 1), 1);
	status = terminal_end(&terminal);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGINT);
	ck_process_ends(pids[0]);
	ck_process_ends(pids[1]);
	end = now_ms() + END_MS;
	while (access(address, F_OK) == 0)
		ck_assert_msg(now_ms() < end, "the manager goes on");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pool-interrupt");
	TCase *tcase = tcase_create("ctrl-c");
	int n = (int)N_TESTS(programs);

	if (mproxy_init())
		return 1;
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, leak_check_begin, leak_check_end);
	tcase_add_loop_test(tcase, handler_ends_the_wait, 0, n);
	tcase_add_loop_test(
		tcase, handler_that_interrupts_ends_it_without_a_race, 0, n);
	tcase_add_test(tcase, task_prints_on_the_terminal_and_cannot_read_it);
	tcase_add_loop_test(tcase, program_without_handler_ends_and_all_with_it,
			    0, n);
	suite_add_tcase(suite, tcase);
	return check_run(suite);
}
