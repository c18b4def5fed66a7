/* SPDX-License-Identifier: MIT */
/*
 * What all readiness loops do alike: accept, turns of connections, deadlines,
 * draining. What is left for a model is its system interface: a function that
 * tells the kernel what to watch, and the loop itself:
 *
 *	while (loop_running(l)) {
 *		n = the system's wait(..., loop_timeout(l));
 *		for each descriptor that is ready
 *			loop_event(l, its watch, what it is ready for);
 *		loop_end_turn(l);
 *	}
 *
 * A loop is one thread; its connections never leave it.
 */
#ifndef SERVERLAB_CORE_LOOP_H
#define SERVERLAB_CORE_LOOP_H

#include <stdbool.h>
#include <time.h>

#include "servers/core/accept.h"
#include "servers/core/conn.h"
#include "servers/core/timers.h"
#include "servers/core/worker.h"

enum watch_kind { WATCH_CONN, WATCH_LISTENER, WATCH_SIGNAL };
enum watch_interest {
	WATCH_READ = 1,
	WATCH_WRITE = 2,
	WATCH_HANGUP = 4, /* reported, asked for or not: the peer is gone */
	WATCH_EOF = 8,	  /* an edge: its end stands behind what can be read */
};

struct loop {
	struct worker worker;
	struct timers timers;
	struct acceptor acceptor;
	struct watch listener, signal;
	uint64_t accept_ns;	/* not accepting until then; 0: accepting */
	struct conn *graveyard; /* dead ones, until the turn ends */
	struct timespec timeout;

	/* The model's part: fill it in before loop_init(). */
	void *model;
	/* Tells the kernel what to report of a descriptor from now on. The
	 * first time w->known is false; w->interest is what was asked for so
	 * far. 0, or -errno: the connection is then given up. */
	int (*watch)(struct loop *l, struct watch *w, unsigned interest);
	/* The descriptor is about to be closed. Optional. */
	void (*forget)(struct loop *l, struct watch *w);
	/* Readiness is reported once, when it begins. */
	bool edge;
};

/* Readies a loop around the server's listener. 0 or -errno, told. */
int loop_init(struct loop *l, struct server *s);
void loop_release(struct loop *l);

/* False when the server is to stop and all connections have ended. */
bool loop_running(struct loop *l);
/* How long the wait may take: NULL is for ever. */
const struct timespec *loop_timeout(struct loop *l);
/* A descriptor is ready for a set of watch_interest. Harmless for a watch that
 * died earlier in this turn. */
void loop_event(struct loop *l, struct watch *w, unsigned ready);
/* All events of one wait were delivered. */
void loop_end_turn(struct loop *l);

#endif
