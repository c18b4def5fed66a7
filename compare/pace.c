/* SPDX-License-Identifier: MIT */
#include "compare/pace.h"

#include "common/clock.h"
#include "compare/stats.h"

#include <math.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CALLS = 500, /* some 80 us */
	TIMES = 41,  /* of which the median counts: a few may be interrupted */
	AGAIN_MS = 200,
};
/* A CPU that was idle may first have to rise to its frequency. */
#define RISE_NS (5 * UINT64_C(1000000))

/* ---- the work --------------------------------------------------------------- */

static double work_ns(void)
{
	uint64_t began = clock_ns();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return (double)(clock_ns() - began);
}

static double usual_work_ns(const struct pace *p)
{
	uint64_t risen = clock_ns() + RISE_NS;
	double times[TIMES];

	while (clock_ns() < risen)
		p->work_ns();
	for (int i = 0; i < TIMES; i++)
		times[i] = p->work_ns();
	return stats_median(times, TIMES);
}

/* ---- the CPUs ---------------------------------------------------------------- */

/* On the n-th CPU of the list, where the caller now runs. */
static double slowdown_here(struct pace *p, unsigned n)
{
	double now = usual_work_ns(p);

	if (!p->best_ns[n] || now < p->best_ns[n])
		p->best_ns[n] = now;
	return now / p->best_ns[n];
}

static double slowest(struct pace *p)
{
	double worst = 1, here;

	for (unsigned n = 0; n < p->cpus.count && n < PACE_CPUS; n++) {
		if (cpu_list_apply_one(&p->cpus, n))
			return NAN;
		here = slowdown_here(p, n);
		worst = here > worst ? here : worst;
	}
	return worst;
}

void pace_init(struct pace *p, const struct cpu_list *cpus)
{
	*p = (struct pace) {.cpus = *cpus, .now = NAN, .work_ns = work_ns};
}

double pace_slowdown(struct pace *p)
{
	cpu_set_t usual;

	p->now = NAN;
	if (!sched_getaffinity(0, sizeof(usual), &usual)) {
		p->now = slowest(p);
		sched_setaffinity(0, sizeof(usual), &usual);
	}
	return p->now;
}

uint64_t pace_wait(struct pace *p, uint64_t most_ns, int stop_fd,
	void (*tick)(void *data), void *data)
{
	struct pollfd stop = {.fd = stop_fd, .events = POLLIN};
	uint64_t began = clock_ns(), spent = 0;

	while (pace_slowdown(p) > PACE_SLOW && spent < most_ns) {
		if (poll(&stop, 1, AGAIN_MS))
			break;
		if (tick)
			tick(data);
		spent = clock_ns() - began;
	}
	return spent;
}
