/* exchange.c -- two peers keep each other told of how they can be reached.
 *
 *   A                                     B
 *   gen 1, unacked            ------->    unproven: B has no generation yet, starts
 *   live: settled             <-------    gen 1, ack A.1, unacked
 *   ack B.1                   ------->    live: settled
 *
 * When both begin at once, each is unproven to the other until the answers
 * cross; nobody has to win.
 */
#include "signal/exchange.h"

#include <assert.h>
#include <string.h>

/* The peer alone can make us answer, and has proved himself; yet in moderation. */
static const struct bucket_limit send_limit = {.per_second = 2, .burst = 6};

/* -- ours ---------------------------------------------------------------- */

void exchange_shared_init(struct exchange_shared *s, const uint8_t private_key[static KEY_LEN],
			  uint64_t mark, struct rng *rng)
{
	memset(s, 0, sizeof(*s));
	noise_x_self_init(&s->self, private_key);
	stamp_init(&s->stamp, mark);
	s->rng = rng;
	do
		rng->fill(rng, &s->boot_id, sizeof(s->boot_id));
	while (!s->boot_id);
}

void exchange_shared_deinit(struct exchange_shared *s)
{
	wipe(s, sizeof(*s));
}

void exchange_shared_set_clock(struct exchange_shared *s, uint64_t wall_ms, uint32_t day)
{
	s->wall_ms = wall_ms;
	s->day = day;
}

bool exchange_init(struct exchange *x, struct exchange_shared *shared,
		   const uint8_t public_key[static KEY_LEN], const uint8_t psk[static KEY_LEN],
		   uint64_t heard_ms)
{
	memset(x, 0, sizeof(*x));
	x->shared = shared;
	x->heard_ms = heard_ms;
	x->due = NEVER;
	return noise_x_peer_init(&x->peer, &shared->self, public_key, psk);
}

void exchange_deinit(struct exchange *x)
{
	wipe(x, sizeof(*x));
}

/* +-10 %, so that nodes that began together do not stay together. */
static msec wait_after(const struct exchange *x)
{
	static const msec waits[] = {1000, 2000, 4000, 8000, 16000, 30000};
	size_t last = sizeof(waits) / sizeof(waits[0]) - 1;
	msec wait = waits[x->told < last ? x->told : last];

	return wait - wait / 10 + rng_below(x->shared->rng, (uint32_t)wait / 5 + 1);
}

static void enter(struct exchange *x, enum exchange_state state, msec now)
{
	x->state = state;
	x->told = 0;
	switch (state) {
	case EXCHANGE_IDLE:
		x->owes = false;
		x->due = NEVER;
		break;
	case EXCHANGE_TELLING:
		x->owes = true;
		x->owes_bye = false;
		x->due = now + wait_after(x);
		break;
	case EXCHANGE_SETTLED:
		x->due = NEVER;		/* an answer may still be owed */
		break;
	}
}

/* RFC 8445 section 9: both of the credentials change. */
void exchange_restart(struct exchange *x, msec now)
{
	x->gen = ++x->shared->gen;
	x->rev = 0;
	credential_generate(x->ufrag, EXCHANGE_UFRAG_LEN, x->shared->rng);
	credential_generate(x->pwd, EXCHANGE_PWD_LEN, x->shared->rng);
	enter(x, EXCHANGE_TELLING, now);
}

void exchange_start(struct exchange *x, msec now)
{
	if (x->state == EXCHANGE_IDLE)
		exchange_restart(x, now);
}

void exchange_stop(struct exchange *x)
{
	x->owes_bye = false;
	enter(x, EXCHANGE_IDLE, 0);
}

void exchange_bye(struct exchange *x)
{
	x->owes_bye = x->state != EXCHANGE_IDLE;
	enter(x, EXCHANGE_IDLE, 0);
}

void exchange_set_offer(struct exchange *x, const struct exchange_offer *offer, msec now)
{
	x->candidates = offer->candidates;
	x->candidates_len = offer->candidates_len;
	x->options = offer->options;
	x->suites = offer->suites;
	x->flags = offer->flags;
	if (x->state == EXCHANGE_IDLE)
		return;
	x->rev++;
	enter(x, EXCHANGE_TELLING, now);
}

void exchange_set_flags(struct exchange *x, uint16_t flags)
{
	x->flags = flags;
}

/* -- what comes in ------------------------------------------------------- */

static bool acks_generation(const struct exchange *x, const struct desc *d)
{
	return d->ack.boot_id == x->shared->boot_id && d->ack.gen == x->gen;
}

static bool acks_version(const struct exchange *x, const struct desc *d)
{
	return acks_generation(x, d) && d->ack.rev == x->rev;
}

/* In one boot the generation, and in it the revision, only rise with the time. */
static bool goes_back(const struct exchange *x, const struct desc *d)
{
	if (d->version.boot_id != x->theirs.boot_id)
		return false;
	if (d->version.gen != x->theirs.gen)
		return d->version.gen < x->theirs.gen;
	return d->version.rev < x->theirs.rev;
}

static void note_theirs(struct exchange *x, const struct desc *d, bool live,
			struct exchange_news *news)
{
	bool same_gen = d->version.boot_id == x->theirs.boot_id &&
			d->version.gen == x->theirs.gen;

	news->restarted = !same_gen;
	news->changed = !desc_version_equal(&d->version, &x->theirs);
	news->proven = live && !(same_gen && x->proven);
	x->proven = live;
	x->theirs = d->version;
}

/* Have they seen our version, and do they ask whether we have seen theirs? */
static void consider_answer(struct exchange *x, const struct desc *d, msec now)
{
	if (x->state == EXCHANGE_IDLE)
		return;
	if (acks_version(x, d)) {
		enter(x, EXCHANGE_SETTLED, now);
		x->owes = d->flags & DESC_UNACKED;
	} else if (x->state == EXCHANGE_SETTLED) {
		enter(x, EXCHANGE_TELLING, now);
	} else if (d->flags & DESC_UNACKED) {
		x->owes = true;
	}
}

/* The same message once more is old; unless a channel had brought it and the session,
 * which is slower but proves that it is live, does now. */
static bool is_old(const struct exchange *x, const struct desc *d, bool live)
{
	if (d->time_ms != x->heard_ms)
		return d->time_ms < x->heard_ms;
	return (d->flags & DESC_BYE) || !live || x->proven || !desc_version_equal(&d->version, &x->theirs);
}

enum exchange_verdict exchange_accept(struct exchange *x, const struct desc *desc,
				      enum exchange_via via, struct exchange_news *news, msec now)
{
	bool live = via != EXCHANGE_BY_CHANNEL || acks_generation(x, desc);
	bool bye = desc->flags & DESC_BYE;

	if (is_old(x, desc, live) || (bye && !live))
		return EXCHANGE_OLD;
	if (goes_back(x, desc))
		return EXCHANGE_BAD;
	memset(news, 0, sizeof(*news));
	x->heard_ms = desc->time_ms;
	news->bye = bye;
	if (!bye) {
		note_theirs(x, desc, live, news);
		consider_answer(x, desc, now);
	}
	return live ? EXCHANGE_LIVE : EXCHANGE_UNPROVEN;
}

static enum exchange_verdict feed(struct exchange *x, struct bytes message, enum exchange_via via,
				  struct desc *desc, struct exchange_news *news, msec now)
{
	struct desc got;
	enum exchange_verdict verdict;

	if (!desc_decode(&got, message))
		return EXCHANGE_BAD;
	verdict = exchange_accept(x, &got, via, news, now);
	if (verdict == EXCHANGE_LIVE || verdict == EXCHANGE_UNPROVEN)
		*desc = got;
	wipe(&got, sizeof(got));
	return verdict;
}

enum exchange_verdict exchange_feed(struct exchange *x, struct bytes envelope, struct desc *desc,
				    struct exchange_news *news, msec now)
{
	enum exchange_verdict verdict = EXCHANGE_BAD;
	uint8_t plain[SEAL_PLAIN_MAX];
	size_t len = seal_open(plain, envelope, &x->shared->self, &x->peer);

	if (len && plain[0] == SEAL_DESC)
		verdict = feed(x, bytes_of(plain + 1, len - 1), EXCHANGE_BY_CHANNEL, desc, news, now);
	wipe(plain, sizeof(plain));
	return verdict;
}

enum exchange_verdict exchange_feed_session(struct exchange *x, struct bytes body,
					    struct desc *desc, struct exchange_news *news, msec now)
{
	return feed(x, body, EXCHANGE_BY_SESSION, desc, news, now);
}

/* -- what goes out ------------------------------------------------------- */

msec exchange_due(const struct exchange *x, msec now)
{
	if (x->owes || x->owes_bye)
		return msec_min(x->due, bucket_due(&x->sends, &send_limit, now));
	return x->due;
}

void exchange_tick(struct exchange *x, msec now)
{
	if (now < x->due)
		return;
	x->told++;
	x->owes = true;
	x->due = now + wait_after(x);
}

/* The best of them: what does not fit is the lowest in priority. */
static void add_candidate(struct desc *d, const struct desc_candidate *c)
{
	struct desc_candidate *lowest = d->candidates;

	if (d->candidates_len < DESC_CANDIDATES_MAX) {
		d->candidates[d->candidates_len++] = *c;
		return;
	}
	for (size_t i = 1; i < d->candidates_len; i++) {
		if (d->candidates[i].priority < lowest->priority)
			lowest = &d->candidates[i];
	}
	if (c->priority > lowest->priority)
		*lowest = *c;
}

static void describe(const struct exchange *x, struct desc *d, uint16_t flags)
{
	memset(d, 0, sizeof(*d));
	d->version = (struct desc_version){x->shared->boot_id, x->gen, x->rev};
	d->ack = x->theirs;
	memcpy(d->ufrag, x->ufrag, sizeof(x->ufrag));
	memcpy(d->pwd, x->pwd, sizeof(x->pwd));
	d->options = x->options;
	d->suites = x->suites;
	d->flags = x->flags | flags;
	for (size_t i = 0; i < x->candidates_len; i++)
		add_candidate(d, &x->candidates[i]);
}

static void write_message(struct exchange *x, struct exchange_message *out, uint16_t flags)
{
	struct exchange_shared *s = x->shared;
	struct desc d;

	describe(x, &d, flags);
	out->save_first = stamp_next(&s->stamp, s->wall_ms, &d.time_ms);
	out->len = desc_encode(out->desc, sizeof(out->desc), &d);
	assert(out->len);		/* without candidates it always fits */
	wipe(&d, sizeof(d));
}

bool exchange_describe(struct exchange *x, struct exchange_message *out)
{
	if (x->state == EXCHANGE_IDLE)
		return false;
	write_message(x, out, x->state == EXCHANGE_TELLING ? DESC_UNACKED : 0);
	return true;
}

bool exchange_poll(struct exchange *x, struct exchange_message *out, msec now)
{
	if (!x->owes && !x->owes_bye)
		return false;
	if (!bucket_take(&x->sends, &send_limit, now))
		return false;
	if (x->owes_bye)
		write_message(x, out, DESC_BYE);
	else
		exchange_describe(x, out);
	x->owes = x->owes_bye = false;
	return true;
}

size_t exchange_seal(struct exchange *x, uint8_t out[static ENVELOPE_MAX],
		     const struct exchange_message *message)
{
	struct exchange_shared *s = x->shared;
	uint8_t plain[1 + DESC_MAX], mailbox[MAILBOX_LEN];
	size_t len;

	plain[0] = SEAL_DESC;
	memcpy(plain + 1, message->desc, message->len);
	mailbox_id(mailbox, &s->self, &x->peer, MAILBOX_TO_PEER, s->day);
	len = seal_envelope(out, mailbox, &s->self, &x->peer, bytes_of(plain, 1 + message->len),
			    s->rng);
	wipe(plain, sizeof(plain));
	return len;
}
