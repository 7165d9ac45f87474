/* tokens.c -- meeting without any carrier: people carry our DESC, as text. */
#include "node/tokens.h"

#include <string.h>

#include "node/brain.h"

/* -- ours ------------------------------------------------------------------ */

static size_t write_token(struct node *node, struct peer *peer, uint64_t expires_ms,
			  char out[static TOKEN_TEXT])
{
	struct exchange_shared *shared = &node->signalling.shared;
	struct exchange_message message;
	size_t len = 0;

	if (exchange_describe(&peer->reach->exchange, &message)) {
		node->signalling.owes_mark |= message.save_first;
		len = token_write(out, &shared->self, &peer->reach->exchange.peer,
				  bytes_of(message.desc, message.len), expires_ms, shared->day,
				  shared->rng);
	}
	wipe(&message, sizeof(message));
	return len;
}

/* The search for it goes on until then, and a session is wanted when it has an end. */
static void search(struct node *node, struct peer *peer, uint64_t expires_ms, msec now)
{
	uint64_t wall_ms = node->signalling.shared.wall_ms;
	msec until = now + (expires_ms > wall_ms ? (msec)(expires_ms - wall_ms) : 0);

	if (peer->reach->until < until)
		peer->reach->until = until;
	peer->eager = !peer_may_send(peer, now);
	reach_want(peer->reach, now);
	node->signalling.touched = true;
	node_touch(node, peer);
}

bool node_offer_is_complete(const struct node *node, msec now)
{
	return survey_is_settled(node, now) && turns_are_settled(node, now);
}

enum node_offer node_offer(struct node *node, const uint8_t key[static KEY_LEN], msec life,
			   char out[static TOKEN_TEXT], msec now)
{
	uint64_t expires_ms = node->signalling.shared.wall_ms + (uint64_t)life;
	struct peer *peer = node_find_peer(node, key);

	if (!peer)
		return OFFER_NO_PEER;
	if (!node->signalling.gather.candidates_len)
		return OFFER_NO_ADDRESS;
	if (!signalling_start(node, peer, now))
		return OFFER_NO_ROOM;
	search(node, peer, expires_ms, now);
	return write_token(node, peer, expires_ms, out) ? OFFER_MADE : OFFER_NO_ROOM;
}

/* -- theirs ---------------------------------------------------------------- */

static enum token_verdict open_token(struct node *node, const struct token *token,
				     const struct peer *peer, struct desc *desc,
				     struct acceptance *out)
{
	struct noise_x_peer from = mailboxes_noise_of(peer);
	enum token_verdict verdict = token_open(desc, &out->expires_ms, &node->tokens, token,
						&node->signalling.shared.self, &from,
						node->signalling.shared.wall_ms);

	wipe(&from, sizeof(from));
	return verdict;
}

/* What the peer says of itself is in `desc`: look for it there. */
static enum accept_verdict accept_desc(struct node *node, struct peer *peer, struct desc *desc,
				       struct acceptance *out, msec now)
{
	struct exchange *x = &peer->reach->exchange;
	bool knows_us = desc->ack.boot_id == x->shared->boot_id && desc->ack.gen == x->gen;
	struct exchange_news news;
	enum exchange_verdict verdict = exchange_accept(x, desc, EXCHANGE_BY_TOKEN, &news, now);

	search(node, peer, out->expires_ms, now);
	/* if not, it has told something newer by another way, and so has been told as well */
	if (signalling_take_desc(node, peer->reach, verdict, desc, &news, 0, now) && !knows_us &&
	    !write_token(node, peer, out->expires_ms, out->answer))
		return ACCEPT_NO_ROOM;
	return ACCEPT_OK;
}

/* Whose it claims to be; nothing is set up for it yet. */
static struct peer *sender_of(struct node *node, const struct token *token, struct acceptance *out)
{
	struct peer *peer = NULL;

	out->token = token_sender(out->peer, token, &node->signalling.shared.self);
	if (out->token == TOKEN_OK) {
		peer = node_find_peer(node, out->peer);
		out->token = peer ? TOKEN_OK : TOKEN_UNKNOWN_SENDER;
	}
	return peer;
}

/* There must be room before it is opened: that makes it used. */
static enum accept_verdict accept_from(struct node *node, struct peer *peer,
				       const struct token *token, struct acceptance *out, msec now)
{
	enum accept_verdict verdict = ACCEPT_BAD_TOKEN;
	struct desc desc;

	if (!signalling_has_room(node, peer))
		return ACCEPT_NO_ROOM;
	out->token = open_token(node, token, peer, &desc, out);
	if (out->token == TOKEN_OK)
		verdict = signalling_start(node, peer, now) ? accept_desc(node, peer, &desc, out, now)
							    : ACCEPT_NO_ROOM;
	wipe(&desc, sizeof(desc));
	return verdict;
}

enum accept_verdict node_accept(struct node *node, const char *text, size_t len,
				struct acceptance *out, msec now)
{
	struct token token;
	struct peer *peer;

	*out = (struct acceptance){.token = token_read(&token, text, len)};
	if (out->token != TOKEN_OK)
		return ACCEPT_BAD_TOKEN;
	peer = sender_of(node, &token, out);
	return peer ? accept_from(node, peer, &token, out, now) : ACCEPT_BAD_TOKEN;
}
