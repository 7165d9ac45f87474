/* rendezvous.c -- be the place where nodes meet that cannot call each other.
 *
 * In the foreground, for a service manager: no device, no rights, no config file.
 * Its public key and what clients need in their files go to stdout, the log to stderr.
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/json.h"
#include "cli/level.h"
#include "cli/message.h"
#include "cli/notify.h"
#include "config/keyfile.h"
#include "ctl/report.h"
#include "ctl/request.h"
#include "io/logsink.h"
#include "io/rendezvous_loop.h"

enum {
	SENTENCE = 512,
	PORT_DEFAULT = 4901,
	CLIENTS_DEFAULT = 10000,
	CLIENTS_MAX = 1000000,
	RELAY_RATE_DEFAULT = 100,	/* Mbit/s */
	RELAY_RATE_MAX = 100000,
};

/* -- what is asked for -------------------------------------------------------- */

static int read_key(uint8_t key[static KEY_LEN], const char *path)
{
	char error[SENTENCE];
	int err = keyfile_read(key, path, error);

	if (err)
		return fail(err == -EACCES || err == -EPERM ? EXIT_PERMISSION : EXIT_FAILED, "%s",
			    error);
	return EXIT_OK;
}

static int read_keys(struct rendezvous_loop_settings *s, const struct options *o)
{
	int code;

	if (!o->value[OPT_KEY])
		return fail(EXIT_USAGE, "rendezvous needs --key FILE, its private key; "
					"'umask 077; p2pnet genkey > FILE' makes one");
	code = read_key(s->private_key, o->value[OPT_KEY]);
	if (!code && o->value[OPT_PSK])
		code = read_key(s->psk, o->value[OPT_PSK]);
	return code;
}

static int parse_number(uint32_t *out, const char *text, uint32_t max, const char *what)
{
	if (!option_number(out, text, 1, max))
		return fail(EXIT_USAGE, "%s is a number from 1 to %u, not '%s'", what, max, text);
	return EXIT_OK;
}

static int parse_numbers(struct rendezvous_loop_settings *s, const struct options *o)
{
	uint32_t stun_port = 0;
	int code = EXIT_OK;

	s->clients_max = CLIENTS_DEFAULT;
	if (o->value[OPT_MAX_CLIENTS])
		code = parse_number(&s->clients_max, o->value[OPT_MAX_CLIENTS], CLIENTS_MAX,
				    "--max-clients");
	if (!code && o->value[OPT_STUN_PORT])
		code = parse_number(&stun_port, o->value[OPT_STUN_PORT], UINT16_MAX,
				    "--stun-port");
	s->stun_port = (uint16_t)stun_port;
	return code;
}

/* Never for the world. */
static int parse_relay(struct rendezvous_loop_settings *s, const struct options *o)
{
	const char *rate = o->value[OPT_RELAY_RATE];

	s->relay = o->count[OPT_RELAY] > 0;
	s->relay_rate = RELAY_RATE_DEFAULT;
	if (s->relay && !o->value[OPT_PSK])
		return fail(EXIT_USAGE, "--relay needs --psk FILE: a relay for all the world would be "
					"misused; 'umask 077; p2pnet genpsk > FILE' makes one");
	if (rate && !s->relay)
		return fail(EXIT_USAGE, "--relay-rate is of no use without --relay");
	if (rate && strcmp(rate, "unlimited") == 0)
		s->relay_rate = 0;
	else if (rate && !option_number(&s->relay_rate, rate, 1, RELAY_RATE_MAX))
		return fail(EXIT_USAGE, "--relay-rate is a number of Mbit/s from 1 to %d, or "
					"\"unlimited\", not '%s'", RELAY_RATE_MAX, rate);
	return EXIT_OK;
}

static int parse_listen(struct endpoint listen[static RENDEZVOUS_LISTENERS_MAX], size_t *len,
			const struct options *o)
{
	const char *text;

	for (*len = 0; (text = options_value(o, OPT_LISTEN, *len)); (*len)++) {
		if (*len == RENDEZVOUS_LISTENERS_MAX)
			return fail(EXIT_USAGE, "--listen may be given %d times at most",
				    RENDEZVOUS_LISTENERS_MAX);
		if (!endpoint_parse(&listen[*len], text) || !listen[*len].port)
			return fail(EXIT_USAGE,
				    "--listen is an address and a port, such as 0.0.0.0:%d or "
				    "[::]:%d, not '%s'",
				    PORT_DEFAULT, PORT_DEFAULT, text);
	}
	if (*len == 0)
		listen[(*len)++] = (struct endpoint){.port = PORT_DEFAULT};
	return EXIT_OK;
}

/* -- what clients need to know --------------------------------------------------- */

/* udp://HOST:PORT, with the address if it is one that can be called. */
static void format_url(char out[static ENDPOINT_TEXT + 8], const struct endpoint *at, uint16_t port)
{
	struct endpoint e = *at;
	char text[ENDPOINT_TEXT];

	e.port = port;
	if (e.ip.family == IP_NONE || ip_is_unspecified(&e.ip))
		snprintf(text, sizeof(text), "HOST:%u", (unsigned)port);
	else
		endpoint_format(text, &e);
	snprintf(out, ENDPOINT_TEXT + 8, "udp://%s", text);
}

static void print_for_clients(const struct rendezvous_loop *loop,
			      const struct rendezvous_loop_settings *s, const struct options *o)
{
	char key[KEY_TEXT], url[ENDPOINT_TEXT + 8];

	key_to_base64(key, rendezvous_loop_public_key(loop));
	printf("public key: %s\n\nIts clients need these lines in their files:\n\n[rendezvous]\n",
	       key);
	for (size_t i = 0; i < s->listen_len; i++) {
		format_url(url, &s->listen[i], rendezvous_loop_listener(loop, i).port);
		printf("%surl = %s\n", i ? "# or: " : "", url);
	}
	printf("public_key = %s\n", key);
	if (o->value[OPT_PSK])
		puts("preshared_key_file = FILE    # with the same key as here");
}

static json_t *listeners(const struct rendezvous_loop *loop,
			 const struct rendezvous_loop_settings *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->listen_len; i++) {
		struct rendezvous_listener l = rendezvous_loop_listener(loop, i);
		char ip[IP_TEXT] = "*";

		if (s->listen[i].ip.family != IP_NONE)
			ip_format(ip, &s->listen[i].ip);
		json_array_append_new(array, json_pack("{s:s, s:i, s:o}", "address", ip, "port",
						       l.port, "stun_port",
						       l.stun_port ? json_integer(l.stun_port)
								   : json_null()));
	}
	return array;
}

static int announce(const struct rendezvous_loop *loop, const struct rendezvous_loop_settings *s,
		    const struct options *o)
{
	char key[KEY_TEXT];
	int code = EXIT_OK;

	key_to_base64(key, rendezvous_loop_public_key(loop));
	if (o->count[OPT_JSON])
		code = json_out(json_pack("{s:i, s:s, s:b, s:b, s:o}", "schema", REPORT_SCHEMA,
					  "public_key", key, "preshared_key",
					  o->value[OPT_PSK] != NULL, "relay", s->relay, "listen",
					  listeners(loop, s)));
	else if (!o->count[OPT_QUIET])
		print_for_clients(loop, s, o);
	fflush(stdout);
	return code;
}

/* -- running ---------------------------------------------------------------------- */

static int serve(const struct rendezvous_loop_settings *s, const struct options *o)
{
	struct rendezvous_loop *loop;
	char error[SENTENCE];
	int code = rendezvous_loop_open(&loop, s, error);

	if (code)
		return fail(code, "%s", error);
	code = announce(loop, s, o);
	notify_ready();
	if (!code)
		rendezvous_loop_run(loop);
	notify_stopping();
	rendezvous_loop_free(loop);
	return code;
}

int run_rendezvous(const struct invocation *in)
{
	const struct options *o = in->options;
	struct endpoint listen[RENDEZVOUS_LISTENERS_MAX];
	struct rendezvous_loop_settings settings = {.listen = listen};
	enum log_level level = LOG_INFO;
	int code = level_choose(&level, o);

	if (!code)
		code = parse_numbers(&settings, o);
	if (!code)
		code = parse_relay(&settings, o);
	if (!code)
		code = parse_listen(listen, &settings.listen_len, o);
	if (!code)
		code = read_keys(&settings, o);
	logsink_start(level, "rendezvous");
	if (!code)
		code = serve(&settings, o);
	wipe(&settings, sizeof(settings));
	return code;
}
