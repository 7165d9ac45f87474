/* rig.c -- one agent, and a peer whose every byte the test writes itself. */
#include "rig.h"

#include <stdio.h>

#include "crypto/crypto.h"

int rig_prepare(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

struct bytes rig_text(const char *s)
{
	return bytes_of(s, strlen(s));
}

struct endpoint rig_endpoint(const char *text)
{
	struct endpoint e;

	if (!endpoint_parse(&e, text))
		fail_msg("bad endpoint: %s", text);
	return e;
}

void rig_init(struct rig *r, bool controlling)
{
	struct ice_settings settings = {
		.controlling = controlling,
		.tie_breaker = 1000,
		.rng = &r->rng,
		.pacer = &r->pacer,
	};
	struct local_candidate c = {.c.type = CANDIDATE_HOST};

	memset(r, 0, sizeof(*r));
	rng_seed(&r->rng, 1);
	ice_pacer_init(&r->pacer);
	r->now = 1000;
	r->base.at = rig_endpoint("10.0.0.1:5000");
	r->peer = rig_endpoint("192.0.2.1:6000");
	ice_agent_init(&r->agent, &settings);
	c.c.at = r->base.at;
	c.base = r->base;
	assert_int_not_equal(ice_agent_add_local(&r->agent, &c), NO_INDEX);
}

void rig_add_remote(struct rig *r, const char *at, enum candidate_type type)
{
	struct candidate c = {
		.type = (uint8_t)type,
		.component = 1,
		.at = rig_endpoint(at),
		.priority = candidate_priority(type, 65535, 1),
	};

	snprintf(c.foundation, sizeof(c.foundation), "%d%u", type, c.at.ip.bytes[3]);
	assert_int_equal(ice_agent_add_remote(&r->agent, rig_text(PEER_UFRAG), &c, r->now),
			 ICE_REMOTE_TAKEN);
}

void rig_meet(struct rig *r)
{
	char at[ENDPOINT_TEXT];

	assert_true(ice_agent_set_remote(&r->agent, rig_text(PEER_UFRAG), rig_text(PEER_PWD), r->now));
	rig_add_remote(r, endpoint_format(at, &r->peer), CANDIDATE_HOST);
}

void rig_connect(struct rig *r)
{
	rig_meet(r);
	assert_true(rig_until_request(r, r->now + 100));
	assert_int_equal(rig_answer(r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(r), ICE_PAIR_VALID);
}

void rig_settle(struct rig *r)
{
	rig_connect(r);
	assert_true(rig_until_request(r, r->now + ICE_SETTLE + PACER_TA));
	assert_int_equal(rig_answer(r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(r), ICE_NOMINATED);
	r->now += PACER_TA;
}

/* -- the peer's messages ------------------------------------------------- */

static void put_body(struct rig *r, const struct forged *f, struct writer *w)
{
	char username[64];

	snprintf(username, sizeof(username), "%s:" PEER_UFRAG, r->agent.ufrag);
	if (f->class == STUN_REQUEST && (!f->username || *f->username))
		stun_put(w, ATTR_USERNAME, rig_text(f->username ? f->username : username));
	if (f->class == STUN_REQUEST && !f->no_priority)
		stun_put_u32(w, ATTR_PRIORITY, 1845501695);
	if (f->short_role)
		stun_put_u32(w, ATTR_ICE_CONTROLLED, 5);
	if (f->controlling)
		stun_put_u64(w, ATTR_ICE_CONTROLLING, f->controlling);
	if (f->controlled)
		stun_put_u64(w, ATTR_ICE_CONTROLLED, f->controlled);
	if (f->use_candidate)
		stun_put(w, ATTR_USE_CANDIDATE, bytes_of(NULL, 0));
	if (f->mapped)
		stun_put_xor_address(w, ATTR_XOR_MAPPED_ADDRESS, f->mapped);
	if (f->error)
		stun_put_error(w, f->error);
	if (f->unknown)
		stun_put_u32(w, f->unknown, 1);
}

struct bytes rig_forge(struct rig *r, const struct forged *f, uint8_t out[static RIG_BYTES])
{
	struct writer w = writer_over(out, RIG_BYTES);
	const char *ours = f->class == STUN_REQUEST ? r->agent.pwd : PEER_PWD;
	uint8_t id[STUN_ID_LEN];

	r->rng.fill(&r->rng, id, sizeof(id));
	stun_begin(&w, f->method ? f->method : STUN_BINDING, f->class, f->id ? f->id : id);
	put_body(r, f, &w);
	if (f->class != STUN_INDICATION && (!f->pwd || *f->pwd))
		stun_put_integrity(&w, rig_text(f->pwd ? f->pwd : ours));
	if (!f->no_fingerprint)
		stun_put_fingerprint(&w);
	if (f->bad_fingerprint)
		w.data[w.len - 1] ^= 1;
	return stun_finish(&w);
}

enum ice_verdict rig_feed_from(struct rig *r, const char *from, const struct forged *f)
{
	struct endpoint source = rig_endpoint(from);
	uint8_t out[RIG_BYTES];

	return ice_agent_feed(&r->agent, &r->base, &source, rig_forge(r, f, out), r->now);
}

enum ice_verdict rig_feed(struct rig *r, const struct forged *f)
{
	char from[ENDPOINT_TEXT];

	return rig_feed_from(r, endpoint_format(from, &r->peer), f);
}

static enum ice_verdict answer(struct rig *r, const char *from, const struct endpoint *mapped)
{
	const struct forged f = {.class = STUN_SUCCESS, .id = r->msg.id, .mapped = mapped};

	return rig_feed_from(r, from, &f);
}

enum ice_verdict rig_answer(struct rig *r, const char *mapped)
{
	struct endpoint e = mapped ? rig_endpoint(mapped) : r->base.at;
	char from[ENDPOINT_TEXT];

	return answer(r, endpoint_format(from, &r->asked), &e);
}

enum ice_verdict rig_answer_from(struct rig *r, const char *from)
{
	return answer(r, from, &r->base.at);
}

/* -- what the agent does ------------------------------------------------- */

enum ice_action_kind rig_next(struct rig *r)
{
	enum ice_action_kind kind;

	ice_agent_tick(&r->agent, r->now);
	kind = ice_agent_poll(&r->agent, &r->action, r->now);
	if (kind == ICE_SEND) {
		assert_true(r->action.datagram.len <= sizeof(r->sent));
		r->asked = r->action.remote;
		memcpy(r->sent, r->action.datagram.data, r->action.datagram.len);
		assert_true(stun_parse(&r->msg, bytes_of(r->sent, r->action.datagram.len)));
	}
	return kind;
}

/* To the agent's next moment. False: that is behind the deadline. */
static bool advance(struct rig *r, msec deadline)
{
	msec due = ice_agent_due(&r->agent);

	if (due > deadline) {
		r->now = deadline;
		return false;
	}
	r->now = due > r->now ? due : r->now;
	return true;
}

bool rig_until(struct rig *r, enum ice_action_kind kind, msec deadline)
{
	do {
		enum ice_action_kind did;

		while ((did = rig_next(r)) != ICE_NOTHING)
			if (did == kind)
				return true;
	} while (advance(r, deadline));
	return false;
}

bool rig_until_request(struct rig *r, msec deadline)
{
	while (rig_until(r, ICE_SEND, deadline))
		if (r->msg.class == STUN_REQUEST)
			return true;
	return false;
}

unsigned rig_run(struct rig *r, msec until)
{
	unsigned requests = 0;

	while (rig_until_request(r, until))
		requests++;
	return requests;
}
