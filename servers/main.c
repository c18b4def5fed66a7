/* SPDX-License-Identifier: MIT */
/*
 * bin/server: one server model, one handler, one address.
 *
 * Reads the command line, binds the address, maps the scoreboard, and hands
 * over to the model's run(); writes the statistics when it comes back.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/handler.h"
#include "common/log.h"
#include "common/version.h"
#include "servers/core/hub.h"
#include "servers/core/program.h"
#include "servers/core/registry.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"
#include "servers/core/stats.h"

const char *argp_program_version = "serverlab server " SERVERLAB_VERSION;

struct settings {
	struct server server;
	const char *listen, *user, *stats_path;
	bool list_models, list_handlers;
	const char *explain;
	int verbose;
	const char *serve_stdin;
};

enum {
	KEY_CPUS = 256,
	KEY_BACKLOG,
	KEY_MAX_CONNECTIONS,
	KEY_OVERLOAD,
	KEY_IDLE_TIMEOUT,
	KEY_REQUEST_TIMEOUT,
	KEY_WRITE_TIMEOUT,
	KEY_DRAIN_TIMEOUT,
	KEY_HIGH_WATER,
	KEY_LOW_WATER,
	KEY_STATS,
	KEY_READY_FD,
	KEY_USER,
	KEY_LIST_MODELS,
	KEY_LIST_HANDLERS,
	KEY_EXPLAIN,
	KEY_SERVE_STDIN,
};

static const struct argp_option main_options[] = {
	{0, 0, 0, 0, "What it serves:", 1},
	{"model", 'm', "SPEC", 0,
		"Server model, NAME[:key=value,...] or a file with one, "
		"./NAME.so[:...] (default: epoll)",
		0},
	{"handler", 'H', "SPEC", 0,
		"Protocol, NAME[:key=value,...] or ./NAME.so[:...] (default: "
		"echo)",
		0},
	{"listen", 'l', "ADDR", 0,
		"HOST:PORT, [IPV6]:PORT, :PORT or unix:/path; port 0 takes a "
		"free one (default: 127.0.0.1:7000)",
		0},
	{"user", KEY_USER, "NAME", 0,
		"Become this user once the address is bound", 0},
	{"cpus", KEY_CPUS, "LIST", 0, "Run on these CPUs, e.g. 0,2-3", 0},

	{0, 0, 0, 0, "Limits:", 2},
	{"backlog", KEY_BACKLOG, "N", 0,
		"Connections that may wait to be accepted (default: 4096)", 0},
	{"max-connections", KEY_MAX_CONNECTIONS, "N", 0,
		"Connections at once (default: 0, no limit)", 0},
	{"overload", KEY_OVERLOAD, "queue|refuse", 0,
		"Above that, leave clients waiting, or close them at once "
		"(default: queue)",
		0},
	{"high-water", KEY_HIGH_WATER, "SIZE", 0,
		"Stop reading from a client that leaves so much unread "
		"(default: 64k)",
		0},
	{"low-water", KEY_LOW_WATER, "SIZE", 0,
		"and go on below this (default: a quarter of it)", 0},

	{0, 0, 0, 0, "Times (us, ms, s, m; 0 is never):", 3},
	{"idle-timeout", KEY_IDLE_TIMEOUT, "T", 0,
		"Close a connection without traffic (default: 0)", 0},
	{"request-timeout", KEY_REQUEST_TIMEOUT, "T", 0,
		"A whole request must arrive within it (default: 0)", 0},
	{"write-timeout", KEY_WRITE_TIMEOUT, "T", 0,
		"Close a connection that takes no output (default: 0)", 0},
	{"drain-timeout", KEY_DRAIN_TIMEOUT, "T", 0,
		"On SIGTERM or SIGINT, requests under way get so long "
		"(default: 5s)",
		0},

	{0, 0, 0, 0, "What it tells:", 4},
	{"stats", KEY_STATS, "FILE", 0,
		"At the end, write statistics as JSON ('-': standard output)",
		0},
	{"ready-fd", KEY_READY_FD, "N", 0,
		"Write the address to this descriptor once connections are "
		"served",
		0},
	{"verbose", 'v', 0, 0, "More on standard error; twice: much more", 0},
	{"list-models", KEY_LIST_MODELS, 0, 0, "All server models", 0},
	{"list-handlers", KEY_LIST_HANDLERS, 0, 0, "All handlers", 0},
	{"explain", KEY_EXPLAIN, "MODEL", 0,
		"What a model does, its system calls, costs and limits", 0},
	{"serve-stdin", KEY_SERVE_STDIN, "WHERE", OPTION_HIDDEN, "", 0},
	{0},
};

static const char main_doc[] =
	"Serves one protocol by one server model, so that models can be "
	"compared."
	"\v"
	"Try:\n"
	"  server -m blocking -H line       and talk to it: nc 127.0.0.1 7000\n"
	"  server -m epoll:trigger=edge -l :7000\n"
	"  server -m fork -l unix:/tmp/lab.sock --max-connections 100\n"
	"  server --explain thread\n"
	"\n"
	"Ctrl-C lets requests under way end; a second one ends it at once. Exit "
	"status: 0 stopped, 1 cannot serve, 64 usage, 69 the model is not "
	"available here.";

static void usage(const char *what, const char *value, const char *allowed)
{
	log_warnx("%s '%s': %s", what, value, allowed);
	exit(EX_USAGE);
}

static uint64_t main_time(const char *flag, const char *text)
{
	uint64_t ns;

	if (parse_time(text, &ns))
		usage(flag, text,
			"must be a time such as 250us, 2ms, 5s or "
			"1m; 0 is never");
	return ns;
}

static uint64_t main_count(
	const char *flag, const char *text, uint64_t min, uint64_t max)
{
	char allowed[80];
	uint64_t n;

	snprintf(allowed, sizeof(allowed), "must be a count from %llu to %llu",
		(unsigned long long)min, (unsigned long long)max);
	if (parse_count(text, &n) || n < min || n > max)
		usage(flag, text, allowed);
	return n;
}

static uint64_t main_size(const char *flag, const char *text)
{
	uint64_t n;

	if (parse_size(text, &n) || n < 1 || n > UINT32_MAX / 4)
		usage(flag, text, "must be a size from 1 to 1G, such as 64k");
	return n;
}

static error_t main_parse_limit(int key, char *text, struct server_config *c)
{
	switch (key) {
	case KEY_BACKLOG:
		c->backlog = (int)main_count("--backlog", text, 1, INT32_MAX);
		return 0;
	case KEY_MAX_CONNECTIONS:
		c->max_connections =
			main_count("--max-connections", text, 0, 1000000000);
		return 0;
	case KEY_OVERLOAD:
		if (strcmp(text, "queue") && strcmp(text, "refuse"))
			usage("--overload", text, "must be queue or refuse");
		c->overload = *text == 'q' ? OVERLOAD_QUEUE : OVERLOAD_REFUSE;
		return 0;
	case KEY_HIGH_WATER:
		c->high_water = main_size("--high-water", text);
		return 0;
	case KEY_LOW_WATER:
		c->low_water = main_size("--low-water", text);
		return 0;
	case KEY_IDLE_TIMEOUT:
		c->idle_timeout_ns = main_time("--idle-timeout", text);
		return 0;
	case KEY_REQUEST_TIMEOUT:
		c->request_timeout_ns = main_time("--request-timeout", text);
		return 0;
	case KEY_WRITE_TIMEOUT:
		c->write_timeout_ns = main_time("--write-timeout", text);
		return 0;
	case KEY_DRAIN_TIMEOUT:
		c->drain_timeout_ns = main_time("--drain-timeout", text);
		return 0;
	case KEY_CPUS:
		if (parse_cpu_list(text, &c->cpus))
			usage("--cpus", text,
				"must be a list of CPU numbers "
				"such as 0,2-3");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t main_parse(int key, char *text, struct argp_state *state)
{
	struct settings *s = state->input;

	switch (key) {
	case 'm':
		s->server.model_spec = text;
		return 0;
	case 'H':
		s->server.handler_spec = text;
		return 0;
	case 'l':
		s->listen = text;
		return 0;
	case 'v':
		s->verbose++;
		return 0;
	case KEY_USER:
		s->user = text;
		return 0;
	case KEY_STATS:
		s->stats_path = text;
		return 0;
	case KEY_READY_FD:
		s->server.ready_fd =
			(int)main_count("--ready-fd", text, 0, 1 << 20);
		if (fcntl(s->server.ready_fd, F_GETFD) < 0)
			usage("--ready-fd", text, "is not open");
		return 0;
	case KEY_LIST_MODELS:
		s->list_models = true;
		return 0;
	case KEY_LIST_HANDLERS:
		s->list_handlers = true;
		return 0;
	case KEY_SERVE_STDIN:
		s->serve_stdin = text;
		return 0;
	case KEY_EXPLAIN:
		s->explain = text;
		return 0;
	case ARGP_KEY_ARG:
		usage("argument", text,
			"is not expected; the address goes "
			"with --listen");
		return 0;
	}
	return main_parse_limit(key, text, &s->server.config);
}

static int main_bind(struct settings *s)
{
	struct server *server = &s->server;
	char why[WHY_SIZE], text[ADDRESS_TEXT];

	if (address_parse(&server->address, s->listen, why)) {
		log_warnx("%s", why);
		exit(EX_USAGE);
	}
	server->listener =
		net_listen(&server->address, server->config.backlog, 0);
	if (server->listener < 0) {
		errno = -server->listener;
		log_warn("cannot listen on %s",
			address_format(&server->address, text));
		return -1;
	}
	return net_local(server->listener, &server->address);
}

/* After binding: a low port may need root, serving does not. */
static int main_drop_privileges(const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (!user)
		usage("--user", name, "no such user");
	if (initgroups(name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
		setuid(user->pw_uid) < 0) {
		log_warn("cannot become user %s", name);
		return -1;
	}
	return 0;
}

/* Opened at the start, so that a bad name is told before the work is done. */
static FILE *main_open_stats(const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "we") : stdout;

	if (!file)
		log_warn("cannot write statistics to %s", path);
	return file;
}

static int main_close_stats(const struct settings *s, FILE *file)
{
	stats_write(&s->server, file);
	if (fflush(file) || ferror(file) || (file != stdout && fclose(file))) {
		log_warn("cannot write statistics to %s", s->stats_path);
		return -1;
	}
	return 0;
}

/* Finds model and handler by their specs, and sets the handler up. */
static int main_choose(struct server *s)
{
	struct handler_config setup = {0};
	char why[WHY_SIZE];

	if (registry_model(s, why) || registry_handler(s, why)) {
		log_warnx("%s", why);
		return EX_USAGE;
	}
	if (s->model->available && s->model->available(s, why)) {
		log_warnx("model %s is not available here: %s", s->model_spec,
			why);
		return EX_UNAVAILABLE;
	}
	setup.options = s->handler_options;
	return s->handler->setup && s->handler->setup(&setup) < 0 ? 1 : 0;
}

/* Returns an exit status. */
static int main_run(struct server *s)
{
	int error;

	if (s->handler->broadcasts) {
		s->hub = hub_new();
		if (!s->hub) {
			log_warn("no memory for broadcasts");
			return 1;
		}
		if (s->model->one_at_a_time)
			log_warnx("model %s serves one connection at a time: "
				  "nobody hears what it says",
				s->model_spec);
	}
	error = s->model->run(s);

	if (error != -ENOSYS)
		return error < 0;
	log_warnx("model %s is not available here: this kernel lacks a system "
		  "call that it needs",
		s->model_spec);
	return EX_UNAVAILABLE;
}

/* What servers/inetd.c runs: one connection, on standard input. */
static int main_serve_stdin(struct server *s, const char *where)
{
	int error, status = main_choose(s);

	if (status)
		return status;
	error = program_serve_stdin(s, where);
	if (error == -EINVAL)
		usage("--serve-stdin", where, "is for the model inetd only");
	if (error)
		log_warn("cannot serve standard input");
	return error < 0;
}

static int main_serve(struct settings *s)
{
	struct server *server = &s->server;
	FILE *stats = NULL;
	int status = main_choose(server);

	if (status)
		return status;
	net_raise_descriptor_limit();
	if (main_bind(s) < 0)
		return 1;
	if (s->stats_path && !(stats = main_open_stats(s->stats_path)))
		return 1;
	if (s->user && main_drop_privileges(s->user) < 0)
		return 1;
	if (server->config.cpus.count &&
		cpu_list_apply(&server->config.cpus) < 0) {
		log_warnx("--cpus: none of these CPUs is there");
		return 1;
	}
	server->board = board_new();
	if (!server->board || signals_init(server->config.drain_timeout_ns,
				      server->listener)) {
		log_warn("cannot start");
		return 1;
	}
	status = main_run(server);
	if (server->address.sa.any.sa_family == AF_UNIX)
		unlink(server->address.sa.un.sun_path);
	if (stats && main_close_stats(s, stats) < 0)
		status = 1;
	return status;
}

static void main_check_marks(struct server_config *c)
{
	char text[32];

	if (!c->low_water)
		c->low_water = c->high_water / 4;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)c->low_water);
	if (c->low_water >= c->high_water)
		usage("--low-water", text, "must be below --high-water");
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = main_options,
		.parser = main_parse,
		.doc = main_doc,
	};
	/* Static, so that what it points to is never lost. */
	static struct settings s = {
		.listen = "127.0.0.1:7000",
		.server =
			{
				.model_spec = "epoll",
				.handler_spec = "echo",
				.ready_fd = -1,
				.config =
					{
						.backlog = 4096,
						.drain_timeout_ns = 5000000000,
						.high_water = 65536,
					},
			},
	};

	argp_err_exit_status = EX_USAGE;
	log_init("server", LOG_WARN);
	argp_parse(&argp, argc, argv, 0, NULL, &s);
	log_init("server", s.verbose > 1 ? LOG_DEBUG
			   : s.verbose	 ? LOG_INFO
					 : LOG_WARN);
	main_check_marks(&s.server.config);
	if (s.list_models)
		return registry_list_models(stdout);
	if (s.list_handlers)
		return registry_list_handlers(stdout);
	if (s.explain)
		return registry_explain(s.explain, stdout);
	if (s.serve_stdin)
		return main_serve_stdin(&s.server, s.serve_stdin);
	return main_serve(&s);
}
