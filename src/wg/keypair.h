/* keypair.h -- the keys of one session, both directions, and their age.
 *
 *   handshake done --> NEXT --(responder: first data with it)--> CURRENT --> PREVIOUS --> wiped
 *                       '---(initiator: at once)----------------^
 *
 * Current seals; all three open. A keypair is about 1.2 KB (the replay window),
 * so it is taken from a pool that the node keeps filled, and given back when
 * the session is through with it.
 */
#ifndef WG_KEYPAIR_H
#define WG_KEYPAIR_H

#include "base/msec.h"
#include "crypto/aead.h"
#include "wg/replay.h"
#include "wg/suite.h"

struct keypair {
	struct aead_key send;
	struct aead_key recv;
	uint64_t send_counter;		/* of the next message */
	uint64_t received;		/* messages that were new */
	msec born;
	uint32_t local_index;
	uint32_t remote_index;
	bool is_initiator;
	enum aead_suite suite;
	uint8_t offered;		/* by the initiator: enum suite_set */
	struct replay replay;
	struct keypair *pool_next;
};

/* A free list. The node adds keypairs that it allocated; sessions take and give. */
struct keypair_pool {
	struct keypair *free;
	size_t free_count;
};

void keypair_pool_add(struct keypair_pool *pool, struct keypair *kp);	/* zeroed memory */
struct keypair *keypair_pool_take(struct keypair_pool *pool);		/* NULL: empty */
void keypair_pool_give(struct keypair_pool *pool, struct keypair *kp);	/* wipes it; NULL is fine */

/* How many messages a key of this suite may seal before another is asked for, and at all.
 * WireGuard's figures are for its own suite. AES-256-GCM's are far below where the advantage
 * of who watches becomes a number (RFC 9001 appendix B.1). */
static inline uint64_t keypair_rekey_after(const struct keypair *kp)
{
	return kp->suite == AEAD_AES256GCM ? UINT64_C(1) << 23 : REKEY_AFTER_MESSAGES;
}

static inline uint64_t keypair_reject_after(const struct keypair *kp)
{
	return kp->suite == AEAD_AES256GCM ? UINT64_C(1) << 25 : REJECT_AFTER_MESSAGES;
}

/* REJECT_AFTER_TIME and keypair_reject_after(), checked at use. */
bool keypair_may_send(const struct keypair *kp, msec now);
bool keypair_may_receive(const struct keypair *kp, msec now);

#endif
