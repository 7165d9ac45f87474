/* netcheck_turn.c -- the TURN servers of a file: do they relay for us, and by what? */
#include "cli/netcheck_turn.h"

#include <string.h>
#include <time.h>

#include "cli/settings.h"
#include "cli/way.h"
#include "ctl/report.h"
#include "turn/credential.h"

enum { SECRET_LIFE = 600 };		/* seconds; it takes less */

size_t netcheck_turn_probes(struct turn_probe probes[static NETCHECK_TURN_MAX],
			    const struct config *config)
{
	size_t n = 0;

	for (size_t i = 0; i < config->turn_len; i++) {
		const struct config_turn *t = &config->turn[i];
		const struct turn_probe probe = {.host = t->host, .port = t->port,
						 .ca_file = config->turn_ca};

		if (t->udp)
			probes[n++] = probe;
		if (t->tcp || t->tls) {
			probes[n] = probe;
			probes[n++].transport = t->tls ? PATH_TLS : PATH_TCP;
		}
	}
	return n;
}

static json_t *one(const struct config_turn *t, const struct turn_probe *probe)
{
	struct config_turn both = *t;
	char url[CONFIG_TURN_TEXT];

	both.udp = both.tcp = !t->tls;
	return json_pack("{s:s, s:s, s:o, s:s?}", "server", config_write_turn(url, &both), "transport",
			 path_transport_name(probe->transport), "rtt_ms",
			 probe->problem ? json_null() : json_integer(probe->rtt), "why", probe->problem);
}

/* The probes are in the order of the file. */
json_t *netcheck_turn_report(const struct config *config, const struct turn_probe *probes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->turn_len; i++) {
		const struct config_turn *t = &config->turn[i];

		for (int k = t->udp + (t->tcp || t->tls); k; k--)
			json_array_append_new(list, one(t, probes++));
	}
	return list;
}

/* Of this user's own, or made of the secret. */
static void use_credential(struct turn_probe *probes, size_t n, const struct config *config,
			   struct turn_credential *made)
{
	struct bytes secret = bytes_of(config->turn_password, strlen(config->turn_password));
	bool is_made = config->turn_is_secret &&
		       turn_credential_make(made, secret, config->turn_user,
					    (uint64_t)time(NULL) + SECRET_LIFE);

	for (size_t i = 0; i < n; i++) {
		probes[i].user = is_made ? made->user : config->turn_user;
		probes[i].password = is_made ? made->password : config->turn_password;
	}
}

json_t *netcheck_turn(const struct config *config, char error[static 512])
{
	struct turn_probe probes[NETCHECK_TURN_MAX] = {0};
	size_t n = netcheck_turn_probes(probes, config);
	struct turn_credential made = {0};
	struct proxy proxy;
	int err;

	use_credential(probes, n, config, &made);
	settings_proxy(&proxy, &config->proxy);
	err = turn_probe_run(probes, n, proxy.host[0] ? &proxy : NULL, error);
	wipe(&proxy, sizeof(proxy));
	wipe(&made, sizeof(made));
	return err ? NULL : netcheck_turn_report(config, probes);
}

/* -- printed ------------------------------------------------------------------------- */

static bool is_same_server(const json_t *a, const json_t *b)
{
	return a && strcmp(report_text(a, "server", ""), report_text(b, "server", "")) == 0;
}

/* What is wrong is behind the transport: it may be another for each. */
void netcheck_turn_print(FILE *out, const json_t *list)
{
	const json_t *probe, *before = NULL;
	char rtt[RTT_TEXT];
	size_t i;

	json_array_foreach(list, i, probe)
	{
		if (!is_same_server(before, probe))
			fprintf(out, "%s%-8s  %s", i ? "\n" : "", i ? "" : "TURN",
				report_text(probe, "server", "?"));
		fprintf(out, "%s %s %s", is_same_server(before, probe) ? "," : "",
			report_text(probe, "transport", "?"),
			report_text(probe, "why", format_rtt(rtt, probe)));
		before = probe;
	}
	if (before)
		fputc('\n', out);
}
