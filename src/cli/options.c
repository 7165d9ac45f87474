/* options.c -- the flags of the command line: one table, parsed anywhere on the line. */
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/nearest.h"

static const struct option_spec specs[OPTIONS] = {
	[OPT_NET] = {"net", 'n', TAKES_VALUE, "NET", "the net, p2p0 if not given"},
	[OPT_CONFIG] = {"config", 'c', TAKES_VALUE, "FILE",
			"its file, /etc/p2pnet/NET.conf if not given"},
	[OPT_SOCKET] = {"socket", 's', TAKES_VALUE, "PATH",
			"its control socket, /run/p2pnet/NET.sock if not given"},
	[OPT_JSON] = {"json", 'j', TAKES_NOTHING, NULL, "print JSON, schema 1"},
	[OPT_VERBOSE] = {"verbose", 'v', TAKES_NOTHING, NULL, "say more; may be repeated"},
	[OPT_QUIET] = {"quiet", 'q', TAKES_NOTHING, NULL, "say only what went wrong"},
	[OPT_COLOR] = {"color", 0, TAKES_VALUE, "WHEN", "auto (on a terminal) or never"},
	[OPT_HELP] = {"help", 'h', TAKES_NOTHING, NULL, "print help for the command"},
	[OPT_VERSION] = {"version", 0, TAKES_NOTHING, NULL, "print the version"},
	[OPT_FOREGROUND] = {"foreground", 'f', TAKES_NOTHING, NULL,
			    "stay in the foreground, log to stderr"},
	[OPT_WAIT] = {"wait", 0, MAY_TAKE_VALUE, "SEC",
		      "wait until connected (up: to every peer with an endpoint), 10 s if not given"},
	[OPT_WATCH] = {"watch", 'w', TAKES_NOTHING, NULL, "draw it anew every second, until q"},
	[OPT_ADDRESS] = {"address", 0, TAKES_VALUE, "CIDR",
			 "this node's address, such as 10.77.0.1/24"},
	[OPT_NAME] = {"name", 0, TAKES_VALUE, "NAME", "this node's name, the host's if not given"},
	[OPT_ENDPOINT] = {"endpoint", 0, TAKES_VALUE, "HOST:PORT", "where the peer can be reached"},
	[OPT_IP] = {"ip", 0, TAKES_VALUE, "IP,...", "the peer's addresses in the net"},
	[OPT_ALLOWED_IPS] = {"allowed-ips", 0, TAKES_VALUE, "CIDR,...", "networks behind the peer"},
	[OPT_KEEPALIVE] = {"keepalive", 0, TAKES_VALUE, "SEC",
			   "keep the path warm: yes, no or seconds"},
	[OPT_PSK_FILE] = {"psk-file", 0, TAKES_VALUE, "FILE", "a file with the preshared key"},
	[OPT_NO_RELOAD] = {"no-reload", 0, TAKES_NOTHING, NULL, "leave a running net as it is"},
	[OPT_EFFECTIVE] = {"effective", 0, TAKES_NOTHING, NULL,
			   "print what is in force, defaults included, secrets masked"},
	[OPT_STUN] = {"stun", 0, TAKES_VALUE, "HOST[:PORT]",
		      "a STUN server to ask; may be repeated"},
	[OPT_TURN] = {"turn", 0, TAKES_VALUE, "HOST[:PORT]", "a TURN server to relay, over UDP"},
	[OPT_TURN_USER] = {"turn-user", 0, TAKES_VALUE, "USER", "the name that it knows us by"},
	[OPT_TURN_PASSWORD_FILE] = {"turn-password-file", 0, TAKES_VALUE, "FILE",
				    "a file with the password"},
	[OPT_TURN_SECRET_FILE] = {"turn-secret-file", 0, TAKES_VALUE, "FILE",
				  "a file with the secret that it makes passwords from"},
	[OPT_CONTROLLING] = {"controlling", 0, TAKES_NOTHING, NULL,
			     "this side chooses the pair, as it does without either flag"},
	[OPT_CONTROLLED] = {"controlled", 0, TAKES_NOTHING, NULL, "the other side chooses the pair"},
	[OPT_COUNT] = {"count", 'c', TAKES_VALUE, "N",
		       "so many questions, then end; -c before `ping` is the file"},
	[OPT_INTERVAL] = {"interval", 'i', TAKES_VALUE, "SEC",
			  "between two questions, 1 if not given"},
	[OPT_UNTIL_DIRECT] = {"until-direct", 0, TAKES_NOTHING, NULL,
			      "end when an answer came by a direct path"},
	[OPT_SINCE] = {"since", 0, TAKES_VALUE, "TIME",
		       "only what is not older: 10m, 2h, 22:41 or 2026-01-02T22:41:00Z"},
	[OPT_FOLLOW] = {"follow", 'f', TAKES_NOTHING, NULL, "go on as things happen, until ^C"},
	[OPT_KEY] = {"key", 0, TAKES_VALUE, "FILE", "a file with its private key"},
	[OPT_PSK] = {"psk", 0, TAKES_VALUE, "FILE",
		     "a file with a preshared key, that only some clients have"},
	[OPT_LISTEN] = {"listen", 0, TAKES_VALUE, "ADDR:PORT",
			"where it is called, port 4901 if not given; may be repeated"},
	[OPT_STUN_PORT] = {"stun-port", 0, TAKES_VALUE, "PORT",
			   "the second port for STUN, that of --listen + 1 if not given"},
	[OPT_MAX_CLIENTS] = {"max-clients", 0, TAKES_VALUE, "N", "10000 if not given"},
	[OPT_RELAY] = {"relay", 0, TAKES_NOTHING, NULL,
		       "pass on packets between clients, too; needs --psk"},
	[OPT_RELAY_RATE] = {"relay-rate", 0, TAKES_VALUE, "MBIT",
			    "so many Mbit/s of them at most, or \"unlimited\"; 100 if not given"},
	[OPT_TLS_LISTEN] = {"tls-listen", 0, TAKES_VALUE, "ADDR:PORT",
			    "where it is called over TLS, best on port 443; may be repeated"},
	[OPT_CERT] = {"cert", 0, TAKES_VALUE, "FILE",
		      "its certificate and those of the CAs between, in PEM"},
	[OPT_CERT_KEY] = {"cert-key", 0, TAKES_VALUE, "FILE", "the certificate's private key, in PEM"},
	[OPT_CRYPTO] = {"crypto", 0, TAKES_NOTHING, NULL,
			"the ciphers of this machine, by each library that has them"},
	[OPT_EXPIRES] = {"expires", 0, TAKES_VALUE, "MIN", "how long the token is good for, 60 if not given"},
};

struct cursor {
	char *const *argv;
	int left;
};

static const char *next_word(struct cursor *c)
{
	if (!c->left)
		return NULL;
	c->left--;
	return *c->argv++;
}

const struct option_spec *option_spec(enum option_id id)
{
	return &specs[id];
}

static enum option_id find_long(const char *name, size_t len)
{
	for (int i = 0; i < OPTIONS; i++) {
		if (strlen(specs[i].name) == len && strncmp(specs[i].name, name, len) == 0)
			return (enum option_id)i;
	}
	return OPTIONS;
}

const char *option_letter_after(enum option_id id)
{
	return id == OPT_COUNT ? "ping" : id == OPT_FOLLOW ? "events" : NULL;
}

/* The letter as the command that the line has named so far understands it. */
static enum option_id find_letter(const struct options *o, char letter)
{
	const char *command = o->words_len ? o->words[0] : "";
	enum option_id found = OPTIONS;

	for (int i = 0; i < OPTIONS; i++) {
		const char *after = option_letter_after((enum option_id)i);

		if (specs[i].letter != letter || (after && strcmp(after, command) != 0))
			continue;
		if (after || found == OPTIONS)
			found = (enum option_id)i;
	}
	return found;
}

static bool unknown_long(const char *name, size_t len, char error[static 256])
{
	struct nearest near = nearest_to(name, len);

	for (int i = 0; i < OPTIONS; i++)
		nearest_offer(&near, specs[i].name);
	if (near.best)
		snprintf(error, 256, "there is no option --%.*s; did you mean --%s?", (int)len,
			 name, near.best);
	else
		snprintf(error, 256, "there is no option --%.*s; 'p2pnet help' lists the options",
			 (int)len, name);
	return false;
}

static bool take_value(struct options *o, enum option_id id, const char *value,
		       char error[static 256])
{
	o->value[id] = value;
	if (!value)
		return true;
	if (o->values_len == VALUES_MAX) {
		snprintf(error, 256, "too many options, from --%s '%s' on; leave some out",
			 specs[id].name, value);
		return false;
	}
	o->values[o->values_len].id = id;
	o->values[o->values_len++].value = value;
	return true;
}

/* --flag, --flag=value, --flag value */
static bool take_long(struct options *o, const char *text, struct cursor *rest,
		      char error[static 256])
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	enum option_id id = find_long(text, len);
	const struct option_spec *spec;
	const char *value;

	if (id == OPTIONS)
		return unknown_long(text, len, error);
	spec = &specs[id];
	if (equals && spec->takes == TAKES_NOTHING) {
		snprintf(error, 256, "--%s takes no value, but '%s' was given; leave it out",
			 spec->name, equals + 1);
		return false;
	}
	o->count[id]++;
	if (spec->takes == TAKES_NOTHING)
		return true;
	value = equals ? equals + 1 : spec->takes == TAKES_VALUE ? next_word(rest) : NULL;
	if (value ? *value != '\0' : spec->takes == MAY_TAKE_VALUE)
		return take_value(o, id, value, error);
	snprintf(error, 256, "--%s needs a value; write --%s=%s", spec->name, spec->name,
		 spec->value);
	return false;
}

/* -j, -jv, -n home, -nhome */
static bool take_letters(struct options *o, const char *text, struct cursor *rest,
			 char error[static 256])
{
	for (; *text; text++) {
		enum option_id id = find_letter(o, *text);
		const char *value;

		if (id == OPTIONS) {
			snprintf(error, 256,
				 "there is no option -%c; 'p2pnet help' lists the options", *text);
			return false;
		}
		o->count[id]++;
		if (specs[id].takes != TAKES_VALUE)
			continue;
		value = text[1] ? text + 1 : next_word(rest);
		if (value && *value)
			return take_value(o, id, value, error);
		snprintf(error, 256, "-%c needs a value; write -%c %s", *text, *text,
			 specs[id].value);
		return false;
	}
	return true;
}

static bool take_word(struct options *o, const char *word, char error[static 256])
{
	if (o->words_len == WORDS_MAX) {
		snprintf(error, 256, "too many arguments, from '%s' on; no command takes that many",
			 word);
		return false;
	}
	o->words[o->words_len++] = word;
	return true;
}

static bool check_color(const struct options *o, char error[static 256])
{
	const char *color = o->value[OPT_COLOR];

	if (!color || strcmp(color, "auto") == 0 || strcmp(color, "never") == 0)
		return true;
	snprintf(error, 256, "--color is auto or never, not '%s'", color);
	return false;
}

bool options_parse(struct options *out, int argc, char *const *argv, char error[static 256])
{
	struct cursor rest = {argv, argc};
	bool words_only = false;
	const char *word;

	memset(out, 0, sizeof(*out));
	while ((word = next_word(&rest))) {
		bool ok;

		if (words_only || word[0] != '-' || !word[1]) {
			ok = take_word(out, word, error);
		} else if (strcmp(word, "--") == 0) {
			words_only = true;
			ok = true;
		} else if (word[1] == '-') {
			ok = take_long(out, word + 2, &rest, error);
		} else {
			ok = take_letters(out, word + 1, &rest, error);
		}
		if (!ok)
			return false;
	}
	return check_color(out, error);
}

const char *options_value(const struct options *options, enum option_id id, size_t nth)
{
	for (size_t i = 0; i < options->values_len; i++) {
		if (options->values[i].id == id && nth-- == 0)
			return options->values[i].value;
	}
	return NULL;
}

enum option_id options_stranger(const struct options *options, uint64_t set)
{
	for (int i = OPTIONS_GLOBAL; i < OPTIONS; i++) {
		if (options->count[i] && !(set & OPTION_BIT(i)))
			return (enum option_id)i;
	}
	return OPTIONS;
}

bool option_number(unsigned *out, const char *text, unsigned min, unsigned max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < min || n > max)
		return false;
	*out = (unsigned)n;
	return true;
}
