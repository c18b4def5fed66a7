/* SPDX-License-Identifier: MIT */
/*
 * A worker: one thread with its own share of connections, requests, arrivals
 * and counters. Workers share nothing that is written while they run, except
 * the few atomic words of struct run and struct worker.
 */
#ifndef SERVERLAB_CLIENT_WORKER_H
#define SERVERLAB_CLIENT_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/arrivals.h"
#include "client/clock.h"
#include "client/config.h"
#include "client/connection.h"
#include "client/tally.h"
#include "client/timers.h"

/* What the main thread tells the workers. UINT64_MAX: not known yet. */
struct run {
	const struct config *config;
	struct clock clock; /* calibrated: each worker begins with a copy */
	int wake_fd; /* eventfd: something has changed for the main thread */
	_Atomic uint64_t begin_ns; /* the first request may be sent */
	_Atomic uint64_t start_ns; /* the measured window begins */
	_Atomic uint64_t stop_ns;  /* it ends */
	_Atomic unsigned talking;  /* workers with requests under way */
};

/* A thread's own use of its CPU. */
struct worker_usage {
	uint64_t cpu_ns;
	uint64_t delay_ns; /* ready to run, but another had the CPU */
	uint64_t spun_ns;  /* of it, spent waiting without sleeping */
};

struct worker {
	struct run *run;
	unsigned index;
	pthread_t thread;
	int error;   /* -errno: it could not go on */
	int wake_fd; /* eventfd: look at struct run again */
	void *engine;
	struct clock clock;

	struct connection *connections;
	struct flight *flights; /* of all of them */
	char *states;		/* of the workload, of all of them */
	uint64_t connection_count;
	struct timers timers;
	struct connection *free_head, *free_tail; /* open and with room */
	_Atomic(struct connection *) mail;	  /* see worker_post() */

	struct arrivals arrivals;
	struct due due;	    /* in the window */
	uint64_t budget;    /* requests it may still begin */
	uint64_t in_flight; /* begun, and not ended */
	uint64_t tried;	    /* connections that have ever been begun */
	uint64_t down;	    /* of them, those that are now */
	uint64_t farewells; /* connections in that state */
	uint64_t random;
	uint64_t spun_ns; /* see struct worker_usage */
	bool begun;	  /* its first requests have been begun */

	enum stretch stretch;
	uint64_t edge_ns; /* the current tally ends */
	uint64_t scan_ns; /* next look for timeouts */
	uint64_t drain_end_ns;
	bool quiet; /* it is no longer among run->talking */
	struct tally_queue queue;
	struct tally *tally; /* the current one */

	/* Taken at the edges of the window; for the main thread once the
	 * worker has left it. */
	uint64_t in_flight_start, in_flight_stop, unsent;
	struct worker_usage usage_start, usage_stop;

	/* Progress, for the main thread. */
	_Atomic uint64_t attempted;   /* connections with a first result */
	_Atomic uint64_t established; /* connections that were ever open */
	_Atomic uint64_t finished_ns; /* its requests were all done; 0: no */
	_Atomic uint64_t place; /* the tally it is in, see worker_place() */
};

/* Orders tallies: all of a lower place have been handed over. */
static inline uint64_t worker_place(enum stretch stretch, uint64_t index)
{
	return ((uint64_t)stretch << 56) + index;
}

/* Share `index` of config->threads. 0 or -errno. */
int worker_init(struct worker *w, struct run *run, unsigned index);
void worker_release(struct worker *w);

void *worker_main(void *worker); /* the thread */
void worker_wake(struct worker *w);
void worker_woken(struct worker *w); /* for the engine: it has been seen */

/* ---- for connections ------------------------------------------------------ */

/* The time now. Moves on to the next tally where one is over, so whatever is
 * counted after it lands where it belongs. */
void worker_cross(struct worker *w, uint64_t now);

static inline uint64_t worker_now(struct worker *w)
{
	uint64_t now = clock_read(&w->clock);

	if (now >= w->edge_ns)
		worker_cross(w, now);
	return now;
}

/* May a request be begun now? Then it is counted as begun, and *intended_ns is
 * when it should have been. */
bool worker_take(struct worker *w, uint64_t now, uint64_t *intended_ns);

/* `count` requests have ended, well or not. */
void worker_landed(struct worker *w, uint64_t count);

/* True once nothing new is to be begun, ever. */
bool worker_is_over(const struct worker *w);

/* Any thread: this worker is to call connection_collect() soon. */
void worker_post(struct worker *w, struct connection *c);

/* Open, and with room for a request for which the time has not come. */
void worker_add_free(struct worker *w, struct connection *c);
void worker_remove_free(struct worker *w, struct connection *c);

#endif
