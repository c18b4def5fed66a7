/* SPDX-License-Identifier: MIT */
/*
 * A file that is to be sent: what a handler gives to conn_write_file(). It is
 * opened by who knows where files may be (http_file.h), and from then on only
 * the connection looks into it.
 */
#ifndef SERVERLAB_CORE_FILE_H
#define SERVERLAB_CORE_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

struct file {
	int fd;		    /* its own */
	uint64_t offset;    /* of the next byte */
	uint64_t left;	    /* to be read or sent from there */
	struct buf *behind; /* written after it, NULL: nothing */
	bool begun;	    /* by sendfile(2) */
	bool no_sendfile;   /* this file or socket cannot */
};

/* Takes the descriptor over. NULL: out of memory, and it is still yours. */
struct file *file_new(int fd);
/* Closes it. `behind` is the caller's affair. */
void file_free(struct file *f);

#endif
