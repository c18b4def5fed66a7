/* SPDX-License-Identifier: MIT */
#include "common/histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 11;
}

/* Spread over the whole range: every order of magnitude as likely. */
static uint64_t next_time(uint64_t *state)
{
	double exponent = (double)next_random(state) * 0x1p-53 * log(3.6e12);

	return (uint64_t)exp(exponent);
}

static void every_slot_is_within_a_thousandth(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i + 1 < HISTOGRAM_SLOTS; i++) {
		uint64_t low = histogram_slot_lowest(i);
		uint64_t high = histogram_slot_lowest(i + 1) - 1;

		if (high > HISTOGRAM_MAX)
			break;
		assert_true(high - low <= low / 1000);
		assert_int_equal(histogram_slot_index(low), i);
		assert_int_equal(histogram_slot_index(high), i);
	}
	assert_true(i > 33000);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void percentiles_are_those_of_the_sorted_values(void **state)
{
	enum { N = 20000 };
	static const double percents[] = {
		0, 1, 25, 50, 90, 99, 99.9, 99.99, 100};
	uint64_t *values = calloc(N, sizeof(*values)), seed = 42;
	struct histogram *h = histogram_new();
	size_t i;

	(void)state;
	for (i = 0; i < N; i++) {
		values[i] = next_time(&seed);
		histogram_record(h, values[i]);
	}
	qsort(values, N, sizeof(*values), compare_u64);
	for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		size_t rank = (size_t)ceil(percents[i] * N / 100 - 1e-6);
		uint64_t exact = values[rank ? rank - 1 : 0];
		uint64_t found = histogram_percentile(h, percents[i]);

		assert_true(found >= exact);
		assert_true((double)(found - exact) <= (double)exact * 0.001);
	}
	assert_int_equal(histogram_min(h), values[0]);
	assert_int_equal(histogram_max(h), values[N - 1]);
	free(values);
	histogram_free(h);
}

static void mean_is_exact_and_stddev_nearly(void **state)
{
	struct histogram *h = histogram_new();
	uint64_t i;

	(void)state;
	for (i = 1; i <= 1000; i++)
		histogram_record(h, i * 1000003);
	assert_true(fabs(histogram_mean(h) - 500.5 * 1000003) < 1e-3);
	/* of 1..n: sqrt((n * n - 1) / 12) */
	assert_true(
		fabs(histogram_stddev(h) / (288.674990 * 1000003) - 1) < 0.001);
	histogram_free(h);
}

static void assert_same(const struct histogram *a, const struct histogram *b)
{
	size_t i;

	assert_int_equal(histogram_count(a), histogram_count(b));
	assert_int_equal(histogram_min(a), histogram_min(b));
	assert_int_equal(histogram_max(a), histogram_max(b));
	assert_true(histogram_mean(a) == histogram_mean(b));
	for (i = 0; i < HISTOGRAM_SLOTS; i++)
		assert_int_equal(
			histogram_slot_count(a, i), histogram_slot_count(b, i));
}

/* (a + b) + c, a + (b + c), and all values in one are the same. */
static void merging_is_exact_and_associative(void **state)
{
	struct histogram *part[3], *all = histogram_new();
	struct histogram *left = histogram_new(), *right = histogram_new();
	uint64_t seed = 7, value;
	size_t i, k;

	(void)state;
	for (k = 0; k < 3; k++) {
		part[k] = histogram_new();
		for (i = 0; i < 5000; i++) {
			value = next_time(&seed);
			histogram_record(part[k], value);
			histogram_record(all, value);
		}
	}
	histogram_merge(left, part[0]);
	histogram_merge(left, part[1]);
	histogram_merge(left, part[2]);
	histogram_merge(part[1], part[2]);
	histogram_merge(right, part[1]);
	histogram_merge(right, part[0]);
	assert_same(left, all);
	assert_same(right, all);
	for (k = 0; k < 3; k++)
		histogram_free(part[k]);
	histogram_free(all);
	histogram_free(left);
	histogram_free(right);
}

static void empty_ones_merge_into_nothing(void **state)
{
	struct histogram *a = histogram_new(), *b = histogram_new();

	(void)state;
	histogram_merge(a, b);
	assert_int_equal(histogram_count(a), 0);
	assert_int_equal(histogram_min(a), 0);
	assert_int_equal(histogram_max(a), 0);
	assert_int_equal(histogram_percentile(a, 99), 0);
	assert_true(histogram_mean(a) == 0 && histogram_stddev(a) == 0);
	histogram_record(b, 5);
	histogram_merge(b, a);
	assert_int_equal(histogram_min(b), 5);
	histogram_free(a);
	histogram_free(b);
}

static void values_above_an_hour_are_kept(void **state)
{
	struct histogram *h = histogram_new();

	(void)state;
	histogram_record(h, 2 * HISTOGRAM_MAX);
	histogram_record(h, 1);
	assert_int_equal(histogram_count(h), 2);
	assert_int_equal(histogram_max(h), 2 * HISTOGRAM_MAX);
	assert_int_equal(histogram_percentile(h, 50), 1);
	assert_int_equal(histogram_percentile(h, 100), 2 * HISTOGRAM_MAX);
	histogram_free(h);
}

static void reset_forgets_everything(void **state)
{
	struct histogram *h = histogram_new();
	struct histogram_slot slot;
	size_t cursor = 0;

	(void)state;
	histogram_record_many(h, 12345, 10);
	histogram_record_many(h, 99, 0);
	assert_int_equal(histogram_count(h), 10);
	histogram_reset(h);
	assert_int_equal(histogram_count(h), 0);
	assert_false(histogram_next(h, &cursor, &slot));
	histogram_free(h);
}

static void walking_meets_every_value_once(void **state)
{
	struct histogram *h = histogram_new();
	uint64_t seed = 3, sum = 0, last = 0;
	struct histogram_slot slot;
	size_t cursor = 0, i;

	(void)state;
	for (i = 0; i < 3000; i++)
		histogram_record(h, next_time(&seed));
	while (histogram_next(h, &cursor, &slot)) {
		assert_true(slot.lowest >= last && slot.highest >= slot.lowest);
		assert_true(slot.count > 0);
		sum += slot.count;
		assert_int_equal(histogram_count_upto(h, slot.highest), sum);
		last = slot.highest;
	}
	assert_int_equal(sum, 3000);
	histogram_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_slot_is_within_a_thousandth),
		cmocka_unit_test(percentiles_are_those_of_the_sorted_values),
		cmocka_unit_test(mean_is_exact_and_stddev_nearly),
		cmocka_unit_test(merging_is_exact_and_associative),
		cmocka_unit_test(empty_ones_merge_into_nothing),
		cmocka_unit_test(values_above_an_hour_are_kept),
		cmocka_unit_test(reset_forgets_everything),
		cmocka_unit_test(walking_meets_every_value_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
