/* fuzz_ice.c -- an agent, and a script of everything that can happen to it.
 *
 *   op | what it needs | op | what it needs | ...
 *
 * Messages are made of the script's bytes; half of them get the right integrity and
 * fingerprint, as those of a peer that knows the passwords and means harm. The rest
 * come from strangers, who must get no answer. After each step all that should always
 * hold is looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "ice/agent.h"
#include "ice/candidate_line.h"
#include "stun/integrity.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct ice_agent agent;
static struct ice_pacer pacer;
static struct rng rng;
static struct cidr refused;
static msec now, last_request;
static uint8_t last_id[STUN_ID_LEN];
static struct endpoint last_to;

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	must(crypto_init() && cidr_parse(&refused, "10.77.0.0/16"));
	return 0;
}

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

/* -- what always holds --------------------------------------------------- */

static bool is_used(uint8_t pair)
{
	return pair < PAIRS_MAX && agent.list.pairs[pair].state != PAIR_NONE;
}

/* At most one live check on each. */
static void find_live(const struct check *live_on[static PAIRS_MAX])
{
	for (unsigned i = 0; i < CHECKS_MAX; i++) {
		const struct check *c = &agent.checks.slots[i];

		if (c->state != CHECK_LIVE)
			continue;
		must(c->pair < PAIRS_MAX && !live_on[c->pair]);
		live_on[c->pair] = c;
	}
}

static void look_at_pairs(void)
{
	const struct check *live_on[PAIRS_MAX] = {NULL};

	find_live(live_on);
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		const struct pair *p = &agent.list.pairs[i];
		const struct check *live = live_on[i];

		must(!live || (is_used(i) && live->serial == p->serial));
		if (!is_used(i))
			continue;
		must(agent.list.locals[p->local].c.type != CANDIDATE_NONE);
		must(agent.list.remotes[p->remote].type != CANDIDATE_NONE);
		must(candidate_same_transport(&agent.list.locals[p->local].c,
					      &agent.list.remotes[p->remote]));
		must(p->mapped == NO_INDEX || agent.list.locals[p->mapped].c.type != CANDIDATE_NONE);
		must(p->state != PAIR_IN_PROGRESS || live || p->questions_left);	/* it goes on */
		must(p->active == (agent.active == i) && p->nominated == (agent.nominated == i));
		must(p->questions_left <= ICE_PROBE_QUESTIONS && pair_lost(p) <= PAIR_HISTORY);
	}
}

static void look(void)
{
	look_at_pairs();
	must(agent.active == NO_INDEX || is_used(agent.active));
	must(agent.nominee == NO_INDEX || is_used(agent.nominee));
	must(agent.nominated == NO_INDEX || is_used(agent.nominated));
	must(agent.list.triggered_len <= PAIRS_MAX && agent.replies_len <= ICE_REPLIES_MAX &&
	     agent.early_len <= ICE_EARLY_MAX);
	for (unsigned i = 0; i < agent.list.triggered_len; i++)
		must(is_used(agent.list.triggered[i]));
}

/* -- what the agent says ------------------------------------------------- */

static void look_at_datagram(const struct ice_action *action)
{
	struct stun_msg msg;

	must(stun_parse(&msg, action->datagram) && stun_check_fingerprint(&msg));
	must(candidate_check(&action->remote, &refused, 1) == CANDIDATE_FINE);
	if (msg.class != STUN_REQUEST)
		return;
	must(now - last_request >= PACER_TA);
	last_request = now;
	last_to = action->remote;
	memcpy(last_id, msg.id, sizeof(last_id));
}

static void drain(void)
{
	struct ice_action action;
	enum ice_action_kind kind;
	unsigned n = 0;

	ice_agent_tick(&agent, now);
	while ((kind = ice_agent_poll(&agent, &action, now)) != ICE_NOTHING) {
		must(++n < 1000);
		if (kind == ICE_SEND)
			look_at_datagram(&action);
		if (kind == ICE_PAIR_VALID || kind == ICE_NOMINATED || kind == ICE_PROBE_RESULT)
			must(is_used(action.pair));
	}
	must(ice_agent_due(&agent) > now);		/* or the loop would spin */
	look();
}

static void pass(msec span)
{
	msec end = now + span;

	while (ice_agent_due(&agent) <= end) {
		now = ice_agent_due(&agent);
		drain();
	}
	now = end;
}

/* -- what happens to it -------------------------------------------------- */

static struct ice_base base_of(uint8_t b)
{
	struct ice_base base = {.at = {.ip = ip_v4(10, 0, 0, 1), .port = 5000}};

	base.at.port = (uint16_t)(base.at.port + (b & 3));
	if (b & 4)
		base.at.ip = ip_v6((const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = 1});
	if (b & 8) {
		base.at.ip = ip_v6((const uint8_t[16]){0xfe, 0x80, [15] = 1});
		base.at.scope = 2;
	}
	if (b & 64)
		base.via = 1000;	/* of TCP, whoever owns the numbers */
	return base;
}

static struct endpoint endpoint_of(struct reader *r)
{
	uint8_t kind = get_u8(r), last = get_u8(r);
	struct endpoint e = {.ip = ip_v4(192, 0, 2, last), .port = (uint16_t)(1 + kind / 16)};

	switch (kind & 7) {
	case 0:
		return last_to.ip.family ? last_to : e;
	case 1:
		e.ip = ip_v6((const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [14] = 1, [15] = last});
		break;
	case 2:
		e.ip = ip_v6((const uint8_t[16]){0xfe, 0x80, [15] = last});
		e.scope = 2;
		break;
	case 3:
		e.ip = ip_v4(last, get_u8(r), get_u8(r), 1);
		break;
	default:
		break;
	}
	return e;
}

static enum ice_verdict feed(const struct ice_base *base, const struct endpoint *from,
			     struct bytes datagram)
{
	uint8_t replies = agent.replies_len;
	enum ice_verdict verdict = ice_agent_feed(&agent, base, from, datagram, now);

	ice_local_ufrag_of(datagram);
	must(agent.replies_len == replies || verdict == ICE_HANDLED || verdict == ICE_NO_ROOM ||
	     verdict == ICE_UNKNOWN_ATTRIBUTE);
	return verdict;
}

static void put_role(struct writer *w, uint8_t shape, struct reader *r)
{
	if (shape & 1)
		stun_put_u64(w, ATTR_ICE_CONTROLLED, get_u8(r));
	if (shape & 2)
		stun_put_u64(w, ATTR_ICE_CONTROLLING, (uint64_t)get_u8(r) << 56);
	if (shape & 4)
		stun_put(w, ATTR_USE_CANDIDATE, bytes_of(NULL, 0));
	if (shape & 8)
		stun_put_u32(w, ATTR_PRIORITY, get_u8(r) * 7919u);
}

static void put_attributes(struct writer *w, uint8_t shape, struct reader *r)
{
	struct endpoint mapped;
	char username[ICE_UFRAG_LEN + 8];

	if (shape & 16) {
		snprintf(username, sizeof(username), "%s:%s", agent.ufrag, shape & 1 ? "peer" : "other");
		stun_put(w, ATTR_USERNAME, text(username));
	}
	put_role(w, shape, r);
	if (shape & 32) {
		mapped = endpoint_of(r);
		stun_put_xor_address(w, ATTR_XOR_MAPPED_ADDRESS, &mapped);
	}
	if (shape & 64)
		stun_put_error(w, get_u8(r) & 1 ? 487 : 300u + get_u8(r));
	if (shape & 128)
		stun_put(w, get_be16(r), get_bytes(r, get_u8(r) & 31));
}

static void step_message(struct reader *r)
{
	uint8_t buffer[1024], kind = get_u8(r), shape = get_u8(r), id[STUN_ID_LEN];
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct ice_base base = base_of((uint8_t)((kind >> 3 & 12) | (kind << 3 & 64)));
	struct endpoint from = endpoint_of(r);
	bool by_peer = kind & 4;
	enum ice_verdict verdict;

	memcpy(id, last_id, sizeof(id));
	if (kind & 128)
		get_copy(r, id, sizeof(id));
	stun_begin(&w, STUN_BINDING, (enum stun_class)(kind & 3), id);
	put_attributes(&w, shape, r);
	if (by_peer)
		stun_put_integrity(&w, (kind & 3) == STUN_REQUEST ? text(agent.pwd)
								  : text(agent.remote_pwd));
	stun_put_fingerprint(&w);
	verdict = feed(&base, &from, stun_finish(&w));
	must(by_peer || verdict != ICE_HANDLED || (kind & 3) == STUN_INDICATION);
}

static void step_junk(struct reader *r)
{
	struct ice_base base = base_of(get_u8(r));
	struct endpoint from = endpoint_of(r);
	struct bytes datagram = get_bytes(r, get_u8(r));

	feed(&base, &from, datagram);
}

static void step_local(struct reader *r)
{
	uint8_t b = get_u8(r);
	struct local_candidate c = {.base = base_of(b)};

	if (b & 128) {
		ice_agent_remove_base(&agent, &c.base);
		return;
	}
	c.c.type = (uint8_t)(1 + (b >> 4 & 3));
	if (c.base.via)
		c.c.proto = c.c.type == CANDIDATE_HOST ? CANDIDATE_TCP_PASSIVE : CANDIDATE_TCP_SO;
	c.c.at = c.c.type == CANDIDATE_HOST || c.c.type == CANDIDATE_RELAY ? c.base.at : endpoint_of(r);
	if (c.c.type != CANDIDATE_PRFLX)
		ice_agent_add_local(&agent, &c);
}

static void step_remote(struct reader *r)
{
	uint8_t b = get_u8(r);
	struct candidate c = {
		.type = (uint8_t)(1 + (b & 3)),
		.proto = b & 64 ? (uint8_t)(1 + (b >> 2 & 1) + (b >> 7)) : CANDIDATE_UDP,
		.component = (uint16_t)(1 + ((b & 0x1c) == 0x1c)),
		.priority = get_u8(r) * 1000003u,
		.at = endpoint_of(r),
	};

	if (c.type == CANDIDATE_PRFLX)
		return;
	c.foundation[0] = (char)('a' + (b >> 5));
	ice_agent_add_remote(&agent, text(b & 32 ? "peer" : agent.remote_ufrag), &c, now);
}

static void step_line(struct reader *r)
{
	char line[256], again[CANDIDATE_LINE_MAX];
	struct candidate c, d;
	struct bytes ufrag, part = get_bytes(r, get_u8(r));

	snprintf(line, sizeof(line), "candidate:%.*s", (int)part.len, (const char *)part.data);
	if (!candidate_parse(&c, &ufrag, line))
		return;
	must(candidate_parse(&d, &ufrag, candidate_write(again, &c)));
	must(candidate_same_place(&c, &d) && c.priority == d.priority && c.type == d.type);
	ice_agent_add_remote(&agent, text(agent.remote_ufrag), &c, now);
}

static void step_pair(struct reader *r)
{
	uint8_t b = get_u8(r), pair = b & 127;

	switch (get_u8(r) & 3) {
	case 0:
		ice_agent_set_active(&agent, b & 128 ? NO_INDEX : pair, now);
		break;
	case 1:
		ice_agent_check_now(&agent, pair);
		break;
	case 2:
		ice_agent_nominate(&agent, pair);
		break;
	case 3:
		ice_agent_keepalive(&agent, pair);
		break;
	}
}

static void step_generation(struct reader *r)
{
	static const char pwd[] = "peerpasswordpeerpassword";
	uint8_t b = get_u8(r);

	if (b == 0)
		ice_agent_restart(&agent);
	else if (b & 8)
		ice_agent_end_of_candidates(&agent, text(agent.remote_ufrag));
	else
		ice_agent_set_remote(&agent, text(b & 7 ? "peer" : "other"), text(pwd), now);
}

static void step(struct reader *r)
{
	switch (get_u8(r) % 9) {
	case 0:
		step_junk(r);
		break;
	case 1:
	case 2:
		step_message(r);
		break;
	case 3:
		step_local(r);
		break;
	case 4:
		step_remote(r);
		break;
	case 5:
		step_pair(r);
		break;
	case 6:
		step_generation(r);
		break;
	case 7:
		pass((msec)get_u8(r) * get_u8(r));
		break;
	case 8:
		step_line(r);
		break;
	}
	drain();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reader r = reader_over(bytes_of(data, len));
	struct ice_settings settings = {
		.controlling = get_u8(&r) & 1,
		.tie_breaker = UINT64_C(1) << 60,
		.rng = &rng,
		.pacer = &pacer,
		.refused = &refused,
		.refused_len = 1,
	};
	struct local_candidate host = {.c.type = CANDIDATE_HOST, .base = base_of(0)};

	rng_seed(&rng, 1);
	ice_pacer_init(&pacer);
	now = 1000;
	last_request = 0;
	memset(&last_to, 0, sizeof(last_to));
	ice_agent_init(&agent, &settings);
	host.c.at = host.base.at;
	ice_agent_add_local(&agent, &host);
	ice_agent_set_remote(&agent, text("peer"), text("peerpasswordpeerpassword"), now);
	while (!reader_done(&r))
		step(&r);
	pass(SECONDS(200));
	ice_agent_deinit(&agent);
	return 0;
}
