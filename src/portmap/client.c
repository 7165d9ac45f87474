/* client.c -- one mapping, asked of the router by NAT-PMP or PCP, held, and given back. */
#include "portmap/client.h"

#include <string.h>

#include "base/log.h"

enum {
	REFUSED_MAX = 3600,		/* seconds */
	DOUBLINGS_MAX = 7,
};

void client_init(struct client *c, enum client_speaks speaks, const struct portmap_wish *wish,
		 uint16_t external, struct rng *rng)
{
	*c = (struct client){
		.speaks = speaks,
		.wish = *wish,
		.external.port = external,
		.rng = rng,
		.due = NEVER,
	};
}

/* -- asking ---------------------------------------------------------------- */

static void owe_questions(struct client *c)
{
	c->owes_map = c->waits_map = true;
	c->owes_address = c->waits_address = c->speaks == SPEAKS_NATPMP;
}

static void fall_silent(struct client *c)
{
	c->owes_address = c->owes_map = false;
	c->waits_address = c->waits_map = false;
}

static unsigned sends_max(const struct client *c)
{
	if (c->speaks == SPEAKS_NATPMP)
		return NATPMP_SENDS;
	return c->knows_epoch ? UINT32_MAX : CLIENT_PCP_SENDS;
}

/* Begins to ask, or asks again those questions that were not answered. */
static void ask(struct client *c, msec now)
{
	c->owes_map = c->waits_map;
	c->owes_address = c->waits_address;
	c->sent++;
	c->wait = c->speaks == SPEAKS_PCP ? pcp_wait(c->wait, c->rng) : natpmp_wait(c->sent);
	c->due = now + c->wait;
}

static void enter(struct client *c, enum client_state next, msec now)
{
	c->state = next;
	switch (next) {
	case CLIENT_ASKING:
		c->sent = 0;
		c->wait = 0;
		c->granted = 0;
		owe_questions(c);
		ask(c, now);
		break;
	case CLIENT_HOLDING:
		fall_silent(c);
		c->refusals = 0;
		c->due = c->lease.due;
		break;
	case CLIENT_REFUSED:		/* until when: see refuse() */
	case CLIENT_SILENT:
	case CLIENT_IDLE:
		fall_silent(c);
		c->external.ip.family = IP_NONE;
		c->due = NEVER;
		break;
	}
}

void client_start(struct client *c, msec now)
{
	c->owes_delete = false;
	enter(c, CLIENT_ASKING, now);
}

void client_drop(struct client *c)
{
	enter(c, CLIENT_IDLE, 0);
}

void client_stop(struct client *c)
{
	bool had = c->state == CLIENT_HOLDING || (c->state == CLIENT_ASKING && c->granted);

	client_drop(c);
	c->owes_delete = had;
}

/* -- time ------------------------------------------------------------------ */

static void renew(struct client *c, msec now)
{
	if (now >= c->lease.end) {
		enter(c, CLIENT_ASKING, now);
		return;
	}
	owe_questions(c);
	lease_asked(&c->lease, c->rng, now);
	c->due = c->lease.due;
}

void client_tick(struct client *c, msec now)
{
	if (now < c->due)
		return;
	switch (c->state) {
	case CLIENT_ASKING:
		if (c->sent >= sends_max(c))
			enter(c, CLIENT_SILENT, now);
		else
			ask(c, now);
		break;
	case CLIENT_HOLDING:
		renew(c, now);
		break;
	case CLIENT_REFUSED:
		enter(c, CLIENT_ASKING, now);
		break;
	case CLIENT_SILENT:
	case CLIENT_IDLE:
		break;
	}
}

msec client_due(const struct client *c)
{
	return c->owes_address || c->owes_map || c->owes_delete ? 0 : c->due;
}

/* -- answers --------------------------------------------------------------- */

static void refuse(struct client *c, uint8_t result, uint32_t seconds, msec now)
{
	unsigned doublings = c->refusals < DOUBLINGS_MAX ? c->refusals : DOUBLINGS_MAX;

	enter(c, CLIENT_REFUSED, now);
	c->result = result;
	c->refusals++;
	log_debug("port map: no %s: %s", c->speaks == SPEAKS_PCP ? "PCP" : "NAT-PMP",
		  c->speaks == SPEAKS_PCP ? pcp_result_name(result) : natpmp_result_name(result));
	if (seconds != UINT32_MAX)
		c->due = now + msec_min(SECONDS(seconds) << doublings, SECONDS(REFUSED_MAX));
}

static void doubt(struct client *c, msec now)
{
	if (c->state != CLIENT_HOLDING)
		return;
	lease_doubt(&c->lease, c->rng, now);
	c->due = c->lease.due;
}

/* What is learnt of the epoch, before anything else is. A mapping in doubt is asked for again;
 * an answer to that very question takes the doubt away. */
static void hear_epoch(struct client *c, uint32_t epoch, msec now)
{
	msec elapsed = now - c->epoch_heard;
	bool goes_on = !c->knows_epoch ||
		       (c->speaks == SPEAKS_PCP ? pcp_epoch_goes_on(c->epoch, epoch, elapsed)
						: natpmp_epoch_goes_on(c->epoch, epoch, elapsed));

	c->knows_epoch = true;
	c->epoch = epoch;
	c->epoch_heard = now;
	if (!goes_on)
		doubt(c, now);
}

/* A question was answered. Was it the last? */
static void grant(struct client *c, msec now)
{
	if (c->waits_address || c->waits_map || c->external.ip.family == IP_NONE)
		return;
	if (!lease_start(&c->lease, c->granted, c->rng, now)) {
		refuse(c, c->speaks == SPEAKS_PCP ? PCP_NO_RESOURCES : NATPMP_OUT_OF_RESOURCES,
		       UINT32_MAX, now);
		return;
	}
	c->granted = (uint32_t)((c->lease.end - now) / 1000);
	enter(c, CLIENT_HOLDING, now);
}

static bool is_usable(const struct endpoint *e, const struct client *c)
{
	return e->port && e->ip.family == c->wish.self.family && !ip_is_unspecified(&e->ip) &&
	       !ip_is_multicast(&e->ip) && !ip_is_loopback(&e->ip);
}

static bool is_for_us(const struct client *c, const struct pcp_answer *a)
{
	if (!c->waits_map)
		return false;
	return !a->has_map ||
	       (memcmp(a->nonce, c->wish.nonce, PORTMAP_NONCE_LEN) == 0 &&
		a->proto == c->wish.proto && a->internal == c->wish.port);
}

static enum client_verdict feed_pcp(struct client *c, const struct pcp_answer *a, msec now)
{
	if (a->is_announcement) {
		if (a->result == PCP_SUCCESS)
			hear_epoch(c, a->epoch, now);
		return CLIENT_TAKEN;
	}
	if (!is_for_us(c, a))
		return CLIENT_NOT_OURS;
	if (a->result == PCP_SUCCESS && !is_usable(&a->external, c))
		return CLIENT_MALFORMED;
	hear_epoch(c, a->epoch, now);
	if (a->result != PCP_SUCCESS) {
		refuse(c, a->result, pcp_error_lifetime(a), now);
		return CLIENT_TAKEN;
	}
	c->waits_map = false;
	c->external = a->external;
	c->granted = a->lifetime;
	grant(c, now);
	return CLIENT_TAKEN;
}

/* Unasked, it is an announcement: the router has started, or has another address. That is not
 * taken for the new one, but asked for. */
static enum client_verdict feed_address(struct client *c, const struct natpmp_answer *a, msec now)
{
	struct endpoint external = {a->address, 1, 0};
	bool waited = c->waits_address;

	if (!is_usable(&external, c))
		return CLIENT_MALFORMED;
	hear_epoch(c, a->epoch, now);
	if (!waited && !ip_equal(&c->external.ip, &a->address))
		doubt(c, now);
	if (!waited)
		return CLIENT_TAKEN;
	c->waits_address = false;
	c->external.ip = a->address;
	grant(c, now);
	return CLIENT_TAKEN;
}

static enum client_verdict feed_map(struct client *c, const struct natpmp_answer *a, msec now)
{
	if (!c->waits_map || a->proto != c->wish.proto || a->internal != c->wish.port)
		return CLIENT_NOT_OURS;
	if (!a->external)
		return CLIENT_MALFORMED;
	hear_epoch(c, a->epoch, now);
	c->waits_map = false;
	c->external.port = a->external;
	c->granted = a->lifetime;
	grant(c, now);
	return CLIENT_TAKEN;
}

/* Version 0 is the only one, so that a router does not know it is no answer to us but to the
 * PCP request that was sent beside. */
static enum client_verdict feed_natpmp(struct client *c, const struct natpmp_answer *a, msec now)
{
	if (a->result == NATPMP_SUCCESS)
		return a->is_address ? feed_address(c, a, now) : feed_map(c, a, now);
	if (a->result == NATPMP_UNSUPP_VERSION || (!c->waits_address && !c->waits_map))
		return CLIENT_NOT_OURS;
	hear_epoch(c, a->epoch, now);
	refuse(c, (uint8_t)(a->result < UINT8_MAX ? a->result : UINT8_MAX),
	       natpmp_error_lifetime(a->result), now);
	return CLIENT_TAKEN;
}

/* A router that knows NAT-PMP alone says so in NAT-PMP, and a PCP one in PCP. */
enum client_verdict client_feed(struct client *c, msec now, struct bytes datagram)
{
	struct natpmp_answer natpmp;
	struct pcp_answer pcp;

	if (datagram.len && datagram.data[0] == 0 && c->speaks == SPEAKS_PCP &&
	    natpmp_read(&natpmp, datagram) && natpmp.result == NATPMP_UNSUPP_VERSION &&
	    c->waits_map) {
		refuse(c, PCP_UNSUPP_VERSION, UINT32_MAX, now);
		return CLIENT_TAKEN;
	}
	if (datagram.len && (datagram.data[0] == 0) == (c->speaks == SPEAKS_PCP))
		return CLIENT_FOREIGN;
	if (c->speaks == SPEAKS_PCP)
		return pcp_read(&pcp, datagram) ? feed_pcp(c, &pcp, now) : CLIENT_MALFORMED;
	return natpmp_read(&natpmp, datagram) ? feed_natpmp(c, &natpmp, now) : CLIENT_MALFORMED;
}

/* -- out ------------------------------------------------------------------- */

static void write_map(const struct client *c, struct writer *w, uint32_t lifetime)
{
	struct endpoint none = {0};

	if (c->speaks == SPEAKS_PCP)
		pcp_write_map(w, &c->wish, lifetime ? &c->external : &none, lifetime);
	else
		natpmp_write_map(w, &c->wish, lifetime ? c->external.port : 0, lifetime);
}

bool client_poll(struct client *c, struct writer *w, msec now)
{
	(void)now;
	if (c->owes_delete) {
		c->owes_delete = false;
		write_map(c, w, 0);
		return true;
	}
	if (c->owes_address) {
		c->owes_address = false;
		natpmp_write_address(w);
		return true;
	}
	if (c->owes_map) {
		c->owes_map = false;
		write_map(c, w, PORTMAP_LIFETIME);
		return true;
	}
	return false;
}
