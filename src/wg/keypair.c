/* keypair.c -- the keys of one session, both directions, and their age. */
#include "wg/keypair.h"

#include "wg/timers.h"

void keypair_pool_add(struct keypair_pool *pool, struct keypair *kp)
{
	kp->pool_next = pool->free;
	pool->free = kp;
	pool->free_count++;
}

struct keypair *keypair_pool_take(struct keypair_pool *pool)
{
	struct keypair *kp = pool->free;

	if (!kp)
		return NULL;
	pool->free = kp->pool_next;
	pool->free_count--;
	kp->pool_next = NULL;
	return kp;
}

void keypair_pool_give(struct keypair_pool *pool, struct keypair *kp)
{
	if (!kp)
		return;
	aead_key_wipe(&kp->send);
	aead_key_wipe(&kp->recv);
	wipe(kp, sizeof(*kp));
	keypair_pool_add(pool, kp);
}

static bool too_old(const struct keypair *kp, msec now)
{
	return now - kp->born >= REJECT_AFTER_TIME;
}

bool keypair_may_send(const struct keypair *kp, msec now)
{
	return !too_old(kp, now) && kp->send_counter < keypair_reject_after(kp);
}

bool keypair_may_receive(const struct keypair *kp, msec now)
{
	return !too_old(kp, now) && kp->replay.next < keypair_reject_after(kp);
}
