/* dispatch.c -- the whole program: parse, find, check, run.
 *
 *	words --> which command --> are its flags and arguments right --> run it
 *	            |                 |
 *	            '-- usage error --'  one sentence that says what to write instead
 */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/message.h"
#include "cli/nearest.h"
#include "crypto/crypto.h"
#include "ctl/request.h"

static int unknown_command(const struct options *o)
{
	char asked[64];
	struct nearest near;
	size_t len;
	const struct command *table = command_table(&len);
	/* "peer ad" is near to "peer add", and "stauts laptop" to "status". */
	bool two = o->words_len > 1 && help_is_group(o->words[0]);

	snprintf(asked, sizeof(asked), "%s%s%s", o->words[0], two ? " " : "",
		 two ? o->words[1] : "");
	near = nearest_to(asked, strlen(asked));
	for (size_t i = 0; i < len; i++)
		nearest_offer(&near, table[i].name);
	if (!two && help_is_group(o->words[0]))
		return fail(EXIT_USAGE, "'%s' needs a second word; 'p2pnet help %s' lists them",
			    asked, asked);
	if (near.best)
		return fail(EXIT_USAGE, "there is no command '%s'; did you mean '%s'?", asked,
			    near.best);
	return fail(EXIT_USAGE, "there is no command '%s'; 'p2pnet help' lists them all", asked);
}

static int check_options(const struct invocation *in)
{
	enum option_id id = options_stranger(in->options, in->command->options);

	if (id == OPTIONS)
		return EXIT_OK;
	return fail(EXIT_USAGE, "%s has no option --%s; 'p2pnet help %s' lists those that it has",
		    in->command->name, option_spec(id)->name, in->command->name);
}

static int check_arguments(const struct invocation *in)
{
	const struct command *c = in->command;
	char usage[USAGE_TEXT];

	command_usage(usage, c);
	if (in->args_len < c->min)
		return fail(EXIT_USAGE, "%s needs %u argument%s and got %zu; write: %s", c->name,
			    c->min, c->min == 1 ? "" : "s", in->args_len, usage);
	if (in->args_len > c->max)
		return fail(EXIT_USAGE, "%s has no use for '%s'; write: %s", c->name,
			    in->args[c->max], usage);
	return EXIT_OK;
}

static int run(const struct invocation *in)
{
	int code = check_options(in);

	if (!code)
		code = check_arguments(in);
	if (!code && !crypto_init())
		code = fail(EXIT_FAILED,
			    "this machine's OpenSSL has no BLAKE2s (a FIPS build?), without "
			    "which there is no WireGuard; install one that has it");
	if (!code)
		code = in->command->run(in);
	return code;
}

/* --help and --version come before all else, whatever else the line says. */
static int dispatch(const struct options *o)
{
	struct invocation in = {.options = o};
	size_t used = 0;

	message_quiet(o->count[OPT_QUIET] > 0);
	if (o->count[OPT_HELP])
		return help_on(o->words, o->words_len);
	if (o->count[OPT_VERSION])
		return run_version(&in);
	if (!o->words_len) {
		help_overview(stderr);
		return EXIT_USAGE;
	}
	in.command = command_find(o->words, o->words_len, &used);
	if (!in.command)
		return unknown_command(o);
	in.args = o->words + used;
	in.args_len = o->words_len - used;
	return run(&in);
}

int cli_run(int argc, char *const *argv)
{
	struct options options;
	char error[256];
	int code;

	if (!options_parse(&options, argc > 0 ? argc - 1 : 0, argv + 1, error))
		return fail(EXIT_USAGE, "%s", error);
	code = dispatch(&options);
	/* A full disk must not look like success. */
	if ((fflush(stdout) || ferror(stdout)) && !code)
		code = fail(EXIT_FAILED, "stdout does not take the output; is the disk full?");
	return code;
}
