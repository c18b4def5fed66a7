/* SPDX-License-Identifier: MIT */
/* What a server tells about itself while it serves: its scoreboard as a
 * protocol may send it. */
#ifndef SERVERLAB_CORE_REPORT_H
#define SERVERLAB_CORE_REPORT_H

#include <stddef.h>

struct conn;

/* serverlab.server/1, as --stats writes it at the end. To be freed by the
 * caller; NULL: out of memory. */
char *report_json(const struct conn *c, size_t *len);

/* The same figures for Prometheus: text exposition format 0.0.4. */
char *report_metrics(const struct conn *c, size_t *len);

#endif
