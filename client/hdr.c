/* SPDX-License-Identifier: MIT */
#include "client/hdr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

enum {
	HDR_COOKIE = 0x1c849313,	    /* V2, counts in LEB128 */
	HDR_COMPRESSED_COOKIE = 0x1c849314, /* the same within zlib's format */
	HDR_DIGITS = 3,
	HDR_HEADER = 40,	/* bytes before the counts */
	HDR_TICKS = 5,		/* percentiles listed per halving of the rest */
	HDR_STORED_MAX = 65535, /* of a block that is not compressed */
};

/* ---- the table of percentiles ------------------------------------------- */

static void hdr_percentile_line(
	const struct histogram *h, FILE *out, double percent)
{
	uint64_t ns = histogram_percentile(h, percent);

	fprintf(out, "%12.6f %14.12f %10" PRIu64, (double)ns / 1e6,
		percent / 100, histogram_count_upto(h, ns));
	if (percent < 100)
		fprintf(out, " %14.2f", 100 / (100 - percent));
	putc('\n', out);
}

/* Steps shrink as 100 % comes nearer: each halving of the distance to it has
 * HDR_TICKS of them. */
void hdr_write_percentiles(const struct histogram *h, FILE *out)
{
	uint64_t count = histogram_count(h);
	double percent = 0;

	fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile",
		"TotalCount", "1/(1-Percentile)");
	while (count > 0 && percent < 100 &&
		histogram_count_upto(h, histogram_percentile(h, percent)) <
			count) {
		double halvings = floor(log2(100 / (100 - percent))) + 1;

		hdr_percentile_line(h, out, percent);
		percent += 100 / (HDR_TICKS * exp2(halvings));
	}
	if (count > 0)
		hdr_percentile_line(h, out, 100);
	fprintf(out,
		"#[Mean    = %12.6f, StdDeviation   = %12.6f]\n"
		"#[Max     = %12.6f, Total count    = %12" PRIu64 "]\n"
		"#[Buckets = %12d, SubBuckets     = %12d]\n",
		histogram_mean(h) / 1e6, histogram_stddev(h) / 1e6,
		(double)histogram_max(h) / 1e6, count,
		HISTOGRAM_SLOTS / HISTOGRAM_HALF - 1, 2 * HISTOGRAM_HALF);
}

/* ---- an encoded histogram ----------------------------------------------- */

static void hdr_put_bytes(FILE *out, uint64_t value, int bytes)
{
	while (bytes-- > 0)
		putc((int)(value >> (8 * bytes) & 0xff), out);
}

/* ZigZag, then seven bits a byte from the low end; the ninth byte has eight. */
static void hdr_put_count(FILE *out, int64_t value)
{
	uint64_t bits = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
	int i;

	for (i = 0; i < 8 && bits >> 7; i++) {
		putc((int)(bits & 0x7f) | 0x80, out);
		bits >>= 7;
	}
	putc((int)(bits & 0xff), out);
}

/* Counts from slot 0 on; a run of empty slots is one negative number. */
static void hdr_put_counts(FILE *out, const struct histogram *h)
{
	struct histogram_slot slot;
	size_t cursor = 0, next = 0, index;

	while (histogram_next(h, &cursor, &slot)) {
		index = histogram_slot_index(slot.lowest);
		if (index > next)
			hdr_put_count(out, -(int64_t)(index - next));
		hdr_put_count(out, (int64_t)slot.count);
		next = index + 1;
	}
}

/* *buf is to be freed. */
static int hdr_encode(const struct histogram *h, char **buf, size_t *len)
{
	const double ratio = 1; /* of integers to what they stand for */
	uint64_t ratio_bits;
	uint32_t counts;
	FILE *out = open_memstream(buf, len);

	if (!out)
		return -errno;
	memcpy(&ratio_bits, &ratio, sizeof(ratio_bits));
	hdr_put_bytes(out, HDR_COOKIE, 4);
	hdr_put_bytes(out, 0, 4); /* the length of the counts, known below */
	hdr_put_bytes(out, 0, 4); /* no shift of the index */
	hdr_put_bytes(out, HDR_DIGITS, 4);
	hdr_put_bytes(out, 1, 8); /* the unit */
	hdr_put_bytes(out, HISTOGRAM_MAX, 8);
	hdr_put_bytes(out, ratio_bits, 8);
	hdr_put_counts(out, h);
	if (fclose(out) == EOF)
		return -ENOMEM;
	counts = htonl((uint32_t)(*len - HDR_HEADER));
	memcpy(*buf + 4, &counts, sizeof(counts));
	return 0;
}

/* ---- zlib's format, without compressing --------------------------------- */

static uint32_t hdr_adler32(const unsigned char *buf, size_t len)
{
	uint32_t a = 1, b = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		a = (a + buf[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

/* The format asks for zlib's (RFC 1950). Stored blocks (RFC 1951) are part of
 * it, so every reader takes them, and the client needs no library: a
 * histogram is a few kilobytes. */
static void hdr_put_zlib(FILE *out, const char *buf, size_t len)
{
	uint32_t sum = hdr_adler32((const unsigned char *)buf, len);

	hdr_put_bytes(out, 0x7801, 2);
	do {
		size_t n = len < HDR_STORED_MAX ? len : HDR_STORED_MAX;

		putc(n == len, out); /* the last block? */
		putc((int)(n & 0xff), out);
		putc((int)(n >> 8), out);
		putc((int)(~n & 0xff), out);
		putc((int)(~n >> 8 & 0xff), out);
		fwrite(buf, 1, n, out);
		buf += n;
		len -= n;
	} while (len > 0);
	hdr_put_bytes(out, sum, 4);
}

static size_t hdr_zlib_length(size_t len)
{
	size_t blocks = len ? (len + HDR_STORED_MAX - 1) / HDR_STORED_MAX : 1;

	return 2 + 5 * blocks + len + 4;
}

static void hdr_put_base64(FILE *out, const char *buf, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const unsigned char *s = (const unsigned char *)buf;
	size_t i, k, have;

	for (i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)s[i] << 16;

		have = len - i < 3 ? len - i : 3;
		if (have > 1)
			bits |= (uint32_t)s[i + 1] << 8;
		if (have > 2)
			bits |= s[i + 2];
		for (k = 0; k < 4; k++)
			putc(k > have ? '=' : digits[bits >> (18 - 6 * k) & 63],
				out);
	}
}

static int hdr_put_histogram(FILE *out, const struct histogram *h)
{
	char *plain = NULL, *packed = NULL;
	size_t plain_len = 0, packed_len = 0;
	int error = hdr_encode(h, &plain, &plain_len);
	FILE *f = error ? NULL : open_memstream(&packed, &packed_len);

	if (f) {
		hdr_put_bytes(f, HDR_COMPRESSED_COOKIE, 4);
		hdr_put_bytes(f, hdr_zlib_length(plain_len), 4);
		hdr_put_zlib(f, plain, plain_len);
		if (fclose(f) == EOF)
			error = -ENOMEM;
		else
			hdr_put_base64(out, packed, packed_len);
	} else if (!error) {
		error = -ENOMEM;
	}
	free(plain);
	free(packed);
	return error;
}

/* ---- the log ------------------------------------------------------------ */

/* What has been written since errno was 0. */
static int hdr_log_result(const struct hdr_log *log)
{
	if (fflush(log->out) != EOF && !ferror(log->out))
		return 0;
	return errno ? -errno : -EIO;
}

/* Readers count from BaseTime; without it some guess. */
static void hdr_log_head(FILE *out)
{
	struct timespec now;
	struct tm utc;
	char text[64] = "";
	long long seconds;
	long ms;

	clock_gettime(CLOCK_REALTIME, &now);
	seconds = now.tv_sec;
	ms = now.tv_nsec / 1000000;
	if (gmtime_r(&now.tv_sec, &utc))
		strftime(text, sizeof(text), "%a %b %d %H:%M:%S UTC %Y", &utc);
	fprintf(out,
		"#[Logged by serverlab client]\n"
		"#[Histogram log format version 1.3]\n"
		"#[StartTime: %lld.%03ld (seconds since epoch), %s]\n"
		"#[BaseTime: %lld.%03ld (seconds since epoch)]\n"
		"#[Values are nanoseconds; Interval_Max is milliseconds]\n"
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
		"\"Interval_Compressed_Histogram\"\n",
		seconds, ms, text, seconds, ms);
}

int hdr_log_open(struct hdr_log *log, const char *path)
{
	*log = (struct hdr_log) {.out = fopen(path, "we")};
	if (!log->out)
		return -errno;
	log->begin_ns = clock_ns();
	errno = 0;
	hdr_log_head(log->out);
	return hdr_log_result(log);
}

void hdr_log_interval(struct hdr_log *log, uint64_t start_ns,
	uint64_t length_ns, const struct histogram *h)
{
	if (!log->out || log->error)
		return;
	errno = 0;
	fprintf(log->out, "%.3f,%.3f,%.6f,",
		(double)(start_ns - log->begin_ns) / 1e9,
		(double)length_ns / 1e9, (double)histogram_max(h) / 1e6);
	log->error = hdr_put_histogram(log->out, h);
	putc('\n', log->out);
	if (!log->error)
		log->error = hdr_log_result(log);
}

int hdr_log_close(struct hdr_log *log)
{
	if (log->out && fclose(log->out) == EOF && !log->error)
		log->error = -errno;
	log->out = NULL;
	return log->error;
}
