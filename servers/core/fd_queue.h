/* SPDX-License-Identifier: MIT */
/*
 * A bounded queue of accepted sockets between the thread that accepts and those
 * that serve. All functions may be called from any thread.
 */
#ifndef SERVERLAB_CORE_FD_QUEUE_H
#define SERVERLAB_CORE_FD_QUEUE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

struct fd_queue {
	pthread_mutex_t lock; /* of the ring */
	sem_t filled;	      /* counts what is in it */
	int *ring;
	uint64_t size, put, taken;
};

/* 0 or -ENOMEM. */
int fd_queue_init(struct fd_queue *q, uint64_t size);
void fd_queue_release(struct fd_queue *q);

bool fd_queue_has_room(struct fd_queue *q);
/* How many are in it just now. */
int fd_queue_length(struct fd_queue *q);
/* Only while there is room, and from one thread. */
void fd_queue_put(struct fd_queue *q, int fd);
/* Waits for one; *was_full: there was no room until now. The socket, or
 * -EINTR: a signal came first. */
int fd_queue_take(struct fd_queue *q, bool *was_full);

#endif
