/* SPDX-License-Identifier: MIT */
/*
 * A run, as it is kept: what was asked, where, and what every sample said.
 *
 *	run -- environment
 *	 `-- cell (a model at one point of what is varied)
 *	      `-- sample (one round of it: one fresh server, one client)
 *
 * Times are nanoseconds. results/README.md says what each column means.
 */
#ifndef SERVERLAB_COMPARE_RUN_H
#define SERVERLAB_COMPARE_RUN_H

#include "compare/fields.h"

#include <stdbool.h>

#define RUN_SCHEMA "serverlab.compare/1"

struct sample {
	int64_t round, place; /* place: its turn within the round */
	int64_t attempt;      /* from 1: another one follows a noisy one */
	char *started;	      /* UTC, ISO 8601 */
	char *status;	      /* "valid"; "invalid"; "repeated": noisy, and
			       * another attempt stands in its place; "counted":
			       * for its system calls alone */
	char *reason;	      /* why it is invalid; one sentence */
	char *note;	      /* what a reader should know besides */
	char *noise;	      /* what disturbed it; NULL: nothing did */
	char *bounded_by;     /* "server", "client" or "rate" */
	int64_t window_ns, requests;
	double requests_per_second;
	int64_t p50_ns, p90_ns, p99_ns, p99_9_ns, max_ns;
	int64_t connections_asked, connections_served;
	double client_cpu_share;
	/* the server's process tree, over the same window */
	char *cpu_source; /* "cgroup" or "processes" */
	int64_t cpu_ns, user_ns, system_ns;
	int64_t voluntary_switches, involuntary_switches;
	int64_t switch_requests; /* the requests that the switches go with */
	int64_t minor_faults, major_faults;
	int64_t processes, threads;
	int64_t rss_bytes, pss_bytes, idle_pss_bytes;
	/* the machine, over the same window */
	int64_t steal_ns, foreign_ns, listen_drops, listen_overflows;
	double noise_share;	      /* of its CPUs' time that others had */
	double slowdown, distance_ns; /* of its CPUs, see compare/pace.h */
	double work_ns; /* the same; kept in memory only, to look back at */
	double load;
	int64_t accept_again;	 /* accepts that found nobody waiting */
	int64_t syscall_count;	 /* of a counted sample's window */
	json_t *syscalls;	 /* the same by name, most frequent first */
	json_t *client, *server; /* the programs' own words */
	/* what the server's workers did within the window, where that was read
	 * from its scoreboard (compare/workers.h) */
	json_t *server_window;
	json_t *inject; /* what was done to the server; NULL: nothing */
};

struct cell {
	int64_t position;
	char *model, *handler, *workload;
	json_t *point;	 /* object: what is varied, and its value, as text */
	json_t *options; /* object: client and server options of this cell */
	char *skipped;	 /* why it could not be measured; NULL if it was */
	double ceiling;	 /* requests per second that the client can do */
	struct sample *samples;
	size_t sample_count;
};

struct environment {
	char *kernel, *machine, *cpu, *governor, *virtualization;
	int64_t cpus, memory_bytes;
	char *compiler, *flags, *version; /* version: with the commit */
	json_t *limits, *sysctls;
};

struct run {
	char *uuid, *title, *experiment, *definition, *command;
	char *purpose;	/* "calibration", or NULL: a comparison */
	char *counting; /* why no system calls were counted; NULL: they were,
			 * or nobody asked */
	char *started, *finished, *status; /* running, complete, interrupted */
	char *baseline, *varied;
	char *server_cpus, *client_cpus;
	int64_t shared_cpus, seed, rounds, duration_ns, warmup_ns;
	double until;	     /* rounds go on until intervals are so narrow */
	int64_t budget_ns;   /* ... or so much time is spent */
	int64_t repeats;     /* of a noisy sample, at most */
	int64_t patience_ns; /* with CPUs that are not at their best */
	double load_before, load_after;
	struct environment environment;
	struct cell *cells;
	size_t cell_count;
};

extern const struct field run_fields[], environment_fields[], cell_fields[],
	sample_fields[];

struct run *run_new(void); /* all absent; NULL without memory */
void run_free(struct run *run);
/* New last elements, all absent. They move when the next is added. NULL
 * without memory. */
struct cell *run_add_cell(struct run *run);
struct sample *cell_add_sample(struct cell *cell);

bool sample_is_valid(const struct sample *s);
bool sample_is_invalid(const struct sample *s);
bool sample_is_repeated(const struct sample *s);
bool sample_is_counted(const struct sample *s);

/* The whole run as an object of RUN_SCHEMA; NULL without memory. */
json_t *run_to_json(const struct run *run);
/* NULL with a sentence in `why` (WHY_SIZE). */
struct run *run_from_json(const json_t *from, char *why);

/* Now, in UTC: "2026-11-28T03:10:00Z". */
void run_now(char **field);

#endif
