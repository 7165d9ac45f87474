/* allocation_feed.c -- what the server says: its answers, and what it passes on.
 *
 *   not from the server --> dropped       (so is all below that is not as it should be)
 *   ChannelData         --> payload
 *   STUN: indication    --> payload
 *         answer        --> the allocation's own request, or one of a peer
 */
#include "stun/integrity.h"
#include "turn/allocation_facts.h"

#define LIFETIME_MAX SECONDS(24 * 3600)
#define LIFETIME_LONG SECONDS(120)

/* A minute before it expires (RFC 8656 section 8.1). A test build does not wait for that. */
#ifdef P2PNET_SHORT_TIMERS
#define REFRESH_EARLY SECONDS(580)
#else
#define REFRESH_EARLY SECONDS(60)
#endif

/* -- answers to Allocate ------------------------------------------------- */

/* The returned lifetime counts (RFC 8656 section 7.3), from when we asked for it. */
static void set_lifetime(struct turn_allocation *a, uint32_t seconds, msec now)
{
	msec lifetime = msec_min(SECONDS(seconds), LIFETIME_MAX);
	msec wait = lifetime < LIFETIME_LONG ? lifetime / 2 : lifetime - REFRESH_EARLY;

	if (wait < REFRESH_RETRY)
		wait = REFRESH_RETRY;
	a->expires = a->request.transaction.first_sent + lifetime;
	a->refresh_due = now + turn_earlier(a->settings.rng, wait);
}

static bool is_plausible(const struct endpoint *e)
{
	return e->port && !ip_is_unspecified(&e->ip) && !ip_is_multicast(&e->ip);
}

static bool read_allocation(struct turn_allocation *a, const struct stun_msg *msg, msec now)
{
	uint32_t lifetime;

	if (!stun_get_xor_address(msg, ATTR_XOR_RELAYED_ADDRESS, &a->relayed) ||
	    !stun_get_xor_address(msg, ATTR_XOR_MAPPED_ADDRESS, &a->mapped) ||
	    !stun_get_u32(msg, ATTR_LIFETIME, &lifetime) || !lifetime)
		return false;
	set_lifetime(a, lifetime, now);
	return is_plausible(&a->relayed) && a->relayed.ip.family == a->settings.family &&
	       is_plausible(&a->mapped);
}

static void allocated(struct turn_allocation *a, const struct stun_msg *msg, msec now)
{
	if (read_allocation(a, msg, now))
		allocation_enter(a, TURN_UP, now);
	else
		allocation_fail_as(a, TURN_ODD, now);
}

/* No place of our own machine or link, with which a server has no business; and of the
 * family of our socket. */
static bool may_follow(const struct turn_allocation *a, const struct endpoint *to)
{
	const struct endpoint *server = &a->server.at;

	return !a->redirected && is_plausible(to) && to->ip.family == server->ip.family &&
	       !endpoint_equal(to, server) && !ip_is_link_local(&to->ip) &&
	       (!ip_is_loopback(&to->ip) || ip_is_loopback(&server->ip));
}

/* RFC 8489 section 10; once, so that two servers cannot keep us going round. */
static bool follow(struct turn_allocation *a, const struct stun_msg *msg, msec now)
{
	struct endpoint to;

	if (!stun_get_address(msg, ATTR_ALTERNATE_SERVER, &to) || !may_follow(a, &to))
		return false;
	a->redirected = true;
	allocation_set_server(a, &to);
	allocation_enter(a, TURN_ALLOCATING, now);
	return true;
}

static bool drop_option(struct turn_allocation *a, msec now)
{
	if (!a->dont_fragment)
		return false;
	a->dont_fragment = false;
	allocation_enter(a, TURN_ALLOCATING, now);
	return true;
}

/* An allocation of somebody who was here before is in the way. */
static bool change_port(struct turn_allocation *a, msec now)
{
	if (a->port_changed)
		return false;
	a->port_changed = a->owes_port = true;
	allocation_enter(a, TURN_ALLOCATING, now);
	return true;
}

/* As long as the server has not asked who we are, its errors are not signed: then they end
 * the attempt, and no more. */
static void refused(struct turn_allocation *a, const struct stun_msg *msg, unsigned code, msec now)
{
	bool goes_on = false;

	if (a->server.credential.is_asked && code == STUN_TRY_ALTERNATE)
		goes_on = follow(a, msg, now);
	else if (a->server.credential.is_asked && code == STUN_UNKNOWN_ATTRIBUTE)
		goes_on = drop_option(a, now);
	else if (a->server.credential.is_asked && code == STUN_ALLOCATION_MISMATCH)
		goes_on = change_port(a, now);
	if (!goes_on)
		allocation_fail(a, turn_failure_of(code, now), now);
}

/* -- answers ------------------------------------------------------------- */

/* What every request of an allocation may be told; false: nothing that ends it. */
static bool ended_by(struct turn_allocation *a, enum turn_answer answer, unsigned code, msec now)
{
	if (answer == ANSWER_DENIED)
		allocation_fail_as(a, TURN_DENIED, now);
	else if (answer == ANSWER_ERROR && code == STUN_WRONG_CREDENTIALS)
		allocation_fail(a, turn_failure_of(code, now), now);
	else if (answer == ANSWER_ERROR && code == STUN_ALLOCATION_MISMATCH)
		allocation_fail_as(a, TURN_LOST, now);
	else
		return false;
	return true;
}

static void answered_allocate(struct turn_allocation *a, enum turn_answer answer,
			      const struct stun_msg *msg, unsigned code, msec now)
{
	if (answer == ANSWER_SUCCESS)
		allocated(a, msg, now);
	else if (answer == ANSWER_ERROR)
		refused(a, msg, code, now);
	else if (answer == ANSWER_DENIED)
		allocation_fail_as(a, TURN_DENIED, now);
	else if (answer == ANSWER_ODD)
		allocation_fail_as(a, TURN_ODD, now);
	else if (a->unwanted)
		allocation_enter(a, TURN_OFF, now);	/* it would have to be asked again */
}

/* Whatever else it says: as long as there is time, ask again. */
static void answered_refresh(struct turn_allocation *a, enum turn_answer answer,
			     const struct stun_msg *msg, unsigned code, msec now)
{
	uint32_t lifetime;

	if (answer == ANSWER_AGAIN || ended_by(a, answer, code, now))
		return;
	a->doubted = false;
	if (answer == ANSWER_SUCCESS && stun_get_u32(msg, ATTR_LIFETIME, &lifetime) && lifetime)
		set_lifetime(a, lifetime, now);
	else
		a->refresh_due = now + REFRESH_RETRY;
}

static void answered(struct turn_allocation *a, enum turn_answer answer, const struct stun_msg *msg,
		     unsigned code, msec now)
{
	switch (a->state) {
	case TURN_ALLOCATING:
		answered_allocate(a, answer, msg, code, now);
		break;
	case TURN_UP:
		answered_refresh(a, answer, msg, code, now);
		break;
	case TURN_CLOSING:
		if (answer != ANSWER_AGAIN)
			allocation_enter(a, TURN_OFF, now);
		break;
	case TURN_OFF:
	case TURN_FAILED:
		break;
	}
}

static enum turn_verdict feed_response(struct turn_allocation *a, const struct endpoint *from,
				       const struct stun_msg *msg, msec now)
{
	unsigned code = 0;
	enum turn_answer answer = turn_request_feed(&a->request, &a->server, from, msg, &code, now);
	bool is_own = answer != ANSWER_NONE;

	if (!is_own)
		answer = turn_peers_feed(&a->peers, &a->server, from, msg, &code, now);
	if (answer == ANSWER_NONE)
		return TURN_NO_TRANSACTION;
	if (answer == ANSWER_UNSIGNED) {
		a->had_unsigned = true;
		return TURN_BAD_INTEGRITY;
	}
	if (is_own)
		answered(a, answer, msg, code, now);
	else
		ended_by(a, answer, code, now);
	return TURN_HANDLED;
}

/* -- payloads in --------------------------------------------------------- */

static enum turn_verdict feed_data(struct turn_allocation *a, const struct stun_msg *msg,
				   struct turn_payload *payload, msec now)
{
	static const uint16_t understood[] = {ATTR_XOR_PEER_ADDRESS, ATTR_DATA};
	uint16_t unknown[STUN_UNKNOWN_MAX];
	struct turn_peer *peer;

	if (msg->method != STUN_DATA)
		return TURN_UNEXPECTED;
	if (stun_unknown(msg, understood, 2, unknown) ||
	    !stun_get_xor_address(msg, ATTR_XOR_PEER_ADDRESS, &payload->peer))
		return TURN_BAD_ATTRIBUTES;
	if (!turn_peers_permit(&a->peers, &payload->peer.ip, now))
		return TURN_NO_PERMISSION;
	if (stun_find(msg, ATTR_ICMP))
		return TURN_NOTE;
	if (!stun_get_bytes(msg, ATTR_DATA, &payload->data))
		return TURN_BAD_ATTRIBUTES;
	peer = turn_peers_find(&a->peers, &payload->peer);
	if (peer)
		turn_peer_used(peer, now);
	return TURN_PAYLOAD;
}

static enum turn_verdict feed_channel(struct turn_allocation *a, struct bytes frame,
				      struct turn_payload *payload, msec now)
{
	struct turn_peer *peer;
	uint16_t channel;

	if (!channel_data_read(&channel, &payload->data, frame))
		return TURN_MALFORMED;
	peer = turn_peers_of_channel(&a->peers, channel, now);
	if (!peer)
		return TURN_NO_CHANNEL;
	turn_peer_used(peer, now);
	payload->peer = peer->at;
	return TURN_PAYLOAD;
}

static enum turn_verdict feed_message(struct turn_allocation *a, const struct endpoint *from,
				      struct bytes datagram, struct turn_payload *payload, msec now)
{
	struct stun_msg msg;

	if (!stun_parse(&msg, datagram))
		return TURN_MALFORMED;
	if (stun_find(&msg, ATTR_FINGERPRINT) && !stun_check_fingerprint(&msg))
		return TURN_BAD_FINGERPRINT;
	switch (msg.class) {
	case STUN_SUCCESS:
	case STUN_ERROR:
		return feed_response(a, from, &msg, now);
	case STUN_INDICATION:
		return feed_data(a, &msg, payload, now);
	case STUN_REQUEST:
		break;
	}
	return TURN_UNEXPECTED;
}

enum turn_verdict turn_allocation_feed(struct turn_allocation *a, const struct endpoint *from,
				       struct bytes datagram, struct turn_payload *payload,
				       msec now)
{
	enum turn_verdict verdict;

	if (!endpoint_equal(from, &a->server.at))
		verdict = TURN_NOT_OURS;
	else if (turn_is_channel_data(datagram))
		verdict = feed_channel(a, datagram, payload, now);
	else
		verdict = feed_message(a, from, datagram, payload, now);
	a->verdicts[verdict]++;
	return verdict;
}

const char *turn_verdict_name(enum turn_verdict verdict)
{
	static const char *const names[] = {
		[TURN_HANDLED] = "handled",
		[TURN_PAYLOAD] = "payload",
		[TURN_NOT_OURS] = "not_ours",
		[TURN_MALFORMED] = "malformed",
		[TURN_BAD_FINGERPRINT] = "bad_fingerprint",
		[TURN_UNEXPECTED] = "unexpected",
		[TURN_NO_TRANSACTION] = "no_transaction",
		[TURN_BAD_INTEGRITY] = "bad_integrity",
		[TURN_BAD_ATTRIBUTES] = "bad_attributes",
		[TURN_NO_PERMISSION] = "no_permission",
		[TURN_NO_CHANNEL] = "no_channel",
		[TURN_NOTE] = "note",
	};

	return names[verdict];
}
