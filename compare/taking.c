/* SPDX-License-Identifier: MIT */
#include "compare/taking.h"

#include "common/clock.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { TICK_MS = 200 };

int taking_wait(struct taking *t, int fd, uint64_t until_ns)
{
	struct pollfd p[] = {
		{.fd = fd, .events = POLLIN},
		{.fd = t->sampler->stop_fd, .events = POLLIN},
		{.fd = t->ended_ns ? -1 : t->server.pidfd, .events = POLLIN},
		{.fd = t->client.pid ? t->client.pidfd : -1, .events = POLLIN},
	};

	for (;;) {
		uint64_t now = clock_ns();
		uint64_t left = until_ns > now ? until_ns - now : 0;
		int ms = (int)((left + NS_PER_MS - 1) / NS_PER_MS);
		int n = poll(p, 4, ms < TICK_MS ? ms : TICK_MS);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && p[1].revents)
			return -EINTR;
		if (n > 0 && p[0].revents)
			return 0;
		if (n > 0 && p[2].revents && t->may_end) {
			t->ended_ns = now = clock_ns();
			p[2].fd = -1;
			p[2].revents = 0;
			n = p[3].revents != 0;
		}
		if (n > 0)
			return -ECHILD;
		if (clock_ns() >= until_ns)
			return -ETIMEDOUT;
		if (t->sampler->tick)
			t->sampler->tick(t->sampler->tick_data);
	}
}

int taking_line(
	struct taking *t, int fd, uint64_t until_ns, char *line, size_t size)
{
	size_t used = 0;

	for (;;) {
		int rc = taking_wait(t, fd, until_ns);

		if (rc)
			return rc;
		if (read(fd, line + used, 1) != 1)
			return -EPIPE;
		if (line[used] == '\n') {
			line[used] = '\0';
			return 0;
		}
		if (used < size - 1)
			used++;
	}
}

uint64_t taking_in_ms(uint64_t ms)
{
	return clock_ns() + ms * NS_PER_MS;
}
