/* SPDX-License-Identifier: MIT */
#include "compare/measure.h"

#include "common/clock.h"
#include "compare/cpus.h"
#include "compare/procfile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t ticks_to_ns(uint64_t ticks)
{
	return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* ---- CPU time and what else the kernel counts ------------------------------- */

static bool group_cpu(const struct group *g, struct usage *u)
{
	char path[600], text[1024];

	snprintf(path, sizeof(path), "%s/cpu.stat", g->path);
	if (!g->path[0] || procfile_read(path, text, sizeof(text)) <= 0)
		return false;
	u->cpu_ns = procfile_number(text, "usage_usec ") * NS_PER_US;
	u->user_ns = procfile_number(text, "user_usec ") * NS_PER_US;
	u->system_ns = procfile_number(text, "system_usec ") * NS_PER_US;
	return true;
}

static uint64_t process_clock(pid_t pid)
{
	struct timespec t;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) || clock_gettime(id, &t))
		return 0;
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void add_times(pid_t pid, const struct session_stat *s, void *data)
{
	struct usage *u = data;

	if (!u->from_group) {
		u->cpu_ns += process_clock(pid) +
			     ticks_to_ns(s->dead_user + s->dead_system);
		u->user_ns += ticks_to_ns(s->ticks_user + s->dead_user);
		u->system_ns += ticks_to_ns(s->ticks_system + s->dead_system);
	}
	u->minor_faults += s->faults;
	u->major_faults += s->major;
	u->processes++;
	u->threads += s->threads;
}

/* A reading that must be over at a time. */
struct switch_sum {
	struct usage *u;
	uint64_t until_ns;
};

static void add_thread(
	const char *status_path, int tid, const struct switch_sum *sum)
{
	struct usage *u = sum->u;
	char text[4096], *at;

	u->late = u->late || clock_ns() > sum->until_ns;
	if (u->late || procfile_read(status_path, text, sizeof(text)) <= 0)
		return;
	at = strstr(text, "\nvoluntary_ctxt_switches:");
	if (!at)
		return;
	u->voluntary += procfile_number(at, "\nvoluntary_ctxt_switches:");
	u->involuntary += procfile_number(at, "nonvoluntary_ctxt_switches:");
	/* A sum of mixed thread ids: equal for equal sets in any order. */
	u->thread_set += ((uint64_t)tid + 1) * 0x9e3779b97f4a7c15ull ^
			 (uint64_t)tid << 32;
}

static void add_switches(pid_t pid, const struct session_stat *s, void *data)
{
	const struct switch_sum *sum = data;
	char path[80];
	struct dirent *e;
	DIR *tasks;

	if (s->threads <= 1) {
		snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
		add_thread(path, pid, sum);
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && !sum->u->late && (e = readdir(tasks))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.12s/status",
			(int)pid, e->d_name);
		add_thread(path, atoi(e->d_name), sum);
	}
	if (tasks)
		closedir(tasks);
}

/* ---- the machine ---------------------------------------------------------- */

/* A line of /proc/stat: "cpu" is the sum of all, "cpu3" the fourth. */
static void cpu_line(
	const char *line, const struct cpu_list *cpus, struct usage *u)
{
	unsigned long long t[8];
	uint64_t busy, steal;

	if (sscanf(line, "%*s %llu %llu %llu %llu %llu %llu %llu %llu", &t[0],
		    &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 8)
		return;
	busy = ticks_to_ns(t[0] + t[1] + t[2] + t[5] + t[6]);
	steal = ticks_to_ns(t[7]);
	if (line[3] == ' ') {
		u->busy_ns = busy;
		u->steal_ns = steal;
	} else if (cpus_listed(cpus, atoi(line + 3))) {
		u->here_busy_ns += busy;
		u->here_steal_ns += steal;
	}
}

static void machine_read(const struct cpu_list *cpus, struct usage *u)
{
	FILE *stat = fopen("/proc/stat", "re");
	char text[256];

	while (stat && fgets(text, sizeof(text), stat) &&
		!strncmp(text, "cpu", 3))
		cpu_line(text, cpus, u);
	if (stat)
		fclose(stat);
	if (procfile_read("/proc/loadavg", text, sizeof(text)) > 0)
		u->load = strtod(text, NULL);
}

/* Connections that found a listen queue full (overflows) or were lost there
 * for whatever reason (drops), machine-wide. */
static void listen_read(struct usage *u)
{
	char names[4096], values[4096], *name, *value, *n, *v;
	FILE *file = fopen("/proc/net/netstat", "re");

	if (file && fgets(names, sizeof(names), file) &&
		fgets(values, sizeof(values), file)) {
		name = strtok_r(names, " \n", &n);
		value = strtok_r(values, " \n", &v);
		for (; name && value; name = strtok_r(NULL, " \n", &n),
				      value = strtok_r(NULL, " \n", &v)) {
			if (!strcmp(name, "ListenDrops"))
				u->listen_drops = strtoull(value, NULL, 10);
			if (!strcmp(name, "ListenOverflows"))
				u->listen_overflows = strtoull(value, NULL, 10);
		}
	}
	if (file)
		fclose(file);
}

int usage_read(const struct group *g, pid_t leader, const struct cpu_list *cpus,
	uint64_t budget_ns, struct usage *u)
{
	struct switch_sum sum = {.u = u};

	memset(u, 0, sizeof(*u));
	u->at_ns = clock_ns();
	sum.until_ns = u->at_ns + budget_ns;
	/* What moves fastest comes first, and what takes longer the more
	 * processes there are comes last, if it may. */
	u->from_group = group_cpu(g, u);
	if (!u->from_group)
		session_each(g, leader, add_times, u);
	u->until_ns = clock_ns();
	machine_read(cpus, u);
	listen_read(u);
	if (u->from_group)
		session_each(g, leader, add_times, u);
	session_each(g, leader, add_switches, &sum);
	return u->processes ? 0 : -ESRCH;
}

/* ---- memory --------------------------------------------------------------- */

struct memory_sum {
	struct memory *m;
	uint64_t until_ns;
	bool late;
	unsigned processes;
};

static void add_memory(pid_t pid, const struct session_stat *s, void *data)
{
	struct memory_sum *sum = data;
	char path[64], text[4096], *at;

	(void)s;
	sum->processes++;
	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if (procfile_read(path, text, sizeof(text)) > 0) {
		at = strchr(text, ' ');
		sum->m->rss_bytes += (at ? strtoull(at, NULL, 10) : 0) *
				     (uint64_t)sysconf(_SC_PAGESIZE);
	}
	sum->late = sum->late || clock_ns() > sum->until_ns;
	if (sum->late)
		return;
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	if (procfile_read(path, text, sizeof(text)) > 0)
		sum->m->pss_bytes += procfile_number(text, "\nPss:") * 1024;
}

int memory_read(const struct group *g, pid_t leader, uint64_t budget_ns,
	struct memory *m)
{
	struct memory_sum sum = {.m = m, .until_ns = clock_ns() + budget_ns};

	*m = (struct memory) {0};
	session_each(g, leader, add_memory, &sum);
	if (sum.late)
		m->pss_bytes = 0;
	return sum.processes ? 0 : -ESRCH;
}
