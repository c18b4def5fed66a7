/* SPDX-License-Identifier: MIT */
/*
 * The crowd: connections beside the measured ones, to see what they cost those.
 *
 *   idle           is connected and silent
 *   slow readers   ask without pause and read a few bytes at a time
 *   slow writers   write their requests a byte at a time
 *
 * One thread looks after all of them. A member that the server drops is
 * counted and comes again.
 */
#ifndef SERVERLAB_CLIENT_CROWD_H
#define SERVERLAB_CLIENT_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "client/config.h"

enum crowd_kind { CROWD_IDLE, CROWD_READER, CROWD_WRITER, CROWD_KINDS };

extern const char *const crowd_names[CROWD_KINDS]; /* as in the JSON */

struct crowd_count {
	uint64_t asked;
	uint64_t established; /* members that were ever connected */
	uint64_t lost;	      /* times that the server dropped one */
};

struct crowd;

/* Starts the thread; *crowd stays NULL where no crowd is asked for. 0 or
 * -errno. */
int crowd_start(struct crowd **crowd, const struct config *config);

/* Has each member been connected, or tried for the time of the timeout? */
bool crowd_is_ready(const struct crowd *crowd);

/* Ends the thread and all its connections, fills the counts, frees. */
void crowd_stop(struct crowd *crowd, struct crowd_count counts[CROWD_KINDS]);

#endif
