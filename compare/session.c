/* SPDX-License-Identifier: MIT */
#include "compare/session.h"

#include "common/log.h"
#include "compare/procfile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP_NAME "serverlab-"

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
		procfile_read("/proc/self/cgroup", text, sizeof(text)) < 0)
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

/* ---- the processes of a session ------------------------------------------- */

static int stat_read(pid_t pid, struct session_stat *s)
{
	unsigned long long f[9];
	char path[64], text[1024], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (procfile_read(path, text, sizeof(text)) <= 0)
		return -ESRCH;
	at = strrchr(text, ')'); /* the name may hold anything */
	if (!at || sscanf(at + 2,
			   "%c %*d %*d %d %*d %*d %*u %llu %llu %llu %llu %llu "
			   "%llu %llu %llu %*d %*d %llu",
			   &s->state, &s->session, &f[0], &f[1], &f[2], &f[3],
			   &f[4], &f[5], &f[6], &f[7], &f[8]) != 11)
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

void session_each(const struct group *g, pid_t leader,
	void (*each)(pid_t pid, const struct session_stat *s, void *data),
	void *data)
{
	struct session_stat s;
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
	/* Without a leader: 0 is the session of the kernel's threads. */
	proc = leader > 0 ? opendir("/proc") : NULL;
	while (proc && (e = readdir(proc))) {
		pid = isdigit((unsigned char)e->d_name[0]) ? atoi(e->d_name)
							   : 0;
		if (pid && !stat_read(pid, &s) && s.session == leader)
			each(pid, &s, data);
	}
	if (proc)
		closedir(proc);
}

/* ---- its end --------------------------------------------------------------- */

enum {
	KILL_PASSES = 100,  /* a process may fork while the others are killed */
	KILL_WAIT_MS = 1000 /* for one to end; the kernel may be busy with it */
};

/* All at once, where the kernel can do that (Linux 5.14). */
static void group_kill(const struct group *g)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.kill", g->path);
	fd = g->path[0] ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0 && errno != ENOENT)
		log_warn("cannot kill the processes in %s", g->path);
	close(fd);
}

static void kill_one(pid_t pid, const struct session_stat *s, void *data)
{
	struct pollfd ended = {.events = POLLIN};
	bool *any = data;

	if (s->state == 'Z' || s->state == 'X')
		return;
	ended.fd = pidfd_open(pid, 0);
	if (ended.fd < 0)
		return;
	*any = true;
	if (!pidfd_send_signal(ended.fd, SIGKILL, NULL, 0))
		poll(&ended, 1, KILL_WAIT_MS);
	close(ended.fd);
}

void session_kill(const struct group *g, pid_t leader)
{
	const struct group none = {.procs = -1};
	bool any = true;

	group_kill(g);
	for (int i = 0; i < KILL_PASSES && any; i++) {
		any = false;
		session_each(g, leader, kill_one, &any);
		if (g->path[0]) /* which it may not have been able to enter */
			session_each(&none, leader, kill_one, &any);
	}
}
