/* SPDX-License-Identifier: MIT */
/* Where results go: standard output and the files asked for. */
#ifndef SERVERLAB_CLIENT_OUTPUT_H
#define SERVERLAB_CLIENT_OUTPUT_H

#include "client/outcome.h"

/* Before the run: can all files be written? Opens outcome->log. Better now
 * than after a run whose result could not be kept. 0 or -errno, said. */
int output_open(struct outcome *outcome);

/* After the run: all that can be written. 0 or -errno, said. */
int output_write(struct outcome *outcome);

void output_close(struct outcome *outcome);

#endif
