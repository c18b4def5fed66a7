/* SPDX-License-Identifier: MIT */
/* The database of results: keeping a run. */
#include "compare/store.h"

#include "compare/statement.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int begin(struct store *s)
{
	return statement_do(s, "BEGIN IMMEDIATE", "begin to write");
}

/* Commits if all went well so far. Returns what it was given, or -EIO. */
static int64_t commit(struct store *s, int64_t so_far)
{
	if (so_far >= 0 && !statement_do(s, "COMMIT", "write"))
		return so_far;
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return so_far < 0 ? so_far : -EIO;
}

/* The id of the environment, which may be known from another run. */
static int64_t keep_environment(struct store *s, const struct environment *e)
{
	json_t *object = fields_to_json(environment_fields, e);
	char *text = object ? json_dumps(object, FIELD_JSON_FLAGS) : NULL;
	sqlite3_stmt *statement;
	int64_t id = -ENOMEM;

	json_decref(object);
	if (!text)
		return id;
	id = statement_ask(
		s, "SELECT id FROM environment WHERE document = ?", text, 0, 0);
	if (!id && !statement_insert(s, "environment",
			   (const char *[]) {"document", NULL}, (int64_t[]) {0},
			   environment_fields, e)) {
		id = sqlite3_last_insert_rowid(s->db);
		statement = statement_prepare(
			s, "UPDATE environment SET document = ? WHERE id = ?");
		sqlite3_bind_text(statement, 1, text, -1, SQLITE_TRANSIENT);
		sqlite3_bind_int64(statement, 2, id);
		if (statement_finish(s, statement, 0, "keep the environment"))
			id = -EIO;
	}
	free(text);
	return id ? id : -EIO;
}

static int64_t keep_run(struct store *s, const struct run *run)
{
	int64_t environment = keep_environment(s, &run->environment), id;
	int rc = environment < 0 ? (int)environment : 0;

	if (!rc)
		rc = statement_insert(s, "run",
			(const char *[]) {"environment_id", NULL}, &environment,
			run_fields, run);
	id = rc ? rc : sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; i < run->cell_count && !rc; i++)
		rc = statement_insert(s, "cell",
			(const char *[]) {"run_id", NULL}, &id, cell_fields,
			&run->cells[i]);
	return rc ? rc : id;
}

/* The columns of a table that repeats what a program wrote, by the names that
 * the program used. */
struct copied {
	const char *column, *member;
};

static const struct copied interval_columns[] = {{"start_ns", "start_ns"},
	{"length_ns", "length_ns"}, {"ok", "ok"}, {"failed", "failed"},
	{"p50_ns", "p50_ns"}, {"p99_ns", "p99_ns"}, {"max_ns", "max_ns"}, {0}};
static const struct copied histogram_columns[] = {{"count", "count"},
	{"min", "min"}, {"mean", "mean"}, {"stddev", "stddev"}, {"p50", "p50"},
	{"p75", "p75"}, {"p90", "p90"}, {"p95", "p95"}, {"p99", "p99"},
	{"p99_9", "p99_9"}, {"p99_99", "p99_99"}, {"max", "max"}, {0}};
static const struct copied worker_columns[] = {{"worker", "id"},
	{"kind", "kind"}, {"accepted", "accepted"}, {"requests", "requests"},
	{"cpu_seconds", "cpu_seconds"}, {"respawns", "respawns"}, {0}};

static void bind_value(sqlite3_stmt *statement, int at, const json_t *value)
{
	if (json_is_integer(value))
		sqlite3_bind_int64(statement, at, json_integer_value(value));
	else if (json_is_real(value))
		sqlite3_bind_double(statement, at, json_real_value(value));
	else if (json_is_string(value))
		sqlite3_bind_text(statement, at, json_string_value(value), -1,
			SQLITE_TRANSIENT);
}

/* One row; `kind` fills a column of that name where there is one. */
static int copy_row(struct store *s, const char *table,
	const struct copied *columns, int64_t sample, const char *kind,
	const json_t *from)
{
	char *sql = NULL;
	size_t size;
	FILE *out = open_memstream(&sql, &size);
	sqlite3_stmt *statement;
	int at = 0;

	if (!out)
		return -ENOMEM;
	fprintf(out, "INSERT INTO %s (sample_id%s", table,
		kind ? ", kind" : "");
	for (const struct copied *c = columns; c->column; c++)
		fprintf(out, ", %s", c->column);
	fprintf(out, ") VALUES (?%s", kind ? ", ?" : "");
	for (const struct copied *c = columns; c->column; c++)
		fprintf(out, ", ?");
	fprintf(out, ")");
	statement = fclose(out) ? NULL : statement_prepare(s, sql);
	free(sql);
	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, ++at, sample);
	if (kind)
		sqlite3_bind_text(statement, ++at, kind, -1, SQLITE_TRANSIENT);
	for (const struct copied *c = columns; c->column; c++)
		bind_value(statement, ++at, json_object_get(from, c->member));
	return statement_finish(s, statement, 0, "keep a detail");
}

/* The tables that spell out what is in the programs' own words. */
static int copy_details(
	struct store *s, int64_t id, const struct sample *sample)
{
	json_t *one, *latency = json_object_get(sample->client, "latency_ns");
	const char *kind;
	size_t i;
	int rc = 0;

	json_array_foreach(json_object_get(sample->client, "intervals"), i,
		one) if (!rc) rc =
		copy_row(s, "interval", interval_columns, id, NULL, one);
	json_object_foreach(latency, kind, one) if (!rc) rc =
		copy_row(s, "histogram", histogram_columns, id, kind, one);
	json_array_foreach(json_object_get(sample->server, "workers"), i,
		one) if (!rc) rc =
		copy_row(s, "worker", worker_columns, id, NULL, one);
	return rc;
}

static int64_t cell_id(struct store *s, int64_t run, int64_t position)
{
	char sql[96];

	snprintf(sql, sizeof(sql),
		"SELECT id FROM cell WHERE run_id = ? AND position = %lld",
		(long long)position);
	return statement_ask(s, sql, NULL, run, -ENOENT);
}

static int keep_sample(struct store *s, int64_t run, int64_t position,
	const struct sample *sample)
{
	int64_t cell = cell_id(s, run, position);
	int rc = cell < 0 ? (int)cell : 0;

	if (!rc)
		rc = statement_insert(s, "sample",
			(const char *[]) {"cell_id", NULL}, &cell,
			sample_fields, sample);
	return rc ? rc
		  : copy_details(s, sqlite3_last_insert_rowid(s->db), sample);
}

int64_t store_add_run(struct store *s, const struct run *run)
{
	int rc = begin(s);

	return rc ? rc : commit(s, keep_run(s, run));
}

int store_add_sample(struct store *s, int64_t run, int64_t position,
	const struct sample *sample)
{
	int rc = begin(s);

	return rc ? rc : (int)commit(s, keep_sample(s, run, position, sample));
}

int store_judge_sample(struct store *s, int64_t run, int64_t position,
	const struct sample *sample)
{
	sqlite3_stmt *statement = statement_prepare(s,
		"UPDATE sample SET status = ?, noise = ?, slowdown = ? WHERE "
		"cell_id = ? AND round = ? AND attempt = ?");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, sample->status, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(statement, 2, sample->noise, -1, SQLITE_TRANSIENT);
	sqlite3_bind_double(statement, 3, sample->slowdown);
	sqlite3_bind_int64(statement, 4, cell_id(s, run, position));
	sqlite3_bind_int64(statement, 5, sample->round);
	sqlite3_bind_int64(statement, 6, sample->attempt);
	return statement_finish(s, statement, 0, "keep what a sample is worth");
}

int store_skip_cell(
	struct store *s, int64_t run, int64_t position, const char *reason)
{
	sqlite3_stmt *statement = statement_prepare(s,
		"UPDATE cell SET skipped = ? WHERE run_id = ? AND position = ?");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, reason, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 2, run);
	sqlite3_bind_int64(statement, 3, position);
	return statement_finish(s, statement, 0, "keep why a cell is skipped");
}

int store_finish_run(struct store *s, int64_t run, const struct run *now)
{
	sqlite3_stmt *statement = statement_prepare(s,
		"UPDATE run SET status = ?, finished = ?, load_after = ?, "
		"rounds = ?, counting = ? WHERE id = ?");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, now->status, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(statement, 2, now->finished, -1, SQLITE_TRANSIENT);
	if (isfinite(now->load_after))
		sqlite3_bind_double(statement, 3, now->load_after);
	sqlite3_bind_int64(statement, 4, now->rounds);
	sqlite3_bind_text(statement, 5, now->counting, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 6, run);
	return statement_finish(s, statement, 0, "finish the run");
}

static int64_t import(struct store *s, const struct run *run)
{
	int64_t id = keep_run(s, run);
	int rc = id < 0 ? (int)id : 0;

	for (size_t c = 0; c < run->cell_count; c++)
		for (size_t i = 0; i < run->cells[c].sample_count && !rc; i++)
			rc = keep_sample(s, id, run->cells[c].position,
				&run->cells[c].samples[i]);
	return rc ? rc : id;
}

int64_t store_import(struct store *s, const struct run *run, bool *known)
{
	int64_t id = statement_ask(
		s, "SELECT id FROM run WHERE uuid = ?", run->uuid, 0, 0);
	int rc;

	*known = id > 0;
	if (id)
		return id;
	rc = begin(s);
	return rc ? rc : commit(s, import(s, run));
}
