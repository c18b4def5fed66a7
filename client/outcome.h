/* SPDX-License-Identifier: MIT */
/* What a run has brought, and whether its figures may be used. */
#ifndef SERVERLAB_CLIENT_OUTCOME_H
#define SERVERLAB_CLIENT_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "client/clock.h"
#include "client/config.h"
#include "client/crowd.h"
#include "client/hdr.h"
#include "client/tally.h"

struct search;

struct interval {
	uint64_t start_ns, length_ns; /* from the window's beginning */
	uint64_t due;		      /* by the schedule; open loop */
	uint64_t sent, ok, failed;
	uint64_t live; /* fewest connections that were not down */
	uint64_t p50_ns, p99_ns, max_ns;
};

enum bound { BOUND_SERVER, BOUND_CLIENT, BOUND_RATE };

/* What a reason is about: its word in the JSON, for programs that judge by it. */
enum reason_kind {
	REASON_CONNECTIONS, /* not all were established, or many were down */
	REASON_CROWD,
	REASON_GAVE_UP,
	REASON_UNANSWERED,
	REASON_REPLIES,
	REASON_FAILED,
	REASON_MISCOUNTED,
	REASON_SATURATED,
	REASON_LATE,
	REASON_RATE,
	REASON_SEARCH, /* no rate was found */
	REASON_KINDS
};

extern const char *const reason_names[REASON_KINDS];

enum { OUTCOME_REASONS = 12, OUTCOME_REASON = 200 };

struct outcome {
	const struct config *config;
	struct tally window, warmup, drain; /* sums over all threads */
	uint64_t window_ns;		    /* its length */
	bool interrupted, gave_up;
	const struct search *search; /* or NULL */
	struct hdr_log log;	     /* written as intervals end */

	struct interval *intervals;
	uint64_t interval_count;

	uint64_t tried; /* connections, where each is a request */
	uint64_t established, minimum_live;
	struct clock clock; /* of the thread whose was corrected most */
	uint64_t in_flight_start, in_flight_stop, unsent;
	uint64_t due, overdue; /* in the window; before it, and not yet sent */
	uint64_t missing;      /* deliveries, at the very end */

	double cpu_seconds; /* of all threads, in the window */
	double cpu_share;   /* of a CPU, by the busiest thread */
	double busy_share;  /* with its waits for the CPU, without spinning */
	struct outcome_thread {
		double cpu_share, busy_share;
	} * threads; /* config->threads of them; NULL: nothing was measured */

	struct crowd_count crowd[CROWD_KINDS];
	uint64_t helpers; /* processes that held it */

	enum bound bounded_by;
	bool valid;
	unsigned reason_count;
	char reasons[OUTCOME_REASONS][OUTCOME_REASON];
	enum reason_kind reason_kinds[OUTCOME_REASONS];
};

/* scheduled = ok + failed + in flight + unsent: counted one by one here, and
 * compared with that sum by outcome_judge(). */
uint64_t outcome_scheduled(const struct outcome *o);

double outcome_rate(const struct outcome *o); /* answered per second */

/*
 * Deliveries of the window, where members hear each other: due, those under way
 * as it began included, and under way as it ended. due = heard + undelivered +
 * under way, again counted one by one.
 */
uint64_t outcome_due(const struct outcome *o);
uint64_t outcome_on_the_way(const struct outcome *o);
double outcome_delivery_rate(const struct outcome *o);

/* Latency histograms of the window, made from its parts: to be freed. */
struct histogram *outcome_raw(const struct outcome *o);
struct histogram *outcome_first_byte(const struct outcome *o);
/* Of all connections, those made before the window too. */
struct histogram *outcome_connect(const struct outcome *o);
/* The same as raw in a closed loop, where every send is the intended one. */
struct histogram *outcome_corrected(const struct outcome *o);

/* Sets bounded_by, valid and the reasons. */
void outcome_judge(struct outcome *o);

/* Is the sample large enough to speak of this percentile? */
bool outcome_supports(uint64_t count, double percent);

/* From zeroed memory, or from one that was released; keeps `log`. */
int outcome_init(struct outcome *o, const struct config *config);
void outcome_release(struct outcome *o);

#endif
