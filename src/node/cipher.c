/* cipher.c -- the cipher suite of a peer: what the settings allow, what is told of it. */
#include "node/cipher.h"

#include "node/brain.h"
#include "node/reach_facts.h"
#include "signal/desc.h"

_Static_assert((int)SUITE_CHACHA20 == (int)DESC_CHACHA20 && (int)SUITE_AES256GCM == (int)DESC_AES256GCM,
	       "a set is the same in a DESC");

uint8_t cipher_suites(enum node_cipher cipher)
{
	switch (cipher) {
	case NODE_CIPHER_AES256GCM:
		return SUITE_AES256GCM;
	case NODE_CIPHER_AUTO:
		if (aead_has(AEAD_AES256GCM))
			return SUITE_CHACHA20 | SUITE_AES256GCM;
		break;
	case NODE_CIPHER_CHACHA20:
		break;
	}
	return SUITE_CHACHA20;
}

/* By signalling, too, if there is any. */
void cipher_configure(struct peer *peer, msec now)
{
	session_set_suites(&peer->session, cipher_suites(peer->settings->cipher), now);
	peer->cipher.refused = false;
	if (peer->reach)
		reach_offer(peer->reach, now);
}

/* And no handshake has ended well since then. */
static bool was_refused(const struct peer *peer, msec now)
{
	const struct cipher_facts *c = &peer->cipher;

	return c->refused && now - c->refused_at < CIPHER_REFUSED_FOR &&
	       peer->session.last_handshake <= c->refused_at;
}

void cipher_refused(struct peer *peer, uint8_t suite, msec now)
{
	bool is_news = !was_refused(peer, now);

	peer->cipher.refused = true;
	peer->cipher.refused_at = now;
	if (is_news)
		peer_tell_cipher(peer, EVENT_CIPHER_REFUSED, suite, now);
}

static void attend_theirs(struct node *node, struct peer *peer, msec now)
{
	uint8_t lost = peer->cipher.theirs & ~peer->session.theirs;

	if (peer->cipher.theirs == peer->session.theirs)
		return;
	peer->cipher.theirs = peer->session.theirs;
	known_changed(node, now);
	if (lost & SUITE_AES256GCM)
		peer_tell_cipher(peer, EVENT_CIPHER_LOST, AEAD_AES256GCM, now);
}

static void attend_session(struct peer *peer, msec now)
{
	enum aead_suite suite;

	if (!session_may_send(&peer->session, now))
		return;
	suite = peer->session.current->suite;
	if (peer->cipher.session == suite_bit(suite))
		return;
	peer->cipher.session = suite_bit(suite);
	peer_tell_cipher(peer, EVENT_CIPHER, suite, now);
}

void cipher_attend(struct node *node, struct peer *peer, msec now)
{
	if (peer->link)
		return;
	attend_theirs(node, peer, now);
	attend_session(peer, now);
}

bool cipher_contradicts(const struct peer *peer, msec now)
{
	return suite_contradicts(peer->session.ours, peer->session.theirs) || was_refused(peer, now);
}
