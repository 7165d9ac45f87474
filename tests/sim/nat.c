/* nat.c -- a simulated NAT box, as RFC 4787 names its behaviour. */
#include "sim/nat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* What of the remote end counts, for this kind of behaviour. */
static struct endpoint masked(enum nat_kind kind, const struct endpoint *remote)
{
	struct endpoint e = {0};

	if (kind != INDEPENDENT)
		e.ip = remote->ip;
	if (kind == PORT_DEPENDENT)
		e.port = remote->port;
	return e;
}

static bool is_alive(const struct nat *nat, const struct nat_mapping *m, msec now)
{
	return m->port && now - m->used < nat->life;
}

static bool is_taken(const struct nat *nat, uint16_t port, const struct endpoint *inside, msec now)
{
	for (const struct nat_mapping *m = nat->mappings; m < nat->mappings + NAT_MAPPINGS; m++) {
		if (is_alive(nat, m, now) && m->port == port &&
		    (nat->ports != NAT_PRESERVING || !endpoint_equal(&m->inside, inside)))
			return true;
	}
	return false;
}

static uint16_t draw_port(struct nat *nat)
{
	return nat->ports == NAT_SEQUENTIAL ? nat->next_port++
					    : (uint16_t)(1024 + rng_below(nat->rng, 60000));
}

static uint16_t new_port(struct nat *nat, const struct endpoint *inside, msec now)
{
	uint16_t port = nat->ports == NAT_PRESERVING ? inside->port : draw_port(nat);

	while (port < 1024 || is_taken(nat, port, inside, now))
		port = draw_port(nat);
	return port;
}

static struct nat_mapping *mapping_to(struct nat *nat, const struct endpoint *inside,
				      const struct endpoint *to, msec now)
{
	struct endpoint key = masked(nat->mapping, to);
	struct nat_mapping *free_one = NULL;

	for (struct nat_mapping *m = nat->mappings; m < nat->mappings + NAT_MAPPINGS; m++) {
		if (!is_alive(nat, m, now))
			free_one = free_one ? free_one : m;
		else if (endpoint_equal(&m->inside, inside) && endpoint_equal(&m->key, &key))
			return m;
	}
	if (!free_one)
		fail_msg("more mappings than a test should make");
	*free_one = (struct nat_mapping){
		.inside = *inside, .key = key, .port = new_port(nat, inside, now)};
	return free_one;
}

/* The one to there, else a new one, else the one that was used least of late. */
static struct nat_hole *hole_to(struct nat_mapping *m, const struct endpoint *to)
{
	struct nat_hole *oldest = m->holes;

	for (struct nat_hole *h = m->holes; h < m->holes + m->holes_len; h++) {
		if (endpoint_equal(&h->to, to))
			return h;
		if (h->used < oldest->used)
			oldest = h;
	}
	return m->holes_len < NAT_HOLES ? &m->holes[m->holes_len++] : oldest;
}

struct endpoint nat_out(struct nat *nat, const struct endpoint *inside, const struct endpoint *to,
			msec now)
{
	struct nat_mapping *m = mapping_to(nat, inside, to, now);

	m->used = now;
	*hole_to(m, to) = (struct nat_hole){*to, now};
	return (struct endpoint){.ip = nat->outside, .port = m->port};
}

static bool lets_in(const struct nat *nat, const struct nat_mapping *m, const struct endpoint *from,
		    msec now)
{
	struct endpoint key = masked(nat->filtering, from);

	for (const struct nat_hole *h = m->holes; h < m->holes + m->holes_len; h++) {
		struct endpoint hole = masked(nat->filtering, &h->to);

		if (now - h->used < nat->life && endpoint_equal(&hole, &key))
			return true;
	}
	return false;
}

bool nat_in(const struct nat *nat, const struct endpoint *from, const struct endpoint *to,
	    struct endpoint *inside, msec now)
{
	if (!ip_equal(&nat->outside, &to->ip))
		return false;
	for (const struct nat_mapping *m = nat->mappings; m < nat->mappings + NAT_MAPPINGS; m++) {
		if (is_alive(nat, m, now) && m->port == to->port && lets_in(nat, m, from, now)) {
			*inside = m->inside;
			return true;
		}
	}
	return false;
}

void nat_reboot(struct nat *nat, struct ip outside)
{
	memset(nat->mappings, 0, sizeof(nat->mappings));
	nat->outside = outside;
}
