/* SPDX-License-Identifier: MIT */
#include "compare/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What a server may do for a request, by the kernel's names. */
static const char *const syscalls_names[] = {"accept", "accept4", "brk",
	"clock_nanosleep", "clone", "clone3", "close", "close_range", "connect",
	"dup", "dup2", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait",
	"eventfd2", "execve", "exit", "exit_group", "fcntl", "flock", "fork",
	"futex", "getpeername", "getpid", "getrandom", "getsockname",
	"getsockopt", "io_uring_enter", "kill", "madvise", "mmap", "mprotect",
	"munmap", "nanosleep", "newfstat", "newfstatat", "openat", "pipe2",
	"poll", "ppoll", "prctl", "pread64", "prlimit64", "pselect6", "read",
	"readv", "recvfrom", "recvmsg", "rt_sigaction", "rt_sigprocmask",
	"rt_sigreturn", "rt_sigtimedwait", "sched_yield", "select", "semop",
	"sendfile64", "sendmsg", "sendto", "set_robust_list", "setsockopt",
	"shutdown", "signalfd4", "socket", "socketpair", "splice", "tgkill",
	"timerfd_settime", "vfork", "wait4", "waitid", "write", "writev"};

enum { SYSCALLS_NAMES = sizeof(syscalls_names) / sizeof(*syscalls_names) };

static const char *const tracefs[] = {
	"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

/* The number of a tracepoint, or -errno: -ENOENT if there is none. */
static int tracepoint_id(const char *group, const char *name)
{
	char path[200];
	int id, rc = -ENOENT;

	for (size_t i = 0; i < 2; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/events/%s/%s/id", tracefs[i],
			group, name);
		file = fopen(path, "re");
		if (!file) {
			rc = errno == EACCES ? -EACCES : rc;
			continue;
		}
		rc = fscanf(file, "%d", &id) == 1 ? id : -EIO;
		fclose(file);
		return rc;
	}
	return rc;
}

static int counter_open(int id, int group, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = (uint64_t)id,
		.disabled = 1,
	};
	long fd = syscall(SYS_perf_event_open, &attr, group, cpu, -1,
		PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

/* Which CPU is the n-th of the list. */
static int nth_cpu(const struct cpu_list *list, size_t n)
{
	for (int cpu = 0; cpu < 1024; cpu++)
		if (list->bits[cpu / 64] >> (cpu % 64) & 1 && !n--)
			return cpu;
	return -1;
}

/* The counters of one tracepoint on all CPUs. */
static int open_row(struct syscalls *s, size_t row, int id, int group,
	const struct cpu_list *cpus)
{
	for (size_t c = 0; c < s->cpus; c++) {
		int fd = counter_open(id, group, nth_cpu(cpus, c));

		if (fd < 0)
			return fd;
		s->fds[row * s->cpus + c] = fd;
	}
	return 0;
}

static int open_all(struct syscalls *s, int group, const struct cpu_list *cpus)
{
	int id = tracepoint_id("raw_syscalls", "sys_enter");
	int rc = id < 0 ? id : open_row(s, SYSCALLS_NAMES, id, group, cpus);

	for (size_t i = 0; i < SYSCALLS_NAMES && !rc; i++) {
		char name[64];

		snprintf(name, sizeof(name), "sys_enter_%s", syscalls_names[i]);
		id = tracepoint_id("syscalls", name);
		if (id >= 0) /* other machines have other calls */
			rc = open_row(s, i, id, group, cpus);
	}
	return rc;
}

static const char *reason(int rc)
{
	if (rc == -ENOENT)
		return "the kernel shows no tracepoints (no tracefs is mounted)";
	if (rc == -EACCES || rc == -EPERM)
		return "tracepoints are not permitted here: it takes root, or "
		       "CAP_PERFMON and a readable tracefs";
	return strerror(-rc);
}

int syscalls_open(struct syscalls *s, const struct group *group,
	const struct cpu_list *cpus, char why[WHY_SIZE])
{
	int fd = group->path[0] ? open(group->path, O_RDONLY | O_CLOEXEC) : -1;
	int rc;

	*s = (struct syscalls) {.cpus = cpus->count};
	if (fd < 0) {
		snprintf(why, WHY_SIZE,
			"there is no control group to count in (cgroup v2)");
		return -ENOENT;
	}
	s->count = (SYSCALLS_NAMES + 1) * s->cpus;
	s->fds = malloc(s->count * sizeof(*s->fds));
	for (size_t i = 0; s->fds && i < s->count; i++)
		s->fds[i] = -1;
	rc = s->fds ? open_all(s, fd, cpus) : -ENOMEM;
	close(fd);
	if (rc) {
		snprintf(why, WHY_SIZE, "%s", reason(rc));
		syscalls_close(s);
	}
	return rc;
}

void syscalls_close(struct syscalls *s)
{
	for (size_t i = 0; s->fds && i < s->count; i++)
		if (s->fds[i] >= 0)
			close(s->fds[i]);
	free(s->fds);
	*s = (struct syscalls) {0};
}

static void tell_all(const struct syscalls *s, unsigned long what)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->fds[i] >= 0)
			ioctl(s->fds[i], what, 0);
}

void syscalls_reset(struct syscalls *s)
{
	tell_all(s, PERF_EVENT_IOC_RESET);
}

void syscalls_start(struct syscalls *s)
{
	tell_all(s, PERF_EVENT_IOC_ENABLE);
}

void syscalls_stop(struct syscalls *s)
{
	tell_all(s, PERF_EVENT_IOC_DISABLE);
}

static int64_t row_sum(const struct syscalls *s, size_t row)
{
	int64_t sum = 0;

	for (size_t c = 0; c < s->cpus; c++) {
		int fd = s->fds[row * s->cpus + c];
		uint64_t one;

		if (fd >= 0 && read(fd, &one, sizeof(one)) == sizeof(one))
			sum += (int64_t)one;
	}
	return sum;
}

struct counted {
	const char *name;
	int64_t calls;
};

static int by_calls(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;

	if (x->calls != y->calls)
		return x->calls > y->calls ? -1 : 1;
	return strcmp(x->name, y->name);
}

json_t *syscalls_read(const struct syscalls *s, int64_t *total)
{
	struct counted all[SYSCALLS_NAMES + 1];
	json_t *object = json_object();
	int64_t named = 0;

	*total = row_sum(s, SYSCALLS_NAMES);
	for (size_t i = 0; i < SYSCALLS_NAMES; i++) {
		all[i] = (struct counted) {syscalls_names[i], row_sum(s, i)};
		named += all[i].calls;
	}
	/* Both are stopped one after the other: a few calls may differ. */
	*total = *total < named ? named : *total;
	all[SYSCALLS_NAMES] = (struct counted) {"other", *total - named};
	qsort(all, SYSCALLS_NAMES + 1, sizeof(*all), by_calls);
	for (size_t i = 0; i <= SYSCALLS_NAMES && all[i].calls; i++)
		json_object_set_new(
			object, all[i].name, json_integer(all[i].calls));
	return object;
}
