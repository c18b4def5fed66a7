/* SPDX-License-Identifier: MIT */
/*
 * Locks between the workers of a pool, for whoever may accept next. Between
 * processes each frees itself when its holder is killed.
 */
#ifndef SERVERLAB_CORE_LOCK_H
#define SERVERLAB_CORE_LOCK_H

#include <pthread.h>

enum lock_kind {
	LOCK_NONE, /* not to be taken */
	LOCK_FCNTL,
	LOCK_FLOCK,
	LOCK_MUTEX,
	LOCK_THREADS, /* a mutex within one process */
};

struct lock {
	enum lock_kind kind;
	int fd; /* of the file, or -1 */
	pthread_mutex_t *mutex;
};

/* Before the first fork. 0 or -errno. */
int lock_init(struct lock *l, enum lock_kind kind);
void lock_release(struct lock *l);
/* In a new process: flock(2) locks belong to an open file, so each needs one
 * of its own. 0 or -errno. */
int lock_in_child(struct lock *l);
/* 0, or -EINTR when a signal came first (a mutex does not notice). */
int lock_take(struct lock *l);
void lock_give(struct lock *l);

#endif
