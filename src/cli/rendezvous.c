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
#include "io/memory.h"
#include "io/rendezvous_loop.h"
#include "io/tls.h"

enum {
	SENTENCE = 512,
	PORT_DEFAULT = 4901,
	PORT_TLS = 443,
	URL_TEXT = TLS_NAME + 8,
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

/* Each value of that option is a place. */
static int parse_places(struct endpoint out[static RENDEZVOUS_LISTENERS_MAX], size_t *len,
			const struct options *o, enum option_id id, int usual_port)
{
	const char *name = option_spec(id)->name, *text;

	for (*len = 0; (text = options_value(o, id, *len)); (*len)++) {
		if (*len == RENDEZVOUS_LISTENERS_MAX)
			return fail(EXIT_USAGE, "--%s may be given %d times at most", name,
				    RENDEZVOUS_LISTENERS_MAX);
		if (!endpoint_parse(&out[*len], text) || !out[*len].port)
			return fail(EXIT_USAGE,
				    "--%s is an address and a port, such as 0.0.0.0:%d or "
				    "[::]:%d, not '%s'",
				    name, usual_port, usual_port, text);
	}
	return EXIT_OK;
}

static int parse_listen(struct endpoint listen[static RENDEZVOUS_LISTENERS_MAX],
			struct rendezvous_loop_settings *s, const struct options *o)
{
	int code = parse_places(listen, &s->listen_len, o, OPT_LISTEN, PORT_DEFAULT);

	if (!code && s->listen_len == 0)
		listen[s->listen_len++] = (struct endpoint){.port = PORT_DEFAULT};
	return code;
}

static int parse_tls(struct endpoint listen[static RENDEZVOUS_LISTENERS_MAX],
		     struct rendezvous_loop_settings *s, const struct options *o)
{
	int code = parse_places(listen, &s->tls_listen_len, o, OPT_TLS_LISTEN, PORT_TLS);

	s->cert_file = o->value[OPT_CERT];
	s->cert_key_file = o->value[OPT_CERT_KEY];
	if (code)
		return code;
	if (s->tls_listen_len && (!s->cert_file || !s->cert_key_file))
		return fail(EXIT_USAGE, "--tls-listen needs --cert FILE and --cert-key FILE, a "
					"certificate for the name in its url and its private key");
	if (!s->tls_listen_len && (s->cert_file || s->cert_key_file))
		return fail(EXIT_USAGE, "--cert and --cert-key are for --tls-listen ADDR:PORT, "
					"such as 0.0.0.0:%d",
			    PORT_TLS);
	return EXIT_OK;
}

/* -- what clients need to know --------------------------------------------------- */

/* HOST:PORT, with the name or address if it is one that can be called. */
static void format_place(char out[static URL_TEXT], const char *name, const struct endpoint *at,
			 uint16_t port)
{
	struct endpoint e = *at;
	char text[ENDPOINT_TEXT];

	e.port = port;
	if (name)
		snprintf(out, URL_TEXT, "%s:%u", name, (unsigned)port);
	else if (e.ip.family == IP_NONE || ip_is_unspecified(&e.ip))
		snprintf(out, URL_TEXT, "HOST:%u", (unsigned)port);
	else
		snprintf(out, URL_TEXT, "%s", endpoint_format(text, &e));
}

/* Clients check that name: an address is none unless the certificate says so. */
static void format_tls_place(char out[static URL_TEXT], const struct rendezvous_loop *loop,
			     const struct rendezvous_loop_settings *s, size_t i)
{
	char name[TLS_NAME];

	format_place(out, tls_certificate_name(name, s->cert_file) ? name : NULL,
		     &s->tls_listen[i], rendezvous_loop_tls_port(loop, i));
}

static void print_end_of_section(const struct rendezvous_loop *loop, const struct options *o)
{
	char key[KEY_TEXT];

	printf("public_key = %s\n", key_to_base64(key, rendezvous_loop_public_key(loop)));
	if (o->value[OPT_PSK])
		puts("preshared_key_file = FILE    # with the same key as here");
}

static void print_tls(const struct rendezvous_loop *loop, const struct rendezvous_loop_settings *s,
		      const struct options *o)
{
	char place[URL_TEXT], before[URL_TEXT] = "";

	puts("\n# the same, for networks that let only HTTPS out\n[rendezvous]");
	for (size_t i = 0; i < s->tls_listen_len; i++) {
		format_tls_place(place, loop, s, i);
		if (strcmp(place, before) != 0)
			printf("%surl = tls://%s\n", i ? "# or: " : "", place);
		strcpy(before, place);
	}
	print_end_of_section(loop, o);
}

static void print_for_clients(const struct rendezvous_loop *loop,
			      const struct rendezvous_loop_settings *s, const struct options *o)
{
	char key[KEY_TEXT], place[URL_TEXT];

	key_to_base64(key, rendezvous_loop_public_key(loop));
	printf("public key: %s\n\nIts clients need these lines in their files:\n\n[rendezvous]\n",
	       key);
	for (size_t i = 0; i < s->listen_len; i++) {
		format_place(place, NULL, &s->listen[i], rendezvous_loop_listener(loop, i).port);
		printf("%surl = udp://%s\n", i ? "# or: " : "", place);
	}
	print_end_of_section(loop, o);
	if (s->tls_listen_len)
		print_tls(loop, s, o);
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

static json_t *tls_listeners(const struct rendezvous_loop *loop,
			     const struct rendezvous_loop_settings *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->tls_listen_len; i++) {
		char ip[IP_TEXT], place[URL_TEXT];

		format_tls_place(place, loop, s, i);
		json_array_append_new(array, json_pack("{s:s, s:i, s:o}", "address",
						       ip_format(ip, &s->tls_listen[i].ip), "port",
						       rendezvous_loop_tls_port(loop, i), "url",
						       json_sprintf("tls://%s", place)));
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
		code = json_out(json_pack("{s:i, s:s, s:b, s:b, s:o, s:o}", "schema", REPORT_SCHEMA,
					  "public_key", key, "preshared_key",
					  o->value[OPT_PSK] != NULL, "relay", s->relay, "listen",
					  listeners(loop, s), "tls_listen",
					  tls_listeners(loop, s)));
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
	memory_give_back();
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
	struct endpoint listen[RENDEZVOUS_LISTENERS_MAX], tls_listen[RENDEZVOUS_LISTENERS_MAX];
	struct rendezvous_loop_settings settings = {.listen = listen, .tls_listen = tls_listen};
	enum log_level level = LOG_INFO;
	int code = level_choose(&level, o);

	if (!code)
		code = parse_numbers(&settings, o);
	if (!code)
		code = parse_relay(&settings, o);
	if (!code)
		code = parse_listen(listen, &settings, o);
	if (!code)
		code = parse_tls(tls_listen, &settings, o);
	if (!code)
		code = read_keys(&settings, o);
	logsink_start(level, "rendezvous");
	if (!code)
		code = serve(&settings, o);
	wipe(&settings, sizeof(settings));
	return code;
}
