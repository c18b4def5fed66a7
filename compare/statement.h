/* SPDX-License-Identifier: MIT */
/* SQL statements of a store: prepared, run, and complained of by the file's
 * name. */
#ifndef SERVERLAB_COMPARE_STATEMENT_H
#define SERVERLAB_COMPARE_STATEMENT_H

#include "compare/fields.h"
#include "compare/store.h"

#include <stdbool.h>

/* SQLite's words, with the system's reason where it has one. Returns buf. */
const char *statement_reason(const struct store *s, char *buf, size_t size);

/* Says what failed. Returns -EIO. */
int statement_failed(const struct store *s, const char *doing);

/* Runs one or more statements. 0 or -EIO after saying why. */
int statement_do(struct store *s, const char *sql, const char *doing);

/* NULL after saying why; also for no SQL. */
sqlite3_stmt *statement_prepare(struct store *s, const char *sql);

/* Runs a statement that gives no rows, and frees it. `bound` is what binding
 * its values gave. 0 or -EIO after saying why. */
int statement_finish(
	struct store *s, sqlite3_stmt *statement, int bound, const char *doing);

/* Inserts a row; `extra` names integer columns that come first. 0 or -EIO. */
int statement_insert(struct store *s, const char *table,
	const char *const *extra, const int64_t *numbers,
	const struct field *fields, const void *row);

/* Whether there is a further row. *rc becomes -EIO where it cannot be read. */
bool statement_row(struct store *s, sqlite3_stmt *statement, int *rc);

/* The first column of the first row as a number; `otherwise` if there is none;
 * -EIO where it cannot be read. The one parameter is a text, or else a number. */
int64_t statement_ask(struct store *s, const char *sql, const char *text,
	int64_t number, int64_t otherwise);

#endif
