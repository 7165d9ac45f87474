/* events.c -- the verb events: what happened, and then what happens. */
#include "io/events.h"

#include <string.h>

#include "ctl/report.h"
#include "ctl/request.h"
#include "io/clock.h"
#include "io/daemon_impl.h"
#include "io/describe.h"
#include "io/explain.h"

/* -- one event ----------------------------------------------------------------- */

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *describe_head(const char *net, const struct event *e)
{
	char time[REPORT_TIME_TEXT], key[KEY_TEXT];
	bool of_peer = e->name[0] != '\0';

	return json_pack("{s:i, s:s, s:I, s:s, s:s, s:o, s:o}", "schema", REPORT_SCHEMA, "net", net,
			 "number", (json_int_t)e->number,
			 "time", report_time_ms(time, e->wall_ms), "kind", event_kind_name(e->kind),
			 "peer", text_or_null(of_peer ? e->name : NULL),
			 "public_key", text_or_null(of_peer ? key_to_base64(key, e->peer) : NULL));
}

static json_t *describe_rest(const struct event *e)
{
	char seen[ENDPOINT_TEXT], text[EVENT_TEXT];

	return json_pack("{s:o, s:o, s:o, s:o, s:s}",
			 "reason", text_or_null(event_reason_name(e->reason)),
			 "path", describe_path(&e->way),
			 "seen", text_or_null(e->kind == EVENT_SEEN_AT
						      ? endpoint_format(seen, &e->seen) : NULL),
			 "addresses", e->kind == EVENT_ADDRESSES_CHANGED
					      ? json_integer(e->addresses) : json_null(),
			 "text", event_text(text, e));
}

json_t *describe_event(const char *net, const struct event *e)
{
	json_t *event = describe_head(net, e), *rest = describe_rest(e);

	if (!event || !rest || json_object_update(event, rest)) {
		json_decref(event);
		event = NULL;
	}
	json_decref(rest);
	return event;
}

/* -- those that are asked for ---------------------------------------------------- */

struct wish {
	const char *net;
	uint64_t since_ms;
	bool of_one;
	uint8_t peer[KEY_LEN];
};

static bool is_wanted(const struct wish *wish, const struct event *e)
{
	if (e->wall_ms < wish->since_ms)
		return false;
	return !wish->of_one || (e->name[0] && memcmp(e->peer, wish->peer, KEY_LEN) == 0);
}

/* From number `from` on. NULL: no memory. */
static json_t *describe_events(const struct events *events, uint64_t from, const struct wish *wish)
{
	json_t *list = json_array();

	for (; from < events->next; from++) {
		const struct event *e = events_at(events, from);

		if (is_wanted(wish, e) && json_array_append_new(list, describe_event(wish->net, e))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *reply_with(const char *net, json_t *list)
{
	return json_pack("{s:b, s:i, s:s, s:o}", "ok", 1, "schema", REPORT_SCHEMA, "net", net,
			 "events", list);
}

/* NULL: nothing is wrong with the request. */
static json_t *find_peer(const struct daemon *d, const struct ctl_request *request,
			 struct wish *wish)
{
	struct peer_status peer;

	wish->of_one = request->peer[0] != '\0';
	if (!wish->of_one)
		return NULL;
	if (!node_find_peer_called(d->node, request->peer, &peer, clock_now()))
		return describe_unknown_peer(wish->net, request->peer);
	memcpy(wish->peer, peer.public_key, KEY_LEN);
	return NULL;
}

bool daemon_events(void *context, const struct ctl_request *request, uint64_t *next,
		   json_t **reply, bool *last)
{
	const struct daemon *d = context;
	const struct events *events = node_events(d->node);
	struct wish wish = {.net = d->profile->net, .since_ms = request->since_ms};
	bool first = *next == 0;
	uint64_t from = first ? events_first(events) : *next;
	json_t *list;

	*next = events->next;
	if (from == events->next && !first)
		return false;
	*reply = from < events_first(events)
			 ? ctl_error(EXIT_FAILED, "too slow: events were forgotten before they were taken")
			 : find_peer(d, request, &wish);
	if (*reply)
		return *last = true;
	list = describe_events(events, from, &wish);
	if (list && json_array_size(list) == 0 && !first) {
		json_decref(list);
		return false;
	}
	*reply = reply_with(wish.net, list);
	return true;
}
