/* tokens.c -- the verbs offer and accept: peers that meet by what people paste. */
#include <string.h>

#include "ctl/report.h"
#include "ctl/request.h"
#include "io/clock.h"
#include "io/daemon_impl.h"
#include "io/explain.h"
#include "node/tokens.h"

enum { MSEC_PER_S = 1000, NS_PER_MSEC = 1000000 };

static uint64_t wall_ms(void)
{
	return clock_wall_ns() / NS_PER_MSEC;
}

/* NULL stands for no token. */
static json_t *describe_token(const struct daemon *d, const struct peer_status *peer,
			      const char *token, uint64_t expires_ms)
{
	char key[KEY_TEXT], time[REPORT_TIME_TEXT];
	uint64_t now = wall_ms();

	key_to_base64(key, peer->public_key);
	return json_pack("{s:b, s:s, s:s, s:s?, s:b, s:s, s:I}", "ok", 1, "name", peer->name,
			 "public_key", key, "token", token, "complete",
			 node_offer_is_complete(d->node, clock_now()), "expires",
			 report_time(time, (time_t)(expires_ms / MSEC_PER_S)), "expires_s",
			 (json_int_t)(expires_ms > now ? (expires_ms - now) / MSEC_PER_S : 0));
}

json_t *daemon_offer(struct daemon *d, const struct ctl_request *request)
{
	msec life = (msec)request->seconds * MSEC_PER_S, now = clock_now();
	char token[TOKEN_TEXT];
	struct peer_status peer;

	if (!node_find_peer_called(d->node, request->peer, &peer, now))
		return describe_unknown_peer(d->profile->net, request->peer);
	node_set_wall(d->node, clock_wall_ns());
	switch (node_offer(d->node, peer.public_key, life, token, now)) {
	case OFFER_MADE:
		daemon_drain(d);
		return describe_token(d, &peer, token, wall_ms() + (uint64_t)life);
	case OFFER_NO_PEER:
		return describe_unknown_peer(d->profile->net, request->peer);
	case OFFER_NO_ADDRESS:
		return ctl_error(EXIT_FAILED, "this host has no address to be reached at; connect it to "
				 "a network and try again");
	case OFFER_NO_ROOM:
		break;
	}
	return ctl_error(EXIT_FAILED, "too many peers are looked for at once; try again in a minute");
}

/* -- accept ------------------------------------------------------------------ */

static json_t *refuse_expired(const struct acceptance *a)
{
	uint64_t now = wall_ms();
	unsigned long long ago = now > a->expires_ms ? (now - a->expires_ms) / MSEC_PER_S : 0;

	return ctl_error(EXIT_FAILED, "this token expired %llu s ago; ask for a new one, and see that the "
			 "clocks of both machines are right", ago);
}

static json_t *refuse_stranger(const struct daemon *d, const struct acceptance *a)
{
	char key[KEY_TEXT];

	return ctl_error(EXIT_UNKNOWN, "this token is from %s, who is no peer of %s; 'p2pnet peer add' "
			 "makes it one", key_to_base64(key, a->peer), d->profile->net);
}

static json_t *refuse(const struct daemon *d, const struct acceptance *a)
{
	switch (a->token) {
	case TOKEN_NOT_ONE:
		return ctl_error(EXIT_USAGE, "this is no token; one begins with p2pnet1-");
	case TOKEN_OTHER_VERSION:
		return ctl_error(EXIT_FAILED, "this token is of another version of p2pnet; give both "
				 "machines the same one");
	case TOKEN_BAD_CHARACTER:
		return ctl_error(EXIT_USAGE, "this token has a character that none has; only letters and "
				 "the digits 2 to 7 follow p2pnet1-");
	case TOKEN_TRUNCATED:
		return ctl_error(EXIT_USAGE, "the end of this token is missing; copy all of it");
	case TOKEN_TRAILING:
		return ctl_error(EXIT_USAGE, "something follows this token that is no part of it; copy the "
				 "token alone");
	case TOKEN_BAD_CHECKSUM:
		return ctl_error(EXIT_USAGE, "a character of this token is wrong; copy it anew");
	case TOKEN_NOT_FOR_ME:
		return ctl_error(EXIT_FAILED, "this token is for another machine; it opens only at the "
				 "peer that it was made for");
	case TOKEN_UNKNOWN_SENDER:
		return refuse_stranger(d, a);
	case TOKEN_NOT_AUTHENTIC:
		return ctl_error(EXIT_FAILED, "this token does not open; the preshared_key of the two "
				 "differs, or somebody else made it");
	case TOKEN_EXPIRED:
		return refuse_expired(a);
	case TOKEN_USED:
		return ctl_error(EXIT_FAILED, "this token was used here before; ask for a new one");
	case TOKEN_OK:
		break;
	}
	return ctl_error(EXIT_FAILED, "this token was not taken");
}

static json_t *describe_acceptance(const struct daemon *d, const struct acceptance *a)
{
	struct peer_status peer;

	if (!node_find_peer_status(d->node, a->peer, &peer, clock_now()))
		return refuse_stranger(d, a);
	return describe_token(d, &peer, a->answer[0] ? a->answer : NULL, a->expires_ms);
}

json_t *daemon_accept(struct daemon *d, const struct ctl_request *request)
{
	struct acceptance a;

	node_set_wall(d->node, clock_wall_ns());
	switch (node_accept(d->node, request->token, strlen(request->token), &a, clock_now())) {
	case ACCEPT_OK:
		daemon_drain(d);
		return describe_acceptance(d, &a);
	case ACCEPT_BAD_TOKEN:
		return refuse(d, &a);
	case ACCEPT_NO_ROOM:
		break;
	}
	return ctl_error(EXIT_FAILED, "too many peers are looked for at once; try again in a minute");
}
