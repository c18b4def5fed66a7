/* SPDX-License-Identifier: MIT */
/*
 * How often the processes of a control group enter the kernel, by the name of
 * the system call: the kernel's tracepoints, counted by perf_event_open(2).
 *
 * Counting costs each call some hundred nanoseconds, so it is done in samples
 * of their own whose times are not used. It needs the right to trace (root, or
 * CAP_PERFMON with a readable tracefs) and a control group that holds the
 * server and nothing else.
 */
#ifndef SERVERLAB_COMPARE_SYSCALLS_H
#define SERVERLAB_COMPARE_SYSCALLS_H

#include "common/options.h"
#include "compare/session.h"

#include <jansson.h>

struct syscalls {
	int *fds; /* for each name, one of each CPU; then those of all calls */
	size_t cpus, count;
};

/* Opens the counters, stopped at 0, on the CPUs that the group may use. 0, or
 * -errno with the reason in `why`. */
int syscalls_open(struct syscalls *s, const struct group *group,
	const struct cpu_list *cpus, char why[WHY_SIZE]);
/* Safe on a zeroed one. Takes a while: the kernel waits for all CPUs. */
void syscalls_close(struct syscalls *s);

void syscalls_reset(struct syscalls *s); /* to 0, while they are stopped */
void syscalls_start(struct syscalls *s);
void syscalls_stop(struct syscalls *s);

/*
 * The calls by name, those of none of the names as "other", most frequent
 * first; *total is their sum. A new object, NULL without memory.
 */
json_t *syscalls_read(const struct syscalls *s, int64_t *total);

#endif
