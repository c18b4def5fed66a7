/* SPDX-License-Identifier: MIT */
/*
 * The two files of HdrHistogram, which its plotters and libraries read:
 * `.hgrm`, a table of percentiles as text, and `.hlog`, a log with one whole
 * histogram per interval (format 1.3, histograms encoded as V2).
 */
#ifndef SERVERLAB_CLIENT_HDR_H
#define SERVERLAB_CLIENT_HDR_H

#include <stdint.h>
#include <stdio.h>

#include "common/histogram.h"

/* Values in milliseconds. The caller asks `out` for errors. */
void hdr_write_percentiles(const struct histogram *h, FILE *out);

/* Written as it grows. What is measured does not depend on it, so the first
 * error ends the log and nothing else, and is kept. */
struct hdr_log {
	FILE *out;	   /* NULL: none */
	uint64_t begin_ns; /* its time 0, by clock_ns() */
	int error;	   /* 0 or -errno */
};

/* Time 0 is now. 0 or -errno; hdr_log_close() is for either. */
int hdr_log_open(struct hdr_log *log, const char *path);

/* One interval from `start_ns` on, by clock_ns(); values in nanoseconds, as the
 * histogram holds them. Does nothing where there is no log. */
void hdr_log_interval(struct hdr_log *log, uint64_t start_ns,
	uint64_t length_ns, const struct histogram *h);

/* The first error, or 0. */
int hdr_log_close(struct hdr_log *log);

#endif
