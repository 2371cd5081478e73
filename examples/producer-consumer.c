/*
 * Two producers and two consumers with a queue between them, and a lock around
 * what only one process may do at a time.
 *
 * Run it: mproxyd -- ./producer-consumer
 */
#include <mproxy/mproxy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct mproxy_queue *numbers;
static struct mproxy_list *sum;
static struct mproxy_lock *lock;

static void
check(int error)
{
	if (error) {
		fprintf(stderr, "%s\n", mproxy_error_detail());
		exit(EXIT_FAILURE);
	}
}

static void
produce(int from)
{
	for (int i = from; i < from + 100; i++)
		check(mproxy_queue_put(numbers, MPROXY(i), -1));
}

static void
add_to_sum(int64_t number)
{
	struct mproxy_value *value;
	int64_t before;

	check(mproxy_lock_acquire(lock, -1, NULL));
	check(mproxy_list_get(sum, 0, &value));
	check(mproxy_unpack(value, "i", &before));
	check(mproxy_list_set(sum, 0, MPROXY(before + number)));
	check(mproxy_lock_release(lock));
	mproxy_value_free(value);
}

static void
consume(void)
{
	struct mproxy_value *value;
	int64_t number;
	int error;

	while ((error = mproxy_queue_get(numbers, -1, &value)) == 0) {
		check(mproxy_unpack(value, "i", &number));
		mproxy_value_free(value);
		add_to_sum(number);
	}
	if (error != MPROXY_ERR_CLOSED) /* the end of what was produced */
		check(error);
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_value *value;
	int64_t total;
	pid_t pids[4];

	check(mproxy_connect(NULL, &m));
	check(mproxy_queue_new(m, 10, &numbers)); /* holds 10 at most */
	check(mproxy_list_new_from(m, MPROXY_LIST(0), &sum));
	check(mproxy_lock_new(m, &lock));
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			if (i < 2)
				produce(i * 100);
			else
				consume();
			exit(0);
		}
	}
	for (int i = 0; i < 4; i++) {
		if (i == 2) /* all is produced: let the consumers finish */
			check(mproxy_queue_close(numbers, true));
		waitpid(pids[i], NULL, 0);
	}
	check(mproxy_list_get(sum, 0, &value));
	check(mproxy_unpack(value, "i", &total));
	printf("the numbers from 0 to 199 add up to %lld\n", (long long)total);

	mproxy_value_free(value);
	mproxy_queue_free(numbers);
	mproxy_list_free(sum);
	mproxy_lock_free(lock);
	mproxy_close(m);
	return 0;
}
