/* SPDX-License-Identifier: MIT */
/* Queueing theory, against values that were computed in another way. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compare/queueing.h"

#define close_to(a, b, within) assert_true(fabs((a) - (b)) <= (within))

enum { SHARES = 4 };

static const double shares[SHARES] = {0.5, 0.9, 0.99, 0.999};

/*
 * Of M/D/1 with a service of 1: Erlang's series, solved for the quantile in
 * decimal numbers of 400 digits, in which its terms of both signs do no harm.
 * tests/unit/erlang.py prints them.
 */
static const struct {
	double u, time[SHARES];
} erlang[] = {
	{0.1, {1, 1, 1.95310179804, 2.64356865326}},
	{0.3, {1, 1.83771476094, 2.89087340140, 4.02311372240}},
	{0.5, {1, 2.51574484138, 4.33625595700, 6.16838503096}},
	{0.7, {1.72975089109, 4.07708687311, 7.48549942896, 10.8943538244}},
	{0.8, {2.27593987338, 6.01151149845, 11.3558867920, 16.7002681941}},
	{0.9, {4.01304751931, 11.7825049560, 22.8982373495, 34.0139697431}},
	{0.95, {7.48066790612, 23.3022288611, 45.9377655084, 68.5733021557}},
	{0.99, {35.2081152688, 115.410872908, 230.155078154, 344.899283401}},
};

static void test_md1_by_erlangs_series(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(erlang) / sizeof(*erlang); i++)
		for (size_t k = 0; k < SHARES; k++) {
			double found = queueing_md1(1, erlang[i].u, shares[k]);

			close_to(found, erlang[i].time[k], 1e-9 * found);
		}
}

/* The wait of those that find the server busy is 0 for nobody else: with
 * probability 1 - u a request is served at once. */
static void test_md1_begins_at_the_service(void **state)
{
	(void)state;
	close_to(queueing_md1(3, 0.4, 0.6), 3, 1e-12);
	assert_true(queueing_md1(3, 0.4, 0.61) > 3);
	close_to(queueing_md1(3, 0, 0.999), 3, 1e-12);
	/* The unit is that of the service. */
	close_to(queueing_md1(2e6, 0.8, 0.99), 2e6 * 11.3558867920, 1e-2);
}

/* The mean is what the quantiles of all shares come to. */
static void test_md1_agrees_with_its_mean(void **state)
{
	enum { STEPS = 20000 };
	double sum = 0;

	(void)state;
	for (int i = 0; i < STEPS; i++)
		sum += queueing_md1(1, 0.7, (i + 0.5) / STEPS);
	close_to(sum / STEPS, queueing_mean(1, 0.7, 0), 1e-3);
}

/* Of a full server the tail is exponential: no term cancels another. */
static void test_md1_is_stable_near_full(void **state)
{
	double last = 0, step;

	(void)state;
	for (int i = 0; i < 60; i++) {
		double now = queueing_md1(1, 0.998, 0.5 + i * 0.008);

		assert_true(now > last);
		last = now;
	}
	/* Each nine is as far as the one before it. */
	step = queueing_md1(1, 0.998, 0.999) - queueing_md1(1, 0.998, 0.99);
	close_to(queueing_md1(1, 0.998, 0.99) - queueing_md1(1, 0.998, 0.9),
		step, 1e-6 * step);
}

/* Kleinrock, Queueing Systems I, 1975: the time in M/M/1 is exponential with
 * the mean S / (1 - u). */
static void test_mm1_is_exponential(void **state)
{
	(void)state;
	close_to(queueing_mean(1, 0.8, 1), 5, 1e-12);
	close_to(queueing_mm1(1, 0.8, 1 - exp(-1)), 5, 1e-12);
	close_to(queueing_mm1(1, 0.8, 0.5), 5 * log(2), 1e-12);
	close_to(queueing_mm1(1, 0.5, 0.99), 2 * log(100), 1e-12);
}

/* Pollaczek and Khinchine: half the wait where nothing varies. */
static void test_the_mean(void **state)
{
	(void)state;
	close_to(queueing_mean(1, 0.8, 0), 3, 1e-12);
	close_to(queueing_mean(1, 0.5, 0), 1.5, 1e-12);
	close_to(queueing_mean(1, 0, 1), 1, 1e-12);
}

static void test_a_full_server_has_no_time(void **state)
{
	(void)state;
	assert_true(isnan(queueing_mean(1, 1, 0)));
	assert_true(isnan(queueing_mm1(1, 1, 0.5)));
	assert_true(isnan(queueing_md1(1, 1.2, 0.5)));
	assert_true(isnan(queueing_md1(1, NAN, 0.5)));
	assert_true(isnan(queueing_md1(1, 0.99999, 0.99)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_md1_by_erlangs_series),
		cmocka_unit_test(test_md1_begins_at_the_service),
		cmocka_unit_test(test_md1_agrees_with_its_mean),
		cmocka_unit_test(test_md1_is_stable_near_full),
		cmocka_unit_test(test_mm1_is_exponential),
		cmocka_unit_test(test_the_mean),
		cmocka_unit_test(test_a_full_server_has_no_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
