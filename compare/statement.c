/* SPDX-License-Identifier: MIT */
#include "compare/statement.h"

#include "common/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *statement_reason(const struct store *s, char *buf, size_t size)
{
	int error = s->db ? sqlite3_system_errno(s->db) : ENOMEM;

	snprintf(buf, size, "%s%s%s%s",
		s->db ? sqlite3_errmsg(s->db) : "it cannot be opened",
		error ? " (" : "", error ? strerror(error) : "",
		error ? ")" : "");
	return buf;
}

int statement_failed(const struct store *s, const char *doing)
{
	char reason[256];

	log_warnx("%s: cannot %s: %s", s->path, doing,
		statement_reason(s, reason, sizeof(reason)));
	return -EIO;
}

int statement_do(struct store *s, const char *sql, const char *doing)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return statement_failed(s, doing);
}

sqlite3_stmt *statement_prepare(struct store *s, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (!sql || sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL))
		statement_failed(s, "prepare a statement");
	return statement;
}

int statement_finish(
	struct store *s, sqlite3_stmt *statement, int bound, const char *doing)
{
	int rc = bound ? bound : sqlite3_step(statement);
	int result = rc == SQLITE_DONE ? 0 : statement_failed(s, doing);

	sqlite3_finalize(statement);
	return result;
}

int statement_insert(struct store *s, const char *table,
	const char *const *extra, const int64_t *numbers,
	const struct field *fields, const void *row)
{
	char *sql = fields_insert_sql(table, extra, fields);
	sqlite3_stmt *statement = statement_prepare(s, sql);
	int count = 0, rc = SQLITE_OK;

	free(sql);
	if (!statement)
		return -EIO;
	for (; extra[count] && !rc; count++)
		rc = sqlite3_bind_int64(statement, count + 1, numbers[count]);
	if (!rc)
		rc = fields_bind(fields, row, statement, count + 1);
	return statement_finish(s, statement, rc, "keep a result");
}

bool statement_row(struct store *s, sqlite3_stmt *statement, int *rc)
{
	int step = *rc ? SQLITE_DONE : sqlite3_step(statement);

	if (step != SQLITE_ROW && step != SQLITE_DONE)
		*rc = statement_failed(s, "be read");
	return step == SQLITE_ROW;
}

int64_t statement_ask(struct store *s, const char *sql, const char *text,
	int64_t number, int64_t otherwise)
{
	sqlite3_stmt *statement = statement_prepare(s, sql);
	int64_t answer = otherwise;
	int rc = 0;

	if (!statement)
		return -EIO;
	if (text)
		sqlite3_bind_text(statement, 1, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_int64(statement, 1, number);
	if (statement_row(s, statement, &rc))
		answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return rc ? rc : answer;
}
