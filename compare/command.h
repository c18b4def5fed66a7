/* SPDX-License-Identifier: MIT */
/* The subcommands. Each takes its own command line, argv[0] being its name,
 * and returns an exit status: 0, 1 when it failed, 64 for a usage error, 130
 * when the user stopped it. */
#ifndef SERVERLAB_COMPARE_COMMAND_H
#define SERVERLAB_COMPARE_COMMAND_H

#include "compare/figure.h"
#include "compare/run.h"
#include "compare/store.h"
#include "compare/text.h"

#include <stdint.h>

enum { EXIT_USAGE = 64 };

#define DEFAULT_DIRECTORY "results"
#define DEFAULT_DB	  DEFAULT_DIRECTORY "/results.db"
#define DEFAULT_REPORT	  DEFAULT_DIRECTORY "/report.html"

int cmd_run(int argc, char **argv);
int cmd_calibrate(int argc, char **argv);
int cmd_cpus(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_lesson(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_import(int argc, char **argv);

/* `compare run` with a command line. A run with a purpose is kept with that, and
 * with the words that ask for the same `again`; both may be NULL. An exit
 * status. */
int command_measure(
	int argc, char **argv, const char *purpose, const struct texts *again);

/*
 * The run that the user named: an id or `latest` in the database, or a file
 * that was exported. *id is its number, 0 if it comes from a file. NULL after
 * saying why.
 */
struct run *command_load(const char *db, const char *name, int64_t *id);

/* Reads an exported file. NULL after saying why. */
struct run *command_read_file(const char *path);

/* Prints all that is said of a run in a terminal. 0 or -ENOMEM. */
int command_show(const struct run *run, int64_t id, const struct style *style,
	FILE *out);

/* Writes a run as JSON to a file, "-" is standard output. 0, or -errno after
 * saying why. */
int command_write_json(const struct run *run, const char *path);

#endif
