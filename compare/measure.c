/* SPDX-License-Identifier: MIT */
#include "compare/measure.h"

#include "common/clock.h"
#include "compare/cpus.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP_NAME "serverlab-"

/* ---- reading small files of the kernel ------------------------------------ */

/* The text of a file, cut at size - 1. Its length, or -errno. */
static ssize_t read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (len < size - 1 && n > 0) {
		n = read(fd, buf + len, size - 1 - len);
		if (n > 0)
			len += (size_t)n;
	}
	close(fd);
	buf[len] = '\0';
	return n < 0 ? -EIO : (ssize_t)len;
}

/* The number that follows `key` in a text of "key number" lines; 0 if none. */
static uint64_t number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
	return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* ---- the control group ---------------------------------------------------- */

/* Where cgroup v2 is mounted: alone, or beside v1. */
static bool find_mount(char *path, size_t size)
{
	char line[1024], point[256], type[32];
	FILE *mounts = fopen("/proc/self/mounts", "re");
	bool found = false;

	while (mounts && !found && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*s %255s %31s", point, type) != 2)
			continue;
		found = !strcmp(type, "cgroup2");
	}
	if (mounts)
		fclose(mounts);
	if (found)
		snprintf(path, size, "%s", point);
	return found;
}

/* The directory of our own group below the mount. */
static bool find_own(char *path, size_t size)
{
	char text[4096], *at, *end;
	size_t used;

	if (!find_mount(path, size) ||
		read_text("/proc/self/cgroup", text, sizeof(text)) < 0)
		return false;
	at = strstr(text, "0::/");
	if (!at)
		return false;
	end = strchr(at, '\n');
	if (end)
		*end = '\0';
	used = strlen(path);
	snprintf(path + used, size - used, "%s",
		strcmp(at + 3, "/") ? at + 3 : "");
	return true;
}

/* Groups whose compare is gone: empty ones only, others cannot be removed. */
static void remove_stale(const char *own)
{
	char path[1024];
	DIR *dir = opendir(own);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		pid_t pid;

		if (strncmp(e->d_name, GROUP_NAME, strlen(GROUP_NAME)))
			continue;
		pid = atoi(e->d_name + strlen(GROUP_NAME));
		if (pid <= 0 || !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "%s/%s", own, e->d_name);
		rmdir(path);
	}
	if (dir)
		closedir(dir);
}

void group_init(struct group *g)
{
	char own[400], path[600];

	g->path[0] = '\0';
	g->procs = -1;
	if (!find_own(own, sizeof(own)))
		return;
	remove_stale(own);
	snprintf(g->path, sizeof(g->path), "%s/" GROUP_NAME "%d", own,
		(int)getpid());
	if (mkdir(g->path, 0755)) {
		g->path[0] = '\0';
		return;
	}
	snprintf(path, sizeof(path), "%s/cgroup.procs", g->path);
	g->procs = open(path, O_WRONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/cpu.stat", g->path);
	if (g->procs < 0 || access(path, R_OK))
		group_release(g);
}

void group_release(struct group *g)
{
	if (g->procs >= 0)
		close(g->procs);
	if (g->path[0])
		rmdir(g->path);
	g->path[0] = '\0';
	g->procs = -1;
}

static bool group_cpu(const struct group *g, struct usage *u)
{
	char path[600], text[1024];

	snprintf(path, sizeof(path), "%s/cpu.stat", g->path);
	if (!g->path[0] || read_text(path, text, sizeof(text)) <= 0)
		return false;
	u->cpu_ns = number_after(text, "usage_usec ") * NS_PER_US;
	u->user_ns = number_after(text, "user_usec ") * NS_PER_US;
	u->system_ns = number_after(text, "system_usec ") * NS_PER_US;
	return true;
}

/* ---- the processes of a session ------------------------------------------- */

/* What /proc/PID/stat says, in the units it uses. */
struct stat_line {
	int session;
	uint64_t faults, major, ticks_user, ticks_system, dead_user,
		dead_system;
	uint64_t threads;
};

static int stat_read(pid_t pid, struct stat_line *s)
{
	unsigned long long f[9];
	char path[64], text[1024], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_text(path, text, sizeof(text)) <= 0)
		return -ESRCH;
	at = strrchr(text, ')'); /* the name may hold anything */
	if (!at ||
		sscanf(at + 2,
			"%*c %*d %*d %d %*d %*d %*u %llu %llu %llu %llu %llu "
			"%llu %llu %llu %*d %*d %llu",
			&s->session, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5],
			&f[6], &f[7], &f[8]) != 10)
		return -ESRCH;
	s->faults = f[0] + f[1]; /* its own, and those of reaped children */
	s->major = f[2] + f[3];
	s->ticks_user = f[4];
	s->ticks_system = f[5];
	s->dead_user = f[6];
	s->dead_system = f[7];
	s->threads = f[8];
	return 0;
}

/* Calls `each` for every process of the session. */
static void session_each(const struct group *g, pid_t leader,
	void (*each)(pid_t pid, const struct stat_line *s, void *data),
	void *data)
{
	struct stat_line s;
	char path[600];
	struct dirent *e;
	FILE *list;
	DIR *proc;
	int pid;

	snprintf(path, sizeof(path), "%s/cgroup.procs", g->path);
	list = g->path[0] ? fopen(path, "re") : NULL;
	if (list) {
		while (fscanf(list, "%d", &pid) == 1)
			if (!stat_read(pid, &s))
				each(pid, &s, data);
		fclose(list);
		return;
	}
	proc = opendir("/proc");
	while (proc && (e = readdir(proc))) {
		pid = isdigit((unsigned char)e->d_name[0]) ? atoi(e->d_name)
							   : 0;
		if (pid && !stat_read(pid, &s) && s.session == leader)
			each(pid, &s, data);
	}
	if (proc)
		closedir(proc);
}

static uint64_t process_clock(pid_t pid)
{
	struct timespec t;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) || clock_gettime(id, &t))
		return 0;
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void add_times(pid_t pid, const struct stat_line *s, void *data)
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
	if (u->late || read_text(status_path, text, sizeof(text)) <= 0)
		return;
	at = strstr(text, "\nvoluntary_ctxt_switches:");
	if (!at)
		return;
	u->voluntary += number_after(at, "\nvoluntary_ctxt_switches:");
	u->involuntary += number_after(at, "nonvoluntary_ctxt_switches:");
	/* A sum of mixed thread ids: equal for equal sets in any order. */
	u->thread_set += ((uint64_t)tid + 1) * 0x9e3779b97f4a7c15ull ^
			 (uint64_t)tid << 32;
}

static void add_switches(pid_t pid, const struct stat_line *s, void *data)
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
	if (read_text("/proc/loadavg", text, sizeof(text)) > 0)
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

static void add_memory(pid_t pid, const struct stat_line *s, void *data)
{
	struct memory_sum *sum = data;
	char path[64], text[4096], *at;

	(void)s;
	sum->processes++;
	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if (read_text(path, text, sizeof(text)) > 0) {
		at = strchr(text, ' ');
		sum->m->rss_bytes += (at ? strtoull(at, NULL, 10) : 0) *
				     (uint64_t)sysconf(_SC_PAGESIZE);
	}
	sum->late = sum->late || clock_ns() > sum->until_ns;
	if (sum->late)
		return;
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	if (read_text(path, text, sizeof(text)) > 0)
		sum->m->pss_bytes += number_after(text, "\nPss:") * 1024;
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
