/* relays.h -- those among our peers and rendezvous that pass datagrams on for us.
 *
 *   anna                       relay                        bert
 *   datagram for bert --.                              .--> datagram from anna
 *     [tag | datagram]  '-- session --> session ------'       [tag | datagram]
 *
 * An introducer that says so (rendezvous.h, flags) gets a number, path.via, and an address
 * that is nobody's: of the prefix that everybody discards (RFC 6666), made from its key. Both
 * ends know it without being told, so to ICE it is a base of ours and a candidate of the
 * peer's, of a protocol that fits nothing else (CANDIDATE_HOP). Which peer is meant the
 * address says by its scope, which never leaves this host:
 *
 *   remote   [100::.. of the relay's key %.. of the peer's key]:9     via: which relay
 *
 * The relay is reached as any peer is, though never by another of these.
 */
#ifndef NODE_RELAYS_H
#define NODE_RELAYS_H

#include "node/node.h"
#include "signal/relay.h"

struct peer;

enum { RELAY_PORT = 9 };		/* discard, RFC 863 */

struct relay {
	struct peer *peer;		/* NULL: a free number */
	uint8_t key[KEY_LEN];		/* by which it is found in the next roster */
	struct endpoint at;
};

struct relays {
	struct relay by_number[NODE_RELAYS_MAX];
};

struct endpoint relays_endpoint(const uint8_t relay_key[static KEY_LEN]);
/* What its address says of a peer. */
uint32_t relays_scope(const uint8_t peer_key[static KEY_LEN]);

/* The roster is another one. */
void relays_set_peers(struct node *node, msec now);
/* Whether this introducer passes datagrams on may have changed. */
void relays_attend(struct node *node, struct peer *introducer, msec now);

/* NULL: there is none by that number. */
const struct peer *relays_peer(const struct relays *relays, uint16_t via);

/* By the address that stands for it. */
const char *relays_name_at(const struct relays *relays, const struct ip *ip);

/* What a way by it is worth: that depends on how we reach it. */
enum reach_tier relays_tier(const struct relays *relays, uint16_t via);

/* -- data ----------------------------------------------------------------------- */

/* Those of a burst that go by relays, and have room for it, are put into the sessions with these:
 * all for one by one call. What cannot go is given up (wrap.h). */
void relays_wrap(struct node *node, struct datagram *datagrams, size_t n, msec now);

/* A datagram in a session with `from`. True: it is for us, and *d has the path that it came by. */
bool relays_take(struct node *node, const struct peer *from, const uint8_t tag[static RELAY_TAG],
		 const struct packet *inside, struct datagram *d);

#endif
