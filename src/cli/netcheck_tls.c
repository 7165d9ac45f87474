/* netcheck_tls.c -- the rendezvous of a file that are called over TLS: are they there? */
#include "cli/netcheck_tls.h"

#include "cli/settings.h"
#include "io/tls_probe.h"

/* The probes are in the order of the file. */
static json_t *one(const struct config_rendezvous *r, const struct tls_probe *probe)
{
	bool there = probe->why == NODE_STREAM_ENDS;
	char url[CONFIG_URL_TEXT];

	return json_pack("{s:s, s:o, s:s?, s:s?}", "url", config_write_url(url, r), "rtt_ms",
			 there ? json_integer(probe->rtt) : json_null(), "reason",
			 there ? NULL : node_stream_end_name(probe->why), "why",
			 there ? NULL : node_stream_end_text(probe->why));
}

json_t *netcheck_tls_report(const struct config *config, const struct tls_probe *probes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->rendezvous_len; i++) {
		if (config->rendezvous[i].tls)
			json_array_append_new(list, one(&config->rendezvous[i], probes++));
	}
	return list;
}

bool netcheck_tls_answers(const json_t *tls)
{
	const json_t *one_of_them;
	size_t i;

	json_array_foreach(tls, i, one_of_them)
	{
		if (json_is_integer(json_object_get(one_of_them, "rtt_ms")))
			return true;
	}
	return false;
}

json_t *netcheck_tls(const struct config *config, char error[static 512])
{
	struct tls_probe probes[CONFIG_RENDEZVOUS_MAX];
	struct proxy proxy;
	size_t n = 0;
	int err;

	for (size_t i = 0; i < config->rendezvous_len; i++) {
		const struct config_rendezvous *r = &config->rendezvous[i];

		if (r->tls)
			probes[n++] = (struct tls_probe){
				.host = r->host, .port = r->port, .ca_file = r->ca_file};
	}
	settings_proxy(&proxy, &config->proxy);
	err = tls_probe_run(probes, n, proxy.host[0] ? &proxy : NULL, error);
	wipe(&proxy, sizeof(proxy));
	return err ? NULL : netcheck_tls_report(config, probes);
}
