/* SPDX-License-Identifier: MIT */
/*
 * What a server costs, seen from outside, over exactly one window: its usage is
 * read at both edges and subtracted.
 *
 * CPU time comes in nanoseconds from the clock of every live process
 * (clock_getcpuclockid(3), which counts ended threads too). Children that have
 * already been reaped are in no live clock, and /proc counts them in steps of
 * 10 ms; where a control group can be made (cgroup v2, usually as root) its
 * cpu.stat holds them to the microsecond, and is one file however many processes
 * there are. Either lags behind a thread that runs by a tick of the kernel at
 * most (1 to 10 ms), as the thread is charged at ticks and when it waits. Which
 * source it was is part of the result.
 *
 * Context switches are those of the live threads; where threads came or went
 * between the edges, or are too many to be read in time, they are unknown here,
 * and the caller takes wait4(2)'s for the server's whole life instead.
 */
#ifndef SERVERLAB_COMPARE_MEASURE_H
#define SERVERLAB_COMPARE_MEASURE_H

#include "common/options.h"
#include "compare/session.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct usage {
	uint64_t at_ns, until_ns; /* when the CPU time was read: from, to */
	uint64_t cpu_ns, user_ns, system_ns;
	uint64_t voluntary, involuntary, minor_faults, major_faults;
	uint64_t processes, threads;
	uint64_t thread_set; /* differs when other threads live */
	bool late;	     /* not all switches were read in time */
	bool from_group;
	/* the whole machine */
	uint64_t busy_ns, steal_ns, listen_drops, listen_overflows;
	double load;
	/* the CPUs of server and client alone */
	uint64_t here_busy_ns, here_steal_ns;
};

/* Reads the usage of the session that `leader` leads, and of the machine, of
 * which it has `cpus` together with its client. What is there for each thread
 * is given up after about budget_ns. 0, or -ESRCH when it has ended. */
int usage_read(const struct group *g, pid_t leader, const struct cpu_list *cpus,
	uint64_t budget_ns, struct usage *u);

struct memory {
	uint64_t rss_bytes;
	uint64_t pss_bytes; /* 0 when it would have taken too long */
};

/* Memory of the session, shared pages counted once in PSS. Takes at most
 * about budget_ns. 0, or -ESRCH. */
int memory_read(const struct group *g, pid_t leader, uint64_t budget_ns,
	struct memory *m);

#endif
