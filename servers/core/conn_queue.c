/* SPDX-License-Identifier: MIT */
#include "servers/core/conn_queue.h"

#include "servers/core/conn.h"

bool conn_queue_put(struct conn_queue *q, struct conn *c)
{
	bool empty;

	c->model = NULL;
	pthread_mutex_lock(&q->lock);
	empty = !q->first;
	if (empty)
		q->first = c;
	else
		q->last->model = c;
	q->last = c;
	pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->lock);
	return empty;
}

struct conn *conn_queue_take(struct conn_queue *q)
{
	struct conn *c;

	pthread_mutex_lock(&q->lock);
	while (!q->first && !q->closed)
		pthread_cond_wait(&q->filled, &q->lock);
	c = q->first;
	if (c)
		q->first = c->model;
	pthread_mutex_unlock(&q->lock);
	return c;
}

struct conn *conn_queue_take_all(struct conn_queue *q)
{
	struct conn *all;

	pthread_mutex_lock(&q->lock);
	all = q->first;
	q->first = NULL;
	pthread_mutex_unlock(&q->lock);
	return all;
}

void conn_queue_close(struct conn_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
}
