/* SPDX-License-Identifier: MIT */
/* What was asked for on the command line, checked and with defaults. */
#ifndef SERVERLAB_CLIENT_CONFIG_H
#define SERVERLAB_CLIENT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "client/arrivals.h"
#include "client/clock.h"
#include "common/net.h"
#include "common/options.h"

struct engine;
struct workload;

/* Addresses that connections are made from, in turn. */
struct sources {
	struct address first;
	unsigned count; /* 0: the kernel chooses */
};

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

/* Fills `config`, or ends the program as argp does: 0 after --help, 64 with
 * one line that says what is wrong. */
void config_parse(struct config *config, int argc, char **argv);
void config_release(struct config *config);

/* Connections that one source address is given: it has 28,000 ports. */
enum { SOURCES_EACH = 20000 };

/* For so many connections to a loopback server as the ports of one address
 * would not suffice for, several: the first is 127.0.0.1 + `skip`. Unchanged
 * where one is enough, or the server is elsewhere. */
void sources_spread(struct sources *sources, const struct address *server,
	uint64_t connections, unsigned skip);

/* The n-th source address, counted round. */
struct address sources_get(const struct sources *sources, uint64_t n);

#endif
