/* SPDX-License-Identifier: MIT */
#include "compare/child.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The signals as a program finds them that was started by a shell. */
static void reset_signals(void)
{
	struct sigaction preset = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int s = 1; s < SIGRTMIN; s++)
		sigaction(s, &preset, NULL); /* KILL and STOP refuse */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int redirect(const struct child *c, const struct child_setup *setup)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int output = setup->output >= 0 ? setup->output : null;

	if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 ||
		dup2(c->errors, 2) < 0)
		return -errno;
	for (const int *fd = setup->keep; fd && *fd >= 0; fd++)
		if (fcntl(*fd, F_SETFD, 0))
			return -errno;
	return 0;
}

static void limit_descriptors(unsigned long count)
{
	struct rlimit limit = {count, count};

	if (count)
		setrlimit(RLIMIT_NOFILE, &limit);
}

/* Between fork and exec, in the child. */
static void __attribute__((noreturn))
become(const struct child *c, const struct child_setup *setup, pid_t parent)
{
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127); /* it died before we asked to be told */
	reset_signals();
	if (redirect(c, setup))
		_exit(127);
	if (setup->group >= 0 && write(setup->group, "0", 1) < 0)
		dprintf(2, "cannot enter its control group: %s\n",
			strerror(errno));
	if (setup->cpus && cpu_list_apply(setup->cpus))
		dprintf(2, "cannot be pinned to its CPUs\n");
	limit_descriptors(setup->descriptors);
	execvp(setup->argv[0], setup->argv);
	dprintf(2, "cannot run %s: %s\n", setup->argv[0], strerror(errno));
	_exit(127);
}

int child_start(struct child *c, const struct child_setup *setup)
{
	pid_t parent = getpid();
	int rc;

	*c = (struct child) {.pidfd = -1};
	c->errors = memfd_create("stderr", MFD_CLOEXEC);
	if (c->errors < 0)
		return -errno;
	c->pid = fork();
	if (c->pid == 0)
		become(c, setup, parent);
	if (c->pid > 0)
		c->pidfd = pidfd_open(c->pid, 0);
	if (c->pid > 0 && c->pidfd >= 0)
		return 0;
	rc = -errno;
	child_release(c);
	return rc;
}

int child_reap(struct child *c)
{
	pid_t got;

	if (!c->pid)
		return 0;
	got = wait4(c->pid, &c->status, WNOHANG, &c->usage);
	if (got == 0)
		return -EAGAIN;
	if (got < 0)
		return -errno;
	/* The leader is gone, its process group may not be. */
	kill(-c->pid, SIGKILL);
	c->pid = 0;
	return 0;
}

int child_wait(struct child *c, int timeout_ms)
{
	uint64_t end = clock_ns() + (uint64_t)timeout_ms * NS_PER_MS, now;
	struct pollfd p = {.fd = c->pidfd, .events = POLLIN};
	int rc = child_reap(c);

	while (rc == -EAGAIN) {
		now = clock_ns();
		if (now >= end)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)((end - now) / NS_PER_MS) + 1) < 0 &&
			errno != EINTR)
			return -errno;
		rc = child_reap(c);
	}
	return rc;
}

int child_stop(struct child *c, int timeout_ms)
{
	int rc;

	if (!c->pid)
		return 0;
	kill(c->pid, SIGTERM);
	rc = child_wait(c, timeout_ms);
	if (rc == -ETIMEDOUT) {
		kill(-c->pid, SIGKILL);
		child_wait(c, 10000);
	}
	return rc;
}

void child_release(struct child *c)
{
	if (c->pid > 0) {
		kill(-c->pid, SIGKILL);
		kill(c->pid, SIGKILL); /* should it not be a leader yet */
		child_wait(c, 10000);
	}
	if (c->pidfd > 0)
		close(c->pidfd);
	if (c->errors > 0)
		close(c->errors);
	*c = (struct child) {.pidfd = -1, .errors = -1};
}

/* Takes the last line off a text, without the blanks at its end; the line. */
static char *cut_last_line(char *text)
{
	size_t len = strlen(text);
	char *end;

	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
	end = strrchr(text, '\n');
	if (!end)
		return text;
	*end = '\0';
	return end + 1;
}

const char *child_last_words(const struct child *c, char *buf, size_t size)
{
	char tail[4096], *line, *after;
	off_t end = c->errors > 0 ? lseek(c->errors, 0, SEEK_END) : 0;
	off_t from = end > (off_t)sizeof(tail) - 1 ? end - sizeof(tail) + 1 : 0;
	ssize_t n =
		end > 0 ? pread(c->errors, tail, sizeof(tail) - 1, from) : 0;

	tail[n > 0 ? n : 0] = '\0';
	do
		line = cut_last_line(tail);
	while (line > tail && !strncmp(line, "Try `", 5)); /* argp's advice */
	after = strstr(line, ": ");
	if (after && !memchr(line, ' ', (size_t)(after - line)))
		line = after + 2;
	snprintf(buf, size, "%s", line);
	return buf;
}

const char *child_end(const struct child *c, char *buf, size_t size)
{
	if (WIFSIGNALED(c->status))
		snprintf(buf, size, "signal %d (%s)", WTERMSIG(c->status),
			strsignal(WTERMSIG(c->status)));
	else
		snprintf(buf, size, "exit status %d", WEXITSTATUS(c->status));
	return buf;
}
