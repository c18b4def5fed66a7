/* SPDX-License-Identifier: MIT */
#include "common/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text;
static size_t text_len;
static struct json j;

static void begin(void)
{
	json_init(&j, open_memstream(&text, &text_len));
}

static void expect(const char *wanted)
{
	fclose(j.out);
	assert_string_equal(text, wanted);
	free(text);
}

static void objects_and_arrays_nest(void **state)
{
	(void)state;
	begin();
	json_object(&j, NULL);
	json_u64(&j, "a", UINT64_MAX);
	json_array(&j, "b");
	json_i64(&j, NULL, -1);
	json_bool(&j, NULL, true);
	json_end(&j);
	json_object(&j, "c");
	json_end(&j);
	json_end(&j);
	expect("{\n  \"a\": 18446744073709551615,\n  \"b\": [\n    -1,\n"
	       "    true\n  ],\n  \"c\": {}\n}\n");
}

static void strings_are_escaped(void **state)
{
	(void)state;
	begin();
	json_string(&j, NULL, "\"\\\b\f\n\r\t\x01\x7f/");
	expect("\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f/\"");
}

static void text_stays_and_what_is_no_utf8_is_replaced(void **state)
{
	static const char *const cases[][2] = {
		{"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
			"\"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
		{"\xff", "\"\\ufffd\""},	    /* no such byte */
		{"a\xc3", "\"a\\ufffd\""},	    /* cut short */
		{"\xc0\xaf", "\"\\ufffd\\ufffd\""}, /* not the shortest form */
		{"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""}, /* surrogate */
		{"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		json_string(&j, NULL, cases[i][0]);
		expect(cases[i][1]);
	}
}

static void numbers_that_json_lacks_are_null(void **state)
{
	(void)state;
	begin();
	json_array(&j, NULL);
	json_number(&j, NULL, 0.5);
	json_number(&j, NULL, NAN);
	json_number(&j, NULL, INFINITY);
	json_end(&j);
	expect("[\n  0.5,\n  null,\n  null\n]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_and_arrays_nest),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(text_stays_and_what_is_no_utf8_is_replaced),
		cmocka_unit_test(numbers_that_json_lacks_are_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
