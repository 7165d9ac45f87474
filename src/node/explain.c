/* explain.c -- why a peer is reached by this way, or not at all. */
#include "node/explain.h"

#include <stdlib.h>
#include <string.h>

#include "node/brain.h"
#include "node/mapping.h"
#include "stun/behaviour.h"

_Static_assert((int)EXPLAIN_LOCALS == (int)LOCALS_MAX, "all of them");
_Static_assert((int)EXPLAIN_REMOTES == (int)REMOTES_MAX, "all of them");
_Static_assert((int)EXPLAIN_PAIRS == (int)PAIRS_MAX, "all of them");
_Static_assert((int)EXPLAIN_OBSERVED == (int)GATHER_OBSERVED_MAX + (int)GATHER_OBSERVED_TCP_MAX,
	       "all of them");
_Static_assert((int)EXPLAIN_INTRODUCERS == (int)INTRODUCERS_MAX + (int)NODE_RENDEZVOUS_MAX,
	       "all of them");

/* -- the verdict ------------------------------------------------------------- */

/* The first row whose facts are all there, and none of those that must not be. */
static const struct {
	uint32_t facts, but_not;
	enum explain_verdict verdict;
} cases[] = {
	{FACT_CIPHERS_APART, 0, VERDICT_CIPHERS_APART},
	{FACT_SESSION | FACT_UNANSWERED, 0, VERDICT_GONE},
	{FACT_SESSION | FACT_RELAYED | FACT_RELAY_ONLY, 0, VERDICT_RELAY_ONLY},
	{FACT_SESSION | FACT_LEFT, 0, VERDICT_SECOND_BEST},
	{FACT_SESSION | FACT_RELAYED | FACT_BY_STREAM, 0, VERDICT_RELAYED_NO_UDP},
	{FACT_SESSION | FACT_RELAYED | FACT_HARD | FACT_PEER_HARD, 0, VERDICT_RELAYED_BOTH_HARD},
	{FACT_SESSION | FACT_RELAYED, 0, VERDICT_RELAYED},
	{FACT_SESSION | FACT_TCP, 0, VERDICT_DIRECT_TCP},
	{FACT_SESSION, 0, VERDICT_DIRECT},
	{FACT_WORKS | FACT_UNANSWERED | FACT_AES, 0, VERDICT_AES_UNANSWERED},
	{FACT_WORKS | FACT_UNANSWERED, 0, VERDICT_WIREGUARD_LOST},
	{FACT_WORKS | FACT_TRYING, 0, VERDICT_CONNECTING},
	{FACT_WORKS, 0, VERDICT_IDLE},
	{FACT_LOOKED_FOR | FACT_RELAY_ONLY, FACT_TURN_UP, VERDICT_NO_RELAY},
	/* it has told its addresses, and none of them answers */
	{FACT_LOOKED_FOR | FACT_FAILED | FACT_DIRECT_ONLY, 0, VERDICT_DIRECT_ONLY},
	{FACT_LOOKED_FOR | FACT_NO_FAMILY, 0, VERDICT_NO_FAMILY},
	{FACT_LOOKED_FOR | FACT_FAILED | FACT_ONE_OUTSIDE, 0, VERDICT_ONE_OUTSIDE},
	{FACT_LOOKED_FOR | FACT_FAILED | FACT_HARD | FACT_PEER_HARD, 0, VERDICT_BOTH_HARD},
	{FACT_LOOKED_FOR | FACT_FAILED | FACT_HARD, 0, VERDICT_WE_ARE_HARD},
	{FACT_LOOKED_FOR | FACT_FAILED | FACT_PEER_HARD, 0, VERDICT_PEER_IS_HARD},
	{FACT_LOOKED_FOR | FACT_FAILED | FACT_DEAF, 0, VERDICT_UDP_BLOCKED},
	{FACT_LOOKED_FOR | FACT_FAILED, 0, VERDICT_ALL_FAILED},
	{FACT_LOOKED_FOR | FACT_HEARD, 0, VERDICT_CHECKING},
	/* it has told nothing, but is to be called */
	{FACT_ENDPOINT | FACT_NO_ADDRESS, 0, VERDICT_NO_ADDRESS},
	{FACT_ENDPOINT | FACT_UNANSWERED | FACT_DEAF, 0, VERDICT_UDP_BLOCKED},
	{FACT_ENDPOINT | FACT_UNANSWERED | FACT_AES, 0, VERDICT_AES_UNANSWERED},
	{FACT_ENDPOINT | FACT_UNANSWERED, 0, VERDICT_ENDPOINT_SILENT},
	{FACT_ENDPOINT | FACT_TRYING, 0, VERDICT_CONNECTING},
	{FACT_ENDPOINT, 0, VERDICT_IDLE},
	/* nobody knows where it is: it must be asked for */
	{FACT_LOOKED_FOR | FACT_TOKEN, 0, VERDICT_TOKEN_OUT},
	{0, FACT_LAN | FACT_INTRODUCER | FACT_PLACES, VERDICT_NO_CHANNEL},
	{FACT_INTRODUCER | FACT_DEAF, FACT_INTRODUCER_UP, VERDICT_UDP_BLOCKED},
	{FACT_INTRODUCER, FACT_INTRODUCER_UP, VERDICT_NO_INTRODUCER},
	{FACT_LOOKED_FOR | FACT_LONG, 0, VERDICT_PEER_SILENT},
	{FACT_LOOKED_FOR, 0, VERDICT_LOOKING},
	{FACT_TRYING | FACT_UNANSWERED, 0, VERDICT_PEER_SILENT},
	{FACT_TRYING, 0, VERDICT_CONNECTING},
	{0, 0, VERDICT_IDLE},
};

enum explain_verdict explain_judge(uint32_t facts)
{
	size_t i = 0;

	while ((facts & cases[i].facts) != cases[i].facts || facts & cases[i].but_not)
		i++;
	return cases[i].verdict;
}

static const struct {
	const char *name, *why, *fix;
} words[VERDICTS] = {
	[VERDICT_DIRECT] = {
		"direct",
		"packets go straight to it, and its answers come back",
		"nothing to do",
	},
	[VERDICT_DIRECT_TCP] = {
		"direct_tcp",
		"UDP does not get through, so packets go straight to it over TCP, which waits where one is lost",
		"let UDP through in the firewalls of both networks; it is tried again each minute",
	},
	[VERDICT_RELAY_ONLY] = {
		"relay_only",
		"the config wants it so, path = relay-only: a relay passes the packets on",
		"nothing to do; path = auto would use a straight way if there is one",
	},
	[VERDICT_SECOND_BEST] = {
		"second_best",
		"a better way works, but it lost too much or took too long when it was used, so it rests for some minutes",
		"nothing to do, it will be tried again; if that goes on, something there throttles UDP or the line is bad",
	},
	[VERDICT_RELAYED_NO_UDP] = {
		"relayed_no_udp",
		"UDP does not even reach the relay from here, so it passes the packets on by a connection, which is slower",
		"let UDP out in the firewall of this network; 'p2pnet netcheck' tells whether it gets out",
	},
	[VERDICT_RELAYED_BOTH_HARD] = {
		"relayed_both_hard",
		"both NATs show each destination another port, so neither side can guess where to send to, and a relay passes "
		"the packets on",
		"make one of the two reachable from outside: IPv6, or a UDP port that its router forwards",
	},
	[VERDICT_NO_RELAY] = {
		"no_relay",
		"the config allows relays only, path = relay-only, and no TURN server has an address for us",
		"see above what each of them says; 'turn' in [nat] names them",
	},
	[VERDICT_DIRECT_ONLY] = {
		"direct_only",
		"no straight way works, and the config forbids a relay, path = direct-only",
		"make one of the two reachable from outside, or write path = auto",
	},
	[VERDICT_RELAYED] = {
		"relayed",
		"no straight way was found, so a relay passes the packets on",
		"make one of the two reachable from outside: IPv6, or a UDP port that its router forwards",
	},
	[VERDICT_GONE] = {
		"gone",
		"it was connected, but does not answer any more",
		"see that it is still up and online; it is called again until it answers",
	},
	[VERDICT_CIPHERS_APART] = {
		"ciphers_apart",
		"the cipher that the config allows here, and the one that it allows there, are not the same",
		"set cipher = auto on one of the two sides, in its [interface] or in the [peer] of the other",
	},
	[VERDICT_AES_UNANSWERED] = {
		"aes_unanswered",
		"it is called with AES-256-GCM, by our config or because it had that, and does not answer",
		"see that it is up and that the keys fit; if it is plain WireGuard, or allows AES-256-GCM no more, set cipher = "
		"chacha20 in its [peer] here",
	},
	[VERDICT_WIREGUARD_LOST] = {
		"wireguard_lost",
		"its address answers, but no WireGuard handshake does: something on the way may filter them",
		"try another listen_port or another network; a firewall that knows WireGuard is likely",
	},
	[VERDICT_CONNECTING] = {
		"connecting",
		"a handshake is under way",
		"wait a few seconds, then ask again",
	},
	[VERDICT_NO_FAMILY] = {
		"no_family",
		"one of the two has only IPv4 and the other only IPv6, and between these there is no path",
		"get IPv6 for the one or IPv4 for the other",
	},
	[VERDICT_ONE_OUTSIDE] = {
		"one_outside",
		"both are behind one outside address, a router's or carrier's, that lets none of its own call in",
		"ask the provider for IPv6 or a public address, or turn on hairpin (NAT loopback) if the router is yours",
	},
	[VERDICT_BOTH_HARD] = {
		"both_hard",
		"both NATs show each destination another port, so neither side can guess where to send to",
		"get IPv6 or a forwarded UDP port for one of the two, or let a peer with an endpoint relay, "
		"relay = yes in its [nat], or a TURN server, turn = in ours",
	},
	[VERDICT_WE_ARE_HARD] = {
		"we_are_hard",
		"our NAT shows each destination another port, and the peer's lets in only the one it knows",
		"forward our listen_port in our router, or get IPv6 here",
	},
	[VERDICT_PEER_IS_HARD] = {
		"peer_is_hard",
		"the peer's NAT shows each destination another port, and ours lets in only the one it knows",
		"forward the peer's listen_port in its router, or get IPv6 there",
	},
	[VERDICT_ALL_FAILED] = {
		"all_failed",
		"each has told the other its addresses, but no packet comes through on any of them",
		"see that no firewall on the way drops UDP, between the hosts and on them, or let a peer with an "
		"endpoint relay: relay = yes in its [nat]",
	},
	[VERDICT_CHECKING] = {
		"checking",
		"the addresses of both are known and are being tried",
		"wait up to 40 s, then ask again",
	},
	[VERDICT_NO_ADDRESS] = {
		"no_address",
		"the name of its endpoint leads to no address",
		"check the name, and that this host can look names up (getent hosts NAME)",
	},
	[VERDICT_UDP_BLOCKED] = {
		"udp_blocked",
		"nobody that was called by UDP answers, so UDP seems to be blocked here",
		"let UDP out in the firewall of this network; 'p2pnet netcheck' tells whether it gets out",
	},
	[VERDICT_ENDPOINT_SILENT] = {
		"endpoint_silent",
		"nobody answers at its endpoint",
		"see that it is up, that its UDP port is open from outside, and that the keys on both sides fit",
	},
	[VERDICT_TOKEN_OUT] = {
		"token_out",
		"a token for it is out, and no answer to it was accepted here",
		"give what 'p2pnet accept' printed there to 'p2pnet accept' here",
	},
	[VERDICT_NO_CHANNEL] = {
		"no_channel",
		"it has no endpoint, and there is nobody to ask where it is: no LAN, no peer with an endpoint, no rendezvous",
		"give one peer of the net that all can reach an endpoint, or name a rendezvous, here and at the other side, or "
		"introduce the two by hand with 'p2pnet offer'",
	},
	[VERDICT_NO_INTRODUCER] = {
		"no_introducer",
		"the peer with an endpoint, or the rendezvous, that could ask it is not connected, and on the LAN it was not found",
		"see that it is up, and that no firewall here blocks UDP",
	},
	[VERDICT_PEER_SILENT] = {
		"peer_silent",
		"it was asked on all channels and has not answered: it is down, or nothing gets out there",
		"see that p2pnet is up there, has our public key, reaches a peer with an endpoint, and that UDP is not blocked",
	},
	[VERDICT_LOOKING] = {
		"looking",
		"it is being asked on all channels where it is",
		"wait a few seconds, then ask again",
	},
	[VERDICT_IDLE] = {
		"idle",
		"there was nothing to send, so no way is kept open",
		"send it something, such as 'p2pnet ping', then ask again",
	},
};

const char *explain_name(enum explain_verdict verdict)
{
	return words[verdict].name;
}

const char *explain_why(enum explain_verdict verdict)
{
	return words[verdict].why;
}

const char *explain_fix(enum explain_verdict verdict)
{
	return words[verdict].fix;
}

/* -- NATs -------------------------------------------------------------------- */

/* Two ports at one outside address, of one address inside as far as that was told. */
static bool is_other_port_of(const struct candidate *a, const struct candidate *b)
{
	bool outside = a->type == CANDIDATE_SRFLX && candidate_same_transport(a, b) &&
		       (b->type == CANDIDATE_SRFLX || b->type == CANDIDATE_PRFLX);

	if (!outside || !ip_equal(&a->at.ip, &b->at.ip) || a->at.port == b->at.port)
		return false;
	return b->type == CANDIDATE_PRFLX || endpoint_equal(&a->related, &b->related);
}

static bool peer_is_symmetric(const struct checklist *list)
{
	for (size_t i = 0; i < REMOTES_MAX; i++) {
		for (size_t j = 0; j < REMOTES_MAX; j++) {
			if (is_other_port_of(&list->remotes[i], &list->remotes[j]))
				return true;
		}
	}
	return false;
}

/* The peer does not tell what others see of it, so one that is easy is not known to be. */
static const char *peer_nat(const struct reach *r)
{
	struct behaviour_report report = {.mapping = MAPPING_UNKNOWN};

	if (r && peer_is_symmetric(&r->agent.list))
		report.mapping = MAPPING_DEPENDENT;
	return behaviour_word(&report);
}

/* -- facts ------------------------------------------------------------------- */

static bool is_seen_at(const struct gather *g, const struct ip *outside)
{
	for (size_t i = 0; i < GATHER_OBSERVED_MAX; i++) {
		const struct observed *o = &g->observed[i];

		if (ip_equal(&o->mapped.ip, outside) && !ip_equal(&o->mapped.ip, &o->base))
			return true;
	}
	return false;
}

static bool share_outside(const struct gather *g, const struct checklist *list)
{
	for (size_t i = 0; i < REMOTES_MAX; i++) {
		const struct candidate *c = &list->remotes[i];

		if (c->type == CANDIDATE_SRFLX && is_seen_at(g, &c->at.ip))
			return true;
	}
	return false;
}

/* The families that lead further than the link, as bits. */
static unsigned family_bit(const struct candidate *c)
{
	if (c->type == CANDIDATE_NONE || c->proto == CANDIDATE_HOP || ip_is_link_local(&c->at.ip))
		return 0;
	return c->at.ip.family == IP_V4 ? 1 : 2;
}

static bool share_no_family(const struct gather *g, const struct checklist *list)
{
	unsigned ours = 0, theirs = 0;

	for (size_t i = 0; i < g->candidates_len; i++)
		ours |= family_bit(&g->candidates[i].c);
	for (size_t i = 0; i < REMOTES_MAX; i++)
		theirs |= family_bit(&list->remotes[i]);
	return ours && theirs && !(ours & theirs);
}

/* Nobody answers of at least two that have been called, or a rendezvous does, but only over TLS. */
static bool is_deaf(const struct node *node, msec now)
{
	unsigned silent = 0;

	for (size_t i = 0; i < node->roster.len; i++) {
		const struct peer *peer = node->roster.peers[i];

		if (!peer->settings->endpoint_host)
			continue;
		if (session_may_send(&peer->session, now) && !peer->unanswered)
			return false;
		silent += peer->unanswered >= EXPLAIN_UNANSWERED;
	}
	return silent >= 2 || rendezvous_links_miss_udp(node, now);
}

static uint32_t when(bool is_so, enum explain_fact fact)
{
	return is_so ? (uint32_t)fact : 0;
}

/* The peer may begin anew before our own checks have come to their end. */
static bool is_hopeless(const struct reach *r, msec now)
{
	return r->rounds_failed ||
	       (r->checking_since != NEVER && now - r->checking_since >= EXPLAIN_HOPELESS);
}

static uint32_t facts_of_pairs(const struct reach *r, const struct gather *g, msec now)
{
	const struct checklist *list = &r->agent.list;
	unsigned failed = checklist_count(list, PAIR_FAILED);
	unsigned hopes = checklist_count(list, PAIR_FROZEN) +
			 checklist_count(list, PAIR_WAITING) +
			 checklist_count(list, PAIR_IN_PROGRESS);
	bool valid = reach_best(r) != NO_INDEX;

	return when(valid, FACT_WORKS) |
	       when(!valid && (is_hopeless(r, now) || (failed && !hopes)), FACT_FAILED) |
	       when(r->agent.remote_ufrag[0], FACT_HEARD) |
	       when(share_outside(g, list), FACT_ONE_OUTSIDE) |
	       when(share_no_family(g, list), FACT_NO_FAMILY) |
	       when(peer_is_symmetric(list), FACT_PEER_HARD);
}

static const struct penalty *penalty_for(const struct reach *r, uint8_t pair)
{
	struct path way = reach_path(r, pair);

	return penalty_of(&r->penalties, &way);
}

static bool has_left_a_better_way(const struct reach *r)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (reach_is_valid(r, i) && reach_tier_of(r, i) < reach_tier(r) && penalty_for(r, i))
			return true;
	}
	return false;
}

static uint32_t facts_of_reach(const struct reach *r, const struct gather *g, msec now)
{
	bool is_long = r->searching_since != NEVER && now - r->searching_since >= EXPLAIN_LONG;

	return FACT_LOOKED_FOR | when(r->chosen != NO_INDEX && has_left_a_better_way(r), FACT_LEFT) |
	       when(is_long, FACT_LONG) | when(now < r->until, FACT_TOKEN) |
	       facts_of_pairs(r, g, now);
}

/* One that has answered in this life would do so again. */
static bool calls_in_vain_with_aes(const struct session *s)
{
	return suite_choose(s->ours, s->theirs) == AEAD_AES256GCM && !s->last_handshake;
}

static uint32_t facts_of_peer(const struct peer *peer, const struct peer_status *status)
{
	bool has_endpoint = peer->settings->endpoint_host != NULL;
	bool asked_name = peer->resolve_after != 0 && !peer->resolving;

	return when(peer_state_is_up(status->state), FACT_SESSION) |
	       when(status->way.how == PATH_RELAYED, FACT_RELAYED) |
	       when(peer->path.via == VIA_TCP, FACT_TCP) |
	       when(status->way.transport != PATH_UDP, FACT_BY_STREAM) |
	       when(peer->settings->path == PEER_PATH_RELAY_ONLY, FACT_RELAY_ONLY) |
	       when(peer->settings->path == PEER_PATH_DIRECT_ONLY, FACT_DIRECT_ONLY) |
	       when(status->state == PEER_CONNECTING, FACT_TRYING) |
	       when(peer->unanswered >= EXPLAIN_UNANSWERED, FACT_UNANSWERED) |
	       when(calls_in_vain_with_aes(&peer->session), FACT_AES) |
	       when(has_endpoint, FACT_ENDPOINT) |
	       when(has_endpoint && asked_name && !peer_has_path(peer), FACT_NO_ADDRESS);
}

static uint32_t facts_of_introducer(const struct explained_introducer *in)
{
	return in->is_plain ? 0 : FACT_INTRODUCER | when(in->connected, FACT_INTRODUCER_UP);
}

static uint32_t gather_facts(const struct node *node, const struct peer *peer,
			     const struct explanation *e, msec now)
{
	uint32_t facts = facts_of_peer(peer, &e->peer) | when(e->lan, FACT_LAN) |
			 when(e->places, FACT_PLACES) |
			 when(is_deaf(node, now), FACT_DEAF) |
			 when(cipher_contradicts(peer, now), FACT_CIPHERS_APART) |
			 when(mapping_of_ours(&node->signalling.gather).is_hard, FACT_HARD);

	if (peer->reach)
		facts |= facts_of_reach(peer->reach, &node->signalling.gather, now);
	for (size_t i = 0; i < e->turns_len; i++)
		facts |= when(e->turns[i].state == NODE_TURN_UP, FACT_TURN_UP);
	for (size_t i = 0; i < e->introducers_len; i++)
		facts |= facts_of_introducer(&e->introducers[i]);
	return facts;
}

/* -- copies ------------------------------------------------------------------ */

/* An observer with two ports that saw the same at both is one. */
static bool is_told(const struct explanation *e, const struct observed *o, bool tcp)
{
	for (size_t i = 0; i < e->observed_len; i++) {
		if (ip_equal(&e->observed[i].observer, &o->observer.ip) &&
		    ip_equal(&e->observed[i].base, &o->base) &&
		    endpoint_equal(&e->observed[i].mapped, &o->mapped) && e->observed[i].tcp == tcp)
			return true;
	}
	return false;
}

static void copy_observed(struct explanation *e, const struct observed *all, size_t n, bool tcp,
			  msec now)
{
	for (const struct observed *o = all; o < all + n; o++) {
		if (o->mapped.ip.family != IP_NONE && !is_told(e, o, tcp))
			e->observed[e->observed_len++] = (struct explained_observed){
				o->mapped, o->base, o->observer.ip, now - o->seen, tcp};
	}
}

static void copy_introducers(struct explanation *e, const struct node *node, msec now)
{
	const struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		const struct introducer *in = peer->introducer;

		if (in && e->introducers_len < EXPLAIN_INTRODUCERS)
			e->introducers[e->introducers_len++] = (struct explained_introducer){
				peer->settings->name,
				peer_may_send(peer, now) && in->client.state != RENDEZVOUS_OFF,
				in->is_plain,
				in->relays && in->was_up,
			};
	}
}

/* Of TCP it matters who calls. */
static const char *word_for(const struct candidate *c)
{
	static const char *const tcp[] = {
		[CANDIDATE_TCP_ACTIVE] = "tcp-active",
		[CANDIDATE_TCP_PASSIVE] = "tcp-passive",
		[CANDIDATE_TCP_SO] = "tcp-so",
	};

	return candidate_is_tcp(c) ? tcp[c->proto] : candidate_type_name(c->type);
}

static void copy_turns(struct explanation *e, const struct node *node, msec now)
{
	e->turns_len = node_turns_len(node);
	for (size_t i = 0; i < e->turns_len; i++)
		node_turn_status(node, i, &e->turns[i], now);
}

static struct explained_candidate candidate_of(const struct relays *relays,
					       const struct candidate *c)
{
	bool is_hop = c->proto == CANDIDATE_HOP;

	return (struct explained_candidate){
		.type = word_for(c),
		.at = c->at,
		.relay = is_hop ? relays_name_at(relays, &c->at.ip) : NULL,
	};
}

static void copy_locals(struct explanation *e, const struct signalling *s, bool with_tcp)
{
	const struct gather *g = &s->gather;

	for (size_t i = 0; i < g->candidates_len; i++)
		e->locals[e->locals_len++] = candidate_of(&s->relays, &g->candidates[i].c);
	for (size_t i = 0; with_tcp && i < g->tcp_candidates_len; i++)
		e->locals[e->locals_len++] = candidate_of(&s->relays, &g->tcp_candidates[i].c);
}

static void copy_remotes(struct explanation *e, const struct reach *r)
{
	for (size_t i = 0; i < REMOTES_MAX; i++) {
		const struct candidate *c = &r->agent.list.remotes[i];

		if (c->type != CANDIDATE_NONE)
			e->remotes[e->remotes_len++] = candidate_of(r->relays, c);
	}
}

static struct explained_pair pair_of(const struct reach *r, uint8_t index, msec now)
{
	const struct checklist *list = &r->agent.list;
	const struct pair *p = &list->pairs[index];
	uint8_t local = p->mapped == NO_INDEX ? p->local : p->mapped;
	const struct penalty *penalty = penalty_for(r, index);

	return (struct explained_pair){
		.local = candidate_of(r->relays, &list->locals[local].c),
		.remote = candidate_of(r->relays, &list->remotes[p->remote]),
		.state = pair_state_name(p->state),
		.rtt = p->srtt,
		.lost = p->history_len ? (int)(pair_lost(p) * 100 / p->history_len) : -1,
		.answered = p->last_answer == NEVER ? -1 : now - p->last_answer,
		.penalty = !penalty ? -1 : penalty->until > now ? penalty->until - now : 0,
		.in_use = index == r->chosen,
	};
}

/* In use, then by how they stand, then by priority. */
static bool stands_before(const struct reach *r, uint8_t a, uint8_t b)
{
	static const uint8_t rank[] = {
		[PAIR_VALID] = 0, [PAIR_IN_PROGRESS] = 1, [PAIR_WAITING] = 2,
		[PAIR_FROZEN] = 3, [PAIR_FAILED] = 4, [PAIR_NONE] = 5,
	};
	const struct pair *pa = &r->agent.list.pairs[a], *pb = &r->agent.list.pairs[b];

	if (a == r->chosen || b == r->chosen)
		return a == r->chosen;
	if (rank[pa->state] != rank[pb->state])
		return rank[pa->state] < rank[pb->state];
	return pa->priority > pb->priority;
}

static void copy_pairs(struct explanation *e, const struct reach *r, msec now)
{
	uint8_t order[PAIRS_MAX];
	size_t n = 0;

	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		size_t at = n;

		if (r->agent.list.pairs[i].state == PAIR_NONE)
			continue;
		for (; at > 0 && stands_before(r, i, order[at - 1]); at--)
			order[at] = order[at - 1];
		order[at] = i;
		n++;
	}
	for (size_t i = 0; i < n; i++)
		e->pairs[i] = pair_of(r, order[i], now);
	e->pairs_len = n;
}

static void copy_reach(struct explanation *e, const struct reach *r, msec now)
{
	e->since = now - (r->chosen == NO_INDEX ? r->searching_since : r->chosen_at);
	e->rounds_failed = r->rounds_failed;
	copy_remotes(e, r);
	copy_pairs(e, r, now);
}

bool node_explain(const struct node *node, const uint8_t key[static KEY_LEN],
		  struct explanation *out, msec now)
{
	const struct signalling *s = &node->signalling;
	const struct peer *peer = node_find_peer(node, key);
	struct endpoint places[KNOWN_TARGETS];

	if (!peer)
		return false;
	*out = (struct explanation){
		.since = -1,
		.nat = mapping_word_of_ours(&s->gather),
		.peer_nat = peer_nat(peer->reach),
		.in_a_row = mapping_of_ours(&s->gather).is_sequential,
		.peer_in_a_row = peer->reach && mapping_of_peer(&peer->reach->agent.list).is_sequential,
		.lan = s->lan && s->gather.locals_len > 0,
		.places = known_targets(node, peer, places) > 0,
	};
	node_find_peer_status(node, key, &out->peer, now);
	copy_observed(out, s->gather.observed, GATHER_OBSERVED_MAX, false, now);
	copy_observed(out, s->gather.observed_tcp, GATHER_OBSERVED_TCP_MAX, true, now);
	copy_introducers(out, node, now);
	copy_turns(out, node, now);
	copy_locals(out, s, peer->reach && peer->reach->tcp.used);
	if (peer->reach)
		copy_reach(out, peer->reach, now);
	out->facts = gather_facts(node, peer, out, now);
	out->verdict = explain_judge(out->facts);
	return true;
}
