/* SPDX-License-Identifier: MIT */
/*
 * Takes one sample: a fresh server, one run of the client against it, and the
 * server's cost read at exactly the edges of the client's measured window,
 * which the client announces through a pipe.
 */
#ifndef SERVERLAB_COMPARE_SAMPLER_H
#define SERVERLAB_COMPARE_SAMPLER_H

#include "common/options.h"
#include "compare/guard.h"
#include "compare/measure.h"
#include "compare/pace.h"
#include "compare/plan.h"
#include "compare/programs.h"
#include "compare/run.h"
#include "compare/syscalls.h"

struct sampler {
	const struct programs *programs;
	const struct plan *plan;
	struct group group;
	struct guard guard;
	struct cpu_list server_cpus, client_cpus;
	struct cpu_list cpus; /* of both */
	struct pace pace;     /* theirs */
	uint64_t duration_ns; /* of a sample; the plan's */
	/* Open counters: the sample is for its system calls, which become
	 * `counted` samples. NULL: it is an ordinary one. */
	struct syscalls *counters;
	int stop_fd; /* readable once the user wants to stop; it is not read */
	void (*tick)(void *data); /* called a few times a second */
	void *tick_data;
};

/* The tick is left for the caller to set. 0, or -errno. */
int sampler_init(struct sampler *s, const struct plan *plan,
	const struct programs *programs, int stop_fd);
void sampler_release(struct sampler *s);

/*
 * Fills the sample, valid or invalid with a reason. It is disturbed also if its
 * CPUs were slow or far when the caller last looked (s->pace), or are so after it. When the server says that
 * it is not available here, cell->skipped is set instead. Returns 0, -EINTR
 * when stop_fd became readable (the sample is then worth nothing), -EINVAL after
 * saying so when the server refuses the spec as wrong, or -errno.
 * No process of the server is left in any case, also not when compare is killed;
 * where there is no control group, but for one that has left the session.
 */
int sampler_take(struct sampler *s, struct cell *cell, struct sample *sample);

#endif
