/* SPDX-License-Identifier: MIT */
#include "servers/core/file.h"

#include <stdlib.h>
#include <unistd.h>

struct file *file_new(int fd)
{
	struct file *f = calloc(1, sizeof(*f));

	if (f)
		f->fd = fd;
	return f;
}

void file_free(struct file *f)
{
	close(f->fd);
	free(f);
}
