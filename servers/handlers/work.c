/* SPDX-License-Identifier: MIT */
/*
 * work: answers each line with itself, after as much work as asked for.
 *
 *   cpu=T    uses the CPU for T, as a computation does
 *   block=T  makes the worker sleep for T, as a call that blocks does: all
 *            whom this worker serves wait with it
 *   pause=T  lets only this connection wait for T, as for a backend
 *   dist=    const: each request takes these times
 *            exp: exponentially distributed, these are the means
 *            bimodal: a share of 0.05 takes heavy=400 times as long
 *   seed=N   of the times drawn, which differ between connections
 *
 * One draw stretches all three times of a request. A line is a request.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/handler.h"
#include "common/log.h"
#include "common/options.h"
#include "servers/core/busy.h"
#include "servers/core/framing.h"

enum work_dist { WORK_CONST, WORK_EXP, WORK_BIMODAL };

struct work_options {
	uint64_t cpu, pause, block; /* nanoseconds */
	uint64_t seed;
	double share, heavy;
	int dist; /* enum work_dist */
};

#define WORK_TIME(field, text)                                                 \
	{                                                                      \
		.name = #field, .type = OPTION_TIME,                           \
		.offset = offsetof(struct work_options, field), .preset = "0", \
		.max = 600000000000, .help = text                              \
	}

static const struct option_spec work_options[] = {
	WORK_TIME(cpu, "CPU time a request takes"),
	WORK_TIME(block, "time a request makes its worker sleep"),
	WORK_TIME(pause, "time a request waits without holding the worker"),
	{
		.name = "dist",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct work_options, dist),
		.preset = "const",
		.choices = "const,exp,bimodal",
		.help = "how these times are distributed",
	},
	{
		.name = "share",
		.type = OPTION_NUMBER,
		.offset = offsetof(struct work_options, share),
		.preset = "0.05",
		.help = "bimodal: the share of heavy requests",
	},
	{
		.name = "heavy",
		.type = OPTION_NUMBER,
		.offset = offsetof(struct work_options, heavy),
		.preset = "400",
		.help = "bimodal: how many times as long they take",
	},
	{
		.name = "seed",
		.type = OPTION_COUNT,
		.offset = offsetof(struct work_options, seed),
		.preset = "1",
		.help = "of the times drawn",
	},
	{0},
};

struct work_state {
	struct framing framing;
	uint64_t random;
	bool paused; /* for the line in front: it is to be answered now */
};

/* The next of a connection's random numbers, 0 < x <= 1 (splitmix64). */
static double work_random(struct work_state *state)
{
	uint64_t z = state->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	z ^= z >> 31;
	return (double)((z >> 11) + 1) * 0x1p-53;
}

/* How much longer than the times given this request takes. */
static double work_stretch(
	const struct work_options *options, struct work_state *state)
{
	switch (options->dist) {
	case WORK_EXP:
		return -log(work_random(state));
	case WORK_BIMODAL:
		return work_random(state) <= options->share ? options->heavy
							    : 1;
	default:
		return 1;
	}
}

static uint64_t work_time(uint64_t ns, double stretch)
{
	return (uint64_t)llround((double)ns * stretch);
}

/* Everything but the pause happens here and now. */
static void work_do(struct conn *c, struct work_state *state)
{
	const struct work_options *options = conn_options(c);
	const double stretch = work_stretch(options, state);

	if (options->cpu)
		busy_burn(work_time(options->cpu, stretch));
	if (options->block)
		busy_block(work_time(options->block, stretch));
	if (options->pause)
		conn_pause(c, work_time(options->pause, stretch));
	state->paused = options->pause > 0;
}

/* Connections draw different times; the peer's port tells them apart. */
static void work_open(struct conn *c)
{
	const struct work_options *options = conn_options(c);
	struct work_state *state = conn_state(c);
	char peer[64];

	state->random = options->seed;
	for (const char *p = conn_peer(c, peer, sizeof(peer)); *p; p++)
		state->random = (state->random ^ (uint64_t)*p) * 0x100000001b3;
}

/* A line that must wait is left where it is: it is offered again when the
 * pause is over. */
static size_t work_line(struct conn *c, const struct frame *line)
{
	struct work_state *state = conn_state(c);

	if (!state->paused) {
		work_do(c, state);
		if (state->paused)
			return 0;
	}
	state->paused = false;
	conn_write(c, line->text, line->taken);
	conn_request_done(c);
	return line->taken;
}

static size_t work_data(struct conn *c, const char *buf, size_t len)
{
	struct work_state *state = conn_state(c);
	struct frame line;

	switch (framing_next(&state->framing, buf, len, &line)) {
	case FRAMING_LINE:
		return work_line(c, &line);
	case FRAMING_TOO_LONG:
		conn_write(c, FRAMING_TOO_LONG_TEXT,
			strlen(FRAMING_TOO_LONG_TEXT));
		conn_finish(c);
		return len;
	default:
		return 0;
	}
}

static int work_setup(const struct handler_config *config)
{
	const struct work_options *options = config->options;

	if (options->share < 0 || options->share > 1 || options->heavy < 0 ||
		options->heavy > 1e6) {
		log_warnx("work: share=%g,heavy=%g: must be 0 to 1, and 0 to "
			  "1000000",
			options->share, options->heavy);
		return -EINVAL;
	}
	if (options->cpu)
		busy_calibrate();
	return 0;
}

const struct handler handler_work = {
	.name = "work",
	.summary = "answers each line after a given amount of work",
	.options = work_options,
	.options_size = sizeof(struct work_options),
	.state_size = sizeof(struct work_state),
	.setup = work_setup,
	.open = work_open,
	.data = work_data,
	.blocks = true,
};
