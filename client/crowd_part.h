/* SPDX-License-Identifier: MIT */
/*
 * A helper process of the crowd, and what it shares with its parent. It has as
 * many members as the limit on descriptors lets one process have, and ends with
 * the parent, whatever ends that.
 */
#ifndef SERVERLAB_CLIENT_CROWD_PART_H
#define SERVERLAB_CLIENT_CROWD_PART_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/config.h"
#include "client/crowd.h"

/* Descriptors that a helper has beside its connections, and some more. */
enum { CROWD_PART_SPARE = 8 };

struct crowd_part {
	/* The parent's, before the fork: members first..first + count - 1 of
	 * the whole crowd, kind after kind. */
	uint64_t first, count;
	uint64_t at_once; /* that may be connecting */
	struct sources sources;
	pid_t pid;

	/* The helper's. */
	struct {
		_Atomic uint64_t established; /* members that ever were */
		_Atomic uint64_t open, lost;
		_Atomic int error; /* the last that kept one out; 0: none */
	} counts[CROWD_KINDS];
};

/* Which kind the member of that number is. */
enum crowd_kind crowd_kind(const struct config *config, uint64_t number);

/* The helper: to be called in a child process. Does not return. It goes on
 * until `lifeline` is at its end or `parent` has died. */
_Noreturn void crowd_part_run(struct crowd_part *part,
	const struct config *config, int lifeline, pid_t parent);

#endif
