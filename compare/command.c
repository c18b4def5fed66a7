/* SPDX-License-Identifier: MIT */
#include "compare/command.h"

#include "common/log.h"
#include "common/options.h"

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
	if (access(db, F_OK)) {
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

int command_write_json(const struct run *run, const char *path)
{
	json_t *json = run_to_json(run);
	FILE *out = strcmp(path, "-") ? fopen(path, "we") : stdout;
	int rc = 0;

	if (!json || !out ||
		json_dumpf(json, out, FIELD_JSON_FLAGS | JSON_INDENT(1)))
		rc = -EIO;
	if (out && fputc('\n', out) == EOF)
		rc = -EIO;
	if (out && (out == stdout ? fflush(out) : fclose(out)))
		rc = -EIO;
	if (rc)
		log_warn("cannot write %s", path);
	json_decref(json);
	return rc;
}
