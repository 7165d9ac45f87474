/* ice_print.c -- what happens to an ICE agent, as lines of text or of JSON. */
#include "cli/ice_print.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/message.h"
#include "ctl/report.h"
#include "ice/candidate_line.h"

enum { PLACE_TEXT = 80, EVENT_TEXT = 512, LINE_TEXT = CANDIDATE_LINE_MAX + 16 };

/* -- both forms of a line ------------------------------------------------ */

/* Takes the fields. Who reads a pipe wants each line at once. */
static void print_object(const char *event, json_t *fields)
{
	json_t *object = json_pack("{s:i, s:s}", "schema", REPORT_SCHEMA, "event", event);

	if (object && fields)
		json_object_update(object, fields);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(object);
	json_decref(fields);
}

/* Takes the fields. */
static void say(const struct ice_print *p, const char *event, json_t *fields,
		const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void say(const struct ice_print *p, const char *event, json_t *fields,
		const char *format, ...)
{
	char text[EVENT_TEXT];
	va_list args;

	if (p->json) {
		print_object(event, fields);
		return;
	}
	json_decref(fields);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	note("%s", text);
}

static void print_line(const struct ice_print *p, const char *line)
{
	if (p->json) {
		print_object("line", json_pack("{s:s}", "line", line));
		return;
	}
	puts(line);
	fflush(stdout);
}

/* -- places -------------------------------------------------------------- */

/* "srflx 203.0.113.9:40001" */
static char *place(char out[static PLACE_TEXT], const struct candidate *c)
{
	char at[ENDPOINT_TEXT];

	snprintf(out, PLACE_TEXT, "%s %s", candidate_type_name(c->type),
		 endpoint_format(at, &c->at));
	return out;
}

static json_t *place_object(const struct candidate *c)
{
	char at[ENDPOINT_TEXT];

	return json_pack("{s:s, s:s}", "type", candidate_type_name(c->type), "address",
			 endpoint_format(at, &c->at));
}

static json_t *pair_object(const struct ice_print *p, uint8_t pair)
{
	const struct checklist *l = &p->agent->list;
	const struct pair *it = &l->pairs[pair];

	return json_pack("{s:i, s:o, s:o, s:s}", "pair", pair, "local",
			 place_object(&l->locals[it->local].c), "remote",
			 place_object(&l->remotes[it->remote]), "state",
			 pair_state_name(it->state));
}

/* "pair 3 host 192.0.2.1:40001 -> srflx 203.0.113.9:40001" */
static void say_pair(const struct ice_print *p, const char *event, uint8_t pair, const char *before,
		     const char *after)
{
	const struct checklist *l = &p->agent->list;
	const struct pair *it = &l->pairs[pair];
	char local[PLACE_TEXT], remote[PLACE_TEXT];

	say(p, event, pair_object(p, pair), "%spair %u %s -> %s%s%s", before, pair,
	    place(local, &l->locals[it->local].c), place(remote, &l->remotes[it->remote]),
	    *after ? ": " : "", after);
}

/* -- events -------------------------------------------------------------- */

static void print_candidate(const struct ice_print *p, const struct candidate *c)
{
	char candidate[CANDIDATE_LINE_MAX], line[LINE_TEXT];

	snprintf(line, sizeof(line), "a=%s", candidate_write(candidate, c));
	print_line(p, line);
}

static void say_reflexive(const struct ice_print *p, const char *side, const struct candidate *c)
{
	char text[PLACE_TEXT];

	say(p, "learnt", json_pack("{s:s, s:o}", "side", side, "candidate", place_object(c)),
	    "learnt: %s %s", side, place(text, c));
}

static const char *why_not(const struct reflexive_answer *a)
{
	if (a->unreachable)
		return "there is no route";
	switch (a->result) {
	case BINDING_TIMEOUT:
		return "no answer";
	case BINDING_REFUSED:
		return "it refuses";
	case BINDING_USELESS:
		return "the answer has no address";
	case BINDING_DONE:
	case BINDING_PENDING:
		break;
	}
	return "unknown";
}

static void say_no_candidate(const struct ice_print *p, const struct reflexive_answer *a)
{
	char server[ENDPOINT_TEXT], base[ENDPOINT_TEXT];

	endpoint_format(server, &a->server);
	endpoint_format(base, &a->base.at);
	say(p, "no-candidate",
	    json_pack("{s:s, s:s, s:s}", "server", server, "base", base, "why", why_not(a)),
	    "no candidate: from %s STUN server %s: %s", base, server, why_not(a));
}

static void say_relay_refused(const struct ice_print *p, const struct ice_event *event)
{
	char peer[ENDPOINT_TEXT];

	endpoint_format(peer, event->peer);
	say(p, "relay-refused", json_pack("{s:s, s:s}", "server", event->server, "peer", peer),
	    "relay refused: TURN server %s passes on nothing for %s", event->server, peer);
}

static void say_role(const struct ice_print *p)
{
	const char *role = p->agent->list.controlling ? "controlling" : "controlled";

	say(p, "role", json_pack("{s:s}", "role", role), "role: %s", role);
}

static void say_consent(const struct ice_print *p, uint8_t pair, bool answered)
{
	say(p, "consent", json_pack("{s:i, s:b}", "pair", pair, "answered", answered),
	    "consent: pair %u %s", pair, answered ? "answered" : "missed");
}

static void say_data(const struct ice_print *p, const struct ice_event *event, bool echoed)
{
	say(p, echoed ? "echo" : "dropped",
	    json_pack("{s:i, s:I}", "pair", event->pair, "bytes", (json_int_t)event->len),
	    echoed ? "echo: %zu bytes of pair %u"
		   : "dropped: %zu bytes of pair %u, none is nominated",
	    event->len, event->pair);
}

void ice_print_event(const struct ice_print *p, const struct ice_event *event)
{
	switch (event->kind) {
	case ICE_EVENT_CANDIDATE:
		print_candidate(p, event->candidate);
		break;
	case ICE_EVENT_GATHERED:
		print_line(p, "a=end-of-candidates");
		break;
	case ICE_EVENT_UNKNOWN_SERVER:
		say(p, "no-candidate",
		    json_pack("{s:s, s:s}", "server", event->server, "why", "no such name"),
		    "no candidate: STUN server %s: no such name", event->server);
		break;
	case ICE_EVENT_NO_CANDIDATE:
		say_no_candidate(p, event->answer);
		break;
	case ICE_EVENT_NO_RELAY:
		say(p, "no-candidate",
		    json_pack("{s:s, s:s}", "server", event->server, "why", event->why),
		    "no candidate: TURN server %s: %s", event->server, event->why);
		break;
	case ICE_EVENT_RELAY_LOST:
		say(p, "relay-lost",
		    json_pack("{s:s, s:s}", "server", event->server, "why", event->why),
		    "relay lost: TURN server %s: %s", event->server, event->why);
		break;
	case ICE_EVENT_RELAY_REFUSED:
		say_relay_refused(p, event);
		break;
	case ICE_EVENT_PAIR:
		say_pair(p, "pair", event->pair, "",
			 pair_state_name(p->agent->list.pairs[event->pair].state));
		break;
	case ICE_EVENT_NOMINATED:
		say_pair(p, "nominated", event->pair, "nominated: ", "");
		break;
	case ICE_EVENT_CONSENT:
		say_consent(p, event->pair, event->answered);
		break;
	case ICE_EVENT_CONSENT_LOST:
		say_pair(p, "consent-lost", event->pair, "consent lost: ", "");
		break;
	case ICE_EVENT_ROLE:
		say_role(p);
		break;
	case ICE_EVENT_REFLEXIVE_LOCAL:
		say_reflexive(p, "local", event->candidate);
		break;
	case ICE_EVENT_REFLEXIVE_REMOTE:
		say_reflexive(p, "remote", event->candidate);
		break;
	case ICE_EVENT_ECHO:
		say_data(p, event, true);
		break;
	case ICE_EVENT_DROPPED:
		say_data(p, event, false);
		break;
	case ICE_EVENT_FAILED:
		say(p, "failed", NULL, "failed: no pair works");
		break;
	}
}

void ice_print_refused(const struct ice_print *p, const char *line, const char *why)
{
	say(p, "refused", json_pack("{s:s, s:s}", "line", line, "why", why), "refused: %s: %s",
	    line, why);
}

void ice_print_credentials(const struct ice_print *p)
{
	char line[LINE_TEXT];

	snprintf(line, sizeof(line), "a=ice-ufrag:%s", p->agent->ufrag);
	print_line(p, line);
	snprintf(line, sizeof(line), "a=ice-pwd:%s", p->agent->pwd);
	print_line(p, line);
}
