/* SPDX-License-Identifier: MIT */
#include "compare/progress.h"

#include "common/clock.h"
#include "common/options.h"
#include "common/utf8.h"
#include "compare/figure.h"

#include <unistd.h>

void progress_init(
	struct progress *p, FILE *out, uint64_t samples, uint64_t rounds)
{
	*p = (struct progress) {
		.out = out,
		.terminal = isatty(fileno(out)),
		.total = samples,
		.rounds = rounds,
		.began_ns = clock_ns(),
	};
}

/* "1 min 10 s", by how long the samples took so far. */
static const char *time_left(const struct progress *p, char *buf, size_t size)
{
	uint64_t spent = clock_ns() - p->began_ns;
	uint64_t left = p->done ? spent / p->done * (p->total - p->done) : 0;
	uint64_t seconds = (left + NS_PER_S / 2) / NS_PER_S;

	if (!p->done)
		snprintf(buf, size, "just begun");
	else if (seconds < 60)
		snprintf(buf, size, "%llu s left", (unsigned long long)seconds);
	else
		snprintf(buf, size, "%llu min %llu s left",
			(unsigned long long)seconds / 60,
			(unsigned long long)seconds % 60);
	return buf;
}

/* A line that the terminal breaks in two could not be taken away again. */
static void cut_line(char *line, int columns)
{
	for (; *line && columns > 0; columns--) {
		size_t len = utf8_length(line);

		if ((unsigned char)*line < ' ')
			*line = ' ';
		line += len ? len : 1;
	}
	*line = '\0';
}

void progress_tick(void *progress)
{
	struct progress *p = progress;
	char left[64], line[400];

	if (!p->terminal)
		return;
	snprintf(line, sizeof(line),
		"  round %llu of %llu, sample %llu of %llu, %s: %s",
		(unsigned long long)p->round, (unsigned long long)p->rounds,
		(unsigned long long)p->done + 1, (unsigned long long)p->total,
		time_left(p, left, sizeof(left)), p->doing ? p->doing : "");
	/* As wide as it is now; some break a line that ends at its edge. */
	cut_line(line, style_of(fileno(p->out)).width - 1);
	fprintf(p->out, "\r\033[K%s", line);
	fflush(p->out);
}

void progress_begin(struct progress *p, uint64_t round, const char *doing)
{
	char left[64];
	bool fresh = round != p->round;

	p->round = round;
	p->doing = doing;
	if (p->terminal)
		progress_tick(p);
	else if (fresh)
		fprintf(p->out, "round %llu of %llu, %s\n",
			(unsigned long long)round,
			(unsigned long long)p->rounds,
			time_left(p, left, sizeof(left)));
}

void progress_end(struct progress *p, uint64_t fewer)
{
	p->done++;
	p->total -= fewer < p->total - p->done ? fewer : p->total - p->done;
}

void progress_extend(struct progress *p, const struct run *run)
{
	p->rounds = (uint64_t)run->rounds;
	for (size_t c = 0; c < run->cell_count; c++)
		p->total += !run->cells[c].skipped;
}

void progress_finish(struct progress *p)
{
	if (p->terminal)
		fprintf(p->out, "\r\033[K");
	fflush(p->out);
}
