/* SPDX-License-Identifier: MIT */
/*
 * The crowd: connections beside the measured ones, to see what they cost those.
 *
 *   idle           is connected and silent
 *   slow readers   ask without pause and read a few bytes at a time
 *   slow writers   write their requests a byte at a time
 *
 * Helper processes look after them, as many as the limit on descriptors makes
 * necessary; they end with the client, whatever ends it. A member that the
 * server drops is counted and comes again, as soon as it knows.
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
	int error;	      /* the last that kept one out; 0: none did */
};

struct crowd;

/* Starts the helpers, before there are threads; *crowd stays NULL where no
 * crowd is asked for. `limit` is that on descriptors. 0 or -errno, said in the
 * log. */
int crowd_start(
	struct crowd **crowd, const struct config *config, uint64_t limit);

uint64_t crowd_helpers(const struct crowd *crowd);

/* Has each member been connected, or none for the time of the timeout? */
bool crowd_is_ready(struct crowd *crowd);

/* Ends the helpers and all their connections, fills the counts, frees. */
void crowd_stop(struct crowd *crowd, struct crowd_count counts[CROWD_KINDS]);

#endif
