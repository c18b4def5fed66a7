/* SPDX-License-Identifier: MIT */
/* The run as JSON, schema serverlab.client/1: see docs/client.md. */
#ifndef SERVERLAB_CLIENT_REPORT_H
#define SERVERLAB_CLIENT_REPORT_H

#include <stdio.h>

#include "client/outcome.h"

/* 0 or -ENOMEM. The caller asks `out` for errors. */
int report_json(const struct outcome *outcome, FILE *out);

#endif
