/* SPDX-License-Identifier: MIT */
/*
 * The program that a connection is handed to: a command, or this server once
 * more, told to serve its standard input by the same handler and limits, and to
 * count in the same scoreboard.
 */
#ifndef SERVERLAB_CORE_PROGRAM_H
#define SERVERLAB_CORE_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

struct server;
struct slot;

enum {
	PROGRAM_WORDS = 20, /* at most, of this server's command line */
	PROGRAM_WORD = 40,  /* bytes, where it is a number */
};

struct program {
	struct server *server;
	char *path;
	char **words; /* its argv */

	/* Of this server only. */
	bool own;
	int board; /* the scoreboard's memory */
	char *own_words[PROGRAM_WORDS];
	char numbers[PROGRAM_WORDS][PROGRAM_WORD];
	char where[PROGRAM_WORD]; /* --serve-stdin: board and slot */
};

/* "" is this server; else words in quotes as in a shell, the first of which is
 * looked up in $PATH. 0, or -errno after saying why. */
int program_init(struct program *p, struct server *s, const char *command);
void program_release(struct program *p);

/* In a child whose standard input and output are the socket `fd`: leaves the
 * program these, standard error and (this server) the scoreboard, in which it
 * is to count in `slot`; and signals as a program expects them. What remains is
 * execv(). 0 or -1, with errno. */
int program_prepare(struct program *p, const struct slot *slot, int fd);

/* In this server, run so: serves standard input, with a handler that is set up.
 * `where` is the descriptor of the scoreboard and the number of the slot. 0,
 * -EINVAL: that is no such place, or -errno with errno set. */
int program_serve_stdin(struct server *s, const char *where);

/* The polite way to stop a program that does not know us: its input ends. What
 * it has read it can still answer. */
void program_end_input(pid_t pid);

#endif
