/* SPDX-License-Identifier: MIT */
/*
 * The parts of taking a sample (sampler.h): what is open meanwhile, how it is
 * waited for, the server's beginning, and the client's run with the window in
 * it. Only sampler.c and these parts include this.
 */
#ifndef SERVERLAB_COMPARE_TAKING_H
#define SERVERLAB_COMPARE_TAKING_H

#include "compare/child.h"
#include "compare/inject.h"
#include "compare/sampler.h"

#include <stdbool.h>

enum { TAKING_STOP_MS = 10000 }; /* for a server to end after SIGTERM */

/* All that is open while a sample is taken. */
struct taking {
	struct sampler *sampler;
	const struct cell *cell;
	struct sample *sample;
	struct child server, client;
	pid_t session;			 /* the server's, also after its end */
	int ready, phase;		 /* the ends that we read */
	int client_json, server_json;	 /* files in memory */
	int board;			 /* the server's scoreboard, another */
	struct scoreboard *board_before; /* as it was when the window began */
	char address[128];
	int port; /* of a program that was told it; 0: it tells us */
	struct usage before, after;
	bool whole; /* both edges were read */
	struct injection injection;
	bool may_end;	   /* what was done to the server may end it */
	uint64_t ended_ns; /* and so it did; 0: not seen */
};

/*
 * Waits until `fd` is readable. 0, -ETIMEDOUT, -EINTR when the user wants to
 * stop, or -ECHILD when the server or the client has ended and fd says
 * nothing. A server that is meant to end is no such news.
 */
int taking_wait(struct taking *t, int fd, uint64_t until_ns);

/* Reads one line. 0, -EPIPE at the end of the file, or as taking_wait(). */
int taking_line(
	struct taking *t, int fd, uint64_t until_ns, char *line, size_t size);

/* From now, on clock_ns(). */
uint64_t taking_in_ms(uint64_t ms);

/* Starts the server and waits until it is ready. 0, also where cell->skipped or
 * the sample's status says that it was not to be; -EINVAL after saying so where
 * its usage is wrong; or -errno. */
int taking_server(struct taking *t, struct cell *cell);

/* What its processes hold now; what cannot be read stays as it was. NULL: not
 * wanted. */
void taking_memory(struct taking *t, int64_t *rss, int64_t *pss);

/* Runs the client against it, and reads the server's cost at the edges of the
 * window. 0 whatever came of it, -EINTR, or -errno. */
int taking_client(struct taking *t);

#endif
