/* SPDX-License-Identifier: MIT */
/* What the command line and experiment files may say, and which cells come of
 * it. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compare/cpus.h"
#include "compare/plan.h"
#include "compare/text.h"

static void assert_texts(const struct texts *t, const char *const *wanted)
{
	size_t n = 0;

	for (; wanted[n]; n++) {
		assert_true(n < t->count);
		assert_string_equal(t->at[n], wanted[n]);
	}
	assert_int_equal(t->count, n);
}

static void assert_specs(const char *list, const char *const *wanted)
{
	struct texts t = {0};

	assert_int_equal(texts_add_specs(&t, list), 0);
	assert_texts(&t, wanted);
	texts_clear(&t);
}

static void test_commas_between_specs_and_within(void **state)
{
	(void)state;
	assert_specs("epoll", (const char *[]) {"epoll", NULL});
	assert_specs("epoll,poll", (const char *[]) {"epoll", "poll", NULL});
	assert_specs("epoll:workers=2,accept=dispatch,poll",
		(const char *[]) {
			"epoll:workers=2,accept=dispatch", "poll", NULL});
	assert_specs("prefork:accept=mutex,workers=8,prefork:accept=pass",
		(const char *[]) {"prefork:accept=mutex,workers=8",
			"prefork:accept=pass", NULL});
	assert_specs("fork; epoll:trigger=edge , select",
		(const char *[]) {
			"fork", "epoll:trigger=edge", "select", NULL});
	assert_specs("./mine.so,epoll",
		(const char *[]) {"./mine.so", "epoll", NULL});
	assert_specs("http:path=/a\\,b,echo",
		(const char *[]) {"http:path=/a\\,b", "echo", NULL});
	assert_specs("external:a \"x\\\",y\" {port},epoll",
		(const char *[]) {
			"external:a \"x\\\",y\" {port}", "epoll", NULL});
	assert_specs("external:nc -l {port};epoll",
		(const char *[]) {"external:nc -l {port}", "epoll", NULL});
}

static void test_empty_specs_are_refused(void **state)
{
	static const char *const wrong[] = {
		"", ",", "epoll,", ",epoll", "epoll,,poll", "epoll; ;poll"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct texts t = {0};

		assert_int_equal(texts_add_specs(&t, wrong[i]), -EINVAL);
		texts_clear(&t);
	}
}

static void assert_with(const char *spec, const char *key, const char *value,
	const char *wanted)
{
	char *text = spec_with(spec, key, value);

	assert_string_equal(text, wanted);
	free(text);
}

static void test_one_option_of_a_spec_is_replaced(void **state)
{
	(void)state;
	assert_with("echo", "size", "1k", "echo:size=1k");
	assert_with("echo:size=64", "size", "1k", "echo:size=1k");
	assert_with("a:x=1,size=2,y=3", "size", "4", "a:x=1,y=3,size=4");
	assert_with("a:xsize=1", "size", "4", "a:xsize=1,size=4");
}

static void test_options_that_a_name_does_not_have_go(void **state)
{
	struct texts known = {0};
	char *text;

	(void)state;
	texts_add_specs(&known, "echo;echo:size;echo:mode;line");
	text = spec_only_known("echo:size=64,burst=3,mode=a", &known);
	assert_string_equal(text, "echo:size=64,mode=a");
	free(text);
	text = spec_only_known("line:size=64", &known);
	assert_string_equal(text, "line");
	free(text);
	texts_clear(&known);
}

static const char *const names[] = {"epoll", "poll", "prethread", "fork"};

static void assert_meant(const char *wrong, const char *wanted)
{
	const char *found = text_nearest(wrong, names, 4);

	if (!wanted)
		assert_null(found);
	else
		assert_string_equal(found, wanted);
}

static void test_what_was_meant(void **state)
{
	char hint[32];

	(void)state;
	assert_meant("epol", "epoll");
	assert_meant("epolll", "epoll");
	assert_meant("eploll", "epoll"); /* swapped, and one too many */
	assert_meant("pol", "poll");
	assert_meant("prethreda", "prethread");
	assert_meant("Fork", "fork");
	assert_meant("nginx", NULL);
	assert_meant("", NULL);
	assert_meant("x", NULL);
	assert_meant("a-name-so-long-that-nobody-wants-to-guess-it", NULL);
	assert_string_equal(text_hint("frok", names, 4, hint, sizeof(hint)),
		"; did you mean fork?");
	assert_string_equal(
		text_hint("frok", names, 3, hint, sizeof(hint)), "");
}

static void test_a_command_can_be_typed_again(void **state)
{
	static char *const words[] = {"compare run", "--models",
		"epoll:a=1,b=2", "it's", "a b", "", "external:x {port}",
		"#no~comment", "*"};
	char *text = NULL;

	(void)state;
	assert_int_equal(text_command(&text, 9, words), 0);
	assert_string_equal(text,
		"compare run --models epoll:a=1,b=2 'it'\\''s' 'a b' '' "
		"'external:x {port}' '#no~comment' '*'");
	free(text);
}

/* ---- plans ---------------------------------------------------------------- */

struct fixture {
	struct plan plan;
	struct run *run;
	struct texts known;
	char why[WHY_SIZE];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	plan_init(&f->plan);
	f->run = run_new();
	texts_add_specs(&f->known,
		"blocking;epoll;epoll:trigger;epoll:workers;poll;limit");
	texts_add_specs(&f->plan.handlers, "echo;echo:size;line;bytes;work");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	plan_release(&f->plan);
	run_free(f->run);
	texts_clear(&f->known);
	free(f);
	return 0;
}

static void set(struct fixture *f, const char *name, const char *value)
{
	assert_int_equal(plan_set(&f->plan, name, value, f->why), 0);
}

static void make_cells(struct fixture *f)
{
	assert_int_equal(plan_complete(&f->plan, &f->known, f->why), 0);
	assert_int_equal(plan_cells(&f->plan, &f->known, f->run), 0);
}

static const char *client_option(const struct cell *cell, const char *name)
{
	return json_string_value(json_object_get(
		json_object_get(cell->options, "client"), name));
}

static void test_all_models_and_epoll_as_baseline(void **state)
{
	struct fixture *f = *state;

	make_cells(f);
	assert_int_equal(f->run->cell_count, 4);
	assert_string_equal(f->run->cells[0].model, "blocking");
	assert_string_equal(f->run->cells[3].model, "limit");
	assert_string_equal(f->plan.baseline, "epoll");
	assert_string_equal(f->run->cells[1].handler, "echo:size=64");
	assert_string_equal(f->run->cells[1].workload, "echo:size=64");
	assert_string_equal(
		client_option(&f->run->cells[1], "connections"), "64");
	assert_true(f->plan.seed != 0);
	assert_non_null(f->plan.server_cpus);
	assert_non_null(f->plan.client_cpus);
}

static void test_the_other_side_gets_other_cpus(void **state)
{
	cpu_set_t allowed;
	char *server = NULL, *client = NULL, last[16];

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			snprintf(last, sizeof(last), "%d", cpu);
	field_text(&server, last);
	assert_int_equal(cpus_choose(&server, &client), 0);
	assert_string_equal(server, last);
	if (CPU_COUNT(&allowed) > 1)
		assert_string_not_equal(client, last);
	else
		assert_string_equal(client, last);
	field_text(&server, NULL);
	field_text(&client, last);
	assert_int_equal(cpus_choose(&server, &client), 0);
	if (CPU_COUNT(&allowed) > 1)
		assert_string_not_equal(server, last);
	field_text(&server, NULL);
	field_text(&client, NULL);
}

static void test_a_model_named_twice_is_measured_once(void **state)
{
	struct fixture *f = *state;

	set(f, "models", "epoll,poll");
	set(f, "models", "epoll");
	make_cells(f);
	assert_int_equal(f->run->cell_count, 2);
}

static void test_what_varies_is_crossed(void **state)
{
	struct fixture *f = *state;

	set(f, "models", "epoll,poll");
	set(f, "vary", "connections=1,16,256");
	set(f, "vary", "size=1,1k");
	make_cells(f);
	assert_int_equal(f->run->cell_count, 12);
	assert_string_equal(f->run->cells[0].workload, "echo:size=1");
	assert_string_equal(f->run->cells[2].workload, "echo:size=1k");
	assert_string_equal(f->run->cells[2].handler, "echo:size=1k");
	assert_string_equal(
		client_option(&f->run->cells[11], "connections"), "256");
	assert_string_equal(json_string_value(json_object_get(
				    f->run->cells[11].point, "size")),
		"1k");
}

static void test_the_handler_follows_the_workload(void **state)
{
	struct fixture *f = *state;

	set(f, "models", "epoll");
	set(f, "vary", "workload=line:size=9,bytes:size=4000");
	make_cells(f);
	assert_string_equal(f->run->cells[0].handler, "line");
	assert_string_equal(f->run->cells[0].workload, "line:size=9");
	assert_string_equal(f->run->cells[1].handler, "bytes");
}

static void test_a_named_handler_stays(void **state)
{
	struct fixture *f = *state;

	set(f, "models", "epoll");
	set(f, "handler", "work:cpu=50us");
	set(f, "workload", "line:size=9");
	set(f, "vary", "workload=line:size=1,line:size=2");
	make_cells(f);
	assert_string_equal(f->run->cells[1].handler, "work:cpu=50us");
	assert_string_equal(f->run->cells[1].workload, "line:size=2");
}

static void test_server_options_vary_too(void **state)
{
	struct fixture *f = *state;

	set(f, "models", "epoll");
	set(f, "vary", "server.backlog=1,128");
	make_cells(f);
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(f->run->cells[1].options, "server"),
			"backlog")),
		"128");
}

static const char *injected(const struct cell *cell, const char *name)
{
	return json_string_value(json_object_get(
		json_object_get(cell->options, "inject"), name));
}

static void test_what_is_done_to_the_server_varies_too(void **state)
{
	struct fixture *f = *state;

	set(f, "models", "epoll");
	assert_int_equal(
		plan_set_inject(&f->plan, "what", "freeze", f->why), 0);
	set(f, "vary", "inject.for=100ms,20%");
	make_cells(f);
	assert_int_equal(f->run->cell_count, 2);
	assert_string_equal(injected(&f->run->cells[0], "what"), "freeze");
	assert_string_equal(injected(&f->run->cells[0], "for"), "100ms");
	assert_string_equal(injected(&f->run->cells[1], "for"), "20%");
}

static void test_what_cannot_be_done_to_the_server(void **state)
{
	static const char *const wrong[][3] = {
		{"when", "5ms", "what, to, at, for and descriptors"},
		{"what", "explode", "freeze, terminate or kill"},
		{"to", "client", "server or worker"},
		{"at", "soon", "25%"},
		{"for", "101%", "25%"},
		{"descriptors", "3", "from 16"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(plan_set_inject(&f->plan, wrong[i][0],
					 wrong[i][1], f->why),
			-EINVAL);
		assert_non_null(strstr(f->why, wrong[i][2]));
	}
}

static void fit(struct fixture *f, size_t cells, uint64_t seconds)
{
	assert_int_equal(
		plan_fit(&f->plan, cells, seconds * 1000000000, f->why), 0);
}

static void test_a_plan_fits_into_a_time(void **state)
{
	struct fixture *f = *state;

	set(f, "rounds", "5");
	set(f, "duration", "600ms");
	set(f, "warmup", "200ms");
	fit(f, 2, 60); /* there is time enough */
	assert_int_equal(f->plan.rounds, 5);
	assert_int_equal(f->plan.duration_ns, 600000000);
	fit(f, 10, 32); /* fewer rounds will do */
	assert_int_equal(f->plan.rounds, 3);
	assert_int_equal(f->plan.duration_ns, 600000000);
	fit(f, 20, 26); /* half of a sample, too */
	assert_int_equal(f->plan.rounds, 2);
	assert_true(f->plan.duration_ns - 300000000 < 10);
	assert_int_equal(f->plan.warmup_ns, 100000000);
	assert_int_equal(plan_fit(&f->plan, 1000, 1, f->why), -EINVAL);
	assert_non_null(strstr(f->why, "1000 cells in 2 rounds take 540 s"));
	assert_true(f->plan.duration_ns > 200000000);
}

static void test_what_varies_does_so_once(void **state)
{
	struct fixture *f = *state;

	set(f, "vary", "connections=1,2");
	assert_int_equal(
		plan_set(&f->plan, "vary", "connections=3", f->why), -EINVAL);
	assert_non_null(strstr(f->why, "connections is varied twice"));
	assert_int_equal(
		plan_set(&f->plan, "vary", "size=1,2,1", f->why), -EINVAL);
	assert_non_null(strstr(f->why, "1 is there twice"));
	set(f, "vary", "size=1,2");
	set(f, "vary", "pipeline=1,2");
	plan_drop_axis(&f->plan, "size");
	plan_drop_axis(&f->plan, "handler"); /* is none */
	assert_int_equal(f->plan.axis_count, 2);
	assert_string_equal(f->plan.axes[1].name, "pipeline");
}

static void refuse(struct fixture *f, const char *name, const char *value,
	const char *mentions)
{
	f->why[0] = '\0';
	assert_true(plan_set(&f->plan, name, value, f->why) < 0);
	assert_non_null(strstr(f->why, mentions));
}

static void test_wrong_settings_say_what_is_wrong(void **state)
{
	struct fixture *f = *state;

	refuse(f, "rounds", "0", "rounds");
	refuse(f, "rounds", "many", "many");
	refuse(f, "duration", "5 parsecs", "duration");
	refuse(f, "until", "2 parsecs", "percent");
	refuse(f, "until", "0", "percent");
	refuse(f, "budget", "0", "budget");
	refuse(f, "repeats", "101", "0 to 100");
	refuse(f, "vary", "connections", "connections");
	refuse(f, "vary", "connections=1,,2", "missing");
	refuse(f, "vary", "weather=fine", "weather");
	refuse(f, "server-cpus", "x", "server-cpus");
	refuse(f, "models", "epoll,,poll", "missing");
	refuse(f, "colour", "blue", "colour");
	refuse(f, "vary", "inject.what=freeze,explode", "explode");
	refuse(f, "vary", "inject.colour=blue", "colour");
	refuse(f, "tolerate", "read.EOF,reply.mismatch", "reply.mismatch");
}

static void test_an_unknown_model_lists_the_known(void **state)
{
	struct fixture *f = *state;

	set(f, "models", "epoll,nginx");
	f->plan.named = true;
	assert_int_equal(plan_complete(&f->plan, &f->known, f->why), -EINVAL);
	assert_non_null(strstr(f->why, "nginx"));
	assert_non_null(strstr(f->why, "blocking epoll poll limit"));
}

static void test_an_experiments_unknown_model_is_skipped(void **state)
{
	struct fixture *f = *state;

	set(f, "models", "epoll,uring:multishot=off");
	make_cells(f);
	assert_null(f->run->cells[0].skipped);
	assert_non_null(f->run->cells[1].skipped);
}

static void test_all_and_some_more(void **state)
{
	struct fixture *f = *state;

	set(f, "models", "all");
	set(f, "models", "epoll:trigger=edge,poll");
	make_cells(f);
	assert_int_equal(f->run->cell_count, 5);
	assert_string_equal(f->run->cells[4].model, "epoll:trigger=edge");
}

static void test_a_baseline_must_be_measured(void **state)
{
	struct fixture *f = *state;

	set(f, "models", "poll,limit");
	set(f, "baseline", "epoll");
	assert_int_equal(plan_complete(&f->plan, &f->known, f->why), -EINVAL);
	assert_non_null(strstr(f->why, "baseline epoll"));
}

/* ---- experiment files ----------------------------------------------------- */

/* Loads a file with that text. */
static int load(struct fixture *f, const char *text, int quick)
{
	struct programs programs = {0};
	char path[] = "/tmp/serverlab-test-XXXXXX.ini";
	int fd = mkstemps(path, 4), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	rc = plan_load(&f->plan, &programs, path, quick, f->why);
	unlink(path);
	return rc;
}

#define EXPERIMENT                                                             \
	"[experiment]\n"                                                       \
	"title = A title\n"                                                    \
	"question = Why?\n"                                                    \
	"explain = First line\n"                                               \
	" and a second.\n"                                                     \
	"[run]\n"                                                              \
	"models = epoll\n"                                                     \
	" poll\n"                                                              \
	"rounds = 7\n"                                                         \
	"vary = connections=1,2\n"                                             \
	"[client]\n"                                                           \
	"pipeline = 4\n"                                                       \
	"[server]\n"                                                           \
	"backlog = 5\n"                                                        \
	"[quick]\n"                                                            \
	"rounds = 2\n"                                                         \
	"vary = connections=3\n"                                               \
	"[expect]\n"                                                           \
	"cheap = cpu_per_request(epoll) < cpu_per_request(poll)\n"

static void test_an_experiment_fills_the_plan(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, EXPERIMENT, 0), 0);
	assert_string_equal(f->plan.title, "A title");
	assert_string_equal(f->plan.explain, "First line\nand a second.");
	assert_texts(&f->plan.models, (const char *[]) {"epoll", "poll", NULL});
	assert_int_equal(f->plan.rounds, 7);
	assert_int_equal(f->plan.axis_count, 1);
	assert_int_equal(f->plan.axes[0].values.count, 2);
	assert_string_equal(pairs_get(&f->plan.client, "pipeline"), "4");
	assert_string_equal(pairs_get(&f->plan.server, "backlog"), "5");
	assert_texts(&f->plan.expects,
		(const char *[]) {"cheap: cpu_per_request(epoll) < "
				  "cpu_per_request(poll)",
			NULL});
}

static void test_quick_replaces_what_it_names(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, EXPERIMENT, 1), 0);
	assert_int_equal(f->plan.rounds, 2);
	assert_int_equal(f->plan.axis_count, 1);
	assert_int_equal(f->plan.axes[0].values.count, 1);
	assert_string_equal(f->plan.axes[0].values.at[0], "3");
	assert_int_equal(f->plan.models.count, 2);
}

static void test_errors_name_the_line(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "[run]\nrounds = no\n", 0), -EINVAL);
	assert_non_null(strstr(f->why, "line 2"));
	assert_non_null(strstr(f->why, "rounds no"));
}

static void test_unknown_sections_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "[runs]\nrounds = 1\n", 0), -EINVAL);
	assert_non_null(strstr(f->why, "[runs]"));
}

static void test_unknown_names_list_the_known(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "[experiment]\nname = x\n", 0), -EINVAL);
	assert_non_null(strstr(f->why, "title, question"));
	assert_int_equal(load(f, "[inject]\nwhom = x\n", 0), -EINVAL);
	assert_non_null(strstr(f->why, "what, to, at"));
	assert_int_equal(load(f, "[plot]\nx = weather\n", 0), -EINVAL);
	assert_non_null(strstr(f->why, "weather"));
}

static void test_a_line_too_long_is_not_cut(void **state)
{
	struct fixture *f = *state;
	char text[400] = "[experiment]\ntitle = ";

	memset(text + strlen(text), 'x', 300);
	assert_int_equal(load(f, text, 0), -EINVAL);
	assert_non_null(strstr(f->why, "longer"));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commas_between_specs_and_within),
		cmocka_unit_test(test_empty_specs_are_refused),
		cmocka_unit_test(test_one_option_of_a_spec_is_replaced),
		cmocka_unit_test(test_options_that_a_name_does_not_have_go),
		cmocka_unit_test(test_what_was_meant),
		cmocka_unit_test(test_a_command_can_be_typed_again),
		WITH(test_all_models_and_epoll_as_baseline),
		cmocka_unit_test(test_the_other_side_gets_other_cpus),
		WITH(test_a_model_named_twice_is_measured_once),
		WITH(test_what_varies_is_crossed),
		WITH(test_the_handler_follows_the_workload),
		WITH(test_a_named_handler_stays),
		WITH(test_server_options_vary_too),
		WITH(test_what_is_done_to_the_server_varies_too),
		WITH(test_what_cannot_be_done_to_the_server),
		WITH(test_a_plan_fits_into_a_time),
		WITH(test_what_varies_does_so_once),
		WITH(test_wrong_settings_say_what_is_wrong),
		WITH(test_an_unknown_model_lists_the_known),
		WITH(test_an_experiments_unknown_model_is_skipped),
		WITH(test_all_and_some_more),
		WITH(test_a_baseline_must_be_measured),
		WITH(test_an_experiment_fills_the_plan),
		WITH(test_quick_replaces_what_it_names),
		WITH(test_errors_name_the_line),
		WITH(test_unknown_sections_are_refused),
		WITH(test_unknown_names_list_the_known),
		WITH(test_a_line_too_long_is_not_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
