/* SPDX-License-Identifier: MIT */
/*
 * A worker: a thread or process that serves connections, and what they share:
 * buffers, the list of connections, the clock of this turn, its scoreboard
 * slot. Used by its own thread only.
 */
#ifndef SERVERLAB_CORE_WORKER_H
#define SERVERLAB_CORE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "servers/core/buf.h"

struct conn;
struct handler;
struct server;
struct scoreboard;
struct slot;

struct worker {
	struct server *server;
	const struct handler *handler;
	struct scoreboard *board;
	struct slot *slot;

	struct conn *conns; /* all, newest first */
	unsigned open;	    /* how many */
	/* Connections to take a turn although no event names them. */
	struct conn *queue_head, *queue_tail;
	unsigned queue_len;

	struct buf_pool pool;
	char *scratch; /* received into, when nothing is kept */
	uint32_t scratch_size, scratch_max;

	bool timed;    /* timeouts are set: keep times */
	bool draining; /* the server is stopping */
	bool deferred; /* input is only kept; conn_continue() offers it */
	uint64_t now;  /* of this turn; refreshed by worker_tick() */

	int hub_fd;	    /* readable: hub_hear(); -1 without a hub */
	unsigned hub_index; /* of the subscriber */
	unsigned hub_life;  /* who it is at that index, of all ever there */
	uint64_t hub_at;    /* the next message to hear */
	char *hub_text;	    /* the message being heard */
	bool hub_waits;	    /* some connection is behind, see hub_hear() */

	void *model; /* the model's own */
};

/* Sizes of the receive buffer. A worker with many connections starts large;
 * one with a single connection starts small and grows if the peer sends much,
 * so that an idle thread is cheap. */
enum { WORKER_SMALL = 1024, WORKER_LARGE = 16384, WORKER_MAX = 65536 };

/* 0 or -ENOMEM. `slot` is claimed by the caller. */
int worker_init(struct worker *w, struct server *s, struct slot *slot,
	uint32_t scratch_size);
void worker_release(struct worker *w);

/* Reads the clock, if anything needs it. */
void worker_tick(struct worker *w);

/* Puts a connection at the end of the queue of turns, once. */
void worker_queue(struct worker *w, struct conn *c);
/* Takes the first of the queue, NULL if empty. */
struct conn *worker_unqueue(struct worker *w);
/* Takes a certain one out, wherever it is. */
void worker_forget(struct worker *w, struct conn *c);

#endif
