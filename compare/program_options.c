/* SPDX-License-Identifier: MIT */
#include "compare/program_options.h"

#include "compare/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

#define OUR_OWN	 "compare needs it itself"
#define OVERLAYS "each sample would write over the file of the one before"
#define NO_LOAD	 "with it the program does nothing else"

/* What cannot be set: the setting of the run that takes its place, or why. */
struct refused {
	const char *name, *setting, *why;
};

static const char *const client_settable[] = {"arrivals", "busy-poll", "clock",
	"close", "connect-rate", "connections", "engine", "idle", "interval",
	"pipeline", "ramp", "rate", "requests", "requests-per-connection",
	"seed", "slow-readers", "slow-writers", "source", "steps", "think",
	"threads", "timeout"};

static const struct refused client_refused[] = {
	{"cpus", .setting = "client-cpus"},
	{"duration", .setting = "duration"},
	{"warmup", .setting = "warmup"},
	{"workload", .setting = "workload"},
	{"csv", .why = OVERLAYS},
	{"hgrm", .why = OVERLAYS},
	{"hlog", .why = OVERLAYS},
	{"json", .why = OUR_OWN},
	{"phase-fd", .why = OUR_OWN},
	{"quiet", .why = OUR_OWN},
	{"search", .why = "it makes trials of its own, and a sample is one"},
	{"list-workloads", .why = NO_LOAD},
	{"help", .why = NO_LOAD},
	{"usage", .why = NO_LOAD},
	{"version", .why = NO_LOAD},
	{0},
};

static const char *const server_settable[] = {"backlog", "drain-timeout",
	"high-water", "idle-timeout", "listen", "low-water", "max-connections",
	"overload", "request-timeout", "user", "write-timeout"};

static const struct refused server_refused[] = {
	{"cpus", .setting = "server-cpus"},
	{"handler", .setting = "handler"},
	{"model", .setting = "models"},
	{"ready-fd", .why = OUR_OWN},
	{"scoreboard-fd", .why = OUR_OWN},
	{"serve-stdin", .why = "it is for servers that a server starts"},
	{"stats", .why = OUR_OWN},
	{"verbose", .why = "nobody would read what it says"},
	{"explain", .why = NO_LOAD},
	{"list-handlers", .why = NO_LOAD},
	{"list-models", .why = NO_LOAD},
	{"help", .why = NO_LOAD},
	{"usage", .why = NO_LOAD},
	{"version", .why = NO_LOAD},
	{0},
};

const struct program_options client_options = {
	.program = "client",
	.settable = client_settable,
	.count = COUNT_OF(client_settable),
	.refused = client_refused,
};

const struct program_options server_options = {
	.program = "server",
	.settable = server_settable,
	.count = COUNT_OF(server_settable),
	.refused = server_refused,
};

/* Of the one option without a value. */
static int check_value(const char *name, const char *value, char *why)
{
	if (!value || strcmp(name, "busy-poll") || !strcmp(value, "on") ||
		!strcmp(value, "off"))
		return 0;
	snprintf(why, WHY_SIZE, "%s %.100s: on or off is needed", name, value);
	return -EINVAL;
}

static int refuse(
	const struct program_options *p, const struct refused *r, char *why)
{
	if (r->setting)
		snprintf(why, WHY_SIZE,
			"the %s's --%s cannot be set: say %s in [run], or --%s",
			p->program, r->name, r->setting, r->setting);
	else
		snprintf(why, WHY_SIZE, "the %s's --%s cannot be set: %s",
			p->program, r->name, r->why);
	return -EINVAL;
}

int program_option_check(const struct program_options *p, const char *name,
	const char *value, char why[WHY_SIZE])
{
	char hint[80];

	if (program_option_known(p, name))
		return check_value(name, value, why);
	for (const struct refused *r = p->refused; r->name; r++)
		if (!strcmp(r->name, name))
			return refuse(p, r, why);
	text_hint(name, p->settable, p->count, hint, sizeof(hint));
	snprintf(why, WHY_SIZE, "the %s has no option --%.100s%s", p->program,
		name, hint);
	return -ENOENT;
}

bool program_option_known(const struct program_options *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->settable[i], name))
			return true;
	return false;
}
