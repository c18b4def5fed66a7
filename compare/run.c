/* SPDX-License-Identifier: MIT */
#include "compare/run.h"

#include "common/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT(type, member)                                                     \
	{                                                                      \
#member, FIELD_TEXT, offsetof(type, member)                    \
	}
#define INTEGER(type, member)                                                  \
	{                                                                      \
#member, FIELD_INTEGER, offsetof(type, member)                 \
	}
#define REAL(type, member)                                                     \
	{                                                                      \
#member, FIELD_REAL, offsetof(type, member)                    \
	}
#define JSON(type, member)                                                     \
	{                                                                      \
#member, FIELD_JSON, offsetof(type, member)                    \
	}

const struct field run_fields[] = {
	TEXT(struct run, uuid),
	TEXT(struct run, title),
	TEXT(struct run, experiment),
	TEXT(struct run, definition),
	TEXT(struct run, command),
	TEXT(struct run, purpose),
	TEXT(struct run, counting),
	TEXT(struct run, started),
	TEXT(struct run, finished),
	TEXT(struct run, status),
	TEXT(struct run, baseline),
	TEXT(struct run, varied),
	TEXT(struct run, server_cpus),
	TEXT(struct run, client_cpus),
	INTEGER(struct run, shared_cpus),
	INTEGER(struct run, seed),
	INTEGER(struct run, rounds),
	INTEGER(struct run, duration_ns),
	INTEGER(struct run, warmup_ns),
	REAL(struct run, until),
	INTEGER(struct run, budget_ns),
	INTEGER(struct run, repeats),
	INTEGER(struct run, patience_ns),
	REAL(struct run, load_before),
	REAL(struct run, load_after),
	{0},
};

const struct field environment_fields[] = {
	TEXT(struct environment, kernel),
	TEXT(struct environment, machine),
	TEXT(struct environment, cpu),
	INTEGER(struct environment, cpus),
	INTEGER(struct environment, memory_bytes),
	TEXT(struct environment, governor),
	TEXT(struct environment, virtualization),
	TEXT(struct environment, compiler),
	TEXT(struct environment, flags),
	TEXT(struct environment, version),
	JSON(struct environment, limits),
	JSON(struct environment, sysctls),
	{0},
};

const struct field cell_fields[] = {
	INTEGER(struct cell, position),
	TEXT(struct cell, model),
	TEXT(struct cell, handler),
	TEXT(struct cell, workload),
	JSON(struct cell, point),
	JSON(struct cell, options),
	TEXT(struct cell, skipped),
	REAL(struct cell, ceiling),
	{0},
};

const struct field sample_fields[] = {
	INTEGER(struct sample, round),
	INTEGER(struct sample, place),
	INTEGER(struct sample, attempt),
	TEXT(struct sample, started),
	TEXT(struct sample, status),
	TEXT(struct sample, reason),
	TEXT(struct sample, note),
	TEXT(struct sample, noise),
	TEXT(struct sample, bounded_by),
	INTEGER(struct sample, window_ns),
	INTEGER(struct sample, requests),
	REAL(struct sample, requests_per_second),
	INTEGER(struct sample, p50_ns),
	INTEGER(struct sample, p90_ns),
	INTEGER(struct sample, p99_ns),
	INTEGER(struct sample, p99_9_ns),
	INTEGER(struct sample, max_ns),
	INTEGER(struct sample, connections_asked),
	INTEGER(struct sample, connections_served),
	REAL(struct sample, client_cpu_share),
	TEXT(struct sample, cpu_source),
	INTEGER(struct sample, cpu_ns),
	INTEGER(struct sample, user_ns),
	INTEGER(struct sample, system_ns),
	INTEGER(struct sample, voluntary_switches),
	INTEGER(struct sample, involuntary_switches),
	INTEGER(struct sample, switch_requests),
	INTEGER(struct sample, minor_faults),
	INTEGER(struct sample, major_faults),
	INTEGER(struct sample, processes),
	INTEGER(struct sample, threads),
	INTEGER(struct sample, rss_bytes),
	INTEGER(struct sample, pss_bytes),
	INTEGER(struct sample, idle_pss_bytes),
	INTEGER(struct sample, steal_ns),
	INTEGER(struct sample, foreign_ns),
	INTEGER(struct sample, listen_drops),
	INTEGER(struct sample, listen_overflows),
	REAL(struct sample, noise_share),
	REAL(struct sample, slowdown),
	REAL(struct sample, distance_ns),
	REAL(struct sample, load),
	INTEGER(struct sample, accept_again),
	INTEGER(struct sample, syscall_count),
	JSON(struct sample, syscalls),
	JSON(struct sample, client),
	JSON(struct sample, server),
	JSON(struct sample, inject),
	JSON(struct sample, server_window),
	{0},
};

struct run *run_new(void)
{
	struct run *run = calloc(1, sizeof(*run));

	if (run) {
		fields_init(run_fields, run);
		fields_init(environment_fields, &run->environment);
	}
	return run;
}

static void cell_release(struct cell *cell)
{
	for (size_t i = 0; i < cell->sample_count; i++)
		fields_release(sample_fields, &cell->samples[i]);
	free(cell->samples);
	fields_release(cell_fields, cell);
}

void run_free(struct run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < run->cell_count; i++)
		cell_release(&run->cells[i]);
	free(run->cells);
	fields_release(environment_fields, &run->environment);
	fields_release(run_fields, run);
	free(run);
}

struct cell *run_add_cell(struct run *run)
{
	struct cell *cells =
		realloc(run->cells, (run->cell_count + 1) * sizeof(*cells));
	struct cell *cell;

	if (!cells)
		return NULL;
	run->cells = cells;
	cell = &cells[run->cell_count++];
	memset(cell, 0, sizeof(*cell));
	fields_init(cell_fields, cell);
	return cell;
}

struct sample *cell_add_sample(struct cell *cell)
{
	struct sample *samples = realloc(
		cell->samples, (cell->sample_count + 1) * sizeof(*samples));

	if (!samples)
		return NULL;
	cell->samples = samples;
	fields_init(sample_fields, &samples[cell->sample_count]);
	return &samples[cell->sample_count++];
}

static bool sample_is(const struct sample *s, const char *status)
{
	return s->status && !strcmp(s->status, status);
}

bool sample_is_valid(const struct sample *s)
{
	return sample_is(s, "valid");
}

bool sample_is_invalid(const struct sample *s)
{
	return sample_is(s, "invalid");
}

bool sample_is_repeated(const struct sample *s)
{
	return sample_is(s, "repeated");
}

bool sample_is_counted(const struct sample *s)
{
	return sample_is(s, "counted");
}

void run_now(char **field)
{
	char text[32];
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	field_text(field, text);
}

static json_t *cell_to_json(const struct cell *cell)
{
	json_t *object = fields_to_json(cell_fields, cell);
	json_t *samples = json_array();

	for (size_t i = 0; i < cell->sample_count; i++)
		json_array_append_new(samples,
			fields_to_json(sample_fields, &cell->samples[i]));
	json_object_set_new(object, "samples", samples);
	return object;
}

json_t *run_to_json(const struct run *run)
{
	json_t *cells = json_array();

	for (size_t i = 0; i < run->cell_count; i++)
		json_array_append_new(cells, cell_to_json(&run->cells[i]));
	return json_pack("{s:s, s:o, s:o, s:o}", "schema", RUN_SCHEMA, "run",
		fields_to_json(run_fields, run), "environment",
		fields_to_json(environment_fields, &run->environment), "cells",
		cells);
}

/* Whether it is an object of texts, as a point is. */
static bool holds_texts(const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value)
	{
		if (!json_is_string(value))
			return false;
	}
	return json_is_object(object);
}

/* What no cell can do without: the name of what is missing, or NULL. */
static const char *missing_in(const struct cell *cell)
{
	for (size_t i = 0; i < cell->sample_count; i++)
		if (!cell->samples[i].status)
			return "status";
	return !cell->model			? "model"
	       : !cell->handler			? "handler"
	       : !cell->workload		? "workload"
	       : !holds_texts(cell->point)	? "point"
	       : !json_is_object(cell->options) ? "options"
						: NULL;
}

static int cell_from_json(
	struct cell *cell, const json_t *from, const char **bad)
{
	json_t *samples = json_object_get(from, "samples"), *one;
	int rc = fields_from_json(cell_fields, cell, from, bad);
	size_t i;

	json_array_foreach(samples, i, one)
	{
		struct sample *s = rc ? NULL : cell_add_sample(cell);

		if (!s)
			break;
		rc = fields_from_json(sample_fields, s, one, bad);
	}
	if (rc)
		return rc;
	*bad = missing_in(cell);
	return *bad ? -ENOENT : 0;
}

static int run_fill(struct run *run, const json_t *from, const char **bad)
{
	json_t *cells = json_object_get(from, "cells"), *one;
	int rc = fields_from_json(
		run_fields, run, json_object_get(from, "run"), bad);
	size_t i;

	if (!rc)
		rc = fields_from_json(environment_fields, &run->environment,
			json_object_get(from, "environment"), bad);
	json_array_foreach(cells, i, one)
	{
		struct cell *cell = rc ? NULL : run_add_cell(run);

		if (!cell)
			break;
		rc = cell_from_json(cell, one, bad);
	}
	return rc;
}

struct run *run_from_json(const json_t *from, char *why)
{
	const char *schema = json_string_value(json_object_get(from, "schema"));
	const char *bad = NULL;
	struct run *run;
	int rc;

	if (!schema || strcmp(schema, RUN_SCHEMA)) {
		snprintf(why, WHY_SIZE,
			"its schema is %s, and only %s can be read",
			schema ? schema : "not said", RUN_SCHEMA);
		return NULL;
	}
	run = run_new();
	rc = run ? run_fill(run, from, &bad) : 0;
	if (rc) {
		snprintf(why, WHY_SIZE, "\"%s\" %s", bad,
			rc == -ENOENT ? "is missing in a cell"
				      : "has the wrong type");
		run_free(run);
		return NULL;
	}
	if (!run || !run->uuid || !run->status || !run->cells) {
		snprintf(why, WHY_SIZE, "it holds no run");
		run_free(run);
		return NULL;
	}
	return run;
}
