/* SPDX-License-Identifier: MIT */
/* Command lines without a shell: what words.h promises. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/core/words.h"

/* The words of `text`, each in brackets. */
static void expect_words(const char *text, const char *expected)
{
	char why[WHY_SIZE], found[256] = "";
	char **words;

	assert_int_equal(words_split(text, &words, why), 0);
	for (size_t i = 0; words[i]; i++) {
		strcat(found, "[");
		strcat(found, words[i]);
		strcat(found, "]");
	}
	assert_string_equal(found, expected);
	free(words);
}

static void words_are_parted_by_space(void **state)
{
	(void)state;
	expect_words("cat", "[cat]");
	expect_words("  tr a-z\tA-Z\n", "[tr][a-z][A-Z]");
	expect_words("a b c d e f", "[a][b][c][d][e][f]");
}

static void quotes_hold_a_word_together(void **state)
{
	(void)state;
	expect_words("sh -c 'a  b'", "[sh][-c][a  b]");
	expect_words("\"a b\"'c d'e f", "[a bc de][f]");
	expect_words("'' \"\" x", "[][][x]");
	expect_words("'say \"hi\"' \"it's\"", "[say \"hi\"][it's]");
}

static void a_backslash_takes_away_a_meaning(void **state)
{
	(void)state;
	expect_words("a\\ b \\'c", "[a b]['c]");
	expect_words("\"a\\\"b\"", "[a\"b]");
	expect_words("'a\\b'", "[a\\b]");
	expect_words("a\\", "[a\\]");
}

static void nothing_is_expanded(void **state)
{
	(void)state;
	expect_words("$HOME * ~ `x` >y", "[$HOME][*][~][`x`][>y]");
}

static void what_is_wrong_is_told(void **state)
{
	char why[WHY_SIZE];
	char **words;

	(void)state;
	assert_int_equal(words_split("a 'b", &words, why), -EINVAL);
	assert_non_null(strstr(why, "not closed"));
	assert_int_equal(words_split("a \"b'", &words, why), -EINVAL);
	assert_int_equal(words_split("", &words, why), -EINVAL);
	assert_int_equal(words_split(" \t", &words, why), -EINVAL);
	assert_non_null(strstr(why, "no word"));
}

static void programs_are_found_in_the_path(void **state)
{
	char why[WHY_SIZE];
	char *path;

	(void)state;
	setenv("PATH", "/no/such/directory:/bin:/usr/bin", 1);
	path = words_find_program("sh", why);
	assert_string_equal(path, "/bin/sh");
	free(path);
	path = words_find_program("/bin/sh", why);
	assert_string_equal(path, "/bin/sh");
	free(path);
	assert_null(words_find_program("no-such-program", why));
	assert_non_null(strstr(why, "no-such-program"));
	assert_null(words_find_program("/bin", why));
	assert_null(words_find_program("/etc/passwd", why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_parted_by_space),
		cmocka_unit_test(quotes_hold_a_word_together),
		cmocka_unit_test(a_backslash_takes_away_a_meaning),
		cmocka_unit_test(nothing_is_expanded),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(programs_are_found_in_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
