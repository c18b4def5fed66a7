/* SPDX-License-Identifier: MIT */
/* What a sample says, from what the programs wrote and what was measured. */
#ifndef SERVERLAB_COMPARE_OUTCOME_H
#define SERVERLAB_COMPARE_OUTCOME_H

#include "compare/measure.h"
#include "compare/pace.h"
#include "compare/run.h"
#include "compare/text.h"

#include <sys/resource.h>

/* Makes the sample invalid. The first reason stays. Returns 0. */
int outcome_invalid(struct sample *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds a note that does not make it invalid. */
void outcome_note(struct sample *s, const char *note);

/*
 * How far the readings of the server's cost may be from the window of the client:
 * this share of it, and more than it takes to read. Farther apart, the sample is
 * disturbed, and from the greater share on its cost is not known.
 */
#define OUTCOME_EDGE_SHARE    0.02
#define OUTCOME_EDGE_LOST     0.2
#define OUTCOME_EDGE_LEAST_NS 1000000

/* The server's cost between two readings, if they are those of the window that
 * s->client tells. */
void outcome_usage(struct sample *s, const struct usage *before,
	const struct usage *after);

/*
 * Says in s->noise what disturbed the sample, by how much of the time of its
 * `cpus` CPUs went to other programs or to the host, and in s->noise_share how
 * much; or that the server's cost was read too early or too late. Never by what the sample shows: what is repeated for its value would
 * pull the figures to one side. After outcome_client().
 */
void outcome_noise(struct sample *s, const struct usage *before,
	const struct usage *after, unsigned cpus);

/* The same of CPUs that were slower or farther apart, before or after it, than
 * they can be; and how slow and far. */
void outcome_pace(struct sample *s, const struct pace_reading *before,
	const struct pace_reading *after);

/* A valid sample that was not known to be disturbed: says so if its CPUs were slow
 * or far apart beside what has become known since. Whether they were. */
bool outcome_look_back(struct sample *s, const struct pace_reading *best);

/*
 * Takes the figures out of s->client (serverlab.client/1); invalid when it is
 * missing or says so itself, for another reason than what the experiment
 * tolerates. 0, or -EINVAL when there is nothing in it.
 */
int outcome_client(struct sample *s, const struct texts *tolerate);

/*
 * What an experiment may tolerate: `unanswered` (no request is answered),
 * `rate` (it is missed), `timeout`, and the errors by which the client knows
 * that a connection is not made or broke. Wrong replies never.
 */
bool outcome_may_tolerate(const char *what);

/* Context switches per request: of the window where the same threads lived at
 * both its edges and were read there, else of the server's whole life. After outcome_client(). */
void outcome_switches(struct sample *s, const struct usage *before,
	const struct usage *after, const struct rusage *life);

/* Takes what counts out of s->server_window, or else of s->server
 * (serverlab.server/1), if there is one. */
void outcome_server(struct sample *s);

/*
 * Server and client must have counted the same requests: s->server against
 * s->client. Requests that were under way when the client gave up waiting may
 * or may not have been served after that.
 */
void outcome_agreement(struct sample *s);

#endif
