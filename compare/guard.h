/* SPDX-License-Identifier: MIT */
/*
 * A process that does what compare cannot when it is killed: the kernel kills
 * the server with it (PR_SET_PDEATHSIG), but not the server's children. The
 * guard holds the other end of a socket, sleeps, and when compare's end is
 * closed, however that comes, kills what is left and removes the control group.
 * It is in a session of its own, where no Ctrl-C reaches it.
 */
#ifndef SERVERLAB_COMPARE_GUARD_H
#define SERVERLAB_COMPARE_GUARD_H

#include "compare/session.h"

struct guard {
	pid_t pid;
	int to; /* what it is told; -1: there is none */
};

/* 0, or -errno. */
int guard_start(struct guard *g, const struct group *group);

/* From now on it would kill this session, and nothing else; 0: none. */
void guard_watch(const struct guard *g, pid_t session);

/* Ends it, and waits for it: nothing of the servers is left then. */
void guard_stop(struct guard *g);

#endif
