/* SPDX-License-Identifier: MIT */
#include "servers/core/http_date.h"

#include <stdio.h>
#include <string.h>

const char *http_date_format(time_t t, char buf[HTTP_DATE_SIZE])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = {0};
	char text[64];

	gmtime_r(&t, &tm);
	snprintf(text, sizeof(text), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
		days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
		1900 + tm.tm_year, tm.tm_hour, tm.tm_min, tm.tm_sec);
	memcpy(buf, text, HTTP_DATE_LEN);
	buf[HTTP_DATE_LEN] = '\0';
	return buf;
}

time_t http_date_parse(const char *text, size_t len)
{
	char copy[HTTP_DATE_SIZE];
	struct tm tm = {0};
	const char *end;

	if (len != HTTP_DATE_LEN)
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	end = strptime(copy, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return end && !*end ? timegm(&tm) : -1;
}

const char *http_date_now(void)
{
	static _Thread_local char text[HTTP_DATE_SIZE];
	static _Thread_local time_t written = -1;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != written) {
		http_date_format(now.tv_sec, text);
		written = now.tv_sec;
	}
	return text;
}
