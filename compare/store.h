/* SPDX-License-Identifier: MIT */
/*
 * The database of results: one SQLite file.
 *
 * Every call that writes commits before it returns, so a run that is killed at
 * any moment has lost no finished sample. Failures are logged with the file's
 * name and the reason.
 */
#ifndef SERVERLAB_COMPARE_STORE_H
#define SERVERLAB_COMPARE_STORE_H

#include "compare/run.h"
#include "compare/text.h"

#include <sqlite3.h>
#include <stdint.h>

struct store {
	sqlite3 *db;
	const char *path;
};

enum { STORE_VERSION = 6 }; /* PRAGMA user_version */

/* Opens, creates with its directory, and migrates. `create` false: an absent
 * file is an error. 0, or -errno after saying why. */
int store_open(struct store *s, const char *path, bool create);
void store_close(struct store *s);

/* Keeps the run and its cells, without samples. The new id, or -errno. */
int64_t store_add_run(struct store *s, const struct run *run);
/* Keeps one sample of the cell at `position`. 0, or -errno. */
int store_add_sample(struct store *s, int64_t run, int64_t position,
	const struct sample *sample);
/* Keeps what has changed: a sample's status and noise, a cell's reason to be
 * skipped, the run's end. */
int store_judge_sample(struct store *s, int64_t run, int64_t position,
	const struct sample *sample);
int store_skip_cell(
	struct store *s, int64_t run, int64_t position, const char *reason);
int store_finish_run(struct store *s, int64_t run, const struct run *now);

/* Keeps a whole run at once, as read from a file. The new id; the old one with
 * *known set if it is there already; or -errno. */
int64_t store_import(struct store *s, const struct run *run, bool *known);

/* "latest", a number, or a commit: the newest run made with it. The id, -ENOENT
 * after saying what there is, or -errno. */
int64_t store_find(struct store *s, const char *name);

/* The newest calibration before that run; 0 if there is none. */
int64_t store_find_calibration(struct store *s, int64_t before);

/* Reads a whole run. NULL after saying why. */
struct run *store_load(struct store *s, int64_t id);

/* Calls `each` for every run, oldest first. 0 or -errno. */
int store_each(struct store *s,
	void (*each)(int64_t id, const struct run *run, int64_t cells,
		int64_t samples, void *data),
	void *data);

#endif
