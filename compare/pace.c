/* SPDX-License-Identifier: MIT */
#include "compare/pace.h"

#include "common/clock.h"
#include "compare/stats.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CALLS = 500, /* some 80 us */
	TRIPS = 200, /* some 10 to 70 us */
	TIMES = 41,  /* of which the median counts: a few may be interrupted */
	AGAIN_MS = 200,
};
/* A CPU that was idle may first have to rise to its frequency. */
#define RISE_NS (5 * NS_PER_MS)
/* For trips to a CPU that others keep busy. */
#define TRIPS_MOST_NS (30 * NS_PER_MS)

/* ---- the work --------------------------------------------------------------- */

static double usual_work_ns(void)
{
	uint64_t began = clock_ns();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return (double)(clock_ns() - began);
}

static double median_work_ns(const struct pace *p)
{
	uint64_t risen = clock_ns() + RISE_NS;
	double times[TIMES];

	while (clock_ns() < risen)
		p->work_ns();
	for (int i = 0; i < TIMES; i++)
		times[i] = p->work_ns();
	return stats_median(times, TIMES);
}

/* On the n-th CPU of the list, where the caller now runs. */
static void look_at_speed_here(struct pace *p, unsigned n)
{
	double ns = median_work_ns(p);

	if (!p->best_ns[n] || ns < p->best_ns[n])
		p->best_ns[n] = ns;
	p->now.work_ns = fmax(p->now.work_ns, ns);
	p->now.slowdown = fmax(p->now.slowdown, ns / p->best_ns[n]);
}

static void look_at_speed(struct pace *p)
{
	for (unsigned n = 0; n < p->cpus.count && n < PACE_CPUS; n++)
		if (!cpu_list_apply_one(&p->cpus, n))
			look_at_speed_here(p, n);
}

/* ---- the trip ---------------------------------------------------------------- */

enum turn { OURS, THEIRS, OVER };

/* A cache line that two CPUs hand to each other. */
struct line {
	_Alignas(128) _Atomic int turn;
	const struct cpu_list *cpus; /* the second end */
};

static void *hand_back(void *data)
{
	struct line *line = data;
	int turn;

	cpu_list_apply_one(line->cpus, 0);
	while ((turn = line->turn) != OVER)
		if (turn == THEIRS)
			line->turn = OURS;
	return NULL;
}

static double trips_ns(struct line *line)
{
	uint64_t began = clock_ns();

	for (int i = 0; i < TRIPS; i++) {
		line->turn = THEIRS;
		while (line->turn != OURS)
			;
	}
	return (double)(clock_ns() - began) / TRIPS;
}

/* The calling thread is one end, and stays on its CPU. */
static double usual_trip_ns(const struct pace *p)
{
	struct line line = {.cpus = &p->client};
	uint64_t end_ns = clock_ns() + TRIPS_MOST_NS;
	double times[TIMES];
	pthread_t other;
	size_t n = 0;

	if (cpu_list_apply_one(&p->server, 0) ||
		pthread_create(&other, NULL, hand_back, &line))
		return NAN;
	do
		times[n++] = trips_ns(&line);
	while (n < TIMES && clock_ns() < end_ns);
	line.turn = OVER;
	pthread_join(other, NULL);
	return stats_median(times, n);
}

static void look_at_distance(struct pace *p)
{
	double ns = p->trip_ns(p);

	if (isnan(ns))
		return;
	if (!p->best_distance_ns || ns < p->best_distance_ns)
		p->best_distance_ns = ns;
	p->now.distance_ns = ns;
	p->now.farther = ns / p->best_distance_ns;
}

/* ---- both ---------------------------------------------------------------------- */

static const struct pace_reading unknown = {NAN, NAN, NAN, NAN};

void pace_init(struct pace *p, const struct cpu_list *server,
	const struct cpu_list *client)
{
	*p = (struct pace) {
		.cpus = cpu_list_join(server, client),
		.server = *server,
		.client = *client,
		.now = unknown,
		.work_ns = usual_work_ns,
		.trip_ns = usual_trip_ns,
	};
}

static bool have_none_in_common(const struct pace *p)
{
	return p->cpus.count == p->server.count + p->client.count;
}

void pace_look(struct pace *p)
{
	cpu_set_t usual;

	p->now = unknown;
	if (sched_getaffinity(0, sizeof(usual), &usual))
		return;
	look_at_speed(p);
	if (have_none_in_common(p))
		look_at_distance(p);
	sched_setaffinity(0, sizeof(usual), &usual);
}

struct pace_reading pace_best(const struct pace *p)
{
	struct pace_reading best = {NAN, 1, p->best_distance_ns, 1};

	for (unsigned n = 0; n < p->cpus.count && n < PACE_CPUS; n++)
		if (p->best_ns[n])
			best.work_ns = fmax(best.work_ns, p->best_ns[n]);
	return best;
}

bool pace_is_slow(const struct pace_reading *r)
{
	return r->slowdown > PACE_SLOW;
}

bool pace_is_far(const struct pace_reading *r)
{
	return r->farther > PACE_FAR;
}

uint64_t pace_wait(struct pace *p, uint64_t most_ns, int stop_fd,
	void (*tick)(void *data), void *data)
{
	struct pollfd stop = {.fd = stop_fd, .events = POLLIN};
	uint64_t began = clock_ns(), spent = 0;

	for (pace_look(p); pace_is_slow(&p->now) || pace_is_far(&p->now);
		pace_look(p)) {
		spent = clock_ns() - began;
		if (spent >= most_ns || poll(&stop, 1, AGAIN_MS))
			break;
		if (tick)
			tick(data);
	}
	return spent;
}
