/* SPDX-License-Identifier: MIT */
/*
 * What an experiment does to the server while it is under load: [inject].
 *
 *	what = freeze | terminate | kill     (SIGSTOP, SIGTERM, SIGKILL)
 *	to = server | worker
 *	at = 25%                             (of the window, or a time)
 *	for = 200ms                          (a freeze; the same)
 *	descriptors = 48                     (its limit on them, from its start)
 *
 * To freeze or kill the server takes all its processes; SIGTERM goes to the
 * first, as by an administrator. A worker is its child with the most CPU time,
 * so one that has connections; a server without children is its own worker,
 * as a thread that crashes takes its process with it.
 */
#ifndef SERVERLAB_COMPARE_INJECT_H
#define SERVERLAB_COMPARE_INJECT_H

#include "common/options.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum injection_kind { INJECT_NOTHING, INJECT_FREEZE, INJECT_TERM, INJECT_KILL };

struct injection {
	enum injection_kind kind;
	bool worker;
	uint64_t at_ns, for_ns;	   /* from the beginning of the window */
	unsigned long descriptors; /* 0: as many as we may have */
};

/* Whether [inject] has such a setting. 0, or -EINVAL with a sentence. */
int injection_check(const char *name, const char *value, char why[WHY_SIZE]);

/* From an object of such settings, which were checked; of NULL: nothing. */
void injection_read(
	struct injection *in, const json_t *settings, uint64_t window_ns);

/* Does it, to the server that `leader` leads. The process that the signal went
 * to, or -errno. */
pid_t injection_begin(const struct injection *in, pid_t leader);
/* A frozen server goes on. */
void injection_end(const struct injection *in, pid_t leader);

/* "terminate", for the record */
const char *injection_name(const struct injection *in);

#endif
