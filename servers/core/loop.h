/* SPDX-License-Identifier: MIT */
/*
 * What all readiness loops do alike: accept, turns of connections, deadlines,
 * draining. What is left for a model is its system interface: a function that
 * tells the kernel what to watch, and the loop itself. loops_run() calls that,
 * once in each worker, and it goes
 *
 *	l->watch = ...; l->model = ...;
 *	error = loop_begin(l);
 *	while (loop_running(l)) {
 *		n = the system's wait(..., loop_timeout(l));
 *		for each descriptor that is ready
 *			loop_event(l, its watch, what it is ready for);
 *		loop_end_turn(l);
 *	}
 *	loop_end(l);
 *
 * A loop is one thread; its connections never leave it.
 */
#ifndef SERVERLAB_CORE_LOOP_H
#define SERVERLAB_CORE_LOOP_H

#include <stdbool.h>
#include <time.h>

#include "common/options.h"
#include "servers/core/accept.h"
#include "servers/core/conn.h"
#include "servers/core/crew.h"
#include "servers/core/timers.h"
#include "servers/core/worker.h"

enum watch_kind {
	WATCH_CONN,
	WATCH_LISTENER,
	WATCH_INBOX,
	WATCH_EVENT,
	WATCH_NOTICE,
	WATCH_HUB
};
enum watch_interest {
	WATCH_READ = 1,
	WATCH_WRITE = 2,
	WATCH_HANGUP = 4, /* reported, asked for or not: the peer is gone */
	WATCH_EOF = 8,	  /* an edge: recv may stop short of its end, or more */
};

struct loop {
	struct worker worker;
	struct timers timers;
	struct acceptor acceptor;
	struct seat *seat; /* NULL: the only loop, in the main thread */
	struct watch listener, inbox, event, hub;
	uint64_t accept_ns;	/* not accepting until then; 0: accepting */
	bool crowd;		/* more may wait, and no edge will tell */
	unsigned accepts_full;	/* turns that accepted all that they might */
	struct conn *graveyard; /* dead ones, until the turn ends */
	struct timespec timeout;

	bool awake;	/* worker.now is of this turn */
	bool late;	/* the time to stop is over: what is not away is cut */
	bool copies;	/* another process may have its sockets open */
	bool exclusive; /* accept=exclusive: wake one worker, not all */

	/* The model's part: fill it in before loop_begin(). */
	void *model;
	/* Tells the kernel what to report of a descriptor from now on. The
	 * first time w->known is false; w->interest is what was asked for so
	 * far. With interest 0 in a listener nothing is reported of it, not
	 * even that it was shut down. 0, or -errno: the connection then fails,
	 * with that error if it has not yet with another. */
	int (*watch)(struct loop *l, struct watch *w, unsigned interest);
	/* The descriptor is about to be closed. Optional. */
	void (*forget)(struct loop *l, struct watch *w);
	/* Readiness is reported once, when it begins: of connections, and of
	 * the listener. */
	bool edge, edge_listener;
	/*
	 * Optional, together: a model that has the kernel move the bytes.
	 * send() begins to send the output; c->blocked until it has. watch()
	 * begins to receive (c->receiving), and stop() asks for its end. What
	 * completes goes to the connection, and then to loop_settle(). A
	 * connection with c->in_flight is not freed.
	 */
	void (*send)(struct loop *l, struct conn *c);
	void (*stop)(struct loop *l, struct conn *c);
	/* Optional, with edge: a turn of a connection that reads and writes for
	 * itself. It has just been made, something is ready (c->dry, c->blocked
	 * and c->eof_seen tell), its time is over, others have had their turn,
	 * or the server is stopping. False: it is to be closed, as it must be
	 * after a failure. */
	bool (*turn)(struct loop *l, struct conn *c);
	/* Optional, with worker.deferred: another thread is to offer the kept
	 * input, by conn_continue() with c->worker set to its own worker. Until
	 * loop_back() the loop keeps off the connection. */
	void (*offload)(struct loop *l, struct conn *c);
	/* Optional, with offload: the time to stop is over. Gives back a
	 * connection that is away, to be cut; NULL: those that still are come
	 * back by themselves. */
	struct conn *(*recall)(struct loop *l);
	/* Optional: a descriptor of the model's, and what to do when it is
	 * readable. */
	struct watch notice;
	void (*on_notice)(struct loop *l);
	/* Optional: a signal has come (signals.h), or the time event_ns, if it
	 * is not 0. */
	void (*on_event)(struct loop *l);
	uint64_t event_ns;
};

/* Watches the listener or the inbox, and says that this worker is ready. 0, or
 * -errno after saying why. */
int loop_begin(struct loop *l);
void loop_end(struct loop *l);

/* False when the server is to stop and all connections have ended. */
bool loop_running(struct loop *l);
/* How long the wait may take: NULL is for ever. */
const struct timespec *loop_timeout(struct loop *l);
/* A descriptor is ready for a set of watch_interest. Harmless for a watch that
 * died earlier in this turn. */
void loop_event(struct loop *l, struct watch *w, unsigned ready);
/* Time went by in the wait: loop_event() sees to it, too. */
void loop_wake(struct loop *l);
/* All events of one wait were delivered. */
void loop_end_turn(struct loop *l);
/* The part of it that is not turns of connections. */
void loop_keep_house(struct loop *l);

/* After something happened to a connection: sends what there is to send, sees
 * what it waits for next, or closes it. */
void loop_settle(struct loop *l, struct conn *c);
/* An accept has completed, as accept_completed(). */
void loop_accepted(struct loop *l, int result);

/* For models whose threads share a loop: the connection that is ready is
 * marked as away and returned; NULL if the event was none of a connection, and
 * is dealt with. */
struct conn *loop_take(struct loop *l, struct watch *w, unsigned ready);
/* The same with the first of the queue of turns. */
struct conn *loop_take_queued(struct loop *l);
/* A turn of a connection that is away, by the thread of `own`: reads, runs the
 * handler, sends. Returns what it is still ready for. */
unsigned loop_serve_away(struct conn *c, unsigned ready, struct worker *own);
/* A connection that was away is back, and still ready for a set of
 * watch_interest. In the loop's thread, or under its lock: then what is to be
 * read is left to its next turn, so that no handler runs here. True: if the
 * loop sleeps, it sleeps too long now and must be woken; so it must where the
 * queue of turns is not empty. */
bool loop_back(struct loop *l, struct conn *c, unsigned ready);

/* The watch_interest that the events of poll(2) stand for: POLLIN and so on;
 * those of epoll(7) are the same bits. */
unsigned loop_meaning(unsigned events);

/* The loop of servers/epoll.c, for models built over it: fill in edge, and
 * what else is wanted, before. */
int epoll_loop(struct loop *l);
/* Its watch(), for a loop whose model points to an epoll descriptor. */
int epoll_watch(struct loop *l, struct watch *w, unsigned interest);

/* ---- one loop, or several ---------------------------------------------- */

enum loops_accept {
	LOOPS_SHARED,
	LOOPS_EXCLUSIVE,
	LOOPS_REUSEPORT,
	LOOPS_DISPATCH,
};

/* The options of a loop model, or the first of them: loops_table describes them
 * where there are no others, LOOPS_OPTIONS where there are. */
struct loops_options {
	uint64_t workers;
	int kind;   /* enum crew_kind */
	int accept; /* enum loops_accept */
};

#define LOOPS_OPTIONS(owner, member)                                           \
	{                                                                      \
		.name = "workers",                                             \
		.type = OPTION_COUNT,                                          \
		.offset = offsetof(owner, member.workers),                     \
		.preset = "1",                                                 \
		.min = 1,                                                      \
		.max = 1024,                                                   \
		.help = "loops, each with connections of its own",             \
	},                                                                     \
		{                                                              \
			.name = "kind",                                        \
			.type = OPTION_CHOICE,                                 \
			.offset = offsetof(owner, member.kind),                \
			.choices = "thread,process",                           \
			.preset = "thread",                                    \
			.help = "what a loop runs in",                         \
		},                                                             \
	{                                                                      \
		.name = "accept", .type = OPTION_CHOICE,                       \
		.offset = offsetof(owner, member.accept),                      \
		.choices = "shared,exclusive,reuseport,dispatch",              \
		.preset = "shared",                                            \
		.help = "who accepts: all woken, one woken, each by itself, "  \
			"or the main thread for all in turn",                  \
	}

/* Runs `body` in as many workers as asked for: alone in the main thread, or as
 * a crew. 0, or -errno after saying why. */
int loops_run(struct server *s, const struct loops_options *options,
	int (*body)(struct loop *l));

extern const struct option_spec loops_table[];

/* An available() for models whose system interface cannot help
 * accept=exclusive. */
int loops_no_exclusive(const struct server *s, char why[WHY_SIZE]);

#endif
