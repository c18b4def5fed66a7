/* SPDX-License-Identifier: MIT */
#include "compare/command.h"

#include "common/log.h"
#include "common/options.h"
#include "compare/analysis.h"
#include "compare/calibration.h"
#include "compare/lesson.h"
#include "compare/output.h"
#include "compare/saturation.h"
#include "compare/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct run *command_read_file(const char *path)
{
	char why[WHY_SIZE];
	json_error_t error;
	FILE *file = fopen(path, "re");
	struct run *run;
	json_t *json;

	if (!file) {
		log_warn("cannot open %s", path);
		return NULL;
	}
	json = json_loadf(file, 0, &error);
	fclose(file);
	if (!json) {
		log_warnx("%s: line %d: %s", path, error.line, error.text);
		return NULL;
	}
	run = run_from_json(json, why);
	if (!run)
		log_warnx("%s cannot be read: %s", path, why);
	json_decref(json);
	return run;
}

static bool is_file(const char *name)
{
	struct stat st;

	return strchr(name, '/') || (!stat(name, &st) && S_ISREG(st.st_mode));
}

struct run *command_load(const char *db, const char *name, int64_t *id)
{
	struct store store;
	struct run *run = NULL;

	*id = 0;
	if (is_file(name))
		return command_read_file(name);
	if (access(db, F_OK) && errno == ENOENT) {
		log_warnx("there are no results in %s yet: `compare run` makes "
			  "some",
			db);
		return NULL;
	}
	if (store_open(&store, db, false))
		return NULL;
	*id = store_find(&store, name);
	if (*id > 0)
		run = store_load(&store, *id);
	store_close(&store);
	return run;
}

static int print_json(const void *run, FILE *out)
{
	json_t *json = run_to_json(run);
	int rc = json ? json_dumpf(json, out, FIELD_JSON_FLAGS | JSON_INDENT(1))
		      : -1;

	json_decref(json);
	return rc || fputc('\n', out) == EOF;
}

int command_write_json(const struct run *run, const char *path)
{
	return output_write(path, print_json, run);
}

int command_show(
	const struct run *run, int64_t id, const struct style *style, FILE *out)
{
	struct analysis *a = analysis_new(run);

	if (!a)
		return -ENOMEM;
	table_print(a, id, style, out);
	lesson_print_expectations(run, style, out);
	lesson_print_fits(run, style, out);
	saturation_print(run, style, out);
	if (run->purpose && !strcmp(run->purpose, CALIBRATION))
		calibration_explain(run, style, out);
	analysis_free(a);
	return 0;
}
