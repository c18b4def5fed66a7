/* SPDX-License-Identifier: MIT */
#include "client/environment.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "client/clock.h"

/* The rest of the first line that begins with `key`, after its colon. */
static void environment_field(
	const char *path, const char *key, char *value, size_t size)
{
	char line[4096];
	FILE *f = fopen(path, "re");

	value[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		char *at = line + strlen(key);

		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		at += strspn(at, " \t:");
		at[strcspn(at, "\n")] = '\0';
		snprintf(value, size, "%s", at);
		break;
	}
	if (f)
		fclose(f);
}

static bool environment_is_virtual(void)
{
	char flags[4096], *flag;

	environment_field("/proc/cpuinfo", "flags", flags, sizeof(flags));
	flag = strstr(flags, " hypervisor");
	return flag && (flag[11] == ' ' || flag[11] == '\0');
}

/* The best of several tries: others use this CPU, too. */
static double environment_clock_cost(struct clock clock)
{
	enum { TRIES = 10, READS = 1000 };
	uint64_t best_ns = UINT64_MAX, start_ns, cost_ns;
	int i, k;

	for (i = 0; i < TRIES; i++) {
		start_ns = clock_read(&clock);
		for (k = 1; k < READS; k++)
			clock_read(&clock);
		cost_ns = clock_read(&clock) - start_ns;
		best_ns = cost_ns < best_ns ? cost_ns : best_ns;
	}
	return (double)best_ns / READS;
}

void environment_get(struct environment *e, const struct clock *clock)
{
	struct utsname u;

	memset(e, 0, sizeof(*e));
	if (uname(&u) == 0)
		snprintf(e->kernel, sizeof(e->kernel), "%.20s %.60s %.20s",
			u.sysname, u.release, u.machine);
	environment_field(
		"/proc/cpuinfo", "model name", e->cpu, sizeof(e->cpu));
	environment_field(
		"/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "",
		e->governor, sizeof(e->governor));
	environment_field("/proc/self/status", "Cpus_allowed_list",
		e->placement, sizeof(e->placement));
	environment_field("/sys/devices/system/clocksource/clocksource0/"
			  "current_clocksource",
		"", e->clock, sizeof(e->clock));
	e->clock_source = clock->source ? "tsc" : "monotonic";
	e->clock_read_ns = environment_clock_cost(*clock);
	e->clock_correction_ns = clock->correction_ns;
	e->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	e->virtual = environment_is_virtual();
}
