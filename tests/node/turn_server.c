/* turn_server.c -- the TURN server of a lab, played by hand: it answers when a test says so. */
#include "node/turn_server.h"

#include "stun/integrity.h"

const struct endpoint turn_server_at = {{IP_V4, {198, 51, 100, 7}}, 3478, 0};
const struct endpoint turn_server_relayed = {{IP_V4, {198, 51, 100, 7}}, 50001, 0};
const struct endpoint turn_server_seen = {{IP_V4, {203, 0, 113, 5}}, 40001, 0};

static bool is_turn(const struct mail *m, struct stun_msg *msg)
{
	return stun_parse(msg, bytes_of(m->bytes, m->len)) && msg->class == STUN_REQUEST &&
	       msg->method != STUN_BINDING;
}

unsigned turn_server_requests(const struct lab *lab)
{
	struct stun_msg msg;
	unsigned n = 0;

	for (size_t i = 0; i < lab->us.sent_len; i++)
		n += is_turn(&lab->us.sent[i], &msg);
	return n;
}

const struct mail *turn_server_last(const struct lab *lab, struct stun_msg *msg)
{
	for (size_t i = lab->us.sent_len; i-- > 0;) {
		if (is_turn(&lab->us.sent[i], msg))
			return &lab->us.sent[i];
	}
	fail_msg("it has asked nobody");
	return NULL;
}

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

void turn_server_answer(struct lab *lab, unsigned error, const char *user, const char *password)
{
	struct stun_msg msg;
	const struct mail *m = turn_server_last(lab, &msg);
	struct mail back = {.from = m->path.remote, .via = m->path.via};
	struct writer w = writer_over(back.bytes, sizeof(back.bytes));
	uint8_t key[MD5_LEN];

	stun_begin(&w, msg.method, error ? STUN_ERROR : STUN_SUCCESS, msg.id);
	if (error)
		stun_put_error(&w, error);
	if (error == STUN_UNAUTHENTICATED) {
		stun_put(&w, ATTR_REALM, text("realm"));
		stun_put(&w, ATTR_NONCE, text("nonce"));
	}
	if (!error && msg.method == STUN_ALLOCATE) {
		stun_put_xor_address(&w, ATTR_XOR_RELAYED_ADDRESS, &turn_server_relayed);
		stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &turn_server_seen);
	}
	if (!error && msg.method != STUN_CREATE_PERMISSION && msg.method != STUN_CHANNEL_BIND)
		stun_put_u32(&w, ATTR_LIFETIME, 600);
	if (user) {
		stun_key_md5(key, text(user), text("realm"), text(password));
		stun_put_integrity(&w, bytes_of(key, sizeof(key)));
	}
	back.len = stun_finish(&w).len;
	lab_feed(lab, &lab->us, &back);
}

void turn_server_demand(struct lab *lab)
{
	turn_server_answer(lab, STUN_UNAUTHENTICATED, NULL, NULL);
}

void turn_server_grant(struct lab *lab)
{
	turn_server_answer(lab, 0, "user", "pass");
}

void turn_server_refuse(struct lab *lab, unsigned error)
{
	turn_server_answer(lab, error, "user", "pass");
}
