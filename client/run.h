/* SPDX-License-Identifier: MIT */
/* A run from its first connection to its last reply. */
#ifndef SERVERLAB_CLIENT_RUN_H
#define SERVERLAB_CLIENT_RUN_H

#include "client/config.h"
#include "client/outcome.h"

/*
 * Runs the workload and fills `outcome`, its verdict included. 0, or -errno
 * after saying in the log why nothing could be measured (no server, say).
 * SIGINT and SIGTERM end the window early; what was measured is reported.
 */
int run_workload(const struct config *config, struct outcome *outcome);

#endif
