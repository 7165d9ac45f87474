/* ice_gather.c -- candidates: of this host, of STUN servers, of a TURN server. */
#include "io/clock.h"
#include "io/ice_driver_impl.h"

enum { ERROR_TEXT = 512 };

/* -- gathering ----------------------------------------------------------- */

/* A place that is known already has the slot that it had: nothing new to tell. */
static void add_candidate(struct ice_driver *d, const struct local_candidate *c)
{
	uint8_t slot = ice_agent_add_local(&d->agent, c);

	if (slot >= LOCALS_OFFERED || d->told_locals & UINT32_C(1) << slot)
		return;
	d->told_locals |= UINT32_C(1) << slot;
	ice_driver_tell(d, &(struct ice_event){
			.kind = ICE_EVENT_CANDIDATE,
			.candidate = &d->agent.list.locals[slot].c,
		});
}

void ice_driver_gather_hosts(struct ice_driver *d)
{
	for (size_t i = 0; i < d->bases_len; i++) {
		const struct ice_base *base = &d->bases[i];

		add_candidate(d, &(struct local_candidate){
					 .c = {.type = CANDIDATE_HOST, .at = base->at},
					 .base = *base,
				 });
	}
}

static void ask_server(struct ice_driver *d, const struct endpoint *server)
{
	for (size_t i = 0; i < d->bases_len; i++)
		reflexive_ask(&d->reflexive, &d->bases[i], server, clock_now());
}

/* The best address of each family. */
static void take_server(struct ice_driver *d, const struct endpoint *endpoints, size_t n)
{
	bool asked[IP_V6 + 1] = {false};

	for (size_t i = 0; i < n; i++) {
		if (!asked[endpoints[i].ip.family])
			ask_server(d, &endpoints[i]);
		asked[endpoints[i].ip.family] = true;
	}
}

static void tell_relay(struct ice_driver *d, enum ice_event_kind kind, const char *why)
{
	ice_driver_tell(d, &(struct ice_event){
				   .kind = kind,
				   .server = d->settings.turn.server.host,
				   .why = why,
			   });
}

static void no_relay(struct ice_driver *d, const char *why)
{
	d->relay_settled = true;
	tell_relay(d, ICE_EVENT_NO_RELAY, why);
}

/* The best address, whichever family it is of. */
static void take_turn(struct ice_driver *d, const struct endpoint *endpoints, size_t n)
{
	char error[ERROR_TEXT];

	if (!n)
		no_relay(d, "no such name");
	else if (ice_relay_start(&d->relay, endpoints, clock_now(), error))
		no_relay(d, error);
}

/* n = 0: nobody knows its name. */
void ice_driver_on_resolved(void *context, size_t nth, const struct endpoint *endpoints, size_t n)
{
	struct ice_driver *d = context;

	d->names_answered++;
	if (nth == d->settings.servers_len)
		take_turn(d, endpoints, n);
	else if (n)
		take_server(d, endpoints, n);
	else
		ice_driver_tell(d, &(struct ice_event){
					   .kind = ICE_EVENT_UNKNOWN_SERVER,
					   .server = d->names[nth].host,
				   });
}

void ice_driver_look_up(struct ice_driver *d)
{
	for (size_t i = 0; i < d->settings.servers_len; i++)
		d->names[d->names_len++] = d->settings.servers[i];
	if (d->settings.turn.server.host)
		d->names[d->names_len++] = d->settings.turn.server;
	else
		d->relay_settled = true;
	station_look_up(&d->station, d->names, d->names_len);
}

static void ask_servers(struct ice_driver *d)
{
	uint8_t request[BINDING_REQUEST_LEN];
	struct writer w = writer_over(request, sizeof(request));
	struct ice_base base;
	struct endpoint to;

	while (reflexive_poll(&d->reflexive, &w, &base, &to)) {
		if (!station_send(&d->station, &base.at.ip, &to, writer_bytes(&w)))
			reflexive_give_up(&d->reflexive, &base, &to);
		w = writer_over(request, sizeof(request));
	}
}

void ice_driver_gather(struct ice_driver *d, msec now)
{
	struct reflexive_answer answer;

	reflexive_tick(&d->reflexive, now);
	ask_servers(d);
	while (reflexive_next(&d->reflexive, &answer)) {
		struct local_candidate c = reflexive_candidate(&answer);

		if (answer.result == BINDING_DONE)
			add_candidate(d, &c);
		else
			ice_driver_tell(d, &(struct ice_event){
					.kind = ICE_EVENT_NO_CANDIDATE,
					.answer = &answer,
				});
	}
	if (d->gathered || d->names_answered < d->names_len ||
	    !reflexive_is_over(&d->reflexive) || !d->relay_settled)
		return;
	d->gathered = true;
	ice_driver_tell(d, &(struct ice_event){.kind = ICE_EVENT_GATHERED});
}

/* -- the relay ----------------------------------------------------------- */

static struct ice_base relay_base(const struct ice_driver *d)
{
	return (struct ice_base){.at = d->relay.turn.relayed, .via = VIA_RELAY};
}

/* RFC 8445 section 5.3: its related address is how the server sees us. */
static void add_relay(struct ice_driver *d)
{
	const struct turn_allocation *turn = &d->relay.turn;

	d->relay_settled = true;
	add_candidate(d, &(struct local_candidate){
				 .c = {
					 .type = CANDIDATE_RELAY,
					 .at = turn->relayed,
					 .related = turn->mapped,
				 },
				 .base = relay_base(d),
				 .server = turn->server.at.ip,
			 });
}

static void on_relay_changed(void *context)
{
	struct ice_driver *d = context;
	const struct turn_allocation *turn = &d->relay.turn;
	struct ice_base base = relay_base(d);

	if (turn->state == TURN_UP) {
		add_relay(d);
	} else if (turn->state == TURN_FAILED && !d->relay_settled) {
		no_relay(d, turn_failure_text(&turn->failure));
	} else if (turn->state == TURN_FAILED) {
		ice_agent_remove_base(&d->agent, &base);
		tell_relay(d, ICE_EVENT_RELAY_LOST, turn_failure_text(&turn->failure));
	}
}

static void on_relay_refused(void *context, const struct endpoint *peer)
{
	struct ice_driver *d = context;

	ice_driver_tell(d, &(struct ice_event){
				   .kind = ICE_EVENT_RELAY_REFUSED,
				   .server = d->settings.turn.server.host,
				   .peer = peer,
			   });
}

static void on_relay_payload(void *context, const struct turn_payload *payload)
{
	struct ice_driver *d = context;
	struct ice_base base = relay_base(d);

	ice_driver_receive(d, &base, &payload->peer, payload->data, clock_now());
}

static void on_relay_woken(void *context)
{
	struct ice_driver *d = context;

	station_drain(&d->station);
}

void ice_driver_bind_channel(struct ice_driver *d, uint8_t pair, msec now)
{
	const struct checklist *l = &d->agent.list;
	const struct pair *p = &l->pairs[pair];

	if (l->locals[p->local].base.via == VIA_RELAY)
		turn_allocation_want(&d->relay.turn, &l->remotes[p->remote].at, true, now);
}

void ice_driver_init_relay(struct ice_driver *d)
{
	const struct ice_relay_hooks hooks = {
		.context = d,
		.payload = on_relay_payload,
		.refused = on_relay_refused,
		.changed = on_relay_changed,
		.woken = on_relay_woken,
	};

	ice_relay_init(&d->relay, &d->station.loop, d->settings.turn.user,
		       d->settings.turn.password, &d->rng, &hooks);
}
