/* SPDX-License-Identifier: MIT */
#include "client/crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/crowd_part.h"
#include "common/clock.h"
#include "common/log.h"

enum { CROWD_CONNECTING = 256 }; /* at once, at most */

const char *const crowd_names[CROWD_KINDS] = {
	[CROWD_IDLE] = "idle",
	[CROWD_READER] = "slow_readers",
	[CROWD_WRITER] = "slow_writers",
};

struct crowd {
	const struct config *config;
	uint64_t members, limit;  /* on descriptors */
	struct crowd_part *parts; /* shared memory */
	uint64_t part_count, started;
	int lifeline; /* helpers end when it is closed */

	uint64_t established, since_ns; /* and when it was less */
};

static uint64_t crowd_asked(const struct config *config, enum crowd_kind kind)
{
	const uint64_t asked[CROWD_KINDS] = {
		[CROWD_IDLE] = config->idle,
		[CROWD_READER] = config->slow_readers,
		[CROWD_WRITER] = config->slow_writers,
	};

	return asked[kind];
}

enum crowd_kind crowd_kind(const struct config *config, uint64_t number)
{
	int kind = 0;

	while (number >= crowd_asked(config, (enum crowd_kind)kind))
		number -= crowd_asked(config, (enum crowd_kind)kind++);
	return (enum crowd_kind)kind;
}

/* Others than those of the measured connections, once these are many. */
static struct sources crowd_sources(const struct crowd *crowd)
{
	const struct config *config = crowd->config;
	struct sources s = config->sources;
	bool many = crowd->members + config->connections > SOURCES_EACH;

	if (!config->source_text && many)
		sources_spread(&s, &config->server, crowd->members,
			config->sources.count ? config->sources.count : 1);
	return s;
}

/* Evenly, and no more in one process than its descriptors suffice for. */
static int crowd_divide(struct crowd *crowd)
{
	uint64_t most = crowd->limit > CROWD_PART_SPARE
				? crowd->limit - CROWD_PART_SPARE
				: 1;
	uint64_t n = (crowd->members + most - 1) / most, i, first = 0;

	crowd->parts = mmap(NULL, n * sizeof(*crowd->parts),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crowd->parts == MAP_FAILED)
		return -errno;
	crowd->part_count = n;
	for (i = 0; i < n; i++) {
		struct crowd_part *part = &crowd->parts[i];

		part->first = first;
		part->count = crowd->members / n + (i < crowd->members % n);
		part->at_once = (CROWD_CONNECTING + n - 1) / n;
		part->sources = crowd_sources(crowd);
		first += part->count;
	}
	return 0;
}

static int crowd_fork(struct crowd *crowd)
{
	const pid_t parent = getpid();
	int lifeline[2], error = 0;

	if (pipe2(lifeline, O_CLOEXEC) < 0)
		return -errno;
	crowd->lifeline = lifeline[1];
	while (!error && crowd->started < crowd->part_count) {
		struct crowd_part *part = &crowd->parts[crowd->started];
		pid_t pid = fork();

		if (pid == 0)
			crowd_part_run(
				part, crowd->config, lifeline[0], parent);
		if (pid < 0)
			error = -errno;
		part->pid = pid;
		crowd->started += pid > 0;
	}
	close(lifeline[0]);
	return error;
}

static void crowd_explain(const struct crowd *crowd, int error)
{
	log_warnx("cannot start helper process %llu of %llu for %llu "
		  "connections beside the measured ones: %s. Each holds as "
		  "many as it may have descriptors (ulimit -n: %llu); raise "
		  "that, or the limit on processes (ulimit -u)",
		(unsigned long long)crowd->started + 1,
		(unsigned long long)crowd->part_count,
		(unsigned long long)crowd->members, strerror(-error),
		(unsigned long long)crowd->limit);
}

int crowd_start(
	struct crowd **crowd, const struct config *config, uint64_t limit)
{
	struct crowd_count unused[CROWD_KINDS];
	struct crowd *c;
	int error;

	*crowd = NULL;
	if (config->idle + config->slow_readers + config->slow_writers == 0)
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->config = config;
	c->limit = limit;
	c->lifeline = -1;
	c->members = config->idle + config->slow_readers + config->slow_writers;
	c->since_ns = clock_ns();
	error = crowd_divide(c);
	if (!error)
		error = crowd_fork(c);
	if (error) {
		crowd_explain(c, error);
		crowd_stop(c, unused);
		return error;
	}
	*crowd = c;
	return 0;
}

uint64_t crowd_helpers(const struct crowd *crowd)
{
	return crowd ? crowd->part_count : 0;
}

bool crowd_is_ready(struct crowd *crowd)
{
	uint64_t established = 0, i;
	int kind;

	if (!crowd)
		return true;
	for (i = 0; i < crowd->part_count; i++)
		for (kind = 0; kind < CROWD_KINDS; kind++)
			established += crowd->parts[i].counts[kind].established;
	if (established > crowd->established)
		crowd->since_ns = clock_ns();
	crowd->established = established;
	return established == crowd->members ||
	       clock_ns() >= crowd->since_ns + crowd->config->timeout_ns;
}

/* A helper that did not end by itself took its connections with it. */
static bool crowd_reap(const struct crowd_part *part)
{
	int status = 0;

	while (waitpid(part->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		log_warnx("a helper process with %llu connections was ended by "
			  "signal %d",
			(unsigned long long)part->count, WTERMSIG(status));
	else if (status)
		log_warnx("a helper process could not hold %llu connections",
			(unsigned long long)part->count);
	return status == 0;
}

void crowd_stop(struct crowd *crowd, struct crowd_count counts[CROWD_KINDS])
{
	uint64_t i;
	int kind;

	if (!crowd)
		return;
	for (kind = 0; kind < CROWD_KINDS; kind++)
		counts[kind] = (struct crowd_count) {
			.asked = crowd_asked(
				crowd->config, (enum crowd_kind)kind)};
	if (crowd->lifeline >= 0)
		close(crowd->lifeline);
	for (i = 0; i < crowd->started; i++) {
		struct crowd_part *part = &crowd->parts[i];
		bool whole = crowd_reap(part);

		for (kind = 0; kind < CROWD_KINDS; kind++) {
			struct crowd_count *c = &counts[kind];

			c->established += part->counts[kind].established;
			c->lost += part->counts[kind].lost;
			c->lost += whole ? 0 : part->counts[kind].open;
			if (part->counts[kind].error)
				c->error = part->counts[kind].error;
		}
	}
	if (crowd->part_count)
		munmap(crowd->parts, crowd->part_count * sizeof(*crowd->parts));
	free(crowd);
}
