/* SPDX-License-Identifier: MIT */
#include "servers/core/chat.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/handler.h"

/* A message on the hub is the room's name, padded with zeros to this, and then
 * the line as members see it. */
enum { CHAT_ROOM_FIELD = CHAT_NAME_MAX + 1 };

static void chat_tell(struct conn *c, const char *text)
{
	conn_write(c, text, strlen(text));
}

/* To all others in the room; of a long line what fits. */
__attribute__((format(printf, 3, 4))) static void chat_announce(
	struct conn *c, const struct chat_member *m, const char *format, ...)
{
	char message[CHAT_ROOM_FIELD + CHAT_NAME_MAX + CHAT_LINE_MAX + 64];
	const size_t size = sizeof(message) - CHAT_ROOM_FIELD;
	va_list args;
	int n;

	memset(message, 0, CHAT_ROOM_FIELD);
	memcpy(message, m->room, strlen(m->room));
	va_start(args, format);
	n = vsnprintf(message + CHAT_ROOM_FIELD, size, format, args);
	va_end(args);
	if (n < 0)
		return;
	conn_broadcast(c, message,
		CHAT_ROOM_FIELD + ((size_t)n < size ? (size_t)n : size - 1));
}

/* Copies a name if it is one. */
static bool chat_name(
	char name[CHAT_NAME_MAX + 1], const char *text, size_t len)
{
	if (!len || len > CHAT_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' &&
			text[i] != '_')
			return false;
	memcpy(name, text, len);
	name[len] = '\0';
	return true;
}

static void chat_enter(struct conn *c, struct chat_member *m, const char *room)
{
	char text[96];

	strcpy(m->room, room);
	snprintf(text, sizeof(text), "* you are %s, in room %s\n", m->nick,
		m->room);
	chat_tell(c, text);
	chat_announce(c, m, "* %s joins\n", m->nick);
}

static void chat_change_room(
	struct conn *c, struct chat_member *m, const char *text, size_t len)
{
	char room[CHAT_NAME_MAX + 1];

	if (!chat_name(room, text, len)) {
		chat_tell(c, "error: a room has 1 to 16 letters, digits, - "
			     "or _ for a name\n");
		return;
	}
	chat_announce(c, m, "* %s leaves\n", m->nick);
	chat_enter(c, m, room);
}

static void chat_change_nick(
	struct conn *c, struct chat_member *m, const char *text, size_t len)
{
	char nick[CHAT_NAME_MAX + 1];

	if (!chat_name(nick, text, len)) {
		chat_tell(c, "error: a nick has 1 to 16 letters, digits, - "
			     "or _\n");
		return;
	}
	if (!*m->room) {
		strcpy(m->nick, nick);
		chat_enter(c, m, "lobby");
		return;
	}
	chat_announce(c, m, "* %s is now %s\n", m->nick, nick);
	strcpy(m->nick, nick);
}

static bool chat_is(const char *line, size_t len, const char *command)
{
	const size_t n = strlen(command);

	return len >= n && !memcmp(line, command, n);
}

static bool chat_command(
	struct conn *c, struct chat_member *m, const char *line, size_t len)
{
	if (chat_is(line, len, "/quit"))
		return false;
	if (chat_is(line, len, "/nick "))
		chat_change_nick(c, m, line + 6, len - 6);
	else if (chat_is(line, len, "/room "))
		chat_change_room(c, m, line + 6, len - 6);
	else
		chat_tell(c, "error: there is /nick NAME, /room NAME and "
			     "/quit\n");
	return true;
}

/* A control character could act on the terminals of the others. */
static size_t chat_clean(char *clean, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		clean[i] = (unsigned char)line[i] < 32 || line[i] == 127
				   ? ' '
				   : line[i];
	return len;
}

bool chat_line(
	struct conn *c, struct chat_member *m, const char *line, size_t len)
{
	char clean[CHAT_LINE_MAX];
	bool stays = true;

	if (len > CHAT_LINE_MAX)
		chat_tell(c, "error: line longer than 1024 bytes\n");
	else if (!*m->room)
		chat_change_nick(c, m, line, len);
	else if (len && *line == '/')
		stays = chat_command(c, m, line, len);
	else if (len)
		chat_announce(c, m, "%s: %.*s\n", m->nick,
			(int)chat_clean(clean, line, len), clean);
	conn_request_done(c);
	return stays;
}

void chat_greet(struct conn *c)
{
	chat_tell(c, "* welcome; what is your nick?\n");
}

void chat_heard(struct conn *c, const struct chat_member *m, const char *buf,
	size_t len)
{
	if (len < CHAT_ROOM_FIELD || !*m->room || strcmp(buf, m->room))
		return;
	conn_write(c, buf + CHAT_ROOM_FIELD, len - CHAT_ROOM_FIELD);
}

void chat_leave(struct conn *c, const struct chat_member *m, int why)
{
	if (!*m->room)
		return;
	if (why == -ENOBUFS)
		chat_announce(
			c, m, "* %s is dropped: does not read\n", m->nick);
	else if (why)
		chat_announce(
			c, m, "* %s is gone: %s\n", m->nick, strerror(-why));
	else
		chat_announce(c, m, "* %s leaves\n", m->nick);
}
