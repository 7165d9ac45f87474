/* verbs.c -- what the control socket and signals ask for. */
#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "ctl/request.h"
#include "io/clock.h"
#include "io/daemon_impl.h"
#include "io/describe.h"
#include "io/explain.h"
#include "io/logsink.h"
#include "io/memory.h"
#include "node/status.h"

static const int caught[DAEMON_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

/* The reply to a reload. */
static json_t *reload(struct daemon *d)
{
	json_t *warnings = json_array();
	json_t *failed;
	json_t *reply;

	if (!d->hooks.reload) {
		json_decref(warnings);
		return ctl_error(EXIT_FAILED, "this daemon has no config file to read again");
	}
	failed = d->hooks.reload(d, d->hooks.context, warnings);
	if (failed) {
		json_decref(warnings);
		return failed;
	}
	reply = ctl_ok();
	if (json_object_set_new(reply, "warnings", warnings)) {
		json_decref(reply);
		return NULL;
	}
	log_info("the config was read again");
	daemon_drain(d);
	return reply;
}

/* Nobody waits for the reply to a signal: it goes to the log. */
static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;
	const char *error;
	json_t *reply;

	if (number != SIGHUP) {
		log_info("stopping: %s", strsignal(number));
		daemon_stop(d, EXIT_OK);
		return;
	}
	reply = reload(d);
	error = json_string_value(json_object_get(reply, "error"));
	if (error)
		log_error("not reloaded: %s", error);
	json_decref(reply);
}

static json_t *answer_status(struct daemon *d)
{
	struct description description = {
		.profile = d->profile,
		.device = tun_name(d->tun),
		.node = d->node,
		.pump = &d->pump,
		.busy_poll = &d->net_answers,
		.portmap = d->portmap,
		.offloads_wanted = d->profile->offloads,
		.offloads = tun_offloads(d->tun) | udp_offloads(d->udp),
		.tun_lacks = tun_lacks(d->tun),
		.threads = d->crew ? crew_team(d->crew)->lanes : 1,
		.helped = d->crew ? crew_helped(d->crew) : 0,
		.started = d->started,
		.wall_started_ns = d->wall_started_ns,
	};
	json_t *reply = ctl_ok();

	if (!describe(reply, &description, clock_now(), clock_wall_ns())) {
		json_decref(reply);
		return NULL;
	}
	return reply;
}

static json_t *answer_log(const struct ctl_request *request)
{
	enum log_level level;
	json_t *reply = ctl_ok();

	if (log_level_parse(&level, request->level))
		logsink_set_level(level);
	json_object_set_new(reply, "level", json_string(log_level_name(log_level())));
	return reply;
}

static json_t *answer_explain(struct daemon *d, const struct ctl_request *request)
{
	static struct explanation explanation;	/* much for a stack */
	struct peer_status peer;
	msec now = clock_now();

	if (!node_find_peer_called(d->node, request->peer, &peer, now) ||
	    !node_explain(d->node, peer.public_key, &explanation, now))
		return describe_unknown_peer(d->profile->net, request->peer);
	return describe_explanation(d->profile->net, &explanation);
}

static json_t *on_request(void *context, const struct ctl_request *request)
{
	struct daemon *d = context;

	switch (request->verb) {
	case CTL_STATUS:
		return answer_status(d);
	case CTL_RELOAD:
		return reload(d);
	case CTL_DOWN:
		log_info("stopping: p2pnet down");
		return ctl_ok();
	case CTL_LOG:
		return answer_log(request);
	case CTL_EXPLAIN:
		return answer_explain(d, request);
	case CTL_OFFER:
		return daemon_offer(d, request);
	case CTL_ACCEPT:
		return daemon_accept(d, request);
	case CTL_WAIT:
	case CTL_PING:
	case CTL_EVENTS:
	case CTL_VERBS:
		break;
	}
	return ctl_error(EXIT_FAILED, "%s: not answered here", ctl_verb_name(request->verb));
}

/* Not within what is going on, but after it. */
void daemon_drain_soon(struct daemon *d)
{
	d->armed = clock_now();
	clock_timer_set(d->timer_fd, d->armed);
}

static void on_wait_begins(void *context)
{
	struct daemon *d = context;
	msec now = clock_now();

	node_connect_all(d->node, now);
	d->connect_again = now + DAEMON_CONNECT_AGAIN;
	daemon_drain_soon(d);
}

static bool is_connected(void *context)
{
	const struct daemon *d = context;
	msec now = clock_now();

	for (size_t i = 0; i < node_peers_len(d->node); i++) {
		struct peer_status peer;

		node_peer_status(d->node, i, &peer, now);
		if (peer.endpoint_host && !peer_state_is_up(peer.state))
			return false;
	}
	return true;
}

static void on_down(void *context)
{
	daemon_stop(context, EXIT_OK);
}

/* A long answer takes much memory. In the midst of a load there is a rest to come anyway. */
static void on_all_left(void *context)
{
	const struct daemon *d = context;

	if (!pump_is_busy(&d->pump))
		memory_give_back();
}

struct control_hooks daemon_control_hooks(struct daemon *d)
{
	return (struct control_hooks){
		.context = d,
		.answer = on_request,
		.wait_begins = on_wait_begins,
		.is_connected = is_connected,
		.ping_begins = daemon_ping_begins,
		.is_answered = daemon_ping_is_answered,
		.ping_reply = daemon_ping_reply,
		.ping_ends = daemon_ping_ends,
		.events = daemon_events,
		.stop = on_down,
		.all_left = on_all_left,
	};
}

void daemon_catch_signals(struct daemon *d)
{
	for (int i = 0; i < DAEMON_SIGNALS; i++) {
		uv_signal_init(&d->loop, &d->signals[i]);
		d->signals[i].data = d;
		uv_signal_start(&d->signals[i], on_signal, caught[i]);
	}
}
