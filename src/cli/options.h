/* options.h -- the flags of the command line: one table, parsed anywhere on the line.
 *
 *	p2pnet -n home status laptop --watch
 *	       ~~~~~~~ ~~~~~~ ~~~~~~ ~~~~~~~
 *	       flag    word   word   flag
 *
 * Long flags take their value as --flag=value or --flag value, short ones as
 * -f value or -fvalue, and short ones without a value may stand together.
 * After `ping` -c is its count, as for ping(8), and after `events` -f follows, as for tail(1);
 * before them -c is the file and -f the foreground, as everywhere.
 * After "--" all is words. A flag given twice: the last value counts, unless
 * the command asks for all of them with options_value().
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_id {
	/* global: every command takes them */
	OPT_NET,
	OPT_CONFIG,
	OPT_SOCKET,
	OPT_JSON,
	OPT_VERBOSE,
	OPT_QUIET,
	OPT_COLOR,
	OPT_HELP,
	OPT_VERSION,
	OPTIONS_GLOBAL,
	/* of some commands */
	OPT_FOREGROUND = OPTIONS_GLOBAL,
	OPT_WAIT,
	OPT_WATCH,
	OPT_ADDRESS,
	OPT_NAME,
	OPT_ENDPOINT,
	OPT_IP,
	OPT_ALLOWED_IPS,
	OPT_KEEPALIVE,
	OPT_PSK_FILE,
	OPT_NO_RELOAD,
	OPT_EFFECTIVE,
	OPT_STUN,
	OPT_TURN,
	OPT_TURN_USER,
	OPT_TURN_PASSWORD_FILE,
	OPT_TURN_SECRET_FILE,
	OPT_CONTROLLING,
	OPT_CONTROLLED,
	OPT_COUNT,
	OPT_INTERVAL,
	OPT_UNTIL_DIRECT,
	OPT_SINCE,
	OPT_FOLLOW,
	OPT_KEY,
	OPT_PSK,
	OPT_LISTEN,
	OPT_STUN_PORT,
	OPT_MAX_CLIENTS,
	OPT_RELAY,
	OPT_RELAY_RATE,
	OPT_TLS_LISTEN,
	OPT_CERT,
	OPT_CERT_KEY,
	OPT_EXPIRES,
	OPT_CRYPTO,
	OPTIONS,
};

#define OPTION_BIT(id) (UINT64_C(1) << (id))

enum option_takes {
	TAKES_NOTHING,
	TAKES_VALUE,
	MAY_TAKE_VALUE,		/* only as --flag=value: a word after it is a word */
};

struct option_spec {
	const char *name;	/* without the dashes */
	char letter;		/* or 0 */
	enum option_takes takes;
	const char *value;	/* what stands for it in the help: "NET" */
	const char *summary;
};

enum { WORDS_MAX = 16, VALUES_MAX = 32 };

struct options {
	unsigned count[OPTIONS];	/* how often it was given */
	const char *value[OPTIONS];	/* the last value, or NULL */
	const char *words[WORDS_MAX];	/* what is no flag, in order */
	size_t words_len;
	struct {
		enum option_id id;
		const char *value;
	} values[VALUES_MAX];		/* all that were given, in order */
	size_t values_len;
};

const struct option_spec *option_spec(enum option_id id);

/* The command after which its letter means it, where the letter is another's anywhere else;
 * NULL: the letter is its own. */
const char *option_letter_after(enum option_id id);

/* argv without the program's name. Borrows argv. False with a sentence in error. */
bool options_parse(struct options *out, int argc, char *const *argv, char error[static 256]);

/* The nth value (from 0) that was given for a flag, or NULL. */
const char *options_value(const struct options *options, enum option_id id, size_t nth);

/* Was a flag given that is neither global nor in the set? The first such, or OPTIONS. */
enum option_id options_stranger(const struct options *options, uint64_t set);

/* A whole decimal number in these bounds, as an option's value; false: it is none. */
bool option_number(unsigned *out, const char *text, unsigned min, unsigned max);

#endif
