/* ice_driver.c -- one ICE agent on this host's own addresses, sockets and clock. */
#include "io/ice_driver_impl.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/links.h"
#include "io/random.h"

enum {
	ERROR_TEXT = 512,
	ADDRESSES_MAX = 64,
	INPUT_MAX = 4096,
	SIGNAL_CODE = 128,		/* as a shell says it */
};

struct ice_agent *ice_driver_agent(struct ice_driver *d)
{
	return &d->agent;
}

void ice_driver_tell(struct ice_driver *d, const struct ice_event *event)
{
	d->hooks.event(d->hooks.context, event);
}

static void send_from(struct ice_driver *d, const struct ice_base *base, const struct endpoint *to,
		      struct bytes bytes)
{
	if (base->via == VIA_RELAY)
		ice_relay_send(&d->relay, to, bytes, clock_now());
	else
		station_send(&d->station, &base->at.ip, to, bytes);
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
			ice_driver_tell(d, &(struct ice_event){.kind = ICE_EVENT_PAIR, .pair = i});
	}
}

static void tell_pair(struct ice_driver *d, enum ice_event_kind kind,
		      const struct ice_action *action)
{
	ice_driver_tell(d, &(struct ice_event){
			.kind = kind,
			.pair = action->pair,
			.answered = action->answered,
		});
}

static void tell_candidate(struct ice_driver *d, enum ice_event_kind kind,
			   const struct candidate *c)
{
	ice_driver_tell(d, &(struct ice_event){.kind = kind, .candidate = c});
}

static void act(struct ice_driver *d, enum ice_action_kind kind, const struct ice_action *action,
		msec now)
{
	switch (kind) {
	case ICE_SEND:
		send_from(d, &action->base, &action->remote, action->datagram);
		break;
	case ICE_NOMINATED:
		ice_agent_set_active(&d->agent, action->pair, now);
		ice_driver_bind_channel(d, action->pair, now);
		tell_pair(d, ICE_EVENT_NOMINATED, action);
		break;
	case ICE_PROBE_RESULT:
		tell_pair(d, ICE_EVENT_CONSENT, action);
		break;
	case ICE_CONSENT_LOST:
		tell_pair(d, ICE_EVENT_CONSENT_LOST, action);
		break;
	case ICE_ROLE_CHANGED:
		ice_driver_tell(d, &(struct ice_event){.kind = ICE_EVENT_ROLE});
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
		ice_driver_tell(d, &(struct ice_event){.kind = ICE_EVENT_FAILED});
		break;
	case ICE_PAIR_VALID:		/* tell_pairs() has said so */
	case ICE_SAMPLED:
	case ICE_NOTHING:
		break;
	}
}

static msec next_due(const struct ice_driver *d)
{
	msec due = msec_min(ice_agent_due(&d->agent), reflexive_due(&d->reflexive));

	return msec_min(due, turn_allocation_due(&d->relay.turn));
}

/* After every input: all that follows from it, then sleep until something is due. */
static void drain(void *context, msec now)
{
	struct ice_driver *d = context;
	struct ice_action action;
	enum ice_action_kind kind;

	ice_relay_drain(&d->relay, now);
	ice_driver_gather(d, now);
	ice_agent_tick(&d->agent, now);
	tell_pairs(d);
	while (!d->station.stopped && (kind = ice_agent_poll(&d->agent, &action, now)) != ICE_NOTHING) {
		tell_pairs(d);
		act(d, kind, &action, now);
	}
	ice_relay_drain(&d->relay, now);
	station_wake(&d->station, next_due(d));
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

		send_from(d, &l->locals[p->local].base, &l->remotes[p->remote].at, data);
		event.kind = ICE_EVENT_ECHO;
	}
	ice_driver_tell(d, &event);
}

/* STUN that nobody waits for is no data (RFC 7983 section 7). */
void ice_driver_receive(struct ice_driver *d, const struct ice_base *base,
			const struct endpoint *remote, struct bytes bytes, msec now)
{
	struct stun_msg msg;
	uint8_t pair;

	if (ice_agent_feed(&d->agent, base, remote, bytes, now) == ICE_NOT_OURS &&
	    !stun_parse(&msg, bytes)) {
		pair = pair_of(&d->agent.list, base, remote);
		if (pair != NO_INDEX)
			echo(d, pair, bytes);
	}
	tell_pairs(d);
}

static void on_received(void *context, const struct path *path, struct bytes bytes, msec now)
{
	struct ice_driver *d = context;
	struct ice_base base = {.at = {.ip = path->local, .port = udp_port(d->station.udp)}};

	if (!d->station.stopped && !reflexive_feed(&d->reflexive, &path->remote, bytes, now))
		ice_driver_receive(d, &base, &path->remote, bytes, now);
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

static void on_signal(uv_signal_t *handle, int number)
{
	ice_driver_stop(handle->data, SIGNAL_CODE + number);
}

static int watch_signals(struct ice_driver *d)
{
	static const int numbers[ICE_DRIVER_SIGNALS] = {SIGINT, SIGTERM};
	int err = 0;

	for (int i = 0; !err && i < ICE_DRIVER_SIGNALS; i++) {
		err = uv_signal_init(&d->station.loop, &d->signals[i]);
		d->signals[i].data = d;
		if (!err)
			err = uv_signal_start_oneshot(&d->signals[i], on_signal, numbers[i]);
	}
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
	if (!err)
		err = watch_signals(d);
	if (err)
		snprintf(error, ERROR_TEXT, "cannot watch stdin and signals: %s", strerror(-err));
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
	ice_driver_init_relay(d);
}

static int open_station(struct ice_driver *d, char error[static ERROR_TEXT])
{
	struct station_hooks hooks = {
		.context = d,
		.received = on_received,
		.resolved = ice_driver_on_resolved,
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
	ice_relay_deinit(&d->relay);
	ice_agent_deinit(&d->agent);
	free(d);
}

/* -- running ------------------------------------------------------------- */

void ice_driver_stop(struct ice_driver *d, int code)
{
	station_stop(&d->station, code);
}

static void stop_input(struct ice_driver *d)
{
	if (uv_is_active((uv_handle_t *)&d->input_poll))
		uv_poll_stop(&d->input_poll);
	if (uv_is_active((uv_handle_t *)&d->input_idle))
		uv_idle_stop(&d->input_idle);
}

/* From here on, all else that comes is left alone. */
static void give_back_relay(struct ice_driver *d)
{
	turn_allocation_stop(&d->relay.turn, clock_now());
	stop_input(d);
	ice_relay_drain(&d->relay, clock_now());
	while (turn_allocation_due(&d->relay.turn) != NEVER) {
		station_wake(&d->station, turn_allocation_due(&d->relay.turn));
		uv_run(&d->station.loop, UV_RUN_ONCE);
		ice_relay_drain(&d->relay, clock_now());
	}
}

int ice_driver_run(struct ice_driver *d)
{
	int code;

	ice_driver_gather_hosts(d);
	ice_driver_look_up(d);
	code = station_run(&d->station);
	give_back_relay(d);
	return code;
}
