/*
 * Timers, against a sorted array.
 */
#include "server/core/timer.h"

#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/harness/world.h"

#define N 500

struct alarm {
	struct timer timer;
	int64_t want; /* deadline; INT64_MAX: not set */
	size_t order; /* in which it was set */
	int again;    /* so often it sets itself anew, when it fires */
};

static struct world *w;
static struct alarm alarms[N];
static struct alarm *fired[N * 4];
static size_t n_fired, n_set;

static void
fire(struct core *core, struct timer *timer)
{
	struct alarm *alarm = (struct alarm *)timer;

	/* for a struct alarm begins with its timer */
	if (n_fired < N * 4)
		fired[n_fired++] = alarm;
	alarm->want = INT64_MAX;
	if (alarm->again-- > 0)
		timer_set(core, timer, timer->deadline + 10);
}

static void
setup(void)
{
	w = world_new(NULL);
	memset(alarms, 0, sizeof(alarms));
	for (size_t i = 0; i < N; i++)
		alarms[i] = (struct alarm){ .timer = { .fire = fire },
					    .want = INT64_MAX };
	n_fired = n_set = 0;
}

static void
teardown(void)
{
	for (size_t i = 0; i < N; i++)
		timer_clear(w->core, &alarms[i].timer);
	world_free(w);
}

static void
set(struct alarm *alarm, int64_t deadline)
{
	ck_assert_int_eq(timer_set(w->core, &alarm->timer, deadline), 0);
	alarm->want = deadline;
	alarm->order = n_set++;
}

static int
compare(const void *a, const void *b)
{
	const struct alarm *x = *(struct alarm *const *)a;
	const struct alarm *y = *(struct alarm *const *)b;

	if (x->want != y->want)
		return x->want < y->want ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

START_TEST(timers_fire_in_order_of_deadline_then_of_setting)
{
	uint64_t seed = check_seed(1);
	struct alarm *want[N] = {};
	size_t i, n;

	for (int round = 0; round < 20; round++) {
		n_fired = 0;
		for (i = 0; i < N; i++)
			set(&alarms[i],
			    w->now + 1 +
				    (int64_t)check_random_below(&seed, 40));
		for (i = 0; i < N; i++) { /* some move, some go */
			size_t k = check_random_below(&seed, N);

			if (i % 3 == 0) {
				timer_clear(w->core, &alarms[k].timer);
				alarms[k].want = INT64_MAX;
			} else {
				set(&alarms[k],
				    w->now + 1 +
					    (int64_t)check_random_below(&seed,
									40));
			}
		}
		world_check(w);
		for (n = 0, i = 0; i < N; i++)
			if (alarms[i].want != INT64_MAX)
				want[n++] = &alarms[i];
		qsort(want, n, sizeof(want[0]), compare);
		ck_assert_int_eq(core_deadline(w->core), want[0]->want);
		w->now += 100;
		core_time(w->core, w->now);
		ck_assert_uint_eq(n_fired, n);
		for (i = 0; i < n; i++)
			ck_assert_ptr_eq(fired[i], want[i]);
	}
}
END_TEST

START_TEST(timer_may_set_itself_again_while_it_fires)
{
	set(&alarms[0], w->now + 10);
	alarms[0].again = 3;
	core_time(w->core, w->now + 25);
	ck_assert_uint_eq(n_fired, 2);
	core_time(w->core, w->now + 100);
	ck_assert_uint_eq(n_fired, 4);
	ck_assert(!timer_is_set(&alarms[0].timer));
	ck_assert_int_eq(core_deadline(w->core), INT64_MAX);
}
END_TEST

START_TEST(only_what_is_due_fires)
{
	set(&alarms[0], w->now + 10);
	set(&alarms[1], w->now + 11);
	core_time(w->core, w->now + 10);
	ck_assert_uint_eq(n_fired, 1);
	ck_assert(timer_is_set(&alarms[1].timer));
	timer_clear(w->core, &alarms[1].timer);
	timer_clear(w->core, &alarms[1].timer);
	core_time(w->core, w->now + 20);
	ck_assert_uint_eq(n_fired, 1);
}
END_TEST

static Suite *
timer_suite(void)
{
	Suite *suite = suite_create("timer");
	TCase *tc = tcase_create("timer");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, timers_fire_in_order_of_deadline_then_of_setting);
	tcase_add_test(tc, timer_may_set_itself_again_while_it_fires);
	tcase_add_test(tc, only_what_is_due_fires);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return check_run(timer_suite());
}
