/* SPDX-License-Identifier: MIT */
/* Keeps a thread busy, or asleep, for a given time: the cost of a request as
 * an experiment wants it. */
#ifndef SERVERLAB_CORE_BUSY_H
#define SERVERLAB_CORE_BUSY_H

#include <stdint.h>

/* Measures how fast this machine loops, for busy_burn(). Once, before there
 * are threads; takes some milliseconds. */
void busy_calibrate(void);

/* Uses `ns` of CPU time of the calling thread, whoever else may want the CPU
 * meanwhile. A few system calls, however long it is. */
void busy_burn(uint64_t ns);

/* Sleeps, and with it everyone whom this thread should serve. */
void busy_block(uint64_t ns);

#endif
