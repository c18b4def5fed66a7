/* SPDX-License-Identifier: MIT */
/* Where a run took place: what one must know to compare it with another. */
#ifndef SERVERLAB_CLIENT_ENVIRONMENT_H
#define SERVERLAB_CLIENT_ENVIRONMENT_H

#include <stdbool.h>

struct environment {
	char kernel[128];     /* "Linux 6.1.0 x86_64" */
	char cpu[128];	      /* the processor's name */
	char governor[32];    /* of CPU 0; "" where there is none */
	char placement[128];  /* the CPUs this process may run on, "0-1" */
	long cpus;	      /* online */
	char clock[32];	      /* what CLOCK_MONOTONIC counts: "tsc" */
	double clock_read_ns; /* what reading it takes */
	bool virtual;	      /* a hypervisor is beneath */
};

void environment_get(struct environment *e);

#endif
