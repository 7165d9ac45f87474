/* natnet.c -- two agents, each behind a NAT of its own, and a clock that jumps. */
#include "natnet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* -- NATs ---------------------------------------------------------------- */

struct endpoint natnet_out(struct natnet_host *h, const struct endpoint *to)
{
	return h->behind_nat ? nat_out(&h->nat, &h->base.at, to, 0) : h->base.at;
}

bool natnet_in(const struct natnet_host *h, const struct endpoint *from, const struct endpoint *to)
{
	struct endpoint inside;

	return h->behind_nat ? nat_in(&h->nat, from, to, &inside, 0)
			     : endpoint_equal(&h->base.at, to);
}

/* -- set up -------------------------------------------------------------- */

struct ice_settings natnet_settings(struct natnet *net, bool controlling)
{
	return (struct ice_settings){
		.controlling = controlling,
		.rng = &net->rng,
		.pacer = &net->pacer,
	};
}

void natnet_restart(struct natnet *net, int who, const struct ice_settings *settings)
{
	struct natnet_host *h = &net->host[who];

	ice_agent_init(&h->agent, settings);
	h->valid_at = h->nominated_at = NEVER;
	memset(h->did, 0, sizeof(h->did));
}

void natnet_init(struct natnet *net, uint64_t seed)
{
	memset(net, 0, sizeof(*net));
	rng_seed(&net->rng, seed);
	ice_pacer_init(&net->pacer);
	net->now = 1000;
	net->delay = 20;
	for (unsigned i = 0; i < NATNET_FLYING; i++)
		net->flying[i].at = NEVER;
	for (int i = 0; i < HOSTS; i++) {
		struct natnet_host *h = &net->host[i];
		struct ice_settings settings = natnet_settings(net, i == A);

		h->base.at = (struct endpoint){.ip = ip_v4(10, (uint8_t)i, 0, 1), .port = 5000};
		h->nat.outside = i == A ? ip_v4(198, 51, 100, 1) : ip_v4(203, 0, 113, 1);
		h->nat.next_port = 40000;
		h->nat.life = NEVER;
		natnet_restart(net, i, &settings);
	}
}

void natnet_gather(struct natnet *net, int who)
{
	static const struct endpoint server = {{IP_V4, {192, 0, 2, 1}}, 3478, 0};
	struct natnet_host *h = &net->host[who];
	struct local_candidate c = {.c = {.type = CANDIDATE_HOST, .at = h->base.at}, .base = h->base};

	ice_agent_add_local(&h->agent, &c);
	if (!h->behind_nat)
		return;
	c.c.type = CANDIDATE_SRFLX;
	c.c.at = natnet_out(h, &server);
	c.c.related = h->base.at;
	c.server = server.ip;
	ice_agent_add_local(&h->agent, &c);
}

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

void natnet_introduce(struct natnet *net, int to)
{
	const struct ice_agent *peer = &net->host[!to].agent;

	assert_true(ice_agent_set_remote(&net->host[to].agent, text(peer->ufrag), text(peer->pwd),
					 net->now));
}

enum ice_remote natnet_signal_one(struct natnet *net, int to, unsigned i)
{
	const struct ice_agent *peer = &net->host[!to].agent;

	return ice_agent_add_remote(&net->host[to].agent, text(peer->ufrag),
				    &peer->list.locals[i].c, net->now);
}

void natnet_signal(struct natnet *net, int to)
{
	natnet_introduce(net, to);
	for (unsigned i = 0; i < LOCALS_OFFERED; i++)
		if (net->host[!to].agent.list.locals[i].c.type != CANDIDATE_NONE)
			natnet_signal_one(net, to, i);
}

void natnet_meet(struct natnet *net)
{
	natnet_gather(net, A);
	natnet_gather(net, B);
	natnet_signal(net, A);
	natnet_signal(net, B);
}

/* -- the wire ------------------------------------------------------------ */

static struct natnet_datagram *free_datagram(struct natnet *net)
{
	for (unsigned i = 0; i < NATNET_FLYING; i++)
		if (net->flying[i].at == NEVER)
			return &net->flying[i];
	fail_msg("more datagrams than a test should send");
	return NULL;
}

/* Whether it gets through the other NAT is seen when it arrives there. */
static void transmit(struct natnet *net, int from, const struct ice_action *action)
{
	struct natnet_host *h = &net->host[from];
	struct endpoint source = natnet_out(h, &action->remote);
	struct natnet_datagram *d;

	assert_in_range(action->datagram.len, 1, ICE_MESSAGE_MAX);
	h->requests_sent += action->datagram.data[0] == 0 && action->datagram.data[1] == 1;
	if (h->mute || rng_below(&net->rng, 100) < net->loss_percent)
		return;
	if (!natnet_in(&net->host[!from], &source, &action->remote))
		return;
	d = free_datagram(net);
	d->at = net->now + net->delay;
	d->to = !from;
	d->from = source;
	d->len = action->datagram.len;
	memcpy(d->bytes, action->datagram.data, d->len);
}

static void poll(struct natnet *net, int who)
{
	struct natnet_host *h = &net->host[who];
	struct ice_action action;
	enum ice_action_kind kind;

	while ((kind = ice_agent_poll(&h->agent, &action, net->now)) != ICE_NOTHING) {
		h->did[kind]++;
		h->last_pair[kind] = action.pair;
		if (kind == ICE_SEND)
			transmit(net, who, &action);
		if (kind == ICE_PAIR_VALID && h->valid_at == NEVER)
			h->valid_at = net->now;
		if (kind == ICE_NOMINATED)
			h->nominated_at = net->now;
	}
}

static msec next_event(const struct natnet *net)
{
	msec next = NEVER;

	for (int i = 0; i < HOSTS; i++)
		next = msec_min(next, ice_agent_due(&net->host[i].agent));
	for (unsigned i = 0; i < NATNET_FLYING; i++)
		next = msec_min(next, net->flying[i].at);
	return next > net->now ? next : net->now;
}

static void deliver_due(struct natnet *net)
{
	for (unsigned i = 0; i < NATNET_FLYING; i++) {
		struct natnet_datagram *d = &net->flying[i];

		if (d->at > net->now)
			continue;
		d->at = NEVER;
		ice_agent_feed(&net->host[d->to].agent, &net->host[d->to].base, &d->from,
			       bytes_of(d->bytes, d->len), net->now);
		poll(net, d->to);
	}
}

/* A machine that is due again and again at one moment would stop the clock. */
static void check_progress(const struct natnet *net, msec *at, unsigned *turns)
{
	*turns = net->now == *at ? *turns + 1 : 0;
	*at = net->now;
	assert_true(*turns < 100);
}

static void turn(struct natnet *net, msec *at, unsigned *turns)
{
	net->now = next_event(net);
	check_progress(net, at, turns);
	deliver_due(net);
	for (int i = 0; i < HOSTS; i++) {
		ice_agent_tick(&net->host[i].agent, net->now);
		poll(net, i);
	}
}

void natnet_run(struct natnet *net, msec span)
{
	msec end = net->now + span, at = -1;
	unsigned turns = 0;

	while (next_event(net) <= end)
		turn(net, &at, &turns);
	net->now = end;
}

bool natnet_connects(struct natnet *net, msec span)
{
	msec end = net->now + span, at = -1;
	unsigned turns = 0;

	while (net->host[A].valid_at == NEVER || net->host[B].valid_at == NEVER) {
		if (next_event(net) > end)
			return false;
		turn(net, &at, &turns);
	}
	return true;
}
