/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *log_program = "serverlab";
static enum log_level log_wanted = LOG_WARN;

void log_init(const char *program, enum log_level level)
{
	log_program = program;
	log_wanted = level;
}

enum log_level log_level(void)
{
	return log_wanted;
}

/* One write, so that the lines of several processes do not mix. errno stays
 * as it was: a caller may still want it. */
static void log_line(
	enum log_level level, int error, const char *format, va_list args)
{
	int saved = errno;
	char line[1024];
	size_t n;

	if (level > log_wanted)
		return;
	n = (size_t)snprintf(line, sizeof(line), "%s: ", log_program);
	n += (size_t)vsnprintf(line + n, sizeof(line) - n, format, args);
	if (n < sizeof(line) && error)
		n += (size_t)snprintf(
			line + n, sizeof(line) - n, ": %s", strerror(error));
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	/* Nowhere to report a failure to. */
	while (write(STDERR_FILENO, line, n) < 0 && errno == EINTR)
		;
	errno = saved;
}

#define LOG_FUNCTION(name, level, error)                                       \
	void name(const char *format, ...)                                     \
	{                                                                      \
		va_list args;                                                  \
                                                                               \
		va_start(args, format);                                        \
		log_line(level, error, format, args);                          \
		va_end(args);                                                  \
	}

LOG_FUNCTION(log_warn, LOG_WARN, errno)
LOG_FUNCTION(log_warnx, LOG_WARN, 0)
LOG_FUNCTION(log_info, LOG_INFO, 0)
LOG_FUNCTION(log_debug, LOG_DEBUG, 0)

const char *errno_name(int error)
{
	static _Thread_local char unknown[16];
	const char *name = strerrorname_np(error);

	if (name)
		return name;
	snprintf(unknown, sizeof(unknown), "E%d", error);
	return unknown;
}
