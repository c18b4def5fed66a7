/* SPDX-License-Identifier: MIT */
/* What is kept comes back as it was: from the database, and from a file. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/options.h"
#include "compare/run.h"
#include "compare/schema.h"
#include "compare/store.h"

struct fixture {
	char dir[64], path[128];
	struct store store;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	log_init("test", LOG_QUIET);
	strcpy(f->dir, "/tmp/serverlab-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/a/b/results.db", f->dir);
	assert_int_equal(store_open(&f->store, f->path, true), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = {"a/b/results.db",
		"a/b/results.db-wal", "a/b/results.db-shm", "a/b", "a", ""};
	struct fixture *f = *state;
	char path[160];

	if (f->store.db)
		store_close(&f->store);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, files[i]);
		remove(path);
	}
	free(f);
	return 0;
}

static struct run *make_run(const char *uuid)
{
	struct run *run = run_new();
	struct cell *cell;

	field_text(&run->uuid, uuid);
	field_text(&run->title, "It's \"quoted\", with a \n newline and a µ");
	field_text(&run->status, "running");
	field_text(&run->started, "2026-11-28T03:10:00Z");
	run->seed = 4294967295;
	run->rounds = 2;
	run->load_before = 0.1; /* no binary fraction */
	field_text(&run->environment.kernel, "Linux 6.18");
	run->environment.cpus = 2;
	run->environment.limits = json_pack("{s:i}", "descriptors", 1024);
	for (int i = 0; i < 2; i++) {
		cell = run_add_cell(run);
		cell->position = i + 1;
		field_text(&cell->model, i ? "fork" : "epoll");
		field_text(&cell->handler, "echo");
		field_text(&cell->workload, "echo:size=64");
		cell->point = json_pack("{s:s}", "connections", "16");
		cell->options = json_pack("{s:{},s:{}}", "client", "server");
	}
	return run;
}

static void add_sample(struct cell *cell, int round)
{
	struct sample *s = cell_add_sample(cell);

	s->round = round;
	s->attempt = 1;
	field_text(&s->status, "valid");
	s->requests = INT64_C(9007199254740993); /* beyond a double */
	s->requests_per_second = 1.0 / 3;
	s->cpu_ns = -5;
	s->client = json_pack(
		"{s:f, s:[{s:i,s:i,s:i,s:n}], s:{s:{s:i,s:i,s:f}}}", "x", 0.1,
		"intervals", "start_ns", 0, "length_ns", 5, "ok", 7, "p50_ns",
		"latency_ns", "raw", "count", 7, "p99", 99, "mean", 1.5);
	s->server = json_pack("{s:[{s:i,s:s,s:i}]}", "workers", "id", 3, "kind",
		"process", "requests", 7);
}

static char *text_of(const struct run *run)
{
	json_t *json = run_to_json(run);
	char *text = json_dumps(json, FIELD_JSON_FLAGS);

	json_decref(json);
	assert_non_null(text);
	return text;
}

static void assert_same(const struct run *a, const struct run *b)
{
	char *x = text_of(a), *y = text_of(b);

	assert_string_equal(x, y);
	free(x);
	free(y);
}

static int64_t ask(struct fixture *f, const char *sql)
{
	sqlite3_stmt *statement;
	int64_t answer;

	assert_int_equal(
		sqlite3_prepare_v2(f->store.db, sql, -1, &statement, NULL), 0);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return answer;
}

/* As a run does it: the cells first, then sample by sample. */
static int64_t keep(struct fixture *f, struct run *run)
{
	int64_t id = store_add_run(&f->store, run);

	assert_true(id > 0);
	for (size_t c = 0; c < run->cell_count; c++) {
		add_sample(&run->cells[c], 1);
		assert_int_equal(
			store_add_sample(&f->store, id, run->cells[c].position,
				&run->cells[c].samples[0]),
			0);
	}
	field_text(&run->status, "complete");
	field_text(&run->finished, "2026-11-28T03:11:00Z");
	run->load_after = 1e-9;
	assert_int_equal(store_finish_run(&f->store, id, run), 0);
	return id;
}

static void test_a_run_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct run *run = make_run("one"), *back;
	int64_t id = keep(f, run);
	struct sample *judged = &run->cells[0].samples[0];

	field_text(&run->cells[1].skipped, "no fork here");
	assert_int_equal(
		store_skip_cell(&f->store, id, 2, run->cells[1].skipped), 0);
	field_text(&judged->status, "repeated");
	field_text(&judged->noise, "far apart");
	judged->slowdown = 1.25;
	assert_int_equal(store_judge_sample(&f->store, id, 1, judged), 0);
	back = store_load(&f->store, id);
	assert_non_null(back);
	assert_same(run, back);
	run_free(run);
	run_free(back);
}

static void test_what_is_absent_stays_absent(void **state)
{
	struct fixture *f = *state;
	struct run *run = make_run("one"), *back;

	back = store_load(&f->store, keep(f, run));
	assert_true(back->cells[0].samples[0].p50_ns == FIELD_ABSENT);
	assert_true(isnan(back->cells[0].samples[0].load));
	assert_null(back->cells[0].samples[0].reason);
	run_free(run);
	run_free(back);
}

static void test_details_are_spelled_out(void **state)
{
	struct fixture *f = *state;
	struct run *run = make_run("one");

	keep(f, run);
	assert_int_equal(ask(f, "SELECT count(*) FROM interval"), 2);
	assert_int_equal(ask(f, "SELECT ok FROM interval"), 7);
	assert_int_equal(
		ask(f, "SELECT p99 FROM histogram WHERE kind = 'raw'"), 99);
	assert_int_equal(ask(f, "SELECT worker FROM worker"), 3);
	assert_int_equal(
		ask(f, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	run_free(run);
}

static void test_an_exported_run_is_imported_exactly(void **state)
{
	struct fixture *f = *state;
	struct run *run = make_run("one"), *read, *back;
	char *text, why[WHY_SIZE];
	bool known;
	json_t *json;
	int64_t id;

	for (size_t c = 0; c < run->cell_count; c++)
		add_sample(&run->cells[c], 1);
	text = text_of(run);
	json = json_loads(text, 0, NULL);
	read = run_from_json(json, why);
	assert_non_null(read);
	assert_same(run, read);
	id = store_import(&f->store, read, &known);
	assert_true(id > 0);
	assert_false(known);
	back = store_load(&f->store, id);
	assert_same(run, back);
	assert_int_equal(store_import(&f->store, read, &known), id);
	assert_true(known);
	json_decref(json);
	free(text);
	run_free(run);
	run_free(read);
	run_free(back);
}

static void test_one_environment_for_all_runs_in_it(void **state)
{
	struct fixture *f = *state;
	struct run *one = make_run("one"), *two = make_run("two");

	keep(f, one);
	keep(f, two);
	assert_int_equal(ask(f, "SELECT count(*) FROM run"), 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM environment"), 1);
	run_free(one);
	run_free(two);
}

static void test_finding_runs(void **state)
{
	struct fixture *f = *state;
	struct run *one = make_run("one"), *two = make_run("two");
	int64_t first, second;

	assert_int_equal(store_find(&f->store, "latest"), -ENOENT);
	first = keep(f, one);
	second = keep(f, two);
	assert_int_equal(store_find(&f->store, "latest"), second);
	assert_int_equal(store_find(&f->store, "1"), first);
	assert_int_equal(store_find(&f->store, "99"), -ENOENT);
	assert_int_equal(store_find(&f->store, "1x"), -ENOENT);
	run_free(one);
	run_free(two);
}

static void test_a_failed_write_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	struct run *run = make_run("one");
	int64_t id = keep(f, run),
		samples = ask(f, "SELECT max(id) FROM sample");

	assert_true(store_add_sample(
			    &f->store, id, 77, &run->cells[0].samples[0]) < 0);
	assert_int_equal(ask(f, "SELECT max(id) FROM sample"), samples);
	assert_true(sqlite3_get_autocommit(f->store.db));
	run_free(run);
}

/* What was kept in tables of `version` is read by a program of today. */
static void assert_migrates(int version, const char *path)
{
	struct store store;
	struct run *run;
	char sql[64];
	sqlite3 *db;

	remove(path);
	assert_int_equal(sqlite3_open(path, &db), 0);
	for (int v = 0; v < version; v++)
		assert_int_equal(sqlite3_exec(db, schema_steps[v], 0, 0, 0), 0);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
	sqlite3_exec(db, sql, 0, 0, 0);
	assert_int_equal(
		sqlite3_exec(db,
			"INSERT INTO environment (id, document, kernel)"
			" VALUES (1, '{}', 'Linux 6.1');"
			"INSERT INTO run (id, environment_id, uuid, status,"
			" rounds) VALUES (1, 1, 'old', 'complete', 1);"
			"INSERT INTO cell (id, run_id, position, model, handler,"
			" workload, point, options) VALUES (1, 1, 1, 'epoll',"
			" 'echo', 'echo', '{}', '{}');"
			"INSERT INTO sample (cell_id, round, status, requests)"
			" VALUES (1, 1, 'valid', 77);",
			0, 0, 0),
		0);
	sqlite3_close(db);
	assert_int_equal(store_open(&store, path, false), 0);
	run = store_load(&store, 1);
	assert_non_null(run);
	assert_string_equal(run->environment.kernel, "Linux 6.1");
	assert_int_equal(run->cells[0].samples[0].requests, 77);
	assert_null(run->cells[0].samples[0].noise);
	assert_true(isnan(run->cells[0].samples[0].noise_share));
	assert_int_equal(
		store_add_sample(&store, 1, 1, &run->cells[0].samples[0]), 0);
	run_free(run);
	store_close(&store);
}

static void test_older_databases_are_migrated(void **state)
{
	struct fixture *f = *state;

	store_close(&f->store);
	for (int version = 1; version < STORE_VERSION; version++)
		assert_migrates(version, f->path);
	assert_int_equal(store_open(&f->store, f->path, false), 0);
	assert_int_equal(ask(f, "PRAGMA user_version"), STORE_VERSION);
}

static void test_versions(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "PRAGMA user_version"), STORE_VERSION);
	sqlite3_exec(f->store.db, "PRAGMA user_version = 999", 0, 0, 0);
	store_close(&f->store);
	assert_int_equal(store_open(&f->store, f->path, false), -EINVAL);
}

static void test_what_is_no_database_is_refused(void **state)
{
	struct fixture *f = *state;
	FILE *file;

	store_close(&f->store);
	file = fopen(f->path, "w");
	for (int i = 0; i < 5000; i++)
		fputs("not a database ", file);
	fclose(file);
	assert_true(store_open(&f->store, f->path, true) < 0);
	assert_null(f->store.db);
}

static void test_files_that_are_no_runs_are_refused(void **state)
{
	static const char *const wrong[] = {"{}", "{\"schema\": \"other\"}",
		"{\"schema\": \"" RUN_SCHEMA "\", \"run\": {}}",
		"{\"schema\": \"" RUN_SCHEMA "\", \"run\": {\"uuid\": 5}}"};
	char why[WHY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		json_t *json = json_loads(wrong[i], 0, NULL);

		why[0] = '\0';
		assert_null(run_from_json(json, why));
		assert_true(why[0]);
		json_decref(json);
	}
}

/* The text of a whole run without one member of a cell, or with a wrong one. */
static void assert_lacking(const char *cell, const char *mentions)
{
	json_t *json = json_pack("{s:s, s:{s:s, s:s}, s:{}, s:[o]}", "schema",
		RUN_SCHEMA, "run", "uuid", "u", "status", "complete",
		"environment", "cells", json_loads(cell, 0, NULL));
	struct run *run;
	char why[WHY_SIZE] = "";

	assert_non_null(json);
	run = run_from_json(json, why);
	json_decref(json);
	if (!*mentions)
		assert_non_null(run);
	else
		assert_null(run);
	assert_non_null(strstr(why, mentions));
	run_free(run);
}

#define CELL(rest)                                                             \
	"{\"model\": \"epoll\", \"handler\": \"echo\", \"options\": {}, " rest \
	"}"
#define LOAD "\"workload\": \"echo\", "

static void test_a_cell_is_whole_or_refused(void **state)
{
	(void)state;
	assert_lacking(CELL(LOAD "\"point\": {}"), "");
	assert_lacking(CELL("\"point\": {}"), "\"workload\" is missing");
	assert_lacking(CELL(LOAD "\"point\": []"), "\"point\" is missing");
	assert_lacking(CELL(LOAD "\"point\": {\"x\": 1}"), "\"point\"");
	assert_lacking(
		CELL(LOAD "\"point\": {}, \"samples\": [{\"round\": 1}]"),
		"\"status\" is missing");
	assert_lacking(
		CELL(LOAD "\"point\": {}, \"ceiling\": \"x\""), "wrong type");
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_a_run_comes_back_as_it_was),
		WITH(test_what_is_absent_stays_absent),
		WITH(test_details_are_spelled_out),
		WITH(test_an_exported_run_is_imported_exactly),
		WITH(test_one_environment_for_all_runs_in_it),
		WITH(test_finding_runs),
		WITH(test_a_failed_write_leaves_nothing_behind),
		WITH(test_older_databases_are_migrated),
		WITH(test_versions),
		WITH(test_what_is_no_database_is_refused),
		cmocka_unit_test(test_files_that_are_no_runs_are_refused),
		cmocka_unit_test(test_a_cell_is_whole_or_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
