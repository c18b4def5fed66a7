/* SPDX-License-Identifier: MIT */
/*
 * The processes of a server under measurement: all that are in the control group
 * of this run where one can be made (cgroup v2, usually as root), or else in the
 * session that the server leads. A process may leave the session, as a daemon
 * does, but not the group.
 */
#ifndef SERVERLAB_COMPARE_SESSION_H
#define SERVERLAB_COMPARE_SESSION_H

#include <stdint.h>
#include <sys/types.h>

/* A control group for the servers of this run. */
struct group {
	char path[512]; /* "" where none could be made */
	int procs;	/* its cgroup.procs, to be written; -1: none */
};

/* Also removes groups that killed runs left behind. */
void group_init(struct group *g);
void group_release(struct group *g);

/* What /proc/PID/stat says, in the units it uses. */
struct session_stat {
	char state; /* 'Z', 'X': it has ended */
	int session;
	uint64_t faults, major, ticks_user, ticks_system, dead_user,
		dead_system;
	uint64_t threads;
};

/* Calls `each` for every process. `leader` 0: there is no session. */
void session_each(const struct group *g, pid_t leader,
	void (*each)(pid_t pid, const struct session_stat *s, void *data),
	void *data);

/* Kills every process, and waits until all have ended. */
void session_kill(const struct group *g, pid_t leader);

#endif
