/* SPDX-License-Identifier: MIT */
/* From samples to an order, a table, and what is claimed. The runs here are
 * made up, so that what must come out is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compare/analysis.h"
#include "compare/csv.h"
#include "compare/diff.h"
#include "compare/steady.h"
#include "compare/table.h"

static const struct style plain = {.width = 100};

static struct cell *add_cell(struct run *run, const char *model, const char *at)
{
	struct cell *cell = run_add_cell(run);

	cell->position = (int64_t)run->cell_count;
	field_text(&cell->model, model);
	field_text(&cell->handler, "echo:size=64");
	field_text(&cell->workload, "echo:size=64");
	cell->options = json_pack(
		"{s:{s:s},s:{}}", "client", "connections", "64", "server");
	cell->point =
		at ? json_pack("{s:s}", "connections", at) : json_object();
	return cell;
}

static struct sample *add_sample(
	struct cell *cell, double rate, double cpu_ns, const char *bounded_by)
{
	struct sample *s = cell_add_sample(cell);

	s->round = (int64_t)cell->sample_count;
	field_text(&s->status, "valid");
	field_text(&s->bounded_by, bounded_by);
	s->requests = 100000;
	s->requests_per_second = rate;
	s->cpu_ns = (int64_t)(cpu_ns * 100000);
	s->p50_ns = 250000;
	s->p99_ns = 1250000;
	s->voluntary_switches = 50000;
	s->involuntary_switches = 1000;
	s->switch_requests = 100000;
	s->pss_bytes = 1258291;
	s->connections_asked = s->connections_served = 64;
	return s;
}

/* Five rounds around a rate and a cost, with a little noise of their own. */
static struct cell *add_model(struct run *run, const char *model, double rate,
	double cpu_ns, const char *bounded_by)
{
	static const double noise[] = {1, 1.004, 0.997, 1.002, 0.996};
	struct cell *cell = add_cell(run, model, NULL);
	size_t shift = strlen(model);

	for (size_t i = 0; i < 5; i++) {
		double n = noise[(i + shift) % 5];

		add_sample(cell, rate * n, cpu_ns / n, bounded_by);
	}
	return cell;
}

static struct run *make_run(void)
{
	struct run *run = run_new();

	field_text(&run->uuid, "00000000-0000-4000-8000-000000000001");
	field_text(&run->title, "A made-up run");
	field_text(&run->status, "complete");
	field_text(&run->baseline, "epoll");
	field_text(&run->server_cpus, "0");
	field_text(&run->client_cpus, "1");
	run->shared_cpus = 0;
	run->seed = 7;
	run->rounds = 5;
	run->duration_ns = 600000000;
	return run;
}

static const struct summary *find(const struct analysis *a, const char *model)
{
	for (size_t i = 0; i < a->points[0].count; i++)
		if (!strcmp(a->points[0].summaries[i].cell->model, model))
			return &a->points[0].summaries[i];
	fail_msg("no summary of %s", model);
	return NULL;
}

static char *print(const struct run *run, const struct style *style)
{
	struct analysis *a = analysis_new(run);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	table_print(a, 3, style, out);
	fclose(out);
	analysis_free(a);
	return text;
}

/* Rounds that are 1 % apart, and Student's interval of their logarithms. */
static void test_the_width_is_that_of_the_widest_ratio(void **state)
{
	static const double rates[] = {100, 101, 102, 103, 104};
	struct run *run = make_run();
	struct cell *epoll, *poll;

	(void)state;
	assert_true(isinf(analysis_width(run)) || analysis_width(run) == 0);
	epoll = add_cell(run, "epoll", NULL);
	for (size_t i = 0; i < 5; i++)
		add_sample(epoll, 100, 9000, "server");
	assert_true(analysis_width(run) == 0);
	add_cell(run, "poll", NULL);
	poll = &run->cells[1];
	add_sample(poll, rates[0], 9000, "server");
	assert_true(isinf(analysis_width(run))); /* one round says nothing */
	for (size_t i = 1; i < 5; i++)
		add_sample(poll, rates[i], 9000, "server");
	assert_true(fabs(analysis_width(run) - 0.019249) < 1e-6);
	run_free(run);
}

static void add_steps(struct sample *s, int first, int rest)
{
	json_t *steps = json_array();

	for (int i = 0; i < 9; i++)
		json_array_append_new(
			steps, json_pack("{s:i}", "ok", i < 3 ? first : rest));
	s->client = json_pack("{s:o}", "intervals", steps);
}

static void test_what_was_not_steady_is_told(void **state)
{
	struct style style = {.width = 100};
	struct run *run = make_run();
	struct cell *epoll = add_model(run, "epoll", 100, 9000, "server");
	struct cell *poll = add_model(run, "poll", 100, 9000, "server");
	char *text;

	(void)state;
	epoll = &run->cells[0];
	for (int i = 0; i < 5; i++) {
		add_steps(&epoll->samples[i], 800 + i, 1000);
		add_steps(&poll->samples[i], i % 2 ? 900 : 1100, 1000);
	}
	assert_true(fabs(steady_trend(epoll).ratio - 0.802) < 1e-9);
	text = print(run, &style);
	assert_non_null(strstr(text,
		"!  epoll was 20 % slower in the first third of its windows"));
	assert_null(strstr(text, "!  poll was"));
	free(text);
	json_object_set_new(json_object_get(epoll->options, "client"), "ramp",
		json_string("1-100"));
	assert_true(steady_trend(epoll).p == 1); /* it was meant to change */
	run_free(run);
}

static void test_a_round_far_out_is_shown_and_counts(void **state)
{
	struct style style = {.width = 100};
	struct run *run = make_run();
	struct cell *epoll = add_model(run, "epoll", 100, 9000, "server");
	char *text;

	(void)state;
	text = print(run, &style);
	assert_null(strstr(text, "far from the others"));
	free(text);
	epoll->samples[2].requests_per_second = 97; /* what of it */
	text = print(run, &style);
	assert_null(strstr(text, "far from the others"));
	free(text);
	epoll->samples[2].requests_per_second = 50;
	text = print(run, &style);
	assert_non_null(strstr(text,
		"a round lies far from the others, and counts like them: "
		"epoll (50.0)\n"));
	free(text);
	epoll = add_model(run, "poll", 100, 9000, "server");
	epoll->samples[4].requests_per_second = 40;
	text = print(run, &style);
	assert_non_null(strstr(text,
		"2 rounds lie far from the others, and count like them: epoll "
		"(50.0), poll (40.0)\n"));
	free(text);
	run_free(run);
}

static void test_repeated_samples_are_kept_and_told(void **state)
{
	struct style style = {.width = 100};
	struct run *run = make_run();
	struct cell *epoll = add_model(run, "epoll", 100, 9000, "server"),
		    *poll;
	struct analysis *a;
	char *text;

	(void)state;
	field_text(&epoll->samples[1].status, "repeated");
	field_text(&epoll->samples[1].noise, "other programs ran");
	field_text(&epoll->samples[2].noise, "other programs ran");
	a = analysis_new(run);
	assert_int_equal(find(a, "epoll")->repeated, 1);
	assert_int_equal(find(a, "epoll")->noisy, 1);
	assert_int_equal(find(a, "epoll")->valid, 4);
	assert_int_equal(find(a, "epoll")->invalid, 0);
	assert_int_equal(find(a, "epoll")->throughput.n, 4);
	text = print(run, &style);
	assert_non_null(strstr(text, "1 disturbed sample of epoll"));
	assert_non_null(strstr(text, "1 of 4 samples were disturbed"));
	free(text);
	analysis_free(a);
	poll = add_model(run, "poll", 100, 9000, "server");
	field_text(&poll->samples[0].status, "repeated");
	field_text(&poll->samples[4].status, "repeated");
	text = print(run, &style);
	assert_non_null(strstr(text, "3 disturbed samples of 2 models were"));
	free(text);
	run_free(run);
}

static void test_order_by_throughput_when_the_server_is_slower(void **state)
{
	struct run *run = make_run();
	struct analysis *a;

	(void)state;
	add_model(run, "fork", 50000, 20000, "server");
	add_model(run, "epoll", 200000, 9000, "server");
	add_model(run, "poll", 150000, 5000, "server");
	a = analysis_new(run);
	assert_string_equal(a->points[0].order->name, "throughput");
	assert_string_equal(a->points[0].summaries[0].cell->model, "epoll");
	assert_string_equal(a->points[0].summaries[1].cell->model, "poll");
	assert_string_equal(a->points[0].summaries[2].cell->model, "fork");
	assert_true(find(a, "epoll")->best);
	assert_false(find(a, "poll")->best);
	analysis_free(a);
	run_free(run);
}

static void test_order_by_cpu_when_the_client_is_slower(void **state)
{
	struct run *run = make_run();
	struct analysis *a;

	(void)state;
	add_model(run, "fork", 50000, 20000, "server");
	add_model(run, "epoll", 200000, 4000, "client");
	add_model(run, "limit", 199000, 3000, "client");
	a = analysis_new(run);
	assert_string_equal(a->points[0].order->name, "cpu_per_request");
	assert_string_equal(a->points[0].summaries[0].cell->model, "limit");
	assert_true(find(a, "epoll")->lower_bound);
	assert_false(find(a, "fork")->lower_bound);
	/* Not equal, though both met the client's limit. */
	assert_false(find(a, "epoll")->best);
	assert_true(find(a, "limit")->differs);
	assert_true(fabs(find(a, "limit")->to_baseline.ratio.value - 4.0 / 3) <
		    0.02);
	analysis_free(a);
	run_free(run);
}

static void test_equals_are_all_best_and_not_different(void **state)
{
	struct run *run = make_run();
	struct analysis *a;

	(void)state;
	add_model(run, "epoll", 200000, 4000, "server");
	add_model(run, "poll12", 200100, 4000, "server");
	add_model(run, "thread", 120000, 9000, "server");
	a = analysis_new(run);
	assert_true(find(a, "epoll")->best);
	assert_true(find(a, "poll12")->best);
	assert_false(find(a, "poll12")->differs);
	assert_true(find(a, "thread")->differs);
	assert_false(find(a, "thread")->best);
	assert_false(find(a, "epoll")->has_baseline);
	analysis_free(a);
	run_free(run);
}

static void test_one_round_claims_nothing(void **state)
{
	struct run *run = make_run();
	struct analysis *a;

	(void)state;
	add_sample(add_cell(run, "epoll", NULL), 200000, 4000, "server");
	add_sample(add_cell(run, "fork", NULL), 100000, 9000, "server");
	a = analysis_new(run);
	assert_false(find(a, "fork")->differs);
	analysis_free(a);
	run_free(run);
}

static void test_fewer_connections_served_is_not_ranked(void **state)
{
	struct run *run = make_run();
	struct cell *cell;
	char *text;

	(void)state;
	add_model(run, "epoll", 200000, 4000, "server");
	cell = add_model(run, "blocking", 900000, 100, "server");
	for (size_t i = 0; i < cell->sample_count; i++)
		cell->samples[i].connections_served = 1;
	text = print(run, &plain);
	assert_non_null(strstr(text, "not ranked  blocking answered 1 of 64"));
	assert_true(strstr(text, "epoll  ") < strstr(text, "blocking  "));
	free(text);
	run_free(run);
}

static void test_invalid_samples_are_left_out_and_said(void **state)
{
	struct run *run = make_run();
	struct cell *cell;
	char *text;

	(void)state;
	add_model(run, "poll", 100000, 4000, "server");
	cell = add_model(run, "epoll", 200000, 4000, "server");
	field_text(&cell->samples[1].status, "invalid");
	field_text(&cell->samples[1].reason, "the client failed");
	cell->samples[1].requests_per_second = 5;
	text = print(run, &plain);
	assert_non_null(strstr(text, "1 of 5 samples of epoll were invalid"));
	free(text);
	for (size_t i = 0; i < cell->sample_count; i++)
		field_text(&cell->samples[i].status, "invalid");
	text = print(run, &plain);
	assert_non_null(strstr(text, "invalid  epoll: the client failed"));
	free(text);
	run_free(run);
}

static void test_skipped_is_said_and_never_zero(void **state)
{
	struct run *run = make_run();
	char *text;

	(void)state;
	add_model(run, "epoll", 200000, 4000, "server");
	field_text(&add_cell(run, "uring", NULL)->skipped,
		"this kernel has no io_uring");
	text = print(run, &plain);
	assert_non_null(
		strstr(text, "skipped  uring: this kernel has no io_uring\n"));
	assert_null(strstr(text, "uring  0"));
	free(text);
	run_free(run);
}

static void test_every_point_has_its_table(void **state)
{
	struct run *run = make_run();
	struct analysis *a;
	char *text;

	(void)state;
	add_sample(add_cell(run, "epoll", "1"), 100, 4000, "server");
	add_sample(add_cell(run, "poll", "1"), 200, 4000, "server");
	add_sample(add_cell(run, "epoll", "16"), 300, 4000, "server");
	add_sample(add_cell(run, "poll", "16"), 200, 4000, "server");
	a = analysis_new(run);
	assert_int_equal(a->count, 2);
	assert_int_equal(a->points[0].count, 2);
	assert_string_equal(a->points[0].summaries[0].cell->model, "poll");
	assert_string_equal(a->points[1].summaries[0].cell->model, "epoll");
	analysis_free(a);
	text = print(run, &plain);
	assert_non_null(strstr(text, "connections 1\n"));
	assert_non_null(strstr(text, "connections 16\n"));
	free(text);
	run_free(run);
}

static void test_table_as_printed(void **state)
{
	struct run *run = make_run();
	char *text;

	(void)state;
	add_model(run, "epoll", 200000, 4000, "client");
	add_model(run, "thread", 100000, 8000, "server");
	text = print(run, &plain);
	assert_string_equal(text,
		"A made-up run (run 3)\n"
		"echo:size=64, 64 connections, closed loop, 5 rounds of 600ms\n"
		"server on CPU 0, client on CPU 1; unknown CPU, \n"
		"\n"
		"   model   requests/s    +/-          CPU/request    +/-     "
		"p50      p99  switches/req    memory  vs epoll\n"
		"*  epoll      >= 200k  0.4 %  ######      4.00 us  0.4 %  250 "
		"us  1.25 ms          0.51  1.20 MiB         1\n"
		"   thread        100k  0.4 %  ###         8.00 us  0.4 %  250 "
		"us  1.25 ms          0.51  1.20 MiB     x0.50\n"
		"\n"
		">=  the client, not the server, was the slower side: at least "
		"so many. Order, bars and ratios\n"
		"   go by the server's CPU per request: the less of it, the "
		"more requests a CPU can serve.\n"
		"*  the best\n");
	free(text);
	run_free(run);
}

static void test_a_busy_machine_is_told(void **state)
{
	struct run *run = make_run();
	struct cell *cell = add_model(run, "epoll", 200000, 4000, "server");
	char *text = print(run, &plain);

	(void)state;
	assert_true(isnan(analysis_noise(run)));
	assert_null(strstr(text, "other things"));
	free(text);
	run->environment.cpus = 2;
	for (size_t i = 0; i < cell->sample_count; i++) {
		cell->samples[i].window_ns = 1000000;
		cell->samples[i].foreign_ns = 300000;
		cell->samples[i].steal_ns = 100000;
	}
	assert_true(fabs(analysis_noise(run) - 0.2) < 1e-9);
	text = print(run, &plain);
	assert_non_null(strstr(text, "20 % of the machine"));
	free(text);
	run_free(run);
}

static void test_no_colour_unless_asked(void **state)
{
	const struct style colour = {.colour = true, .width = 100};
	struct run *run = make_run();
	char *text;

	(void)state;
	add_model(run, "epoll", 200000, 4000, "server");
	text = print(run, &plain);
	assert_null(strchr(text, '\033'));
	free(text);
	text = print(run, &colour);
	assert_non_null(strchr(text, '\033'));
	free(text);
	run_free(run);
}

static struct diff_count diff(const struct run *a, const struct run *b,
	double threshold, const char *says)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct diff_count count = diff_print(a, b, threshold, &plain, out);

	fclose(out);
	if (!strstr(text, says))
		fail_msg("%s: %s", says, text);
	free(text);
	return count;
}

static void test_diff_tells_better_from_worse(void **state)
{
	struct run *a = make_run(), *b = make_run();
	struct diff_count count;

	(void)state;
	add_model(a, "epoll", 200000, 4000, "server");
	add_model(a, "poll", 100000, 8000, "client");
	add_model(a, "gone", 1, 1, "server");
	add_model(b, "epoll", 180000, 3600, "server");
	add_model(b, "poll", 50000, 8000, "client");
	count = diff(a, b, 0, "4 figures compared: 1 better, 1 worse");
	assert_int_equal(count.compared, 4); /* gone is in one only */
	assert_int_equal(count.better, 1);   /* epoll's CPU per request */
	assert_int_equal(count.worse, 1);    /* its throughput; poll's is the
					   * client's */
	diff(a, b, 0.2, "0 better, 0 worse");
	diff(a, a, 0, "0 better, 0 worse");
	field_text(&b->environment.kernel, "another");
	diff(a, b, 0, "warning: the runs differ in kernel");
	run_free(a);
	run_free(b);
}

static void test_figures_have_three_digits(void **state)
{
	static const struct {
		double value;
		enum metric_unit unit;
		const char *text;
	} cases[] = {
		{0, UNIT_RATE, "0"},
		{NAN, UNIT_RATE, "-"},
		{213456, UNIT_RATE, "213k"},
		{9999.4, UNIT_RATE, "9999"},
		{9999.6, UNIT_RATE, "10.0k"},
		{999.6e3, UNIT_RATE, "1.00M"},
		{3214, UNIT_TIME, "3.21 us"},
		{999.6, UNIT_TIME, "1.00 us"},
		{21, UNIT_TIME, "21.0 ns"},
		{1.5e9, UNIT_TIME, "1.50 s"},
		{-3214, UNIT_TIME, "-3.21 us"},
		{1023, UNIT_BYTES, "1023 B"},
		{1024, UNIT_BYTES, "1.00 KiB"},
		{1258291, UNIT_BYTES, "1.20 MiB"},
		{0.514, UNIT_NUMBER, "0.51"},
	};
	char buf[FIGURE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(
			figure(cases[i].value, cases[i].unit, &plain, buf),
			cases[i].text);
}

static void test_bars_have_eighths_where_they_can(void **state)
{
	const struct style utf8 = {.utf8 = true, .width = 100};
	char buf[256];

	(void)state;
	assert_string_equal(figure_bar(1, 4, &utf8, buf, sizeof(buf)), "████");
	assert_string_equal(
		figure_bar(0.625, 4, &utf8, buf, sizeof(buf)), "██▌");
	assert_string_equal(
		figure_bar(0.0001, 4, &utf8, buf, sizeof(buf)), "▏");
	assert_string_equal(figure_bar(0, 4, &utf8, buf, sizeof(buf)), "");
	assert_string_equal(figure_bar(7, 4, &plain, buf, sizeof(buf)), "####");
	assert_string_equal(figure_bar(0.5, 4, &plain, buf, sizeof(buf)), "##");
}

static char *print_markdown(const struct run *run)
{
	struct analysis *a = analysis_new(run);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	table_print_markdown(a, out);
	fclose(out);
	analysis_free(a);
	return text;
}

/* Two of five rounds, and no more than one of poll; uring was never reached. */
static struct run *make_stopped_run(const char *status)
{
	struct run *run = make_run();
	struct cell *epoll, *poll;

	add_cell(run, "epoll", NULL);
	add_cell(run, "poll", NULL);
	add_cell(run, "uring", NULL);
	epoll = &run->cells[0];
	poll = &run->cells[1];
	add_sample(epoll, 200000, 4000, "server");
	add_sample(epoll, 201000, 4000, "server");
	add_sample(poll, 200000, 4000, "server");
	add_sample(poll, 201000, 4000, "server");
	field_text(&poll->samples[1].status, "repeated"); /* and then? */
	field_text(&run->cells[2].skipped, "this kernel has no io_uring");
	field_text(&run->status, status);
	return run;
}

static void test_a_run_that_is_not_finished_says_so(void **state)
{
	static const char *const states[][2] = {
		{"interrupted", "this run is not finished (interrupted): 1 of "
				"5 rounds are whole\n"},
		{"running", "this run is not finished (running, or it was "
			    "killed): 1 of 5 rounds are whole\n"}};
	struct run *run;
	char *text;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		run = make_stopped_run(states[i][0]);
		text = print(run, &plain);
		assert_non_null(strstr(text, ", 1 of 5 rounds of 600ms\n"));
		assert_non_null(strstr(text, states[i][1]));
		free(text);
		text = print_markdown(run);
		assert_non_null(strstr(text, ", 1 of 5 rounds of 600ms;"));
		assert_non_null(strstr(text, states[i][1]));
		free(text);
		field_text(&run->status, "complete");
		text = print(run, &plain);
		assert_null(strstr(text, "not finished"));
		free(text);
		run_free(run);
	}
}

static void test_what_was_never_measured_is_told(void **state)
{
	struct run *run = make_stopped_run("interrupted");
	char *text;

	(void)state;
	field_text(&run->cells[2].skipped, NULL);
	text = print(run, &plain);
	assert_non_null(strstr(text, ", 0 of 5 rounds of 600ms\n"));
	assert_non_null(strstr(
		text, "not measured  uring: no sample of it was finished\n"));
	free(text);
	run_free(run);
}

/* Markdown joins lines that are no items of a list. */
static void test_markdown_has_all_notes_as_a_list(void **state)
{
	struct run *run = make_stopped_run("interrupted");
	char *text;

	(void)state;
	field_text(&run->cells[0].samples[1].noise, "other programs ran");
	field_text(&add_cell(run, "external:a <b> | c", NULL)->skipped, "no");
	text = print_markdown(run);
	assert_non_null(strstr(text,
		" |\n\n"
		"- 1 disturbed sample of poll was taken again; what stands is "
		"the last\n"
		"- skipped  uring: this kernel has no io_uring\n"
		"- skipped  external:a \\<b> \\| c: no\n\nMedians over "));
	assert_non_null(strstr(text,
		"\n\n- !  this run is not finished (interrupted): 1 of 5 rounds "
		"are whole\n"
		"- !  1 of 3 samples were disturbed by others on this machine; "
		"they count all the same\n\n"));
	free(text);
	run_free(run);
}

/* As a table or the notes of each point in its turn. */
static void test_markdown_of_points(void **state)
{
	struct run *run = make_run();
	char *text;

	(void)state;
	add_sample(add_cell(run, "epoll", "1"), 100, 4000, "server");
	field_text(&add_cell(run, "epoll", "16")->skipped, "no");
	text = print_markdown(run);
	assert_non_null(strstr(text,
		"|\n\n**connections 16**\n\n- skipped  epoll: no\n\nMedians"));
	free(text);
	field_text(&add_cell(run, "poll", "1")->skipped, "not here");
	field_text(&add_cell(run, "poll", "16")->skipped, "nor here");
	text = print_markdown(run);
	assert_non_null(strstr(
		text, "\n\n**connections 1**\n\n|  | model | requests/s |"));
	assert_non_null(strstr(text,
		"|\n\n- skipped  poll: not here\n\n**connections 16**\n\n"
		"- skipped  epoll: no\n- skipped  poll: nor here\n\nMedians"));
	free(text);
	run_free(run);
}

static void test_markdown_and_csv(void **state)
{
	struct run *run = make_run();
	char *text;
	size_t size;
	FILE *out;

	(void)state;
	add_model(run, "epoll:workers=2,accept=dispatch", 2e5, 4000, "server");
	text = print_markdown(run);
	assert_non_null(
		strstr(text, "| * | epoll:workers=2,accept=dispatch | 200k |"));
	free(text);
	out = open_memstream(&text, &size);
	assert_int_equal(csv_print(run, out), 0);
	fclose(out);
	assert_non_null(strstr(text,
		"00000000-0000-4000-8000-000000000001,1,\"epoll:workers=2,"
		"accept=dispatch\",echo:size=64,"));
	free(text);
	run_free(run);
}

/* What is nearly unknown is not told to ten digits. */
static void test_a_wide_interval_is_more_than_99_percent(void **state)
{
	static const struct {
		struct estimate e;
		const char *said;
	} cases[] = {
		{{100, 99.5, 100.5, 5}, "0.5 %"},
		{{100, 80, 120, 5}, "20 %"},
		{{100, 1, 1e9, 2}, "> 99 %"},
		{{-100, -1e9, 1e9, 2}, "> 99 %"},
		{{100, 100, INFINITY, 2}, "> 99 %"},
		{{100, NAN, NAN, 1}, ""},
	};
	char text[FIGURE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(
			figure_spread(&cases[i].e, text), cases[i].said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_width_is_that_of_the_widest_ratio),
		cmocka_unit_test(test_repeated_samples_are_kept_and_told),
		cmocka_unit_test(test_what_was_not_steady_is_told),
		cmocka_unit_test(test_a_round_far_out_is_shown_and_counts),
		cmocka_unit_test(
			test_order_by_throughput_when_the_server_is_slower),
		cmocka_unit_test(test_order_by_cpu_when_the_client_is_slower),
		cmocka_unit_test(test_equals_are_all_best_and_not_different),
		cmocka_unit_test(test_one_round_claims_nothing),
		cmocka_unit_test(test_fewer_connections_served_is_not_ranked),
		cmocka_unit_test(test_invalid_samples_are_left_out_and_said),
		cmocka_unit_test(test_skipped_is_said_and_never_zero),
		cmocka_unit_test(test_every_point_has_its_table),
		cmocka_unit_test(test_table_as_printed),
		cmocka_unit_test(test_a_busy_machine_is_told),
		cmocka_unit_test(test_no_colour_unless_asked),
		cmocka_unit_test(test_diff_tells_better_from_worse),
		cmocka_unit_test(test_figures_have_three_digits),
		cmocka_unit_test(test_a_wide_interval_is_more_than_99_percent),
		cmocka_unit_test(test_bars_have_eighths_where_they_can),
		cmocka_unit_test(test_a_run_that_is_not_finished_says_so),
		cmocka_unit_test(test_what_was_never_measured_is_told),
		cmocka_unit_test(test_markdown_has_all_notes_as_a_list),
		cmocka_unit_test(test_markdown_of_points),
		cmocka_unit_test(test_markdown_and_csv),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
