/* reach_peer.c -- what the peer tells of itself, and where it may be besides. */
#include "node/reach_facts.h"

#include <stdio.h>
#include <string.h>

static struct candidate candidate_of(const struct desc_candidate *d)
{
	static const uint8_t types[] = {
		[DESC_HOST] = CANDIDATE_HOST,
		[DESC_SRFLX] = CANDIDATE_SRFLX,
		[DESC_PRFLX] = CANDIDATE_PRFLX,
		[DESC_RELAY] = CANDIDATE_RELAY,
		[DESC_MAPPED] = CANDIDATE_SRFLX,
	};
	static const uint8_t protos[] = {
		[DESC_UDP] = CANDIDATE_UDP,
		[DESC_TCP_ACTIVE] = CANDIDATE_TCP_ACTIVE,
		[DESC_TCP_PASSIVE] = CANDIDATE_TCP_PASSIVE,
		[DESC_TCP_SO] = CANDIDATE_TCP_SO,
	};
	struct candidate c = {
		.type = types[d->type],
		.proto = protos[d->transport],
		.component = COMPONENT,
		.priority = d->priority,
		.at = d->endpoint,
		.related = d->related,
	};

	snprintf(c.foundation, sizeof(c.foundation), "%u", d->foundation);
	return c;
}

static bool tells_of(const struct desc *desc, const struct candidate *c)
{
	for (size_t i = 0; i < desc->candidates_len; i++) {
		struct candidate told = candidate_of(&desc->candidates[i]);

		told.at.scope = c->at.scope;
		if (candidate_same_place(&told, c))
			return true;
	}
	return false;
}

/* A DESC tells all that there is: what it leaves out is gone, as are the addresses of a peer
 * that roams. */
static void forget_untold(struct reach *r, const struct desc *desc)
{
	for (uint8_t i = 0; i < REMOTES_SIGNALLED; i++) {
		const struct candidate *c = &r->agent.list.remotes[i];

		if (c->type != CANDIDATE_NONE && c->type != CANDIDATE_PRFLX &&
		    c->proto != CANDIDATE_HOP && !tells_of(desc, c))
			ice_agent_remove_remote(&r->agent, i);
	}
}

void reach_add_hops(struct reach *r, msec now)
{
	struct bytes ufrag = bytes_of(r->agent.remote_ufrag, strlen(r->agent.remote_ufrag));

	for (uint8_t i = 0; i < LOCALS_OFFERED; i++) {
		struct candidate c = r->agent.list.locals[i].c;

		if (c.type == CANDIDATE_NONE || c.proto != CANDIDATE_HOP)
			continue;
		c.at.scope = relays_scope(r->peer->session.peer.public_key);
		ice_agent_add_remote(&r->agent, ufrag, &c, now);
	}
}

void reach_take(struct reach *r, struct desc *desc, enum exchange_verdict verdict,
		const struct exchange_news *news, uint32_t ifindex, msec now)
{
	struct bytes ufrag = bytes_of(desc->ufrag, strlen(desc->ufrag));
	size_t n = desc->candidates_len;

	if (news->bye || ufrag.len == 0)
		return;
	reach_tell_begin(r, now);
	ice_agent_set_remote(&r->agent, ufrag, bytes_of(desc->pwd, strlen(desc->pwd)), now);
	reach_add_hops(r, now);
	reach_drop_lost_choice(r, EVENT_BEGAN_ANEW, now);
	if (r->chosen == NO_INDEX && r->checking_since == NEVER)
		r->checking_since = now;
	forget_untold(r, desc);
	if (verdict == EXCHANGE_UNPROVEN && n > REACH_UNPROVEN)
		n = REACH_UNPROVEN;
	for (size_t i = 0; i < n; i++) {
		struct candidate c = candidate_of(&desc->candidates[i]);

		r->tcp.by_peer |= candidate_is_tcp(&c);
		if (candidate_is_tcp(&c) && !r->tcp.allowed)
			continue;
		if (ip_is_link_local(&c.at.ip) && c.at.ip.family == IP_V6)
			c.at.scope = ifindex;
		ice_agent_add_remote(&r->agent, ufrag, &c, now);
	}
	/* one that is not live may be an old one, which somebody would like us to believe */
	if (verdict == EXCHANGE_LIVE)
		session_learn_suites(&r->peer->session, (uint8_t)(desc->suites & SUITE_ALL), now);
	if (verdict == EXCHANGE_LIVE && reach_tier(r) > TIER_IPV4)
		spray_arm(&r->spray, now);
	r->review = now;
	if (news->changed)
		standby_climb(r, now);
	if (!(desc->flags & DESC_WANT_CONNECT))
		return;
	if (news->changed)
		reach_ask_all(r, now);
	r->wanted = now;
}

/* As if a check had come from there, RFC 8445 section 7.3.1.3: below all that was told. */
void reach_add_known(struct reach *r, const struct endpoint *at, msec now)
{
	struct candidate c = {
		.type = CANDIDATE_PRFLX,
		.proto = CANDIDATE_UDP,
		.component = COMPONENT,
		.priority = candidate_priority(CANDIDATE_SRFLX, 0, COMPONENT),
		.foundation = "known",
		.at = *at,
	};
	struct bytes ufrag = bytes_of(r->agent.remote_ufrag, strlen(r->agent.remote_ufrag));

	ice_agent_add_remote(&r->agent, ufrag, &c, now);
}
