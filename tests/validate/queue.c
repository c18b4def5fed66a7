/* SPDX-License-Identifier: MIT */
/*
 * usage: queue single|many const|exp MEAN_US SEED LOG
 *
 * An echo with known service times, to judge the client by. It sleeps in place
 * of working: `single` is one server with a queue (M/D/1, M/M/1), `many` is a
 * server for each request. When a reply is due is computed from when its
 * request came and when the one before was due, not from when this process was
 * awake, so lateness does not add up. It ends at SIGTERM and then writes LOG,
 * a line for each request: when it came, what its service time was, and how
 * long after it had come the reply was really sent, in ns.
 */
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 64, REQUESTS_MAX = 1 << 20, EVENTS = 64 };

struct reply {
	uint64_t due_ns;
	int fd;
	size_t request;
	char data[REQUEST];
};

static struct reply heap[8192];
static size_t waiting;
static uint64_t came[REQUESTS_MAX], served[REQUESTS_MAX], took[REQUESTS_MAX];
static size_t requests;
static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void heap_push(const struct reply *reply)
{
	size_t i = waiting++, parent;

	for (; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (heap[parent].due_ns <= reply->due_ns)
			break;
		heap[i] = heap[parent];
	}
	heap[i] = *reply;
}

static struct reply heap_pop(void)
{
	struct reply first = heap[0], last = heap[--waiting];
	size_t i = 0, child;

	for (; (child = 2 * i + 1) < waiting; i = child) {
		if (child + 1 < waiting &&
			heap[child + 1].due_ns < heap[child].due_ns)
			child++;
		if (heap[child].due_ns >= last.due_ns)
			break;
		heap[i] = heap[child];
	}
	heap[i] = last;
	return first;
}

struct service {
	int single, exponential;
	double mean_ns;
	uint64_t last_due_ns;
};

static uint64_t service_time(const struct service *s)
{
	if (!s->exponential)
		return (uint64_t)s->mean_ns;
	return (uint64_t)(-log(1 - drand48()) * s->mean_ns);
}

static void take_request(struct service *s, int fd)
{
	struct reply reply = {.fd = fd};
	uint64_t from, now;

	if (recv(fd, reply.data, REQUEST, MSG_WAITALL) != REQUEST) {
		close(fd);
		return;
	}
	if (requests == REQUESTS_MAX ||
		waiting == sizeof(heap) / sizeof(heap[0]))
		exit(1);
	now = now_ns();
	came[requests] = now;
	served[requests] = service_time(s);
	from = s->single && s->last_due_ns > now ? s->last_due_ns : now;
	reply.due_ns = s->last_due_ns = from + served[requests];
	reply.request = requests++;
	heap_push(&reply);
}

static void send_due(void)
{
	while (waiting > 0 && heap[0].due_ns <= now_ns()) {
		struct reply reply = heap_pop();

		/* Fails if the client has gone: then nobody waits for it. */
		(void)!send(reply.fd, reply.data, REQUEST, MSG_NOSIGNAL);
		took[reply.request] = now_ns() - came[reply.request];
	}
}

static int wait_events(int epoll, struct epoll_event *events)
{
	struct timespec t = {.tv_sec = 1};
	uint64_t now = now_ns();
	uint64_t wait = waiting == 0	       ? 1000000000
			: heap[0].due_ns > now ? heap[0].due_ns - now
					       : 0;

	t.tv_sec = (time_t)(wait / 1000000000);
	t.tv_nsec = (long)(wait % 1000000000);
	return epoll_pwait2(epoll, events, EVENTS, &t, NULL);
}

static int listen_anywhere(void)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 ||
		listen(fd, 4096) < 0 ||
		getsockname(fd, (struct sockaddr *)&a, &len) < 0) {
		perror("queue");
		exit(1);
	}
	printf("127.0.0.1:%d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

static void serve(struct service *s)
{
	struct epoll_event event = {.events = EPOLLIN}, events[EVENTS];
	int listener = listen_anywhere(), epoll = epoll_create1(0), i, n;

	event.data.fd = listener;
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	while (!stopped) {
		n = wait_events(epoll, events);
		for (i = 0; i < n; i++) {
			if (events[i].data.fd != listener) {
				take_request(s, events[i].data.fd);
				continue;
			}
			event.data.fd = accept(listener, NULL, NULL);
			epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
		}
		send_due();
	}
}

static int write_log(const char *path)
{
	FILE *f = fopen(path, "w");
	size_t i;

	if (!f)
		return 1;
	for (i = 0; i < requests; i++)
		fprintf(f, "%llu %llu %llu\n", (unsigned long long)came[i],
			(unsigned long long)served[i],
			(unsigned long long)took[i]);
	return fclose(f) != 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct service s;

	if (argc != 6)
		return 64;
	s = (struct service) {
		.single = strcmp(argv[1], "single") == 0,
		.exponential = strcmp(argv[2], "exp") == 0,
		.mean_ns = atof(argv[3]) * 1000,
	};
	srand48(atol(argv[4]));
	sigaction(SIGTERM, &action, NULL);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	serve(&s);
	return write_log(argv[5]);
}
