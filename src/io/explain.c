/* explain.c -- the reply to `explain`. */
#include "io/explain.h"

#include "ctl/report.h"
#include "ctl/request.h"
#include "io/describe.h"

/* Appends what `item` makes of each of n things; NULL: no memory. */
static json_t *list_of(size_t n, json_t *(*item)(const struct explanation *e, size_t i),
		       const struct explanation *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		if (json_array_append_new(list, item(e, i))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *number_or_null(int64_t number)
{
	return number >= 0 ? json_integer(number) : json_null();
}

static json_t *candidate(const struct explained_candidate *c)
{
	char text[ENDPOINT_TEXT];

	if (c->relay)
		return json_pack("{s:s, s:n, s:s}", "type", c->type, "address", "relay", c->relay);
	return json_pack("{s:s, s:s}", "type", c->type, "address", endpoint_format(text, &c->at));
}

static json_t *local(const struct explanation *e, size_t i)
{
	return candidate(&e->locals[i]);
}

static json_t *remote(const struct explanation *e, size_t i)
{
	return candidate(&e->remotes[i]);
}

static json_t *observed(const struct explanation *e, size_t i)
{
	const struct explained_observed *o = &e->observed[i];
	char mapped[ENDPOINT_TEXT], base[IP_TEXT], observer[IP_TEXT];

	return json_pack("{s:s, s:s, s:s, s:s, s:I}", "address", endpoint_format(mapped, &o->mapped),
			 "proto", o->tcp ? "tcp" : "udp", "base", ip_format(base, &o->base), "by", ip_format(observer, &o->observer),
			 "age_s", (json_int_t)(o->age / 1000));
}

static json_t *pair(const struct explanation *e, size_t i)
{
	const struct explained_pair *p = &e->pairs[i];

	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:b}", "local", candidate(&p->local),
			 "remote", candidate(&p->remote), "state", p->state,
			 "rtt_ms", number_or_null(p->rtt < 0 ? -1 : (p->rtt + 500) / 1000),
			 "loss", number_or_null(p->lost),
			 "answered_s", number_or_null(p->answered < 0 ? -1 : p->answered / 1000),
			 "penalty_s", number_or_null(p->penalty < 0 ? -1 : p->penalty / 1000),
			 "in_use", p->in_use);
}

static json_t *simple_channel(const char *kind, bool on)
{
	return json_pack("{s:s, s:s}", "kind", kind, "state", on ? "on" : "off");
}

/* The LAN, then where the peer was, then the introducers. */
static json_t *channel(const struct explanation *e, size_t i)
{
	const struct explained_introducer *in = i > 1 ? &e->introducers[i - 2] : NULL;

	if (!in)
		return i ? simple_channel("last addresses", e->places) : simple_channel("lan", e->lan);
	return json_pack("{s:s, s:s, s:s}", "kind", "introducer", "name", in->name, "state",
			 in->is_plain	  ? "plain WireGuard"
			 : !in->connected ? "not connected"
			 : in->relays	  ? "connected, relays"
					  : "connected");
}

static json_t *turn(const struct explanation *e, size_t i)
{
	const struct turn_status *t = &e->turns[i];
	bool up = t->state == NODE_TURN_UP;
	char text[ENDPOINT_TEXT];

	return json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:o}", "name", t->name, "state",
			 turn_state_name(t->state), "transport",
			 up ? path_transport_name(t->transport) : NULL, "address",
			 up ? endpoint_format(text, &t->relayed) : NULL, "problem", t->problem,
			 "retry_s",
			 number_or_null(t->state == NODE_TURN_RESTING ? (t->retry + 999) / 1000 : -1));
}

static json_t *describe_verdict(const struct explanation *e)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:o}", "verdict", explain_name(e->verdict), "why",
			 explain_why(e->verdict), "fix", explain_fix(e->verdict), "rounds_failed",
			 (int)e->rounds_failed, "since_s",
			 number_or_null(e->since < 0 ? -1 : e->since / 1000));
}

static json_t *describe_ways(const struct explanation *e)
{
	return json_pack("{s:{s:s, s:b, s:o, s:o}, s:{s:s, s:b, s:o}, s:o, s:o, s:o}",
			 "self", "nat", e->nat, "in_a_row", e->in_a_row,
			 "observed", list_of(e->observed_len, observed, e),
			 "candidates", list_of(e->locals_len, local, e),
			 "peer", "nat", e->peer_nat, "in_a_row", e->peer_in_a_row,
			 "candidates", list_of(e->remotes_len, remote, e),
			 "pairs", list_of(e->pairs_len, pair, e),
			 "channels", list_of(2 + e->introducers_len, channel, e),
			 "turn", list_of(e->turns_len, turn, e));
}

/* The members of `from`, which is taken, go into the object. */
static bool add(json_t *object, json_t *from)
{
	bool ok = from && json_object_update(object, from) == 0;

	json_decref(from);
	return ok;
}

json_t *describe_explanation(const char *net, const struct explanation *e)
{
	json_t *reply = ctl_ok();
	json_t *head = json_pack("{s:i, s:s}", "schema", REPORT_SCHEMA, "net", net);

	if (add(reply, head) && add(reply, describe_way_to(&e->peer)) &&
	    add(reply, describe_verdict(e)) && add(reply, describe_ways(e)))
		return reply;
	json_decref(reply);
	return NULL;
}

json_t *describe_unknown_peer(const char *net, const char *what)
{
	return ctl_error(EXIT_UNKNOWN, "%s has no peer '%s'; 'p2pnet status -n %s' lists them", net,
			 what, net);
}
