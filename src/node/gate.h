/* gate.h -- may this handshake message cost us a curve computation?
 *
 *   mac1 wrong ------------------------------------> silence: it does not know whom it talks to
 *   right, and we are not under load --------------> in
 *   under load, without mac2 ----------------------> a cookie, 64 bytes for 92 or 148
 *   under load, with mac2, 20 per second of a source -> in
 *
 * What it answers is written over the message that it answers: no memory is spent
 * on strangers, and fewer bytes go back than came.
 */
#ifndef NODE_GATE_H
#define NODE_GATE_H

#include "base/packet.h"
#include "wg/cookie.h"
#include "wg/ratelimiter.h"

enum { HANDSHAKE_DSCP = 0x22 };		/* AF41, as WireGuard marks its handshakes */

struct gate {
	struct cookie_checker cookies;
	struct ratelimiter ratelimiter;
	struct rng *rng;
};

void gate_init(struct gate *g, const uint8_t public_key[static KEY_LEN], struct rng *rng, msec now);

enum gate_verdict {
	GATE_OPEN,
	GATE_BAD_MAC1,
	GATE_COOKIE,		/* the datagram is a cookie reply now: send it back */
	GATE_LIMITED,
};

/* The datagram is an initiation or a response; `cookies`: of the key that it is meant for,
 * which is that of the gate unless we are somebody else to its sender. */
enum gate_verdict gate_check(struct gate *g, struct cookie_checker *cookies, struct datagram *d,
			     msec now);

/* The datagram becomes this message, to go back to where it came from. */
void gate_reply(struct datagram *d, const void *message, size_t len);

#endif
