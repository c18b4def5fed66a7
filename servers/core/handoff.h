/* SPDX-License-Identifier: MIT */
/*
 * Handing an accepted socket to another worker, over a Unix socket pair: to a
 * process as SCM_RIGHTS, to a thread as its number. Never blocks.
 */
#ifndef SERVERLAB_CORE_HANDOFF_H
#define SERVERLAB_CORE_HANDOFF_H

#include <stdbool.h>

/* Makes a pair; ends[0] sends, ends[1] receives. 0 or -errno. */
int handoff_open(int ends[2]);

/* Sends `fd`. Between processes the sender's copy is closed when this
 * succeeds. 0, -EAGAIN: the receiver has enough waiting, or -errno. */
int handoff_send(int end, int fd, bool between_processes);

/* The next socket, or -EAGAIN, -EPIPE (no sender is left), -errno. */
int handoff_receive(int end, bool between_processes);

#endif
