/* SPDX-License-Identifier: MIT */
/* The database of results: opening it, and finding a run in it. */
#include "compare/store.h"

#include "common/log.h"
#include "compare/schema.h"
#include "compare/statement.h"

#include <errno.h>
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

static int migrate(struct store *s, int64_t version)
{
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
		rc = statement_do(s, schema_steps[version], "make its tables");
		if (!rc)
			rc = statement_do(s, sql, "set its version");
	}
	return version < 0 ? -EIO : rc;
}

/* A database without a version is new, or it is not one of ours: nothing is
 * written into that, nor by whoever only reads. */
static int check_new(struct store *s, bool create)
{
	int64_t tables = statement_ask(
		s, "SELECT count(*) FROM sqlite_master", NULL, 0, 0);

	if (tables > 0) {
		log_warnx("%s: is another program's database (--db names "
			  "another file)",
			s->path);
		return -EINVAL;
	}
	if (!tables && !create) {
		log_warnx("%s holds no run yet", s->path);
		return -ENOENT;
	}
	return tables < 0 ? -EIO : 0;
}

static int migrate_all(struct store *s, bool create)
{
	int64_t version = statement_ask(s, "PRAGMA user_version", NULL, 0, 0);
	int rc = version ? 0 : check_new(s, create);

	return rc ? rc : migrate(s, version);
}

/* Another compare may be doing the same: the first one to hold the lock
 * migrates, the next finds it done. */
static int migrate_alone(struct store *s, bool create)
{
	int rc;

	if (statement_ask(s, "PRAGMA user_version", NULL, 0, 0) ==
		STORE_VERSION)
		return 0;
	rc = statement_do(s, "BEGIN IMMEDIATE", "be written");
	if (rc)
		return rc;
	rc = migrate_all(s, create);
	if (!rc)
		return statement_do(s, "COMMIT", "be written");
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
			statement_reason(s, reason, sizeof(reason)));
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
	rc = migrate_alone(s, create);
	if (!rc)
		rc = statement_do(s,
			"PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL",
			"be set up");
	if (!rc && create)
		rc = statement_do(s, "PRAGMA journal_mode = WAL", "be written");
	return rc;
}

int store_open(struct store *s, const char *path, bool create)
{
	int rc;

	*s = (struct store) {.path = path};
	rc = create ? make_directories(path) : 0;
	if (rc) {
		errno = -rc;
		log_warn("cannot make the folder of %s (--db names another "
			 "place)",
			path);
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

/* ---- finding -------------------------------------------------------------- */

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
	return statement_ask(s, sql, name, 0, 0);
}

int64_t store_find(struct store *s, const char *name)
{
	int64_t latest =
			statement_ask(s, "SELECT max(id) FROM run", NULL, 0, 0),
		id;
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
	if (*name && !*end && id > 0 &&
		statement_ask(s, "SELECT id FROM run WHERE id = ?", NULL, id,
			0) == id)
		return id;
	id = find_commit(s, name);
	if (id)
		return id;
	log_warnx("there is no run %s in %s: say a number up to %lld, latest, "
		  "a commit that one was made with, or an exported file",
		name, s->path, (long long)latest);
	return -ENOENT;
}

int64_t store_find_calibration(struct store *s, int64_t before)
{
	return statement_ask(s,
		"SELECT coalesce(max(id), 0) FROM run WHERE id < ? AND "
		"purpose = 'calibration' AND status = 'complete'",
		NULL, before, 0);
}
