/* options_test.c -- the table of flags, and lines that are right and wrong. */
#include "cli/claims.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"

enum { ARGV_MAX = 24 };

/* "-n home status" -> options; one space between words, '' is an empty one. */
static bool parse(struct options *o, const char *line, char error[static 256])
{
	static char copy[512];
	char *argv[ARGV_MAX];
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	error[0] = '\0';
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc < ARGV_MAX);
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	return options_parse(o, argc, argv, error);
}

static void no_two_options_share_a_name_or_letter(void **state)
{
	(void)state;
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_spec *a = option_spec((enum option_id)i);

		assert_non_null(a->name);
		assert_non_null(a->summary);
		assert_true((a->takes == TAKES_NOTHING) == (a->value == NULL));
		for (int j = i + 1; j < OPTIONS; j++) {
			const struct option_spec *b = option_spec((enum option_id)j);

			assert_string_not_equal(a->name, b->name);
			assert_true(!a->letter || a->letter != b->letter ||
				    option_letter_after((enum option_id)i) !=
					    option_letter_after((enum option_id)j));
		}
	}
}

static void every_option_works_long_short_and_with_equals(void **state)
{
	char line[128], error[256];
	struct options o;

	(void)state;
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_spec *spec = option_spec((enum option_id)i);
		const char *after = option_letter_after((enum option_id)i);
		const char *value = i == OPT_COLOR ? "never" : "x";

		snprintf(line, sizeof(line), "--%s%s%s", spec->name,
			 spec->takes == TAKES_VALUE ? " " : "",
			 spec->takes == TAKES_VALUE ? value : "");
		assert_true(parse(&o, line, error));
		assert_int_equal(o.count[i], 1);
		if (spec->takes != TAKES_NOTHING) {
			snprintf(line, sizeof(line), "--%s=%s", spec->name, value);
			assert_true(parse(&o, line, error));
			assert_string_equal(o.value[i], value);
		}
		if (spec->letter) {
			snprintf(line, sizeof(line), "%s -%c%s", after ? after : "",
				 spec->letter, spec->takes == TAKES_VALUE ? " x" : "");
			assert_true(parse(&o, line, error));
			assert_int_equal(o.count[i], 1);
		}
		assert_int_equal(o.words_len, after ? 1 : 0);
	}
}

static void flags_stand_anywhere(void **state)
{
	static const char *const lines[] = {
		"-n home status laptop --watch", "status -n home --watch laptop",
		"status --watch laptop -n home", "--watch status laptop --net=home",
		"status laptop -w -nhome",
	};
	char error[256];
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_true(parse(&o, lines[i], error));
		assert_string_equal(o.value[OPT_NET], "home");
		assert_int_equal(o.count[OPT_WATCH], 1);
		assert_int_equal(o.words_len, 2);
		assert_string_equal(o.words[0], "status");
		assert_string_equal(o.words[1], "laptop");
	}
}

static void after_ping_c_is_the_count_and_before_it_the_file(void **state)
{
	char error[256];
	struct options o;

	(void)state;
	assert_true(parse(&o, "-c home.conf ping laptop -c 3", error));
	assert_string_equal(o.value[OPT_CONFIG], "home.conf");
	assert_string_equal(o.value[OPT_COUNT], "3");
	assert_true(parse(&o, "ping laptop -c3 --config=home.conf", error));
	assert_string_equal(o.value[OPT_CONFIG], "home.conf");
	assert_string_equal(o.value[OPT_COUNT], "3");
	assert_true(parse(&o, "status ping -c home.conf", error));
	assert_string_equal(o.value[OPT_CONFIG], "home.conf");
	assert_int_equal(o.count[OPT_COUNT], 0);
}

static void letters_stand_together(void **state)
{
	char error[256];
	struct options o;

	(void)state;
	assert_true(parse(&o, "-jvvnhome", error));
	assert_int_equal(o.count[OPT_JSON], 1);
	assert_int_equal(o.count[OPT_VERBOSE], 2);
	assert_string_equal(o.value[OPT_NET], "home");
}

static void after_two_dashes_all_is_words(void **state)
{
	char error[256];
	struct options o;

	(void)state;
	assert_true(parse(&o, "check -- --json -- -", error));
	assert_int_equal(o.count[OPT_JSON], 0);
	assert_int_equal(o.words_len, 4);
	assert_string_equal(o.words[1], "--json");
	assert_string_equal(o.words[2], "--");
	assert_string_equal(o.words[3], "-");
}

static void the_last_value_counts(void **state)
{
	char error[256];
	struct options o;

	(void)state;
	assert_true(parse(&o, "-n a --net b", error));
	assert_int_equal(o.count[OPT_NET], 2);
	assert_string_equal(o.value[OPT_NET], "b");
}

static void all_values_of_a_flag_are_kept_in_order(void **state)
{
	char error[256];
	struct options o;

	(void)state;
	assert_true(parse(&o, "ice --stun a -n home --stun=b -nwork", error));
	assert_string_equal(options_value(&o, OPT_STUN, 0), "a");
	assert_string_equal(options_value(&o, OPT_STUN, 1), "b");
	assert_null(options_value(&o, OPT_STUN, 2));
	assert_string_equal(options_value(&o, OPT_NET, 1), "work");
	assert_null(options_value(&o, OPT_CONFIG, 0));
}

static void more_than_32_values_are_too_many(void **state)
{
	static char one[] = "-nx", other[] = "--net=x";
	char *argv[VALUES_MAX + 1], error[256] = "";
	struct options o;

	(void)state;
	for (size_t i = 0; i <= VALUES_MAX; i++)
		argv[i] = i % 2 ? one : other;
	assert_true(options_parse(&o, VALUES_MAX, argv, error));
	assert_false(options_parse(&o, VALUES_MAX + 1, argv, error));
	assert_string_equal(error, "too many options, from --net 'x' on; leave some out");
}

static void a_value_may_look_like_a_flag(void **state)
{
	char error[256];
	struct options o;

	(void)state;
	assert_true(parse(&o, "--config -x.conf", error));
	assert_string_equal(o.value[OPT_CONFIG], "-x.conf");
}

static void wait_takes_a_value_only_with_equals(void **state)
{
	char error[256];
	struct options o;

	(void)state;
	assert_true(parse(&o, "up --wait 5", error));
	assert_null(o.value[OPT_WAIT]);
	assert_int_equal(o.words_len, 2);
	assert_true(parse(&o, "up --wait=5", error));
	assert_string_equal(o.value[OPT_WAIT], "5");
}

static void wrong_lines_are_explained(void **state)
{
	static const struct {
		const char *line, *error;
	} table[] = {
		{"--jason", "there is no option --jason; did you mean --json?"},
		{"--colour=auto", "there is no option --colour; did you mean --color?"},
		{"--frobnicate",
		 "there is no option --frobnicate; 'p2pnet help' lists the options"},
		{"--=x", "there is no option --; 'p2pnet help' lists the options"},
		{"-x", "there is no option -x; 'p2pnet help' lists the options"},
		{"-jx", "there is no option -x; 'p2pnet help' lists the options"},
		{"--json=yes", "--json takes no value, but 'yes' was given; leave it out"},
		{"--net", "--net needs a value; write --net=NET"},
		{"--net=", "--net needs a value; write --net=NET"},
		{"--net ''", "--net needs a value; write --net=NET"},
		{"--wait=", "--wait needs a value; write --wait=SEC"},
		{"-n", "-n needs a value; write -n NET"},
		{"-n ''", "-n needs a value; write -n NET"},
		{"-jc", "-c needs a value; write -c FILE"},
		{"--color=blue", "--color is auto or never, not 'blue'"},
		{"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
		 "too many arguments, from '17' on; no command takes that many"},
	};
	char error[256];
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_false(parse(&o, table[i].line, error));
		assert_string_equal(error, table[i].error);
	}
}

static void a_stranger_is_a_flag_that_is_neither_global_nor_the_commands(void **state)
{
	char error[256];
	struct options o;

	(void)state;
	assert_true(parse(&o, "-jv --watch", error));
	assert_int_equal(options_stranger(&o, OPTION_BIT(OPT_WATCH)), OPTIONS);
	assert_int_equal(options_stranger(&o, OPTION_BIT(OPT_WAIT)), OPT_WATCH);
}

static void commands_are_found_by_one_word_or_two(void **state)
{
	const char *words[] = {"peer", "add", "x"};
	size_t len, used;
	const struct command *table = command_table(&len);

	(void)state;
	assert_string_equal(command_find(words, 3, &used)->name, "peer add");
	assert_int_equal(used, 2);
	assert_null(command_find(words, 1, &used));
	assert_null(command_find(words, 0, &used));
	words[0] = "statu";
	assert_null(command_find(words, 1, &used));
	for (size_t i = 0; i < len; i++) {
		assert_true(table[i].min <= table[i].max);
		assert_non_null(table[i].run);
	}
}

static void the_usage_line_is_made_from_the_table(void **state)
{
	const char *words[] = {"up", "peer", "del"};
	char usage[USAGE_TEXT];
	size_t len, used;
	const struct command *table = command_table(&len);

	(void)state;
	assert_string_equal(command_usage(usage, command_find(words, 1, &used)),
			    "p2pnet up [NET] [--foreground] [--wait[=SEC]]");
	assert_string_equal(command_usage(usage, command_find(words + 1, 2, &used)),
			    "p2pnet peer del NAME|PUBLIC_KEY [--no-reload]");
	for (size_t i = 0; i < len; i++)
		assert_true(strlen(command_usage(usage, &table[i])) < USAGE_TEXT - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_two_options_share_a_name_or_letter),
		cmocka_unit_test(every_option_works_long_short_and_with_equals),
		cmocka_unit_test(flags_stand_anywhere),
		cmocka_unit_test(after_ping_c_is_the_count_and_before_it_the_file),
		cmocka_unit_test(letters_stand_together),
		cmocka_unit_test(after_two_dashes_all_is_words),
		cmocka_unit_test(the_last_value_counts),
		cmocka_unit_test(all_values_of_a_flag_are_kept_in_order),
		cmocka_unit_test(more_than_32_values_are_too_many),
		cmocka_unit_test(a_value_may_look_like_a_flag),
		cmocka_unit_test(wait_takes_a_value_only_with_equals),
		cmocka_unit_test(wrong_lines_are_explained),
		cmocka_unit_test(a_stranger_is_a_flag_that_is_neither_global_nor_the_commands),
		cmocka_unit_test(commands_are_found_by_one_word_or_two),
		cmocka_unit_test(the_usage_line_is_made_from_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
