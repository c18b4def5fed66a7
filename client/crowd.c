/* SPDX-License-Identifier: MIT */
#include "client/crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client/socket.h"
#include "client/workload.h"
#include "common/clock.h"

#define CROWD_TICK_NS  (100 * NS_PER_MS) /* the pace of the slow ones */
#define CROWD_RETRY_NS (200 * NS_PER_MS)

enum {
	CROWD_READ = 64,	  /* bytes a slow reader takes per tick */
	CROWD_RECEIVE = 4096,	  /* its socket's receive buffer */
	CROWD_CONNECTING = 256,	  /* at once, at most */
	CROWD_PER_SOURCE = 20000, /* connections from one loopback address */
	CROWD_EVENTS = 256,
	CROWD_ASK = 16, /* requests a slow reader writes per tick, at most */
};

const char *const crowd_names[CROWD_KINDS] = {
	[CROWD_IDLE] = "idle",
	[CROWD_READER] = "slow_readers",
	[CROWD_WRITER] = "slow_writers",
};

struct crowd_member {
	int fd; /* -1: none */
	bool connecting, ever;
	uint64_t retry_ns; /* not before; connecting: its end */
	struct session session;
	struct slice rest; /* of the request being written */
};

struct crowd {
	const struct config *config;
	struct sources sources;
	pthread_t thread;
	int epoll_fd;
	_Atomic bool stop;
	_Atomic uint64_t established; /* members that were ever connected */

	struct crowd_count counts[CROWD_KINDS];
	struct crowd_member *members; /* kind after kind */
	char *states;		      /* of the workload, for sessions */
	uint64_t member_count, connecting, next; /* to look at for connecting */
	uint64_t deadline_ns;			 /* to be ready by */
};

static enum crowd_kind crowd_kind(
	const struct crowd *crowd, const struct crowd_member *m)
{
	uint64_t i = (uint64_t)(m - crowd->members);
	int kind = 0;

	while (i >= crowd->counts[kind].asked)
		i -= crowd->counts[kind++].asked;
	return (enum crowd_kind)kind;
}

/* ---- connections -------------------------------------------------------- */

static void crowd_drop(struct crowd *crowd, struct crowd_member *m)
{
	if (m->connecting)
		crowd->connecting--;
	else if (m->fd >= 0)
		crowd->counts[crowd_kind(crowd, m)].lost++;
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
	m->connecting = false;
	m->retry_ns = clock_ns() + CROWD_RETRY_NS;
}

static void crowd_connected(struct crowd *crowd, struct crowd_member *m)
{
	m->connecting = false;
	crowd->connecting--;
	if (m->ever)
		return;
	m->ever = true;
	crowd->counts[crowd_kind(crowd, m)].established++;
	crowd->established++;
}

static void crowd_connect(struct crowd *crowd, struct crowd_member *m)
{
	const struct config *config = crowd->config;
	struct epoll_event event = {
		.events = EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = m,
	};
	const int small = CROWD_RECEIVE;

	m->fd = socket_new(config, &crowd->sources,
		(uint64_t)(m - crowd->members) / CROWD_PER_SOURCE);
	if (m->fd < 0) {
		m->retry_ns = clock_ns() + CROWD_RETRY_NS;
		return;
	}
	m->connecting = true;
	crowd->connecting++;
	m->session.asked = 0;
	m->rest.len = 0;
	if (config->workload->open)
		config->workload->open(&m->session);
	if ((crowd_kind(crowd, m) == CROWD_READER &&
		    setsockopt(m->fd, SOL_SOCKET, SO_RCVBUF, &small,
			    sizeof(small)) < 0) ||
		(connect(m->fd, &config->server.sa.any, config->server.len) <
				0 &&
			errno != EINPROGRESS) ||
		epoll_ctl(crowd->epoll_fd, EPOLL_CTL_ADD, m->fd, &event) < 0)
		crowd_drop(crowd, m);
}

/* A bounded number at once, so that the server's queue can follow. */
static void crowd_connect_some(struct crowd *crowd, uint64_t now)
{
	uint64_t looked;

	for (looked = 0; looked < crowd->member_count &&
			 crowd->connecting < CROWD_CONNECTING;
		looked++) {
		struct crowd_member *m = &crowd->members[crowd->next];

		if (m->fd < 0 && now >= m->retry_ns)
			crowd_connect(crowd, m);
		crowd->next = (crowd->next + 1) % crowd->member_count;
	}
}

/* ---- being slow --------------------------------------------------------- */

/* The next request. In a conversation the greeting is all that it says. */
static bool crowd_ask(const struct crowd *crowd, struct crowd_member *m)
{
	const struct workload *workload = crowd->config->workload;

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
static void crowd_write(
	struct crowd *crowd, struct crowd_member *m, size_t most, int requests)
{
	ssize_t n;

	while (requests-- > 0) {
		if (m->rest.len == 0 && !crowd_ask(crowd, m))
			return;
		n = send(m->fd, m->rest.data,
			m->rest.len < most ? m->rest.len : most, MSG_NOSIGNAL);
		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR)
				crowd_drop(crowd, m);
			return;
		}
		m->rest.data += n;
		m->rest.len -= (size_t)n;
	}
}

static void crowd_read(struct crowd *crowd, struct crowd_member *m, size_t most)
{
	char buf[4096];
	ssize_t n =
		recv(m->fd, buf, most < sizeof(buf) ? most : sizeof(buf), 0);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		crowd_drop(crowd, m);
}

static void crowd_tick(struct crowd *crowd)
{
	bool asks = crowd->config->workload->request != NULL;
	uint64_t i = crowd->counts[CROWD_IDLE].asked;

	for (; i < crowd->member_count; i++) {
		struct crowd_member *m = &crowd->members[i];
		bool reader = crowd_kind(crowd, m) == CROWD_READER;

		if (m->fd < 0 || m->connecting)
			continue;
		crowd_read(crowd, m, reader ? CROWD_READ : SIZE_MAX);
		if (m->fd < 0 || !asks)
			continue;
		if (reader)
			crowd_write(crowd, m, SIZE_MAX, CROWD_ASK);
		else
			crowd_write(crowd, m, 1, 1);
	}
}

/* ---- the thread --------------------------------------------------------- */

/* Bytes for an idle member are left unread: only a close is of interest. */
static void crowd_event(
	struct crowd *crowd, struct crowd_member *m, uint32_t events)
{
	if (m->fd < 0)
		return;
	if (events & (EPOLLERR | EPOLLHUP))
		crowd_drop(crowd, m);
	else if (m->connecting)
		crowd_connected(crowd, m);
	if (m->fd >= 0 && events & EPOLLRDHUP)
		crowd_drop(crowd, m);
}

static void crowd_close_all(struct crowd *crowd)
{
	uint64_t i;

	for (i = 0; i < crowd->member_count; i++)
		if (crowd->members[i].fd >= 0)
			close(crowd->members[i].fd);
}

static void *crowd_main(void *arg)
{
	struct crowd *crowd = arg;
	struct epoll_event events[CROWD_EVENTS];
	uint64_t tick_ns = 0, now;
	int i, n;

	socket_own_table();
	while (!crowd->stop) {
		n = epoll_wait(crowd->epoll_fd, events, CROWD_EVENTS,
			(int)(CROWD_TICK_NS / NS_PER_MS / 2));
		for (i = 0; i < n; i++)
			crowd_event(
				crowd, events[i].data.ptr, events[i].events);
		now = clock_ns();
		crowd_connect_some(crowd, now);
		if (now >= tick_ns) {
			crowd_tick(crowd);
			tick_ns = now + CROWD_TICK_NS;
		}
	}
	crowd_close_all(crowd);
	return NULL;
}

/* Without sources, a loopback server is called from as many loopback addresses
 * as the ports of one would not suffice for. */
static void crowd_choose_sources(struct crowd *crowd)
{
	const struct address *server = &crowd->config->server;

	crowd->sources = crowd->config->sources;
	if (crowd->sources.count || crowd->member_count < CROWD_PER_SOURCE ||
		server->sa.any.sa_family != AF_INET ||
		ntohl(server->sa.in.sin_addr.s_addr) >> 24 != 127)
		return;
	crowd->sources.count =
		(unsigned)(crowd->member_count / CROWD_PER_SOURCE) + 1;
	crowd->sources.first.len = sizeof(struct sockaddr_in);
	crowd->sources.first.sa.in = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int crowd_prepare(struct crowd *crowd)
{
	const struct workload *workload = crowd->config->workload;
	size_t state_size = (workload->state_size + 15) & ~(size_t)15;
	uint64_t n = crowd->member_count, i;

	crowd->members = calloc(n, sizeof(*crowd->members));
	crowd->states = calloc(n, state_size ? state_size : 1);
	if (!crowd->members || !crowd->states)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		crowd->members[i].fd = -1;
		crowd->members[i].session = (struct session) {
			.options = crowd->config->workload_options,
			.state = crowd->states + i * state_size,
			.key = i * 2654435761u,
			.index = crowd->config->connections + i,
		};
	}
	crowd_choose_sources(crowd);
	crowd->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return crowd->epoll_fd < 0 ? -errno : 0;
}

static void crowd_free(struct crowd *crowd)
{
	if (crowd->epoll_fd >= 0)
		close(crowd->epoll_fd);
	free(crowd->members);
	free(crowd->states);
	free(crowd);
}

int crowd_start(struct crowd **crowd, const struct config *config)
{
	struct crowd *c;
	int error;

	*crowd = NULL;
	if (config->idle + config->slow_readers + config->slow_writers == 0)
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->config = config;
	c->epoll_fd = -1;
	c->counts[CROWD_IDLE].asked = config->idle;
	c->counts[CROWD_READER].asked = config->slow_readers;
	c->counts[CROWD_WRITER].asked = config->slow_writers;
	c->member_count =
		config->idle + config->slow_readers + config->slow_writers;
	c->deadline_ns = clock_ns() + config->timeout_ns;
	error = crowd_prepare(c);
	if (!error)
		error = -pthread_create(&c->thread, NULL, crowd_main, c);
	if (error)
		crowd_free(c);
	else
		*crowd = c;
	return error;
}

bool crowd_is_ready(const struct crowd *crowd)
{
	return !crowd || crowd->established == crowd->member_count ||
	       clock_ns() >= crowd->deadline_ns;
}

void crowd_stop(struct crowd *crowd, struct crowd_count counts[CROWD_KINDS])
{
	if (!crowd)
		return;
	crowd->stop = true;
	pthread_join(crowd->thread, NULL);
	memcpy(counts, crowd->counts, sizeof(crowd->counts));
	crowd_free(crowd);
}
