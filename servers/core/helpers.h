/* SPDX-License-Identifier: MIT */
/*
 * Processes that run a handler for a loop where it may block (handler.blocks).
 *
 * A request goes to an idle helper through memory that both share: the
 * connection's state and its kept input. The helper runs the handler on a
 * stand-in; the state, the output and what became of the connection come back.
 * A helper that dies fails the connection whose request it had, and is
 * replaced. All functions are for the loop's thread.
 */
#ifndef SERVERLAB_CORE_HELPERS_H
#define SERVERLAB_CORE_HELPERS_H

#include <stdint.h>

struct conn;
struct helpers;
struct worker;

/* Starts `count` of them for the connections of `w`. `done_fd`, an eventfd, is
 * written to when helpers_collect() has something. NULL: they cannot be
 * started, and the server is to stop. */
struct helpers *helpers_new(struct worker *w, unsigned count, int done_fd);
/* When the server stops: waits for their end. */
void helpers_free(struct helpers *h);

/* The connection's kept input, in place of conn_continue(); until it is
 * collected it must not be touched. */
void helpers_offer(struct helpers *h, struct conn *c);
/* One whose request is done, or has failed; NULL when there is none. */
struct conn *helpers_collect(struct helpers *h);
/* One that is on its way, to be given up; NULL when there is none. When there
 * was, nothing more may be offered. */
struct conn *helpers_recall(struct helpers *h);
/* Children have ended: fills their places. Collect afterwards. Returns when to
 * call it again, for a place that could not be filled; 0: all could. */
uint64_t helpers_replace(struct helpers *h);

#endif
