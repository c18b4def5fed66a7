/* SPDX-License-Identifier: MIT */
#include "servers/core/stats.h"

#include <sys/resource.h>

#include "common/clock.h"
#include "common/json.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"

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
	board_write_json(s->board, &j);
	json_end(&j);
}
