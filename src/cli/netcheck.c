/* netcheck.c -- what kind of NAT this host is behind.
 *
 *	--stun, [nat] stun, [rendezvous] url --> io/netcheck.h --> netcheck_report() --> JSON, or netcheck_print()
 *	                          url = tls:// --> netcheck_tls() --^
 *	                     turn = URL --> netcheck_turn() --------^
 *	                                         a net that runs --^ the port that the router opened
 */
#include "cli/netcheck.h"

#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/message.h"
#include "cli/netcheck_tls.h"
#include "cli/netcheck_turn.h"
#include "cli/place.h"
#include "ctl/request.h"

enum { ERROR_TEXT = 512 };

/* What was found by asking others than STUN servers; NULL: there are none. */
struct others {
	json_t *tls, *turn;
};

_Static_assert((int)CONFIG_STUN_MAX <= (int)NETCHECK_SERVERS_MAX, "all that are known are asked");

/* It answers STUN on its port, and on the next unless it was told another: two are enough to
 * see whether a NAT gives each destination a port of its own. */
static void add_rendezvous(struct servers *servers, const struct config_rendezvous *r)
{
	struct config_server server = {.port = r->port};

	if (!r->host[0] || r->tls)
		return;
	memcpy(server.host, r->host, sizeof(server.host));
	servers_add(servers, &server);
	server.port++;
	if (server.port)
		servers_add(servers, &server);
}

static bool has_tls(const struct config *config)
{
	for (size_t i = 0; config && i < config->rendezvous_len; i++) {
		if (config->rendezvous[i].tls)
			return true;
	}
	return false;
}

/* A user who may not read the password asks nobody for a relay. */
static bool has_turn(const struct config *config)
{
	return config && config->turn_len && config->turn_user[0] && config->turn_password[0];
}

static int ask_others(struct others *others, const struct config *config)
{
	char error[ERROR_TEXT] = "no memory";

	if (has_tls(config)) {
		others->tls = netcheck_tls(config, error);
		if (!others->tls)
			return fail(EXIT_FAILED, "%s", error);
	}
	if (has_turn(config)) {
		others->turn = netcheck_turn(config, error);
		if (!others->turn)
			return fail(EXIT_FAILED, "%s", error);
	}
	return EXIT_OK;
}

static bool has_others(const struct others *others)
{
	return others->tls || others->turn;
}

/* The servers do not depend on the rest of the file, nor on a key that this user may not read.
 * The others are asked at once. */
static int add_configured(struct servers *servers, struct others *others,
			  const struct place *place, bool quiet)
{
	struct config_report report;
	struct config *config;
	int code = load_permitted(place->config);

	if (code)
		return code;
	config = config_load_anyway(place->config, &report);
	for (size_t i = 0; config && i < config->stun_len; i++)
		servers_add(servers, &config->stun[i]);
	for (size_t i = 0; config && i < config->rendezvous_len; i++)
		add_rendezvous(servers, &config->rendezvous[i]);
	code = ask_others(others, config);
	if (report.errors && !servers->len && !has_others(others))
		code = EXIT_CONFIG;
	if (code || !quiet)
		config_report_print(stderr, &report);
	config_report_free(&report);
	config_free(config);
	return code;
}

/* A file that was named must be there; the one that might be needs not. */
static int find_servers(struct servers *servers, struct others *others, const struct options *o)
{
	struct place place;
	bool is_named = o->count[OPT_CONFIG] || o->count[OPT_NET];
	int code = servers_read(servers, o, CONFIG_STUN_MAX);

	if (!code)
		code = place_find(&place, o, NULL);
	if (!code && (is_named || access(place.config, R_OK) == 0))
		code = add_configured(servers, others, &place, o->count[OPT_QUIET] > 0);
	if (code || servers->len || has_others(others))
		return code;
	return fail(EXIT_USAGE,
		    "no STUN server is known, and nobody else can tell how this host looks from "
		    "outside; name one, or better two, with --stun HOST[:PORT], or in %s below "
		    "[nat] as stun = HOST",
		    place.config);
}

/* Only a net that runs knows, and asks for it again in time; without one nothing is said. */
static void add_port_map(json_t *report, const struct options *o)
{
	const struct ctl_request request = {.verb = CTL_STATUS};
	char error[CLIENT_ERROR];
	struct place place;
	json_t *status;

	if (place_find(&place, o, NULL) ||
	    client_ask(&status, &place, &request, CLIENT_TIMEOUT, error))
		return;
	json_object_set(report, "port_map",
			json_object_get(json_object_get(status, "self"), "port_map"));
	json_decref(status);
}

int run_netcheck(const struct invocation *in)
{
	static struct servers servers;
	struct netcheck found;
	char error[ERROR_TEXT];
	bool answers;
	struct others others = {0};
	json_t *report;
	int code = find_servers(&servers, &others, in->options);

	if (!code && netcheck_run(&found, servers.list, servers.len, error))
		code = fail(EXIT_FAILED, "%s", error);
	if (code) {
		json_decref(others.tls);
		json_decref(others.turn);
		return code;
	}
	report = netcheck_report(&found, &servers);
	answers = netcheck_tls_answers(others.tls) || netcheck_tls_answers(others.turn);
	json_object_set_new(report, "tls", others.tls ? others.tls : json_array());
	json_object_set_new(report, "turn", others.turn ? others.turn : json_array());
	if (report)
		add_port_map(report, in->options);
	if (report && !in->options->count[OPT_JSON]) {
		netcheck_print(stdout, report);
		json_decref(report);
	} else {
		code = json_out(report);
	}
	return code || netcheck_has_udp(&found) || answers ? code : EXIT_FAILED;
}
