/* SPDX-License-Identifier: MIT */
#include "servers/core/hub.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/handler.h"
#include "servers/core/conn.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/worker.h"

enum { HUB_SUBSCRIBERS = 16384 };

/* Who spoke: a connection has an address within a process. */
struct hub_speaker {
	const struct conn *conn;
	pid_t pid;
};

struct hub_header {
	struct hub_speaker from;
	uint32_t len;
};

/* A place among the subscribers. Each who takes it counts it up, so that a
 * word about who had it before does not hit the next. */
enum { HUB_FREE, HUB_JOINING, HUB_READY, HUB_STATES = 4 };

struct hub_subscriber {
	_Atomic unsigned state; /* one of the above, plus HUB_STATES * count */
	_Atomic bool told; /* and has not looked yet: no need to tell again */
};

/* Positions count all bytes ever said; a byte stands at position % HUB_RING. */
struct hub {
	pthread_mutex_t lock;  /* robust; of head, tail and ring */
	uint64_t head;	       /* where the next message will be */
	uint64_t tail;	       /* the oldest message that is still whole */
	pid_t owner;	       /* part of the sockets' names */
	int sender;	       /* a socket to tell subscribers with */
	_Atomic unsigned used; /* subscribers[] beyond it were never taken */
	struct hub_subscriber subscribers[HUB_SUBSCRIBERS];
	char ring[HUB_RING];
};

static int hub_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

struct hub *hub_new(void)
{
	struct hub *h = mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;

	if (h == MAP_FAILED)
		return NULL;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&h->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	h->owner = getpid();
	h->sender = hub_socket();
	if (h->sender < 0) {
		munmap(h, sizeof(*h));
		return NULL;
	}
	return h;
}

/* A holder that was killed may have left a message half-written; head was not
 * moved then, and the message does not exist. */
static void hub_lock(struct hub *h)
{
	if (pthread_mutex_lock(&h->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&h->lock);
}

static void hub_unlock(struct hub *h)
{
	pthread_mutex_unlock(&h->lock);
}

/* ---- the ring ---------------------------------------------------------- */

static void hub_copy_in(struct hub *h, uint64_t at, const void *from, size_t n)
{
	const size_t start = at % HUB_RING;
	const size_t first = n < HUB_RING - start ? n : HUB_RING - start;

	memcpy(h->ring + start, from, first);
	memcpy(h->ring, (const char *)from + first, n - first);
}

static void hub_copy_out(const struct hub *h, uint64_t at, void *to, size_t n)
{
	const size_t start = at % HUB_RING;
	const size_t first = n < HUB_RING - start ? n : HUB_RING - start;

	memcpy(to, h->ring + start, first);
	memcpy((char *)to + first, h->ring, n - first);
}

/* Gives up the oldest messages until `need` bytes are free. Lock held. */
static void hub_make_room(struct hub *h, size_t need)
{
	while (h->head + need - h->tail > HUB_RING) {
		struct hub_header oldest;

		hub_copy_out(h, h->tail, &oldest, sizeof(oldest));
		h->tail += sizeof(oldest) + oldest.len;
	}
}

/* The message at *at, and moves there on. Returns its length, 0 if there is
 * none yet, or -ENOBUFS if it is gone. */
static ssize_t hub_read(struct hub *h, uint64_t *at, struct hub_speaker *from,
	char text[HUB_MESSAGE_MAX])
{
	struct hub_header header = {.len = 0};
	ssize_t len = 0;

	hub_lock(h);
	if (*at < h->tail) {
		*at = h->head;
		len = -ENOBUFS;
	} else if (*at < h->head) {
		hub_copy_out(h, *at, &header, sizeof(header));
		hub_copy_out(h, *at + sizeof(header), text, header.len);
		*at += sizeof(header) + header.len;
		len = (ssize_t)header.len;
	}
	hub_unlock(h);
	*from = header.from;
	return len;
}

/* ---- subscribers ------------------------------------------------------- */

static socklen_t hub_name(
	const struct hub *h, unsigned index, struct sockaddr_un *name)
{
	int n;

	*name = (struct sockaddr_un) {.sun_family = AF_UNIX};
	/* An abstract name: its first byte is 0, and no file is made. */
	n = snprintf(name->sun_path + 1, sizeof(name->sun_path) - 1,
		"serverlab-hub-%d-%u", (int)h->owner, index);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)n);
}

static int hub_send(int fd, const struct sockaddr_un *name, socklen_t len)
{
	return sendto(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL,
		       (const struct sockaddr *)name, len) < 0
		       ? errno
		       : 0;
}

/* The kernel bounds how much one socket has under way to all receivers, some
 * 280 of them: another has a bound of its own, also once it is closed. */
static int hub_wake(const struct hub *h, unsigned index)
{
	struct sockaddr_un name;
	const socklen_t len = hub_name(h, index, &name);
	int fd, error = hub_send(h->sender, &name, len);

	if (error != EAGAIN)
		return error;
	fd = hub_socket();
	if (fd < 0)
		return error;
	error = hub_send(fd, &name, len);
	close(fd);
	return error;
}

/* There is something new for this one, unless it knows that already. */
static void hub_tell_one(struct hub *h, unsigned index)
{
	struct hub_subscriber *one = &h->subscribers[index];
	unsigned state = atomic_load(&one->state);
	int error;

	if (state % HUB_STATES != HUB_READY ||
		atomic_exchange(&one->told, true))
		return;
	error = hub_wake(h, index);
	if (error == ECONNREFUSED) /* it was killed */
		atomic_compare_exchange_strong(
			&one->state, &state, state - HUB_READY);
	else if (error) /* it may learn of it with the next message */
		atomic_store(&one->told, false);
}

void hub_say(
	struct hub *h, const struct conn *from, const void *text, size_t len)
{
	struct hub_header header = {.from = {from, getpid()}};
	const unsigned used = atomic_load(&h->used);

	header.len = len < HUB_MESSAGE_MAX ? (uint32_t)len : HUB_MESSAGE_MAX;
	hub_lock(h);
	hub_make_room(h, sizeof(header) + header.len);
	hub_copy_in(h, h->head, &header, sizeof(header));
	hub_copy_in(h, h->head + sizeof(header), text, header.len);
	h->head += sizeof(header) + header.len;
	hub_unlock(h);
	for (unsigned i = 0; i < used; i++)
		hub_tell_one(h, i);
}

/* Takes a free place; whoever had it is gone. */
static int hub_claim(struct hub *h)
{
	for (unsigned i = 0; i < HUB_SUBSCRIBERS; i++) {
		unsigned used = atomic_load(&h->used);
		unsigned state = atomic_load(&h->subscribers[i].state);

		if (state % HUB_STATES != HUB_FREE ||
			!atomic_compare_exchange_strong(
				&h->subscribers[i].state, &state,
				state + HUB_STATES + HUB_JOINING))
			continue;
		while (used <= i &&
			!atomic_compare_exchange_weak(&h->used, &used, i + 1))
			;
		return (int)i;
	}
	return -ENOBUFS;
}

/* Unless somebody has done so: who finds that this one is gone frees it. */
static void hub_set_state(struct worker *w, unsigned from, unsigned to)
{
	struct hub_subscriber *one = &w->server->hub->subscribers[w->hub_index];
	unsigned state = w->hub_life * HUB_STATES + from;

	atomic_compare_exchange_strong(
		&one->state, &state, w->hub_life * HUB_STATES + to);
}

/* What was said before is not for us. */
static void hub_skip(struct worker *w)
{
	struct hub *h = w->server->hub;

	hub_lock(h);
	w->hub_at = h->head;
	hub_unlock(h);
}

/* A socket with the subscriber's name, or -errno. */
static int hub_open(struct worker *w)
{
	struct sockaddr_un name;
	const socklen_t len = hub_name(w->server->hub, w->hub_index, &name);
	const int fd = hub_socket();
	int error;

	if (fd < 0 || !bind(fd, (struct sockaddr *)&name, len))
		return fd < 0 ? -errno : fd;
	error = -errno;
	close(fd);
	return error;
}

int hub_join(struct worker *w)
{
	struct hub *h = w->server->hub;
	int index, fd;

	if (!h)
		return 0;
	if (w->hub_fd >= 0) {
		hub_skip(w);
		return 0;
	}
	if (!w->hub_text)
		w->hub_text = malloc(HUB_MESSAGE_MAX);
	if (!w->hub_text)
		return -ENOMEM;
	index = hub_claim(h);
	if (index < 0)
		return index;
	w->hub_index = (unsigned)index;
	w->hub_life = h->subscribers[index].state / HUB_STATES;
	fd = hub_open(w);
	if (fd < 0) {
		hub_set_state(w, HUB_JOINING, HUB_FREE);
		return fd;
	}
	w->hub_fd = fd;
	atomic_store(&h->subscribers[index].told, false);
	hub_set_state(w, HUB_JOINING, HUB_READY);
	hub_skip(w);
	return 0;
}

void hub_leave(struct worker *w)
{
	free(w->hub_text);
	w->hub_text = NULL;
	if (w->hub_fd < 0)
		return;
	close(w->hub_fd);
	w->hub_fd = -1;
	hub_set_state(w, HUB_READY, HUB_FREE);
}

/* ---- hearing ----------------------------------------------------------- */

/* It has much that was not sent. Whether it does not read, only the socket can
 * tell: it waits until that was tried, and once more for word that there is
 * room again, see conn_sent(). */
static bool hub_must_wait(struct conn *c)
{
	if (c->finishing || !c->choked || (c->blocked && c->spared))
		return false;
	c->spared = true;
	return true;
}

static void hub_deliver(
	struct conn *c, const struct hub_speaker *from, size_t len)
{
	const struct worker *w = c->worker;

	if (c->finishing || !c->opened ||
		(from->conn == c && from->pid == getpid()))
		return;
	if (c->choked)
		conn_fail(c, "broadcast", ENOBUFS);
	else if (w->handler->heard)
		w->handler->heard(c, w->hub_text, len);
	else
		conn_write(c, w->hub_text, len);
}

/* All that fell behind are ended: what they missed is gone. */
static void hub_lost(struct worker *w)
{
	for (struct conn *c = w->conns; c; c = c->next) {
		if (c->away)
			continue; /* it will find out by itself */
		conn_fail(c, "broadcast", ENOBUFS);
		worker_queue(w, c);
	}
}

/* Who cannot hear the message of position `at` now will begin with it. */
static void hub_tell_all(struct worker *w, uint64_t at,
	const struct hub_speaker *from, size_t len)
{
	for (struct conn *c = w->conns; c; c = c->next) {
		const bool waits =
			!c->away && !c->behind_at && hub_must_wait(c);

		w->hub_waits |= waits;
		if ((c->away || waits) && !c->behind_at)
			c->behind_at = at + 1; /* 0 is: not behind */
		if (c->behind_at)
			continue;
		hub_deliver(c, from, len);
		worker_queue(w, c);
	}
}

/* Those that had to wait; some may have to once more. */
static void hub_hear_waiting(struct worker *w)
{
	if (!w->hub_waits)
		return;
	w->hub_waits = false;
	for (struct conn *c = w->conns; c; c = c->next) {
		if (c->away || !c->behind_at)
			continue;
		hub_catch_up(c);
		worker_queue(w, c);
	}
}

bool hub_told(const struct worker *w)
{
	return w->hub_fd >= 0 &&
	       atomic_load_explicit(
		       &w->server->hub->subscribers[w->hub_index].told,
		       memory_order_relaxed); /* else it is told next time */
}

void hub_hear(struct worker *w)
{
	struct hub *h = w->server->hub;
	struct hub_speaker from;
	ssize_t len = 1;
	char nothing[8];

	while (recv(w->hub_fd, nothing, sizeof(nothing), MSG_DONTWAIT) > 0)
		;
	/* Before looking: what is said from now on is told again. */
	atomic_store(&h->subscribers[w->hub_index].told, false);
	hub_hear_waiting(w);
	while (len && !w->hub_waits) {
		const uint64_t at = w->hub_at;

		len = hub_read(h, &w->hub_at, &from, w->hub_text);
		if (len < 0)
			hub_lost(w);
		else if (len)
			hub_tell_all(w, at, &from, (size_t)len);
	}
	if (w->hub_waits) /* after the sockets were tried */
		hub_tell_one(h, w->hub_index);
}

void hub_catch_up(struct conn *c)
{
	struct worker *w = c->worker;
	struct hub *h = w->server->hub;
	uint64_t at = c->behind_at - 1;

	c->behind_at = 0;
	while (at < w->hub_at) {
		const uint64_t missed = at;
		struct hub_speaker from;
		ssize_t len;

		if (hub_must_wait(c)) {
			c->behind_at = missed + 1;
			w->hub_waits = true;
			hub_tell_one(h, w->hub_index);
			return;
		}
		len = hub_read(h, &at, &from, w->hub_text);
		if (len < 0) {
			conn_fail(c, "broadcast", ENOBUFS);
			return;
		}
		hub_deliver(c, &from, (size_t)len);
	}
}

void conn_broadcast(struct conn *c, const void *buf, size_t len)
{
	struct hub *h = c->worker->server->hub;

	if (h && len)
		hub_say(h, c, buf, len);
}
