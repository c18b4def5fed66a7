/* SPDX-License-Identifier: MIT */
/* Relations that an experiment expects: how they are read, and when they are
 * confirmed, refuted or left undecided. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compare/expect.h"

/* A cell whose rounds answered so many requests per second, 0: invalid. */
static void add_cell(struct run *run, const char *model, const char *at,
	const double *rates, size_t n)
{
	struct cell *cell = run_add_cell(run);

	field_text(&cell->model, model);
	cell->point =
		at ? json_pack("{s:s}", "connections", at) : json_object();
	for (size_t i = 0; i < n; i++) {
		struct sample *s = cell_add_sample(cell);

		s->round = (int64_t)i + 1;
		field_text(&s->status, rates[i] > 0 ? "valid" : "invalid");
		s->requests_per_second = rates[i];
		s->requests = 1000;
		s->cpu_ns = (int64_t)(1e12 / rates[i]);
		s->p99_ns = 5000;
	}
}

#define CELL(run, model, at, ...)                                              \
	add_cell(run, model, at, (const double[]) {__VA_ARGS__},               \
		sizeof((const double[]) {__VA_ARGS__}) / sizeof(double))

/* fast is twice slow in each round, though the rounds differ much more;
 * near is sometimes above fast and sometimes below. */
static struct run *make_run(void)
{
	struct run *run = run_new();

	run->seed = 1;
	CELL(run, "fast", NULL, 200, 400, 1000, 100, 300);
	CELL(run, "slow", NULL, 100, 200, 500, 50, 150);
	CELL(run, "near", NULL, 201, 398, 1001, 99, 300);
	CELL(run, "epoll:workers=2,accept=dispatch", NULL, 1, 1, 1, 1, 1);
	field_text(&run_add_cell(run)->model, "uring");
	run->cells[4].point = json_object();
	field_text(&run->cells[4].skipped, "no io_uring");
	return run;
}

static void assert_verdict(const char *relation, enum verdict wanted)
{
	struct run *run = make_run();
	struct expectation e;
	char line[400];

	snprintf(line, sizeof(line), "name: %s", relation);
	if (expect_evaluate(&e, line, run))
		fail_msg("%s: %s", relation, e.why);
	if (e.verdict != wanted)
		fail_msg("%s: %s", relation, verdict_name(e.verdict));
	assert_string_equal(e.name, "name");
	assert_string_equal(e.text, relation);
	run_free(run);
}

static void test_verdicts(void **state)
{
	(void)state;
	assert_verdict("throughput(fast) > throughput(slow)", CONFIRMED);
	assert_verdict("throughput(slow) < throughput(fast)", CONFIRMED);
	assert_verdict("throughput(fast) < throughput(slow)", REFUTED);
	assert_verdict("throughput(fast) > throughput(near)", UNDECIDED);
	assert_verdict("throughput(fast) > 1.9 * throughput(slow)", CONFIRMED);
	assert_verdict("throughput(fast) > 2.1 * throughput(slow)", REFUTED);
	assert_verdict(
		"cpu_per_request(slow) > cpu_per_request(fast)", CONFIRMED);
}

static void test_equality_counts_where_it_is_asked_for(void **state)
{
	(void)state;
	assert_verdict("throughput(fast) >= 2 * throughput(slow)", CONFIRMED);
	assert_verdict("throughput(fast) > 2 * throughput(slow)", REFUTED);
	assert_verdict("throughput(fast) <= 2 * throughput(slow)", CONFIRMED);
	assert_verdict("throughput(fast) < 2 * throughput(slow)", REFUTED);
}

static void test_arithmetic(void **state)
{
	(void)state;
	assert_verdict("1 + 2 * 3 >= 7", CONFIRMED);
	assert_verdict("(1 + 2) * 3 <= 9", CONFIRMED);
	assert_verdict("8 / 4 / 2 - 1 - 1 < -0.5", CONFIRMED);
	assert_verdict("throughput(fast) / throughput(slow) >= 2", CONFIRMED);
	assert_verdict(
		"min(3, throughput(fast)/throughput(slow)) <= 2", CONFIRMED);
	assert_verdict("max(3, 2) > 2.5", CONFIRMED);
	assert_verdict(
		"throughput(epoll:workers=2,accept=dispatch) <= 1", CONFIRMED);
}

static void assert_fails(const char *relation, int rc, const char *mentions)
{
	struct run *run = make_run();
	struct expectation e;

	assert_int_equal(expect_evaluate(&e, relation, run), rc);
	assert_int_equal(e.verdict, UNDECIDED);
	if (!strstr(e.why, mentions))
		fail_msg("%s: %s", relation, e.why);
	run_free(run);
}

static void assert_unreadable(const char *relation, const char *mentions)
{
	assert_fails(relation, -EINVAL, mentions);
}

static void test_what_cannot_be_read_says_why(void **state)
{
	(void)state;
	assert_unreadable("throughput(fast)", "<");
	assert_unreadable("throughput(fast) > ", "missing");
	assert_unreadable("throughput(fast > 5", "closed");
	assert_unreadable("speed(fast) > 5", "speed");
	assert_unreadable("troughput(fast) > 5", "did you mean throughput?");
	assert_unreadable("1 > 2 3", "too much");
	assert_unreadable("(1 > 2", "closed");
	assert_unreadable("min(1) > 2", "two");
}

static void test_what_is_not_there_is_another_thing(void **state)
{
	(void)state;
	assert_fails("throughput(nginx) > 5", -ENOENT, "nginx");
	assert_fails("throughput(fast @ connections=9) > 5", -ENOENT, "fast");
	assert_fails("throughput(uring) > 5", -ENODATA, "no io_uring");
}

static void test_points(void **state)
{
	struct run *run = run_new();
	struct expectation e;

	(void)state;
	run->seed = 1;
	CELL(run, "a", "1", 10, 10, 10);
	CELL(run, "b", "1", 5, 5, 5);
	CELL(run, "a", "64", 10, 10, 10);
	CELL(run, "b", "64", 20, 20, 20);
	assert_int_equal(expect_evaluate(&e,
				 "x: throughput(a @ connections=1) > "
				 "throughput(b @ connections=1)",
				 run),
		0);
	assert_int_equal(e.verdict, CONFIRMED);
	assert_int_equal(expect_evaluate(&e,
				 "x: throughput(b @ connections=64) >= "
				 "4 * throughput( b @ connections = 1 )",
				 run),
		-ENOENT); /* no spaces within NAME=VALUE */
	assert_int_equal(expect_evaluate(&e, "x: throughput(a) >= 10", run), 0);
	assert_int_equal(e.verdict, CONFIRMED);
	/* It must hold at each point. */
	assert_int_equal(
		expect_evaluate(&e, "x: throughput(a) > throughput(b)", run),
		0);
	assert_int_equal(e.verdict, REFUTED);
	assert_true(e.right.value == 20);
	run_free(run);
}

static void test_a_value_may_hold_commas(void **state)
{
	struct run *run = run_new();
	struct expectation e;

	(void)state;
	run->seed = 1;
	CELL(run, "a", NULL, 10, 10);
	json_decref(run->cells[0].point);
	run->cells[0].point = json_pack("{s:s, s:s}", "handler",
		"work:cpu=1ms,dist=exp", "rate", "800");
	assert_int_equal(expect_evaluate(&e,
				 "x: throughput(a @ rate=800,"
				 "handler=work:cpu=1ms,dist=exp) >= 10",
				 run),
		0);
	assert_int_equal(e.verdict, CONFIRMED);
	assert_int_equal(
		expect_evaluate(&e,
			"x: throughput(a @ "
			"handler=work:cpu=1ms,dist=exp, rate=800) >= 10",
			run),
		0);
	run_free(run);
}

static void test_invalid_rounds_are_left_out(void **state)
{
	struct run *run = run_new();
	struct expectation e;

	(void)state;
	run->seed = 1;
	CELL(run, "a", NULL, 10, 0, 12, 11);
	CELL(run, "b", NULL, 5, 500, 6, 0);
	CELL(run, "none", NULL, 0, 0);
	CELL(run, "single", NULL, 7);
	assert_int_equal(
		expect_evaluate(&e, "x: throughput(a) > throughput(b)", run),
		0);
	assert_int_equal(e.verdict, CONFIRMED);
	assert_int_equal(e.left.n, 2);
	assert_int_equal(
		expect_evaluate(&e, "x: throughput(none) > 1", run), 0);
	assert_int_equal(e.verdict, UNDECIDED);
	assert_non_null(strstr(e.why, "no valid"));
	assert_int_equal(
		expect_evaluate(&e, "x: throughput(single) > 1", run), 0);
	assert_int_equal(e.verdict, UNDECIDED);
	run_free(run);
}

/* What becomes of a relation when fast, or slow, or both were the client's. */
static void assert_bounded(const char *relation, enum verdict none,
	enum verdict fast, enum verdict slow, enum verdict both)
{
	const enum verdict wanted[] = {none, fast, slow, both};
	struct expectation e;
	char line[200];

	snprintf(line, sizeof(line), "x: %s", relation);
	for (size_t mask = 0; mask < 4; mask++) {
		struct run *run = make_run();

		for (size_t c = 0; c < 2; c++)
			for (size_t i = 0; mask >> c & 1 && i < 5; i++)
				field_text(&run->cells[c].samples[i].bounded_by,
					"client");
		expect_evaluate(&e, line, run);
		if (e.verdict != wanted[mask])
			fail_msg("%s: %s with %zu", relation,
				verdict_name(e.verdict), mask);
		run_free(run);
	}
}

static void test_a_lower_bound_decides_only_one_way(void **state)
{
	const enum verdict yes = CONFIRMED, no = REFUTED, open = UNDECIDED;

	(void)state;
	/* On the greater side it refutes nothing, on the smaller one it
	 * confirms nothing. */
	assert_bounded(
		"throughput(fast) > throughput(slow)", yes, yes, open, open);
	assert_bounded(
		"throughput(slow) < throughput(fast)", yes, yes, open, open);
	assert_bounded(
		"throughput(fast) < throughput(slow)", no, no, open, open);
	assert_bounded(
		"throughput(slow) >= throughput(fast)", no, no, open, open);
	assert_bounded("throughput(slow) < 1", no, no, no, no);
	assert_bounded("throughput(slow) > 1", yes, yes, yes, yes);
	assert_bounded("throughput(slow) < 1000", yes, yes, open, open);
}

static void test_a_lower_bound_within_a_term(void **state)
{
	const enum verdict yes = CONFIRMED, no = REFUTED, open = UNDECIDED;

	(void)state;
	assert_bounded("throughput(fast) / throughput(slow) >= 1.9", yes, yes,
		open, open);
	assert_bounded(
		"throughput(fast) / throughput(slow) >= 3", no, open, no, open);
	assert_bounded("throughput(fast) - throughput(slow) > 1", yes, yes,
		open, open);
	assert_bounded(
		"throughput(slow) * throughput(fast) > 1", yes, yes, yes, yes);
	assert_bounded("0 - throughput(slow) < 400", yes, yes, yes, yes);
	assert_bounded("1000 - throughput(slow) > 0", yes, yes, open, open);
	assert_bounded("-1 * throughput(slow) < 400", yes, yes, open, open);
	assert_bounded("max(1, throughput(slow)) > 0.5", yes, yes, yes, yes);
	assert_bounded("1 / (1 / throughput(fast)) > 1", yes, yes, yes, yes);
}

static void test_cpu_time_is_never_the_clients(void **state)
{
	const enum verdict no = REFUTED;

	(void)state;
	assert_bounded("cpu_per_request(fast) > cpu_per_request(slow)", no, no,
		no, no);
}

static void test_figures_carry_their_unit(void **state)
{
	const struct style plain = {.width = 100};
	struct run *run = make_run();
	struct expectation e;
	char text[200];

	(void)state;
	expect_evaluate(&e, "x: p99(fast) < 2 * p99(slow)", run);
	assert_string_equal(expect_figures(&e, &plain, text, sizeof(text)),
		"5.00 us < 10.0 us");
	expect_evaluate(&e, "x: throughput(near) / 2 > 10", run);
	assert_string_equal(expect_figures(&e, &plain, text, sizeof(text)),
		"150 (51.7 to 432) > 10.0");
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_equality_counts_where_it_is_asked_for),
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_what_cannot_be_read_says_why),
		cmocka_unit_test(test_what_is_not_there_is_another_thing),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_a_value_may_hold_commas),
		cmocka_unit_test(test_invalid_rounds_are_left_out),
		cmocka_unit_test(test_a_lower_bound_decides_only_one_way),
		cmocka_unit_test(test_a_lower_bound_within_a_term),
		cmocka_unit_test(test_cpu_time_is_never_the_clients),
		cmocka_unit_test(test_figures_carry_their_unit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
