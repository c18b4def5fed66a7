/* SPDX-License-Identifier: MIT */
/*
 * A worker without sockets, for tests of handlers and of the connection
 * object: it brings input and takes output as a server model does, cut as the
 * test asks, in time that passes when the test says so.
 */
#ifndef SERVERLAB_TESTS_UNIT_HARNESS_H
#define SERVERLAB_TESTS_UNIT_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/handler.h"
#include "servers/core/conn.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/worker.h"

struct harness {
	struct server server;
	struct worker worker;
	struct conn *conn;

	/* The peer. */
	const char *input; /* what it will still send */
	size_t input_len;
	bool eof;	 /* and then it shuts down its side */
	size_t in_step;	 /* sends at most so much at once; 0: all */
	size_t out_step; /* reads at most so much at once; 0: all */
	bool deaf;	 /* reads nothing */
	unsigned seed;	 /* of the random steps below the limits */
	bool asleep;	 /* pauses do not end by themselves */

	/* What came of it. */
	char *output;
	size_t output_len, output_size;
	size_t most_queued; /* the most output that ever waited */
	uint64_t paused_ns; /* in all pauses together */
	unsigned pauses;
};

/* A server of this handler with these options, high and low water at 64 and
 * 16 KiB, no timeouts, and one connection that is open already. */
void harness_init(
	struct harness *h, const struct handler *handler, const char *options);
/* The same in two steps: settings in h->server.config may change between. */
void harness_prepare(
	struct harness *h, const struct handler *handler, const char *options);
void harness_connect(struct harness *h);

/* Closes the connection if it is open; another may be made then. */
void harness_disconnect(struct harness *h);
/* The same, and frees everything. */
void harness_release(struct harness *h);
/* Closes the connection as a model does when conn_done(). */
void harness_close(struct harness *h);

/* Lets the peer send these bytes (kept by the caller until they are sent), and
 * runs until nothing more can happen. */
void harness_send(struct harness *h, const void *bytes, size_t len);
void harness_send_text(struct harness *h, const char *text);
/* The peer shuts down its side, once it has sent all; runs. */
void harness_send_eof(struct harness *h);
/* Runs until nothing more can happen. */
void harness_run(struct harness *h);
/* One step of it. False: nothing can happen. */
bool harness_step(struct harness *h);

/* What the peer has read since the last call, terminated; valid until the
 * next. */
const char *harness_output(struct harness *h, size_t *len);

uint64_t harness_requests(const struct harness *h);
uint64_t harness_errors(const struct harness *h, const char *name);

/*
 * The whole conversation: connect, send, half-close if `eof`, read all. It is
 * held with many cuts of input and output, all of which must bring the same
 * bytes, requests and end.
 */
struct conversation {
	const struct handler *handler;
	const char *options;
	const char *input;
	size_t input_len;
	bool eof;
	void (*tidy)(char *output); /* evens out what may differ: dates */
	/* Filled. */
	char *output; /* terminated; to be freed */
	size_t output_len;
	uint64_t requests;
	bool ended; /* by the server */
};
void converse(struct conversation *c);

/* A conversation of texts, which must bring this reply and so many requests. */
void assert_reply(const struct handler *handler, const char *options,
	const char *input, const char *reply, uint64_t requests);

#endif
