/* SPDX-License-Identifier: MIT */
#include "servers/core/settings.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/clock.h"
#include "common/flags.h"
#include "common/log.h"
#include "common/version.h"

const char *argp_program_version = "serverlab server " SERVERLAB_VERSION;

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
	KEY_SCOREBOARD_FD,
	KEY_USER,
	KEY_LIST_MODELS,
	KEY_LIST_HANDLERS,
	KEY_EXPLAIN,
	KEY_SERVE_STDIN,
};

static const struct argp_option settings_options[] = {
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
	{"scoreboard-fd", KEY_SCOREBOARD_FD, "N", 0,
		"Keep the workers' counters in this descriptor's file, for "
		"others to read meanwhile (servers/core/scoreboard.h)",
		0},
	{"verbose", 'v', 0, 0, "More on standard error; twice: much more", 0},
	{"list-models", KEY_LIST_MODELS, 0, 0, "All server models", 0},
	{"list-handlers", KEY_LIST_HANDLERS, 0, 0, "All handlers", 0},
	{"explain", KEY_EXPLAIN, "MODEL", 0,
		"What a model does, its system calls, costs and limits", 0},
	{"serve-stdin", KEY_SERVE_STDIN, "WHERE", OPTION_HIDDEN, "", 0},
	{0},
};

static const char settings_doc[] =
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

static const struct flag settings_flags[] = {
	FLAG('m', "--model", STRING, struct settings, server.model_spec),
	FLAG('H', "--handler", STRING, struct settings, server.handler_spec),
	FLAG('l', "--listen", STRING, struct settings, listen),
	FLAG(KEY_USER, "--user", STRING, struct settings, user),
	FLAG(KEY_STATS, "--stats", STRING, struct settings, stats_path),
	FLAG(KEY_EXPLAIN, "--explain", STRING, struct settings, explain),
	FLAG(KEY_SERVE_STDIN, "--serve-stdin", STRING, struct settings,
		serve_stdin),
	FLAG(KEY_READY_FD, "--ready-fd", DESCRIPTOR, struct settings,
		server.ready_fd),
	FLAG(KEY_SCOREBOARD_FD, "--scoreboard-fd", DESCRIPTOR, struct settings,
		scoreboard_fd),
	FLAG(KEY_BACKLOG, "--backlog", COUNT, struct settings,
		server.config.backlog, .min = 1, .max = INT32_MAX),
	FLAG(KEY_MAX_CONNECTIONS, "--max-connections", COUNT, struct settings,
		server.config.max_connections, .max = 1000000000),
	FLAG(KEY_OVERLOAD, "--overload", CHOICE, struct settings,
		server.config.overload, .choices = "queue,refuse"),
	FLAG(KEY_HIGH_WATER, "--high-water", SIZE, struct settings,
		server.config.high_water, .min = 1, .max = UINT32_MAX / 4),
	FLAG(KEY_LOW_WATER, "--low-water", SIZE, struct settings,
		server.config.low_water, .min = 1, .max = UINT32_MAX / 4),
	FLAG(KEY_IDLE_TIMEOUT, "--idle-timeout", TIME, struct settings,
		server.config.idle_timeout_ns),
	FLAG(KEY_REQUEST_TIMEOUT, "--request-timeout", TIME, struct settings,
		server.config.request_timeout_ns),
	FLAG(KEY_WRITE_TIMEOUT, "--write-timeout", TIME, struct settings,
		server.config.write_timeout_ns),
	FLAG(KEY_DRAIN_TIMEOUT, "--drain-timeout", TIME, struct settings,
		server.config.drain_timeout_ns),
	{0},
};

void settings_bad(const char *flag, const char *text, const char *allowed)
{
	log_warnx("%s '%s': %s", flag, text, allowed);
	exit(EX_USAGE);
}

static error_t settings_set_flag(struct settings *s, int key, const char *text)
{
	char why[WHY_SIZE];
	const int error = flags_set(settings_flags, key, text, s, why);

	if (error == -ENOENT)
		return ARGP_ERR_UNKNOWN;
	if (error) {
		log_warnx("%s", why);
		exit(EX_USAGE);
	}
	return 0;
}

static error_t settings_option(int key, char *text, struct argp_state *state)
{
	struct settings *s = state->input;

	switch (key) {
	case 'v':
		s->verbose++;
		return 0;
	case KEY_LIST_MODELS:
		s->list_models = true;
		return 0;
	case KEY_LIST_HANDLERS:
		s->list_handlers = true;
		return 0;
	case KEY_CPUS:
		if (parse_cpu_list(text, &s->server.config.cpus))
			settings_bad("--cpus", text,
				"must be a list of CPU numbers such as 0,2-3");
		return 0;
	case ARGP_KEY_ARG:
		settings_bad("argument", text,
			"is not expected; the address goes with --listen");
		return 0;
	default:
		return settings_set_flag(s, key, text);
	}
}

static void settings_check_marks(struct server_config *c)
{
	char text[32];

	if (!c->low_water)
		c->low_water = c->high_water / 4;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)c->low_water);
	if (c->low_water >= c->high_water)
		settings_bad("--low-water", text, "must be below --high-water");
}

void settings_parse(struct settings *s, int argc, char **argv)
{
	static const struct argp argp = {
		.options = settings_options,
		.parser = settings_option,
		.doc = settings_doc,
	};

	argp_err_exit_status = EX_USAGE;
	*s = (struct settings) {
		.listen = "127.0.0.1:7000",
		.server.model_spec = "epoll",
		.server.handler_spec = "echo",
		.server.ready_fd = -1,
		.scoreboard_fd = -1,
		.server.config.backlog = 4096,
		.server.config.drain_timeout_ns = 5 * NS_PER_S,
		.server.config.high_water = 65536,
	};
	argp_parse(&argp, argc, argv, 0, NULL, s);
	settings_check_marks(&s->server.config);
}
