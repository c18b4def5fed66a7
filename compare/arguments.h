/* SPDX-License-Identifier: MIT */
/*
 * The command lines of the server and of the client for a cell: for a sample,
 * and for the question whether the programs would take them at all.
 */
#ifndef SERVERLAB_COMPARE_ARGUMENTS_H
#define SERVERLAB_COMPARE_ARGUMENTS_H

#include "compare/plan.h"
#include "compare/programs.h"
#include "compare/run.h"

enum { ARGUMENTS_MOST = 96 };

/* Owned texts, at[count] is NULL. Zeroed is empty. What is too much is left
 * out, and `full` says so. */
struct arguments {
	char *at[ARGUMENTS_MOST + 1];
	size_t count;
	bool full;
};

void arguments_release(struct arguments *a);

struct server_call {
	const struct programs *programs;
	const struct plan *plan;
	const struct cell *cell;
	const char *listen; /* where to; of an external program its port */
	int port;
	int ready, stats, board; /* descriptors; -1: it is not told */
	bool trial; /* `listen` holds whatever address the cell wants */
};

/* Our own server, a peer, or an external program. 0, or -EINVAL for a command
 * that is none, -E2BIG. */
int arguments_of_server(struct arguments *a, const struct server_call *c);

struct client_call {
	const struct programs *programs;
	const struct plan *plan;
	const struct cell *cell;
	const char *address;
	uint64_t duration_ns;
	uint64_t seed;	 /* where the cell has none; 0: the client's own */
	int json, phase; /* descriptors; -1: it is not told */
};

/* 0 or -E2BIG. */
int arguments_of_client(struct arguments *a, const struct client_call *c);

#endif
