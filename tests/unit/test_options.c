/* SPDX-License-Identifier: MIT */
/* Numbers with units, spec strings and what their errors say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/flags.h"

struct number_case {
	const char *text;
	uint64_t value; /* UINT64_MAX: refused */
};

#define REFUSED UINT64_MAX

static void check_numbers(
	int (*parse)(const char *, uint64_t *), const struct number_case *cases)
{
	for (; cases->text; cases++) {
		uint64_t value = REFUSED;
		int error = parse(cases->text, &value);

		if (cases->value == REFUSED)
			assert_true(error == -EINVAL || error == -ERANGE);
		else
			assert_int_equal(error, 0);
		if (!error)
			assert_int_equal(value, cases->value);
	}
}

static void test_counts(void **state)
{
	static const struct number_case cases[] = {
		{"0", 0},
		{"4", 4},
		{"10k", 10000},
		{"1.5k", 1500},
		{"2M", 2000000},
		{"1000000000", 1000000000},
		{"", REFUSED},
		{"k", REFUSED},
		{"-1", REFUSED},
		{"+1", REFUSED},
		{" 1", REFUSED},
		{"1 ", REFUSED},
		{"10K", REFUSED},
		{"10kk", REFUSED},
		{"1G", REFUSED},
		{"0x10", REFUSED},
		{"1e3", REFUSED},
		{"inf", REFUSED},
		{"nan", REFUSED},
		{"ten", REFUSED},
		{"99999999999999999999", REFUSED},
		{NULL, 0},
	};

	(void)state;
	check_numbers(parse_count, cases);
}

static void test_sizes(void **state)
{
	static const struct number_case cases[] = {
		{"0", 0},
		{"64", 64},
		{"4k", 4096},
		{"1M", 1048576},
		{"2G", 2147483648u},
		{"0.5k", 512},
		{"64b", REFUSED},
		{"4kB", REFUSED},
		{"20000000000G", REFUSED},
		{"", REFUSED},
		{NULL, 0},
	};

	(void)state;
	check_numbers(parse_size, cases);
}

static void test_times(void **state)
{
	static const struct number_case cases[] = {
		{"0", 0},
		{"50us", 50000},
		{"2ms", 2000000},
		{"1.5s", 1500000000},
		{"1m", 60000000000},
		{"0s", 0},
		{"5", REFUSED}, /* five of what? */
		{"5h", REFUSED},
		{"5 s", REFUSED},
		{"ms", REFUSED},
		{"-1s", REFUSED},
		{"", REFUSED},
		{NULL, 0},
	};

	(void)state;
	check_numbers(parse_time, cases);
}

static void test_plain_numbers(void **state)
{
	double value;

	(void)state;
	assert_int_equal(parse_number("0.25", &value), 0);
	assert_true(value == 0.25);
	assert_int_equal(parse_number("-3", &value), 0);
	assert_true(value == -3);
	assert_int_equal(parse_number("", &value), -EINVAL);
	assert_int_equal(parse_number("1x", &value), -EINVAL);
	assert_int_equal(parse_number("nan", &value), -EINVAL);
}

/* ---- tables ------------------------------------------------------------ */

struct wanted {
	uint64_t workers, size, time;
	double ratio;
	int kind;
	bool on;
	const char *root;
};

static const struct option_spec table[] = {
	{.name = "workers",
		.type = OPTION_COUNT,
		.offset = offsetof(struct wanted, workers),
		.preset = "1",
		.min = 1,
		.max = 64,
		.help = "how many"},
	{.name = "size",
		.type = OPTION_SIZE,
		.offset = offsetof(struct wanted, size),
		.preset = "4k",
		.help = "how big"},
	{.name = "time",
		.type = OPTION_TIME,
		.offset = offsetof(struct wanted, time),
		.preset = "0",
		.max = 1000000000,
		.help = "how long"},
	{.name = "ratio",
		.type = OPTION_NUMBER,
		.offset = offsetof(struct wanted, ratio),
		.preset = "0.5",
		.help = "how much"},
	{.name = "kind",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct wanted, kind),
		.preset = "thread",
		.choices = "process,thread",
		.help = "of what"},
	{.name = "on",
		.type = OPTION_SWITCH,
		.offset = offsetof(struct wanted, on),
		.preset = "off",
		.help = "whether"},
	{.name = "root",
		.type = OPTION_STRING,
		.offset = offsetof(struct wanted, root),
		.help = "where"},
	{0},
};

static void test_presets(void **state)
{
	struct wanted w = {0};
	char why[WHY_SIZE];

	(void)state;
	assert_int_equal(options_parse(table, &w, NULL, why), 0);
	assert_int_equal(w.workers, 1);
	assert_int_equal(w.size, 4096);
	assert_int_equal(w.time, 0);
	assert_true(w.ratio == 0.5);
	assert_int_equal(w.kind, 1);
	assert_false(w.on);
	assert_null(w.root);
}

static void test_every_type(void **state)
{
	char text[] = "workers=8,size=1M,time=2ms,ratio=0.25,kind=process,"
		      "on=on,root=a\\,b";
	struct wanted w = {0};
	char why[WHY_SIZE];

	(void)state;
	assert_int_equal(options_parse(table, &w, text, why), 0);
	memset(text, 'x', sizeof(text) - 1); /* strings are copied */
	assert_int_equal(w.workers, 8);
	assert_int_equal(w.size, 1048576);
	assert_int_equal(w.time, 2000000);
	assert_true(w.ratio == 0.25);
	assert_int_equal(w.kind, 0);
	assert_true(w.on);
	assert_string_equal(w.root, "a,b");
}

static void test_last_one_counts(void **state)
{
	struct wanted w = {0};
	char why[WHY_SIZE];

	(void)state;
	assert_int_equal(
		options_parse(table, &w, "workers=2,workers=3", why), 0);
	assert_int_equal(w.workers, 3);
}

/* An error names the key, the value and what is allowed. */
static void check_error(const char *text, const char *const *says)
{
	struct wanted w = {0};
	char why[WHY_SIZE] = "";

	assert_int_equal(options_parse(table, &w, text, why), -EINVAL);
	for (; *says; says++)
		if (!strstr(why, *says))
			fail_msg(
				"\"%s\" for %s lacks \"%s\"", why, text, *says);
	assert_null(strchr(why, '\n'));
}

#define CHECK_ERROR(text, ...)                                                 \
	check_error(text, (const char *const[]) {__VA_ARGS__, NULL})

static void test_errors_name_key_value_and_allowed(void **state)
{
	(void)state;
	CHECK_ERROR("workers=0", "workers", "'0'", "1 to 64");
	CHECK_ERROR("workers=65", "workers", "'65'", "1 to 64");
	CHECK_ERROR("workers=many", "workers", "'many'", "1 to 64");
	CHECK_ERROR("workers=", "workers", "''", "1 to 64");
	CHECK_ERROR("workers", "workers", "value", "1 to 64");
	CHECK_ERROR("size=big", "size", "'big'", "number");
	CHECK_ERROR("time=5", "time", "'5'", "time", "ms");
	CHECK_ERROR("time=2s", "time", "'2s'", "1s");
	CHECK_ERROR("ratio=half", "ratio", "'half'", "number");
	CHECK_ERROR("kind=fork", "kind", "'fork'", "process,thread");
	CHECK_ERROR("kind=proc", "kind", "'proc'", "process,thread");
	CHECK_ERROR("kind=", "kind", "''", "process,thread");
	CHECK_ERROR("on=yes", "on", "'yes'", "on or off");
}

static void test_unknown_key_names_the_known(void **state)
{
	(void)state;
	CHECK_ERROR("wrokers=3", "wrokers", "workers, size, time, ratio, kind");
	CHECK_ERROR("workers=3,,size=4", "''", "workers");
	CHECK_ERROR("=3", "''", "workers");
}

static void test_no_table_has_no_options(void **state)
{
	char why[WHY_SIZE];

	(void)state;
	assert_int_equal(options_parse(NULL, NULL, "", why), 0);
	assert_int_equal(options_parse(NULL, NULL, "size=3", why), -EINVAL);
	assert_non_null(strstr(why, "size"));
	assert_non_null(strstr(why, "none"));
}

static void test_long_text_is_refused_not_cut(void **state)
{
	char text[5000] = "root=", why[WHY_SIZE];
	struct wanted w = {0};

	(void)state;
	memset(text + 5, 'x', sizeof(text) - 6);
	assert_int_equal(options_parse(table, &w, text, why), -EINVAL);
}

/* A preset that its own table refuses is a mistake of ours: it is told. */
static void test_wrong_preset_is_told(void **state)
{
	static const struct option_spec wrong[] = {
		{.name = "n", .type = OPTION_COUNT, .preset = "7", .max = 5},
		{0},
	};
	char why[WHY_SIZE] = "";
	uint64_t n;

	(void)state;
	assert_int_equal(options_parse(wrong, &n, "", why), -EINVAL);
	assert_non_null(strstr(why, "preset"));
}

/* ---- flags -------------------------------------------------------------- */

struct flagged {
	uint64_t count;
	int fd;
};

static const struct flag flags[] = {
	FLAG('c', "--count", COUNT, struct flagged, count, .min = 1, .max = 9),
	FLAG('f', "--fd", DESCRIPTOR, struct flagged, fd),
	{0},
};

static void test_flags_fill_their_field(void **state)
{
	struct flagged f = {0};
	char text[16], why[WHY_SIZE] = "";
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(text, sizeof(text), "%d", ends[1]);
	assert_int_equal(flags_set(flags, 'c', "9", &f, why), 0);
	assert_int_equal(flags_set(flags, 'f', text, &f, why), 0);
	assert_int_equal(f.count, 9);
	assert_int_equal(f.fd, ends[1]);
	assert_int_equal(flags_set(flags, 'x', "1", &f, why), -ENOENT);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(flags_set(flags, 'f', text, &f, why), -EINVAL);
	assert_string_equal(why + strcspn(why, ":"),
		": must be the number of an open descriptor");
}

static void test_flags_name_themselves_in_errors(void **state)
{
	struct flagged f = {.fd = -1};
	char why[WHY_SIZE] = "";

	(void)state;
	assert_int_equal(flags_set(flags, 'c', "10", &f, why), -EINVAL);
	assert_string_equal(why, "--count='10': must be 1 to 9");
	assert_int_equal(flags_set(flags, 'f', "x", &f, why), -EINVAL);
	assert_non_null(strstr(why, "--fd='x'"));
	assert_int_equal(f.fd, -1);
}

static void test_spec_split(void **state)
{
	char name[8];

	(void)state;
	assert_string_equal(spec_split("echo", name, sizeof(name)), "");
	assert_string_equal(name, "echo");
	assert_string_equal(spec_split("echo:", name, sizeof(name)), "");
	assert_string_equal(spec_split("a:b=c:d", name, sizeof(name)), "b=c:d");
	assert_string_equal(name, "a");
	assert_non_null(spec_split("1234567", name, sizeof(name)));
	assert_null(spec_split("12345678", name, sizeof(name)));
	assert_null(spec_split("", name, sizeof(name)));
	assert_null(spec_split(":size=4", name, sizeof(name)));
}

static void test_help_shows_each_option(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	options_help(table, out);
	fclose(out);
	for (const struct option_spec *s = table; s->name; s++) {
		assert_non_null(strstr(text, s->name));
		assert_non_null(strstr(text, s->help));
	}
	assert_non_null(strstr(text, "process,thread"));
	assert_non_null(strstr(text, "4k"));
	free(text);
}

static void check_time_text(uint64_t ns, const char *expect)
{
	char buf[32];

	assert_string_equal(format_time(ns, buf, sizeof(buf)), expect);
}

static void test_times_for_people(void **state)
{
	(void)state;
	check_time_text(0, "0ns");
	check_time_text(250000, "250us");
	check_time_text(2500000, "2.5ms");
	check_time_text(5000000000, "5s");
}

static void check_cpus(const char *text, unsigned count, uint64_t bits)
{
	struct cpu_list list;

	assert_int_equal(parse_cpu_list(text, &list), 0);
	assert_int_equal(list.count, count);
	assert_int_equal(list.bits[0], bits);
}

static void test_cpu_lists(void **state)
{
	static const char *const wrong[] = {"", "a", "1-", "-1", "3-1", "1,,2",
		"1,", "1024", "0-2000", "1 2"};
	struct cpu_list list;

	(void)state;
	check_cpus("0", 1, 1);
	check_cpus("0,2-3", 3, 0xd);
	check_cpus("1,1,0-1", 2, 3);
	assert_int_equal(parse_cpu_list("1023", &list), 0);
	assert_int_equal(list.bits[15], UINT64_C(1) << 63);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_not_equal(parse_cpu_list(wrong[i], &list), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_plain_numbers),
		cmocka_unit_test(test_presets),
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_last_one_counts),
		cmocka_unit_test(test_errors_name_key_value_and_allowed),
		cmocka_unit_test(test_unknown_key_names_the_known),
		cmocka_unit_test(test_no_table_has_no_options),
		cmocka_unit_test(test_long_text_is_refused_not_cut),
		cmocka_unit_test(test_wrong_preset_is_told),
		cmocka_unit_test(test_flags_fill_their_field),
		cmocka_unit_test(test_flags_name_themselves_in_errors),
		cmocka_unit_test(test_spec_split),
		cmocka_unit_test(test_help_shows_each_option),
		cmocka_unit_test(test_times_for_people),
		cmocka_unit_test(test_cpu_lists),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
