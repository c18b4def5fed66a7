/* SPDX-License-Identifier: MIT */
#include "compare/csv.h"

#include <string.h>

/* Quoted where it must be. */
static void print_value(const char *text, FILE *out)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* "recvfrom 100; sendto 100" */
static void print_counts(const json_t *counts, FILE *out)
{
	const char *name, *between = "";
	json_t *count;

	json_object_foreach((json_t *)counts, name, count)
	{
		fprintf(out, "%s%s %lld", between, name,
			(long long)json_integer_value(count));
		between = "; ";
	}
}

static void print_json_value(const json_t *value, FILE *out)
{
	if (json_is_string(value))
		print_value(json_string_value(value), out);
	else if (json_is_integer(value))
		fprintf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		fprintf(out, "%.17g", json_real_value(value));
	else if (json_is_object(value))
		print_counts(value, out);
}

/* What the programs wrote is no value, and what was counted by name is. */
static bool is_column(const struct field *f)
{
	return f->type != FIELD_JSON || !strcmp(f->name, "syscalls");
}

/* The columns that are one value each. */
static void print_names(const struct field *fields, FILE *out)
{
	for (const struct field *f = fields; f->name; f++)
		if (is_column(f))
			fprintf(out, ",%s", f->name);
}

static void print_row(const struct field *fields, const void *row, FILE *out)
{
	json_t *object = fields_to_json(fields, row);

	for (const struct field *f = fields; object && f->name; f++) {
		if (!is_column(f))
			continue;
		fputc(',', out);
		print_json_value(json_object_get(object, f->name), out);
	}
	json_decref(object);
}

static void print_point_names(const struct run *run, FILE *out)
{
	const char *name;
	json_t *value;

	if (run->cell_count)
		json_object_foreach(run->cells[0].point, name, value)
			fprintf(out, ",vary_%s", name);
}

static void print_point(const struct cell *cell, FILE *out)
{
	const char *name;
	json_t *value;

	json_object_foreach(cell->point, name, value)
	{
		fputc(',', out);
		print_json_value(value, out);
	}
}

int csv_print(const struct run *run, FILE *out)
{

	fputs("run", out);
	print_names(cell_fields, out);
	print_point_names(run, out);
	print_names(sample_fields, out);
	fputs("\r\n", out);
	for (size_t c = 0; c < run->cell_count; c++) {
		const struct cell *cell = &run->cells[c];

		for (size_t i = 0; i < cell->sample_count; i++) {
			print_value(run->uuid, out);
			print_row(cell_fields, cell, out);
			print_point(cell, out);
			print_row(sample_fields, &cell->samples[i], out);
			fputs("\r\n", out);
		}
	}
	return ferror(out) ? -1 : 0;
}
