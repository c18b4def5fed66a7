/* SPDX-License-Identifier: MIT */
#include "compare/inject.h"

#include "common/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const inject_names[] = {
	[INJECT_NOTHING] = "nothing",
	[INJECT_FREEZE] = "freeze",
	[INJECT_TERM] = "terminate",
	[INJECT_KILL] = "kill",
};

static const int inject_signals[] = {
	[INJECT_FREEZE] = SIGSTOP,
	[INJECT_TERM] = SIGTERM,
	[INJECT_KILL] = SIGKILL,
};

const char *injection_name(const struct injection *in)
{
	return inject_names[in->kind];
}

/* ---- the settings --------------------------------------------------------- */

static enum injection_kind inject_kind(const char *value)
{
	for (int k = INJECT_FREEZE; k <= INJECT_KILL; k++)
		if (!strcmp(value, inject_names[k]))
			return (enum injection_kind)k;
	return INJECT_NOTHING;
}

/* "25%" of the window, or a time. */
static int inject_time(const char *value, uint64_t window_ns, uint64_t *into)
{
	char *end;
	unsigned long percent = strtoul(value, &end, 10);

	if (end != value && !strcmp(end, "%") && percent <= 100) {
		*into = window_ns / 100 * percent;
		return 0;
	}
	return parse_time(value, into);
}

static int inject_descriptors(const char *value, uint64_t *into)
{
	return parse_count(value, into) || *into < 16 ? -EINVAL : 0;
}

int injection_check(const char *name, const char *value, char why[WHY_SIZE])
{
	const char *allowed = NULL;
	uint64_t number;

	if (!strcmp(name, "what"))
		allowed = inject_kind(value) ? "" : "freeze, terminate or kill";
	else if (!strcmp(name, "to"))
		allowed = !strcmp(value, "server") || !strcmp(value, "worker")
				  ? ""
				  : "server or worker";
	else if (!strcmp(name, "at") || !strcmp(name, "for"))
		allowed =
			!inject_time(value, NS_PER_S, &number)
				? ""
				: "a time such as 200ms, or 25% of the window";
	else if (!strcmp(name, "descriptors"))
		allowed = !inject_descriptors(value, &number)
				  ? ""
				  : "a number from 16 on";
	if (allowed && !*allowed)
		return 0;
	if (allowed)
		snprintf(why, WHY_SIZE, "[inject] %s %s: say %s", name, value,
			allowed);
	else
		snprintf(why, WHY_SIZE,
			"[inject] knows no %s: there are what, to, at, for and "
			"descriptors",
			name);
	return -EINVAL;
}

static const char *inject_get(
	const json_t *settings, const char *name, const char *preset)
{
	const char *value = json_string_value(json_object_get(settings, name));

	return value ? value : preset;
}

void injection_read(
	struct injection *in, const json_t *settings, uint64_t window_ns)
{
	uint64_t descriptors = 0;

	*in = (struct injection) {
		.kind = inject_kind(inject_get(settings, "what", "nothing")),
		.worker =
			!strcmp(inject_get(settings, "to", "server"), "worker"),
	};
	inject_time(inject_get(settings, "at", "25%"), window_ns, &in->at_ns);
	inject_time(inject_get(settings, "for", "10%"), window_ns, &in->for_ns);
	if (!inject_descriptors(
		    inject_get(settings, "descriptors", ""), &descriptors))
		in->descriptors = (unsigned long)descriptors;
}

/* ---- doing it ------------------------------------------------------------- */

static uint64_t inject_cpu_ns(pid_t pid)
{
	struct timespec t;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) || clock_gettime(id, &t))
		return 0;
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* The child that has worked the most; the server itself if it has none. */
static pid_t inject_worker(pid_t leader)
{
	pid_t busiest = leader;
	uint64_t most = 0;
	char path[64];
	FILE *list;
	int pid;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)leader,
		(int)leader);
	list = fopen(path, "re");
	while (list && fscanf(list, "%d", &pid) == 1) {
		uint64_t cpu_ns = inject_cpu_ns(pid);

		if (cpu_ns < most || !cpu_ns)
			continue;
		most = cpu_ns;
		busiest = pid;
	}
	if (list)
		fclose(list);
	return busiest;
}

pid_t injection_begin(const struct injection *in, pid_t leader)
{
	pid_t pid = in->worker ? inject_worker(leader) : leader;
	bool all = !in->worker && in->kind != INJECT_TERM;

	if (kill(all ? -pid : pid, inject_signals[in->kind]))
		return -errno;
	return pid;
}

void injection_end(const struct injection *in, pid_t leader)
{
	if (in->kind == INJECT_FREEZE)
		kill(-leader, SIGCONT);
}
