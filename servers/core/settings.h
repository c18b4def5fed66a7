/* SPDX-License-Identifier: MIT */
/* The command line of bin/server. */
#ifndef SERVERLAB_CORE_SETTINGS_H
#define SERVERLAB_CORE_SETTINGS_H

#include <stdbool.h>

#include "servers/core/server.h"

struct settings {
	struct server server; /* its specs, its config and ready_fd */
	const char *listen, *user, *stats_path;
	int scoreboard_fd; /* where it is kept; -1: nowhere else */
	bool list_models, list_handlers;
	const char *explain;	 /* a model, or NULL */
	const char *serve_stdin; /* where, or NULL: see servers/inetd.c */
	int verbose;
};

/* Fills it from the command line, with the defaults for what is not there.
 * Prints the help, or what is wrong, and exits where that is asked for. */
void settings_parse(struct settings *s, int argc, char **argv);

/* Says that `flag` cannot be `text` and what is allowed; exits with EX_USAGE. */
_Noreturn void settings_bad(
	const char *flag, const char *text, const char *allowed);

#endif
