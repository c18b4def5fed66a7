/* SPDX-License-Identifier: MIT */
/* What was asked for on the command line, checked and with defaults. */
#ifndef SERVERLAB_CLIENT_CONFIG_H
#define SERVERLAB_CLIENT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "client/arrivals.h"
#include "client/clock.h"
#include "client/sources.h"
#include "common/net.h"
#include "common/options.h"

struct engine;
struct workload;

/* A latency that a percentile shall stay below. */
struct objective {
	const char *text; /* NULL: none */
	double percent;	  /* 100: the maximum */
	uint64_t limit_ns;
};

struct config {
	const char *server_text, *workload_text, *source_text, *cpus_text;
	struct address server;
	const struct workload *workload;
	void *workload_options;
	const struct engine *engine;

	uint64_t connections, threads, pipeline;
	uint64_t duration_ns; /* UINT64_MAX: until `requests` are done */
	uint64_t requests;    /* UINT64_MAX: until `duration_ns` is over */
	uint64_t requests_per_connection; /* UINT64_MAX: no limit */
	uint64_t think_ns, warmup_ns, timeout_ns, interval_ns;
	uint64_t seed;
	bool open_loop;
	double rate; /* requests per second: the mean of the profile */
	struct profile profile;	    /* the warm-up included */
	const char *steps, *ramp;   /* as given, or NULL */
	struct objective objective; /* to search the rate for */
	bool busy_poll;
	enum clock_kind clock;
	bool counter; /* what it comes to here: the processor's own */
	enum arrivals_kind arrivals;
	struct sources sources;
	bool close_by_reset;
	double connect_rate; /* per second, at the beginning; 0: no limit */
	uint64_t idle, slow_readers, slow_writers; /* see crowd.h */
	struct cpu_list cpus;

	const char *json;	       /* a file, or "-" */
	const char *hgrm, *hlog, *csv; /* files, or NULL */
	int phase_fd;		       /* -1: none */
	bool quiet;
};

/* What thread `index` has of `total`: the first ones get what is left over. */
uint64_t config_share(
	const struct config *config, uint64_t total, uint64_t index);

/* Fills `config`, or ends the program as argp does: 0 after --help, 64 with
 * one line that says what is wrong. */
void config_parse(struct config *config, int argc, char **argv);
void config_release(struct config *config);

#endif
