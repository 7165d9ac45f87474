/* reach_worth.c -- what a pair is worth: which one to send on, and when to leave it for another.
 *
 * First the tier, then the round trip: another pair of the same tier takes over only if
 * it is faster by more than measuring errs, and not soon after the last change.
 */
#include "node/reach_facts.h"
#include "node/turns.h"

static const struct candidate *remote_of(const struct reach *r, uint8_t index)
{
	return &r->agent.list.remotes[pair_of(r, index)->remote];
}

static const struct ice_base *base_of(const struct reach *r, uint8_t index)
{
	return &r->agent.list.locals[pair_of(r, index)->local].base;
}

bool reach_is_relay_of_peer(const struct reach *r, const struct endpoint *at)
{
	for (size_t i = 0; i < REMOTES_MAX; i++) {
		const struct candidate *c = &r->agent.list.remotes[i];

		if (c->type == CANDIDATE_RELAY && endpoint_equal(&c->at, at))
			return true;
	}
	return false;
}

/* A relay of the peer's is known as such at the latest when the peer tells of it. */
bool reach_allows(const struct reach *r, uint16_t via, const struct endpoint *remote)
{
	switch (r->allowed) {
	case PEER_PATH_DIRECT_ONLY:
		return !via_is_wrapped(via) && !reach_is_relay_of_peer(r, remote);
	case PEER_PATH_RELAY_ONLY:
		return via_is_wrapped(via);
	case PEER_PATH_AUTO:
		break;
	}
	return true;
}

bool reach_is_valid(const struct reach *r, uint8_t index)
{
	return index != NO_INDEX && pair_of(r, index)->state == PAIR_VALID &&
	       reach_allows(r, base_of(r, index)->via, &remote_of(r, index)->at);
}

struct path reach_path(const struct reach *r, uint8_t index)
{
	const struct ice_base *base = base_of(r, index);

	return (struct path){
		.remote = remote_of(r, index)->at,
		.local = base->at.ip,
		.ifindex = base->ifindex,
		.via = base->via,
	};
}

static bool is_host(uint8_t type)
{
	return type == CANDIDATE_HOST;
}

/* One of ours, and one of the peer's behind it if it is the peer's relay that we send to. */
static enum reach_tier turn_tier(const struct reach *r, uint16_t via, bool to_relay)
{
	enum path_transport transport = PATH_UDP;

	turns_server_of(r->turns, via, &transport);
	if (transport != PATH_UDP)
		return TIER_RELAY_TCP;
	return to_relay ? TIER_TWO_RELAYS : TIER_RELAY;
}

enum reach_tier reach_tier_of(const struct reach *r, uint8_t index)
{
	const struct pair *p = pair_of(r, index);
	const struct local_candidate *local = &r->agent.list.locals[p->local];
	const struct candidate *remote = &r->agent.list.remotes[p->remote];

	if (via_is_relay(local->base.via))
		return relays_tier(r->relays, local->base.via);
	if (via_is_turn(local->base.via))
		return turn_tier(r, local->base.via, remote->type == CANDIDATE_RELAY);
	if (remote->type == CANDIDATE_RELAY)
		return TIER_RELAY;
	if (candidate_is_tcp(&local->c))
		return TIER_TCP;
	if (ip_is_link_local(&local->c.at.ip))
		return TIER_LAN;
	/* Both see each other's own private IPv4 address: there is no NAT between. */
	if (ip_is_private(&remote->at.ip) && is_host(remote->type) &&
	    (p->mapped == NO_INDEX || is_host(r->agent.list.locals[p->mapped].c.type)))
		return TIER_LAN;
	return local->c.at.ip.family == IP_V6 ? TIER_IPV6 : TIER_IPV4;
}

enum reach_tier reach_tier(const struct reach *r)
{
	return r->chosen == NO_INDEX ? TIERS : reach_tier_of(r, r->chosen);
}

/* What is in penalty stands behind all that is not. */
static unsigned rank_of(const struct reach *r, uint8_t index)
{
	struct path way = reach_path(r, index);

	return reach_tier_of(r, index) + (penalty_of(&r->penalties, &way) ? TIERS : 0);
}

bool reach_outranks(const struct reach *r, uint8_t a, uint8_t b)
{
	return rank_of(r, a) < rank_of(r, b);
}

/* What was not measured is the slowest. */
static uint32_t round_trip(const struct reach *r, uint8_t index)
{
	return (uint32_t)pair_of(r, index)->srtt;
}

/* Of relays the near one: their priorities say nothing of that. */
bool reach_is_better(const struct reach *r, uint8_t a, uint8_t b)
{
	unsigned ra = rank_of(r, a), rb = rank_of(r, b);

	if (ra != rb)
		return ra < rb;
	if (reach_tier_of(r, a) >= TIER_RELAY && round_trip(r, a) != round_trip(r, b))
		return round_trip(r, a) < round_trip(r, b);
	return pair_of(r, a)->priority > pair_of(r, b)->priority;
}

uint8_t reach_best(const struct reach *r)
{
	uint8_t best = NO_INDEX;

	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (reach_is_valid(r, i) && (best == NO_INDEX || reach_is_better(r, i, best)))
			best = i;
	}
	return best;
}

/* -- rivals of the chosen one ------------------------------------------------- */

/* Two answers, as one may have been luck; and no loss of late: what has failed answers eight
 * times in a row before it is trusted again. */
static bool has_proved_itself(const struct pair *p)
{
	return p->history_len >= 2 && pair_lost(p) == 0;
}

bool reach_is_half_proved(const struct reach *r, uint8_t index)
{
	const struct pair *p = pair_of(r, index);

	return reach_outranks(r, index, r->chosen) && !has_proved_itself(p) &&
	       (p->history & 1) == 0;
}

static bool is_faster(const struct pair *a, const struct pair *b)
{
	int32_t gain = b->srtt - a->srtt;

	return a->srtt >= 0 && b->srtt >= 0 && a->history_len >= 3 && gain > REACH_GAIN_MIN &&
	       gain > b->srtt / 5;
}

/* May this one take over from one that works? */
static bool deserves(const struct reach *r, uint8_t index, msec now)
{
	const struct pair *p = pair_of(r, index);
	unsigned rank = rank_of(r, index), present = rank_of(r, r->chosen);

	if (rank != present)
		return rank < present && has_proved_itself(p);
	return now - r->chosen_at >= REACH_DWELL && is_faster(p, pair_of(r, r->chosen));
}

static bool is_stronger(const struct reach *r, uint8_t a, uint8_t b)
{
	unsigned ra = rank_of(r, a), rb = rank_of(r, b);

	return ra != rb ? ra < rb : pair_of(r, a)->srtt < pair_of(r, b)->srtt;
}

uint8_t reach_rival(const struct reach *r, msec now)
{
	uint8_t rival = NO_INDEX;

	if (r->promoted_at != NEVER && now - r->promoted_at < REACH_DWELL)
		return NO_INDEX;
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (i != r->chosen && reach_is_valid(r, i) && deserves(r, i, now) &&
		    (rival == NO_INDEX || is_stronger(r, i, rival)))
			rival = i;
	}
	return rival;
}
