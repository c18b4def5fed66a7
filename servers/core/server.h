/* SPDX-License-Identifier: MIT */
/*
 * A server, and what a server model is.
 *
 * main() fills a struct server: options, handler, a bound listener, the
 * scoreboard. Then it calls the model's run(), which is the model: it accepts
 * connections and serves them until signals_stopping(), and returns 0.
 */
#ifndef SERVERLAB_CORE_SERVER_H
#define SERVERLAB_CORE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/handler.h"
#include "common/net.h"
#include "common/options.h"

struct hub;
struct scoreboard;
struct server;

struct server_model {
	const char *name;    /* as in --model NAME[:key=value,...] */
	const char *summary; /* one line, for --list-models */
	const struct option_spec
		*options;    /* ends with a nameless one; or NULL */
	size_t options_size; /* of the struct they fill */

	/* It serves one connection at a time: a broadcast reaches nobody. */
	bool one_at_a_time;

	/* Can it run on this machine, with these options? 0, or -errno with a
	 * sentence in `why`: the server then exits with EX_UNAVAILABLE, or with
	 * EX_USAGE after -EINVAL, options that can run nowhere. Optional. */
	int (*available)(const struct server *s, char why[WHY_SIZE]);

	/* Serves until signals_stopping(), then lets requests under way end
	 * until signals_deadline(). Calls server_ready() when connections are
	 * served. 0, or -errno after saying why in the log. */
	int (*run)(struct server *s);
};

enum server_overload { OVERLOAD_QUEUE, OVERLOAD_REFUSE };

struct server_config {
	uint64_t backlog;
	uint64_t max_connections; /* 0: as many as there are */
	enum server_overload overload;
	uint64_t idle_timeout_ns, request_timeout_ns, write_timeout_ns;
	uint64_t drain_timeout_ns;
	uint64_t high_water, low_water; /* bytes of output, per connection */
	struct cpu_list cpus;		/* workers are spread over them */
};

struct server {
	const struct server_model *model;
	const void *model_options; /* the model's options_size bytes */
	const struct handler *handler;
	const void *handler_options;
	const char *model_spec, *handler_spec; /* as they were given */

	struct server_config config;
	struct address address; /* as bound: a real port */
	int listener;		/* non-blocking */
	int ready_fd;		/* or -1 */
	int room_event;		/* an eventfd of who waits for room; 0: none */
	struct scoreboard *board;
	struct hub *hub; /* NULL: the handler does not broadcast */
};

/* Connections are served from now on: says so, on standard output and on
 * --ready-fd. Once. */
void server_ready(struct server *s);

/*
 * Asks for room for one more connection under --max-connections. True: there
 * is, and it is taken until server_leave(). After a false, the next that leaves
 * ends server_await_room(), which lasts ACCEPT_RETRY_NS at most and until a
 * signal comes, and makes room_event readable.
 */
bool server_enter(struct server *s);
void server_leave(struct server *s);
void server_await_room(struct server *s);
/* Lowers --max-connections to a model's own limit; 0 is none. */
void server_limit(struct server *s, uint64_t max);

#endif
