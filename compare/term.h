/* SPDX-License-Identifier: MIT */
/* The terms of a relation (expect.h says what they look like), read and
 * evaluated round by round at once. */
#ifndef SERVERLAB_COMPARE_TERM_H
#define SERVERLAB_COMPARE_TERM_H

#include "compare/metric.h"
#include "compare/run.h"

#include <stdbool.h>
#include <stddef.h>

/* A term in all rounds; a number is the same in each. */
struct term {
	double *rounds; /* the reader's to free */
	enum metric_unit unit;
	bool constant;
	/* The client's throughput is in it: what it stands for may be more, or
	 * less, than this. */
	bool more, less;
};

/* A text on its way through the reader. */
struct reading {
	const char *at; /* what is not read yet */
	const struct run *run;
	const json_t *point; /* for metrics without @ */
	size_t count;	     /* rounds */
	bool pointed;	     /* a metric without @ was seen */
	char *why;	     /* WHY_SIZE; the first complaint stays */
};

/*
 * Reads the longest term that is next, sums and all. 0; or with a sentence in
 * r->why -EINVAL when it cannot be read, -ENOENT when it names what the run
 * does not measure, -ENODATA when that was skipped; or -ENOMEM. t->rounds is to
 * be freed in any case.
 */
int term_read(struct reading *r, struct term *t);

/* Keeps the sentence, unless there is one. Returns -EINVAL. */
int reading_complain(struct reading *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void reading_skip_spaces(struct reading *r);

#endif
