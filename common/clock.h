/* SPDX-License-Identifier: MIT */
/* Time in nanoseconds. Only differences mean something. */
#ifndef SERVERLAB_COMMON_CLOCK_H
#define SERVERLAB_COMMON_CLOCK_H

#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

static inline uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static inline struct timespec clock_timespec(uint64_t ns)
{
	return (struct timespec) {
		.tv_sec = (time_t)(ns / NS_PER_S),
		.tv_nsec = (long)(ns % NS_PER_S),
	};
}

/* CPU time, of user and kernel together. */
static inline uint64_t clock_rusage_ns(const struct rusage *used)
{
	return (uint64_t)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) *
		       NS_PER_S +
	       (uint64_t)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) *
		       NS_PER_US;
}

#endif
