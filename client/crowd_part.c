/* SPDX-License-Identifier: MIT */
#include "client/crowd_part.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "client/socket.h"
#include "client/workload.h"
#include "common/clock.h"

#define PART_TICK_NS  (100 * NS_PER_MS) /* the pace of the slow ones */
#define PART_RETRY_NS (200 * NS_PER_MS)

enum {
	PART_READ = 64,	     /* bytes a slow reader takes per tick */
	PART_RECEIVE = 4096, /* its socket's receive buffer */
	PART_EVENTS = 256,
	PART_ASK = 16,	   /* requests a slow reader writes per tick, at most */
	PART_LIFELINE = 3, /* its descriptor here */
};

struct member {
	int fd; /* -1: none */
	bool connecting, ever;
	enum crowd_kind kind;
	uint64_t retry_ns; /* not before */
	struct session session;
	struct slice rest; /* of the request being written */
};

struct part {
	struct crowd_part *shared;
	const struct config *config;
	struct member *members;
	char *states;		   /* of the workload, for sessions */
	uint64_t connecting, next; /* to look at for connecting */
	int epoll_fd;
	bool ended; /* the parent is, or wants us to be */
};

/* ---- connections -------------------------------------------------------- */

static void part_drop(struct part *p, struct member *m)
{
	if (m->connecting) {
		p->connecting--;
	} else if (m->fd >= 0) {
		p->shared->counts[m->kind].open--;
		p->shared->counts[m->kind].lost++;
	}
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
	m->connecting = false;
	m->retry_ns = clock_ns() + PART_RETRY_NS;
}

/* It is not let in, for now. */
static void part_refused(struct part *p, struct member *m, int error)
{
	p->shared->counts[m->kind].error = error;
	part_drop(p, m);
}

static void part_connected(struct part *p, struct member *m)
{
	m->connecting = false;
	p->connecting--;
	p->shared->counts[m->kind].open++;
	if (m->ever)
		return;
	m->ever = true;
	p->shared->counts[m->kind].established++;
}

/* 0 or -errno. */
static int part_begin(struct part *p, struct member *m)
{
	const struct address *server = &p->config->server;
	const int small = PART_RECEIVE;
	struct epoll_event event = {
		.events = EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = m,
	};

	if (m->kind == CROWD_READER && setsockopt(m->fd, SOL_SOCKET, SO_RCVBUF,
					       &small, sizeof(small)) < 0)
		return -errno;
	if (connect(m->fd, &server->sa.any, server->len) < 0 &&
		errno != EINPROGRESS)
		return -errno;
	if (epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, m->fd, &event) < 0)
		return -errno;
	return 0;
}

static void part_connect(struct part *p, struct member *m)
{
	uint64_t number = p->shared->first + (uint64_t)(m - p->members);
	int error;

	m->fd = socket_new(
		p->config, &p->shared->sources, number / SOURCES_EACH);
	if (m->fd < 0) {
		part_refused(p, m, -m->fd);
		return;
	}
	m->connecting = true;
	p->connecting++;
	m->session.asked = 0;
	m->rest.len = 0;
	if (p->config->workload->open)
		p->config->workload->open(&m->session);
	error = part_begin(p, m);
	if (error)
		part_refused(p, m, -error);
}

/* A bounded number at once, so that the server's queue can follow. */
static void part_connect_some(struct part *p, uint64_t now)
{
	uint64_t looked;

	for (looked = 0;
		looked < p->shared->count && p->connecting < p->shared->at_once;
		looked++) {
		struct member *m = &p->members[p->next];

		if (m->fd < 0 && now >= m->retry_ns)
			part_connect(p, m);
		p->next = (p->next + 1) % p->shared->count;
	}
}

/* ---- being slow --------------------------------------------------------- */

/* The next request. In a conversation the greeting is all that it says. */
static bool part_ask(const struct part *p, struct member *m)
{
	const struct workload *workload = p->config->workload;

	if (!workload->greeting)
		m->rest = workload->request(&m->session);
	else if (m->session.asked == 0)
		m->rest = workload->greeting(&m->session);
	else
		return false;
	m->session.asked++;
	return true;
}

/* Writes at most `most` bytes of requests, as far as the socket takes them. */
static void part_write(
	struct part *p, struct member *m, size_t most, int requests)
{
	ssize_t n;

	while (requests-- > 0) {
		if (m->rest.len == 0 && !part_ask(p, m))
			return;
		n = send(m->fd, m->rest.data,
			m->rest.len < most ? m->rest.len : most, MSG_NOSIGNAL);
		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR)
				part_drop(p, m);
			return;
		}
		m->rest.data += n;
		m->rest.len -= (size_t)n;
	}
}

static void part_read(struct part *p, struct member *m, size_t most)
{
	char buf[4096];
	ssize_t n =
		recv(m->fd, buf, most < sizeof(buf) ? most : sizeof(buf), 0);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		part_drop(p, m);
}

/* Reads, and learns whether it is still connected. */
static bool part_hear(struct part *p, struct member *m)
{
	const struct workload *workload = p->config->workload;

	part_read(p, m, m->kind == CROWD_READER ? PART_READ : SIZE_MAX);
	if (m->fd >= 0 && workload->is_dropped &&
		workload->is_dropped(&m->session))
		part_drop(p, m);
	return m->fd >= 0;
}

static void part_tick(struct part *p)
{
	bool asks = p->config->workload->request != NULL;
	uint64_t i;

	for (i = 0; i < p->shared->count; i++) {
		struct member *m = &p->members[i];

		if (m->fd < 0 || m->connecting || m->kind == CROWD_IDLE)
			continue;
		if (!part_hear(p, m) || !asks)
			continue;
		if (m->kind == CROWD_READER)
			part_write(p, m, SIZE_MAX, PART_ASK);
		else
			part_write(p, m, 1, 1);
	}
}

/* ---- the process -------------------------------------------------------- */

static int part_socket_error(const struct member *m)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error ? error : ECONNRESET;
}

/* Bytes for an idle member are left unread: only a close is of interest. */
static void part_event(struct part *p, struct member *m, uint32_t events)
{
	if (m->fd < 0)
		return;
	if (events & (EPOLLERR | EPOLLHUP)) {
		if (m->connecting)
			part_refused(p, m, part_socket_error(m));
		else
			part_drop(p, m);
	} else if (m->connecting) {
		part_connected(p, m);
	}
	if (m->fd >= 0 && events & EPOLLRDHUP)
		part_drop(p, m);
}

static void part_loop(struct part *p)
{
	struct epoll_event events[PART_EVENTS];
	uint64_t tick_ns = 0, now;
	int i, n;

	while (!p->ended) {
		n = epoll_wait(p->epoll_fd, events, PART_EVENTS,
			(int)(PART_TICK_NS / NS_PER_MS / 2));
		for (i = 0; i < n; i++)
			if (events[i].data.ptr)
				part_event(p, events[i].data.ptr,
					events[i].events);
			else
				p->ended = true;
		now = clock_ns();
		part_connect_some(p, now);
		if (now >= tick_ns) {
			part_tick(p);
			tick_ns = now + PART_TICK_NS;
		}
	}
}

static int part_prepare(struct part *p)
{
	const struct workload *workload = p->config->workload;
	size_t state_size = (workload->state_size + 15) & ~(size_t)15;
	struct epoll_event lifeline = {.events = EPOLLIN};
	uint64_t n = p->shared->count, i;

	p->members = calloc(n, sizeof(*p->members));
	p->states = calloc(n, state_size ? state_size : 1);
	if (!p->members || !p->states)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		uint64_t number = p->shared->first + i;

		p->members[i].fd = -1;
		p->members[i].kind = crowd_kind(p->config, number);
		p->members[i].session = (struct session) {
			.options = p->config->workload_options,
			.state = p->states + i * state_size,
			.key = number * 2654435761u,
			.index = p->config->connections + number,
		};
	}
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll_fd < 0 || epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD,
				       PART_LIFELINE, &lifeline) < 0)
		return -errno;
	return 0;
}

/* The terminal's Ctrl-C is for the parent: it ends the run, and then us. */
static int part_settle(int lifeline, pid_t parent)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "client-crowd", 0, 0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	if (getppid() != parent)
		return -ESRCH; /* it was quicker */
	/* All that is the parent's is closed: it is to end when that closes
	 * it. */
	if (lifeline != PART_LIFELINE && dup2(lifeline, PART_LIFELINE) < 0)
		return -errno;
	return close_range(PART_LIFELINE + 1, ~0u, 0) < 0 ? -errno : 0;
}

/* The process takes all it has with it. */
_Noreturn void crowd_part_run(struct crowd_part *part,
	const struct config *config, int lifeline, pid_t parent)
{
	struct part p = {.shared = part, .config = config};

	if (part_settle(lifeline, parent) || part_prepare(&p))
		_exit(EXIT_FAILURE);
	part_loop(&p);
	_exit(EXIT_SUCCESS);
}
