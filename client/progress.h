/* SPDX-License-Identifier: MIT */
/* The line that lives while a run lasts, on a terminal only. */
#ifndef SERVERLAB_CLIENT_PROGRESS_H
#define SERVERLAB_CLIENT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "client/outcome.h"

struct progress {
	const struct outcome *outcome;
	bool wanted, shown;
	uint64_t next_ns; /* since the window's beginning */
};

void progress_init(struct progress *p, const struct outcome *outcome);
/* `elapsed_ns` of the window; "negative" during the warm-up. */
void progress_show(struct progress *p, uint64_t elapsed_ns);
void progress_end(struct progress *p); /* wipes the line */

#endif
