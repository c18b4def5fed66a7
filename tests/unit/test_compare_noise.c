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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_quiet_sample_is_not_marked),
		cmocka_unit_test(test_other_programs_are_noise),
		cmocka_unit_test(test_stolen_time_is_noise),
		cmocka_unit_test(test_what_the_clock_cannot_tell_is_no_noise),
		cmocka_unit_test(test_what_is_not_known_is_not_claimed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
