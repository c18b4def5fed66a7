/* SPDX-License-Identifier: MIT */
/*
 * A connection: when it is opened, what it sends next, what its replies were
 * and how long they took. It makes no system call for its data: the engine
 * reports what happened with the functions at the end.
 */
#ifndef SERVERLAB_CLIENT_CONNECTION_H
#define SERVERLAB_CLIENT_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "client/tally.h"
#include "client/timers.h"
#include "client/workload.h"

struct worker;

enum connection_state {
	CONNECTION_CLOSED,
	CONNECTION_CONNECTING,
	CONNECTION_OPEN,
	CONNECTION_FAREWELL, /* our side is shut down, the peer's close awaited */
};

/* A request under way. */
struct flight {
	struct slice request;
	uint64_t intended_ns, sent_ns;
};

struct connection {
	struct worker *worker;
	int fd; /* -1: none */
	enum connection_state state;
	unsigned generation; /* counts fds: tells a new one from the old */

	/* A ring of `pipeline` flights. Of the `outstanding` ones from `head`
	 * on, the first `written` are sent whole, and written_part bytes of
	 * the next. `handed` more are with the engine, which has yet to say
	 * how much of them is sent: `ahead` bytes at least, for what they
	 * belong to has been answered. */
	struct flight *flights;
	uint32_t head, outstanding, written, handed;
	size_t written_part, ahead;

	/* Flights behind those `outstanding`: sent on a connection that the
	 * server then closed, and to be sent again on this one. */
	uint32_t carried;

	uint64_t quota;	     /* requests it may still begin */
	uint64_t connect_ns; /* when connecting began */
	uint64_t first_ns;   /* first byte of the reply in progress; 0: none */
	uint64_t backoff_ns; /* wait after the next failure */
	struct session session;
	struct timer timer; /* reopening, or the end of thinking */

	bool attempted;	  /* the first connect() has ended either way */
	bool established; /* it has been open at least once */
	bool down;	  /* waits to be reopened after a failure */
	bool thinking;	  /* until its timer expires */
	bool retrying;	  /* to connect, which was refused for now */
	bool greeting;	  /* not yet welcome; its one flight is the greeting */
	int broken;	  /* errno of writing: only what came before is read */

	struct connection *free_next, *free_prev; /* the worker's free list */
	bool is_free;

	/* It may have been answered: see worker_post(). */
	struct connection *mail_next;
	_Atomic bool mailed;

	struct connection *engine_next; /* for the engine */
	bool engine_listed, engine_sending;
};

/* Begins what can be begun now: to connect, to send. Call it whenever
 * something may have changed for this connection. */
void connection_next(struct connection *c, uint64_t now);

/* Its timer has expired. */
void connection_wake(struct connection *c, uint64_t now);

/* Fails it if it has waited longer than the timeout. */
void connection_check_timeout(struct connection *c, uint64_t now);

/* Takes what others say they have heard; see workload.h. */
void connection_collect(struct connection *c, uint64_t now);

/* For struct workload: any thread may call it. */
void connection_mail(struct session *s);

/* Says farewell where the workload has no replies: shuts down our side, so
 * that the server's close tells that it has read all. */
void connection_farewell(struct connection *c);
void connection_close(struct connection *c);

/* ---- what the engine asks and reports ----------------------------------- */

/* What there is to write, in at most `max` pieces; returns their number. */
int connection_output(
	const struct connection *c, struct iovec *pieces, int max);

/* So many of these pieces are being sent; connection_written() follows. Only
 * for an engine that may learn of a reply before it learns that. */
void connection_handed(struct connection *c, int pieces);

void connection_connected(struct connection *c);
void connection_written(struct connection *c, size_t len);
void connection_input(struct connection *c, const char *buf, size_t len);
void connection_eof(struct connection *c);
void connection_error(struct connection *c, enum error_phase phase, int error);

#endif
