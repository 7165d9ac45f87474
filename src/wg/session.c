/* session.c -- one peer's side of WireGuard: handshake, keypairs, timers.
 *
 * Who holds which keys, after each step of a handshake (paper, section 6.3):
 *
 *   initiator                                   responder
 *     initiation ----------------------------->
 *                <----------------------------- response; new keys are NEXT,
 *     new keys are CURRENT,                     previous and old next wiped
 *     the old ones PREVIOUS
 *     data or keepalive ---------------------->  NEXT -> CURRENT -> PREVIOUS
 *
 * The responder must not send with the new keys before that first packet: an
 * initiation could be a replay, only the packet proves that its sender has the
 * keys too (key confirmation).
 *
 * The kernel keeps one handshake per peer, and when two initiations cross both
 * die, until REKEY_TIMEOUT and its jitter let one side be first. Here a response
 * is made at once, from a state of its own, and ours goes on waiting: each side
 * gets two pairs of keys, and both settle on one (see yields()).
 */
#include "wg/session.h"

#include <string.h>

#include "base/log.h"
#include "wg/session_facts.h"

_Static_assert(sizeof(struct session) <= 700, "a silent session is small");

/* -- life ---------------------------------------------------------------- */

static void drop_handshake(struct session *s)
{
	index_remove(&s->shared->indices, s->handshake.local_index);
	wipe(&s->handshake, sizeof(s->handshake));
}

static void retire(struct session *s, struct keypair *kp)
{
	if (!kp)
		return;
	index_remove(&s->shared->indices, kp->local_index);
	keypair_pool_give(&s->shared->keypairs, kp);
}

static void replace(struct session *s, struct keypair **slot, struct keypair *kp)
{
	retire(s, *slot);
	*slot = kp;
}

static void zero_keys(struct session *s)
{
	drop_handshake(s);
	replace(s, &s->current, NULL);
	replace(s, &s->previous, NULL);
	replace(s, &s->next, NULL);
}

bool session_init(struct session *s, struct session_shared *shared,
		  const uint8_t public_key[static KEY_LEN], const uint8_t psk[static KEY_LEN],
		  uint32_t persistent_interval_msec)
{
	return session_init_as(s, shared, &shared->identity, public_key, psk,
			       persistent_interval_msec);
}

bool session_init_as(struct session *s, struct session_shared *shared,
		     const struct noise_identity *self, const uint8_t public_key[static KEY_LEN],
		     const uint8_t psk[static KEY_LEN], uint32_t persistent_interval_msec)
{
	memset(s, 0, sizeof(*s));
	s->shared = shared;
	s->self = self;
	s->handshake_rtt = -1;
	s->ours = SUITE_CHACHA20;
	timers_init(&s->timers, persistent_interval_msec);
	if (!noise_peer_init(&s->peer, self, public_key, psk)) {
		wipe(&s->peer, sizeof(s->peer));
		return false;
	}
	cookie_jar_init(&s->jar, s->peer.public_key);
	s->owes_keepalive = persistent_interval_msec > 0;
	return true;
}

void session_deinit(struct session *s)
{
	zero_keys(s);
	wipe(&s->peer, sizeof(s->peer));
	wipe(&s->jar, sizeof(s->jar));
	timers_stop(&s->timers);
	s->owes_initiation = s->owes_keepalive = false;
}

void session_set_psk(struct session *s, const uint8_t psk[static KEY_LEN])
{
	noise_peer_set_psk(&s->peer, psk);
}

void session_set_persistent(struct session *s, uint32_t interval_msec, msec now)
{
	if (interval_msec && !s->timers.persistent_interval)
		s->owes_keepalive = true;
	timers_set_persistent(&s->timers, interval_msec, now);
}

void session_only_answer(struct session *s)
{
	s->only_answers = true;
}

void session_drop_previous(struct session *s)
{
	replace(s, &s->previous, NULL);
}

/* -- facts --------------------------------------------------------------- */

void session_heard(struct session *s, size_t len, msec now)
{
	s->rx_bytes += len;
	timers_any_authenticated_received(&s->timers);
	timers_any_authenticated_traversal(&s->timers, now);
}

void session_said(struct session *s, size_t len, msec now)
{
	s->tx_bytes += len;
	timers_any_authenticated_sent(&s->timers);
	timers_any_authenticated_traversal(&s->timers, now);
}

/* Both sides have the current keys. */
static void confirmed(struct session *s, msec now)
{
	s->last_handshake = now;
	s->rekeyed_on_receive = false;
	timers_handshake_complete(&s->timers);
}

/* -- wanting a handshake ------------------------------------------------- */

/* A response counts as well: its receiver is about to confirm the keys. */
static bool handshake_is_recent(const struct session *s, msec now)
{
	return s->has_sent_handshake && now - s->handshake_sent < REKEY_TIMEOUT;
}

static void handshake_message_sent(struct session *s, msec now)
{
	s->has_sent_handshake = true;
	s->handshake_sent = now;
}

/* The kernel forgets a wish that comes too early, and trusts that a packet will
 * repeat it; here it waits. A retry that is under way keeps its jitter, or two
 * who both have data all the time would start at once again and again. */
static void owe_initiation(struct session *s, msec now)
{
	bool is_retrying = s->timers.retransmit != NEVER;

	if (s->only_answers)
		return;
	if (!is_retrying && !handshake_is_recent(s, now))
		s->owes_initiation = true;
	else if (!is_retrying)
		timers_handshake_postponed(&s->timers, s->shared->rng, s->handshake_sent);
}

void session_want_handshake(struct session *s, msec now)
{
	timers_handshake_wanted(&s->timers);
	owe_initiation(s, now);
}

void session_call_anew(struct session *s, msec now)
{
	s->has_sent_handshake = false;
	s->timers.retransmit = NEVER;
	session_want_handshake(s, now);
}

/* -- suites -------------------------------------------------------------- */

static bool better_is_possible(const struct session *s)
{
	enum aead_suite suite = suite_choose(s->ours, s->theirs);

	return s->current && suite != AEAD_CHACHA20POLY1305 && s->current->suite != suite;
}

/* Without the wait between two handshakes: something new was learnt in the last one. */
static void call_if_better(struct session *s, msec now)
{
	if (better_is_possible(s))
		session_call_anew(s, now);
}

/* Both may learn it at the same time. If both called, two changes of keys in a row would drop what
 * is on its way; so one of them waits. */
void session_learn_suites(struct session *s, uint8_t theirs, msec now)
{
	if (theirs == s->theirs)
		return;
	s->theirs = theirs;
	if (better_is_possible(s) && !s->current->is_initiator)
		timers_handshake_postponed(&s->timers, s->shared->rng, now);
	else
		call_if_better(s, now);
}

/* Who answers in a suite has it. Of WireGuard's own that says nothing; but the peer may have told
 * more while this was under way. */
static void learn_from_answer(struct session *s, msec now)
{
	if (s->current->suite != AEAD_CHACHA20POLY1305)
		s->theirs |= suite_bit(s->current->suite);
	call_if_better(s, now);
}

static void drop_if_forbidden(struct session *s, struct keypair **slot)
{
	if (*slot && !suite_is_in((*slot)->suite, s->ours))
		replace(s, slot, NULL);
}

void session_set_suites(struct session *s, uint8_t ours, msec now)
{
	bool was_used = s->current || s->next;

	if (ours == s->ours)
		return;
	s->ours = ours;
	drop_handshake(s);		/* it says what we had */
	drop_if_forbidden(s, &s->current);
	drop_if_forbidden(s, &s->previous);
	drop_if_forbidden(s, &s->next);
	if (was_used)
		session_call_anew(s, now);
}

/* -- new keys ------------------------------------------------------------ */

static bool fill_keypair(struct keypair *kp, struct noise_handshake *hs)
{
	uint8_t send[KEY_LEN], recv[KEY_LEN];
	bool ok;

	kp->suite = hs->suite;
	kp->offered = hs->offered;
	ok = noise_derive_keys(hs, send, recv) && aead_key_init(&kp->send, kp->suite, send) &&
	     aead_key_init(&kp->recv, kp->suite, recv);
	wipe(send, sizeof(send));
	wipe(recv, sizeof(recv));
	return ok;
}

/* The keys of a completed handshake. Its index is theirs from now on. NULL: no memory. */
static struct keypair *derive_keypair(struct session *s, struct noise_handshake *hs,
				      bool is_initiator, msec now)
{
	struct keypair *kp = keypair_pool_take(&s->shared->keypairs);

	if (!kp || !fill_keypair(kp, hs)) {
		keypair_pool_give(&s->shared->keypairs, kp);
		return NULL;
	}
	kp->send_counter = 0;
	kp->born = now;
	kp->local_index = hs->local_index;
	kp->remote_index = hs->remote_index;
	kp->is_initiator = is_initiator;
	replay_init(&kp->replay);
	timers_session_derived(&s->timers, now);
	return kp;
}

/* The next keys came into being while our initiation was on its way, so the peer
 * gets two pairs of keys as well. Both settle on those of the side with the greater
 * public key, or they would rekey at once for ever, each time dropping what is in
 * flight: that side sends with its own, the other moves over when it hears them. */
static bool yields(const struct session *s)
{
	return s->next->born >= s->initiation_sent &&
	       memcmp(s->self->public_key, s->peer.public_key, KEY_LEN) < 0;
}

/* Keys that nobody confirmed yet become the previous ones, because the peer may
 * just be confirming them; but not those that it left alone since the last time. */
static void install_as_initiator(struct session *s, struct keypair *kp)
{
	if (s->next && s->current && s->next->born <= s->current->born)
		replace(s, &s->next, NULL);
	if (s->next && !yields(s)) {
		replace(s, &s->previous, s->next);
		s->next = NULL;
		retire(s, s->current);
	} else {
		replace(s, &s->previous, s->current);
	}
	s->current = kp;
}

static void install_as_responder(struct session *s, struct keypair *kp)
{
	replace(s, &s->next, kp);
	replace(s, &s->previous, NULL);
}

/* The first packet under the next keys: they are in use at the other end, and what came with
 * them was said now. */
void session_confirm_next(struct session *s, msec now)
{
	replace(s, &s->previous, s->current);
	s->current = s->next;
	s->next = NULL;
	confirmed(s, now);
	s->theirs = s->current->offered;
	call_if_better(s, now);
}

/* -- handshake messages that arrive -------------------------------------- */

static enum session_verdict from_noise(enum noise_verdict verdict)
{
	switch (verdict) {
	case NOISE_OK:
		return SESSION_OK;
	case NOISE_BAD:
		return SESSION_BAD;
	case NOISE_REPLAYED:
		return SESSION_REPLAYED;
	case NOISE_TOO_SOON:
		return SESSION_TOO_SOON;
	case NOISE_UNEXPECTED:
		return SESSION_UNEXPECTED;
	}
	return SESSION_BAD;
}

/* NULL if there is no index or keypair for it. */
static struct keypair *respond(struct session *s, struct noise_handshake *hs,
			       struct message_response *response, msec now)
{
	struct session_shared *shared = s->shared;
	uint32_t index = index_add(&shared->indices, s, shared->rng);
	struct keypair *kp = NULL;

	if (index && noise_create_response(response, hs, &s->peer, index, shared->rng))
		kp = derive_keypair(s, hs, false, now);
	if (!kp)
		index_remove(&shared->indices, index);
	return kp;
}

/* It may be a replay, so nothing is learnt from it. A call of ours in the suite that we do speak
 * tells the peer what it did not know; plain WireGuard, and who has nothing in common with us,
 * is not called. */
static void refuse_suite(struct session *s, const struct noise_handshake *theirs, msec now)
{
	if (s->ours & theirs->offered)
		session_want_handshake(s, now);
}

static void response_sent(struct session *s, struct message_response *response, msec now)
{
	cookie_jar_sign(&s->jar, (uint8_t *)response, sizeof(*response), now);
	handshake_message_sent(s, now);
	session_said(s, sizeof(*response), now);
}

enum session_verdict session_feed_initiation(struct session *s, const struct noise_claim *claim,
					     const struct message_initiation *msg,
					     struct message_response *response, msec now)
{
	struct noise_handshake theirs = {0};
	enum noise_verdict verdict;
	struct keypair *kp;

	if (!s->shared->keypairs.free)
		return SESSION_NO_ROOM;
	verdict = noise_consume_initiation(&theirs, &s->peer, claim, msg, now);
	if (verdict != NOISE_OK)
		return from_noise(verdict);
	if (!suite_is_in(theirs.suite, s->ours)) {
		refuse_suite(s, &theirs, now);
		wipe(&theirs, sizeof(theirs));
		return SESSION_WRONG_SUITE;
	}
	kp = respond(s, &theirs, response, now);
	wipe(&theirs, sizeof(theirs));
	if (!kp)
		return SESSION_NO_ROOM;
	session_heard(s, sizeof(*msg), now);
	install_as_responder(s, kp);
	response_sent(s, response, now);
	return SESSION_OK;
}

enum session_verdict session_feed_response(struct session *s, const struct message_response *msg,
					   msec now)
{
	enum noise_verdict verdict;
	struct keypair *kp;

	if (!s->shared->keypairs.free)
		return SESSION_NO_ROOM;
	verdict = noise_consume_response(&s->handshake, msg, s->self, &s->peer);
	if (verdict != NOISE_OK)
		return from_noise(verdict);
	kp = derive_keypair(s, &s->handshake, true, now);
	if (!kp) {
		drop_handshake(s);
		return SESSION_NO_ROOM;
	}
	wipe(&s->handshake, sizeof(s->handshake));
	install_as_initiator(s, kp);
	s->handshake_rtt = now - s->initiation_sent;
	confirmed(s, now);
	session_heard(s, sizeof(*msg), now);
	s->owes_keepalive = true;	/* unless data goes first: either confirms the keys */
	learn_from_answer(s, now);
	return SESSION_OK;
}

/* A cookie is only kept: the retransmit timer sends the next message. */
enum session_verdict session_feed_cookie(struct session *s, const struct message_cookie *msg,
					 msec now)
{
	return cookie_jar_consume(&s->jar, msg, now) ? SESSION_OK : SESSION_BAD;
}

/* -- time ---------------------------------------------------------------- */

void session_tick(struct session *s, msec now)
{
	unsigned fired = timers_fire(&s->timers, now);

	if (fired & (TIMER_KEEPALIVE | TIMER_PERSISTENT))
		s->owes_keepalive = true;
	if (fired & TIMER_GIVE_UP) {
		s->gave_up = true;
		s->owes_keepalive = false;
	}
	if (fired & TIMER_ZERO_KEYS)
		zero_keys(s);
	if (fired & TIMER_RETRANSMIT)
		owe_initiation(s, now);
	if (fired & TIMER_NEW_HANDSHAKE)
		session_want_handshake(s, now);
}

msec session_due(const struct session *s)
{
	if (s->owes_initiation || s->owes_keepalive)
		return 0;
	return timers_due(&s->timers);
}

/* -- messages that are owed ---------------------------------------------- */

/* Of a peer that nothing is known of it is expected that it has what we call with. */
static struct suite_offer offer_of(const struct session *s)
{
	enum aead_suite suite = suite_choose(s->ours, s->theirs);

	if (suite == AEAD_CHACHA20POLY1305)
		return (struct suite_offer){.suite = suite};
	return (struct suite_offer){suite, s->ours, s->theirs ? s->theirs : suite_bit(suite)};
}

/* False if there is no index for it; then the clock has not moved either. */
static bool create_initiation(struct session *s, struct message_initiation *msg, bool *save)
{
	struct session_shared *shared = s->shared;
	struct tai64n_clock clock = shared->clock;
	struct suite_offer offer = offer_of(s);
	uint8_t timestamp[TIMESTAMP_LEN];
	uint32_t index;

	drop_handshake(s);
	index = index_add(&shared->indices, s, shared->rng);
	if (!index)
		return false;
	*save = tai64n_next(&clock, shared->wall_ns, timestamp);
	suite_mark(timestamp, s->ours);
	if (!noise_create_initiation(msg, &s->handshake, s->self, &s->peer, &offer, index,
				     timestamp, shared->rng)) {
		index_remove(&shared->indices, index);
		return false;
	}
	shared->clock = clock;
	return true;
}

static enum session_owed poll_initiation(struct session *s, uint8_t out[static SESSION_MESSAGE_MAX],
					 size_t *len, msec now)
{
	struct message_initiation *msg = (struct message_initiation *)out;
	bool save = false;

	s->owes_initiation = false;
	if (handshake_is_recent(s, now)) {
		owe_initiation(s, now);
		return OWED_NOTHING;
	}
	handshake_message_sent(s, now);
	if (!create_initiation(s, msg, &save)) {
		log_warn("no initiation: no receiver index is left");
		return OWED_NOTHING;
	}
	s->initiation_sent = now;
	*len = sizeof(*msg);
	cookie_jar_sign(&s->jar, out, *len, now);
	session_said(s, *len, now);
	timers_handshake_initiated(&s->timers, s->shared->rng, now);
	return save ? OWED_HANDSHAKE_AFTER_SAVE : OWED_HANDSHAKE;
}

static enum session_owed poll_keepalive(struct session *s, uint8_t out[static SESSION_MESSAGE_MAX],
					size_t *len, msec now)
{
	struct packet packet = packet_in(out, SESSION_MESSAGE_MAX, sizeof(struct message_data), 0);

	s->owes_keepalive = false;
	if (!session_seal(s, &packet, 1, 0, now))
		return OWED_NOTHING;
	timers_keepalive_sent(&s->timers, now);
	*len = packet.len;
	return OWED_KEEPALIVE;
}

enum session_owed session_poll(struct session *s, uint8_t out[static SESSION_MESSAGE_MAX],
			       size_t *len, msec now)
{
	enum session_owed owed = OWED_NOTHING;

	if (s->owes_keepalive)
		owed = poll_keepalive(s, out, len, now);
	if (owed == OWED_NOTHING && s->owes_initiation)
		owed = poll_initiation(s, out, len, now);
	return owed;
}
