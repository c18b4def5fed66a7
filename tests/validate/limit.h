/* SPDX-License-Identifier: MIT */
/* What tests/validate/limit.c shares with the loop that it is linked with. */
#ifndef SERVERLAB_VALIDATE_LIMIT_H
#define SERVERLAB_VALIDATE_LIMIT_H

#include <signal.h>

enum { LIMIT_CONNECTIONS = 1024, LIMIT_BUFFER = 4096 };

extern const char limit_request[];
extern const unsigned limit_request_length;
extern int limit_sockets[LIMIT_CONNECTIONS], limit_connections;
extern unsigned long long limit_answered;
extern volatile sig_atomic_t limit_over;

/* Asks on all sockets, and again after each reply, until limit_over. */
void limit_run(void);

#endif
