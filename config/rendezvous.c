/* rendezvous.c -- [rendezvous]: where nodes meet that cannot call each other.
 *
 *   engine = builtin                       the only one
 *   url = udp://HOST:PORT                  as an endpoint is written
 *   url = tls://HOST[:PORT]                over TLS, which gets out where UDP does not
 *   ca_file = FILE                         whom to trust in TLS, if not the system's CAs
 *   public_key, preshared_key[_file]       as in [peer]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config/schema.h"

void set_rendezvous_engine(struct load *l, const char *value)
{
	if (strcasecmp(value, "builtin") != 0)
		load_error(l,
			   "engine \"%.64s\" is not supported, there is only builtin; delete the line",
			   value);
}

static const char udp[] = "udp://", tls[] = "tls://";

static const char *read_place(struct config_rendezvous *r, const char *place)
{
	return r->tls ? config_read_server(r->host, &r->port, place, CONFIG_TLS_PORT)
		      : config_read_endpoint(r->host, &r->port, place);
}

void set_rendezvous_url(struct load *l, const char *value)
{
	struct config_rendezvous *r = load_rendezvous(l);
	const char *why;

	r->tls = strncasecmp(value, tls, strlen(tls)) == 0;
	if (!r->tls && strncasecmp(value, udp, strlen(udp)) != 0) {
		load_error(l, "url \"%.64s\" is not udp://HOST:PORT or tls://HOST:PORT", value);
		return;
	}
	why = read_place(r, value + strlen(udp));
	if (why)
		load_error(l, "url \"%.64s\" %s; write %s", value, why,
			   r->tls ? "tls://host, tls://host:443 or tls://[2001:db8::1]:443"
				  : "udp://host:4901, udp://192.0.2.1:4901 or "
				    "udp://[2001:db8::1]:4901");
}

char *config_write_url(char out[static CONFIG_URL_TEXT], const struct config_rendezvous *r)
{
	char place[CONFIG_ENDPOINT_TEXT];

	snprintf(out, CONFIG_URL_TEXT, "%s%s", r->tls ? tls : udp,
		 config_write_endpoint(place, r->host, r->port));
	return out;
}

void set_rendezvous_ca_file(struct load *l, const char *value)
{
	struct config_rendezvous *r = load_rendezvous(l);

	char *path = path_beside(lines_file(&l->lines)->name, value);

	if (!path || access(path, R_OK) < 0)
		load_error(l, "ca_file %.200s cannot be read: %s", value, strerror(errno));
	free(r->ca_file);
	r->ca_file = path;
}

void set_rendezvous_public_key(struct load *l, const char *value)
{
	load_public_key(l, load_rendezvous(l)->public_key, value,
			"\"p2pnet rendezvous\" prints its", "ask who runs the rendezvous");
}

void set_rendezvous_psk(struct load *l, const char *value)
{
	struct config_rendezvous *r = load_rendezvous(l);

	r->has_psk = load_psk(l, r->psk, value,
			      "ask who runs the rendezvous for the one that it was given");
}

void set_rendezvous_psk_file(struct load *l, const char *value)
{
	struct config_rendezvous *r = load_rendezvous(l);

	r->has_psk = load_keyfile(l, r->psk, value);
}

/* ---- what only the whole shows ---- */

static bool is_same(const struct config_rendezvous *a, const struct config_rendezvous *b)
{
	return a->tls == b->tls && a->port == b->port && strcasecmp(a->host, b->host) == 0 &&
	       key_equal(a->public_key, b->public_key);
}

static void check_against(struct load *l, const struct config_rendezvous *r,
			  const struct config_rendezvous *before)
{
	if (r->host[0] && is_same(r, before))
		report_add(l->report, CONFIG_ERROR, r->where,
			   "[rendezvous] is the same as the one at %s:%u; delete one of the two",
			   before->where.file, before->where.line);
	else if (r->has_label && strcasecmp(r->name, before->name) == 0)
		report_add(l->report, CONFIG_ERROR, r->where,
			   "there are two rendezvous \"%s\", the other at %s:%u; give one of them "
			   "another name",
			   r->name, before->where.file, before->where.line);
}

static void check_keys(struct load *l, const struct config_rendezvous *r)
{
	if (r->ca_file && !r->tls)
		report_add(l->report, CONFIG_WARNING, r->where,
			   "[rendezvous] has a ca_file, which is for tls:// alone; delete it");
	if (l->has_private_key && key_equal(r->public_key, l->config->public_key))
		report_add(l->report, CONFIG_ERROR, r->where,
			   "[rendezvous] has this node's own public_key; give the rendezvous a key "
			   "of its own");
}

void check_rendezvous(struct load *l)
{
	const struct config *c = l->config;

	for (size_t i = 0; i < c->rendezvous_len; i++) {
		check_keys(l, &c->rendezvous[i]);
		for (size_t j = 0; j < i; j++)
			check_against(l, &c->rendezvous[i], &c->rendezvous[j]);
	}
}
