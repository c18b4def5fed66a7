/* SPDX-License-Identifier: MIT */
/* Where a run took place: what one must know to compare it with another. */
#ifndef SERVERLAB_CLIENT_ENVIRONMENT_H
#define SERVERLAB_CLIENT_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

struct clock;

struct environment {
	char kernel[128];	  /* "Linux 6.1.0 x86_64" */
	char cpu[128];		  /* the processor's name */
	char governor[32];	  /* of CPU 0; "" where there is none */
	char placement[128];	  /* the CPUs this process may run on, "0-1" */
	long cpus;		  /* online */
	char clock[32];		  /* what CLOCK_MONOTONIC counts: "tsc" */
	const char *clock_source; /* what times were read from: "tsc" or
				   * "monotonic" */
	double clock_read_ns;	  /* what reading that takes */
	uint64_t clock_correction_ns; /* see struct clock */
	bool virtual;		      /* a hypervisor is beneath */
};

/* `clock` is one that the run has used. */
void environment_get(struct environment *e, const struct clock *clock);

#endif
