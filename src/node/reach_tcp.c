/* reach_tcp.c -- when TCP is told and tried for a peer. */
#include "node/reach_tcp.h"

#include "node/reach_facts.h"

/* Since when it could have been found over UDP, and was not; NEVER: it was, or it could not. */
static msec missing_since(const struct reach *r)
{
	if (r->chosen == NO_INDEX)
		return r->checking_since;
	return reach_tier(r) > TIER_TCP ? r->chosen_at : NEVER;
}

msec reach_tcp_due(const struct reach *r)
{
	msec since = missing_since(r);

	if (!r->tcp.allowed || r->tcp.used || since == NEVER)
		return NEVER;
	return since + REACH_TCP_AFTER;
}

void reach_tcp_attend(struct reach *r, const struct gather *gather, bool udp_is_blocked, msec now)
{
	r->tcp.allowed = gather->tcp;
	r->tcp.used &= gather->tcp;
	if (!r->tcp.allowed || r->tcp.used ||
	    !(r->tcp.by_peer || udp_is_blocked || now >= reach_tcp_due(r)))
		return;
	r->tcp.used = true;
	reach_set_locals(r, gather, now);
}

bool reach_tcp_is_needed(const struct reach *r, msec now)
{
	bool by_udp = r->chosen != NO_INDEX && reach_tier(r) < TIER_TCP;

	return r->tcp.used && !by_udp && (reach_is_active(r, now) || now < r->until);
}

bool reach_tcp_wants_map(const struct reach *r, msec now)
{
	bool by_tcp = r->chosen != NO_INDEX && reach_tier(r) == TIER_TCP;

	return by_tcp || reach_tcp_is_needed(r, now);
}
