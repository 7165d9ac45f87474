/* commands.c -- the table of commands. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#define BIT OPTION_BIT

static const struct command table[] = {
	{"up", "[NET]", "start a net; returns when its device is ready",
	 "Reads /etc/p2pnet/NET.conf and makes the interface. In the background the log goes to\n"
	 "syslog, with -f to stderr. P2PNET_LOG sets the log level, each -v raises it.",
	 BIT(OPT_FOREGROUND) | BIT(OPT_WAIT), 0, 1, run_up},
	{"down", "[NET]", "stop a net; returns when it is gone", NULL, 0, 0, 1, run_down},
	{"reload", "[NET]", "read the file again; sessions stay", NULL, 0, 0, 1, run_reload},
	{"status", "[PEER]", "who is connected, by which path",
	 "PEER is a name, a public key or an address: only that peer is shown.\n"
	 "-v adds the data path (ciphers, engines, offloads, threads) and the counters.",
	 BIT(OPT_WATCH), 0, 1, run_status},
	{"ping", "PEER", "ask a peer through its session, and say which path the answer took",
	 "Until ^C, or as the options say. A peer that is not connected is connected first; an\n"
	 "answer is waited for 5 s. Plain WireGuard never answers: use ping(8) for it. The exit\n"
	 "code is 0 if an answer came (with --until-direct: by a direct path), 1 if none did, and\n"
	 "2 for any error.",
	 BIT(OPT_COUNT) | BIT(OPT_INTERVAL) | BIT(OPT_UNTIL_DIRECT), 1, 1, run_ping},
	{"explain", "PEER", "why a peer is reached as it is, what was tried, and what to do",
	 "PEER is a name, a public key or an address.", 0, 1, 1, run_explain},
	{"offer", "PEER", "print a token for a peer that cannot be reached otherwise",
	 "One line on stdout, to be sent to PEER by chat or mail and given to `p2pnet accept` there.\n"
	 "It holds this node's addresses, sealed so that PEER alone can read them, is good once, and\n"
	 "expires. No server is needed; behind NATs each side must know its outside address.",
	 BIT(OPT_EXPIRES), 1, 1, run_offer},
	{"accept", "[TOKEN]", "take a token of `p2pnet offer`, from stdin if it is not given",
	 "White space in it does not matter. If the other side needs an answer, that is printed on\n"
	 "stdout and goes to `p2pnet accept` there.",
	 BIT(OPT_WAIT), 0, 1, run_accept},
	{"events", "[PEER]", "what happened to the paths to the peers, and why",
	 "PEER is a name, a public key or an address: only what is about that peer. The last 256\n"
	 "events are there. --json prints one object a line.",
	 BIT(OPT_SINCE) | BIT(OPT_FOLLOW), 0, 1, run_events},
	{"netcheck", "", "what kind of NAT this host is behind, and what follows from that",
	 "Asks STUN servers, those of --stun and of the file's [nat], from a port of its own; needs\n"
	 "no net that runs and no rights. Two servers tell more than one, and one with two addresses\n"
	 "(RFC 5780) more than two. A rendezvous over TLS is connected to. The exit code is 1 if\n"
	 "nobody answers.",
	 BIT(OPT_STUN), 0, 0, run_netcheck},
	{"speed", "", "how fast this machine encrypts, and by which engine",
	 "Seals and opens packets of 1420 bytes with each engine of each cipher, on one core, for a\n"
	 "tenth of a second each. \"chosen\" is what `p2pnet up` would use. Needs no net that runs\n"
	 "and no rights.",
	 BIT(OPT_CRYPTO), 0, 0, run_speed},
	{"show", "[NET] [dump]", "the same in the words of `wg show`",
	 "Without NET all nets that are running. With dump: tab-separated, the columns of\n"
	 "`wg show NET dump`; without NET the name of the net stands before each line.",
	 0, 0, 2, run_show},
	{"genkey", "", "print a new private key", NULL, 0, 0, 0, run_genkey},
	{"pubkey", "", "read a private key, print its public key", NULL, 0, 0, 0, run_pubkey},
	{"genpsk", "", "print a new preshared key", NULL, 0, 0, 0, run_genpsk},
	{"init", "[NET]", "make a key and a first file; print what the other side needs",
	 "Writes NET.key beside NET.conf, and never over a file that is there.",
	 BIT(OPT_ADDRESS) | BIT(OPT_NAME), 0, 1, run_init},
	{"peer add", "NAME PUBLIC_KEY", "add a peer to the file; a running net is reloaded",
	 "The file keeps its comments. What would not load is not written.",
	 BIT(OPT_ENDPOINT) | BIT(OPT_IP) | BIT(OPT_ALLOWED_IPS) | BIT(OPT_KEEPALIVE) |
		 BIT(OPT_PSK_FILE) | BIT(OPT_NO_RELOAD),
	 2, 2, run_peer_add},
	{"peer del", "NAME|PUBLIC_KEY", "take a peer out of the file; a running net is reloaded",
	 NULL, BIT(OPT_NO_RELOAD), 1, 1, run_peer_del},
	{"peer list", "", "the peers of the file", NULL, 0, 0, 0, run_peer_list},
	{"check", "[FILE]", "say what is wrong with a file, each with its line", NULL, 0, 0, 1,
	 run_check},
	{"config", "", "print which file is read, or what is in force", NULL, BIT(OPT_EFFECTIVE), 0,
	 0, run_config},
	{"log", "[LEVEL]", "print or set the log level of a running net",
	 "LEVEL is error, warn, info, debug or trace.", 0, 0, 1, run_log},
	{"ice", "", "try the ICE agent against another one, to diagnose it or a NAT",
	 "Prints its a=ice-ufrag, a=ice-pwd and a=candidate lines on stdout and reads those of the\n"
	 "other side from stdin. What happens to each pair is told on stderr, with --json as\n"
	 "objects on stdout. On the nominated pair it sends back what comes, until the end of stdin.\n"
	 "--turn wants --turn-user and one of the two files; see p2pnet(1).",
	 BIT(OPT_STUN) | BIT(OPT_TURN) | BIT(OPT_TURN_USER) | BIT(OPT_TURN_PASSWORD_FILE) |
		 BIT(OPT_TURN_SECRET_FILE) | BIT(OPT_CONTROLLING) | BIT(OPT_CONTROLLED),
	 0, 0, run_ice},
	{"rendezvous", "", "be the place where nodes meet that cannot call each other",
	 "Stays in the foreground and needs no root, no device and no file but its key. Prints its\n"
	 "public key and the lines that its clients need; the log goes to stderr. It passes on what\n"
	 "it cannot read. P2PNET_LOG sets the log level, each -v raises it. --tls-listen wants --cert\n"
	 "and --cert-key, which SIGHUP has it read again.",
	 BIT(OPT_KEY) | BIT(OPT_PSK) | BIT(OPT_LISTEN) | BIT(OPT_STUN_PORT) | BIT(OPT_MAX_CLIENTS) |
		 BIT(OPT_TLS_LISTEN) | BIT(OPT_CERT) | BIT(OPT_CERT_KEY) |
		 BIT(OPT_RELAY) | BIT(OPT_RELAY_RATE),
	 0, 0, run_rendezvous},
	{"version", "", "print the version", NULL, 0, 0, 0, run_version},
	{"help", "[COMMAND]", "print help", NULL, 0, 0, 2, run_help},
};

const struct command *command_table(size_t *len)
{
	*len = sizeof(table) / sizeof(table[0]);
	return table;
}

/* Does the name, word by word, stand at the front? Returns how many words it has, or 0. */
static size_t name_matches(const char *name, const char *const *words, size_t len)
{
	size_t used = 0;

	for (;;) {
		size_t n = strcspn(name, " ");

		if (used == len || strlen(words[used]) != n || strncmp(words[used], name, n) != 0)
			return 0;
		used++;
		if (!name[n])
			return used;
		name += n + 1;
	}
}

const struct command *command_find(const char *const *words, size_t len, size_t *used)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		*used = name_matches(table[i].name, words, len);
		if (*used)
			return &table[i];
	}
	return NULL;
}

static void append(char out[static USAGE_TEXT], const char *before, const char *text)
{
	size_t len = strlen(out);

	snprintf(out + len, USAGE_TEXT - len, "%s%s", before, text);
}

static void append_option(char out[static USAGE_TEXT], const struct option_spec *spec)
{
	append(out, " [--", spec->name);
	if (spec->takes == TAKES_VALUE)
		append(out, " ", spec->value);
	if (spec->takes == MAY_TAKE_VALUE) {
		append(out, "[=", spec->value);
		append(out, "]", "");
	}
	append(out, "]", "");
}

char *command_usage(char out[static USAGE_TEXT], const struct command *command)
{
	out[0] = '\0';
	append(out, "p2pnet ", command->name);
	if (*command->args)
		append(out, " ", command->args);
	for (int i = OPTIONS_GLOBAL; i < OPTIONS; i++) {
		if (command->options & OPTION_BIT(i))
			append_option(out, option_spec((enum option_id)i));
	}
	return out;
}
