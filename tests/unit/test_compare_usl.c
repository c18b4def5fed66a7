/* SPDX-License-Identifier: MIT */
/* The Universal Scalability Law, against a fit that was published and against
 * data that are the law itself. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>

#include "compare/usl.h"

#define close_to(a, b, within) assert_true(fabs((a) - (b)) <= (within))

/*
 * A Sun SPARCcenter 2000 in the SPEC SDM91 benchmark. The values are those that
 * the R package usl 3.0 prints for it (S. Moeding, README of the package):
 * alpha 0.0277285 (error 0.0091217), beta 0.0001044 (0.0000199), gamma
 * 89.9952330 (14.2134894), residual standard error 82.8 on 4 degrees of
 * freedom.
 */
static const double spec_load[] = {1, 18, 36, 72, 108, 144, 216};
static const double spec_rate[] = {
	64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2};

static void test_the_published_fit(void **state)
{
	struct usl fit;

	(void)state;
	assert_int_equal(usl_fit(spec_load, spec_rate, 7, &fit), 0);
	close_to(fit.alpha, 0.0277285, 5e-7);
	close_to(fit.beta, 0.0001044, 5e-8);
	close_to(fit.gamma, 89.9952330, 5e-4);
	close_to(fit.alpha_error, 0.0091217, 5e-7);
	close_to(fit.beta_error, 0.0000199, 5e-8);
	close_to(fit.gamma_error, 14.2134894, 5e-4);
	close_to(fit.residual_error, 82.8, 0.05);
	close_to(usl_peak(&fit), sqrt((1 - 0.0277285) / 0.0001044), 0.05);
	assert_int_equal(fit.n, 7);
}

/* What the law itself gives is found again, peak and all. */
static void test_the_law_itself(void **state)
{
	static const double load[] = {1, 2, 4, 8, 16, 32, 64};
	const struct usl law = {.alpha = 0.05, .beta = 0.002, .gamma = 30000};
	struct usl fit;
	double rate[7];

	(void)state;
	for (size_t i = 0; i < 7; i++)
		rate[i] = usl_rate(&law, load[i]);
	close_to(rate[0], 30000, 1e-9);
	close_to(rate[1], 60000 / 1.054, 1e-6);
	assert_int_equal(usl_fit(load, rate, 7, &fit), 0);
	close_to(fit.alpha, 0.05, 1e-7);
	close_to(fit.beta, 0.002, 1e-8);
	close_to(fit.gamma, 30000, 1e-3);
	close_to(usl_peak(&fit), sqrt(0.95 / 0.002), 1e-3);
}

/* Amdahl's law is the case without coherency: nothing is below 0. */
static void test_no_parameter_is_below_zero(void **state)
{
	static const double load[] = {1, 2, 4, 8, 16};
	static const double linear[] = {10, 20.5, 40, 82, 161};
	static const double amdahl[] = {10, 18.3, 30.6, 46.9, 63.1};
	struct usl fit;

	(void)state;
	assert_int_equal(usl_fit(load, linear, 5, &fit), 0);
	assert_true(fit.alpha >= 0 && fit.beta >= 0);
	close_to(fit.gamma, 10.1, 0.2);
	assert_int_equal(usl_fit(load, amdahl, 5, &fit), 0);
	assert_true(fit.alpha > 0.05 && fit.beta >= 0);
}

static void test_too_little_is_refused(void **state)
{
	static const double load[] = {1, 2, 4, 4, 4};
	static const double rate[] = {10, 18, 30, 31, 32};
	static const double none[] = {10, 18, 0, 31, 32};
	struct usl fit;

	(void)state;
	assert_int_equal(usl_fit(load, rate, 5, &fit), -EINVAL);
	assert_int_equal(usl_fit(spec_load, none, 5, &fit), -EINVAL);
	assert_int_equal(usl_fit(load, rate, 0, &fit), -EINVAL);
}

enum { LOADS = 7, ROUNDS = 5, TRIALS = 40 };

static struct usl_fan found; /* too large for a stack */

/* Rounds of the law with 2 % of noise. */
static void measure(
	const struct usl *law, double *load, double *rate, gsl_rng *rng)
{
	for (size_t i = 0; i < LOADS * ROUNDS; i++) {
		load[i] = (double)(1 << i % LOADS);
		rate[i] = usl_rate(law, load[i]) *
			  exp(gsl_ran_gaussian(rng, 0.02));
	}
}

/* Whether the interval of the curve at a load holds what the law has there. */
static int covers(const struct usl_fan *fan, const struct usl *law, double load)
{
	struct estimate e = usl_rate_interval(fan, load);

	assert_true(e.low < e.value && e.value < e.high);
	return e.low <= usl_rate(law, load) && usl_rate(law, load) <= e.high;
}

/* Of 40 intervals of 95 %, few miss what is true: five rounds are few, so they
 * are somewhat too narrow. */
static void test_intervals_hold_the_truth(void **state)
{
	const struct usl law = {.alpha = 0.05, .beta = 0.002, .gamma = 30000};
	double load[LOADS * ROUNDS], rate[LOADS * ROUNDS];
	gsl_rng *rng = stats_rng(7);
	int peaks = 0, rates = 0;

	(void)state;
	for (int t = 0; t < TRIALS; t++) {
		struct usl_intervals i;

		measure(&law, load, rate, rng);
		assert_int_equal(
			usl_bootstrap(load, rate, LOADS * ROUNDS, rng, &found),
			0);
		i = usl_intervals(&found);
		assert_true(i.gamma.low < i.gamma.value &&
			    i.gamma.value < i.gamma.high);
		peaks += i.peak.low <= usl_peak(&law) &&
			 usl_peak(&law) <= i.peak.high;
		rates += covers(&found, &law, 11);
	}
	assert_in_range(peaks, TRIALS * 8 / 10, TRIALS);
	assert_in_range(rates, TRIALS * 7 / 10, TRIALS);
	gsl_rng_free(rng);
}

static void test_one_round_has_no_intervals(void **state)
{
	gsl_rng *rng = stats_rng(7);
	struct usl_intervals i;

	(void)state;
	assert_int_equal(
		usl_bootstrap(spec_load, spec_rate, 7, rng, &found), 0);
	i = usl_intervals(&found);
	close_to(i.alpha.value, 0.0277285, 5e-7);
	assert_true(isnan(i.alpha.low) && isnan(i.peak.high));
	assert_true(isnan(usl_rate_interval(&found, 36).low));
	gsl_rng_free(rng);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_published_fit),
		cmocka_unit_test(test_the_law_itself),
		cmocka_unit_test(test_no_parameter_is_below_zero),
		cmocka_unit_test(test_too_little_is_refused),
		cmocka_unit_test(test_intervals_hold_the_truth),
		cmocka_unit_test(test_one_round_has_no_intervals),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
