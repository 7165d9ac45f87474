/* netcheck_report.c -- what netcheck found, as JSON, and what follows from it. */
#include "cli/netcheck.h"

#include "ctl/report.h"

/* -- what follows from it ---------------------------------------------------- */

bool netcheck_has_udp(const struct netcheck *found)
{
	return found->v4.report.answered || found->v6.report.answered;
}

/* The outermost NAT is the carrier's if the address that it gave us is of those that only
 * carriers give, or a private one that is not this host's. The other way round nothing is
 * known but without a NAT: a home router may be behind it, and shows it to nobody. */
static json_t *cgnat(const struct netcheck_family *f)
{
	const struct behaviour_report *r = &f->report;

	if (!r->mapped.port)
		return json_null();
	if (ip_is_shared(&r->mapped.ip) || ip_is_shared(&f->local.ip))
		return json_true();
	if (r->mapping == MAPPING_DIRECT)
		return json_false();
	return ip_is_private(&r->mapped.ip) && !ip_equal(&r->mapped.ip, &f->local.ip) ? json_true()
										       : json_null();
}

static bool is_open(const struct behaviour_report *r)
{
	return r->mapping == MAPPING_DIRECT || r->mapping == MAPPING_INDEPENDENT;
}

static bool is_hard(const struct behaviour_report *r)
{
	return r->mapping > MAPPING_INDEPENDENT;
}

static bool lets_strange_ports_in(const struct behaviour_report *r)
{
	return r->filtering == FILTERING_INDEPENDENT || r->filtering == FILTERING_BY_ADDRESS;
}

const char *netcheck_verdict(const struct netcheck *found)
{
	const struct behaviour_report *v4 = &found->v4.report, *v6 = &found->v6.report;

	if (!netcheck_has_udp(found) && found->tcp == NETCHECK_TCP_YES)
		return "no UDP comes through, so peers are reached over TCP, directly where their NAT "
		       "allows it; allow UDP out in the firewall that is between here and the internet";
	if (!netcheck_has_udp(found))
		return "no UDP comes through, so only peers on this network are reached; allow UDP "
		       "out in the firewall that is between here and the internet";
	if (is_open(v4) && lets_strange_ports_in(v4))
		return "direct to every peer";
	if (is_open(v4) && v4->filtering == FILTERING_UNKNOWN)
		return "direct to most peers; a server with two addresses (RFC 5780) could tell "
		       "whether to all";
	if (is_open(v4))
		return "direct to all but peers whose NAT takes a new port for each destination";
	if (is_open(v6))
		return "direct to peers that have IPv6, and to few others";
	if (is_hard(v4))
		return "direct only to peers with a public address, or whose NAT lets any port of "
		       "ours in; IPv6 here would help";
	return "too little is known: one server sees one port; name a second one";
}

/* -- JSON -------------------------------------------------------------------- */

/* "null" for none. */
static json_t *place(const struct endpoint *e)
{
	char text[ENDPOINT_TEXT];

	return e->ip.family == IP_NONE ? json_null() : json_string(endpoint_format(text, e));
}

static json_t *family_json(const struct netcheck_family *f)
{
	const struct behaviour_report *r = &f->report;

	return json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:s}", "local", place(&f->local),
			 "seen", place(&r->mapped), "nat", behaviour_word(r), "mapping",
			 nat_mapping_word(r->mapping), "filtering",
			 nat_filtering_word(r->filtering), "ports", nat_ports_word(r->ports),
			 "port_step",
			 r->ports == PORTS_SEQUENTIAL ? json_integer(r->port_step) : json_null(),
			 "hairpin", nat_hairpin_word(r->hairpin));
}

static json_t *why_not(const struct netcheck_family *f, const struct netcheck_answer *a)
{
	if (f->local.ip.family == IP_NONE)
		return json_string("no route");
	switch (a->result) {
	case BINDING_DONE:
		return json_null();
	case BINDING_PENDING:
	case BINDING_TIMEOUT:
		return json_string("no answer");
	case BINDING_REFUSED:
		return json_sprintf("error %u", a->error);
	case BINDING_USELESS:
		return json_string("no address in its answer");
	}
	return json_null();
}

static json_t *answer_json(const struct netcheck_family *f, size_t nth)
{
	const struct netcheck_answer *a = &f->answers[nth];

	if (a->at.ip.family == IP_NONE)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "address", place(&a->at), "rtt_ms",
			 a->rtt < 0 || a->result != BINDING_DONE ? json_null()
								 : json_integer(a->rtt),
			 "why", why_not(f, a));
}

static json_t *server_json(const struct netcheck *found, const struct servers *servers, size_t nth)
{
	char name[CONFIG_ENDPOINT_TEXT];

	config_write_endpoint(name, servers->list[nth].host, servers->list[nth].port);
	return json_pack("{s:s, s:o, s:o}", "server", name, "ipv4", answer_json(&found->v4, nth),
			 "ipv6", answer_json(&found->v6, nth));
}

static json_t *tcp(enum netcheck_tcp_result result)
{
	return result == NETCHECK_TCP_UNKNOWN ? json_null() : json_boolean(result == NETCHECK_TCP_YES);
}

json_t *netcheck_report(const struct netcheck *found, const struct servers *servers)
{
	json_t *list = json_array();
	json_t *udp = servers->len ? json_boolean(netcheck_has_udp(found)) : json_null();
	const char *verdict = servers->len
				      ? netcheck_verdict(found)
				      : "nobody was asked by UDP; name a STUN server with --stun HOST";

	for (size_t i = 0; list && i < servers->len; i++)
		json_array_append_new(list, server_json(found, servers, i));
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "schema", REPORT_SCHEMA, "udp",
			 udp, "tcp", tcp(found->tcp), "cgnat", cgnat(&found->v4), "ipv4",
			 family_json(&found->v4), "ipv6", family_json(&found->v6), "servers", list,
			 "verdict", verdict);
}
