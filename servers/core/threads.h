/* SPDX-License-Identifier: MIT */
/*
 * The threads of a server whose main thread only accepts: one for each
 * connection, detached. As servers/core/children.h for processes.
 */
#ifndef SERVERLAB_CORE_THREADS_H
#define SERVERLAB_CORE_THREADS_H

#include <pthread.h>
#include <stddef.h>

struct server;
struct slot;
struct thread;

/* Those there are, so that they can be asked to end. */
struct threads {
	struct server *server;
	pthread_attr_t attr;  /* to create them with */
	pthread_mutex_t lock; /* of the members below */
	pthread_cond_t ended;
	unsigned count;	     /* also those that are still to begin */
	struct thread *list; /* those that have begun */
};

struct thread {
	struct threads *all;
	int fd;
	struct slot *slot;

	/* Theirs. */
	pthread_t id;
	struct thread *next, *prev;
};

/* NULL: out of memory. Main thread only, as all but begin and end. */
struct threads *threads_new(struct server *s, size_t stack);
/* A thread to be created for the accepted socket `fd`, with a slot to count in;
 * or NULL, after the socket was given up. */
struct thread *threads_add(struct threads *all, int fd);
/* It could not be created: gives up its socket, and frees it. */
void threads_abandon(struct thread *t, int error);

/* What a thread calls first, and last: `t` is freed. */
void threads_begin(struct thread *t);
void threads_end(struct thread *t);

/* Nudges all threads until they have ended; each cuts its connection at the
 * deadline by itself. Frees `all`, unless one does not listen even then: what
 * it holds counts as cut, and as open. */
void threads_drain(struct threads *all);

#endif
