/* request.c -- one request to a TURN server, asked until the server takes the credential. */
#include "turn/request.h"

/* What may stand in an answer and we know what it means (RFC 8489 section 6.3.3). */
static const uint16_t understood[] = {
	ATTR_MAPPED_ADDRESS,
	ATTR_USERNAME,
	ATTR_MESSAGE_INTEGRITY,
	ATTR_ERROR_CODE,
	ATTR_UNKNOWN_ATTRIBUTES,
	ATTR_CHANNEL_NUMBER,
	ATTR_LIFETIME,
	ATTR_XOR_PEER_ADDRESS,
	ATTR_REALM,
	ATTR_NONCE,
	ATTR_XOR_RELAYED_ADDRESS,
	ATTR_REQUESTED_ADDRESS_FAMILY,
	ATTR_MESSAGE_INTEGRITY_SHA256,
	ATTR_PASSWORD_ALGORITHM,
	ATTR_USERHASH,
	ATTR_XOR_MAPPED_ADDRESS,
	ATTR_RESERVATION_TOKEN,
};

msec turn_earlier(struct rng *rng, msec wait)
{
	return wait - rng_below(rng, (uint32_t)(wait / 10) + 1);
}

void turn_request_start(struct turn_request *r, struct turn_server *s, uint16_t method, msec now)
{
	transaction_start(&r->transaction, method, &s->at, &s->timing, s->rng, now);
	transaction_tick(&r->transaction, now);
	r->nonce = s->nonces;
}

void turn_request_drop(struct turn_request *r)
{
	*r = (struct turn_request){0};
}

bool turn_request_is_out(const struct turn_request *r)
{
	return r->transaction.state == TRANSACTION_WAITING;
}

bool turn_request_tick(struct turn_request *r, msec now)
{
	bool was_out = turn_request_is_out(r);

	transaction_tick(&r->transaction, now);
	return was_out && r->transaction.state == TRANSACTION_FAILED;
}

msec turn_request_due(const struct turn_request *r)
{
	return transaction_due(&r->transaction);
}

bool turn_request_poll(struct turn_request *r, struct turn_server *s, msec now)
{
	if (!r->transaction.owes_request)
		return false;
	if (r->nonce != s->nonces)
		turn_request_start(r, s, r->transaction.method, now);
	return transaction_poll(&r->transaction);
}

void turn_request_begin(const struct turn_request *r, struct writer *w)
{
	stun_begin(w, r->transaction.method, STUN_REQUEST, r->transaction.id);
}

void turn_request_end(struct turn_server *s, struct writer *w)
{
	stun_credential_put(&s->credential, w);
}

static enum turn_answer end(struct turn_request *r, enum turn_answer answer, msec now)
{
	transaction_answer(&r->transaction, now);
	return answer;
}

static enum turn_answer again(struct turn_request *r, struct turn_server *s, msec now)
{
	turn_request_start(r, s, r->transaction.method, now);
	return ANSWER_AGAIN;
}

/* 401 or 438. */
static enum turn_answer feed_demand(struct turn_request *r, struct turn_server *s,
				    const struct stun_msg *msg, msec now)
{
	if (r->nonce != s->nonces)
		return again(r, s, now);
	if (stun_credential_feed(&s->credential, msg) != CREDENTIAL_RETRY)
		return end(r, ANSWER_DENIED, now);
	s->nonces++;
	return again(r, s, now);
}

/* Before the server has asked who we are, neither side can sign; an error is believed then,
 * as the only thing that it can do is to end the attempt. */
static bool is_signed(struct turn_server *s, const struct stun_msg *msg)
{
	return stun_credential_check(&s->credential, msg) ||
	       (!s->credential.is_asked && msg->class == STUN_ERROR);
}

static bool is_odd(const struct stun_msg *msg)
{
	uint16_t unknown[STUN_UNKNOWN_MAX];

	return stun_unknown(msg, understood, sizeof(understood) / sizeof(*understood), unknown) > 0;
}

enum turn_answer turn_request_feed(struct turn_request *r, struct turn_server *s,
				   const struct endpoint *from, const struct stun_msg *msg,
				   unsigned *code, msec now)
{
	bool has_code = stun_get_error(msg, code);

	if (!transaction_matches(&r->transaction, from, msg))
		return ANSWER_NONE;
	if (msg->class == STUN_ERROR && has_code &&
	    (*code == STUN_UNAUTHENTICATED || *code == STUN_STALE_NONCE))
		return feed_demand(r, s, msg, now);
	if (!is_signed(s, msg))
		return ANSWER_UNSIGNED;
	if (is_odd(msg) || (msg->class == STUN_ERROR && !has_code))
		return end(r, ANSWER_ODD, now);
	return end(r, msg->class == STUN_ERROR ? ANSWER_ERROR : ANSWER_SUCCESS, now);
}
