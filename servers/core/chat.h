/* SPDX-License-Identifier: MIT */
/*
 * The rules of the chat room, for its handler in both styles: who a member is,
 * and what becomes of a line.
 */
#ifndef SERVERLAB_CORE_CHAT_H
#define SERVERLAB_CORE_CHAT_H

#include <stdbool.h>
#include <stddef.h>

struct conn;

enum { CHAT_NAME_MAX = 16, CHAT_LINE_MAX = 1024 };

/* One per connection, zeroed: nobody yet, without a nick. */
struct chat_member {
	char nick[CHAT_NAME_MAX + 1];
	char room[CHAT_NAME_MAX + 1]; /* empty: not in one */
};

/* The greeting, which asks for a nick. */
void chat_greet(struct conn *c);
/* A line that the member has sent, without its end. A request is done. False:
 * the member wants to leave. */
bool chat_line(
	struct conn *c, struct chat_member *m, const char *line, size_t len);
/* What conn_broadcast() brought: shown if it is said in the member's room. */
void chat_heard(struct conn *c, const struct chat_member *m, const char *buf,
	size_t len);
/* The member is gone, for this reason (as handler.close). Tells the room. */
void chat_leave(struct conn *c, const struct chat_member *m, int why);

#endif
