/* SPDX-License-Identifier: MIT */
/* The child processes of a server whose parent only accepts. */
#ifndef SERVERLAB_CORE_CHILDREN_H
#define SERVERLAB_CORE_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

struct scoreboard;
struct server;
struct slot;

struct children {
	struct scoreboard *board;
	struct child *list;
	unsigned count, size;
	bool cutting; /* the time is over: we kill them ourselves */
	/* How one is asked to stop, again and again until it has; NULL: by
	 * SIGTERM. */
	void (*ask)(pid_t pid);
};

void children_init(struct children *all, struct scoreboard *board);
/*
 * For a model that makes a child for each connection. Each counts in a slot of
 * its own, so that the connection is known to be lost when it dies:
 * children_limit() lets no more connections in than there are slots, and
 * children_claim() takes one. While all are taken it waits, for one that has
 * served and is about to end.
 */
void children_limit(struct server *s);
struct slot *children_claim(struct children *all);
/* A child that serves with `slot`. 0, or -ENOMEM after killing it. */
int children_add(struct children *all, pid_t pid, struct slot *slot);
/* Takes leave of all that have ended: their counts, their CPU time, and a word
 * in the log for those that crashed. */
void children_reap(struct children *all);
/* Asks all to stop, nudges them on, and kills what is left a moment after
 * signals_deadline(). Returns 0 when none is left; frees the list. */
int children_drain(struct children *all);

#endif
