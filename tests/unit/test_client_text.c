/* SPDX-License-Identifier: MIT */
/* What the report in words says, of runs that are made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "client/text.h"
#include "client/workload.h"
#include "common/clock.h"

static const struct workload mute = {.name = "mute"};

/* A run of one second in tenths, of which nothing is known. */
struct fixture {
	struct config config;
	struct outcome outcome;
	struct interval intervals[64];
	char *text;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->config = (struct config) {
		.server_text = ":1",
		.workload_text = "mute",
		.workload = &mute,
		.connections = 1,
		.threads = 1,
		.pipeline = 1,
		.requests_per_connection = UINT64_MAX,
		.interval_ns = 100 * NS_PER_MS,
	};
	*state = f;
	if (outcome_init(&f->outcome, &f->config))
		return -1;
	f->outcome.window_ns = NS_PER_S;
	f->outcome.valid = true;
	for (unsigned i = 0; i < 64; i++)
		f->intervals[i] = (struct interval) {
			.start_ns = i * f->config.interval_ns,
			.length_ns = f->config.interval_ns,
		};
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	f->outcome.intervals = NULL; /* the fixture's own */
	outcome_release(&f->outcome);
	free(f->text);
	free(f);
	return 0;
}

static const char *report(struct fixture *f)
{
	size_t size;
	FILE *out;

	free(f->text);
	f->text = NULL;
	out = open_memstream(&f->text, &size);
	assert_non_null(out);
	text_report(&f->outcome, out, false);
	assert_int_equal(fclose(out), 0);
	return f->text;
}

static void have_intervals(struct fixture *f, unsigned count)
{
	f->outcome.intervals = f->intervals;
	f->outcome.interval_count = count;
}

/* After a warm-up, which has a segment of its own. */
static void have_ramp(struct fixture *f, double from, double to)
{
	f->config.open_loop = true;
	f->config.ramp = "as asked";
	f->config.warmup_ns = NS_PER_S;
	f->config.profile =
		(struct profile) {2, {{from, from, 1}, {from, to, 1}}};
}

static void test_a_ramp_has_a_row_for_each_tenth(void **state)
{
	struct fixture *f = *state;
	const char *text, *row;

	have_ramp(f, 1000, 2000);
	have_intervals(f, 10);
	f->intervals[9].due = 195;
	text = report(f);
	row = strstr(text, "\n       1,050 ");
	assert_non_null(row);
	assert_non_null(strstr(row, "\n       1,550 "));
	assert_non_null(strstr(row, "\n       1,950       1,950 "));
}

static void test_a_ramp_in_many_intervals_has_no_table(void **state)
{
	struct fixture *f = *state;

	have_ramp(f, 1000, 2000);
	have_intervals(f, 50);
	assert_null(strstr(report(f), "rate asked"));
}

static void test_steps_that_were_broken_off_have_no_table(void **state)
{
	struct fixture *f = *state;

	f->config.open_loop = true;
	f->config.steps = "100,200";
	f->config.profile =
		(struct profile) {2, {{100, 100, .5}, {200, 200, .5}}};
	have_intervals(f, 2);
	assert_non_null(strstr(report(f), "\n         200 "));
	have_intervals(f, 1);
	assert_null(strstr(report(f), "rate asked"));
}

/* The window may have ended where the interval began. */
static void test_an_interval_without_length_has_no_rate(void **state)
{
	struct fixture *f = *state;

	have_ramp(f, 10, 10);
	have_intervals(f, 1);
	f->intervals[0].length_ns = 0;
	assert_null(strstr(report(f), "nan"));
	assert_null(strstr(report(f), "inf"));
}

static void test_a_clock_that_was_wrong_is_named(void **state)
{
	struct fixture *f = *state;

	f->outcome.clock.correction_ns = CLOCK_BOUND_NS;
	assert_null(strstr(report(f), "the clock was wrong"));
	f->outcome.clock.correction_ns = 12 * CLOCK_BOUND_NS;
	assert_non_null(
		strstr(report(f), "the clock was wrong by up to 12.0 us"));
}

static void test_a_busy_client_is_a_lower_bound(void **state)
{
	struct fixture *f = *state;

	f->outcome.bounded_by = BOUND_CLIENT;
	assert_non_null(strstr(report(f), "(at least)"));
	f->config.open_loop = true;
	assert_null(strstr(report(f), "(at least)"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_ramp_has_a_row_for_each_tenth),
		TEST(test_a_ramp_in_many_intervals_has_no_table),
		TEST(test_steps_that_were_broken_off_have_no_table),
		TEST(test_an_interval_without_length_has_no_rate),
		TEST(test_a_clock_that_was_wrong_is_named),
		TEST(test_a_busy_client_is_a_lower_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
