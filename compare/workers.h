/* SPDX-License-Identifier: MIT */
/*
 * What each worker of the server did in the measured window: the server keeps
 * its scoreboard in a file of ours (--scoreboard-fd), which is read at both
 * edges, so that the server notices nothing of it.
 */
#ifndef SERVERLAB_COMPARE_WORKERS_H
#define SERVERLAB_COMPARE_WORKERS_H

#include "compare/run.h"

#include <stdbool.h>

struct scoreboard;

/* The scoreboard in the file as it is now, for the caller to free. NULL where
 * none is kept there: other programs have none. */
struct scoreboard *workers_read(int fd);

/*
 * What happened between two such readings, as results/README.md describes
 * `server_window`. A new reference.
 *
 * A worker's connections are those that it had at the first reading and those
 * that it accepted after that.
 */
json_t *workers_between(
	const struct scoreboard *before, const struct scoreboard *after);

/* ---- of a sample ------------------------------------------------------------- */

/* [{"requests", ...}] for each worker that was there at the end of the window;
 * of a run that knows of no window, of the server's whole life. NULL where that
 * is not known. A borrowed reference. */
json_t *workers_of(const struct sample *s);
/* Whether that is of the window. */
bool workers_are_of_window(const struct sample *s);

/* How evenly that was spread over the workers, by Jain's index; NAN where not
 * all of them lived through the window. */
enum workers_share { SHARE_OF_CONNECTIONS, SHARE_OF_REQUESTS };
double workers_evenness(const struct sample *s, enum workers_share share);

/* Accepts that found nobody, for each connection that was accepted; NAN where
 * there was none. */
double workers_wasted(const struct sample *s);

#endif
