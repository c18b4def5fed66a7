/* SPDX-License-Identifier: MIT */
/* Timers and arrivals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/arrivals.h"
#include "client/text.h"
#include "client/timers.h"

static void timers_expire_in_order(void **state)
{
	enum { N = 500 };
	struct timer *timer = calloc(N, sizeof(*timer)), *t;
	struct timers timers;
	uint64_t last = 0;
	size_t i, n = 0;

	(void)state;
	srand(1);
	assert_int_equal(timers_init(&timers, N), 0);
	assert_int_equal(timers_next(&timers), UINT64_MAX);
	for (i = 0; i < N; i++)
		timers_set(&timers, &timer[i], (uint64_t)rand() % 1000);
	for (i = 0; i < N; i += 3)
		timers_clear(&timers, &timer[i]);
	for (i = 0; i < N; i += 6)
		timers_set(&timers, &timer[i], (uint64_t)rand() % 1000);
	for (i = 1; i < N; i += 3)
		timers_set(&timers, &timer[i], (uint64_t)rand() % 1000);
	assert_null(timers_expire(&timers, timers_next(&timers) - 1));
	while ((t = timers_expire(&timers, UINT64_MAX))) {
		assert_true(t->when_ns >= last);
		assert_int_equal(t->place, 0);
		last = t->when_ns;
		n++;
	}
	assert_int_equal(n, N - 167 + 84);
	timers_release(&timers);
	free(timer);
}

static void clearing_a_timer_that_is_not_set_does_nothing(void **state)
{
	struct timer timer = {0, 0};
	struct timers timers;

	(void)state;
	timers_init(&timers, 1);
	timers_clear(&timers, &timer);
	timers_set(&timers, &timer, 5);
	timers_set(&timers, &timer, 9);
	assert_int_equal(timers_next(&timers), 9);
	timers_clear(&timers, &timer);
	timers_clear(&timers, &timer);
	assert_int_equal(timers_next(&timers), UINT64_MAX);
	timers_release(&timers);
}

/* The parts of a constant schedule make up one with even distances, without
 * drift however long it runs. */
static void constant_parts_make_an_even_whole(void **state)
{
	const struct profile profile = {1, {{7000, 7000, 1}}};
	struct arrivals part[3];
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++) {
		arrivals_init(&part[i], &profile, ARRIVALS_CONSTANT, i, 3, 1);
		arrivals_begin(&part[i], 1000);
	}
	for (i = 0; i < 3000000; i++) {
		double due = 1000 + (double)i * 1e9 / 7000;
		uint64_t ns = arrivals_take(&part[i % 3]);

		assert_true(fabs((double)ns - due) < 2);
	}
}

/* 100/s for 2 s, then evenly up to 300/s in 4 s, then down to 50/s in 1 s,
 * where it stays. */
static void a_profile_has_as_many_arrivals_as_its_area(void **state)
{
	const struct profile profile = {
		3, {{100, 100, 2}, {100, 300, 4}, {300, 50, 1}}};
	static const double until[][2] = {{1, 100}, {2, 200}, {4, 500},
		{6, 1000}, {6.5, 1000 + 118.75}, {7, 1175}, {9, 1275}};
	struct arrivals a;
	uint64_t n = 0;
	size_t i;

	(void)state;
	arrivals_init(&a, &profile, ARRIVALS_CONSTANT, 0, 1, 1);
	arrivals_begin(&a, 0);
	for (i = 0; i < sizeof(until) / sizeof(until[0]); i++) {
		while ((double)a.next_ns < until[i][0] * 1e9 - 10) {
			arrivals_take(&a);
			n++;
		}
		assert_true(fabs((double)n - until[i][1]) <= 1);
	}
}

/* However low the rate: in eleven days, or never. */
static void what_is_far_away_is_not_due_now(void **state)
{
	const double rates[] = {1e-6, 1e-11, 1e-300};
	struct profile profile = {1, {{0, 0, 1}}};
	struct arrivals a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		profile.segments[0].from = profile.segments[0].to = rates[i];
		arrivals_init(&a, &profile, ARRIVALS_CONSTANT, 0, 1, 1);
		arrivals_begin(&a, 1000);
		assert_int_equal(arrivals_take(&a), 1000);
		assert_true(a.next_ns >= 1000000000000000);
		arrivals_take(&a);
		assert_true(a.next_ns >= 2000000000000000);
	}
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Kolmogorov-Smirnov: distances of the merged parts against the exponential
 * distribution. 1.95 / sqrt(n) is the bound at the level of 0.1 %; the seed is
 * fixed, so the outcome is as well. */
static void poisson_parts_make_a_poisson_whole(void **state)
{
	enum { N = 20000, PARTS = 4 };
	const struct profile profile = {1, {{50000, 50000, 1}}};
	struct arrivals part[PARTS];
	double *gap = calloc(N, sizeof(*gap)), worst = 0;
	uint64_t last = 0;
	size_t i, k, first;

	(void)state;
	for (k = 0; k < PARTS; k++) {
		arrivals_init(
			&part[k], &profile, ARRIVALS_POISSON, k, PARTS, 99 + k);
		arrivals_begin(&part[k], 0);
	}
	for (i = 0; i < N; i++) {
		for (first = 0, k = 1; k < PARTS; k++)
			if (part[k].next_ns < part[first].next_ns)
				first = k;
		gap[i] = (double)(part[first].next_ns - last) * 50000 / 1e9;
		last = arrivals_take(&part[first]);
	}
	qsort(gap, N, sizeof(*gap), compare_double);
	for (i = 0; i < N; i++) {
		double expected = 1 - exp(-gap[i]);

		worst = fmax(worst, fabs(expected - (double)i / N));
		worst = fmax(worst, fabs(expected - (double)(i + 1) / N));
	}
	assert_true(worst < 1.95 / sqrt(N));
	free(gap);
}

/* 50/s for a second, then 150/s, in intervals of half a second, of which the
 * first ends when all that was due has been taken, and the others when none has:
 * nothing is missed and nothing counted twice. */
static void what_is_due_does_not_depend_on_what_is_taken(void **state)
{
	const struct profile profile = {2, {{50, 50, 1}, {150, 150, 1}}};
	static const uint64_t counts[] = {25, 25, 75, 75, 75};
	struct due due = {.error = 0};
	struct arrivals a;
	unsigned i;

	(void)state;
	arrivals_init(&a, &profile, ARRIVALS_CONSTANT, 0, 1, 1);
	arrivals_begin(&a, 1);
	due_begin(&due, &a, 0, UINT64_MAX);
	while (a.next_ns < 500000000)
		arrivals_take(&a);
	for (i = 1; i <= 5; i++)
		due_end_interval(&due, &a, i * 500000000);
	while (a.taken < due.ahead.taken)
		arrivals_take(&a);
	assert_true(a.next_ns >= 2500000000);
	assert_int_equal(due.count, 5);
	assert_memory_equal(due.counts, counts, sizeof(counts));
	assert_int_equal(due.total, 275);
	assert_int_equal(due.overdue, 0);
	due_release(&due);
}

/* Poisson: what is counted ahead is what is taken later. */
static void what_is_due_is_what_comes(void **state)
{
	const struct profile profile = {1, {{5000, 5000, 1}}};
	struct due due = {.error = 0};
	struct arrivals a;
	uint64_t n, i, sum = 0;

	(void)state;
	arrivals_init(&a, &profile, ARRIVALS_POISSON, 0, 1, 7);
	arrivals_begin(&a, 0);
	due_begin(&due, &a, 100000000, UINT64_MAX);
	assert_true(due.overdue > 400);
	for (n = 0; a.next_ns < 100000000; n++)
		arrivals_take(&a);
	assert_int_equal(n, due.overdue);
	for (i = 0; i < 200; i++)
		due_end_interval(&due, &a, 100000000 + (i + 1) * 10000000);
	for (i = 0; i < 200; i++) {
		for (n = 0; a.next_ns < 100000000 + (i + 1) * 10000000; n++)
			arrivals_take(&a);
		assert_int_equal(n, due.counts[i]);
		sum += n;
	}
	assert_int_equal(sum, due.total);
	due_release(&due);
}

static void no_more_is_due_than_the_budget(void **state)
{
	const struct profile profile = {1, {{1000, 1000, 1}}};
	struct due due = {.error = 0};
	struct arrivals a;

	(void)state;
	arrivals_init(&a, &profile, ARRIVALS_CONSTANT, 0, 1, 1);
	arrivals_begin(&a, 0);
	arrivals_take(&a);
	due_begin(&due, &a, 100500000, 150);
	assert_int_equal(due.overdue, 100);
	due_end_interval(&due, &a, 10100000000);
	assert_int_equal(due.total, 50);
	due_release(&due);
}

/* The window ended at 50 ms, and the thread took two more before it knew. */
static void what_is_taken_too_late_was_due_at_last(void **state)
{
	const struct profile profile = {1, {{1000, 1000, 1}}};
	struct due due = {.error = 0};
	struct arrivals a;

	(void)state;
	arrivals_init(&a, &profile, ARRIVALS_CONSTANT, 0, 1, 1);
	arrivals_begin(&a, 1);
	due_begin(&due, &a, 0, UINT64_MAX);
	due_end_interval(&due, &a, 50000000);
	while (a.taken < 52)
		arrivals_take(&a);
	due_end(&due, &a);
	due_end(&due, &a);
	assert_int_equal(due.total, 52);
	assert_int_equal(due.counts[0], 52);
	due_release(&due);
}

static void figures_read_well(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(text_time(0, buf, sizeof(buf)), "0 ns");
	assert_string_equal(text_time(999, buf, sizeof(buf)), "999 ns");
	assert_string_equal(text_time(1234, buf, sizeof(buf)), "1.23 us");
	assert_string_equal(text_time(12345678, buf, sizeof(buf)), "12.3 ms");
	assert_string_equal(text_time(999960, buf, sizeof(buf)), "1.00 ms");
	assert_string_equal(text_time(3.5e9, buf, sizeof(buf)), "3.50 s");
	assert_string_equal(text_count(0, buf, sizeof(buf)), "0");
	assert_string_equal(text_count(1234567, buf, sizeof(buf)), "1,234,567");
	assert_string_equal(text_count(123456, buf, sizeof(buf)), "123,456");
	assert_string_equal(text_bytes(1023, buf, sizeof(buf)), "1023 B");
	assert_string_equal(text_bytes(1536, buf, sizeof(buf)), "1.5 KiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_expire_in_order),
		cmocka_unit_test(clearing_a_timer_that_is_not_set_does_nothing),
		cmocka_unit_test(constant_parts_make_an_even_whole),
		cmocka_unit_test(a_profile_has_as_many_arrivals_as_its_area),
		cmocka_unit_test(what_is_far_away_is_not_due_now),
		cmocka_unit_test(poisson_parts_make_a_poisson_whole),
		cmocka_unit_test(what_is_due_does_not_depend_on_what_is_taken),
		cmocka_unit_test(what_is_due_is_what_comes),
		cmocka_unit_test(no_more_is_due_than_the_budget),
		cmocka_unit_test(what_is_taken_too_late_was_due_at_last),
		cmocka_unit_test(figures_read_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
