/* command.h -- one table of commands, from which all else follows.
 *
 * The usage errors, the help, the man page and the completions all say what
 * this table says: the first two read it, a test compares the other two.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/options.h"

struct command;

/* What the person asked for. All borrowed from argv. */
struct invocation {
	const struct command *command;
	const struct options *options;
	const char *const *args;	/* the words after the command's name */
	size_t args_len;
};

struct command {
	const char *name;		/* one word or two: "status", "peer add" */
	const char *args;		/* as in the usage line: "[PEER]" */
	const char *summary;		/* one line */
	const char *details;		/* some lines for `help NAME`, or NULL */
	uint64_t options;		/* a set of OPTION_BIT()s beyond the global ones */
	unsigned min, max;		/* how many arguments */
	int (*run)(const struct invocation *in);	/* returns an EXIT_* code */
};

const struct command *command_table(size_t *len);

/* The command that words[0..len) begin with, and how many of them are its
 * name. NULL: there is none. */
const struct command *command_find(const char *const *words, size_t len, size_t *used);

/* "p2pnet up [NET] [-f] [--wait[=SEC]]" */
enum { USAGE_TEXT = 256 };
char *command_usage(char out[static USAGE_TEXT], const struct command *command);

/* The whole program: parse, find, check, run. Returns the exit code. */
int cli_run(int argc, char *const *argv);

/* The i-th argument, or NULL. */
static inline const char *argument(const struct invocation *in, size_t i)
{
	return i < in->args_len ? in->args[i] : NULL;
}

/* One file each (genkey, pubkey and genpsk share keys.c). */
int run_up(const struct invocation *in);
int run_down(const struct invocation *in);
int run_reload(const struct invocation *in);
int run_status(const struct invocation *in);
int run_ping(const struct invocation *in);
int run_explain(const struct invocation *in);
int run_offer(const struct invocation *in);
int run_accept(const struct invocation *in);
int run_events(const struct invocation *in);
int run_netcheck(const struct invocation *in);
int run_speed(const struct invocation *in);
int run_show(const struct invocation *in);
int run_genkey(const struct invocation *in);
int run_pubkey(const struct invocation *in);
int run_genpsk(const struct invocation *in);
int run_init(const struct invocation *in);
int run_peer_add(const struct invocation *in);
int run_peer_del(const struct invocation *in);
int run_peer_list(const struct invocation *in);
int run_check(const struct invocation *in);
int run_config(const struct invocation *in);
int run_log(const struct invocation *in);
int run_ice(const struct invocation *in);
int run_rendezvous(const struct invocation *in);
int run_version(const struct invocation *in);
int run_help(const struct invocation *in);

#endif
