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

/* Values in milliseconds. 0 or -errno. */
int hdr_write_percentiles(const struct histogram *h, FILE *out);

/* Begins a log whose time 0 is now. */
void hdr_log_begin(FILE *out);

/* One interval; values in nanoseconds, as the histogram holds them. 0 or
 * -errno. */
int hdr_log_interval(FILE *out, uint64_t start_ns, uint64_t length_ns,
	const struct histogram *h);

#endif
