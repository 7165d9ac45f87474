/* ping.c -- the verb ping: ask a peer within its session, and say how long that took. */
#include <string.h>

#include "ctl/request.h"
#include "io/clock.h"
#include "io/daemon_impl.h"
#include "io/describe.h"
#include "io/explain.h"
#include "node/explain.h"

enum { NS_PER_US = 1000, US_PER_MSEC = 1000 };

_Static_assert((int)PINGS_MAX >= (int)CONTROL_CONNECTIONS_MAX, "each connection may have one");

static struct ping_clock *clock_of(struct daemon *d, uint64_t id)
{
	for (size_t i = 0; i < PINGS_MAX; i++) {
		if (d->pings[i].id == id)
			return &d->pings[i];
	}
	return NULL;
}

bool daemon_ping_begins(void *context, const struct ctl_request *request, uint64_t *id,
			json_t **reply)
{
	struct daemon *d = context;
	struct ping_clock *clock = clock_of(d, 0);
	struct peer_status peer;
	msec now = clock_now();

	if (!node_find_peer_called(d->node, request->peer, &peer, now)) {
		*reply = describe_unknown_peer(d->profile->net, request->peer);
		return false;
	}
	*id = clock ? node_ping(d->node, peer.public_key, now) : 0;
	if (!*id) {
		*reply = ctl_error(EXIT_FAILED, "too many pings at once; try again in a moment");
		return false;
	}
	*clock = (struct ping_clock){.id = *id};
	daemon_drain_soon(d);
	return true;
}

void daemon_ping_leaves(struct daemon *d)
{
	for (size_t i = 0; i < PINGS_MAX; i++) {
		struct ping_clock *clock = &d->pings[i];
		const struct ping *ping = clock->id && !clock->sent
						  ? node_ping_find(d->node, clock->id) : NULL;

		if (ping && ping->state == PING_SENT)
			clock->sent = uv_hrtime();
	}
}

/* Asked after whatever happens, so an answer has just come. */
bool daemon_ping_is_answered(void *context, uint64_t id)
{
	struct daemon *d = context;
	struct ping_clock *clock = clock_of(d, id);
	const struct ping *ping = node_ping_find(d->node, id);

	if (!ping || !clock)
		return true;
	if (ping->state == PING_ANSWERED && !clock->answered)
		clock->answered = uv_hrtime();
	return ping->state == PING_ANSWERED;
}

/* It is connected and silent, or what else keeps it from answering. */
static const char *why_silent(const struct daemon *d, const struct ping *ping, bool connected)
{
	static struct explanation explanation;	/* much for a stack */

	if (!node_explain(d->node, ping->peer, &explanation, clock_now()))
		return "it was taken out of the config";
	if (!connected || ping->state != PING_SENT || explanation.verdict == VERDICT_GONE)
		return explain_why(explanation.verdict);
	if (explanation.facts & FACT_HEARD)
		return "there is a session, but no answer came";
	return "there is a session, but no answer came; plain WireGuard gives none";
}

static json_t *rtt_of(const struct ping_clock *clock)
{
	if (!clock->answered)
		return json_null();
	return json_real((double)((clock->answered - clock->sent) / NS_PER_US) / US_PER_MSEC);
}

/* Who it is and how it is reached, and then what is only so of this ping. */
static json_t *reply_to(const struct daemon *d, const struct ping *ping,
			const struct ping_clock *clock)
{
	bool answered = ping->state == PING_ANSWERED;
	struct peer_status peer = {.handshake_rtt = -1, .way.rtt = -1, .way.lost = -1};
	json_t *reply, *more;

	node_find_peer_status(d->node, ping->peer, &peer, clock_now());
	reply = describe_way_to(&peer);
	more = json_pack("{s:b, s:s, s:b, s:o, s:o, s:o}", "ok", 1, "net", d->profile->net,
			 "answered", answered,
			 "path", describe_path(answered ? &ping->way : &peer.way),
			 "rtt_ms", rtt_of(clock), "why",
			 answered ? json_null()
				  : json_string(why_silent(d, ping, peer_state_is_up(peer.state))));
	if (reply && (!more || json_object_update(reply, more))) {
		json_decref(reply);
		reply = NULL;
	}
	json_decref(more);
	return reply;
}

json_t *daemon_ping_reply(void *context, uint64_t id)
{
	struct daemon *d = context;
	const struct ping_clock *clock = clock_of(d, id);
	const struct ping *ping = node_ping_find(d->node, id);

	if (!clock || !ping)
		return ctl_error(EXIT_FAILED, "this ping was forgotten");
	return reply_to(d, ping, clock);
}

void daemon_ping_ends(void *context, uint64_t id)
{
	struct daemon *d = context;
	struct ping_clock *clock = clock_of(d, id);

	node_ping_end(d->node, id);
	if (clock)
		*clock = (struct ping_clock){0};
}
