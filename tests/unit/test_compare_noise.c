/* SPDX-License-Identifier: MIT */
/* What is said of a sample, from what was read at the edges of its window. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compare/outcome.h"

#define MS INT64_C(1000000)

/* A window of one second on two CPUs: the server had 800 ms, the client 900. */
static struct sample take(uint64_t busy_ms, uint64_t steal_ms)
{
	const struct usage before = {.at_ns = 5000 * MS, .here_busy_ns = 1};
	struct usage after = {.at_ns = 6000 * MS};
	struct sample s;

	fields_init(sample_fields, &s);
	s.cpu_ns = 800 * MS;
	s.client = json_pack("{s:{s:f}}", "client", "cpu_seconds", 0.9);
	after.here_busy_ns = busy_ms * MS + 1;
	after.here_steal_ns = steal_ms * MS;
	outcome_noise(&s, &before, &after, 2);
	return s;
}

static void release(struct sample *s)
{
	fields_release(sample_fields, s);
}

static void assert_share(const struct sample *s, double share)
{
	assert_true(fabs(s->noise_share - share) < 1e-9);
}

static void test_a_quiet_sample_is_not_marked(void **state)
{
	struct sample s = take(1700, 0);

	(void)state;
	assert_null(s.noise);
	assert_share(&s, 0);
	release(&s);
	s = take(1690, 0); /* clocks of 10 ms may say less */
	assert_share(&s, 0);
	release(&s);
	s = take(1790, 0);
	assert_null(s.noise); /* 4.5 % */
	assert_share(&s, 0.045);
	release(&s);
}

static void test_other_programs_are_noise(void **state)
{
	struct sample s = take(1940, 0);

	(void)state;
	assert_share(&s, 0.12);
	assert_string_equal(s.noise,
		"other programs had 12 % of its CPUs' time, the host 0 %");
	release(&s);
}

static void test_stolen_time_is_noise(void **state)
{
	struct sample s = take(1700, 160);

	(void)state;
	assert_string_equal(s.noise,
		"other programs had 0 % of its CPUs' time, the host 8 %");
	release(&s);
}

/* A tenth of a short window may be a single step of the kernel's clock. */
static void test_what_the_clock_cannot_tell_is_no_noise(void **state)
{
	const struct usage before = {.at_ns = 0, .here_busy_ns = 0};
	const struct usage after = {.at_ns = 100 * MS, .here_busy_ns = 20 * MS};
	struct sample s;

	(void)state;
	fields_init(sample_fields, &s);
	s.cpu_ns = 0;
	s.client = json_pack("{s:{s:f}}", "client", "cpu_seconds", 0.0);
	outcome_noise(&s, &before, &after, 2);
	assert_share(&s, 0.1);
	assert_null(s.noise);
	release(&s);
}

static void test_what_is_not_known_is_not_claimed(void **state)
{
	const struct usage none = {0};
	struct sample s;

	(void)state;
	fields_init(sample_fields, &s);
	outcome_noise(&s, &none, &none, 2);
	assert_null(s.noise);
	assert_true(isnan(s.noise_share));
	release(&s);
}

/* The window of a second, and when the server's cost was read, from and to. */
struct edges {
	int64_t first[2], last[2];
};

static void edges_take(const struct edges *e, struct sample *s)
{
	const struct usage before = {.at_ns = (uint64_t)(e->first[0] * MS),
		.until_ns = (uint64_t)(e->first[1] * MS)};
	const struct usage after = {.at_ns = (uint64_t)(e->last[0] * MS),
		.until_ns = (uint64_t)(e->last[1] * MS),
		.cpu_ns = 800 * MS};

	fields_init(sample_fields, s);
	s->window_ns = 1000 * MS;
	s->client = json_pack("{s:I}", "window_ns", (json_int_t)s->window_ns);
	outcome_usage(s, &before, &after);
	outcome_noise(s, &before, &after, 2);
}

static void test_a_reading_at_the_edges_is_not_marked(void **state)
{
	const struct edges good[] = {
		{{5000, 5000}, {6000, 6000}},
		{{5000, 5010}, {6000, 6010}}, /* it takes a while */
		{{5050, 5050}, {6031, 6031}},
	};
	struct sample s;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		edges_take(&good[i], &s);
		assert_null(s.noise);
		assert_int_equal(s.cpu_ns, 800 * MS);
		release(&s);
	}
}

static void test_a_reading_beside_the_edges_is_marked(void **state)
{
	const struct edges bad[] = {
		{{5000, 5000}, {6030, 6030}}, {{5030, 5030}, {6000, 6000}},
		{{5000, 5030}, {6000, 6000}}, /* at any of these moments */
	};
	struct sample s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		edges_take(&bad[i], &s);
		assert_string_equal(s.noise,
			i ? "the server's cost was read over 970.0 ms, and the "
			    "window had 1000.0 ms"
			  : "the server's cost was read over 1030.0 ms, and "
			    "the window had 1000.0 ms");
		assert_int_equal(s.cpu_ns, 800 * MS);
		release(&s);
	}
}

static void test_of_a_reading_far_from_the_edges_no_cost_is_told(void **state)
{
	const struct edges far[] = {
		{{5000, 5000}, {6300, 6300}},
		{{6100, 6100}, {6100, 6100}}, /* both were past */
	};
	struct sample s;

	(void)state;
	for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++) {
		edges_take(&far[i], &s);
		assert_non_null(strstr(s.noise, ": it is left out"));
		assert_int_equal(s.cpu_ns, FIELD_ABSENT);
		assert_int_equal(s.steal_ns, FIELD_ABSENT);
		release(&s);
	}
}

/* Between a reading at 5 s and one so much later than 6 s, or given up. */
static int64_t switches_go_with(int64_t later_ms, bool late)
{
	const struct usage before = {.at_ns = (uint64_t)(5000 * MS),
		.until_ns = (uint64_t)(5000 * MS),
		.threads = 1,
		.late = late};
	const struct usage after = {.at_ns = (uint64_t)((6000 + later_ms) * MS),
		.until_ns = (uint64_t)((6000 + later_ms) * MS),
		.threads = 1,
		.voluntary = 7};
	const struct rusage life = {.ru_nvcsw = 9};
	struct sample s;
	int64_t requests;

	fields_init(sample_fields, &s);
	s.requests = 100;
	s.client = json_pack("{s:I, s:{s:i, s:i}}", "window_ns",
		(json_int_t)(1000 * MS), "requests", "ok", 100, "warmup", 50);
	outcome_switches(&s, &before, &after, &life);
	requests = s.switch_requests;
	assert_int_equal(s.voluntary_switches, requests == 100 ? 7 : 9);
	release(&s);
	return requests;
}

static void test_switches_are_of_the_window_or_of_the_life(void **state)
{
	(void)state;
	assert_int_equal(switches_go_with(10, false), 100);
	assert_int_equal(switches_go_with(30, false), 150);
	assert_int_equal(switches_go_with(0, true), 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_quiet_sample_is_not_marked),
		cmocka_unit_test(test_other_programs_are_noise),
		cmocka_unit_test(test_stolen_time_is_noise),
		cmocka_unit_test(test_what_the_clock_cannot_tell_is_no_noise),
		cmocka_unit_test(test_what_is_not_known_is_not_claimed),
		cmocka_unit_test(test_a_reading_at_the_edges_is_not_marked),
		cmocka_unit_test(test_a_reading_beside_the_edges_is_marked),
		cmocka_unit_test(
			test_of_a_reading_far_from_the_edges_no_cost_is_told),
		cmocka_unit_test(
			test_switches_are_of_the_window_or_of_the_life),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
