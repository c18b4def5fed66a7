/* SPDX-License-Identifier: MIT */
/* What the page of a run says. The runs here are made up, so that what must be
 * in it is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compare/report.h"
#include "compare/table.h"

enum { ROUNDS = 5 };

static struct run *make_run(const char *definition)
{
	struct run *run = run_new();

	field_text(&run->uuid, "00000000-0000-4000-8000-000000000001");
	field_text(&run->title, "A made-up run");
	field_text(&run->status, "complete");
	field_text(&run->baseline, "epoll");
	field_text(&run->server_cpus, "0");
	field_text(&run->client_cpus, "1");
	field_text(&run->definition, definition);
	run->seed = 7;
	run->rounds = ROUNDS;
	run->duration_ns = 600000000;
	return run;
}

static void add_sample(struct cell *cell, double rate)
{
	struct sample *s = cell_add_sample(cell);
	double noise = 1 + 0.001 * (double)cell->sample_count;

	s->round = (int64_t)cell->sample_count;
	field_text(&s->status, "valid");
	field_text(&s->bounded_by, "server");
	s->requests = 100000;
	s->requests_per_second = rate * noise;
	s->cpu_ns = (int64_t)(1e14 / rate / noise);
	s->p50_ns = 250000;
	s->p99_ns = 1250000;
	s->client = json_pack("{s:[{s:i, s:i}, {s:i, s:i}]}", "intervals",
		"start_ns", 0, "p99_ns", 1200000, "start_ns", 300000000,
		"p99_ns", 1300000);
}

/* A model at a value of `handler`, or where nothing is varied; with a rate of 0
 * it was never measured. */
static struct cell *add_model(
	struct run *run, const char *model, const char *at, double rate)
{
	struct cell *cell = run_add_cell(run);

	cell->position = (int64_t)run->cell_count;
	field_text(&cell->model, model);
	field_text(&cell->handler, at ? at : "echo:size=64");
	field_text(&cell->workload, "echo:size=64");
	cell->options = json_pack("{s:{},s:{}}", "client", "server");
	cell->point = at ? json_pack("{s:s}", "handler", at) : json_object();
	for (int round = 0; round < ROUNDS && rate > 0; round++)
		add_sample(cell, rate);
	return cell;
}

/* The page, which is the caller's; the run is not needed any more. */
static char *page_of(struct run *run)
{
	struct analysis *a = analysis_new(run);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(report_print(a, out), 0);
	fclose(out);
	analysis_free(a);
	run_free(run);
	return text;
}

static void assert_says(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("it does not say: %s\n%.3000s", what, text);
}

static void assert_never_says(const char *text, const char *what)
{
	const char *at = strstr(text, what);

	if (at)
		fail_msg("it says: %.200s", at);
}

/* ---- the answer ------------------------------------------------------------- */

/* The section of the answer alone. */
static char *answer_of(struct run *run)
{
	char *text = page_of(run), *answer, *end;

	answer = strstr(text, "<section id=\"answer\">");
	assert_non_null(answer);
	end = strstr(answer, "</section>");
	answer = strndup(answer, (size_t)(end - answer));
	free(text);
	return answer;
}

#define LESSON                                                                 \
	"[experiment]\ntitle = A lesson\nexplain = p50.5 is\n short. The "     \
	"rest is not.\n[run]\nmodels = epoll\n"

static struct run *make_race(const char *definition)
{
	struct run *run = make_run(definition);

	add_model(run, "epoll", NULL, 2e5);
	add_model(run, "poll", NULL, 1e5);
	return run;
}

static void test_the_answer_is_what_became_of_the_expectations(void **state)
{
	char *text = answer_of(make_race(LESSON
		"[plot]\nmedian = p50\n[expect]\n"
		"short = p50(epoll) > 1\nthroughput-no = p50(poll) > 1\n"));

	(void)state;
	assert_says(text, "<p class=\"answer\">2 of 2 expectations confirmed. "
			  "p50.5 is\nshort.</p>\n");
	assert_never_says(text, "answers the most");
	free(text);
	text = answer_of(make_race(
		LESSON "[expect]\nshort = p50(epoll) > 1\n"
		       "wrong = p99(epoll) < p50(poll)\n"
		       "too = p99(poll) < 1\nopen = p50(epoll) < p50(poll)\n"
		       "unknown = p50(fork) > 1\n"));
	assert_says(text, "<p class=\"answer\">1 of 5 expectations confirmed; "
			  "refuted: wrong, too, open; undecided: unknown. The "
			  "lesson says: p50.5 is\nshort.</p>\n");
	free(text);
}

static void test_the_best_follows_where_speed_is_looked_at(void **state)
{
	static const char *const lessons[] = {LESSON
		"[plot]\nt = throughput\n[expect]\na = p50(poll) > 1\n",
		LESSON
		"[plot]\nm = p50\n[expect]\na = cpu_per_request(poll) > 1"
		"\n",
		LESSON "[plot]\nm = p50\n", NULL};
	char *text, *verdict;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		text = answer_of(make_race(lessons[i]));
		assert_says(text, "<p class=\"answer\">epoll answers the most "
				  "requests, 201k a second.</p>\n");
		verdict = strstr(text, "1 of 1 expectation confirmed.");
		assert_int_equal(verdict != NULL, i < 2);
		/* A race asks for the best above all. */
		if (verdict)
			assert_int_equal(
				verdict > strstr(text, "epoll answers"), !i);
		free(text);
	}
}

static void test_the_best_of_several_points(void **state)
{
	struct run *run = make_run(NULL);
	char *text;

	(void)state;
	add_model(run, "epoll", "a", 2e5);
	add_model(run, "poll", "a", 1e5);
	add_model(run, "epoll", "b", 1e5);
	add_model(run, "poll", "b", 2e5);
	add_model(run, "epoll", "c", 1e5);
	add_model(run, "poll", "c", 1e5);
	add_model(run, "epoll", "d", 1e5);
	text = answer_of(run);
	/* Of the three points where there is one to be the best of. */
	assert_says(text, "epoll, poll are among the best most often, at 2 of "
			  "3 points.</p>\n");
	assert_says(text, "<li><b>handler b</b>: poll answers the most "
			  "requests, 201k a second.</li>\n");
	assert_says(text, "; poll cannot be told from it.</li>\n");
	assert_says(text, "<li><b>handler d</b>: epoll answers 100k requests "
			  "a second, for 9.97 µs of the server's CPU "
			  "each.</li>\n");
	free(text);
}

static void test_one_model_alone_is_the_best_of_nothing(void **state)
{
	struct run *run = make_run(NULL);
	char *text;

	(void)state;
	add_model(run, "epoll", "a", 2e5);
	add_model(run, "epoll", "b", 1e5);
	text = answer_of(run);
	assert_never_says(text, "best");
	assert_never_says(text, "most");
	assert_says(text, "<b>handler a</b>: epoll answers 201k requests a "
			  "second");
	free(text);
	run = make_run(NULL);
	add_model(run, "epoll", NULL, 2e5);
	text = answer_of(run);
	assert_says(text, "<p class=\"answer\">epoll answers 201k requests a "
			  "second, for 4.99 µs of the server's CPU each.</p>");
	free(text);
}

static void test_there_may_be_no_answer(void **state)
{
	struct run *run = make_run(LESSON "[expect]\na = p50(epoll) > 1\n");
	struct cell *cell;
	char *text;

	(void)state;
	add_model(run, "epoll", NULL, 0);
	text = answer_of(run);
	assert_says(text, "There is none: nothing could be measured.");
	assert_never_says(text, "expectation");
	free(text);
	run = make_run(NULL);
	cell = add_model(run, "epoll", NULL, 1e5);
	for (size_t i = 0; i < ROUNDS; i++) {
		cell->samples[i].connections_asked = 64;
		cell->samples[i].connections_served = 1;
	}
	text = answer_of(run);
	assert_says(text, "There is none: nothing that was measured can be");
	free(text);
}

/* ---- what others wrote ----------------------------------------------------- */

#define HOSTILE "<img src=x onerror=alert(1)>"

static void spoil(struct run *run, struct cell *cell)
{
	struct sample *s = &cell->samples[0];

	field_text(&run->title, HOSTILE);
	field_text(&run->baseline, HOSTILE);
	field_text(&run->command, HOSTILE);
	field_text(&run->counting, HOSTILE);
	field_text(&run->server_cpus, HOSTILE);
	field_text(&run->environment.kernel, HOSTILE);
	field_text(&run->environment.cpu, HOSTILE);
	field_text(&run->environment.virtualization, HOSTILE);
	field_text(&cell->workload, HOSTILE);
	field_text(&s->status, "invalid");
	field_text(&s->reason, HOSTILE);
	field_text(&s->note, HOSTILE);
	field_text(&s->noise, HOSTILE);
	json_object_set_new(
		s->client, "errors", json_pack("{s:i}", HOSTILE, 1));
	run->environment.limits = json_pack("{s:s}", HOSTILE, HOSTILE);
}

static const char hostile_lesson[] =
	"[experiment]\ntitle = " HOSTILE "\nquestion = " HOSTILE "\n"
	"choices = " HOSTILE "\nexplain = " HOSTILE "\nread = " HOSTILE "\n"
	"[run]\nmodels = epoll\n"
	"[expect]\n<img> = p50(" HOSTILE ") > 1\n"
	"[beside]\ntitle = " HOSTILE "\nvalue = p50(MODEL)\n"
	"source = " HOSTILE "\n"
	"row = " HOSTILE " | " HOSTILE " | " HOSTILE "\n";

static void test_what_others_wrote_is_text(void **state)
{
	struct run *run = make_run(hostile_lesson);
	char *text;

	(void)state;
	add_model(run, HOSTILE, "a " HOSTILE, 1e5);
	add_model(run, HOSTILE, "b " HOSTILE, 2e5);
	add_model(run, "poll", "a " HOSTILE, 2e5);
	add_model(run, "poll", "b " HOSTILE, 1e5);
	field_text(&add_model(run, "uring", "b " HOSTILE, 0)->skipped, HOSTILE);
	spoil(run, &run->cells[0]);
	text = page_of(run);
	assert_never_says(text, "<img");
	assert_says(text, "<section id=\"expected\">");
	assert_says(text, "<section id=\"beside\">");
	assert_says(text, "<section id=\"why\">");
	assert_says(text, "At handler b &lt;img src=x onerror=alert(1)&gt;: ");
	free(text);
}

/* ---- long values of what is varied ------------------------------------------ */

#define LONG "work:cpu=50us,dist=bimodal,share=0.05,heavy="

static void test_long_values_are_told_apart(void **state)
{
	struct run *run = make_run(NULL);
	char *text;

	(void)state;
	add_model(run, "epoll", LONG "400", 1e5);
	add_model(run, "epoll", LONG "800,dist=exp,seed=1,fold=off", 1e5);
	add_model(run, "epoll", LONG "900,dist=exp,seed=1,fold=off", 1e5);
	text = page_of(run);
	assert_says(text, "<th>" LONG "400</th>"); /* heads of a table */
	assert_says(text, "<th>" LONG "800,dist=exp,seed=1,fold=off</th>");
	assert_says(text, "\"label\":\"" LONG "400\""); /* for the cursor */
	assert_says(text, ">work:cp…avy=400</text>");
	assert_says(text, "\"work:cp\\u2026old=off\"");
	assert_says(text, "\"3: work:\\u2026ld=off\"");
	free(text);
}

static void test_a_point_that_does_not_fit_ends_with_a_letter(void **state)
{
	json_t *at = json_pack("{s:s}", "handler", "ééé");
	char buf[16];

	(void)state;
	assert_string_equal(point_text(at, buf, sizeof(buf)), "handler ééé");
	assert_string_equal(point_text(at, buf, 14), "handler é…");
	assert_string_equal(point_text(at, buf, 13), "handler …");
	json_decref(at);
}

/* ---- a run that was stopped -------------------------------------------------- */

static void test_what_was_not_measured_is_listed(void **state)
{
	struct run *run = make_run(NULL);
	char *text;

	(void)state;
	add_model(run, "epoll", NULL, 1e5);
	add_model(run, "poll", NULL, 1e5);
	text = page_of(run);
	assert_says(text, "Nothing: every model was measured in every round");
	assert_never_says(text, "not finished");
	free(text);

	run = make_run(NULL);
	field_text(&run->status, "interrupted");
	add_model(run, "epoll", NULL, 1e5);
	add_sample(add_model(run, "poll", NULL, 0), 1e5);
	add_model(run, "thread", NULL, 0);
	text = page_of(run);
	assert_says(text, "this run is not finished (interrupted): 0 of 5 "
			  "rounds are whole.</p>");
	assert_never_says(text, "Nothing: every model");
	assert_says(text,
		">poll</th><td class=\"l\"></td><td class=\"l\">not finished"
		"</td><td class=\"t\">measured in 1 of 5 rounds</td>");
	assert_says(text,
		">thread</th><td class=\"l\"></td><td class=\"l\">not "
		"measured</td><td class=\"t\">no sample of it was finished"
		"</td>");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_the_answer_is_what_became_of_the_expectations),
		cmocka_unit_test(
			test_the_best_follows_where_speed_is_looked_at),
		cmocka_unit_test(test_the_best_of_several_points),
		cmocka_unit_test(test_one_model_alone_is_the_best_of_nothing),
		cmocka_unit_test(test_there_may_be_no_answer),
		cmocka_unit_test(test_what_others_wrote_is_text),
		cmocka_unit_test(test_long_values_are_told_apart),
		cmocka_unit_test(
			test_a_point_that_does_not_fit_ends_with_a_letter),
		cmocka_unit_test(test_what_was_not_measured_is_listed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
