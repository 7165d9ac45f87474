/* profile.c -- a copy of what a net was started with, without its secrets. */
#include "io/profile.h"

#include <stdlib.h>
#include <string.h>

/* "p2" and the port: unlike the small numbers that people choose by hand. */
#define MARK_BASE 0x70320000u

/* True: copied, or there was nothing to copy. */
static bool copy_text(char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return *out || !text;
}

static bool copy_texts(struct profile *p, const struct daemon_settings *s)
{
	return copy_text(&p->net, s->net) && copy_text(&p->name, s->name) &&
	       copy_text(&p->device, s->device) && copy_text(&p->config_path, s->config_path) &&
	       copy_text(&p->socket_path, s->socket_path) && copy_text(&p->version, s->version);
}

static bool copy_addresses(struct profile *p, const struct daemon_settings *s)
{
	p->addresses = calloc(s->addresses_len + 1, sizeof(*p->addresses));
	if (!p->addresses)
		return false;
	if (s->addresses_len)
		memcpy(p->addresses, s->addresses, s->addresses_len * sizeof(*p->addresses));
	p->addresses_len = s->addresses_len;
	return true;
}

static int compare_routes(const void *a, const void *b)
{
	_Static_assert(sizeof(struct cidr) == 18, "no padding to compare");
	return memcmp(a, b, sizeof(struct cidr));
}

static void sort_routes(struct profile *p)
{
	size_t kept = 0;

	qsort(p->routes, p->routes_len, sizeof(*p->routes), compare_routes);
	for (size_t i = 0; i < p->routes_len; i++) {
		if (!kept || !cidr_equal(&p->routes[kept - 1], &p->routes[i]))
			p->routes[kept++] = p->routes[i];
	}
	p->routes_len = kept;
}

static bool collect_routes(struct profile *p, const struct node_settings *node)
{
	size_t n = 0;

	for (size_t i = 0; i < node->peers_len; i++)
		n += node->peers[i].allowed_ips_len;
	p->routes = calloc(n + 1, sizeof(*p->routes));
	if (!p->routes)
		return false;
	for (size_t i = 0; i < node->peers_len; i++) {
		const struct node_peer_settings *peer = &node->peers[i];

		for (size_t j = 0; j < peer->allowed_ips_len; j++)
			p->routes[p->routes_len++] = cidr_masked(peer->allowed_ips[j]);
	}
	sort_routes(p);
	return true;
}

struct profile *profile_new(const struct daemon_settings *settings)
{
	struct profile *p = calloc(1, sizeof(*p));

	if (!p || !copy_texts(p, settings) || !copy_addresses(p, settings) ||
	    !collect_routes(p, &settings->node)) {
		profile_free(p);
		return NULL;
	}
	p->listen_port = settings->node.listen_port;
	p->fwmark = settings->fwmark ? settings->fwmark : MARK_BASE | p->listen_port;
	p->table = settings->table;
	p->mtu = settings->mtu;
	p->tcp = settings->tcp;
	p->offloads = settings->offloads;
	p->queues = settings->queues;
	memcpy(p->portmap, settings->portmap, sizeof(p->portmap));
	return p;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	free(p->net);
	free(p->name);
	free(p->device);
	free(p->config_path);
	free(p->socket_path);
	free(p->version);
	free(p->addresses);
	free(p->routes);
	free(p);
}

const char *profile_differs(const struct profile *p, const struct profile *next)
{
	static const char *const methods[MAPPER_METHODS] = {
		[MAPPER_PCP] = "pcp", [MAPPER_NATPMP] = "natpmp", [MAPPER_UPNP] = "upnp"};

	if (strcmp(p->device, next->device) != 0)
		return "device";
	if (p->listen_port != next->listen_port)
		return "listen_port";
	if (p->fwmark != next->fwmark)
		return "fwmark";
	if (p->mtu != next->mtu)
		return "mtu";
	if (p->tcp != next->tcp)
		return "tcp";
	if (p->offloads != next->offloads)
		return "offload";
	if (p->queues != next->queues)
		return "queues";
	for (int i = 0; i < MAPPER_METHODS; i++) {
		if (p->portmap[i] != next->portmap[i])
			return methods[i];
	}
	return NULL;
}
