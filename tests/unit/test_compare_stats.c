/* SPDX-License-Identifier: MIT */
/* Statistics against values that were published, or computed in another way. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>

#include "compare/stats.h"

#define close_to(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static void test_quantiles_are_those_of_type_7(void **state)
{
	const double x[] = {1, 2, 3, 4};

	(void)state;
	close_to(stats_quantile(x, 4, 0.25), 1.75, 1e-12);
	close_to(stats_quantile(x, 4, 0.9), 3.7, 1e-12);
	close_to(stats_quantile(x, 4, 0), 1, 0);
	close_to(stats_quantile(x, 4, 1), 4, 0);
	assert_true(isnan(stats_quantile(x, 0, 0.5)));
}

static void test_median_takes_any_order_and_leaves_it(void **state)
{
	const double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 2};

	(void)state;
	close_to(stats_median(odd, 3), 5, 0);
	close_to(stats_median(even, 4), 2.5, 0);
	close_to(odd[0], 9, 0);
	assert_true(isnan(stats_median(odd, 0)));
}

/*
 * Seven values: the range misses the median with 2/128, the next ones with
 * 16/128; (0.05 - 2/128) / (14/128) = 0.3143, which Hettmansperger and Sheather
 * make (6 * 0.3143) / (1 + 5 * 0.3143) = 0.7333 of the way between them. Eleven:
 * 24/2048 and 134/2048 of the second and third. Student's of five values with
 * t = 2.776445, of the logarithms where there are any.
 */
static void test_interval_of_the_median(void **state)
{
	const double x[] = {3, 1, 4, 11, 5, 9, 2, 6, 8, 7, 10};
	const double five[] = {30, 10, 50, 20, 40};
	const double around[] = {10, -10, 30, 0, 20};
	const double seven[] = {7, 6, 5, 4, 3, 2, 1};
	struct estimate e = stats_estimate(five, 5);

	(void)state;
	assert_int_equal(e.n, 5);
	close_to(e.value, 30, 0);
	close_to(e.low, 11.8342072, 1e-6);
	close_to(e.high, 57.3499879, 1e-6);
	e = stats_estimate(around, 5);
	close_to(e.low, -9.6324316, 1e-6);
	close_to(e.high, 29.6324316, 1e-6);
	e = stats_estimate(seven, 7);
	close_to(e.low, 1 + 11.0 / 15, 1e-12);
	close_to(e.high, 7 - 11.0 / 15, 1e-12);
	e = stats_estimate(x, 11);
	close_to(e.value, 6, 0);
	close_to(e.low, 2.917794, 1e-6);
	close_to(e.high, 9.082206, 1e-6);
}

/* Of differences that are all above 0 the interval may reach below it. */
static void test_a_shift_may_be_of_either_sign(void **state)
{
	const double x[] = {1, 3}, none[] = {0, 3};

	(void)state;
	close_to(stats_estimate(none, 2).low, 0, 0);
	assert_true(stats_estimate(x, 2).low > 0);
	assert_true(stats_shift(x, 2).low < 0);
	close_to(stats_shift(x, 2).value, 2, 0);
}

enum { DRAWS = 2000, MOST = 15 };

/* In how many of DRAWS the interval holds 1, the median of the noise. */
static int holds(size_t n, double sigma, int lognormal, gsl_rng *rng)
{
	double x[MOST];
	int held = 0;

	for (int t = 0; t < DRAWS; t++) {
		struct estimate e;

		for (size_t i = 0; i < n; i++) {
			double noise = gsl_ran_gaussian(rng, sigma);

			x[i] = lognormal ? exp(noise) : 1 + noise;
		}
		e = stats_estimate(x, n);
		held += e.low <= 1 && 1 <= e.high;
		assert_true(e.low <= e.value && e.value <= e.high);
	}
	return held;
}

/* 95 %, less what 2000 draws scatter: three times 0.5 %. */
static void test_intervals_hold_what_they_say(void **state)
{
	gsl_rng *rng = stats_rng(2026);

	(void)state;
	for (size_t n = 2; n <= MOST; n++) {
		assert_in_range(holds(n, 0.1, 0, rng), DRAWS * 935 / 1000,
			DRAWS * 97 / 100);
		assert_in_range(holds(n, 0.3, 1, rng), DRAWS * 935 / 1000,
			DRAWS * 97 / 100);
	}
	gsl_rng_free(rng);
}

static void test_one_value_has_no_interval(void **state)
{
	const double x[] = {7};
	struct estimate e = stats_estimate(x, 1);

	(void)state;
	close_to(e.value, 7, 0);
	assert_true(isnan(e.low) && isnan(e.high));
}

static void test_same_seed_same_interval(void **state)
{
	double x[40];
	gsl_rng *a = stats_rng(77), *b = stats_rng(77);
	struct comparison first, second;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		x[i] = sin((double)i) + 3;
	first = stats_compare_unpaired(x, 20, x + 20, 20, a);
	second = stats_compare_unpaired(x, 20, x + 20, 20, b);
	close_to(first.ratio.low, second.ratio.low, 0);
	close_to(first.ratio.high, second.ratio.high, 0);
	gsl_rng_free(a);
	gsl_rng_free(b);
}

/* "Student" (1908), the extra hours of sleep: t = 4.0621, 9 degrees of
 * freedom, p = 0.002833. */
static void test_t_test_of_students_sleep(void **state)
{
	const double x[] = {1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4};
	const double same[] = {0.5, 0.5, 0.5}, none[] = {0, 0, 0};

	(void)state;
	close_to(stats_t_test(x, 10), 0.002833, 5e-7);
	close_to(stats_t_test(x, 1), 1, 0);
	close_to(stats_t_test(same, 3), 0, 0);
	close_to(stats_t_test(none, 3), 1, 0);
}

/* p by numerical integration of the density of t with 4 degrees of freedom. */
static void test_paired_comparison(void **state)
{
	const double a[] = {102, 105, 103, 108, 101, NAN, 7};
	const double b[] = {100, 100, 99, 101, 100, 100, 0};
	struct comparison c = stats_compare(a, b, 7);

	(void)state;
	assert_int_equal(c.ratio.n, 5); /* the last two are no pairs */
	close_to(c.ratio.value, 103.0 / 99, 1e-12);
	close_to(c.ratio.low, 1.0087984, 1e-6);
	close_to(c.ratio.high, 1.0674848, 1e-6);
	close_to(c.p, 0.022029003268, 1e-9);
	close_to(c.effect, 1.626378271, 1e-8);
}

/* t = 2.829165 with 27.87902 degrees of freedom; p by numerical integration of
 * its density. */
static void test_welch(void **state)
{
	const double a[] = {27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1,
		21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4};
	const double b[] = {27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0,
		24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.0};
	const double same[] = {2, 2};

	(void)state;
	close_to(stats_welch(a, 15, b, 15), 0.008551778311, 1e-9);
	close_to(stats_welch(a, 1, b, 15), 1, 0);
	close_to(stats_welch(same, 2, same, 2), 1, 0);
}

static void test_unpaired_comparison(void **state)
{
	const double a[] = {20, 22, NAN, 21}, b[] = {10, 11, 10.5, 0};
	gsl_rng *rng = stats_rng(1);
	struct comparison c = stats_compare_unpaired(a, 4, b, 4, rng);

	(void)state;
	assert_int_equal(c.ratio.n, 3);
	close_to(c.ratio.value, 2, 1e-12);
	assert_true(c.ratio.low >= 20.0 / 11 && c.ratio.low < 2);
	assert_true(c.ratio.high <= 22.0 / 10 && c.ratio.high > 2);
	assert_true(c.p < 0.001);
	c = stats_compare_unpaired(a, 1, b, 4, rng);
	close_to(c.p, 1, 0);
	assert_true(isnan(c.ratio.low));
	gsl_rng_free(rng);
}

/* The values of R's p.adjust(p, "holm"). */
static void test_holm(void **state)
{
	double p[] = {0.01, 0.04, 0.03, 0.005};
	double many[] = {0.5, 0.9, 0.4};

	(void)state;
	assert_int_equal(stats_holm(p, 4), 0);
	close_to(p[0], 0.03, 1e-12);
	close_to(p[1], 0.06, 1e-12);
	close_to(p[2], 0.06, 1e-12);
	close_to(p[3], 0.02, 1e-12);
	assert_int_equal(stats_holm(many, 3), 0);
	for (size_t i = 0; i < 3; i++)
		close_to(many[i], 1, 0);
	assert_int_equal(stats_holm(many, 0), 0);
}

static void test_a_difference_needs_interval_and_test(void **state)
{
	const struct estimate above = {1.1, 1.05, 1.2, 5};
	const struct estimate around = {1.1, 0.99, 1.2, 5};
	const struct estimate below = {0.9, 0.8, 0.95, 5};
	const struct estimate unknown = {1.1, NAN, NAN, 1};

	(void)state;
	assert_true(stats_differs(&above, 0.01));
	assert_true(stats_differs(&below, 0.01));
	assert_false(stats_differs(&above, 0.03));
	assert_false(stats_differs(&around, 0.01));
	assert_false(stats_differs(&unknown, 0.0));
}

static void test_jain(void **state)
{
	const double even[] = {3, 3, 3, 3}, one[] = {8, 0, 0, 0};
	const double some[] = {1, 2, 3}, none[] = {0, 0};

	(void)state;
	close_to(stats_jain(even, 4), 1, 1e-12);
	close_to(stats_jain(one, 4), 0.25, 1e-12);
	close_to(stats_jain(some, 3), 36.0 / 42, 1e-12);
	assert_true(isnan(stats_jain(none, 2)));
}

/* Quartiles 3.5 and 8.5: what is beyond -11.5 and 23.5 is far out. */
static void test_far_out(void **state)
{
	const double x[] = {3, 1, 2, 4, 100, 6, 7, 5, 9, 10, 8};
	const double few[] = {1, 1, 1, 100};

	(void)state;
	assert_true(stats_is_far_out(x, 11, 100));
	assert_true(stats_is_far_out(x, 11, -11.6));
	assert_false(stats_is_far_out(x, 11, -11.4));
	assert_false(stats_is_far_out(x, 11, 23.4));
	assert_true(stats_is_far_out(x, 11, 23.6));
	assert_false(stats_is_far_out(few, 4, 100));
}

enum { TRIALS = 300, MODELS = 15, ROUNDS = 5 };

/* Rounds of a model with `noise`, times `factor`. */
static void measure(double *x, double factor, double noise, gsl_rng *rng)
{
	for (size_t i = 0; i < ROUNDS; i++)
		x[i] = 1000 * factor * exp(gsl_ran_gaussian(rng, noise));
}

/* Whether any of the models is called different from the baseline. */
static int any_differs(double factor, double noise, gsl_rng *rng)
{
	double base[ROUNDS], x[ROUNDS], p[MODELS];
	struct comparison c[MODELS];
	int found = 0;

	measure(base, 1, noise, rng);
	for (size_t m = 0; m < MODELS; m++) {
		measure(x, m ? 1 : factor, noise, rng);
		c[m] = stats_compare(x, base, ROUNDS);
		p[m] = c[m].p;
	}
	stats_holm(p, MODELS);
	for (size_t m = 0; m < MODELS; m++)
		found += stats_differs(&c[m].ratio, p[m]);
	return found > 0;
}

enum { RACE_ROUNDS = 7, RACES = 2000 };

/* Whether any of fifteen equal models is told from the one that came out best. */
static int any_is_behind(gsl_rng *rng)
{
	double x[MODELS][RACE_ROUNDS], p[MODELS - 1];
	struct comparison c[MODELS - 1];
	size_t best = 0, n = 0;
	int found = 0;

	for (size_t m = 0; m < MODELS; m++) {
		for (size_t i = 0; i < RACE_ROUNDS; i++)
			x[m][i] = exp(gsl_ran_gaussian(rng, 0.05));
		if (stats_median(x[m], RACE_ROUNDS) >
			stats_median(x[best], RACE_ROUNDS))
			best = m;
	}
	for (size_t m = 0; m < MODELS; m++) {
		if (m == best)
			continue;
		c[n] = stats_compare(x[m], x[best], RACE_ROUNDS);
		p[n] = c[n].p;
		n++;
	}
	stats_holm_of_best(p, n);
	for (size_t m = 0; m < n; m++)
		found += stats_differs(&c[m].ratio, p[m]);
	return found > 0;
}

static void test_the_best_of_equals_is_rarely_told_from_them(void **state)
{
	gsl_rng *rng = stats_rng(2026);
	int wrong = 0;

	(void)state;
	for (int t = 0; t < RACES; t++)
		wrong += any_is_behind(rng);
	assert_in_range(wrong, 0, RACES * 5 / 100);
	gsl_rng_free(rng);
}

/* Fifteen models that are one and the same, against themselves. */
static void test_same_models_are_rarely_told_apart(void **state)
{
	gsl_rng *rng = stats_rng(2026);
	int wrong = 0;

	(void)state;
	for (int t = 0; t < TRIALS; t++)
		wrong += any_differs(1, 0.05, rng);
	assert_in_range(wrong, 0, TRIALS * 5 / 100);
	gsl_rng_free(rng);
}

enum { LOOKS_MOST = 40 };

/* Rounds until the ratio is known to 1.5 %, as `--until` takes them. */
static int differs_once_it_is_known(double noise, gsl_rng *rng)
{
	double a[LOOKS_MOST], b[LOOKS_MOST];
	struct comparison c;
	size_t n = 0;

	do {
		a[n] = exp(gsl_ran_gaussian(rng, noise));
		b[n] = exp(gsl_ran_gaussian(rng, noise));
		if (++n < ROUNDS)
			continue;
		c = stats_compare(a, b, n);
		if ((c.ratio.high - c.ratio.low) / 2 / c.ratio.value <= 0.015)
			break;
	} while (n < LOOKS_MOST);
	return stats_differs(&c.ratio, c.p);
}

/* To stop by the width makes no difference where there is none. */
static void test_stopping_by_the_width_claims_no_more(void **state)
{
	gsl_rng *rng = stats_rng(2026);
	int wrong = 0;

	(void)state;
	for (int t = 0; t < TRIALS; t++)
		wrong += differs_once_it_is_known(0.02, rng);
	assert_in_range(wrong, 0, TRIALS * 5 / 100);
	gsl_rng_free(rng);
}

static void test_a_planted_difference_is_found(void **state)
{
	gsl_rng *rng = stats_rng(2026);
	int found = 0;

	(void)state;
	for (int t = 0; t < TRIALS; t++)
		found += any_differs(1.1, 0.01, rng);
	assert_in_range(found, TRIALS * 95 / 100, TRIALS);
	gsl_rng_free(rng);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles_are_those_of_type_7),
		cmocka_unit_test(test_median_takes_any_order_and_leaves_it),
		cmocka_unit_test(test_interval_of_the_median),
		cmocka_unit_test(test_a_shift_may_be_of_either_sign),
		cmocka_unit_test(test_intervals_hold_what_they_say),
		cmocka_unit_test(
			test_the_best_of_equals_is_rarely_told_from_them),
		cmocka_unit_test(test_one_value_has_no_interval),
		cmocka_unit_test(test_same_seed_same_interval),
		cmocka_unit_test(test_t_test_of_students_sleep),
		cmocka_unit_test(test_paired_comparison),
		cmocka_unit_test(test_welch),
		cmocka_unit_test(test_unpaired_comparison),
		cmocka_unit_test(test_holm),
		cmocka_unit_test(test_a_difference_needs_interval_and_test),
		cmocka_unit_test(test_jain),
		cmocka_unit_test(test_far_out),
		cmocka_unit_test(test_stopping_by_the_width_claims_no_more),
		cmocka_unit_test(test_same_models_are_rarely_told_apart),
		cmocka_unit_test(test_a_planted_difference_is_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
