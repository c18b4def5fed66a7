/* SPDX-License-Identifier: MIT */
#include "compare/cpus.h"

#include "common/options.h"
#include "common/version.h"
#include "compare/build_info.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

bool cpus_listed(const struct cpu_list *list, int cpu)
{
	return cpu >= 0 && cpu < (int)sizeof(list->bits) * 8 &&
	       (list->bits[cpu / 64] >> (cpu % 64) & 1);
}

int cpus_check(const char *name, const char *text, char why[WHY_SIZE])
{
	const int all = (int)sysconf(_SC_NPROCESSORS_CONF);
	struct cpu_list list;

	if (!text || all <= 0 || parse_cpu_list(text, &list))
		return 0;
	for (int cpu = all; cpu < (int)sizeof(list.bits) * 8; cpu++)
		if (cpus_listed(&list, cpu)) {
			snprintf(why, WHY_SIZE,
				"%s %.200s: this machine has %d CPU%s, from 0 "
				"on",
				name, text, all, all == 1 ? "" : "s");
			return -EINVAL;
		}
	return 0;
}

/* The n-th CPU that we may use, or the next one that the other side does not
 * have; where there is none, they share. */
static int pick(const cpu_set_t *allowed, const char *others, int n)
{
	struct cpu_list taken = {0};
	int first = -1, after = -1, before = -1, seen = 0;

	if (others)
		parse_cpu_list(others, &taken);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int *best = seen < n ? &before : &after;

		if (!CPU_ISSET(cpu, allowed))
			continue;
		if (seen++ == n)
			first = cpu;
		if (*best < 0 && !cpus_listed(&taken, cpu))
			*best = cpu;
	}
	return after >= 0 ? after : before >= 0 ? before : first;
}

int cpus_choose(char **server, char **client)
{
	cpu_set_t allowed;
	char text[16];

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return -errno;
	if (!*server) {
		snprintf(text, sizeof(text), "%d", pick(&allowed, *client, 0));
		field_text(server, text);
	}
	if (!*client) {
		snprintf(text, sizeof(text), "%d",
			pick(&allowed, *server, CPU_COUNT(&allowed) / 2));
		field_text(client, text);
	}
	return *server && *client ? 0 : -ENOMEM;
}

bool cpus_overlap(const char *a, const char *b)
{
	struct cpu_list x, y;

	if (parse_cpu_list(a, &x) || parse_cpu_list(b, &y))
		return false;
	for (size_t i = 0; i < sizeof(x.bits) / sizeof(*x.bits); i++)
		if (x.bits[i] & y.bits[i])
			return true;
	return false;
}

/* ---- the machine ---------------------------------------------------------- */

/* The first line of a file without its end; false if there is none. */
static bool first_line(const char *path, char *buf, size_t size)
{
	FILE *file = fopen(path, "re");
	bool got = file && fgets(buf, (int)size, file);

	if (file)
		fclose(file);
	if (got)
		buf[strcspn(buf, "\n")] = '\0';
	return got;
}

/* The value of a "name : value" line of /proc/cpuinfo. */
static bool cpuinfo(const char *name, char *value, size_t size)
{
	char line[4096], *colon;
	FILE *file = fopen("/proc/cpuinfo", "re");
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		colon = strchr(line, ':');
		if (!colon || strncmp(line, name, strlen(name)))
			continue;
		colon[strcspn(colon, "\n")] = '\0';
		snprintf(value, size, "%s", colon[1] ? colon + 2 : "");
		found = true;
	}
	if (file)
		fclose(file);
	return found;
}

static void read_virtualization(struct environment *e)
{
	char flags[4096], product[256];

	if (!cpuinfo("flags", flags, sizeof(flags)))
		return;
	if (!strstr(flags, " hypervisor"))
		field_text(&e->virtualization, "none");
	else if (first_line("/sys/class/dmi/id/sys_vendor", product,
			 sizeof(product)) &&
		 product[0])
		field_text(&e->virtualization, product);
	else
		field_text(&e->virtualization, "virtual machine");
}

static void read_sysctls(struct environment *e)
{
	static const char *const names[] = {"net/core/somaxconn",
		"net/ipv4/tcp_max_syn_backlog", "net/ipv4/tcp_rmem",
		"net/ipv4/tcp_wmem", "net/ipv4/ip_local_port_range",
		"net/ipv4/tcp_congestion_control", "kernel/pid_max",
		"kernel/threads-max", "vm/overcommit_memory"};
	char path[128], value[128];

	e->sysctls = json_object();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "/proc/sys/%s", names[i]);
		if (!first_line(path, value, sizeof(value)))
			continue;
		for (char *c = value; *c; c++)
			if (*c == '\t')
				*c = ' ';
		json_object_set_new(e->sysctls, names[i], json_string(value));
	}
}

static void set_limit(json_t *limits, const char *name, int which)
{
	struct rlimit r;

	if (getrlimit(which, &r))
		return;
	json_object_set_new(limits, name,
		r.rlim_cur == RLIM_INFINITY
			? json_string("unlimited")
			: json_integer((json_int_t)r.rlim_cur));
}

static void read_limits(struct environment *e)
{
	e->limits = json_object();
	set_limit(e->limits, "descriptors", RLIMIT_NOFILE);
	set_limit(e->limits, "processes", RLIMIT_NPROC);
	set_limit(e->limits, "stack_bytes", RLIMIT_STACK);
}

double load_average(void)
{
	double load;

	return getloadavg(&load, 1) == 1 ? load : 0;
}

void environment_read(struct environment *e)
{
	struct utsname u;
	char text[256];

	if (!uname(&u)) {
		snprintf(text, sizeof(text), "%.60s %.120s", u.sysname,
			u.release);
		field_text(&e->kernel, text);
		field_text(&e->machine, u.machine);
	}
	if (cpuinfo("model name", text, sizeof(text)))
		field_text(&e->cpu, text);
	if (first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
		    text, sizeof(text)))
		field_text(&e->governor, text);
	e->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	e->memory_bytes =
		(int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	read_virtualization(e);
	read_limits(e);
	read_sysctls(e);
	field_text(&e->compiler, __VERSION__);
	field_text(&e->flags, build_flags);
	snprintf(text, sizeof(text), "%s%s%.100s", SERVERLAB_VERSION,
		build_commit[0] ? ", commit " : "", build_commit);
	field_text(&e->version, text);
}
