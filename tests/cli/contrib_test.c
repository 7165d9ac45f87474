/* contrib_test.c -- the completions and the man page say what the table of commands says.
 *
 * Of each file the part about one command is cut out, and the set of its
 * --options must be that of the table: none is missing, none is too many.
 */
#include "cli/claims.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"

static const uint64_t every_global = OPTION_BIT(OPTIONS_GLOBAL) - 1;

static char *read_whole(const char *path)
{
	FILE *in = fopen(path, "r");
	struct stat file;
	char *text;

	assert_non_null(in);
	assert_return_code(fstat(fileno(in), &file), errno);
	text = calloc(1, (size_t)file.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)file.st_size, in), file.st_size);
	fclose(in);
	return text;
}

/* What stands between the two, copied; NULL: `from` is not there. */
static char *cut(const char *text, const char *from, const char *to)
{
	const char *start = strstr(text, from);
	const char *end = start ? strstr(start + strlen(from), to) : NULL;

	assert_true(!start || end);
	return start ? strndup(start, (size_t)(end - start)) : NULL;
}

static bool is_name(char c)
{
	return islower((unsigned char)c) || c == '-';
}

static uint64_t bit_of(const char *name, size_t len)
{
	while (len && name[len - 1] == '-')
		len--;
	for (int i = 0; i < OPTIONS; i++) {
		const char *known = option_spec((enum option_id)i)->name;

		if (strlen(known) == len && strncmp(known, name, len) == 0)
			return OPTION_BIT(i);
	}
	fail_msg("an option that is not in the table: %.*s", (int)len, name);
	return 0;
}

/* All that follows `mark` in the text, as a set. */
static uint64_t options_in(const char *text, const char *mark)
{
	uint64_t set = 0;

	for (const char *p = text; (p = strstr(p, mark));) {
		size_t len = 0;

		p += strlen(mark);
		while (is_name(p[len]))
			len++;
		if (len && p[0] != '-')
			set |= bit_of(p, len);
		p += len;
	}
	return set;
}

static void assert_part(const char *text, const char *from, const char *to, const char *mark,
			uint64_t set)
{
	char *part = cut(text, from, to);

	if (!part)
		fail_msg("not there: %s", from);
	if (options_in(part, mark) != set)
		fail_msg("other options than the table has: %s", part);
	free(part);
}

static void assert_contains(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("not there: %s", what);
}

static const char *last_word(const char *name)
{
	const char *space = strrchr(name, ' ');

	return space ? space + 1 : name;
}

static void bash_knows_every_command_and_option(void **state)
{
	char *text = read_whole(CONTRIB "/completions/p2pnet.bash");
	char *names = cut(text, "_p2pnet_commands=", "\n");
	char from[64];
	size_t len;
	const struct command *table = command_table(&len);

	(void)state;
	assert_part(text, "_p2pnet_global=", "\n", "--", every_global);
	for (size_t i = 0; i < len; i++) {
		snprintf(from, sizeof(from), "\"%s\")", table[i].name);
		assert_part(text, from, ";;", "--", table[i].options);
		snprintf(from, sizeof(from), "%.*s", (int)strcspn(table[i].name, " "),
			 table[i].name);
		assert_contains(names, from);
	}
	options_in(text, "--");
	free(names);
	free(text);
}

static void zsh_knows_every_command_and_option(void **state)
{
	char *text = read_whole(CONTRIB "/completions/_p2pnet");
	char line[256];
	size_t len;
	const struct command *table = command_table(&len);

	(void)state;
	assert_part(text, "global=(", "\t)\n", "--", every_global);
	for (size_t i = 0; i < len; i++) {
		snprintf(line, sizeof(line), "\"%s\")", table[i].name);
		assert_part(text, line, ";;", "--", table[i].options);
		snprintf(line, sizeof(line), "'%s:%s'", last_word(table[i].name), table[i].summary);
		assert_contains(text, line);
	}
	free(text);
}

/* The lines that are about this command, one after the other. */
static uint64_t fish_options(const char *text, const char *command)
{
	char mark[64];
	uint64_t set = 0;

	snprintf(mark, sizeof(mark), "-n '__p2pnet_is %s' -", command);
	for (const char *p = text; (p = strstr(p, mark)); p++) {
		char *line = strndup(p, strcspn(p, "\n"));

		set |= options_in(line, " -l ");
		free(line);
	}
	return set;
}

static void fish_knows_every_command_and_option(void **state)
{
	char *text = read_whole(CONTRIB "/completions/p2pnet.fish");
	char line[256];
	size_t len;
	const struct command *table = command_table(&len);

	(void)state;
	assert_part(text, "# Options of every command", "# Commands", " -l ", every_global);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(fish_options(text, table[i].name), table[i].options);
		snprintf(line, sizeof(line), "-a %s -d '%s'", last_word(table[i].name),
			 table[i].summary);
		assert_contains(text, line);
	}
	free(text);
}

/* roff writes a dash that is no hyphen as \- */
static void drop_backslashes(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == '-')
			continue;
		*to++ = *text;
	}
	*to = '\0';
}

static void the_man_page_knows_every_command_and_option(void **state)
{
	char *text = read_whole(CONTRIB "/man/p2pnet.1");
	char from[64];
	size_t len;
	const struct command *table = command_table(&len);

	(void)state;
	drop_backslashes(text);
	assert_part(text, ".SH OPTIONS", ".SH EXIT STATUS", "\\fB--", every_global);
	for (size_t i = 0; i < len; i++) {
		snprintf(from, sizeof(from), "\\fBp2pnet %s\\fR", table[i].name);
		assert_part(text, from, ".TP", "\\fB--", table[i].options);
	}
	free(text);
}

/* A command with a manual of its own: the same options stand there. */
static void the_manual_of_the_rendezvous_knows_its_options(void **state)
{
	char *text = read_whole(CONTRIB "/man/p2pnet-rendezvous.8");
	size_t used;
	const struct command *c = command_find((const char *const[]){"rendezvous"}, 1, &used);

	(void)state;
	drop_backslashes(text);
	assert_part(text, ".SH OPTIONS", ".SH ENVIRONMENT", "\\fB--", c->options);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bash_knows_every_command_and_option),
		cmocka_unit_test(zsh_knows_every_command_and_option),
		cmocka_unit_test(fish_knows_every_command_and_option),
		cmocka_unit_test(the_man_page_knows_every_command_and_option),
		cmocka_unit_test(the_manual_of_the_rendezvous_knows_its_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
