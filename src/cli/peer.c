/* peer.c -- peer add, peer del, peer list: the peers of the file.
 *
 * The file is what counts; a net that runs is told to read it again.
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/config_json.h"
#include "cli/format.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/message.h"
#include "cli/place.h"
#include "cli/reload.h"
#include "config/edit.h"
#include "ctl/report.h"

enum { SENTENCE = 512 };

static int code_of(int err)
{
	switch (-err) {
	case EACCES:
	case EPERM:
	case EROFS:
		return EXIT_PERMISSION;
	case EINVAL:
		return EXIT_CONFIG;
	default:
		return EXIT_FAILED;
	}
}

/* The edit is made; a net that does not take it is worth an error, one that does not run is not. */
static int tell_running(const struct place *place, const struct options *o, const char *done)
{
	char error[CLIENT_ERROR];
	int code;

	if (o->count[OPT_NO_RELOAD]) {
		note("%s", done);
		return EXIT_OK;
	}
	code = reload_net(place, error);
	if (code == EXIT_NOT_RUNNING) {
		note("%s", done);
		return EXIT_OK;
	}
	if (code)
		return fail(code, "%s, but the running net did not take it: %s", done, error);
	note("%s; %s is reloaded", done, place->net);
	return EXIT_OK;
}

/* A path in the file is seen from the file's directory, one on the command line from here. */
static int absolute_psk_file(char **out, const char *path)
{
	*out = NULL;
	if (!path)
		return EXIT_OK;
	*out = realpath(path, NULL);
	if (*out)
		return EXIT_OK;
	return fail(EXIT_FAILED, "--psk-file %s: %s; make one with: p2pnet genpsk", path,
		    strerror(errno));
}

static int add(const struct place *place, const struct options *o, const struct edit_peer *peer)
{
	char error[SENTENCE], done[PLACE_PATH + 128];
	int err = edit_add_peer(place->config, peer, error);

	if (err)
		return fail(code_of(err), "%s", error);
	snprintf(done, sizeof(done), "%.64s is now a peer in %s", peer->name, place->config);
	return tell_running(place, o, done);
}

static int check_key(const char *text)
{
	uint8_t key[KEY_LEN];

	if (key_from_base64(key, text))
		return EXIT_OK;
	return fail(EXIT_USAGE,
		    "'%s' is no public key; the other side finds its own with: p2pnet show", text);
}

int run_peer_add(const struct invocation *in)
{
	const struct options *o = in->options;
	struct edit_peer peer = {.name = in->args[0],
				 .public_key = in->args[1],
				 .endpoint = o->value[OPT_ENDPOINT],
				 .ip = o->value[OPT_IP],
				 .allowed_ips = o->value[OPT_ALLOWED_IPS],
				 .keepalive = o->value[OPT_KEEPALIVE]};
	struct place place;
	char *psk_file = NULL;
	int code = place_find(&place, o, NULL);

	if (!code)
		code = check_key(peer.public_key);
	if (!code)
		code = absolute_psk_file(&psk_file, o->value[OPT_PSK_FILE]);
	peer.psk_file = psk_file;
	if (!code)
		code = add(&place, o, &peer);
	free(psk_file);
	return code;
}

int run_peer_del(const struct invocation *in)
{
	char error[SENTENCE], done[PLACE_PATH + 128];
	struct place place;
	int code = place_find(&place, in->options, NULL);
	int err;

	if (!code)
		code = load_permitted(place.config);
	if (code)
		return code;
	err = edit_del_peer(place.config, in->args[0], error);
	if (err)
		return fail(err == -ENOENT ? EXIT_UNKNOWN : code_of(err), "%s", error);
	snprintf(done, sizeof(done), "%.64s is no peer in %s any more", in->args[0], place.config);
	return tell_running(&place, in->options, done);
}

/* -- list ------------------------------------------------------------------ */

static int list_json(const struct config *config)
{
	return json_out(json_pack("{s:i, s:s, s:o}", "schema", REPORT_SCHEMA, "file", config->path,
				  "peers", config_peers_json(config)));
}

static void add_row(struct table *t, const struct config_peer *peer)
{
	char key[KEY_TEXT], ip[IP_TEXT], endpoint[CONFIG_ENDPOINT_TEXT];

	config_write_endpoint(endpoint, peer->endpoint_host, peer->endpoint_port);
	table_add(t, peer->name);
	table_add(t, key_to_base64(key, peer->public_key));
	table_add(t, ip_format(ip, peer->ips_len ? &peer->ips[0] : &peer->ula));
	table_add(t, *endpoint ? endpoint : "-");
}

static int list_table(const struct config *config)
{
	static const char *const titles[] = {"PEER", "PUBLIC KEY", "IP", "ENDPOINT"};
	struct table t;

	if (!config->peers_len) {
		note("%s has no peers; add one with: p2pnet peer add NAME PUBLIC_KEY",
		     config->path);
		return EXIT_OK;
	}
	table_init(&t, 4);
	for (size_t i = 0; i < 4; i++)
		table_add(&t, titles[i]);
	for (size_t i = 0; i < config->peers_len; i++)
		add_row(&t, &config->peers[i]);
	table_print(stdout, &t, NULL);
	table_deinit(&t);
	return EXIT_OK;
}

int run_peer_list(const struct invocation *in)
{
	struct config *config;
	struct place place;
	int code = place_find(&place, in->options, NULL);

	if (!code)
		code = load_config(&config, place.config, in->options->count[OPT_QUIET] > 0);
	if (code)
		return code;
	code = in->options->count[OPT_JSON] ? list_json(config) : list_table(config);
	config_free(config);
	return code;
}
