/* SPDX-License-Identifier: MIT */
/* Where our programs and experiments are: beside compare itself. */
#ifndef SERVERLAB_COMPARE_PROGRAMS_H
#define SERVERLAB_COMPARE_PROGRAMS_H

#include "compare/text.h"

enum { PROGRAM_PATH = 4096 };

struct programs {
	char server[PROGRAM_PATH], client[PROGRAM_PATH];
	char peers[PROGRAM_PATH]; /* the directory of limit and peer-NAME */
	char experiments[PROGRAM_PATH]; /* the directory, "" if none */
};

/* 0, or -errno after saying which one is missing. */
int programs_find(struct programs *p);

/* Adds what `server --list-models` or `--list-handlers` gives: each name, and
 * NAME:OPTION for each of its options. 0, or -errno after saying why not. */
int programs_list(
	const struct programs *p, const char *flag, struct texts *names);

/* Adds the names of the experiments that are there, in order. 0 or -ENOMEM. */
int programs_list_experiments(const struct programs *p, struct texts *names);

/*
 * A peer is another system's server, run as a model: `limit`, or `peer:NAME`.
 * Adds those that were built. 0 or -ENOMEM.
 */
int programs_list_peers(const struct programs *p, struct texts *names);
bool programs_is_peer(const char *model);
/* Its program: "DIR/limit" or "DIR/peer-NAME". Returns buf. */
const char *programs_peer(
	const struct programs *p, const char *model, char *buf, size_t size);

/* Whether the server says that the model exists: its name is in `names`, or
 * it is something to load or run. */
bool programs_know(const struct texts *names, const char *spec);

#endif
