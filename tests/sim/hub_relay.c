/* hub_relay.c -- what a rendezvous does with datagrams that it is to pass on. */
#include "sim/hub.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

enum { COPIES = 3, REPLAYED = 16 };

static struct hub_relayed *keep(struct hub *hub, struct guest *to, const struct packet *p)
{
	struct hub_relayed *r = &hub->relayed[hub->relayed_len++ % HUB_RELAYED];

	assert_in_range(p->len, 1, HUB_FRAME);
	*r = (struct hub_relayed){.due = NEVER, .to = to, .len = p->len};
	memcpy(r->frame, p->data, p->len);
	return r;
}

/* A bit of the datagram inside. */
static void alter(struct hub *hub, struct hub_relayed *r)
{
	size_t at = RELAY_HEADER + rng_below(&hub->rng, (uint32_t)(r->len - RELAY_HEADER));

	r->frame[at] ^= (uint8_t)(1u << rng_below(&hub->rng, 8));
}

static void send(struct hub *hub, const struct hub_relayed *r)
{
	hub_say(hub, r->to, r->frame, r->len);
}

/* To everybody under the tag that it has, and under one of their own. */
static void misdeliver(struct hub *hub, const struct hub_relayed *r)
{
	for (size_t k = 0; k < hub->ids_len && k < HUB_IDS; k++) {
		struct hub_relayed other = *r;

		other.to = hub->ids[k].owner;
		send(hub, &other);
		memcpy(other.frame + FRAME_HEADER, hub->ids[k].id, RELAY_TAG);
		send(hub, &other);
	}
}

void hub_relay(struct hub *hub, struct packet *p)
{
	unsigned copies = hub->malice & HUB_MULTIPLIES ? COPIES : 1;
	uint8_t tag[RELAY_TAG];
	struct packet inside;
	struct hub_relayed *r;
	struct guest *to;

	assert_true(relay_read(p, tag, &inside));
	to = hub_owner(hub, tag, RELAY_TAG);
	if (!to || hub->malice & HUB_DROPS)
		return;
	r = keep(hub, to, p);
	if (hub->malice & HUB_ALTERS && rng_below(&hub->rng, 2))
		alter(hub, r);
	if (hub->malice & HUB_SWAPS)
		misdeliver(hub, r);
	if (hub_wait(hub)) {
		r->due = hub->sim->now + hub_wait(hub);
		return;
	}
	for (unsigned i = 0; i < copies; i++)
		send(hub, r);
}

static void replay(struct hub *hub)
{
	for (unsigned i = 0; i < REPLAYED; i++) {
		const struct hub_relayed *r = &hub->relayed[rng_below(&hub->rng, HUB_RELAYED)];

		if (r->to)
			send(hub, r);
	}
}

/* Under a tag that means something, whatever there is. */
static void litter(struct hub *hub)
{
	const struct hub_relayed *like = &hub->relayed[rng_below(&hub->rng, HUB_RELAYED)];
	struct hub_relayed r = *like;

	if (!r.to)
		return;
	hub->rng.fill(&hub->rng, r.frame + RELAY_HEADER, r.len - RELAY_HEADER);
	r.frame[RELAY_HEADER] = (uint8_t)rng_below(&hub->rng, 6);
	send(hub, &r);
}

void hub_relay_step(struct hub *hub, bool now_and_then)
{
	for (size_t i = 0; i < HUB_RELAYED; i++) {
		struct hub_relayed *r = &hub->relayed[i];

		if (!r->to || hub->sim->now < r->due)
			continue;
		r->due = NEVER;
		send(hub, r);
	}
	if (hub->malice & HUB_REPLAYS && now_and_then)
		replay(hub);
	if (hub->malice & HUB_GARBAGE)
		litter(hub);
}
