/* SPDX-License-Identifier: MIT */
/*
 * The hub: what conn_broadcast() says, for all connections of all workers.
 *
 * One ring of messages in memory that all threads and processes share, bounded:
 * who reads too slowly loses its place. Each worker that has connections is a
 * subscriber; it has a socket that becomes readable when there is something
 * new, named in the abstract namespace, so that workers find each other however
 * they came to be. A worker that was killed is forgotten when a message for it
 * is refused.
 */
#ifndef SERVERLAB_CORE_HUB_H
#define SERVERLAB_CORE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct conn;
struct hub;
struct worker;

enum {
	HUB_RING = 1 << 20,	     /* bytes of messages kept */
	HUB_MESSAGE_MAX = 32 * 1024, /* longer ones are cut */
};

/* Before the first fork. NULL with errno set. */
struct hub *hub_new(void);

/* Makes the worker a subscriber, if there is a hub: w->hub_fd becomes readable
 * when hub_hear() has something to do. Once more, with no connection, for a
 * new one that is not to hear what was said before. 0 or -errno. */
int hub_join(struct worker *w);
void hub_leave(struct worker *w);

/* Tells all connections but `from`. Any thread. */
void hub_say(
	struct hub *h, const struct conn *from, const void *text, size_t len);

/*
 * Delivers what is new to the worker's connections, each of which then waits
 * in the queue of turns. One that has more unsent than it may waits until its
 * socket was tried: then hub_fd is readable again. One that still has, or a
 * worker that has fallen behind by the whole ring, ends that connection, with
 * ENOBUFS. Those that are away hear it when they are back: hub_catch_up().
 */
void hub_hear(struct worker *w);
void hub_catch_up(struct conn *c);
/* hub_fd is likely to be readable; no system call. */
bool hub_told(const struct worker *w);

#endif
