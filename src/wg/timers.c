/* timers.c -- WireGuard's five timers as deadlines (paper, section 6).
 *
 *                        retransmit  keepalive  new_handshake  zero_keys  persistent
 *   handshake wanted      (count 0)
 *   initiation sent        arm                                             arm
 *   handshake complete     stop
 *   keys derived                                                arm
 *   data sent                         stop       arm if off                arm
 *   empty packet sent                 stop *                               arm
 *   data received                     arm if off stop                      arm
 *   anything else received                       stop                      arm
 *
 * (*) and arm, if data was received twice since the timer was armed.
 *
 * "Sent" and "received" are of authenticated packets only. Jitter keeps two
 * peers that start at once from missing each other for ever.
 */
#include "wg/timers.h"

static msec jitter(struct rng *rng)
{
	return rng_below(rng, REKEY_JITTER);
}

void timers_init(struct timers *t, uint32_t persistent_interval)
{
	*t = (struct timers){.persistent_interval = persistent_interval};
	timers_stop(t);
}

void timers_set_persistent(struct timers *t, uint32_t interval, msec now)
{
	t->persistent_interval = interval;
	t->persistent = interval ? now + interval : NEVER;
}

void timers_data_sent(struct timers *t, struct rng *rng, msec now)
{
	t->need_another_keepalive = false;
	if (t->new_handshake == NEVER)
		t->new_handshake = now + KEEPALIVE_TIMEOUT + REKEY_TIMEOUT + jitter(rng);
}

void timers_data_received(struct timers *t, msec now)
{
	if (t->keepalive == NEVER)
		t->keepalive = now + KEEPALIVE_TIMEOUT;
	else
		t->need_another_keepalive = true;
}

/* The keepalive may have been on its way already when the last data came, so
 * the peer gets a second one. */
void timers_keepalive_sent(struct timers *t, msec now)
{
	if (t->need_another_keepalive)
		t->keepalive = now + KEEPALIVE_TIMEOUT;
	t->need_another_keepalive = false;
}

void timers_any_authenticated_sent(struct timers *t)
{
	t->keepalive = NEVER;
}

void timers_any_authenticated_received(struct timers *t)
{
	t->new_handshake = NEVER;
}

void timers_any_authenticated_traversal(struct timers *t, msec now)
{
	if (t->persistent_interval)
		t->persistent = now + t->persistent_interval;
}

void timers_handshake_wanted(struct timers *t)
{
	t->attempts = 0;
}

void timers_handshake_initiated(struct timers *t, struct rng *rng, msec now)
{
	t->attempts++;
	t->retransmit = now + REKEY_TIMEOUT + jitter(rng);
}

void timers_handshake_postponed(struct timers *t, struct rng *rng, msec last_sent)
{
	if (t->retransmit == NEVER)
		t->retransmit = last_sent + REKEY_TIMEOUT + rng_below(rng, POSTPONE_JITTER);
}

void timers_handshake_complete(struct timers *t)
{
	t->retransmit = NEVER;
	t->attempts = 0;
}

void timers_session_derived(struct timers *t, msec now)
{
	t->zero_keys = now + 3 * (msec)REJECT_AFTER_TIME;
}

void timers_stop(struct timers *t)
{
	t->retransmit = NEVER;
	t->keepalive = NEVER;
	t->new_handshake = NEVER;
	t->zero_keys = NEVER;
	t->persistent = NEVER;
	t->attempts = 0;
	t->need_another_keepalive = false;
}

msec timers_due(const struct timers *t)
{
	msec due = msec_min(t->retransmit, t->keepalive);

	due = msec_min(due, t->new_handshake);
	due = msec_min(due, t->zero_keys);
	return msec_min(due, t->persistent);
}

static bool has_come(msec *due, msec now)
{
	if (now < *due)
		return false;
	*due = NEVER;
	return true;
}

/* Nobody answers: what a partial exchange may have left is wiped in time, and
 * there is no key that a keepalive could be sent with. */
static enum timers_due give_up(struct timers *t, msec now)
{
	t->keepalive = NEVER;
	t->need_another_keepalive = false;
	if (t->zero_keys == NEVER)
		timers_session_derived(t, now);
	return TIMER_GIVE_UP;
}

unsigned timers_fire(struct timers *t, msec now)
{
	unsigned due = 0;

	if (has_come(&t->keepalive, now))
		due |= TIMER_KEEPALIVE;
	if (has_come(&t->new_handshake, now))
		due |= TIMER_NEW_HANDSHAKE;
	if (has_come(&t->zero_keys, now))
		due |= TIMER_ZERO_KEYS;
	if (has_come(&t->persistent, now)) {
		due |= TIMER_PERSISTENT;
		timers_any_authenticated_traversal(t, now);
	}
	if (has_come(&t->retransmit, now))
		due |= t->attempts < REKEY_ATTEMPTS_MAX ? TIMER_RETRANSMIT : give_up(t, now);
	return due;
}
