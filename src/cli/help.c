/* help.c -- help, written from the table of commands. */
#include "cli/help.h"

#include <string.h>

#include "cli/command.h"
#include "cli/message.h"
#include "ctl/request.h"

static bool in_group(const struct command *c, const char *word)
{
	size_t len = strlen(word);

	return strncmp(c->name, word, len) == 0 && c->name[len] == ' ';
}

bool help_is_group(const char *word)
{
	size_t len;
	const struct command *table = command_table(&len);

	for (size_t i = 0; i < len; i++) {
		if (in_group(&table[i], word))
			return true;
	}
	return false;
}

static void print_option(FILE *out, enum option_id id)
{
	const struct option_spec *spec = option_spec(id);
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s --%s%s%s%s", spec->letter ? '-' : ' ',
		 spec->letter ? spec->letter : ' ', spec->letter ? "," : " ", spec->name,
		 spec->takes == MAY_TAKE_VALUE ? "[="
		 : spec->takes == TAKES_VALUE  ? " "
					       : "",
		 spec->value ? spec->value : "", spec->takes == MAY_TAKE_VALUE ? "]" : "");
	fprintf(out, "  %-26s %s\n", left, spec->summary);
}

static void print_options(FILE *out, int from, int to, uint64_t set)
{
	for (int i = from; i < to; i++) {
		if (set & OPTION_BIT(i))
			print_option(out, (enum option_id)i);
	}
}

static void print_command_line(FILE *out, const struct command *c)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%s%s", c->name, *c->args ? " " : "", c->args);
	fprintf(out, "  %-26s %s\n", left, c->summary);
}

void help_overview(FILE *out)
{
	size_t len;
	const struct command *table = command_table(&len);

	fputs("usage: p2pnet COMMAND [ARGUMENT...] [OPTION...]\n\nCommands:\n", out);
	for (size_t i = 0; i < len; i++)
		print_command_line(out, &table[i]);
	fputs("\nOptions of every command:\n", out);
	print_options(out, 0, OPTIONS_GLOBAL, UINT64_MAX);
	fputs("\n'p2pnet help COMMAND' says more about one. Manual: p2pnet(1), p2pnet.conf(5).\n",
	      out);
}

static void help_command(const struct command *c)
{
	char usage[USAGE_TEXT];

	printf("usage: %s\n\n%s: %s.\n", command_usage(usage, c), c->name, c->summary);
	if (c->details)
		printf("%s\n", c->details);
	if (c->options)
		fputs("\nOptions:\n", stdout);
	print_options(stdout, OPTIONS_GLOBAL, OPTIONS, c->options);
	fputs("\nOptions of every command:\n", stdout);
	print_options(stdout, 0, OPTIONS_GLOBAL, UINT64_MAX);
}

static void help_group(const char *word)
{
	size_t len;
	const struct command *table = command_table(&len);

	printf("usage: p2pnet %s COMMAND\n\nCommands:\n", word);
	for (size_t i = 0; i < len; i++) {
		if (in_group(&table[i], word))
			print_command_line(stdout, &table[i]);
	}
}

int help_on(const char *const *words, size_t len)
{
	size_t used;
	const struct command *c = command_find(words, len, &used);

	if (c)
		help_command(c);
	else if (!len)
		help_overview(stdout);
	else if (help_is_group(words[0]))
		help_group(words[0]);
	else
		return fail(EXIT_USAGE, "there is no command '%s'; 'p2pnet help' lists them all",
			    words[0]);
	return EXIT_OK;
}

int run_help(const struct invocation *in)
{
	return help_on(in->args, in->args_len);
}
