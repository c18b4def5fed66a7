/* SPDX-License-Identifier: MIT */
/*
 * A queue of connections on their way from one thread to another. A connection
 * is in one at most: they are linked by conn.model. All functions may be called
 * from any thread.
 */
#ifndef SERVERLAB_CORE_CONN_QUEUE_H
#define SERVERLAB_CORE_CONN_QUEUE_H

#include <pthread.h>
#include <stdbool.h>

struct conn;

struct conn_queue {
	pthread_mutex_t lock; /* of the members below */
	pthread_cond_t filled;
	struct conn *first, *last;
	bool closed; /* nothing more will come */
};

#define CONN_QUEUE_EMPTY                                                       \
	{                                                                      \
		.lock = PTHREAD_MUTEX_INITIALIZER,                             \
		.filled = PTHREAD_COND_INITIALIZER                             \
	}

/* Returns true if it was empty. */
bool conn_queue_put(struct conn_queue *q, struct conn *c);
/* Waits for the first; NULL when there is none and the queue is closed. */
struct conn *conn_queue_take(struct conn_queue *q);
/* Takes all that are in it, in their order, without waiting: c->model is the
 * next one. */
struct conn *conn_queue_take_all(struct conn_queue *q);
void conn_queue_close(struct conn_queue *q);

#endif
