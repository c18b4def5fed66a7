/* SPDX-License-Identifier: MIT */
#include "compare/fields.h"

#include "common/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The member of `row` that a field describes. */
static char **as_text(const struct field *f, const void *row)
{
	return (char **)((char *)row + f->offset);
}

static int64_t *as_integer(const struct field *f, const void *row)
{
	return (int64_t *)((char *)row + f->offset);
}

static double *as_real(const struct field *f, const void *row)
{
	return (double *)((char *)row + f->offset);
}

static json_t **as_json(const struct field *f, const void *row)
{
	return (json_t **)((char *)row + f->offset);
}

/* JSON has no other texts. A program may have said it, or it was cut. */
static void make_utf8(char *text)
{
	for (; *text; text++) {
		size_t len = utf8_length(text);

		if (len)
			text += len - 1;
		else
			*text = '?';
	}
}

void field_text(char **field, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (copy)
		make_utf8(copy);
	free(*field);
	*field = copy;
}

void fields_init(const struct field *fields, void *row)
{
	for (const struct field *f = fields; f->name; f++) {
		if (f->type == FIELD_TEXT)
			*as_text(f, row) = NULL;
		else if (f->type == FIELD_INTEGER)
			*as_integer(f, row) = FIELD_ABSENT;
		else if (f->type == FIELD_REAL)
			*as_real(f, row) = NAN;
		else
			*as_json(f, row) = NULL;
	}
}

void fields_release(const struct field *fields, void *row)
{
	for (const struct field *f = fields; f->name; f++) {
		if (f->type == FIELD_TEXT)
			free(*as_text(f, row));
		else if (f->type == FIELD_JSON)
			json_decref(*as_json(f, row));
	}
	fields_init(fields, row);
}

static json_t *field_to_json(const struct field *f, const void *row)
{
	json_t *value = NULL;

	if (f->type == FIELD_TEXT && *as_text(f, row))
		value = json_string(*as_text(f, row));
	else if (f->type == FIELD_INTEGER &&
		 *as_integer(f, row) != FIELD_ABSENT)
		value = json_integer(*as_integer(f, row));
	else if (f->type == FIELD_REAL && isfinite(*as_real(f, row)))
		value = json_real(*as_real(f, row));
	else if (f->type == FIELD_JSON && *as_json(f, row))
		value = json_incref(*as_json(f, row));
	return value ? value : json_null();
}

json_t *fields_to_json(const struct field *fields, const void *row)
{
	json_t *object = json_object();

	for (const struct field *f = fields; object && f->name; f++)
		if (json_object_set_new(object, f->name, field_to_json(f, row)))
			return json_decref(object), NULL;
	return object;
}

static int field_from_json(const struct field *f, void *row, json_t *value)
{
	if (f->type == FIELD_TEXT && json_is_string(value)) {
		field_text(as_text(f, row), json_string_value(value));
		return *as_text(f, row) ? 0 : -ENOMEM;
	}
	if (f->type == FIELD_INTEGER && json_is_integer(value))
		*as_integer(f, row) = json_integer_value(value);
	else if (f->type == FIELD_REAL && json_is_number(value))
		*as_real(f, row) = json_number_value(value);
	else if (f->type == FIELD_JSON) {
		json_decref(*as_json(f, row));
		*as_json(f, row) = json_incref(value);
	} else
		return -EINVAL;
	return 0;
}

int fields_from_json(const struct field *fields, void *row, const json_t *from,
	const char **bad)
{
	for (const struct field *f = fields; f->name; f++) {
		json_t *value = json_object_get(from, f->name);
		int rc;

		*bad = f->name;
		if (!value || json_is_null(value))
			continue;
		rc = field_from_json(f, row, value);
		if (rc)
			return rc;
	}
	*bad = NULL;
	return 0;
}

char *fields_columns(const struct field *fields)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (const struct field *f = fields; f->name; f++)
		fprintf(out, "%s\"%s\"", f == fields ? "" : ", ", f->name);
	return fclose(out) ? NULL : text;
}

char *fields_insert_sql(
	const char *table, const char *const *extra, const struct field *fields)
{
	char *columns = fields_columns(fields), *text = NULL;
	size_t size, values = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out || !columns)
		return free(columns), NULL;
	fprintf(out, "INSERT INTO %s (", table);
	for (; *extra; extra++, values++)
		fprintf(out, "%s, ", *extra);
	fprintf(out, "%s) VALUES (?", columns);
	for (const struct field *f = fields + 1; f->name; f++)
		values++;
	while (values-- > 0)
		fprintf(out, ", ?");
	fprintf(out, ")");
	free(columns);
	return fclose(out) ? NULL : text;
}

static int bind_json(sqlite3_stmt *statement, int column, const json_t *value)
{
	char *text = json_dumps(value, FIELD_JSON_FLAGS);

	return text ? sqlite3_bind_text(statement, column, text, -1, free)
		    : SQLITE_NOMEM;
}

static int field_bind(const struct field *f, const void *row,
	sqlite3_stmt *statement, int column)
{
	if (f->type == FIELD_TEXT)
		return sqlite3_bind_text(statement, column, *as_text(f, row),
			-1, SQLITE_TRANSIENT);
	if (f->type == FIELD_INTEGER && *as_integer(f, row) != FIELD_ABSENT)
		return sqlite3_bind_int64(
			statement, column, *as_integer(f, row));
	if (f->type == FIELD_REAL && isfinite(*as_real(f, row)))
		return sqlite3_bind_double(statement, column, *as_real(f, row));
	if (f->type == FIELD_JSON && *as_json(f, row))
		return bind_json(statement, column, *as_json(f, row));
	return sqlite3_bind_null(statement, column);
}

int fields_bind(const struct field *fields, const void *row,
	sqlite3_stmt *statement, int first)
{
	int rc = SQLITE_OK;

	for (const struct field *f = fields; f->name && !rc; f++)
		rc = field_bind(f, row, statement, first++);
	return rc;
}

static int field_read(
	const struct field *f, void *row, sqlite3_stmt *statement, int column)
{
	const char *text;

	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return SQLITE_OK;
	if (f->type == FIELD_INTEGER) {
		*as_integer(f, row) = sqlite3_column_int64(statement, column);
		return SQLITE_OK;
	}
	if (f->type == FIELD_REAL) {
		*as_real(f, row) = sqlite3_column_double(statement, column);
		return SQLITE_OK;
	}
	text = (const char *)sqlite3_column_text(statement, column);
	if (f->type == FIELD_TEXT) {
		field_text(as_text(f, row), text);
		return *as_text(f, row) ? SQLITE_OK : SQLITE_NOMEM;
	}
	json_decref(*as_json(f, row));
	*as_json(f, row) = json_loads(text ? text : "", JSON_DECODE_ANY, NULL);
	return *as_json(f, row) ? SQLITE_OK : SQLITE_CORRUPT;
}

int fields_read(const struct field *fields, void *row, sqlite3_stmt *statement,
	int first)
{
	int rc = SQLITE_OK;

	for (const struct field *f = fields; f->name && !rc; f++)
		rc = field_read(f, row, statement, first++);
	return rc;
}
