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
static double work;
static bool interrupted;
static int times;

static double fake_work_ns(void)
{
	return interrupted && ++times % 3 == 0 ? 50 * work : work;
}

static void work_takes(double ns)
{
	work = ns;
	interrupted = false;
}

/* The first CPU that this process may use, so that it may be used. */
static struct pace pace_on_one(void)
{
	struct cpu_list cpus = {.count = 1};
	struct pace p;
	cpu_set_t mine;
	int cpu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
	while (!CPU_ISSET(cpu, &mine))
		cpu++;
	cpus.bits[cpu / 64] = UINT64_C(1) << cpu % 64;
	pace_init(&p, &cpus);
	p.work_ns = fake_work_ns;
	return p;
}

static void assert_slowdown(struct pace *p, double expected)
{
	assert_float_equal(pace_slowdown(p), expected, 1e-9);
	assert_float_equal(p->now, expected, 1e-9);
}

static void test_the_best_is_the_measure(void **state)
{
	struct pace p = pace_on_one();

	(void)state;
	assert_true(isnan(p.now));
	work_takes(100);
	assert_slowdown(&p, 1);
	work_takes(136);
	assert_slowdown(&p, 1.36);
	work_takes(80);
	assert_slowdown(&p, 1);
	work_takes(100);
	assert_slowdown(&p, 1.25);
}

static void test_a_few_interruptions_do_not_count(void **state)
{
	struct pace p = pace_on_one();

	(void)state;
	work_takes(100);
	assert_slowdown(&p, 1);
	interrupted = true;
	assert_slowdown(&p, 1);
}

static void test_the_affinity_is_as_before(void **state)
{
	struct pace p = pace_on_one();
	cpu_set_t before, after;

	(void)state;
	sched_getaffinity(0, sizeof(before), &before);
	work_takes(100);
	pace_slowdown(&p);
	sched_getaffinity(0, sizeof(after), &after);
	assert_true(CPU_EQUAL(&before, &after));
}

static void test_a_cpu_that_may_not_be_used_says_nothing(void **state)
{
	struct cpu_list cpus = {.count = 1};
	struct pace p;

	(void)state;
	cpus.bits[15] = UINT64_C(1) << 63;
	pace_init(&p, &cpus);
	assert_true(isnan(pace_slowdown(&p)));
	assert_int_equal(pace_wait(&p, UINT64_MAX, -1, NULL, NULL), 0);
}

/* Quick again at the second tick. */
static void quicken(void *ticks)
{
	if (++*(int *)ticks == 2)
		work_takes(100);
}

static void test_it_waits_until_no_cpu_is_slow(void **state)
{
	struct pace p = pace_on_one();
	int ticks = 0;

	(void)state;
	work_takes(100);
	assert_int_equal(pace_wait(&p, UINT64_MAX, -1, quicken, &ticks), 0);
	work_takes(140);
	assert_true(pace_wait(&p, UINT64_MAX, -1, quicken, &ticks) > 0);
	assert_int_equal(ticks, 2);
	assert_float_equal(p.now, 1, 1e-9);
}

static void test_it_waits_no_longer_than_it_may(void **state)
{
	struct pace p = pace_on_one();
	int ticks = 0, stop[2];

	(void)state;
	work_takes(100);
	pace_slowdown(&p);
	work_takes(140);
	assert_int_equal(pace_wait(&p, 0, -1, quicken, &ticks), 0);
	assert_true(pace_wait(&p, 1, -1, NULL, NULL) >= 1);
	assert_int_equal(pipe(stop), 0);
	assert_int_equal(write(stop[1], "", 1), 1);
	pace_wait(&p, UINT64_MAX, stop[0], quicken, &ticks);
	assert_int_equal(ticks, 0);
	close(stop[0]);
	close(stop[1]);
}

static void assert_noise(double before, double after, const char *had,
	double slowdown, const char *expected)
{
	struct sample s;

	fields_init(sample_fields, &s);
	field_text(&s.noise, had);
	outcome_pace(&s, before, after);
	if (isnan(slowdown))
		assert_true(isnan(s.slowdown));
	else
		assert_float_equal(s.slowdown, slowdown, 1e-9);
	if (expected)
		assert_string_equal(s.noise, expected);
	else
		assert_null(s.noise);
	fields_release(sample_fields, &s);
}

static void test_a_slow_cpu_is_noise(void **state)
{
#define SLOW "a CPU took 36 % longer for the same work than at its best"
	(void)state;
	assert_noise(1.05, 1.0999, NULL, 1.0999, NULL);
	assert_noise(1.36, 1, NULL, 1.36, SLOW);
	assert_noise(1, 1.36, NULL, 1.36, SLOW);
	assert_noise(NAN, 1.36, NULL, 1.36, SLOW);
	assert_noise(NAN, NAN, NULL, NAN, NULL);
	assert_noise(1, 1.36, "others", 1.36, "others; " SLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_best_is_the_measure),
		cmocka_unit_test(test_a_few_interruptions_do_not_count),
		cmocka_unit_test(test_the_affinity_is_as_before),
		cmocka_unit_test(test_a_cpu_that_may_not_be_used_says_nothing),
		cmocka_unit_test(test_it_waits_until_no_cpu_is_slow),
		cmocka_unit_test(test_it_waits_no_longer_than_it_may),
		cmocka_unit_test(test_a_slow_cpu_is_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
