/* talk.h -- two exchanges and somebody who carries their envelopes.
 *
 *   side A: exchange --poll--> seal ==> envelope ==> feed --> side B: exchange
 *
 * The carrier is the test: it may lose, keep, double or change what it gets.
 */
#ifndef TESTS_SIGNAL_TALK_H
#define TESTS_SIGNAL_TALK_H

#include "pair.h"
#include "signal/exchange.h"

#define WALL	UINT64_C(1700000000000)		/* of both clocks when `now` is 0 */

enum { A, B };

struct envelope {
	size_t len;
	uint8_t bytes[ENVELOPE_MAX];
};

struct side {
	struct rng rng;
	uint8_t private_key[KEY_LEN];
	struct exchange_shared shared;
	struct exchange x;
	struct desc_candidate candidates[40];
	unsigned sent;
	uint64_t disk;			/* the saved mark of the stamps */
	/* of the last envelope that was fed */
	enum exchange_verdict verdict;
	struct desc desc;
	struct exchange_news news;
};

struct talk {
	struct side side[2];
	msec now;
};

static inline void talk_tell_time(struct talk *t)
{
	for (int i = 0; i < 2; i++)
		exchange_shared_set_clock(&t->side[i].shared, WALL + (uint64_t)t->now,
					  mailbox_day(WALL + (uint64_t)t->now));
}

/* One candidate more or less is another offer. */
static inline void talk_offer(struct talk *t, int who, size_t candidates)
{
	struct side *s = &t->side[who];
	struct exchange_offer offer = {
		.candidates = s->candidates,
		.candidates_len = candidates,
		.options = DESC_ICE2 | DESC_TRICKLE,
		.suites = DESC_CHACHA20,
	};

	for (size_t i = 0; i < candidates; i++) {
		s->candidates[i] = (struct desc_candidate){
			.priority = 1000 + (uint32_t)i,
			.type = DESC_HOST,
			.transport = DESC_UDP,
			.foundation = (uint8_t)i,
			.endpoint = {.ip = ip_v4(192, 0, 2, (uint8_t)who), .port = 1000},
		};
	}
	exchange_set_offer(&s->x, &offer, t->now);
}

/* The program starts, with what is on disk; `heard_ms` 0: that was lost. */
static inline void talk_boot(struct talk *t, int who, const uint8_t *psk, uint64_t heard_ms)
{
	static const uint8_t none[KEY_LEN];
	struct side *s = &t->side[who], *other = &t->side[!who];
	struct noise_x_self self;

	noise_x_self_init(&self, other->private_key);
	exchange_shared_init(&s->shared, s->private_key, s->disk, &s->rng);
	assert_true(exchange_init(&s->x, &s->shared, self.public_key, psk ? psk : none, heard_ms));
	talk_tell_time(t);
	talk_offer(t, who, 2);
}

static inline void talk_begin(struct talk *t, uint64_t seed, const uint8_t *psk)
{
	memset(t, 0, sizeof(*t));
	for (int i = 0; i < 2; i++) {
		rng_seed(&t->side[i].rng, 2 * seed + (unsigned)i);
		key_generate(t->side[i].private_key, &t->side[i].rng);
	}
	talk_boot(t, A, psk, 0);
	talk_boot(t, B, psk, 0);
}

static inline void talk_wait(struct talk *t, msec wait)
{
	t->now += wait;
	talk_tell_time(t);
	exchange_tick(&t->side[A].x, t->now);
	exchange_tick(&t->side[B].x, t->now);
}

/* What `who` has to say now. */
static inline bool talk_take(struct talk *t, int who, struct envelope *out)
{
	struct side *s = &t->side[who];
	struct exchange_message m;

	if (!exchange_poll(&s->x, &m, t->now))
		return false;
	if (m.save_first)
		s->disk = s->shared.stamp.reserved;
	out->len = exchange_seal(&s->x, out->bytes, &m);
	assert_true(out->len);
	s->sent++;
	return true;
}

static inline enum exchange_verdict talk_give(struct talk *t, int who, const struct envelope *e)
{
	struct side *s = &t->side[who];

	s->verdict = exchange_feed(&s->x, bytes_of(e->bytes, e->len), &s->desc, &s->news, t->now);
	return s->verdict;
}

/* The node's part: a peer that wants us wakes us. */
static inline void talk_deliver(struct talk *t, int to, const struct envelope *e)
{
	if (talk_give(t, to, e) <= EXCHANGE_UNPROVEN && !t->side[to].news.bye)
		exchange_start(&t->side[to].x, t->now);
}

/* Carry faithfully for so long; each message takes `trip`. Returns how many there were. */
static inline unsigned talk_run(struct talk *t, msec duration, msec trip)
{
	msec end = t->now + duration;
	unsigned before = t->side[A].sent + t->side[B].sent;

	while (t->now <= end) {
		struct envelope e[2];
		bool any[2] = {talk_take(t, A, &e[A]), talk_take(t, B, &e[B])};

		talk_wait(t, any[A] || any[B] ? trip : 10);
		if (any[A])
			talk_deliver(t, B, &e[A]);
		if (any[B])
			talk_deliver(t, A, &e[B]);
	}
	return t->side[A].sent + t->side[B].sent - before;
}

static inline void assert_settled(const struct talk *t)
{
	for (int i = 0; i < 2; i++) {
		const struct exchange *x = &t->side[i].x, *other = &t->side[!i].x;

		assert_int_equal(x->state, EXCHANGE_SETTLED);
		assert_true(x->proven);
		assert_true(x->theirs.boot_id == other->shared->boot_id);
		assert_int_equal(x->theirs.gen, other->gen);
		assert_int_equal(x->theirs.rev, other->rev);
	}
}

#endif
