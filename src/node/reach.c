/* reach.c -- finding a way to a peer that nobody has given an address of, and living on it. */
#include "node/reach_facts.h"

#include <stdlib.h>
#include <string.h>

static struct ice_settings ice_settings_of(const struct reach *r,
					   const struct reach_context *context)
{
	const uint8_t *own = context->shared->self.public_key;

	return (struct ice_settings){
		/* so that they never conflict: both know both keys */
		.controlling = memcmp(own, r->peer->session.peer.public_key, KEY_LEN) > 0,
		.rng = context->rng,
		.pacer = context->pacer,
		.refused = context->refused,
		.refused_len = context->refused_len,
	};
}

/* The credentials are the exchange's: each generation has its own. */
static void use_credentials(struct reach *r)
{
	ice_agent_set_local(&r->agent, r->exchange.ufrag, r->exchange.pwd);
}

bool reach_is_active(const struct reach *r, msec now)
{
	return now - r->wanted < REACH_ACTIVE;
}

bool reach_wants_relay(const struct reach *r, msec now)
{
	if (r->allowed == PEER_PATH_DIRECT_ONLY ||
	    (!reach_is_active(r, now) && now >= r->until))
		return false;
	return r->chosen == NO_INDEX || reach_tier_of(r, r->chosen) >= TIER_RELAY;
}

/* The peer's wish is none of ours, or two would keep each other awake. */
static uint16_t flags_of(const struct reach *r, msec now)
{
	bool relay_only = r->allowed == PEER_PATH_RELAY_ONLY;

	return (now - r->wished < REACH_ACTIVE ? DESC_WANT_CONNECT : 0) |
	       (relay_only ? DESC_RELAY_ONLY : 0);
}

bool reach_poll_exchange(struct reach *r, struct exchange_message *out, msec now)
{
	exchange_set_flags(&r->exchange, flags_of(r, now));
	return exchange_poll(&r->exchange, out, now);
}

void reach_offer(struct reach *r, msec now)
{
	struct exchange_offer o = {
		.candidates = r->offered,
		.options = DESC_ICE2 | DESC_TRICKLE,
		.suites = r->peer->session.ours,
		.flags = flags_of(r, now),
	};

	o.candidates_len = gather_offer(r->offered, r->agent.list.locals, LOCALS_MAX);
	exchange_set_offer(&r->exchange, &o, now);
}

/* What the settings of the peer want to be told and used. */
static bool may_offer(const struct reach *r, const struct local_candidate *local)
{
	bool is_relay = local->c.type == CANDIDATE_RELAY;

	switch (r->allowed) {
	case PEER_PATH_DIRECT_ONLY:
		return !is_relay;
	case PEER_PATH_RELAY_ONLY:
		return is_relay;
	case PEER_PATH_AUTO:
		break;
	}
	return true;
}

static void add_locals(struct reach *r, const struct gather *gather)
{
	for (size_t i = 0; i < gather->candidates_len; i++) {
		if (may_offer(r, &gather->candidates[i]))
			ice_agent_add_local(&r->agent, &gather->candidates[i]);
	}
	for (size_t i = 0; r->tcp.used && i < gather->tcp_candidates_len; i++) {
		if (may_offer(r, &gather->tcp_candidates[i]))
			ice_agent_add_local(&r->agent, &gather->tcp_candidates[i]);
	}
}

struct reach *reach_new(struct peer *peer, const struct reach_context *context, msec now)
{
	const struct noise_peer *noise = &peer->session.peer;
	struct reach *r = calloc(1, sizeof(*r));
	struct ice_settings settings;

	if (!r)
		return NULL;
	r->peer = peer;
	r->relays = context->relays;
	r->turns = context->turns;
	r->allowed = peer->settings->path;
	if (!exchange_init(&r->exchange, context->shared, noise->public_key, noise->psk,
			   peer->signal_heard_ms)) {
		free(r);
		return NULL;
	}
	settings = ice_settings_of(r, context);
	ice_agent_init(&r->agent, &settings);
	r->chosen = NO_INDEX;
	r->searching_since = r->wanted = r->wished = r->review = r->resumed = now;
	r->doubted = r->asked = r->followed = r->standby.asked = r->standby.climbed = now;
	spray_disarm(&r->spray);
	r->checking_since = r->promoted_at = NEVER;
	add_locals(r, context->gather);
	exchange_start(&r->exchange, now);
	use_credentials(r);
	reach_offer(r, now);
	return r;
}

void reach_free(struct reach *r)
{
	if (!r)
		return;
	list_remove(&r->link);
	r->peer->signal_heard_ms = r->exchange.heard_ms;
	ice_agent_deinit(&r->agent);
	exchange_deinit(&r->exchange);
	free(r);
}

void reach_drop_lost_choice(struct reach *r, enum event_reason why, msec now)
{
	if (r->chosen == NO_INDEX || reach_is_valid(r, r->chosen))
		return;
	r->chosen = NO_INDEX;
	r->searching_since = now;
	/* the peer does that when it hears us no more: we may be seen elsewhere by now */
	r->doubts_itself |= why == EVENT_BEGAN_ANEW;
	peer_tell(r->peer, EVENT_PATH_LOST, why, now);
}

/* Those that are gone go first: addresses with their pairs, and what others saw of us. */
static void remove_locals(struct reach *r, const struct gather *gather)
{
	for (uint8_t i = 0; i < LOCALS_MAX; i++) {
		struct local_candidate local = r->agent.list.locals[i];

		if (local.c.type == CANDIDATE_NONE)
			continue;
		if (!gather_has_base(gather, &local.base) ||
		    (candidate_is_tcp(&local.c) && !gather->tcp))
			ice_agent_remove_base(&r->agent, &local.base);
		else if (local.c.type == CANDIDATE_SRFLX && !gather_has(gather, &local))
			ice_agent_remove_reflexive(&r->agent, i);
	}
}

void reach_set_locals(struct reach *r, const struct gather *gather, msec now)
{
	remove_locals(r, gather);
	add_locals(r, gather);
	reach_drop_lost_choice(r, EVENT_ADDRESS_GONE, now);
	standby_climb(r, now);
	r->is_stale = true;
	reach_offer(r, now);
	r->review = now;
}

/* Those that are gone have no pairs any more. */
static void forget_hops(struct reach *r, const struct gather *gather)
{
	for (uint8_t i = 0; i < REMOTES_MAX; i++) {
		const struct candidate *c = &r->agent.list.remotes[i];

		if (c->type != CANDIDATE_NONE && c->proto == CANDIDATE_HOP &&
		    !gather_has_relay(gather, &c->at.ip))
			ice_agent_remove_remote(&r->agent, i);
	}
}

void reach_set_relays(struct reach *r, const struct gather *gather, msec now)
{
	remove_locals(r, gather);
	forget_hops(r, gather);
	add_locals(r, gather);
	reach_add_hops(r, now);
	reach_drop_lost_choice(r, EVENT_RELAY_GONE, now);
	r->review = now;
}

void reach_tell_begin(struct reach *r, msec now)
{
	if (r->is_told || r->chosen != NO_INDEX)
		return;
	r->is_told = true;
	peer_tell(r->peer, EVENT_SEARCH_BEGAN, EVENT_NO_REASON, now);
}

/* -- choosing --------------------------------------------------------------- */

static void choose(struct reach *r, uint8_t index, enum event_reason why, msec now)
{
	r->chosen = index;
	r->chosen_at = r->heard = r->review = now;
	r->searching_since = r->checking_since = NEVER;
	r->rounds_failed = 0;
	if (reach_tier_of(r, index) <= TIER_IPV4)
		spray_disarm(&r->spray);
	r->peer->path = reach_path(r, index);
	loss_begin(&r->loss, &r->peer->session);
	standby_begin_climb(r, now);
	trial_cancel(&r->trial);
	ice_agent_set_active(&r->agent, reach_is_active(r, now) ? index : NO_INDEX, now);
	peer_tell(r->peer, EVENT_PATH_CHOSEN, why, now);
	if (!session_may_send(&r->peer->session, now) && r->peer->queue.len)
		session_want_handshake(&r->peer->session, now);
}

static void promote(struct reach *r, uint8_t index, enum event_reason why, msec now)
{
	choose(r, index, why, now);
	r->promoted_at = now;
}

void reach_leave_for(struct reach *r, uint8_t pair, enum event_reason why, msec now)
{
	struct path left = reach_path(r, r->chosen);

	penalty_impose(&r->penalties, &left, now);
	promote(r, pair, why, now);
}

static void search_anew(struct reach *r, msec now)
{
	r->chosen = NO_INDEX;
	r->searching_since = now;
	r->doubts_itself = true;
	spray_disarm(&r->spray);
	exchange_restart(&r->exchange, now);
	ice_agent_restart(&r->agent);
	use_credentials(r);
	reach_offer(r, now);
}

void reach_return_to_choice(struct reach *r, msec now)
{
	struct path chosen = reach_path(r, r->chosen);

	if (reach_last_heard(r) <= r->followed || way_equal(&r->peer->path, &chosen))
		return;
	r->peer->path = chosen;
	loss_begin(&r->loss, &r->peer->session);
	peer_tell(r->peer, EVENT_PATH_CHOSEN, EVENT_ANSWERED, now);
}

static void lose_way(struct reach *r, msec now)
{
	search_anew(r, now);
	peer_tell(r->peer, EVENT_PATH_LOST, EVENT_SILENT, now);
}

/* Once in a while: one that keeps losing would be asked without an end. */
static void demand_proof(struct reach *r, uint8_t pair, msec now)
{
	if (now >= r->proof_due && ice_agent_sample(&r->agent, pair, now))
		r->proof_due = now + REACH_PROOF;
}

static void review_choice(struct reach *r, msec now)
{
	uint8_t best = reach_best(r), rival;

	if (r->chosen != NO_INDEX && !reach_is_valid(r, r->chosen)) {
		if (best != NO_INDEX)
			choose(r, best, EVENT_SILENT, now);
		else if (reach_is_active(r, now))
			lose_way(r, now);
		return;
	}
	if (best == NO_INDEX)
		return;
	if (r->chosen == NO_INDEX) {
		choose(r, best, EVENT_ANSWERED, now);
		return;
	}
	reach_return_to_choice(r, now);
	rival = reach_rival(r, now);
	if (rival != NO_INDEX)
		promote(r, rival, EVENT_BETTER, now);
	else if (reach_is_half_proved(r, best))
		demand_proof(r, best, now);
}

/* -- ports that are guessed -------------------------------------------------- */

static struct packet packet_over(struct bytes message)
{
	return (struct packet){
		.start = (uint8_t *)message.data,
		.data = (uint8_t *)message.data,
		.len = message.len,
		.end = (uint8_t *)message.data + message.len,
	};
}

struct packet reach_guess(struct reach *r)
{
	return packet_over(ice_agent_guess(&r->agent));
}

bool reach_adopt(struct reach *r, const struct ice_base *base, bool guessed, msec now)
{
	unsigned adopted = 0, room = guessed ? REACH_ADOPTED_MAX : REACH_ADOPTED_ASKED;

	for (size_t i = 0; i < LOCALS_OFFERED; i++) {
		const struct local_candidate *local = &r->agent.list.locals[i];

		adopted += local->c.type != CANDIDATE_NONE && via_is_socket(local->base.via);
	}
	spray_pause(&r->spray, now);
	return adopted < room && ice_agent_add_base(&r->agent, base);
}

void reach_disown(struct reach *r, uint16_t via)
{
	for (size_t i = 0; i < LOCALS_MAX; i++) {
		struct local_candidate local = r->agent.list.locals[i];

		if (local.c.type != CANDIDATE_NONE && local.base.via == via)
			ice_agent_remove_base(&r->agent, &local.base);
	}
}

/* -- time --------------------------------------------------------------------- */

static void keep_open(struct reach *r, msec now)
{
	if (r->chosen == NO_INDEX || reach_is_active(r, now) || now - r->wanted >= REACH_WARM ||
	    now - r->kept < REACH_KEEPALIVE)
		return;
	r->kept = now;
	ice_agent_keepalive(&r->agent, r->chosen);
}

/* Whoever carries the token may take minutes, and a NAT lets in who was sent to lately. */
static void knock(struct reach *r, msec now)
{
	if (r->chosen != NO_INDEX || now >= r->until || now - r->asked < REACH_KNOCK)
		return;
	r->asked = now;
	for (uint8_t i = 0; i < PAIRS_MAX; i++)
		ice_agent_check_now(&r->agent, i);
}

static msec next_review(const struct reach *r, msec now)
{
	msec over = r->searching_since != NEVER ? r->searching_since + REACH_SEARCH
						: r->wanted + REACH_FORGET;

	if (r->chosen != NO_INDEX && reach_is_active(r, now))
		return msec_min(now + SECONDS(1), reach_ask_due(r, now));
	if (r->chosen != NO_INDEX && now - r->wanted < REACH_WARM)
		return now + REACH_KEEPALIVE;
	if (r->chosen == NO_INDEX && now < r->until)
		return now + REACH_KNOCK;
	/* a key that is kept fresh by others may outlive the wish */
	return over > now ? over : now + REACH_KEEPALIVE;
}

void reach_tick(struct reach *r, msec now)
{
	exchange_tick(&r->exchange, now);
	ice_agent_tick(&r->agent, now);
	if (now < r->review)
		return;
	r->review = next_review(r, now);
	if (r->chosen != NO_INDEX)
		ice_agent_set_active(&r->agent, reach_is_active(r, now) ? r->chosen : NO_INDEX, now);
	reach_ask_after_silence(r, now);
	knock(r, now);
	keep_open(r, now);
	if (reach_is_active(r, now)) {
		standby_tick(r, now);
		trial_tick(r, now);
	}
	review_choice(r, now);
}

msec reach_due(const struct reach *r, msec now)
{
	msec due = msec_min(exchange_due(&r->exchange, now), ice_agent_due(&r->agent));

	return msec_min(msec_min(due, reach_tcp_due(r)), r->review);
}

bool reach_is_over(const struct reach *r, msec now)
{
	if (r->searching_since != NEVER)
		return now - r->searching_since >= REACH_SEARCH && now >= r->until;
	return now - r->wanted >= REACH_FORGET && !session_may_send(&r->peer->session, now);
}

/* A question for consent was missed: three more decide, and the standbys are to be ready. */
static void doubt_choice(struct reach *r, msec now)
{
	if (!reach_is_valid(r, r->chosen))
		return;
	ice_agent_check_now(&r->agent, r->chosen);
	standby_ask(r, now);
}

static void fail_round(struct reach *r, msec now)
{
	peer_tell(r->peer, EVENT_SEARCH_FAILED, EVENT_NO_REASON, now);
	search_anew(r, now);
}

bool reach_poll(struct reach *r, struct datagram *out, msec now)
{
	struct ice_action action;

	for (;;) {
		switch (ice_agent_poll(&r->agent, &action, now)) {
		case ICE_NOTHING:
			return false;
		case ICE_SEND:
			*out = (struct datagram){
				.packet = packet_over(action.datagram),
				.path = {.remote = action.remote, .local = action.base.at.ip,
					 .ifindex = action.base.ifindex, .via = action.base.via},
			};
			return true;
		case ICE_PROBE_RESULT:
			if (!action.answered && action.pair == r->chosen)
				doubt_choice(r, now);
			review_choice(r, now);
			break;
		case ICE_PAIR_VALID:
		case ICE_CONSENT_LOST:
			review_choice(r, now);
			break;
		case ICE_FAILED:
			r->rounds_failed++;
			if (reach_is_active(r, now) && now >= r->until)
				fail_round(r, now);
			break;
		case ICE_SAMPLED:
			trial_take(r, action.pair, action.lost, now);
			review_choice(r, now);
			break;
		case ICE_NOMINATED:
		case ICE_ROLE_CHANGED:
		case ICE_NEW_LOCAL:
			break;
		case ICE_NEW_REMOTE:
			spray_pause(&r->spray, now);
			break;
		}
	}
}
