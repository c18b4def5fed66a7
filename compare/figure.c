/* SPDX-License-Identifier: MIT */
#include "compare/figure.h"

#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const struct style page_style = {.utf8 = true, .width = 100};

struct style style_of(int fd)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	const char *columns = getenv("COLUMNS");
	struct winsize w = {0};
	struct style s = {
		.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
		.colour = isatty(fd) && !(no_colour && *no_colour) &&
			  !(term && !strcmp(term, "dumb")),
		.terminal = isatty(fd),
		.width = 100,
	};

	if (isatty(fd) && !ioctl(fd, TIOCGWINSZ, &w) && w.ws_col)
		s.width = w.ws_col;
	else if (columns && atoi(columns) > 0)
		s.width = atoi(columns);
	return s;
}

/* Three digits, whatever the size: 213, 21.3, 2.13. */
static void three_digits(double value, const char *unit, char *buf)
{
	double size = fabs(value);
	int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;

	snprintf(buf, FIGURE_TEXT, "%.*f%s", decimals, value, unit);
}

struct scale {
	double from, divisor;
	const char *unit, *ascii;
};

static const struct scale scales[][6] = {
	[UNIT_RATE] = {{9.995e8, 1e9, "G", "G"}, {9.995e5, 1e6, "M", "M"},
		{9999.5, 1e3, "k", "k"}, {0, 1, "", ""}},
	[UNIT_TIME] = {{9.995e8, 1e9, " s", " s"}, {9.995e5, 1e6, " ms", " ms"},
		{999.5, 1e3, " µs", " us"}, {0, 1, " ns", " ns"}},
	[UNIT_BYTES] = {{1023.5 * 1048576, 1073741824, " GiB", " GiB"},
		{1023.5 * 1024, 1048576, " MiB", " MiB"},
		{1023.5, 1024, " KiB", " KiB"}, {0, 1, " B", " B"}},
	[UNIT_NUMBER] = {{9.995e8, 1e9, "G", "G"}, {9.995e5, 1e6, "M", "M"},
		{9999.5, 1e3, "k", "k"}, {0, 1, "", ""}},
};

const char *figure(double value, enum metric_unit unit, const struct style *s,
	char buf[FIGURE_TEXT])
{
	const struct scale *scale = scales[unit];

	if (!isfinite(value)) {
		snprintf(buf, FIGURE_TEXT, "-");
		return buf;
	}
	while (scale->from > 0 && fabs(value) < scale->from)
		scale++;
	if (value == 0)
		snprintf(buf, FIGURE_TEXT, "0");
	else
		three_digits(value / scale->divisor,
			s->utf8 ? scale->unit : scale->ascii, buf);
	return buf;
}

const char *figure_spread(const struct estimate *e, char buf[FIGURE_TEXT])
{
	double percent = (e->high - e->low) / 2 / e->value * 100;

	if (isnan(percent))
		buf[0] = '\0';
	else if (fabs(percent) >= 99.5)
		snprintf(buf, FIGURE_TEXT, "> 99 %%");
	else
		snprintf(buf, FIGURE_TEXT, "%.*f %%", percent < 9.95 ? 1 : 0,
			percent);
	return buf;
}

const char *figure_bar(
	double share, int width, const struct style *s, char *buf, size_t size)
{
	static const char *const eighths[] = {
		"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	int units, whole;
	size_t used = 0;

	share = isfinite(share) ? fmin(fmax(share, 0), 1) : 0;
	units = (int)lround(share * width * 8);
	if (units == 0 && share > 0)
		units = 1; /* something is not nothing */
	whole = s->utf8 ? units / 8 : (units + 4) / 8;
	buf[0] = '\0';
	for (int i = 0; i < whole && used + 4 < size; i++)
		used += (size_t)snprintf(
			buf + used, size - used, "%s", s->utf8 ? "█" : "#");
	if (s->utf8)
		snprintf(buf + used, size - used, "%s", eighths[units % 8]);
	return buf;
}
