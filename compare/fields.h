/* SPDX-License-Identifier: MIT */
/*
 * Rows that know their columns.
 *
 * A run is kept in a database, written to JSON and CSV and read back from
 * both. What a row holds is said once, in a table of struct field beside its
 * struct; the database, the files and the tests all go by that table.
 *
 * A value may be absent: NULL text, FIELD_ABSENT, or NAN. It is NULL in the
 * database, null in JSON and empty in CSV.
 */
#ifndef SERVERLAB_COMPARE_FIELDS_H
#define SERVERLAB_COMPARE_FIELDS_H

#include <jansson.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#define FIELD_ABSENT INT64_MIN

enum field_type {
	FIELD_TEXT,    /* char *, owned by the row */
	FIELD_INTEGER, /* int64_t */
	FIELD_REAL,    /* double */
	FIELD_JSON,    /* json_t *, a reference owned by the row */
};

struct field {
	const char *name; /* NULL ends a table */
	enum field_type type;
	size_t offset;
};

/* How every JSON text of ours is written: the order of members is kept, and
 * numbers survive being read back. */
#define FIELD_JSON_FLAGS (JSON_REAL_PRECISION(17) | JSON_ENCODE_ANY)

void fields_init(const struct field *fields, void *row); /* all absent */
void fields_release(const struct field *fields, void *row);

/* A new reference; NULL without memory. */
json_t *fields_to_json(const struct field *fields, const void *row);
/* Members that the table does not know are passed over, absent ones stay as
 * they are. 0, or -EINVAL when one has the wrong type, with its name in *bad;
 * or -ENOMEM. */
int fields_from_json(const struct field *fields, void *row, const json_t *from,
	const char **bad);

/* "INSERT INTO table (EXTRA, a, b) VALUES (?, ?, ?)": extra columns come
 * first. A malloc'd text, or NULL. */
char *fields_insert_sql(const char *table, const char *const *extra,
	const struct field *fields);
/* "a, b, c" for a SELECT. A malloc'd text, or NULL. */
char *fields_columns(const struct field *fields);
/* Binds or reads the columns from number `first` on (SQLite counts parameters
 * from 1 and columns from 0). 0, or an SQLite result code. */
int fields_bind(const struct field *fields, const void *row,
	sqlite3_stmt *statement, int first);
int fields_read(const struct field *fields, void *row, sqlite3_stmt *statement,
	int first);

/* A copy of the text into a FIELD_TEXT, in place of what was there. Bytes that
 * are not UTF-8 are replaced by question marks. */
void field_text(char **field, const char *text);

#endif
