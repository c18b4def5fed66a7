/* SPDX-License-Identifier: MIT */
/*
 * Accepting: one policy for what accept4(2) can answer.
 *
 * Without room (--max-connections, or no descriptors or memory for a new
 * socket) live connections go on, nobody spins, and accepting goes on when
 * there is room again.
 */
#ifndef SERVERLAB_CORE_ACCEPT_H
#define SERVERLAB_CORE_ACCEPT_H

#include <stdbool.h>
#include <stdint.h>

struct server;
struct slot;

struct acceptor {
	struct server *server;
	struct slot *slot; /* counts what is accepted; NULL: the caller does */
	int listener;
	bool starved; /* the shortage has been told in the log */
	bool limited; /* by --max-connections, when last tried */
};

/*
 * One accept, never blocking. `flags` are those of accept4(), SOCK_CLOEXEC is
 * implied. Returns the socket, counted as accepted and entered, or
 *   -EAGAIN  nobody is waiting
 *   -EINTR   that one is gone or was refused: try again
 *   -EBUSY   no room: wait for a connection to end, or ACCEPT_RETRY_NS
 */
int accept_try(struct acceptor *a, int flags);

/*
 * The same for a worker of a pool, which waits in accept4() itself: after
 * accept_make_blocking() of its listener. Under --max-connections it holds the
 * socket until there is room.
 */
int accept_blocking(struct acceptor *a);
int accept_make_blocking(int listener); /* 0 or -errno */
/* After one of these gave -errno: waits, for room or a little, if trying again
 * at once would only fail again. */
void accept_rest(struct acceptor *a, int error);

/* --overload refuse: takes a connection and closes it, counted as refused.
 * -EINTR, -EAGAIN or -EBUSY as above. */
int accept_refuse(struct acceptor *a);

/* The same for an accept that the kernel has completed: with its `result`, the
 * socket or -errno. Not -EAGAIN. */
int accept_completed(struct acceptor *a, int result);

/* The next socket from an inbox (handoff.h): the main thread has accepted it,
 * and counted it as ours. One that finds no room here ends, and -EINTR is
 * returned; -EAGAIN: none waits; -EPIPE: nobody sends any more. */
int accept_handed(struct acceptor *a, int inbox, bool between_processes);

#define ACCEPT_RETRY_NS UINT64_C(20000000)

/*
 * The next connection, a blocking socket, for a model whose main thread does
 * nothing but accept. Returns the socket, -ECHILD when children have ended
 * (reap them and call again), or -ESHUTDOWN when the server is to stop.
 */
int accept_next(struct acceptor *a);

/* Gives up an accepted socket that could not be served: closes it and counts
 * why, as board_error(). */
void accept_abandon(struct server *s, struct slot *slot, int fd,
	const char *phase, int error);

#endif
