/* describe.c -- all that is known about a running net, as the report of ctl/report.h.
 *
 * A json_t that could not be made is NULL and makes whatever it is put into
 * fail, so memory is asked after once, at the end.
 */
#include "io/describe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/report.h"
#include "crypto/aead.h"
#include "base/log.h"
#include "base/offload.h"
#include "node/status.h"

enum { NS_PER_S = 1000000000, NS_PER_MSEC = 1000000 };

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* A path need not be UTF-8; then it is not in the report. */
static json_t *path_or_null(const char *path)
{
	json_t *string = path ? json_string(path) : NULL;

	return string ? string : json_null();
}

static json_t *key_text(const uint8_t key[static KEY_LEN])
{
	char text[KEY_TEXT];

	return json_string(key_to_base64(text, key));
}

static json_t *wall_text(uint64_t wall_ns)
{
	char text[REPORT_TIME_TEXT];

	return json_string(report_time(text, (time_t)(wall_ns / NS_PER_S)));
}

static json_t *cidr_list(const struct cidr *cidrs, size_t n)
{
	json_t *list = json_array();
	char text[CIDR_TEXT];

	for (size_t i = 0; i < n; i++) {
		if (json_array_append_new(list, json_string(cidr_format(text, &cidrs[i])))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* -- the peers ----------------------------------------------------------- */

json_t *describe_path(const struct path_status *way)
{
	const struct path *path = &way->path;
	char local[IP_TEXT], remote[ENDPOINT_TEXT], proto[8];

	if (path->remote.ip.family == IP_NONE)
		return json_null();
	snprintf(proto, sizeof(proto), "%s%c", path_transport_name(way->transport),
		 path->remote.ip.family == IP_V4 ? '4' : '6');
	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:o, s:o}", "proto", proto, "relay",
			 text_or_null(*way->relay ? way->relay : NULL), "local",
			 text_or_null(path->local.family == IP_NONE ? NULL
								    : ip_format(local, &path->local)),
			 "remote", endpoint_format(remote, &path->remote), "how",
			 path_how_name(way->how), "candidate_local",
			 text_or_null(way->local_type), "candidate_remote",
			 text_or_null(way->remote_type));
}

/* As it is written in the config. */
static json_t *describe_endpoint(const char *prefix, const char *host, uint16_t port)
{
	char text[320];

	if (!host)
		return json_null();
	snprintf(text, sizeof(text), strchr(host, ':') ? "%s[%s]:%u" : "%s%s:%u", prefix, host,
		 port);
	return json_string(text);
}

static json_t *number_or_null(bool known, int64_t number)
{
	return known ? json_integer(number) : json_null();
}

/* Of the pair if there is one, else of the last handshake. */
static json_t *describe_rtt(const struct peer_status *peer)
{
	if (peer->way.rtt >= 0)
		return json_integer((peer->way.rtt + 500) / 1000);
	return number_or_null(peer->handshake_rtt >= 0, peer->handshake_rtt);
}

json_t *describe_way_to(const struct peer_status *peer)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "name",
			 text_or_null(peer->name), "public_key", key_text(peer->public_key), "ips",
			 cidr_list(peer->allowed_ips, peer->allowed_ips_len), "state",
			 peer_state_name(peer->state), "path", describe_path(&peer->way),
			 "endpoint",
			 describe_endpoint("", peer->endpoint_host, peer->endpoint_port),
			 "rtt_ms", describe_rtt(peer),
			 "loss", number_or_null(peer->way.lost >= 0, peer->way.lost));
}

static json_t *describe_peer(const struct peer_status *peer, msec now, uint64_t wall_ns)
{
	bool met = peer->last_handshake != 0;
	msec age = met ? now - peer->last_handshake : 0;
	json_t *object = describe_way_to(peer);
	json_t *more = json_pack("{s:b, s:o, s:I, s:I, s:I, s:o, s:o, s:o}",
			 "preshared_key", peer->has_psk,
			 "cipher", text_or_null(peer->cipher),
			 "rx_bytes", (json_int_t)peer->rx_bytes,
			 "tx_bytes", (json_int_t)peer->tx_bytes,
			 "queued", (json_int_t)peer->queued,
			 "keepalive_s", number_or_null(peer->keepalive, peer->keepalive / 1000),
			 "last_handshake",
			 met ? wall_text(wall_ns - (uint64_t)age * NS_PER_MSEC) : json_null(),
			 "handshake_age_s", number_or_null(met, age / 1000));

	if (!object || !more || json_object_update(object, more)) {
		json_decref(object);
		object = NULL;
	}
	json_decref(more);
	return object;
}

static json_t *describe_peers(const struct node *node, msec now, uint64_t wall_ns)
{
	json_t *list = json_array();

	for (size_t i = 0; i < node_peers_len(node); i++) {
		struct peer_status peer;

		node_peer_status(node, i, &peer, now);
		if (json_array_append_new(list, describe_peer(&peer, now, wall_ns))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* -- rendezvous ---------------------------------------------------------- */

static json_t *describe_one_rendezvous(const struct rendezvous_status *r)
{
	bool has_failed = r->why != NODE_STREAM_ENDS;
	char at[ENDPOINT_TEXT];

	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "name", text_or_null(r->name),
			 "url", describe_endpoint(r->tls ? "tls://" : "udp://", r->host, r->port),
			 "state", rendezvous_state_name(r->state), "address",
			 text_or_null(r->at.ip.family == IP_NONE ? NULL
								 : endpoint_format(at, &r->at)),
			 "rtt_ms", number_or_null(r->rtt >= 0, r->rtt), "reason",
			 text_or_null(has_failed ? node_stream_end_name(r->why) : NULL), "why",
			 text_or_null(has_failed ? node_stream_end_text(r->why) : NULL));
}

static json_t *describe_rendezvous(const struct node *node, msec now)
{
	json_t *list = json_array();

	for (size_t i = 0; i < node_rendezvous_len(node); i++) {
		struct rendezvous_status r;

		node_rendezvous_status(node, i, &r, now);
		if (json_array_append_new(list, describe_one_rendezvous(&r))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* -- what is passed on ------------------------------------------------------ */

static json_t *describe_relayed(const struct node *node, msec now)
{
	json_t *list = json_array();
	struct relayed_status r;
	size_t i = 0;

	while (list && node_next_relayed(node, &i, &r, now)) {
		json_t *one = json_pack("{s:o, s:o, s:I, s:I, s:I, s:I}", "from",
					text_or_null(r.from), "to", text_or_null(r.to), "packets",
					(json_int_t)r.packets, "bytes", (json_int_t)r.bytes,
					"dropped", (json_int_t)r.dropped, "idle_s",
					(json_int_t)(r.idle / 1000));

		if (json_array_append_new(list, one)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* null: nothing is, by the settings. */
static json_t *describe_relaying(const struct node *node, msec now)
{
	struct relaying_status status;
	json_t *counters;
	int failed = 0;

	if (!node_relaying_status(node, &status))
		return json_null();
	counters = json_object();
	for (int i = 0; i < FORWARD_COUNTERS; i++)
		failed |= json_object_set_new(counters, forward_counter_name((enum forward_counter)i),
					      json_integer((json_int_t)status.counters[i]));
	if (failed) {
		json_decref(counters);
		return NULL;
	}
	return json_pack("{s:o, s:o, s:o}", "rate_mbit",
			 number_or_null(status.rate, status.rate), "counters", counters, "lately",
			 describe_relayed(node, now));
}

/* -- ourselves ----------------------------------------------------------- */

/* The port that the router opened; null: none. */
static json_t *describe_port_map(const struct portmap *portmap, enum portmap_proto proto)
{
	const struct mapping *m = portmap_mapping(portmap, proto, IP_V4);
	char text[ENDPOINT_TEXT];

	if (!m)
		return json_null();
	return json_pack("{s:s, s:s, s:b, s:I}", "method", mapper_method_name(m->method),
			 "external", endpoint_format(text, &m->external), "public", m->is_public,
			 "lifetime_s", (json_int_t)m->lifetime);
}

/* Of all streams together. */
static uint64_t stream_counter_of(const struct pump *pump, enum stream_counter counter)
{
	return dialer_counter(pump->dialer, counter) +
	       (pump->tcp ? tcp_counter(pump->tcp, counter) : 0);
}

static json_t *describe_counters(const struct description *d)
{
	const struct node *node = d->node;
	const struct pump *pump = d->pump;
	json_t *object = json_object();
	int failed = 0;

	for (int i = 0; i < NODE_COUNTERS; i++)
		failed |= json_object_set_new(
			object, node_counter_name((enum node_counter)i),
			json_integer((json_int_t)node_counter(node, (enum node_counter)i)));
	for (int i = 0; i < UDP_COUNTERS; i++)
		failed |= json_object_set_new(
			object, udp_counter_name((enum udp_counter)i),
			json_integer((json_int_t)udp_counter(pump->udp, (enum udp_counter)i)));
	for (int i = 0; i < STREAM_COUNTERS; i++)
		failed |= json_object_set_new(object, stream_counter_name((enum stream_counter)i),
					      json_integer((json_int_t)stream_counter_of(
						      pump, (enum stream_counter)i)));
	for (int i = 0; i < MAPPER_COUNTERS; i++)
		failed |= json_object_set_new(
			object, mapper_counter_name((enum mapper_counter)i),
			json_integer((json_int_t)portmap_counter(d->portmap,
								 (enum mapper_counter)i)));
	for (int i = 0; i < FAIR_COUNTERS; i++)
		failed |= json_object_set_new(
			object, fair_counter_name((enum fair_counter)i),
			json_integer((json_int_t)tun_queue_counter(pump->tun,
								   (enum fair_counter)i)));
	failed |= json_object_set_new(object, "tun_dropped",
				      json_integer((json_int_t)pump->tun_dropped));
	failed |= json_object_set_new(object, "tun_malformed",
				      json_integer((json_int_t)tun_malformed(pump->tun)));
	failed |= json_object_set_new(object, "no_place",
				      json_integer((json_int_t)pump->no_place));
	failed |= json_object_set_new(object, "busy_polls", json_integer((json_int_t)d->busy_poll->begun));
	failed |= json_object_set_new(object, "busy_polls_in_vain",
				      json_integer((json_int_t)d->busy_poll->in_vain));
	if (failed) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* -- the data path ------------------------------------------------------- */

static json_t *describe_ciphers(void)
{
	json_t *list = json_array();

	for (int suite = 0; suite < AEAD_SUITES; suite++) {
		const struct aead_engine_report *r = aead_chosen((enum aead_suite)suite);

		if (r && json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:i}", "suite",
							       aead_suite_name(r->suite), "engine",
							       r->name, "seal_ns", (int)r->seal_ns,
							       "open_ns", (int)r->open_ns))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *describe_offloads(unsigned set)
{
	json_t *list = json_array();

	for (unsigned bit = 1; bit & OFFLOAD_ALL; bit <<= 1) {
		if (set & bit &&
		    json_array_append_new(list, json_string(offload_word((enum offload)bit)))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *describe_data_path(const struct description *d)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:I}", "ciphers", describe_ciphers(), "offloads",
			 describe_offloads(d->offloads), "refused",
			 describe_offloads(d->offloads_wanted & ~d->offloads), "tun_lacks",
			 text_or_null(d->tun_lacks), "threads", (int)d->threads, "helped",
			 (json_int_t)d->helped);
}

static json_t *describe_self(const struct description *d, msec now)
{
	const struct profile *p = d->profile;

	return json_pack("{s:o, s:o, s:s, s:i, s:o, s:i, s:I, s:o, s:o, s:I, s:o, s:s, s:s, s:o, s:o, s:o}",
			 "name", text_or_null(p->name),
			 "public_key", key_text(node_public_key(d->node)),
			 "device", d->device,
			 "mtu", (int)p->mtu,
			 "addresses", cidr_list(p->addresses, p->addresses_len),
			 "listen_port", (int)p->listen_port,
			 "fwmark", (json_int_t)p->fwmark,
			 "config", path_or_null(p->config_path),
			 "since", wall_text(d->wall_started_ns),
			 "uptime_s", (json_int_t)((now - d->started) / 1000),
			 "aead", text_or_null(aead_engine(AEAD_CHACHA20POLY1305)),
			 "log_level", log_level_name(log_level()),
			 "nat", node_nat(d->node),
			 "port_map", describe_port_map(d->portmap, PORTMAP_UDP),
			 "port_map_tcp", describe_port_map(d->portmap, PORTMAP_TCP),
			 "counters", describe_counters(d));
}

bool describe(json_t *reply, const struct description *d, msec now, uint64_t wall_ns)
{
	const struct profile *p = d->profile;
	json_t *report = json_pack("{s:i, s:s, s:o, s:i, s:o, s:o, s:o, s:o, s:o}", "schema", REPORT_SCHEMA,
				   "net", p->net, "version", text_or_null(p->version),
				   "pid", (int)getpid(), "self", describe_self(d, now),
				   "data_path", describe_data_path(d),
				   "rendezvous", describe_rendezvous(d->node, now),
				   "relaying", describe_relaying(d->node, now),
				   "peers", describe_peers(d->node, now, wall_ns));
	bool ok = report && json_object_update(reply, report) == 0;

	json_decref(report);
	return ok;
}
