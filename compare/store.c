/* SPDX-License-Identifier: MIT */
#include "compare/store.h"

#include "common/log.h"
#include "common/options.h"
#include "compare/schema.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BUSY_MS = 20000,  /* that another compare may hold the file */
	COMMIT_LEAST = 4, /* letters, as git takes them */
	COMMIT_KEPT = 12, /* letters of it in environment.version */
};

/* ---- statements ----------------------------------------------------------- */

/* SQLite's words, with the system's reason where it has one. Returns buf. */
static const char *store_reason(const struct store *s, char *buf, size_t size)
{
	int error = s->db ? sqlite3_system_errno(s->db) : ENOMEM;

	snprintf(buf, size, "%s%s%s%s",
		s->db ? sqlite3_errmsg(s->db) : "it cannot be opened",
		error ? " (" : "", error ? strerror(error) : "",
		error ? ")" : "");
	return buf;
}

/* Says what failed. Returns -EIO. */
static int store_failed(const struct store *s, const char *doing)
{
	char reason[256];

	log_warnx("%s: cannot %s: %s", s->path, doing,
		store_reason(s, reason, sizeof(reason)));
	return -EIO;
}

static int store_do(struct store *s, const char *sql, const char *doing)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return store_failed(s, doing);
}

static sqlite3_stmt *prepare(struct store *s, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (!sql || sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL))
		store_failed(s, "prepare a statement");
	return statement;
}

/* Runs a statement that gives no rows, and frees it. 0 or -EIO. */
static int finish(
	struct store *s, sqlite3_stmt *statement, int bound, const char *doing)
{
	int rc = bound ? bound : sqlite3_step(statement);
	int result = rc == SQLITE_DONE ? 0 : store_failed(s, doing);

	sqlite3_finalize(statement);
	return result;
}

/* Inserts a row; `extra` names integer columns that come first. */
static int insert(struct store *s, const char *table, const char *const *extra,
	const int64_t *numbers, const struct field *fields, const void *row)
{
	char *sql = fields_insert_sql(table, extra, fields);
	sqlite3_stmt *statement = prepare(s, sql);
	int count = 0, rc = SQLITE_OK;

	free(sql);
	if (!statement)
		return -EIO;
	for (; extra[count] && !rc; count++)
		rc = sqlite3_bind_int64(statement, count + 1, numbers[count]);
	if (!rc)
		rc = fields_bind(fields, row, statement, count + 1);
	return finish(s, statement, rc, "keep a result");
}

/* Whether there is a further row. *rc becomes -EIO where it cannot be read. */
static bool next_row(struct store *s, sqlite3_stmt *statement, int *rc)
{
	int step = *rc ? SQLITE_DONE : sqlite3_step(statement);

	if (step != SQLITE_ROW && step != SQLITE_DONE)
		*rc = store_failed(s, "be read");
	return step == SQLITE_ROW;
}

/* The first column of the first row as a number; `otherwise` if no row. -EIO
 * where it cannot be read. */
static int64_t ask(struct store *s, const char *sql, const char *text,
	int64_t number, int64_t otherwise)
{
	sqlite3_stmt *statement = prepare(s, sql);
	int64_t answer = otherwise;
	int rc = 0;

	if (!statement)
		return -EIO;
	if (text)
		sqlite3_bind_text(statement, 1, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_int64(statement, 1, number);
	if (next_row(s, statement, &rc))
		answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return rc ? rc : answer;
}

/* ---- opening -------------------------------------------------------------- */

/* Creates the directories on the way to the file. */
static int make_directories(const char *path)
{
	char part[4096];

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (part[0] && mkdir(part, 0777) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int migrate(struct store *s)
{
	int64_t version = ask(s, "PRAGMA user_version", NULL, 0, 0);
	char sql[64];
	int rc = 0;

	if (version > STORE_VERSION) {
		log_warnx("%s: made by a newer serverlab (version %lld, this "
			  "one knows %d)",
			s->path, (long long)version, STORE_VERSION);
		return -EINVAL;
	}
	for (; version >= 0 && version < STORE_VERSION && !rc; version++) {
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d",
			(int)version + 1);
		rc = store_do(s, schema_steps[version], "make its tables");
		if (!rc)
			rc = store_do(s, sql, "set its version");
	}
	return version < 0 ? -EIO : rc;
}

/* Another compare may be doing the same: the first one to hold the lock
 * migrates, the next finds it done. */
static int migrate_alone(struct store *s)
{
	int rc;

	if (ask(s, "PRAGMA user_version", NULL, 0, 0) == STORE_VERSION)
		return 0;
	rc = store_do(s, "BEGIN IMMEDIATE", "be written");
	if (rc)
		return rc;
	rc = migrate(s);
	if (!rc)
		return store_do(s, "COMMIT", "be written");
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* The path as a URI, in which some letters mean something. NULL without
 * memory. */
static char *as_uri(const char *path)
{
	char *uri = NULL;
	size_t size;
	FILE *out = open_memstream(&uri, &size);

	if (!out)
		return NULL;
	fputs("file:", out);
	for (; *path; path++)
		if (strchr("%?#", *path))
			fprintf(out, "%%%02x", (unsigned char)*path);
		else
			fputc(*path, out);
	fputs("?immutable=1", out);
	return fclose(out) ? NULL : uri;
}

/* What was written and is not yet in the database itself. */
static bool has_log(const char *path)
{
	char log[4096];
	struct stat st;

	snprintf(log, sizeof(log), "%s-wal", path);
	return !stat(log, &st) && st.st_size > 0;
}

/*
 * Somebody else's results, which we may only look at, or a disk that is full:
 * SQLite reads a database in WAL mode only with a file of its own beside it,
 * unless it is told that nobody writes it.
 */
static void open_alone(struct store *s)
{
	int rc = sqlite3_exec(
		s->db, "SELECT count(*) FROM run", NULL, NULL, NULL);
	char *uri;

	if ((rc != SQLITE_IOERR && rc != SQLITE_CANTOPEN &&
		    rc != SQLITE_READONLY && rc != SQLITE_FULL) ||
		has_log(s->path))
		return;
	uri = as_uri(s->path);
	sqlite3_close(s->db);
	sqlite3_open_v2(uri ? uri : "", &s->db,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	free(uri);
}

static int open_file(struct store *s, bool create)
{
	int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
	char reason[256];

	if (sqlite3_open_v2(s->path, &s->db, flags, NULL)) {
		log_warnx("cannot open %s: %s", s->path,
			store_reason(s, reason, sizeof(reason)));
		return -EIO;
	}
	if (!create)
		open_alone(s);
	return 0;
}

static int set_up(struct store *s, bool create)
{
	int rc;

	sqlite3_busy_timeout(s->db, BUSY_MS);
	rc = migrate_alone(s);
	if (!rc)
		rc = store_do(s,
			"PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL",
			"be set up");
	if (!rc && create)
		rc = store_do(s, "PRAGMA journal_mode = WAL", "be written");
	return rc;
}

int store_open(struct store *s, const char *path, bool create)
{
	int rc;

	*s = (struct store) {.path = path};
	rc = create ? make_directories(path) : 0;
	if (rc) {
		errno = -rc;
		log_warn("cannot make the folder of %s", path);
		return rc;
	}
	rc = open_file(s, create);
	if (!rc)
		rc = set_up(s, create);
	if (rc)
		store_close(s);
	return rc;
}

void store_close(struct store *s)
{
	sqlite3_close(s->db);
	s->db = NULL;
}

/* ---- writing -------------------------------------------------------------- */

static int begin(struct store *s)
{
	return store_do(s, "BEGIN IMMEDIATE", "begin to write");
}

/* Commits if all went well so far. Returns what it was given, or -EIO. */
static int64_t commit(struct store *s, int64_t so_far)
{
	if (so_far >= 0 && !store_do(s, "COMMIT", "write"))
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
	id = ask(
		s, "SELECT id FROM environment WHERE document = ?", text, 0, 0);
	if (!id &&
		!insert(s, "environment", (const char *[]) {"document", NULL},
			(int64_t[]) {0}, environment_fields, e)) {
		id = sqlite3_last_insert_rowid(s->db);
		statement = prepare(
			s, "UPDATE environment SET document = ? WHERE id = ?");
		sqlite3_bind_text(statement, 1, text, -1, SQLITE_TRANSIENT);
		sqlite3_bind_int64(statement, 2, id);
		if (finish(s, statement, 0, "keep the environment"))
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
		rc = insert(s, "run", (const char *[]) {"environment_id", NULL},
			&environment, run_fields, run);
	id = rc ? rc : sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; i < run->cell_count && !rc; i++)
		rc = insert(s, "cell", (const char *[]) {"run_id", NULL}, &id,
			cell_fields, &run->cells[i]);
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
	statement = fclose(out) ? NULL : prepare(s, sql);
	free(sql);
	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, ++at, sample);
	if (kind)
		sqlite3_bind_text(statement, ++at, kind, -1, SQLITE_TRANSIENT);
	for (const struct copied *c = columns; c->column; c++)
		bind_value(statement, ++at, json_object_get(from, c->member));
	return finish(s, statement, 0, "keep a detail");
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
	return ask(s, sql, NULL, run, -ENOENT);
}

static int keep_sample(struct store *s, int64_t run, int64_t position,
	const struct sample *sample)
{
	int64_t cell = cell_id(s, run, position);
	int rc = cell < 0 ? (int)cell : 0;

	if (!rc)
		rc = insert(s, "sample", (const char *[]) {"cell_id", NULL},
			&cell, sample_fields, sample);
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

int store_skip_cell(
	struct store *s, int64_t run, int64_t position, const char *reason)
{
	sqlite3_stmt *statement = prepare(s,
		"UPDATE cell SET skipped = ? WHERE run_id = ? AND position = ?");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, reason, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 2, run);
	sqlite3_bind_int64(statement, 3, position);
	return finish(s, statement, 0, "keep why a cell is skipped");
}

int store_finish_run(struct store *s, int64_t run, const struct run *now)
{
	sqlite3_stmt *statement = prepare(s,
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
	return finish(s, statement, 0, "finish the run");
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
	int64_t id =
		ask(s, "SELECT id FROM run WHERE uuid = ?", run->uuid, 0, 0);
	int rc;

	*known = id > 0;
	if (id)
		return id;
	rc = begin(s);
	return rc ? rc : commit(s, import(s, run));
}

/* ---- reading -------------------------------------------------------------- */

/* The newest comparison by a build of the commit, of which some letters are
 * told; 0 if there is none. */
static int64_t find_commit(struct store *s, const char *name)
{
	size_t len = strlen(name);
	char sql[256];

	if (len < COMMIT_LEAST || len != strspn(name, "0123456789abcdef"))
		return 0;
	snprintf(sql, sizeof(sql),
		"SELECT coalesce(max(run.id), 0) FROM run JOIN environment "
		"ON environment.id = environment_id WHERE purpose IS NULL AND "
		"instr(environment.version, 'commit ' || substr(?, 1, %d))",
		COMMIT_KEPT);
	return ask(s, sql, name, 0, 0);
}

int64_t store_find(struct store *s, const char *name)
{
	int64_t latest = ask(s, "SELECT max(id) FROM run", NULL, 0, 0), id;
	char *end;

	if (latest < 0)
		return latest;
	if (!latest) {
		log_warnx("%s holds no run yet", s->path);
		return -ENOENT;
	}
	if (!strcmp(name, "latest"))
		return latest;
	id = strtoll(name, &end, 10);
	if (*name && !*end &&
		ask(s, "SELECT id FROM run WHERE id = ?", NULL, id, 0) == id)
		return id;
	id = find_commit(s, name);
	if (id)
		return id;
	log_warnx("there is no run %s in %s: say a number up to %lld, latest, "
		  "a commit that one was made with, or an exported file",
		name, s->path, (long long)latest);
	return -ENOENT;
}

int64_t store_find_calibration(struct store *s, const char *client_cpus)
{
	return ask(s,
		"SELECT max(id) FROM run WHERE purpose = 'calibration' AND "
		"status = 'complete' AND client_cpus = ?",
		client_cpus, 0, 0);
}

/* SELECT the columns of a table, where a column equals a number. */
static sqlite3_stmt *select_rows(struct store *s, const char *extra,
	const struct field *fields, const char *rest, int64_t number)
{
	char *columns = fields_columns(fields), *sql = NULL;
	sqlite3_stmt *statement = NULL;

	if (columns && asprintf(&sql, "SELECT %s%s FROM %s", extra, columns,
			       rest) >= 0)
		statement = prepare(s, sql);
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

	while (next_row(s, statement, &rc)) {
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

	while (next_row(s, statement, &rc)) {
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

	while (next_row(s, statement, &rc)) {
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
