/* SPDX-License-Identifier: MIT */
#include "client/config.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/engine.h"
#include "client/search.h"
#include "client/workload.h"
#include "common/clock.h"
#include "common/flags.h"
#include "common/version.h"

const char *argp_program_version = "serverlab client " SERVERLAB_VERSION;

enum config_key {
	KEY_REQUESTS_PER_CONNECTION = 256,
	KEY_THINK,
	KEY_WARMUP,
	KEY_TIMEOUT,
	KEY_SOURCE,
	KEY_CPUS,
	KEY_JSON,
	KEY_HGRM,
	KEY_HLOG,
	KEY_CSV,
	KEY_SEED,
	KEY_INTERVAL,
	KEY_ENGINE,
	KEY_CLOCK,
	KEY_ARRIVALS,
	KEY_PHASE_FD,
	KEY_CLOSE,
	KEY_STEPS,
	KEY_SEARCH,
	KEY_BUSY_POLL,
	KEY_RAMP,
	KEY_CONNECT_RATE,
	KEY_IDLE,
	KEY_SLOW_READERS,
	KEY_SLOW_WRITERS,
	KEY_LIST,
};

static const struct argp_option config_options[] = {
	{0, 0, 0, 0, "The load:", 1},
	{"connections", 'c', "N", 0,
		"Connections, spread over the threads (64)", 0},
	{"threads", 't', "N", 0, "Threads (1)", 0},
	{"duration", 'd', "TIME", 0, "Measure for this long (10s)", 0},
	{"requests", 'n', "N", 0, "Measure exactly this many requests", 0},
	{"workload", 'w', "SPEC", 0,
		"What to say and what to expect (echo:size=64)", 0},
	{"list-workloads", KEY_LIST, 0, 0, "The workloads with their options",
		0},
	{"pipeline", 'p', "N", 0,
		"Requests under way at once on a connection (1)", 0},
	{"requests-per-connection", KEY_REQUESTS_PER_CONNECTION, "N", 0,
		"Then make a new connection (no limit)", 0},
	{"think", KEY_THINK, "TIME", 0,
		"Wait after a reply before the next request (0)", 0},

	{0, 0, 0, 0, "The open loop:", 2},
	{"rate", 'R', "N", 0,
		"Send this many requests a second, whether or not the server "
		"keeps up; latency counts from the moment when a request "
		"should have been sent",
		0},
	{"arrivals", KEY_ARRIVALS, "KIND", 0,
		"constant (even distances, the default) or poisson", 0},

	{"steps", KEY_STEPS, "N,N,...", 0,
		"These rates one after the other, in equal parts of the "
		"duration",
		0},
	{"ramp", KEY_RAMP, "A-B", 0,
		"A rate that goes evenly from A to B over the duration", 0},
	{"search", KEY_SEARCH, "OBJECTIVE", 0,
		"Find the highest rate that keeps p99<5ms, say: trials of "
		"--duration (2s) each, from --rate (1000) on",
		0},

	{0, 0, 0, 0, "Connections:", 3},
	{"close", KEY_CLOSE, "HOW", 0,
		"fin (the default) or rst: a reset, which leaves no TIME_WAIT",
		0},
	{"connect-rate", KEY_CONNECT_RATE, "N", 0,
		"Make at most so many a second at the beginning (no limit)", 0},
	{"idle", KEY_IDLE, "N", 0,
		"Beside them, so many that are open and silent", 0},
	{"slow-readers", KEY_SLOW_READERS, "N", 0,
		"So many that ask without pause and hardly read", 0},
	{"slow-writers", KEY_SLOW_WRITERS, "N", 0,
		"So many that write a request a byte at a time", 0},

	{0, 0, 0, 0, "The measurement:", 4},
	{"warmup", KEY_WARMUP, "TIME", 0, "Load before the measurement (0)", 0},
	{"timeout", KEY_TIMEOUT, "TIME", 0,
		"A request without a reply has failed then (5s)", 0},
	{"interval", KEY_INTERVAL, "TIME", 0,
		"Step of the series (1s, or a tenth of a short duration)", 0},
	{"seed", KEY_SEED, "N", 0, "Of all that is random (1)", 0},

	{0, 0, 0, 0, "The machine:", 5},
	{"engine", KEY_ENGINE, "NAME", 0,
		"epoll (the default) or uring, where there is liburing", 0},
	{"busy-poll", KEY_BUSY_POLL, 0, 0,
		"Never sleep: ask for events all the time", 0},
	{"clock", KEY_CLOCK, "NAME", 0,
		"monotonic (the kernel's), tsc (the processor's, kept in step "
		"with it), or auto, the default: tsc where it can be trusted",
		0},
	{"cpus", KEY_CPUS, "LIST", 0,
		"Pin the threads, one each, in turn: 0,2-3", 0},
	{"source", KEY_SOURCE, "A-B", 0,
		"Local addresses to connect from, 127.0.0.2-127.0.0.9; each "
		"gives 28,000 ports",
		0},

	{0, 0, 0, 0, "The output:", 6},
	{"json", KEY_JSON, "FILE", 0,
		"Write everything there as JSON; - is "
		"standard output, then without the text",
		0},
	{"hgrm", KEY_HGRM, "FILE", 0,
		"Write the percentiles as HdrHistogram's .hgrm, for its plotter",
		0},
	{"hlog", KEY_HLOG, "FILE", 0,
		"Write a histogram per interval as HdrHistogram's .hlog (V2)",
		0},
	{"csv", KEY_CSV, "FILE", 0, "Write the series of intervals as CSV", 0},
	{"quiet", 'q', 0, 0, "No text, no progress", 0},
	{"phase-fd", KEY_PHASE_FD, "N", 0,
		"Write \"connected\", \"start\" and \"stop\" there, a line "
		"each, as it happens: the edges of the measured window",
		0},
	{0},
};

static const char config_doc[] =
	"Puts a server under load, checks every reply byte for byte, and tells "
	"how many it answered and how long each took. ADDR is HOST:PORT, "
	"[IPV6]:PORT or unix:/path."
	"\v"
	"In a closed loop (the default) each connection waits for its reply "
	"before it sends again, so a slow server is asked less. In an open loop "
	"(-R) requests come when they come, as from many independent users.\n"
	"\n"
	"Times take us ms s m; counts take k M.\n"
	"\n"
	"  client 127.0.0.1:7000                          ten seconds, 64 "
	"connections\n"
	"  client -c 1000 -t 2 -d 30s --warmup 2s :7000   more of everything\n"
	"  client -w line:size=100 -p 8 :7000             lines, eight under "
	"way at once\n"
	"  client -n 10k --requests-per-connection 1 :7000    a connection "
	"per request\n"
	"  client -R 5000 --arrivals poisson :7000        at a given rate\n"
	"  client --search 'p99<5ms' :7000                how much can it "
	"take?\n"
	"  client --json - :7000 | jq .latency_ns.raw     for programs\n"
	"\n"
	"Exit status: 0 a valid run; 3 a run whose figures must not be used "
	"(the reasons are printed); 64 wrong usage; 1 anything else, such as no "
	"server.";

/* ---- one option --------------------------------------------------------- */

static const struct flag config_flags[] = {
	FLAG('c', "--connections", COUNT, struct config, connections, .min = 1,
		.max = 1000000),
	FLAG('t', "--threads", COUNT, struct config, threads, .min = 1,
		.max = 1024),
	FLAG('d', "--duration", TIME, struct config, duration_ns,
		.min = NS_PER_MS, .max = 7 * 86400 * NS_PER_S),
	FLAG('n', "--requests", COUNT, struct config, requests, .min = 1,
		.max = 1000000000000ull),
	FLAG('p', "--pipeline", COUNT, struct config, pipeline, .min = 1,
		.max = 10000),
	FLAG(KEY_REQUESTS_PER_CONNECTION, "--requests-per-connection", COUNT,
		struct config, requests_per_connection, .min = 1,
		.max = 1000000000000ull),
	FLAG(KEY_THINK, "--think", TIME, struct config, think_ns,
		.max = 3600 * NS_PER_S),
	FLAG(KEY_WARMUP, "--warmup", TIME, struct config, warmup_ns,
		.max = 86400 * NS_PER_S),
	FLAG(KEY_TIMEOUT, "--timeout", TIME, struct config, timeout_ns,
		.min = NS_PER_MS, .max = 3600 * NS_PER_S),
	FLAG(KEY_INTERVAL, "--interval", TIME, struct config, interval_ns,
		.min = 10 * NS_PER_MS, .max = 86400 * NS_PER_S),
	FLAG(KEY_IDLE, "--idle", COUNT, struct config, idle, .max = 1000000),
	FLAG(KEY_SLOW_READERS, "--slow-readers", COUNT, struct config,
		slow_readers, .max = 100000),
	FLAG(KEY_SLOW_WRITERS, "--slow-writers", COUNT, struct config,
		slow_writers, .max = 100000),
	FLAG(KEY_SEED, "--seed", COUNT, struct config, seed),
	FLAG(KEY_ARRIVALS, "--arrivals", CHOICE, struct config, arrivals,
		.choices = "constant,poisson"),
	FLAG(KEY_CLOCK, "--clock", CHOICE, struct config, clock,
		.choices = "auto,tsc,monotonic"),
	FLAG(KEY_PHASE_FD, "--phase-fd", DESCRIPTOR, struct config, phase_fd),
	{0},
};

static error_t config_set_flag(struct config *config, struct argp_state *state,
	int key, const char *text)
{
	char why[WHY_SIZE];
	const int error = flags_set(config_flags, key, text, config, why);

	if (error == -ENOENT)
		return ARGP_ERR_UNKNOWN;
	if (error)
		argp_error(state, "%s", why);
	return 0;
}

static void config_list_workloads(void)
{
	size_t i;

	for (i = 0; client_workloads[i]; i++) {
		printf("%-10s %s\n", client_workloads[i]->name,
			client_workloads[i]->summary);
		options_help(client_workloads[i]->options, stdout);
	}
}

/* The least rate brings a request in eleven days, longer than any run. */
#define CONFIG_RATE_MIN 1e-6
#define CONFIG_RATE_MAX 1e8

static double config_parse_rate(
	struct argp_state *state, const char *name, const char *text)
{
	uint64_t whole;
	double rate = 0;

	if (parse_count(text, &whole) == 0 && whole > 0)
		rate = (double)whole;
	else if (parse_number(text, &rate) || rate <= 0)
		rate = 0;
	if (!(rate >= CONFIG_RATE_MIN && rate <= CONFIG_RATE_MAX))
		argp_error(state,
			"--%s: '%s' must be so many per second (k, M), from "
			"0.000001 to 100M",
			name, text);
	return rate;
}

/* Cuts the next rate off a list; NULL at its end. */
static const char *config_next_rate(struct argp_state *state, const char *name,
	const char *text, char separator, double *rate)
{
	size_t len = strcspn(text, (const char[]) {separator, '\0'});
	char one[32];

	snprintf(one, sizeof(one), "%.*s", (int)len, text);
	*rate = config_parse_rate(state, name, one);
	return text[len] ? text + len + 1 : NULL;
}

/* Seconds are filled in when the duration is known. */
static void config_add_segment(
	struct config *config, struct argp_state *state, double from, double to)
{
	struct profile *p = &config->profile;

	if (p->count == PROFILE_SEGMENTS - 1)
		argp_error(state, "--steps: more than %d of them",
			PROFILE_SEGMENTS - 1);
	p->segments[p->count++] = (struct segment) {.from = from, .to = to};
}

static void config_parse_profile(
	struct config *config, struct argp_state *state, int key, char *text)
{
	const char *rest = text;
	double from, to;

	if (config->profile.count)
		argp_error(state,
			"--rate, --steps and --ramp: one of them at a time");
	if (key == 'R') {
		from = config_parse_rate(state, "rate", text);
		config_add_segment(config, state, from, from);
	} else if (key == KEY_STEPS) {
		config->steps = text;
		while (rest) {
			rest = config_next_rate(
				state, "steps", rest, ',', &from);
			config_add_segment(config, state, from, from);
		}
	} else {
		config->ramp = text;
		rest = config_next_rate(state, "ramp", rest, '-', &from);
		to = config_parse_rate(state, "ramp", rest ? rest : "");
		config_add_segment(config, state, from, to);
	}
}

static void config_parse_engine(
	struct config *config, struct argp_state *state, const char *text)
{
	config->engine = engine_find(text);
	if (!config->engine)
		argp_error(state, "--engine: there is no '%s'; there is %s",
			text, engine_names());
}

static void config_parse_close(
	struct config *config, struct argp_state *state, const char *text)
{
	config->close_by_reset = strcmp(text, "rst") == 0;
	if (!config->close_by_reset && strcmp(text, "fin") != 0)
		argp_error(state, "--close: '%s' must be fin or rst", text);
}

static void config_set_address(
	struct config *config, struct argp_state *state, const char *text)
{
	char why[WHY_SIZE];

	if (config->server_text)
		argp_error(state, "one ADDR is enough: '%s', then '%s'",
			config->server_text, text);
	config->server_text = text;
	if (address_parse(&config->server, text, why))
		argp_error(state, "%s", why);
}

uint64_t config_share(
	const struct config *config, uint64_t total, uint64_t index)
{
	return total / config->threads + (index < total % config->threads);
}

/* ---- all of them together ------------------------------------------------ */

static void config_default_interval(struct config *config)
{
	if (config->interval_ns)
		return;
	config->interval_ns = NS_PER_S;
	if (config->ramp || config->duration_ns / 10 < config->interval_ns)
		config->interval_ns = config->duration_ns / 10;
	if (config->interval_ns < 10 * NS_PER_MS)
		config->interval_ns = 10 * NS_PER_MS;
}

static void config_check_sources(
	const struct config *config, struct argp_state *state)
{
	if (config->sources.count && config->sources.first.sa.any.sa_family !=
					     config->server.sa.any.sa_family)
		argp_error(state,
			"--source %s and the address %s are not of "
			"one kind",
			config->source_text, config->server_text);
}

static void config_check_loop(
	const struct config *config, struct argp_state *state)
{
	const struct workload *w = config->workload;

	if (config->open_loop && config->think_ns)
		argp_error(state, "--think does not go with --rate: in an open "
				  "loop the schedule says when to send");
	if (w->unasked && !w->single && (config->open_loop || config->think_ns))
		argp_error(state,
			"%s goes neither with --rate nor with "
			"--think: its server talks unasked",
			w->name);
	if ((w->unasked || w->single) && config->pipeline > 1)
		argp_error(state, "%s has nothing to pipeline", w->name);
}

static void config_check_single(
	const struct config *config, struct argp_state *state)
{
	const struct workload *w = config->workload;

	if (!w->single)
		return;
	if (config->requests < config->connections)
		argp_error(state,
			"--requests %" PRIu64 " are too few for --connections "
			"%" PRIu64 ": with %s each connection is a request",
			config->requests, config->connections, w->name);
	if (config->connect_rate > 0)
		argp_error(state,
			"--connect-rate does not go with %s, where each "
			"connection is a request: --rate says how many there "
			"are to be",
			w->name);
}

/* What is under way as the warm-up ends counts among the requests. */
static void config_check_requests(
	const struct config *config, struct argp_state *state)
{
	uint64_t i;

	if (config->requests == UINT64_MAX || config->warmup_ns == 0)
		return;
	for (i = 0; i < config->threads; i++) {
		uint64_t share = config_share(config, config->requests, i);
		uint64_t under_way =
			config_share(config, config->connections, i) *
			config->pipeline;

		if (share < under_way)
			argp_error(state,
				"--requests %" PRIu64 " are too few for "
				"--warmup: a thread that is to make %" PRIu64
				" of them can have %" PRIu64 " under way when "
				"it ends",
				config->requests, share, under_way);
	}
}

/* The parts share the duration; before them, the warm-up has the first rate. */
static void config_complete_profile(
	struct config *config, struct argp_state *state)
{
	struct profile *p = &config->profile;
	struct segment *s = p->segments;
	double seconds = (double)config->duration_ns / 1e9;
	unsigned i;

	config->open_loop = p->count > 0;
	if (config->duration_ns == UINT64_MAX &&
		(config->steps || config->ramp))
		argp_error(state, "--steps and --ramp need a --duration");
	for (i = 0; i < p->count; i++) {
		s[i].seconds = seconds / p->count;
		config->rate += (s[i].from + s[i].to) / 2 / p->count;
	}
	if (config->steps && config->interval_ns == 0)
		config->interval_ns = config->duration_ns / p->count;
	if (p->count == 0 || config->warmup_ns == 0)
		return;
	memmove(s + 1, s, p->count++ * sizeof(*s));
	s[0].to = s[0].from;
	s[0].seconds = (double)config->warmup_ns / 1e9;
}

/* The address with no host, ":7000", means this machine. */
static void config_default_host(struct config *config)
{
	struct address *a = &config->server;

	if (a->sa.any.sa_family == AF_INET && a->sa.in.sin_addr.s_addr == 0)
		a->sa.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (a->sa.any.sa_family == AF_INET6 &&
		 IN6_IS_ADDR_UNSPECIFIED(&a->sa.in6.sin6_addr))
		a->sa.in6.sin6_addr = in6addr_loopback;
}

static void config_complete_search(
	struct config *config, struct argp_state *state)
{
	if (!config->objective.text)
		return;
	if (config->steps || config->ramp || config->requests != UINT64_MAX)
		argp_error(state, "--search goes with --rate and --duration "
				  "only, not with --steps, --ramp or "
				  "--requests");
	if (config->profile.count == 0)
		config_add_segment(config, state, 1000, 1000);
	if (config->duration_ns == 0)
		config->duration_ns = 2 * NS_PER_S;
}

static void config_complete_clock(
	struct config *config, struct argp_state *state)
{
	const char *missing = clock_missing();

	if (config->clock == CLOCK_KIND_TSC && missing)
		argp_error(
			state, "--clock: there is no 'tsc' here: %s", missing);
	config->counter = config->clock != CLOCK_KIND_MONOTONIC && !missing;
}

static void config_plan_workload(
	const struct config *config, struct argp_state *state)
{
	const struct workload_plan plan = {
		.connections = config->connections,
		.threads = config->threads,
		.pipeline = config->pipeline,
		.requests_per_connection = config->requests_per_connection,
		.seed = config->seed,
		.beside = config->idle + config->slow_readers +
			  config->slow_writers,
	};
	char why[WHY_SIZE];

	if (config->workload->plan &&
		config->workload->plan(config->workload_options, &plan, why))
		argp_error(state, "%s", why);
}

static void config_complete(struct config *config, struct argp_state *state)
{
	char why[WHY_SIZE];

	if (!config->server_text)
		argp_error(state, "ADDR is missing: the server's address, such "
				  "as 127.0.0.1:7000");
	config_default_host(config);
	if (config->threads > config->connections)
		argp_error(state,
			"--threads %" PRIu64 " is more than --connections "
			"%" PRIu64,
			config->threads, config->connections);
	config_complete_search(config, state);
	if (config->duration_ns == 0)
		config->duration_ns = config->requests == UINT64_MAX
					      ? 10 * NS_PER_S
					      : UINT64_MAX;
	config_complete_profile(config, state);
	config_complete_clock(config, state);
	config_default_interval(config);
	config_check_sources(config, state);
	if (!config->source_text)
		sources_spread(&config->sources, &config->server,
			config->connections, 0);
	if (workload_make(config->workload_text, config->seed,
		    &config->workload, &config->workload_options, why))
		argp_error(state, "%s", why);
	config_check_loop(config, state);
	config_check_single(config, state);
	config_check_requests(config, state);
	config_plan_workload(config, state);
	if (config->workload->single)
		config->requests_per_connection = 1;
}

static error_t config_output_option(
	struct config *config, int key, char *text, struct argp_state *state)
{
	switch (key) {
	case 'q':
		config->quiet = true;
		break;
	case KEY_JSON:
		config->json = text;
		break;
	case KEY_HGRM:
		config->hgrm = text;
		break;
	case KEY_HLOG:
		config->hlog = text;
		break;
	case KEY_CSV:
		config->csv = text;
		break;
	default:
		return config_set_flag(config, state, key, text);
	}
	return 0;
}

static error_t config_machine_option(
	struct config *config, int key, char *text, struct argp_state *state)
{
	switch (key) {
	case KEY_BUSY_POLL:
		config->busy_poll = true;
		break;
	case KEY_ENGINE:
		config_parse_engine(config, state, text);
		break;
	case KEY_CPUS:
		config->cpus_text = text;
		if (parse_cpu_list(text, &config->cpus))
			argp_error(
				state, "--cpus: '%s' must be like 0,2-3", text);
		break;
	case KEY_SOURCE:
		config->source_text = text;
		if (sources_parse(&config->sources, text))
			argp_error(state,
				"--source: '%s' must be an address or "
				"a range, 127.0.0.2-127.0.0.9",
				text);
		break;
	default:
		return config_output_option(config, key, text, state);
	}
	return 0;
}

static error_t config_option(int key, char *text, struct argp_state *state)
{
	struct config *config = state->input;

	switch (key) {
	case 'w':
		config->workload_text = text;
		break;
	case 'R':
	case KEY_STEPS:
	case KEY_RAMP:
		config_parse_profile(config, state, key, text);
		break;
	case KEY_SEARCH:
		if (objective_parse(&config->objective, text))
			argp_error(state,
				"--search: '%s' must be like p99<5ms, "
				"p99.9<250us or max<1s",
				text);
		break;
	case KEY_CLOSE:
		config_parse_close(config, state, text);
		break;
	case KEY_CONNECT_RATE:
		config->connect_rate =
			config_parse_rate(state, "connect-rate", text);
		break;
	case KEY_LIST:
		config_list_workloads();
		exit(0);
	case ARGP_KEY_ARG:
		config_set_address(config, state, text);
		break;
	case ARGP_KEY_END:
		config_complete(config, state);
		break;
	default:
		return config_machine_option(config, key, text, state);
	}
	return 0;
}

void config_parse(struct config *config, int argc, char **argv)
{
	static const struct argp argp = {
		.options = config_options,
		.parser = config_option,
		.args_doc = "ADDR",
		.doc = config_doc,
	};

	argp_err_exit_status = EX_USAGE;
	*config = (struct config) {
		.workload_text = "echo:size=64",
		.engine = &engine_epoll,
		.connections = 64,
		.threads = 1,
		.pipeline = 1,
		.requests = UINT64_MAX,
		.requests_per_connection = UINT64_MAX,
		.timeout_ns = 5 * NS_PER_S,
		.seed = 1,
		.phase_fd = -1,
	};
	if (argp_parse(&argp, argc, argv, 0, NULL, config))
		exit(EX_USAGE);
}

void config_release(struct config *config)
{
	workload_free(config->workload, config->workload_options);
}
