/* SPDX-License-Identifier: MIT */
/* What is known of a run before its first sample. */
#include "compare/plan.h"

#include "common/clock.h"
#include "compare/cpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* A version 4 UUID (RFC 4122). */
static void make_uuid(char **field)
{
	unsigned char b[16] = {0};
	char text[40];

	if (getrandom(b, sizeof(b), 0) != sizeof(b)) {
		uint64_t now = clock_ns();

		memcpy(b, &now, sizeof(now));
	}
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(text, sizeof(text),
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		"%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		b[10], b[11], b[12], b[13], b[14], b[15]);
	field_text(field, text);
}

static void join_axes(char **field, const struct plan *p)
{
	char text[512] = "";
	size_t used = 0;

	for (size_t a = 0; a < p->axis_count && used < sizeof(text); a++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s%s", a ? "," : "", p->axes[a].name);
	if (used)
		field_text(field, text);
}

/* "epoll, poll and fork", or how many where they are too many to name */
static void join_models(char **field, const struct plan *p)
{
	char text[100] = "";
	size_t used = 0, n = p->models.count;

	for (size_t i = 0; i < n && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s%s",
			!i	     ? ""
			: i + 1 == n ? " and "
				     : ", ",
			p->models.at[i]);
	if (used >= sizeof(text))
		snprintf(text, sizeof(text), "%zu models", n);
	field_text(field, text);
}

/* What came of the experiment's title, or else of what is compared. */
static void describe_title(
	struct run *run, const struct plan *p, const char *purpose)
{
	if (purpose)
		field_text(&run->title, "What the client can do");
	else if (p->title)
		field_text(&run->title, p->title);
	else
		join_models(&run->title, p);
	field_text(&run->purpose, purpose);
	field_text(&run->experiment, p->experiment);
	field_text(&run->definition, p->definition);
}

static void describe_rounds(struct run *run, const struct plan *p)
{
	run->seed = (int64_t)p->seed;
	run->rounds = (int64_t)p->rounds;
	run->duration_ns = (int64_t)p->duration_ns;
	run->warmup_ns = (int64_t)p->warmup_ns;
	run->repeats = (int64_t)p->repeats;
	if (p->patience_ns != PLAN_PATIENCE_AUTO)
		run->patience_ns = (int64_t)p->patience_ns;
	if (p->until > 0)
		run->until = p->until;
	if (p->budget_ns)
		run->budget_ns = (int64_t)p->budget_ns;
}

int run_describe(struct run *run, const struct plan *p, const char *purpose)
{
	make_uuid(&run->uuid);
	describe_title(run, p, purpose);
	run_now(&run->started);
	field_text(&run->status, "running");
	field_text(&run->baseline, p->baseline);
	join_axes(&run->varied, p);
	field_text(&run->server_cpus, p->server_cpus);
	field_text(&run->client_cpus, p->client_cpus);
	run->shared_cpus = cpus_overlap(p->server_cpus, p->client_cpus);
	describe_rounds(run, p);
	run->load_before = load_average();
	environment_read(&run->environment);
	return run->uuid && run->title && run->started ? 0 : -ENOMEM;
}
