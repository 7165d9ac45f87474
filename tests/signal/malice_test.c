/* malice_test.c -- a rendezvous that does to envelopes all that it can.
 *
 *   A  <====>  villain  <====>  B        drops, delays, doubles, reorders, replays what is
 *   ^                                    days old, puts into other boxes, makes up
 *   '-- C is in A's list as well
 *
 * Meanwhile A and B restart, lose their state, move and fall silent. Whatever
 * happens: what is taken was said by the other, later than what was taken
 * before; what is live was said to this very life of the listener. And when
 * the villain tires, each soon knows the other's state.
 */
#include <stdlib.h>

#include "talk.h"

enum {
	SAID = 4096,		/* per side, in one play */
	IN_FLIGHT = 512,
	SEEDS = 8,
	PEER_OTHER = 0,		/* as the mailboxes are numbered */
	PEER_C = 1,
	PEERS,
};

#define DAY_MS	UINT64_C(86400000)

struct said {
	uint64_t time_ms;
	struct desc_version version;
	char pwd[DESC_PWD_MAX + 1];
	msec at;
	struct envelope envelope;
};

struct flying {
	bool used;
	int to;
	msec arrives;
	struct envelope envelope;
};

struct play {
	struct rng rng;
	struct talk t;
	struct exchange a_with_c;
	uint8_t ids[2][PEERS][2][MAILBOX_LEN];	/* of A and B: their peers' mailboxes of two days */
	uint32_t first_day;
	struct said said[2][SAID];
	size_t said_len[2];
	struct flying flying[IN_FLIGHT];
	msec booted[2];
	uint64_t taken_ms[2];		/* time of the last DESC that was taken; 0 after lost state */
	unsigned taken, live, stray, refused;
};

/* -- the nodes ----------------------------------------------------------- */

static void listen_on(struct play *p, int who, const struct exchange *x, uint32_t peer)
{
	for (uint32_t day = 0; day < 2; day++)
		mailbox_id(p->ids[who][peer][day], &x->shared->self, &x->peer, MAILBOX_FROM_PEER,
			   p->first_day + day);
}

static void renew_mailboxes(struct play *p)
{
	uint32_t first = mailbox_first_day(p->t.side[A].shared.wall_ms);

	if (first == p->first_day)
		return;
	p->first_day = first;
	for (int i = 0; i < 2; i++)
		listen_on(p, i, &p->t.side[i].x, PEER_OTHER);
	listen_on(p, A, &p->a_with_c, PEER_C);
}

/* PEERS: nobody's. */
static uint32_t addressee(const struct play *p, int who, const uint8_t *mailbox)
{
	for (uint32_t peer = 0; mailbox && peer < PEERS; peer++) {
		for (int day = 0; day < 2; day++) {
			if (memcmp(p->ids[who][peer][day], mailbox, MAILBOX_LEN) == 0)
				return peer;
		}
	}
	return PEERS;
}

static void boot(struct play *p, int who, bool state_is_lost)
{
	uint64_t heard_ms = state_is_lost ? 0 : p->t.side[who].x.heard_ms;

	talk_boot(&p->t, who, NULL, heard_ms);
	p->booted[who] = p->t.now;
	if (state_is_lost)
		p->taken_ms[who] = 0;
	if (who == A)
		p->a_with_c.shared = &p->t.side[A].shared;
}

static struct play *begin(uint64_t seed)
{
	static const uint8_t none[KEY_LEN];
	struct play *p = calloc(1, sizeof(*p));
	struct noise_x_self c;

	rng_seed(&p->rng, seed);
	talk_begin(&p->t, seed, NULL);
	c = self_of(&p->rng);
	assert_true(exchange_init(&p->a_with_c, &p->t.side[A].shared, c.public_key, none, 0));
	exchange_start(&p->a_with_c, 0);
	renew_mailboxes(p);
	return p;
}

static const struct said *find_said(const struct play *p, int who, uint64_t time_ms)
{
	for (size_t i = 0; i < p->said_len[who]; i++) {
		if (p->said[who][i].time_ms == time_ms)
			return &p->said[who][i];
	}
	return NULL;
}

/* Was it the other who said it, when, and to whom? */
static void check_taken(struct play *p, int who)
{
	const struct side *s = &p->t.side[who];
	const struct said *said = find_said(p, !who, s->desc.time_ms);

	assert_non_null(said);
	assert_true(desc_version_equal(&said->version, &s->desc.version));
	assert_string_equal(said->pwd, s->desc.pwd);
	assert_true(s->desc.time_ms > p->taken_ms[who]);
	if (s->verdict == EXCHANGE_LIVE)
		assert_true(said->at >= p->booted[who]);
	if (s->news.bye)
		assert_int_equal(s->verdict, EXCHANGE_LIVE);
	p->taken_ms[who] = s->desc.time_ms;
	p->taken++;
	p->live += s->verdict == EXCHANGE_LIVE;
}

static void receive(struct play *p, int who, const struct envelope *e)
{
	uint32_t peer = addressee(p, who, envelope_mailbox(bytes_of(e->bytes, e->len)));
	struct exchange_news news;
	struct desc d;

	if (peer == PEERS) {
		p->stray++;
	} else if (peer == PEER_C) {
		assert_int_equal(exchange_feed(&p->a_with_c, bytes_of(e->bytes, e->len), &d, &news,
					       p->t.now),
				 EXCHANGE_BAD);
		p->refused++;
	} else {
		talk_deliver(&p->t, who, e);
		if (p->t.side[who].verdict <= EXCHANGE_UNPROVEN)
			check_taken(p, who);
		else
			p->refused++;
	}
}

/* -- the villain --------------------------------------------------------- */

static uint32_t roll(struct play *p, uint32_t sides)
{
	return rng_below(&p->rng, sides);
}

static void send_later(struct play *p, int to, const struct envelope *e, msec delay)
{
	struct flying *f = &p->flying[roll(p, IN_FLIGHT)];

	*f = (struct flying){true, to, p->t.now + delay, *e};
}

/* Into another box: the one of the other direction, of another day, of A and C. */
static struct envelope misdirected(struct play *p, const struct envelope *e)
{
	struct envelope other = *e;
	const struct exchange *x = roll(p, 2) ? &p->a_with_c : &p->t.side[roll(p, 2)].x;

	mailbox_id(other.bytes + 1, &x->shared->self, &x->peer,
		   roll(p, 2) ? MAILBOX_TO_PEER : MAILBOX_FROM_PEER,
		   mailbox_first_day(x->shared->wall_ms) + roll(p, 2));
	return other;
}

static void damage(struct play *p, struct envelope *e)
{
	size_t at = 1 + MAILBOX_LEN + roll(p, (uint32_t)e->len - 1 - MAILBOX_LEN);

	e->bytes[at] ^= (uint8_t)(1 + roll(p, 255));
}

static void handle(struct play *p, int to, const struct envelope *e)
{
	struct envelope other;

	switch (roll(p, 8)) {
	case 0:
	case 1:
		return;						/* drop */
	case 2:
		send_later(p, to, e, SECONDS(30));
		return;
	case 3:
		for (int i = 0; i < 100; i++)
			receive(p, to, e);
		return;
	case 4:
		other = misdirected(p, e);
		receive(p, (int)roll(p, 2), &other);
		return;
	case 5:
		other = *e;
		damage(p, &other);
		receive(p, to, &other);
		return;
	default:
		send_later(p, to, e, roll(p, 3000));		/* and so reorder */
	}
}

static void replay(struct play *p)
{
	int from = (int)roll(p, 2);
	struct envelope e;

	if (!p->said_len[from])
		return;
	e = p->said[from][roll(p, (uint32_t)p->said_len[from])].envelope;
	if (roll(p, 3) == 0)
		e = misdirected(p, &e);
	receive(p, roll(p, 4) ? !from : from, &e);
}

/* Made up: mostly for nobody, some for a box that is really there. */
static void inject(struct play *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct envelope e = {.len = ENVELOPE_OVERHEAD + 1 + roll(p, 200)};

		p->rng.fill(&p->rng, e.bytes, e.len);
		e.bytes[0] = ENVELOPE_VERSION;
		if (i % 100 == 0)
			e = misdirected(p, &e);
		receive(p, (int)roll(p, 2), &e);
	}
}

/* -- the play ------------------------------------------------------------ */

static void note_said(struct play *p, int who, const struct exchange_message *m,
		      const struct envelope *e)
{
	struct said *said = &p->said[who][p->said_len[who]++];
	struct desc d;

	assert_true(p->said_len[who] < SAID);
	assert_true(desc_decode(&d, bytes_of(m->desc, m->len)));
	*said = (struct said){d.time_ms, d.version, "", p->t.now, *e};
	memcpy(said->pwd, d.pwd, sizeof(d.pwd));
}

static bool speak(struct play *p, int who, struct envelope *e)
{
	struct side *s = &p->t.side[who];
	struct exchange_message m;

	if (!exchange_poll(&s->x, &m, p->t.now))
		return false;
	if (m.save_first)
		s->disk = s->shared.stamp.reserved;
	e->len = exchange_seal(&s->x, e->bytes, &m);
	note_said(p, who, &m, e);
	return true;
}

/* What nodes do in a life that is not easy. */
static void live(struct play *p, int who)
{
	struct exchange *x = &p->t.side[who].x;

	switch (roll(p, 40)) {
	case 0:
		boot(p, who, false);
		break;
	case 1:
		boot(p, who, true);
		break;
	case 2:
		exchange_restart(x, p->t.now);
		break;
	case 3:
		exchange_bye(x);
		break;
	case 4:
		exchange_stop(x);
		break;
	case 5:
	case 6:
		talk_offer(&p->t, who, roll(p, 10));
		break;
	case 7:
	case 8:
	case 9:
		exchange_start(x, p->t.now);
		break;
	}
}

static void land(struct play *p)
{
	for (size_t i = 0; i < IN_FLIGHT; i++) {
		struct flying *f = &p->flying[i];

		if (f->used && f->arrives <= p->t.now) {
			f->used = false;
			receive(p, f->to, &f->envelope);
		}
	}
}

static void pass_time(struct play *p, msec wait)
{
	talk_wait(&p->t, wait);
	renew_mailboxes(p);
	land(p);
}

static void step(struct play *p)
{
	struct envelope e;

	pass_time(p, roll(p, 500) ? roll(p, 400) : (msec)DAY_MS);
	for (int who = 0; who < 2; who++) {
		live(p, who);
		while (speak(p, who, &e))
			handle(p, !who, &e);
	}
	if (roll(p, 4) == 0)
		replay(p);
}

/* The villain is tired: all that is said arrives, in a tenth of a second. */
static void make_peace(struct play *p)
{
	struct envelope e;

	exchange_start(&p->t.side[A].x, p->t.now);
	exchange_start(&p->t.side[B].x, p->t.now);
	for (msec end = p->t.now + SECONDS(180); p->t.now < end;) {
		for (int who = 0; who < 2; who++)
			while (speak(p, who, &e))
				send_later(p, !who, &e, 100);
		pass_time(p, 50);
	}
	assert_settled(&p->t);
}

static void nothing_wrong_or_old_is_taken_and_peace_brings_agreement(void **state)
{
	unsigned live_ones = 0, taken = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct play *p = begin(seed);

		for (int i = 0; i < 800; i++)
			step(p);
		make_peace(p);
		live_ones += p->live;
		taken += p->taken;
		free(p);
	}
	assert_true(live_ones > 100 && taken - live_ones > 100);	/* it was not for nothing */
}

static void of_a_hundred_thousand_made_up_none_is_taken(void **state)
{
	struct play *p = begin(99);
	struct exchange before[2];

	(void)state;
	make_peace(p);
	before[A] = p->t.side[A].x;
	before[B] = p->t.side[B].x;
	p->taken = p->stray = p->refused = 0;
	inject(p, 100000);
	assert_int_equal(p->taken, 0);
	assert_int_equal(p->stray + p->refused, 100000);
	assert_true(p->refused > 200);
	assert_memory_equal(&before[A], &p->t.side[A].x, sizeof(before[A]));
	assert_memory_equal(&before[B], &p->t.side[B].x, sizeof(before[B]));
	free(p);
}

/* With all memory of the last days gone on both sides. */
static void a_replay_of_yesterday_has_no_box_any_more(void **state)
{
	struct play *p = begin(100);

	(void)state;
	make_peace(p);
	pass_time(p, 2 * (msec)DAY_MS);
	boot(p, A, true);
	boot(p, B, true);
	p->taken = p->stray = 0;
	for (int who = 0; who < 2; who++)
		for (size_t i = 0; i < p->said_len[who]; i++)
			receive(p, !who, &p->said[who][i].envelope);
	assert_int_equal(p->taken, 0);
	assert_int_equal(p->stray, p->said_len[A] + p->said_len[B]);
	make_peace(p);
	free(p);
}

static void nobody_is_found_through_who_drops_everything_but_one_channel_is_enough(void **state)
{
	struct play *p = begin(101);
	struct envelope e;

	(void)state;
	exchange_start(&p->t.side[A].x, 0);
	for (int i = 0; i < 1000; i++) {
		pass_time(p, 100);
		while (speak(p, A, &e))
			;
	}
	assert_int_equal(p->t.side[B].x.state, EXCHANGE_IDLE);
	assert_in_range(p->said_len[A], 7, 9);
	make_peace(p);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_wrong_or_old_is_taken_and_peace_brings_agreement),
		cmocka_unit_test(of_a_hundred_thousand_made_up_none_is_taken),
		cmocka_unit_test(a_replay_of_yesterday_has_no_box_any_more),
		cmocka_unit_test(
			nobody_is_found_through_who_drops_everything_but_one_channel_is_enough),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
