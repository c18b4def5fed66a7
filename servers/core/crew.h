/* SPDX-License-Identifier: MIT */
/*
 * A crew: the workers of a pool, and the main thread that looks after them.
 *
 * Each worker has a seat. A process that dies is replaced in its seat within a
 * second, and the connections it held count as closed; one that dies again and
 * again before it ever served makes the server give up. On stop all are asked
 * to end, nudged, and, a second after the deadline, killed. Children die with
 * their parent, however it ends.
 */
#ifndef SERVERLAB_CORE_CREW_H
#define SERVERLAB_CORE_CREW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/options.h"

struct crew;
struct server;
struct slot;

enum crew_kind { CREW_THREAD, CREW_PROCESS };

/* Who accepts. */
enum crew_accept {
	CREW_SHARED,	/* each worker, on the server's one listener */
	CREW_REUSEPORT, /* each worker, on a listener of its own */
	CREW_IN_TURN,	/* the main thread, for one worker after the other */
	CREW_TO_IDLE,	/* the main thread, for a worker that has none */
	CREW_TO_QUEUE,	/* the main thread, for whom the model decides */
};

/* A worker's place. The worker may use the first part. */
struct seat {
	struct server *server;
	struct crew *crew;
	struct slot *slot;
	unsigned id;
	int listener; /* accept here; -1: connections come by the inbox */
	int inbox;    /* for accept_handed(), or -1 */
	int event;    /* readable when signals_stopping() may have changed */

	/* The crew's. */
	int outbox;
	pid_t pid;
	pthread_t thread;
	bool taken; /* a worker is, or will be, in it */
	bool running;
	bool leaving;	    /* asked to end, not to be replaced */
	_Atomic bool ended; /* a thread: its work() has returned */
	unsigned stillborn; /* deaths in a row before seat_ready() */
	uint64_t start_ns;  /* when to start the successor */
};

/* How a pool of processes follows the load: CREW_SPARE_OPTIONS describes it. */
struct crew_spare {
	uint64_t min, max; /* idle workers; min 0: a pool of a fixed size */
};

struct crew {
	/* To be filled in. */
	struct server *server;
	enum crew_kind kind;
	enum crew_accept accept;
	unsigned workers; /* at the start */
	/* The worker: serves until signals_stopping(). Calls seat_ready() once
	 * it can. Returns 0, also to be replaced by a fresh one, or -errno. */
	int (*work)(struct seat *seat);
	void *model; /* the model's own */
	int flags;   /* of accept4(), where the main thread accepts */
	/* CREW_TO_QUEUE: room for one more? and: take it; it is not counted
	 * as accepted yet. seat_idle() tells that there may be room again. */
	bool (*has_room)(struct crew *c);
	void (*put)(struct crew *c, int fd);
	struct crew_spare spare;

	/* The crew's. */
	struct seat *seats;
	unsigned size; /* seats there are */
	int event;     /* workers write here: ready, ended, idle */
	unsigned turn; /* the seat whose turn it is */
	unsigned spawn_rate;
	uint64_t adjust_ns; /* when the pool is looked at next */
	int held;	    /* accepted, but no inbox took it yet; or -1 */
	bool ready, failed;
	bool cutting; /* the time is over: we kill them ourselves */
};

enum { CREW_MOST = 1024 }; /* workers of a pool that follows the load */

#define CREW_SPARE_OPTIONS(owner, member)                                      \
	{                                                                      \
		.name = "min-spare",                                           \
		.type = OPTION_COUNT,                                          \
		.offset = offsetof(owner, member.min),                         \
		.preset = "0",                                                 \
		.max = CREW_MOST,                                              \
		.help = "keep so many idle, starting more; 0: a fixed pool",   \
	},                                                                     \
	{                                                                      \
		.name = "max-spare", .type = OPTION_COUNT,                     \
		.offset = offsetof(owner, member.max), .preset = "1024",       \
		.max = CREW_MOST, .help = "send idle ones home above it",      \
	}

/* For available(): 0, or -EINVAL. */
int crew_spare_check(const struct crew_spare *spare, char why[WHY_SIZE]);

/* Runs the server: starts the workers, says server_ready(), looks after them
 * until the end. 0, or -errno after saying why. Main thread only. */
int crew_run(struct crew *c);

/* For workers: I serve from now on; and: my hands are free (CREW_TO_IDLE). */
void seat_ready(struct seat *seat);
void seat_idle(struct seat *seat);

#endif
