/* SPDX-License-Identifier: MIT */
/* CPUs that are slower than they can be: seen, waited for, and said. */
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "compare/outcome.h"
#include "compare/pace.h"

/* What the work takes; every third time it is interrupted, if so wanted. */
static double work, trip;
static bool interrupted;
static int times;

static double fake_work_ns(void)
{
	return interrupted && ++times % 3 == 0 ? 50 * work : work;
}

static double fake_trip_ns(const struct pace *p)
{
	(void)p;
	return trip;
}

/* Sorted by how this process may use them. */
static struct cpu_list nth_cpu(int n)
{
	struct cpu_list list = {.count = 1};
	cpu_set_t mine;
	int cpu = -1;

	assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
	do
		while (!CPU_ISSET(++cpu, &mine))
			;
	while (n--);
	list.bits[cpu / 64] = UINT64_C(1) << cpu % 64;
	return list;
}

/* A CPU that is not there. */
static const struct cpu_list nowhere = {{[15] = UINT64_C(1) << 63}, 1};

static struct pace pace_on(const struct cpu_list *a, const struct cpu_list *b)
{
	struct pace p;

	pace_init(&p, a, b);
	p.work_ns = fake_work_ns;
	p.trip_ns = fake_trip_ns;
	work = 100;
	trip = 50;
	interrupted = false;
	return p;
}

/* A server and a client that share the CPU. */
static struct pace pace_on_one(void)
{
	struct cpu_list cpu = nth_cpu(0);

	return pace_on(&cpu, &cpu);
}

static void assert_slowdown(struct pace *p, double ns, double expected)
{
	work = ns;
	pace_look(p);
	assert_float_equal(p->now.slowdown, expected, 1e-9);
}

static void test_the_best_is_the_measure(void **state)
{
	struct pace p = pace_on_one();

	(void)state;
	assert_true(isnan(p.now.slowdown));
	assert_slowdown(&p, 100, 1);
	assert_slowdown(&p, 136, 1.36);
	assert_true(pace_is_slow(&p.now));
	assert_slowdown(&p, 80, 1);
	assert_false(pace_is_slow(&p.now));
	assert_slowdown(&p, 100, 1.25);
}

static void test_a_few_interruptions_do_not_count(void **state)
{
	struct pace p = pace_on_one();

	(void)state;
	assert_slowdown(&p, 100, 1);
	interrupted = true;
	assert_slowdown(&p, 100, 1);
}

static void test_a_shared_cpu_has_no_distance(void **state)
{
	struct pace p = pace_on_one();

	(void)state;
	pace_look(&p);
	assert_true(isnan(p.now.distance_ns));
	assert_false(pace_is_far(&p.now));
}

static void assert_distance(struct pace *p, double ns, double farther)
{
	trip = ns;
	pace_look(p);
	assert_float_equal(p->now.distance_ns, ns, 1e-9);
	assert_float_equal(p->now.farther, farther, 1e-9);
}

static void test_two_cpus_have_a_distance(void **state)
{
	struct cpu_list here = nth_cpu(0);
	struct pace p = pace_on(&here, &nowhere);

	(void)state;
	assert_distance(&p, 60, 1);
	assert_distance(&p, 50, 1);
	assert_false(pace_is_far(&p.now));
	assert_distance(&p, 325, 6.5);
	assert_true(pace_is_far(&p.now));
}

/* The real ones: two threads hand a line to each other. */
static void test_a_real_trip_takes_its_time(void **state)
{
	struct cpu_list here = nth_cpu(0), there;
	cpu_set_t mine;
	struct pace p;

	(void)state;
	sched_getaffinity(0, sizeof(mine), &mine);
	if (CPU_COUNT(&mine) < 2)
		skip();
	there = nth_cpu(1);
	pace_init(&p, &here, &there);
	assert_true(p.trip_ns(&p) > 1);
	assert_true(p.work_ns() > 1000);
	sched_setaffinity(0, sizeof(mine), &mine);
}

static void test_the_affinity_is_as_before(void **state)
{
	struct pace p = pace_on_one();
	cpu_set_t before, after;

	(void)state;
	sched_getaffinity(0, sizeof(before), &before);
	pace_look(&p);
	sched_getaffinity(0, sizeof(after), &after);
	assert_true(CPU_EQUAL(&before, &after));
}

static void test_a_cpu_that_may_not_be_used_says_nothing(void **state)
{
	struct pace p;

	(void)state;
	p = pace_on(&nowhere, &nowhere);
	pace_look(&p);
	assert_true(isnan(p.now.slowdown));
	assert_int_equal(pace_wait(&p, UINT64_MAX, -1, NULL, NULL), 0);
}

/* Quick again at the second tick. */
static void quicken(void *ticks)
{
	if (++*(int *)ticks == 2) {
		work = 100;
		trip = 50;
	}
}

static void test_it_waits_until_no_cpu_is_slow(void **state)
{
	struct pace p = pace_on_one();
	int ticks = 0;

	(void)state;
	assert_int_equal(pace_wait(&p, UINT64_MAX, -1, quicken, &ticks), 0);
	work = 140;
	assert_true(pace_wait(&p, UINT64_MAX, -1, quicken, &ticks) > 0);
	assert_int_equal(ticks, 2);
	assert_float_equal(p.now.slowdown, 1, 1e-9);
}

static void test_it_waits_until_they_are_near(void **state)
{
	struct cpu_list here = nth_cpu(0);
	struct pace p = pace_on(&here, &nowhere);
	int ticks = 0;

	(void)state;
	pace_look(&p);
	trip = 300;
	assert_true(pace_wait(&p, UINT64_MAX, -1, quicken, &ticks) > 0);
	assert_int_equal(ticks, 2);
	assert_float_equal(p.now.distance_ns, 50, 1e-9);
}

static void test_it_waits_no_longer_than_it_may(void **state)
{
	struct pace p = pace_on_one();
	int ticks = 0, stop[2];

	(void)state;
	pace_look(&p);
	work = 140;
	pace_wait(&p, 0, -1, quicken, &ticks);
	assert_int_equal(ticks, 0);
	assert_true(pace_wait(&p, 1, -1, NULL, NULL) >= 1);
	assert_int_equal(pipe(stop), 0);
	assert_int_equal(write(stop[1], "", 1), 1);
	pace_wait(&p, UINT64_MAX, stop[0], quicken, &ticks);
	assert_int_equal(ticks, 0);
	close(stop[0]);
	close(stop[1]);
}

static void assert_noise(struct pace_reading before, struct pace_reading after,
	const char *had, const char *expected)
{
	struct sample s;

	fields_init(sample_fields, &s);
	field_text(&s.noise, had);
	outcome_pace(&s, &before, &after);
	if (expected)
		assert_string_equal(s.noise, expected);
	else
		assert_null(s.noise);
	fields_release(sample_fields, &s);
}

static void test_what_is_wrong_with_the_cpus_is_noise(void **state)
{
#define SLOW "a CPU took 36 % longer for the same work than at its best"
#define FAR                                                                    \
	"its CPUs were 6.0 times as far apart as at their best, 300 ns there " \
	"and back"
	const struct pace_reading good = {90, 1.05, 55, 1.1},
				  slow = {130, 1.36, 50, 1},
				  far = {90, 1, 300, 6},
				  unknown = {NAN, NAN, NAN, NAN};

	(void)state;
	assert_noise(good, good, NULL, NULL);
	assert_noise(slow, good, NULL, SLOW);
	assert_noise(good, slow, NULL, SLOW);
	assert_noise(unknown, slow, NULL, SLOW);
	assert_noise(unknown, unknown, NULL, NULL);
	assert_noise(good, far, NULL, FAR);
	assert_noise(slow, far, "others", "others; " SLOW "; " FAR);
}

static bool look_back(struct sample *s, double work_ns, double distance_ns)
{
	const struct pace_reading best = {work_ns, 1, distance_ns, 1};

	return outcome_look_back(s, &best);
}

static void test_what_was_far_is_known_later(void **state)
{
	struct sample s;

	(void)state;
	fields_init(sample_fields, &s);
	s.work_ns = 100;
	s.distance_ns = 300;
	assert_false(look_back(&s, 100, 50)); /* it is not valid */
	field_text(&s.status, "valid");
	assert_false(look_back(&s, 100, 250));
	assert_false(look_back(&s, NAN, NAN));
	assert_true(look_back(&s, 100, 50));
	assert_string_equal(s.noise, FAR);
	assert_false(look_back(&s, 100, 50)); /* it is said once */
	fields_release(sample_fields, &s);
}

static void test_what_was_slow_is_known_later(void **state)
{
	struct sample s;

	(void)state;
	fields_init(sample_fields, &s);
	field_text(&s.status, "valid");
	s.work_ns = 136;
	s.slowdown = 1;
	s.distance_ns = 50;
	assert_false(look_back(&s, 130, 50));
	assert_true(look_back(&s, 100, 50));
	assert_string_equal(s.noise, SLOW);
	assert_float_equal(s.slowdown, 1.36, 1e-9);
	fields_release(sample_fields, &s);
}

/* One of two unlike CPUs is always the slower one. */
static void test_the_best_is_that_of_the_slower_cpu(void **state)
{
	struct pace p = {
		.cpus.count = 2, .best_ns = {100, 130}, .best_distance_ns = 60};

	(void)state;
	assert_float_equal(pace_best(&p).work_ns, 130, 1e-9);
	assert_float_equal(pace_best(&p).distance_ns, 60, 1e-9);
	p = (struct pace) {0};
	assert_true(isnan(pace_best(&p).work_ns));
}

static void test_how_slow_and_far_is_kept(void **state)
{
	const struct pace_reading before = {90, 1.02, 61, 1.2},
				  after = {120, 1.3, NAN, NAN};
	struct sample s;

	(void)state;
	fields_init(sample_fields, &s);
	outcome_pace(&s, &before, &after);
	assert_float_equal(s.slowdown, 1.3, 1e-9);
	assert_float_equal(s.distance_ns, 61, 1e-9);
	fields_release(sample_fields, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_best_is_the_measure),
		cmocka_unit_test(test_a_few_interruptions_do_not_count),
		cmocka_unit_test(test_a_shared_cpu_has_no_distance),
		cmocka_unit_test(test_two_cpus_have_a_distance),
		cmocka_unit_test(test_a_real_trip_takes_its_time),
		cmocka_unit_test(test_the_affinity_is_as_before),
		cmocka_unit_test(test_a_cpu_that_may_not_be_used_says_nothing),
		cmocka_unit_test(test_it_waits_until_no_cpu_is_slow),
		cmocka_unit_test(test_it_waits_until_they_are_near),
		cmocka_unit_test(test_it_waits_no_longer_than_it_may),
		cmocka_unit_test(test_what_is_wrong_with_the_cpus_is_noise),
		cmocka_unit_test(test_what_was_far_is_known_later),
		cmocka_unit_test(test_what_was_slow_is_known_later),
		cmocka_unit_test(test_the_best_is_that_of_the_slower_cpu),
		cmocka_unit_test(test_how_slow_and_far_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
