/* SPDX-License-Identifier: MIT */
#include "servers/core/fd_queue.h"

#include <errno.h>
#include <stdlib.h>

int fd_queue_init(struct fd_queue *q, uint64_t size)
{
	*q = (struct fd_queue) {
		.size = size,
		.ring = calloc(size, sizeof(int)),
	};
	if (!q->ring)
		return -ENOMEM;
	pthread_mutex_init(&q->lock, NULL);
	sem_init(&q->filled, 0, 0);
	return 0;
}

void fd_queue_release(struct fd_queue *q)
{
	free(q->ring);
}

bool fd_queue_has_room(struct fd_queue *q)
{
	bool room;

	pthread_mutex_lock(&q->lock);
	room = q->put - q->taken < q->size;
	pthread_mutex_unlock(&q->lock);
	return room;
}

int fd_queue_length(struct fd_queue *q)
{
	int length = 0;

	sem_getvalue(&q->filled, &length);
	return length;
}

void fd_queue_put(struct fd_queue *q, int fd)
{
	pthread_mutex_lock(&q->lock);
	q->ring[q->put++ % q->size] = fd;
	pthread_mutex_unlock(&q->lock);
	sem_post(&q->filled);
}

/* A semaphore and not a condition: its wait ends early on a signal. */
int fd_queue_take(struct fd_queue *q, bool *was_full)
{
	int fd;

	if (sem_wait(&q->filled) < 0)
		return -errno;
	pthread_mutex_lock(&q->lock);
	*was_full = q->put - q->taken == q->size;
	fd = q->ring[q->taken++ % q->size];
	pthread_mutex_unlock(&q->lock);
	return fd;
}
