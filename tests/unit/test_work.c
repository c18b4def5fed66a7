/* SPDX-License-Identifier: MIT */
/* The work handler: what a request costs, and that it is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/options.h"
#include "harness.h"
#include "servers/core/busy.h"
#include "servers/core/framing.h"

extern const struct handler handler_work;

static void test_lines_come_back(void **state)
{
	(void)state;
	assert_reply(&handler_work, "", "a\nB\r\n\nrest", "a\nB\r\n\n", 3);
	assert_reply(
		&handler_work, "pause=2ms", "a\nB\r\n\nrest", "a\nB\r\n\n", 3);
	assert_reply(&handler_work, "cpu=10us,block=1us,pause=1us,dist=exp",
		"a\nb\n", "a\nb\n", 2);
}

static void test_line_too_long(void **state)
{
	char *text = malloc(FRAMING_LINE_MAX + 16);

	(void)state;
	assert_non_null(text);
	memcpy(text, "a\n", 2);
	memset(text + 2, 'x', FRAMING_LINE_MAX + 1);
	strcpy(text + FRAMING_LINE_MAX + 3, "\nb\n");
	assert_reply(&handler_work, "pause=1ms", text,
		"a\nerror: line longer than 16384 bytes\n", 1);
	free(text);
}

static void test_each_line_waits_its_own_time(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &handler_work, "pause=60s");
	h.asleep = true;
	harness_send_text(&h, "a\nb\n");
	assert_int_equal(h.output_len, 0);
	assert_int_equal(harness_requests(&h), 0);
	h.asleep = false;
	assert_true(harness_step(&h)); /* the pause ends */
	assert_true(harness_step(&h)); /* the line is offered again */
	assert_true(harness_step(&h)); /* and answered */
	assert_string_equal(harness_output(&h, NULL), "a\n");
	harness_run(&h);
	assert_string_equal(harness_output(&h, NULL), "b\n");
	assert_int_equal(h.pauses, 2);
	harness_release(&h);
}

/* ---- distributions ------------------------------------------------------ */

enum { DRAWS = 4000 };

/* Lets DRAWS requests pause, and keeps how long each did, as a multiple of
 * the 60 s asked for. What the test itself takes is too little to matter. */
static void draw(const char *options, double *stretch)
{
	struct harness h;

	harness_init(&h, &handler_work, options);
	for (int i = 0; i < DRAWS; i++) {
		const uint64_t before = h.paused_ns;

		harness_send_text(&h, "x\n");
		stretch[i] = (double)(h.paused_ns - before) / 60e9;
	}
	assert_int_equal(harness_requests(&h), DRAWS);
	harness_release(&h);
}

/* The share of draws above `limit`. */
static double share_above(const double *stretch, double limit)
{
	int n = 0;

	for (int i = 0; i < DRAWS; i++)
		n += stretch[i] > limit;
	return (double)n / DRAWS;
}

static void assert_near(double value, double expect, double error)
{
	if (value < expect - error || value > expect + error)
		fail_msg("%g is not %g +- %g", value, expect, error);
}

static void test_constant_times(void **state)
{
	double stretch[DRAWS];

	(void)state;
	draw("pause=60s", stretch);
	assert_true(share_above(stretch, 1.000001) == 0);
	assert_true(share_above(stretch, 0.5) == 1);
}

/* Four standard errors, at most, at seeds that do not change. */
static void test_exponential_times(void **state)
{
	double stretch[DRAWS];

	(void)state;
	draw("pause=60s,dist=exp", stretch);
	assert_near(share_above(stretch, 0.1), 0.905, 0.02);
	assert_near(share_above(stretch, 0.693), 0.5, 0.035);
	assert_near(share_above(stretch, 1), 0.368, 0.035);
	assert_near(share_above(stretch, 3), 0.05, 0.015);
}

static void test_bimodal_times(void **state)
{
	double stretch[DRAWS];

	(void)state;
	draw("pause=60s,dist=bimodal", stretch);
	assert_near(share_above(stretch, 399), 0.05, 0.015);
	assert_true(share_above(stretch, 1.01) == share_above(stretch, 399));
	draw("pause=60s,dist=bimodal,share=0.5,heavy=3", stretch);
	assert_near(share_above(stretch, 2.9), 0.5, 0.035);
	assert_true(share_above(stretch, 3.01) == 0);
}

static void test_seed_decides(void **state)
{
	static double one[DRAWS], again[DRAWS], other[DRAWS];
	int same = 0;

	(void)state;
	draw("pause=60s,dist=bimodal,share=0.5,seed=5", one);
	draw("pause=60s,dist=bimodal,share=0.5,seed=5", again);
	draw("pause=60s,dist=bimodal,share=0.5,seed=6", other);
	for (int i = 0; i < DRAWS; i++) {
		assert_int_equal(one[i] > 2, again[i] > 2);
		same += (one[i] > 2) == (other[i] > 2);
	}
	assert_in_range(same, DRAWS * 2 / 5, DRAWS * 3 / 5);
}

static void test_wrong_share_is_told(void **state)
{
	static const char *const wrong[] = {
		"share=2", "share=-0.1", "heavy=-1"};
	const int saved = dup(STDERR_FILENO);
	FILE *file = tmpfile();
	char said[1000] = "";

	(void)state;
	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char why[WHY_SIZE];
		void *options = calloc(1, handler_work.options_size);
		struct handler_config config = {.options = options};

		assert_int_equal(options_parse(handler_work.options, options,
					 wrong[i], why),
			0);
		assert_true(handler_work.setup(&config) < 0);
		free(options);
	}
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	assert_true(fread(said, 1, sizeof(said) - 1, file) > 0);
	assert_non_null(strstr(said, "share=2"));
	assert_non_null(strstr(said, "0 to 1"));
	fclose(file);
}

/* ---- time spent --------------------------------------------------------- */

static void test_burn_uses_the_cpu_for_so_long(void **state)
{
	(void)state;
	busy_calibrate();
	for (uint64_t ns = 1000; ns <= 10000000; ns *= 10) {
		const uint64_t start = thread_cpu_ns();

		busy_burn(ns);
		assert_true(thread_cpu_ns() - start >= ns);
	}
}

static void test_block_sleeps_for_so_long(void **state)
{
	const uint64_t start = clock_ns(), cpu = thread_cpu_ns();

	(void)state;
	busy_block(30 * NS_PER_MS);
	assert_true(clock_ns() - start >= 30 * NS_PER_MS);
	assert_true(thread_cpu_ns() - cpu < 30 * NS_PER_MS);
}

static void test_cpu_is_used_for_each_line(void **state)
{
	struct harness h;
	uint64_t cpu;

	(void)state;
	harness_init(&h, &handler_work, "cpu=1ms");
	cpu = thread_cpu_ns();
	harness_send_text(&h, "a\nb\nc\n");
	assert_true(thread_cpu_ns() - cpu >= 3 * NS_PER_MS);
	harness_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_come_back),
		cmocka_unit_test(test_line_too_long),
		cmocka_unit_test(test_each_line_waits_its_own_time),
		cmocka_unit_test(test_constant_times),
		cmocka_unit_test(test_exponential_times),
		cmocka_unit_test(test_bimodal_times),
		cmocka_unit_test(test_seed_decides),
		cmocka_unit_test(test_wrong_share_is_told),
		cmocka_unit_test(test_burn_uses_the_cpu_for_so_long),
		cmocka_unit_test(test_block_sleeps_for_so_long),
		cmocka_unit_test(test_cpu_is_used_for_each_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
