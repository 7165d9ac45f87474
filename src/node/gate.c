/* gate.c -- may this handshake message cost us a curve computation? */
#include "node/gate.h"

#include <string.h>

void gate_init(struct gate *g, const uint8_t public_key[static KEY_LEN], struct rng *rng, msec now)
{
	uint64_t hash_seed;

	g->rng = rng;
	cookie_checker_init(&g->cookies, public_key);
	rng->fill(rng, &hash_seed, sizeof(hash_seed));
	ratelimiter_init(&g->ratelimiter, hash_seed, now);
}

void gate_reply(struct datagram *d, const void *message, size_t len)
{
	memcpy(d->packet.data, message, len);
	d->packet.len = len;
	d->ecn = 0;
	d->dscp = HANDSHAKE_DSCP;
}

static void become_cookie(struct gate *g, struct cookie_checker *cookies, struct datagram *d,
			  msec now)
{
	struct message_cookie message;

	cookie_reply_create(&message, cookies, packet_bytes(&d->packet), &d->path.remote, g->rng,
			    now);
	gate_reply(d, &message, sizeof(message));
}

enum gate_verdict gate_check(struct gate *g, struct cookie_checker *cookies, struct datagram *d,
			     msec now)
{
	enum cookie_verdict verdict = cookie_check(cookies, packet_bytes(&d->packet),
						   &d->path.remote, g->rng, now);

	if (verdict == COOKIE_BAD_MAC1)
		return GATE_BAD_MAC1;
	if (!ratelimiter_under_load(&g->ratelimiter, now))
		return GATE_OPEN;
	if (verdict == COOKIE_MAC1_ONLY) {
		become_cookie(g, cookies, d, now);
		return GATE_COOKIE;
	}
	return ratelimiter_allows(&g->ratelimiter, &d->path.remote.ip, now) ? GATE_OPEN
									    : GATE_LIMITED;
}
