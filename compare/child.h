/* SPDX-License-Identifier: MIT */
/*
 * A program under measurement. It leads a session of its own, by which what it
 * starts is found (session.h), and the kernel kills it when compare dies, however
 * that happens. What is in its process group does not outlive it.
 */
#ifndef SERVERLAB_COMPARE_CHILD_H
#define SERVERLAB_COMPARE_CHILD_H

#include "common/options.h"

#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

struct child {
	pid_t pid;  /* 0: none */
	int pidfd;  /* readable once it has ended; -1: none */
	int errors; /* what it wrote to standard error, a file in memory */
	int status; /* as from waitpid(), once child_reap() succeeded */
	struct rusage usage; /* its own and that of the children it awaited */
};

struct child_setup {
	char *const *argv;	     /* argv[0] is a path or found in PATH */
	const struct cpu_list *cpus; /* NULL: wherever it likes */
	const int *keep;	     /* descriptors it inherits, ends with -1 */
	int group;		     /* a cgroup.procs to enter, or -1 */
	int output;		     /* its standard output, or -1: /dev/null */
	unsigned long descriptors;   /* its limit on them, 0: as we have */
};

/* 0, or -errno. A program that cannot be executed shows as one that ends with
 * status 127 and says why. */
int child_start(struct child *c, const struct child_setup *setup);

/* Takes its status when it has ended. 0, -EAGAIN when it still runs, or
 * -errno. */
int child_reap(struct child *c);

/* Waits until it has ended, at most timeout_ms. 0, -ETIMEDOUT or -errno. */
int child_wait(struct child *c, int timeout_ms);

/* Asks with SIGTERM, waits at most timeout_ms, then kills its process group.
 * 0 when it went by itself, -ETIMEDOUT when it had to be killed. */
int child_stop(struct child *c, int timeout_ms);

/* Kills it with its process group and frees everything. Safe on a zeroed one that
 * never was started. */
void child_release(struct child *c);

/* The last line it wrote to standard error, without the "program: " before it.
 * Returns buf, "" if there is none. */
const char *child_last_words(const struct child *c, char *buf, size_t size);

/* How it ended, for people: "exit status 1", "signal 11 (Segmentation
 * fault)". Returns buf. */
const char *child_end(const struct child *c, char *buf, size_t size);

#endif
