/* events.c -- what happened to the ways to the peers, and why: the last of it is kept. */
#include "node/events.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { WAY_TEXT = 128 };

void events_init(struct events *events)
{
	events->next = 1;
}

uint64_t events_first(const struct events *events)
{
	return events->next > EVENTS_MAX ? events->next - EVENTS_MAX : 1;
}

const struct event *events_at(const struct events *events, uint64_t number)
{
	if (number < events_first(events) || number >= events->next)
		return NULL;
	return &events->ring[number % EVENTS_MAX];
}

static void say(const struct event *e)
{
	char text[EVENT_TEXT];

	event_text(text, e);
	if (e->kind == EVENT_TURN_REFUSED)
		log_warn("%s", text);
	else if (e->kind == EVENT_CIPHER_LOST || e->kind == EVENT_CIPHER_REFUSED)
		log_warn("%s: %s", e->name, text);
	else if (e->name[0])
		log_info("%s: %s", e->name, text);
	else
		log_info("%s", text);
}

void events_add(struct events *events, const struct event *event)
{
	struct event *e = &events->ring[events->next % EVENTS_MAX];

	*e = *event;
	e->number = events->next++;
	e->wall_ms = events->wall_ms;
	say(e);
}

/* -- words --------------------------------------------------------------------- */

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[EVENT_KINDS] = {
		[EVENT_SEARCH_BEGAN] = "search_began",
		[EVENT_SEARCH_FAILED] = "search_failed",
		[EVENT_SEARCH_ENDED] = "search_ended",
		[EVENT_PATH_CHOSEN] = "path_chosen",
		[EVENT_PATH_LOST] = "path_lost",
		[EVENT_CONNECTED] = "connected",
		[EVENT_DISCONNECTED] = "disconnected",
		[EVENT_GAVE_UP] = "gave_up",
		[EVENT_INTRODUCER_UP] = "introducer_up",
		[EVENT_INTRODUCER_DOWN] = "introducer_down",
		[EVENT_INTRODUCER_PLAIN] = "introducer_plain",
		[EVENT_RELAY_UP] = "relay_up",
		[EVENT_RELAY_DOWN] = "relay_down",
		[EVENT_INTRODUCER_STANDS_BY] = "introducer_stands_by",
		[EVENT_NO_CONNECTION] = "no_connection",
		[EVENT_SEEN_AT] = "seen_at",
		[EVENT_ADDRESSES_CHANGED] = "addresses_changed",
		[EVENT_RESUMED] = "resumed",
		[EVENT_TURN_UP] = "turn_up",
		[EVENT_TURN_LOST] = "turn_lost",
		[EVENT_TURN_FAILED] = "turn_failed",
		[EVENT_TURN_REFUSED] = "turn_refused",
		[EVENT_CIPHER] = "cipher",
		[EVENT_CIPHER_LOST] = "cipher_lost",
		[EVENT_CIPHER_REFUSED] = "cipher_refused",
	};

	return names[kind];
}

static const struct {
	const char *name, *words;
} reasons[EVENT_REASONS] = {
	[EVENT_ANSWERED] = {"answered", "it answered"},
	[EVENT_BETTER] = {"better", "it is better"},
	[EVENT_SILENT] = {"silent", "the way before fell silent"},
	[EVENT_CALLED] = {"called", "it called from there"},
	[EVENT_BY_NAME] = {"by_name", "the name of its endpoint leads there"},
	[EVENT_ADDRESS_GONE] = {"address_gone", "our address there is gone"},
	[EVENT_RELAY_GONE] = {"relay_gone", "the relay passes nothing on any more"},
	[EVENT_BEGAN_ANEW] = {"began_anew", "the peer began anew"},
	[EVENT_UNANSWERED] = {"unanswered", "nobody answers"},
	[EVENT_IDLE] = {"idle", "nothing was sent"},
	[EVENT_LOSSY] = {"lossy", "the way before loses too much"},
	[EVENT_SLOW] = {"slow", "the way before takes too long"},
};

const char *event_reason_name(enum event_reason reason)
{
	return reasons[reason].name;
}

static const char *words_for(enum path_how how)
{
	switch (how) {
	case PATH_CALLED_US:
		return " (called us)";
	case PATH_LAN:
		return " (lan)";
	case PATH_PUNCHED:
		return " (punched)";
	case PATH_RELAYED:
	case PATH_CONFIGURED:
	case PATH_FOUND:
		break;
	}
	return "";
}

/* "direct udp4 203.0.113.9:52011 (punched)", "direct tcp4 ..." */
static char *way_text(char out[static WAY_TEXT], const struct path_status *way)
{
	const struct endpoint *remote = &way->path.remote;
	char at[ENDPOINT_TEXT];

	if (remote->ip.family == IP_NONE)
		snprintf(out, WAY_TEXT, "no way");
	else if (strncmp(way->relay, "turn:", 5) == 0)
		snprintf(out, WAY_TEXT, "relay %s (%s)", way->relay, path_transport_name(way->transport));
	else if (*way->relay)
		snprintf(out, WAY_TEXT, "relay through %s", way->relay);
	else
		snprintf(out, WAY_TEXT, "%s %s%c %s%s", way->how == PATH_RELAYED ? "relay" : "direct",
			 path_transport_name(way->transport), remote->ip.family == IP_V4 ? '4' : '6',
			 endpoint_format(at, remote), words_for(way->how));
	return out;
}

char *event_text(char out[static EVENT_TEXT], const struct event *e)
{
	const char *why = e->reason == EVENT_NO_REASON ? "" : reasons[e->reason].words;
	char way[WAY_TEXT], seen[ENDPOINT_TEXT];

	switch (e->kind) {
	case EVENT_SEARCH_BEGAN:
		snprintf(out, EVENT_TEXT, "looking for a way");
		break;
	case EVENT_SEARCH_FAILED:
		snprintf(out, EVENT_TEXT, "no way works, trying all once more");
		break;
	case EVENT_SEARCH_ENDED:
		snprintf(out, EVENT_TEXT, "no way was found, waiting for new packets");
		break;
	case EVENT_PATH_CHOSEN:
		snprintf(out, EVENT_TEXT, "%s: %s", way_text(way, &e->way), why);
		break;
	case EVENT_PATH_LOST:
		snprintf(out, EVENT_TEXT, "the way is lost, looking for another: %s", why);
		break;
	case EVENT_CONNECTED:
		snprintf(out, EVENT_TEXT, "connected: %s", way_text(way, &e->way));
		break;
	case EVENT_DISCONNECTED:
		snprintf(out, EVENT_TEXT, "not connected any more, the keys are too old: %s", why);
		break;
	case EVENT_GAVE_UP:
		snprintf(out, EVENT_TEXT, "no answer for 90 s, waiting for new packets");
		break;
	case EVENT_INTRODUCER_UP:
		snprintf(out, EVENT_TEXT, "introduces us to others");
		break;
	case EVENT_INTRODUCER_DOWN:
		snprintf(out, EVENT_TEXT, "cannot introduce us any more");
		break;
	case EVENT_INTRODUCER_PLAIN:
		snprintf(out, EVENT_TEXT, "is plain WireGuard, it passes no signalling on");
		break;
	case EVENT_RELAY_UP:
		snprintf(out, EVENT_TEXT, "relays for us if need be");
		break;
	case EVENT_RELAY_DOWN:
		snprintf(out, EVENT_TEXT, "does not relay for us any more");
		break;
	case EVENT_INTRODUCER_STANDS_BY:
		snprintf(out, EVENT_TEXT, "stands by over TLS, for it answers by UDP");
		break;
	case EVENT_NO_CONNECTION:
		snprintf(out, EVENT_TEXT, "no connection: %s", node_stream_end_text(e->stream_end));
		break;
	case EVENT_SEEN_AT:
		snprintf(out, EVENT_TEXT, "sees us at %s", endpoint_format(seen, &e->seen));
		break;
	case EVENT_ADDRESSES_CHANGED:
		snprintf(out, EVENT_TEXT, "this host's addresses changed, %u are usable", e->addresses);
		break;
	case EVENT_RESUMED:
		snprintf(out, EVENT_TEXT, "this host has slept, looking at the network anew");
		break;
	case EVENT_TURN_UP:
		snprintf(out, EVENT_TEXT, "%s (%s) relays for us at %s", e->way.relay,
			 path_transport_name(e->way.transport), endpoint_format(seen, &e->seen));
		break;
	case EVENT_TURN_LOST:
		snprintf(out, EVENT_TEXT, "%s is lost: %s", e->way.relay, e->text);
		break;
	case EVENT_TURN_FAILED:
		snprintf(out, EVENT_TEXT, "%s gives us no relayed address: %s", e->way.relay, e->text);
		break;
	case EVENT_TURN_REFUSED:
		snprintf(out, EVENT_TEXT, "%s will not relay for us: %s; asked no more until the config changes",
			 e->way.relay, e->text);
		break;
	case EVENT_CIPHER:
		snprintf(out, EVENT_TEXT, "encrypted with %s", e->text);
		break;
	case EVENT_CIPHER_LOST:
		snprintf(out, EVENT_TEXT, "had %s and says that it has it no more: another CPU, or another config",
			 e->text);
		break;
	case EVENT_CIPHER_REFUSED:
		snprintf(out, EVENT_TEXT, "calls with %s, which our config does not allow; see its cipher there and here",
			 e->text);
		break;
	case EVENT_KINDS:
		out[0] = '\0';
		break;
	}
	return out;
}
