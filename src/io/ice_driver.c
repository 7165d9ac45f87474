/* ice_driver.c -- one ICE agent on this host's own addresses, sockets and clock. */
#include "io/ice_driver.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/links.h"
#include "io/random.h"
#include "io/station.h"

enum {
	ERROR_TEXT = 512,
	ADDRESSES_MAX = 64,
	INPUT_MAX = 4096,
};

struct ice_driver {
	struct ice_driver_settings settings;
	struct ice_driver_hooks hooks;
	struct rng rng;
	struct ice_pacer pacer;
	struct ice_agent agent;
	struct reflexive reflexive;
	struct station station;
	uv_poll_t input_poll;
	uv_idle_t input_idle;
	struct ice_base bases[2 * ICE_DRIVER_BASES_MAX];
	size_t bases_len;
	size_t names_answered;
	bool gathered;
	uint32_t told_locals;		/* bits of slots */
	struct {
		uint16_t serial;
		uint8_t state;
	} seen[PAIRS_MAX];		/* as they were told */
};

struct ice_agent *ice_driver_agent(struct ice_driver *d)
{
	return &d->agent;
}

static void tell(struct ice_driver *d, const struct ice_event *event)
{
	d->hooks.event(d->hooks.context, event);
}

/* -- gathering ----------------------------------------------------------- */

/* A place that is known already has the slot that it had: nothing new to tell. */
static void add_candidate(struct ice_driver *d, const struct local_candidate *c)
{
	uint8_t slot = ice_agent_add_local(&d->agent, c);

	if (slot >= LOCALS_OFFERED || d->told_locals & UINT32_C(1) << slot)
		return;
	d->told_locals |= UINT32_C(1) << slot;
	tell(d, &(struct ice_event){
			.kind = ICE_EVENT_CANDIDATE,
			.candidate = &d->agent.list.locals[slot].c,
		});
}

static void gather_hosts(struct ice_driver *d)
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

/* The best address of each family. n = 0: none. */
static void on_resolved(void *context, size_t nth, const struct endpoint *endpoints, size_t n)
{
	struct ice_driver *d = context;
	bool asked[IP_V6 + 1] = {false};

	d->names_answered++;
	if (!n)
		tell(d, &(struct ice_event){
				.kind = ICE_EVENT_UNKNOWN_SERVER,
				.server = d->settings.servers[nth].host,
			});
	for (size_t i = 0; i < n; i++) {
		if (!asked[endpoints[i].ip.family])
			ask_server(d, &endpoints[i]);
		asked[endpoints[i].ip.family] = true;
	}
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

static void gather(struct ice_driver *d, msec now)
{
	struct reflexive_answer answer;

	reflexive_tick(&d->reflexive, now);
	ask_servers(d);
	while (reflexive_next(&d->reflexive, &answer)) {
		struct local_candidate c = reflexive_candidate(&answer);

		if (answer.result == BINDING_DONE)
			add_candidate(d, &c);
		else
			tell(d, &(struct ice_event){
					.kind = ICE_EVENT_NO_CANDIDATE,
					.answer = &answer,
				});
	}
	if (d->gathered || d->names_answered < d->settings.servers_len ||
	    !reflexive_is_over(&d->reflexive))
		return;
	d->gathered = true;
	tell(d, &(struct ice_event){.kind = ICE_EVENT_GATHERED});
}

/* -- what the agent does ------------------------------------------------- */

static void tell_pairs(struct ice_driver *d)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		const struct pair *p = &d->agent.list.pairs[i];

		if (d->seen[i].state == p->state && d->seen[i].serial == p->serial)
			continue;
		d->seen[i].state = p->state;
		d->seen[i].serial = p->serial;
		if (p->state != PAIR_NONE)
			tell(d, &(struct ice_event){.kind = ICE_EVENT_PAIR, .pair = i});
	}
}

static void tell_pair(struct ice_driver *d, enum ice_event_kind kind,
		      const struct ice_action *action)
{
	tell(d, &(struct ice_event){
			.kind = kind,
			.pair = action->pair,
			.answered = action->answered,
		});
}

static void tell_candidate(struct ice_driver *d, enum ice_event_kind kind,
			   const struct candidate *c)
{
	tell(d, &(struct ice_event){.kind = kind, .candidate = c});
}

static void act(struct ice_driver *d, enum ice_action_kind kind, const struct ice_action *action,
		msec now)
{
	switch (kind) {
	case ICE_SEND:
		station_send(&d->station, &action->base.at.ip, &action->remote, action->datagram);
		break;
	case ICE_NOMINATED:
		ice_agent_set_active(&d->agent, action->pair, now);
		tell_pair(d, ICE_EVENT_NOMINATED, action);
		break;
	case ICE_PROBE_RESULT:
		tell_pair(d, ICE_EVENT_CONSENT, action);
		break;
	case ICE_CONSENT_LOST:
		tell_pair(d, ICE_EVENT_CONSENT_LOST, action);
		break;
	case ICE_ROLE_CHANGED:
		tell(d, &(struct ice_event){.kind = ICE_EVENT_ROLE});
		break;
	case ICE_NEW_LOCAL:
		tell_candidate(d, ICE_EVENT_REFLEXIVE_LOCAL,
			       &d->agent.list.locals[action->candidate].c);
		break;
	case ICE_NEW_REMOTE:
		tell_candidate(d, ICE_EVENT_REFLEXIVE_REMOTE,
			       &d->agent.list.remotes[action->candidate]);
		break;
	case ICE_FAILED:
		tell(d, &(struct ice_event){.kind = ICE_EVENT_FAILED});
		break;
	case ICE_PAIR_VALID:		/* tell_pairs() has said so */
	case ICE_NOTHING:
		break;
	}
}

/* After every input: all that follows from it, then sleep until something is due. */
static void drain(void *context, msec now)
{
	struct ice_driver *d = context;
	struct ice_action action;
	enum ice_action_kind kind;

	gather(d, now);
	ice_agent_tick(&d->agent, now);
	tell_pairs(d);
	while (!d->station.stopped && (kind = ice_agent_poll(&d->agent, &action, now)) != ICE_NOTHING) {
		tell_pairs(d);
		act(d, kind, &action, now);
	}
	station_wake(&d->station, msec_min(ice_agent_due(&d->agent), reflexive_due(&d->reflexive)));
}

/* -- in ------------------------------------------------------------------ */

/* The pair that works and that a datagram came by, NO_INDEX: none. */
static uint8_t pair_of(const struct checklist *l, const struct ice_base *base,
		       const struct endpoint *remote)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		const struct pair *p = &l->pairs[i];

		if (p->state == PAIR_VALID && base_equal(&l->locals[p->local].base, base) &&
		    endpoint_equal(&l->remotes[p->remote].at, remote))
			return i;
	}
	return NO_INDEX;
}

/* To a peer that agrees to it, and nobody else (RFC 7675 section 5). */
static void echo(struct ice_driver *d, uint8_t came_by, struct bytes data)
{
	const struct checklist *l = &d->agent.list;
	struct ice_event event = {.kind = ICE_EVENT_DROPPED, .pair = came_by, .len = data.len};

	if (d->agent.active != NO_INDEX) {
		const struct pair *p = &l->pairs[d->agent.active];

		station_send(&d->station, &l->locals[p->local].base.at.ip,
			     &l->remotes[p->remote].at, data);
		event.kind = ICE_EVENT_ECHO;
	}
	tell(d, &event);
}

/* STUN that nobody waits for is no data (RFC 7983 section 7). */
static void receive(struct ice_driver *d, const struct path *path, struct bytes bytes, msec now)
{
	struct ice_base base = {.at = {.ip = path->local, .port = udp_port(d->station.udp)}};
	struct stun_msg msg;
	uint8_t pair;

	if (ice_agent_feed(&d->agent, &base, &path->remote, bytes, now) != ICE_NOT_OURS ||
	    reflexive_feed(&d->reflexive, &path->remote, bytes, now) || stun_parse(&msg, bytes))
		return;
	pair = pair_of(&d->agent.list, &base, &path->remote);
	if (pair != NO_INDEX)
		echo(d, pair, bytes);
}

static void on_received(void *context, const struct path *path, struct bytes bytes, msec now)
{
	receive(context, path, bytes, now);
	tell_pairs(context);
}

static void read_input(struct ice_driver *d)
{
	char text[INPUT_MAX];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	d->hooks.input(d->hooks.context, bytes_of(text, n > 0 ? (size_t)n : 0), clock_now());
	station_drain(&d->station);
}

static void on_input_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;		/* reading tells more */
	(void)events;
	read_input(poll->data);
}

static void on_input_idle(uv_idle_t *idle)
{
	read_input(idle->data);
}

/* -- open and close ------------------------------------------------------ */

/* libuv makes what it watches non-blocking. A terminal has one such flag for its stdin and
 * stdout, and for the shell that comes after us, so it is put back. A plain file cannot be
 * watched, and need not be. */
static int watch_input(struct ice_driver *d)
{
	int flags = fcntl(STDIN_FILENO, F_GETFL);
	int err;

	d->input_poll.data = d->input_idle.data = d;
	err = station_watch(&d->station, &d->input_poll, STDIN_FILENO, on_input_poll);
	if (err == UV_EPERM || err == UV_EBADF) {
		uv_idle_init(&d->station.loop, &d->input_idle);
		err = uv_idle_start(&d->input_idle, on_input_idle);
	}
	if (flags >= 0)
		fcntl(STDIN_FILENO, F_SETFL, flags);
	return err;
}

/* A link-local address is left out: a candidate line has no scope, so it means nothing to
 * another host. */
static int list_bases(struct ice_driver *d, char error[static ERROR_TEXT])
{
	struct local_address all[ADDRESSES_MAX];
	int n = links_list(all, ADDRESSES_MAX, 0);
	size_t per_family[IP_V6 + 1] = {0};

	for (int i = 0; i < n; i++) {
		const struct ip *ip = &all[i].ip;

		if (!ip_is_link_local(ip) && udp_fd(d->station.udp, ip->family) >= 0 &&
		    per_family[ip->family]++ < ICE_DRIVER_BASES_MAX)
			d->bases[d->bases_len++] = (struct ice_base){
				.at = {.ip = *ip, .port = udp_port(d->station.udp)},
			};
	}
	if (d->bases_len)
		return 0;
	snprintf(error, ERROR_TEXT,
		 "this host has no address that another could send to%s%s; "
		 "'ip address' shows those that it has",
		 n < 0 ? ": " : "", n < 0 ? strerror(-n) : "");
	return n < 0 ? n : -EADDRNOTAVAIL;
}

static int open_rest(struct ice_driver *d, char error[static ERROR_TEXT])
{
	int err = list_bases(d, error);

	if (err)
		return err;
	err = watch_input(d);
	if (err)
		snprintf(error, ERROR_TEXT, "cannot watch stdin: %s", strerror(-err));
	return err;
}

static void init_agent(struct ice_driver *d)
{
	struct ice_settings settings = {
		.controlling = d->settings.controlling,
		.rng = &d->rng,
		.pacer = &d->pacer,
	};

	random_init(&d->rng);
	ice_pacer_init(&d->pacer);
	ice_agent_init(&d->agent, &settings);
	reflexive_init(&d->reflexive, &d->rng);
}

static int open_station(struct ice_driver *d, char error[static ERROR_TEXT])
{
	struct station_hooks hooks = {
		.context = d,
		.received = on_received,
		.resolved = on_resolved,
		.drain = drain,
	};

	return station_open(&d->station, &hooks, error);
}

int ice_driver_new(struct ice_driver **out, const struct ice_driver_settings *settings,
		   const struct ice_driver_hooks *hooks, char error[static ERROR_TEXT])
{
	struct ice_driver *d = calloc(1, sizeof(*d));
	int err;

	assert(settings->servers_len <= ICE_DRIVER_SERVERS_MAX);
	if (!d) {
		snprintf(error, ERROR_TEXT, "no memory");
		return -ENOMEM;
	}
	d->settings = *settings;
	d->hooks = *hooks;
	err = open_station(d, error);
	if (err) {
		free(d);
		return err;
	}
	init_agent(d);
	err = open_rest(d, error);
	if (err) {
		ice_driver_free(d);
		return err;
	}
	*out = d;
	return 0;
}

void ice_driver_free(struct ice_driver *d)
{
	if (!d)
		return;
	station_close(&d->station);
	ice_agent_deinit(&d->agent);
	free(d);
}

/* -- running ------------------------------------------------------------- */

void ice_driver_stop(struct ice_driver *d, int code)
{
	station_stop(&d->station, code);
}

int ice_driver_run(struct ice_driver *d)
{
	gather_hosts(d);
	station_look_up(&d->station, d->settings.servers, d->settings.servers_len);
	return station_run(&d->station);
}
