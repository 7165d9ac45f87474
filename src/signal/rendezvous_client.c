/* rendezvous_client.c -- keep our mailboxes registered with one rendezvous. */
#include "signal/rendezvous_client.h"

#include <string.h>

enum { LIFETIME_MIN = 60 };		/* s */

/* Below the server's own limit, so that a message is not dropped for coming early. */
static const struct bucket_limit send_limit = {
	.per_second = RENDEZVOUS_RATE - 2,
	.burst = RENDEZVOUS_BURST - 4,
};

void rendezvous_client_init(struct rendezvous_client *c, struct rng *rng)
{
	memset(c, 0, sizeof(*c));
	c->rng = rng;
	c->limit = UINT16_MAX;
	c->due = NEVER;
}

/* 1, 2, 4 .. 30 s without an answer. */
static msec retry_wait(const struct rendezvous_client *c)
{
	msec wait = c->tries < 5 ? SECONDS(1) << c->tries : RENDEZVOUS_RETRY_MAX;

	return wait + rng_below(c->rng, (uint32_t)wait / 10 + 1);
}

/* `wait`: until it is our turn, or until the refresh. */
static void enter(struct rendezvous_client *c, enum rendezvous_state state, msec wait, msec now)
{
	c->state = state;
	c->owes = false;
	c->tries = 0;
	switch (state) {
	case RENDEZVOUS_OFF:
		c->due = NEVER;
		break;
	case RENDEZVOUS_REGISTERING:
		c->owes = true;
		c->sequence++;
		c->due = now + retry_wait(c);
		break;
	case RENDEZVOUS_WAITING:
	case RENDEZVOUS_REGISTERED:
		c->due = now + wait;
		break;
	}
}

static void begin_round(struct rendezvous_client *c, msec now)
{
	c->next = 0;
	enter(c, RENDEZVOUS_REGISTERING, 0, now);
}

static size_t count(const struct rendezvous_client *c)
{
	return c->ids_len < c->limit ? c->ids_len : c->limit;
}

static size_t chunk(const struct rendezvous_client *c)
{
	size_t left = c->next < count(c) ? count(c) - c->next : 0;

	return left < RENDEZVOUS_IDS_MAX ? left : RENDEZVOUS_IDS_MAX;
}

void rendezvous_client_set_ids(struct rendezvous_client *c, const uint8_t (*ids)[MAILBOX_LEN],
			       size_t n, bool hurry, msec now)
{
	c->ids = ids;
	c->ids_len = n;
	/* What is on its way was read from the old list. */
	if (c->state == RENDEZVOUS_REGISTERING || (hurry && c->state != RENDEZVOUS_OFF))
		begin_round(c, now);
}

void rendezvous_client_connected(struct rendezvous_client *c, bool again, msec now)
{
	if (again)
		enter(c, RENDEZVOUS_WAITING, rng_below(c->rng, RENDEZVOUS_SPREAD), now);
	else
		begin_round(c, now);
}

void rendezvous_client_disconnected(struct rendezvous_client *c)
{
	enter(c, RENDEZVOUS_OFF, 0, 0);
}

/* Half of the granted lifetime, -10 % at random. A rendezvous may neither make us
 * chatter nor forget ourselves. */
static msec refresh_wait(const struct rendezvous_client *c, uint16_t granted)
{
	uint32_t seconds = granted < LIFETIME_MIN	   ? LIFETIME_MIN
			   : granted > RENDEZVOUS_LIFETIME ? RENDEZVOUS_LIFETIME
							   : granted;
	uint32_t half = seconds * 500;

	return half - rng_below(c->rng, half / 10 + 1);
}

static void take_observed(struct rendezvous_client *c, const struct rendezvous_message *m, msec now)
{
	if (c->state == RENDEZVOUS_REGISTERED && m->held == 0 && count(c))
		enter(c, RENDEZVOUS_WAITING, RENDEZVOUS_LOST, now);
	if (c->state != RENDEZVOUS_REGISTERING || m->sequence != c->sequence)
		return;
	c->next += chunk(c);
	c->limit = m->limit;
	if (chunk(c))
		enter(c, RENDEZVOUS_REGISTERING, 0, now);
	else
		enter(c, RENDEZVOUS_REGISTERED, refresh_wait(c, m->lifetime), now);
}

enum rendezvous_event rendezvous_client_feed(struct rendezvous_client *c, struct bytes plain,
					     struct rendezvous_message *message, msec now)
{
	if (c->state == RENDEZVOUS_OFF || !rendezvous_read(message, plain))
		return RENDEZVOUS_NOTHING;
	if (message->kind == FRAME_DELIVER)
		return RENDEZVOUS_ENVELOPE;
	if (message->kind != FRAME_OBSERVED)
		return RENDEZVOUS_NOTHING;
	take_observed(c, message, now);
	return RENDEZVOUS_SEEN;
}

msec rendezvous_client_due(const struct rendezvous_client *c, msec now)
{
	return c->owes ? msec_min(c->due, bucket_due(&c->sends, &send_limit, now)) : c->due;
}

void rendezvous_client_tick(struct rendezvous_client *c, msec now)
{
	if (now < c->due)
		return;
	if (c->state == RENDEZVOUS_REGISTERING) {
		c->tries++;
		c->owes = true;
		c->due = now + retry_wait(c);
	} else {
		begin_round(c, now);
	}
}

size_t rendezvous_client_poll(struct rendezvous_client *c, uint8_t out[static RENDEZVOUS_FRAME_MAX],
			      msec now)
{
	struct rendezvous_message m = {
		.kind = FRAME_REGISTER,
		.sequence = c->sequence,
		.lifetime = RENDEZVOUS_LIFETIME,
		.ids = c->ids ? c->ids + c->next : NULL,
		.ids_len = chunk(c),
	};

	if (!c->owes || !bucket_take(&c->sends, &send_limit, now))
		return 0;
	c->owes = false;
	return rendezvous_write(out, RENDEZVOUS_FRAME_MAX, &m);
}

size_t rendezvous_client_publish(struct rendezvous_client *c,
				 uint8_t out[static RENDEZVOUS_FRAME_MAX], struct bytes envelope,
				 msec now)
{
	struct rendezvous_message m = {.kind = FRAME_PUBLISH, .envelope = envelope};

	if (c->state == RENDEZVOUS_OFF || !bucket_take(&c->sends, &send_limit, now))
		return 0;
	if (c->state == RENDEZVOUS_WAITING)
		begin_round(c, now);
	return rendezvous_write(out, RENDEZVOUS_FRAME_MAX, &m);
}
