/* SPDX-License-Identifier: MIT */
/* The child processes of a server whose parent only accepts. */
#ifndef SERVERLAB_CORE_CHILDREN_H
#define SERVERLAB_CORE_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

struct scoreboard;
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
/* A child that serves with `slot`. 0, or -ENOMEM after killing it. */
int children_add(struct children *all, pid_t pid, struct slot *slot);
/* Takes leave of all that have ended: their counts, their CPU time, and a word
 * in the log for those that crashed. */
void children_reap(struct children *all);
/* Asks all to stop, nudges them on, and kills what is left a moment after
 * signals_deadline(). Returns 0 when none is left; frees the list. */
int children_drain(struct children *all);

#endif
