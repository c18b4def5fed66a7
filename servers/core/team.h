/* SPDX-License-Identifier: MIT */
/*
 * Threads beside a loop: each with a worker of its own to run handlers with.
 * They have no listener and no seat (that is a crew); the model gives them work
 * and tells them to end.
 */
#ifndef SERVERLAB_CORE_TEAM_H
#define SERVERLAB_CORE_TEAM_H

#include <stdint.h>

#include "common/options.h"

struct server;
struct team_member;
struct worker;

/* The options of a model that has a team and nothing else to choose. */
struct team_options {
	uint64_t workers;
};
extern const struct option_spec team_table[];

struct team {
	struct server *server;
	/* What each thread does, until it returns. */
	void (*run)(void *model, struct worker *own);
	void *model;

	/* The team's. */
	struct team_member *members;
	unsigned count;
};

/* Starts `threads` of them; fewer are not the end, none is. 0 or -errno after
 * saying why. */
int team_start(struct team *t, unsigned threads);
/* Waits until all have returned. */
void team_join(struct team *t);

#endif
