/* SPDX-License-Identifier: MIT */
#include "servers/core/stats.h"

#include <sys/resource.h>

#include "common/clock.h"
#include "common/json.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"

static void stats_write_worker(
	const struct slot *s, unsigned id, struct json *j)
{
	static const char *const kinds[] = {"ended", "process", "thread"};

	json_object(j, NULL);
	json_u64(j, "id", id);
	json_i64(j, "pid", atomic_load(&s->pid));
	json_i64(j, "tid", atomic_load(&s->tid));
	json_string(j, "kind", kinds[atomic_load(&s->kind)]);
	json_u64(j, "accepted", slot_get(&s->accepted));
	json_u64(j, "closed", slot_get(&s->closed));
	json_u64(j, "requests", slot_get(&s->requests));
	json_number(j, "cpu_seconds", (double)slot_get(&s->cpu_ns) / 1e9);
	json_u64(j, "respawns", atomic_load(&s->respawns));
	json_end(j);
}

/* The members "accepted" to "errors" and "workers". */
static void stats_write_board(const struct scoreboard *b, struct json *j)
{
	const struct board_sums sum = board_sums(b);

	json_u64(j, "accepted", sum.accepted);
	json_u64(j, "refused", sum.refused);
	json_u64(j, "closed", sum.closed);
	json_u64(j, "open", sum.accepted - sum.closed);
	json_u64(j, "requests", sum.requests);
	json_u64(j, "bytes_in", sum.bytes_in);
	json_u64(j, "bytes_out", sum.bytes_out);
	json_u64(j, "accept_again", sum.accept_again);
	json_object(j, "errors");
	for (unsigned i = 0; i < BOARD_ERRORS; i++)
		if (atomic_load(&b->errors[i].state) == 2)
			json_u64(j, b->errors[i].name,
				slot_get(&b->errors[i].count));
	json_end(j);
	json_array(j, "workers");
	if (slot_get(&b->past.accepted) || slot_get(&b->past.requests))
		stats_write_worker(&b->past, BOARD_SLOTS, j);
	for (unsigned i = 0; i < BOARD_SLOTS; i++)
		if (board_has_worker(b, i))
			stats_write_worker(&b->slots[i], i, j);
	json_end(j);
}

void stats_write(const struct server *s, FILE *out)
{
	struct rusage self = {0}, children = {0};
	struct json j;
	long rss_kib;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	rss_kib = self.ru_maxrss > children.ru_maxrss ? self.ru_maxrss
						      : children.ru_maxrss;
	json_init(&j, out);
	json_object(&j, NULL);
	json_string(&j, "schema", "serverlab.server/1");
	json_string(&j, "model", s->model_spec);
	json_string(&j, "handler", s->handler_spec);
	json_u64(&j, "lifetime_ns", clock_ns() - s->board->started_ns);
	json_number(&j, "cpu_seconds",
		(double)(clock_rusage_ns(&self) + clock_rusage_ns(&children)) /
			NS_PER_S);
	/* Of the largest process. */
	json_u64(&j, "peak_rss_bytes", (uint64_t)rss_kib * 1024);
	json_object(&j, "context_switches");
	json_i64(&j, "voluntary", self.ru_nvcsw + children.ru_nvcsw);
	json_i64(&j, "involuntary", self.ru_nivcsw + children.ru_nivcsw);
	json_end(&j);
	stats_write_board(s->board, &j);
	json_end(&j);
}
