/* SPDX-License-Identifier: MIT */
/* The database of results: reading a run. */
#include "compare/store.h"

#include "common/log.h"
#include "compare/statement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* SELECT the columns of a table, where a column equals a number. */
static sqlite3_stmt *select_rows(struct store *s, const char *extra,
	const struct field *fields, const char *rest, int64_t number)
{
	char *columns = fields_columns(fields), *sql = NULL;
	sqlite3_stmt *statement = NULL;

	if (columns && asprintf(&sql, "SELECT %s%s FROM %s", extra, columns,
			       rest) >= 0)
		statement = statement_prepare(s, sql);
	if (statement)
		sqlite3_bind_int64(statement, 1, number);
	free(columns);
	free(sql);
	return statement;
}

static int load_one(struct store *s, const struct field *fields,
	const char *rest, int64_t id, void *row)
{
	sqlite3_stmt *statement = select_rows(s, "", fields, rest, id);
	int rc = -EIO;

	if (statement && sqlite3_step(statement) == SQLITE_ROW &&
		!fields_read(fields, row, statement, 0))
		rc = 0;
	sqlite3_finalize(statement);
	return rc;
}

static int load_samples(struct store *s, struct cell *cell, int64_t parent)
{
	sqlite3_stmt *statement = select_rows(s, "", sample_fields,
		"sample WHERE cell_id = ? ORDER BY id", parent);
	int rc = statement ? 0 : -EIO;

	while (statement_row(s, statement, &rc)) {
		struct sample *sample = cell_add_sample(cell);

		if (!sample || fields_read(sample_fields, sample, statement, 0))
			rc = -EIO;
	}
	sqlite3_finalize(statement);
	return rc;
}

static int load_cells(struct store *s, struct run *run, int64_t id)
{
	sqlite3_stmt *statement = select_rows(s, "id, ", cell_fields,
		"cell WHERE run_id = ? ORDER BY position", id);
	int rc = statement ? 0 : -EIO;

	while (statement_row(s, statement, &rc)) {
		struct cell *cell = run_add_cell(run);

		if (!cell || fields_read(cell_fields, cell, statement, 1))
			rc = -EIO;
		else
			rc = load_samples(
				s, cell, sqlite3_column_int64(statement, 0));
	}
	sqlite3_finalize(statement);
	return rc;
}

struct run *store_load(struct store *s, int64_t id)
{
	struct run *run = run_new();
	int rc = run ? 0 : -ENOMEM;

	if (!rc)
		rc = load_one(s, run_fields, "run WHERE id = ?", id, run);
	if (!rc)
		rc = load_one(s, environment_fields,
			"environment WHERE id = (SELECT environment_id FROM "
			"run WHERE id = ?)",
			id, &run->environment);
	if (!rc)
		rc = load_cells(s, run, id);
	if (!rc)
		return run;
	log_warnx("cannot read run %lld from %s", (long long)id, s->path);
	run_free(run);
	return NULL;
}

int store_each(struct store *s,
	void (*each)(int64_t id, const struct run *run, int64_t cells,
		int64_t samples, void *data),
	void *data)
{
	sqlite3_stmt *statement = select_rows(s,
		"id, (SELECT count(*) FROM cell WHERE run_id = run.id), "
		"(SELECT count(*) FROM sample JOIN cell ON cell.id = cell_id "
		"WHERE run_id = run.id), ",
		run_fields, "run ORDER BY id", 0);
	int rc = statement ? 0 : -EIO;

	while (statement_row(s, statement, &rc)) {
		struct run *run = run_new();

		if (!run || fields_read(run_fields, run, statement, 3))
			rc = -EIO;
		else
			each(sqlite3_column_int64(statement, 0), run,
				sqlite3_column_int64(statement, 1),
				sqlite3_column_int64(statement, 2), data);
		run_free(run);
	}
	sqlite3_finalize(statement);
	return rc;
}
