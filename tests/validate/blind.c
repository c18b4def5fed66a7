/* SPDX-License-Identifier: MIT */
/*
 * Makes of the client one that neither checks nor records: linked with it by
 * --wrap, these take the place of its own functions. What it then costs less is
 * what checking and recording cost (`scripts/validate cost`). It takes whatever
 * a read brings for one reply, and looks at the clock a 64th as often.
 */
#include <time.h>

#include "client/workload.h"
#include "common/histogram.h"

int __real_clock_gettime(clockid_t clock, struct timespec *t);
uint64_t __real_ticks_read(void);
int __real_workload_make(const char *spec, uint64_t seed,
	const struct workload **workload, void **options, char *why);

int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
uint64_t __wrap_ticks_read(void);
int __wrap_workload_make(const char *spec, uint64_t seed,
	const struct workload **workload, void **options, char *why);
void __wrap_histogram_record(struct histogram *h, uint64_t ns);

static enum reply blind_reply(struct session *s, struct slice request,
	const char *buf, size_t len, size_t *used)
{
	(void)s;
	(void)request;
	(void)buf;
	*used = len;
	return REPLY_DONE;
}

int __wrap_workload_make(const char *spec, uint64_t seed,
	const struct workload **workload, void **options, char *why)
{
	static struct workload blind;
	int error = __real_workload_make(spec, seed, workload, options, why);

	if (error)
		return error;
	blind = **workload;
	blind.reply = blind_reply;
	*workload = &blind;
	return 0;
}

void __wrap_histogram_record(struct histogram *h, uint64_t ns)
{
	(void)h;
	(void)ns;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	static _Thread_local struct timespec last;
	static _Thread_local unsigned calls;
	int error = calls++ % 64 ? 0 : __real_clock_gettime(clock, &last);

	*t = last;
	return error;
}

uint64_t __wrap_ticks_read(void)
{
	static _Thread_local uint64_t last;
	static _Thread_local unsigned calls;

	if (calls++ % 64 == 0)
		last = __real_ticks_read();
	return last;
}
