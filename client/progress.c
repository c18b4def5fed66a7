/* SPDX-License-Identifier: MIT */
#include "client/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "client/text.h"
#include "common/clock.h"

#define PROGRESS_FROM_NS  (2 * NS_PER_S) /* shorter runs need none */
#define PROGRESS_EVERY_NS (200 * NS_PER_MS)

void progress_init(struct progress *p, const struct outcome *outcome)
{
	const struct config *config = outcome->config;

	*p = (struct progress) {.outcome = outcome};
	p->wanted = !config->quiet && isatty(STDERR_FILENO) &&
		    config->duration_ns > PROGRESS_FROM_NS;
}

static void progress_left(const struct config *config, uint64_t elapsed_ns,
	char *buf, size_t size)
{
	char time[32];

	if (config->duration_ns == UINT64_MAX)
		snprintf(
			buf, size, "of %" PRIu64 " requests", config->requests);
	else
		snprintf(buf, size, "%s left",
			text_time(config->duration_ns > elapsed_ns
					  ? (double)(config->duration_ns -
						     elapsed_ns)
					  : 0,
				time, sizeof(time)));
}

void progress_show(struct progress *p, uint64_t elapsed_ns)
{
	const struct outcome *o = p->outcome;
	const struct interval *last;
	char rate[32], p99[32], left[64];

	if (!p->wanted || elapsed_ns > INT64_MAX || elapsed_ns < p->next_ns ||
		o->interval_count == 0)
		return;
	p->next_ns = elapsed_ns + PROGRESS_EVERY_NS;
	p->shown = true;
	last = &o->intervals[o->interval_count - 1];
	progress_left(o->config, elapsed_ns, left, sizeof(left));
	fprintf(stderr, "\r\033[K%12s/s   p99 %s   %s",
		text_count((double)last->ok * 1e9 / (double)last->length_ns,
			rate, sizeof(rate)),
		text_time((double)last->p99_ns, p99, sizeof(p99)), left);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
