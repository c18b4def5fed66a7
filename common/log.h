/* SPDX-License-Identifier: MIT */
/*
 * Messages for people, on standard error, one write(2) a line.
 * The names with an x end without the text of errno.
 */
#ifndef SERVERLAB_COMMON_LOG_H
#define SERVERLAB_COMMON_LOG_H

enum log_level { LOG_QUIET, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* `program` begins each line; it must outlive the log. */
void log_init(const char *program, enum log_level level);
enum log_level log_level(void);

void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The short name of an error number, "ECONNRESET"; "E123" where libc has
 * none. */
const char *errno_name(int error);

#endif
