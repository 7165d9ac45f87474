/* loop.c -- what happens when something comes in, and what follows from that.
 *
 *   TUN fd, sockets --> pump --.
 *   timer --------> node_tick --+--> drain: send, save, look up --> set the timer
 *   answers ---> node_resolved -'
 *
 * That was a turn. In the next it sleeps until something comes; or looks again for a moment, if an
 * answer is due (busy_poll.h).
 */
#include <sched.h>
#include <string.h>

#include "base/log.h"
#include "ctl/request.h"
#include "io/busy_poll.h"
#include "io/clock.h"
#include "io/daemon_impl.h"
#include "io/memory.h"
#include "io/watch.h"

_Static_assert((int)UDP_MORE_MAX == (int)NODE_SOCKETS_MAX, "each number has a place");

/* -- after every input --------------------------------------------------- */

/* The node may have asked, the dialer, or both. */
static void take_addresses(struct daemon *d, const char *host, uint16_t port,
			   const struct endpoint *endpoints, size_t n, msec now)
{
	node_resolved(d->node, host, port, endpoints, n, now);
	dialer_resolved(d->dialer, host, port, endpoints, n, now);
}

void daemon_look_up(void *context, const char *host, uint16_t port)
{
	struct daemon *d = context;
	struct endpoint literal;

	if (resolve_literal(&literal, host, port))
		take_addresses(d, host, port, &literal, 1, clock_now());
	else if (resolver_ask(&d->resolver, host, port))
		take_addresses(d, host, port, NULL, 0, clock_now());
}

const char *const daemon_mark_names[NODE_MARKS] = {
	[MARK_HANDSHAKES] = "handshakes",
	[MARK_SIGNALS] = "signals",
};

static msec next_due(const struct daemon *d)
{
	msec due = msec_min(node_due(d->node), portmap_due(d->portmap));

	due = msec_min(due, dialer_due(d->dialer));
	if (d->tcp)
		due = msec_min(due, tcp_due(d->tcp));
	return control_has_waiting(d->control) ? msec_min(due, d->connect_again) : due;
}

/* While data flow, keepalives are planned and given up with each packet: a timer that is set too
 * early costs one wake-up, and one that is always right a system call for each packet. */
static void arm_timer(struct daemon *d)
{
	msec due = next_due(d);

	if (due >= d->armed)
		return;
	d->armed = due;
	clock_timer_set(d->timer_fd, due);
}

/* Do what the node says until it owes nothing, then sleep until it is due. */
void daemon_drain(struct daemon *d)
{
	msec now = clock_now();
	struct action action;
	enum action_kind kind;

	uv_update_time(&d->loop);	/* timers count from now; not sooner, an answer goes first */
	node_set_wall(d->node, clock_wall_ns());
	while ((kind = node_poll(d->node, &action, now)) != ACTION_NONE) {
		switch (kind) {
		case ACTION_SEND:
			daemon_ping_leaves(d);
			pump_send(&d->pump, &action.datagram, 1, now);
			break;
		case ACTION_SAVE_MARK:
			marks_save(&d->marks, daemon_mark_names[action.which], action.mark);
			break;
		case ACTION_SAVE_PEERS:
			peersfile_save(&d->peersfile, d->node, now);
			break;
		case ACTION_LAN:
			if (d->lan)
				lan_send(d->lan, action.bytes);
			break;
		case ACTION_RESOLVE:
			daemon_look_up(d, action.host, action.port);
			break;
		case ACTION_OPEN_SOCKET:
			node_socket_opened(d->node, action.via,
					   udp_add(d->udp, action.via, action.family));
			break;
		case ACTION_CLOSE_SOCKET:
			udp_remove(d->udp, action.via);
			break;
		case ACTION_OPEN_STREAM:
			dialer_open(d->dialer, action.via, &action.target, now);
			break;
		case ACTION_CLOSE_STREAM:
			dialer_close(d->dialer, action.via);
			break;
		case ACTION_NONE:
			break;
		}
	}
	portmap_want_tcp(d->portmap, d->tcp && node_wants_tcp_map(d->node), now);
	control_check(d->control);
	arm_timer(d);
}

/* -- inputs -------------------------------------------------------------- */

static usec now_usec(void)
{
	return (usec)(clock_cpu_ns() / 1000);
}

void daemon_stop(struct daemon *d, int code)
{
	d->exit = code;
	d->is_stopped = true;
}

/* False: the device was taken away. */
static bool read_tun(struct daemon *d)
{
	usec came = now_usec();
	int err;

	node_set_wall(d->node, clock_wall_ns());
	err = pump_from_tun(&d->pump, clock_now());
	if (err) {
		log_error("the device %s was taken away (%s)", tun_name(d->tun), strerror(-err));
		front_remove(&d->front, tun_fd(d->tun));
		daemon_stop(d, EXIT_FAILED);
		return false;
	}
	busy_poll_received(&d->tun_answers, d->pump.moved, came);
	busy_poll_sent(&d->net_answers, d->pump.moved, now_usec());
	return true;
}

/* Who waited for the answer that was just handed on may be on our core, and what else we owe
 * has time. */
static void step_aside(const struct daemon *d)
{
	if (d->pump.moved == 1)
		sched_yield();
}

static void read_udp(struct daemon *d, enum ip_family family)
{
	usec came = now_usec();
	bool awaited = busy_poll_is_on(&d->net_answers);

	node_set_wall(d->node, clock_wall_ns());
	pump_from_net(&d->pump, family, clock_now());
	if (d->pump.moved)
		d->heard_by = family;
	busy_poll_received(&d->net_answers, d->pump.moved, came);
	busy_poll_sent(&d->tun_answers, d->pump.moved, now_usec());
	if (awaited)
		step_aside(d);
}

/* If an answer is due within microseconds, the first look at the network is now: not after the
 * drain and a turn. */
static void take_from_tun(struct daemon *d)
{
	if (!read_tun(d))
		return;
	if (busy_poll_is_on(&d->net_answers))
		read_udp(d, d->heard_by);
	daemon_drain(d);
}

/* Likewise for what the host answers, but there is no second look. */
static void take_from_udp(struct daemon *d, enum ip_family family)
{
	read_udp(d, family);
	if (busy_poll_is_on(&d->tun_answers) && read_tun(d)) {
		busy_poll_give_up(&d->tun_answers);
		step_aside(d);
	}
	daemon_drain(d);
}

static void on_udp_more(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;
	usec came = now_usec();

	(void)status;
	(void)events;
	node_set_wall(d->node, clock_wall_ns());
	pump_from_more(&d->pump, clock_now());
	busy_poll_received(&d->net_answers, d->pump.moved, came);
	daemon_drain(d);
}

static void on_tcp(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;

	(void)status;
	(void)events;
	node_set_wall(d->node, clock_wall_ns());
	tcp_ready(d->tcp, clock_now());
	daemon_drain(d);
}

static void on_dialer(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;

	(void)status;
	(void)events;
	node_set_wall(d->node, clock_wall_ns());
	dialer_ready(d->dialer, clock_now());
	daemon_drain(d);
}

/* After a load: its buffers, and what else it took, go back to the kernel. */
static void rest(struct daemon *d, msec now)
{
	if (!pump_rest(&d->pump, now))
		return;
	dialer_rest(d->dialer);
	if (d->tcp)
		tcp_rest(d->tcp);
	memory_give_back();
}

static void on_timer(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;
	msec now = clock_now();

	(void)status;
	(void)events;
	clock_timer_clear(d->timer_fd);
	node_set_wall(d->node, clock_wall_ns());
	if (links_resumed(&d->sleep, now, (msec)(clock_cpu_ns() / 1000000))) {
		daemon_links_changed(d);
		node_resumed(d->node, now);
	}
	d->armed = NEVER;
	node_tick(d->node, now);
	portmap_tick(d->portmap, now);
	dialer_tick(d->dialer, now);
	if (d->tcp)
		tcp_tick(d->tcp, now);
	if (control_has_waiting(d->control) && d->connect_again <= now) {
		node_connect_all(d->node, now);
		d->connect_again = now + DAEMON_CONNECT_AGAIN;
	}
	rest(d, now);
	daemon_drain(d);
}

void daemon_resolved(void *context, const char *host, uint16_t port,
		     const struct endpoint *endpoints, size_t n)
{
	struct daemon *d = context;

	take_addresses(d, host, port, endpoints, n, clock_now());
	daemon_drain(d);
}

void daemon_lan_received(void *context, struct bytes datagram, const struct endpoint *from,
			 uint32_t ifindex)
{
	struct daemon *d = context;

	(void)from;
	node_set_wall(d->node, clock_wall_ns());
	node_feed_lan(d->node, datagram, ifindex, clock_now());
	daemon_drain(d);
}

/* IPv4 and IPv6 take turns, so that neither fills the list alone. */
static size_t choose_locals(struct node_local_address *out, const struct local_address *from, int n)
{
	size_t len = 0;

	for (int round = 0; round < n && len < NODE_LOCALS_MAX; round++) {
		for (enum ip_family family = IP_V4; family <= IP_V6; family += IP_V6 - IP_V4) {
			int nth = 0;

			for (int i = 0; i < n && len < NODE_LOCALS_MAX; i++) {
				if (from[i].ip.family == family && nth++ == round)
					out[len++] = (struct node_local_address){
						from[i].ip, from[i].ifindex};
			}
		}
	}
	return len;
}

void daemon_links_changed(void *context)
{
	struct local_address all[4 * NODE_LOCALS_MAX];
	struct node_local_address locals[NODE_LOCALS_MAX];
	struct daemon *d = context;
	int n = links_list(all, 4 * NODE_LOCALS_MAX, d->own_ifindex);

	if (n < 0) {
		log_warn("cannot list the host's addresses: %s", strerror(-n));
		return;
	}
	node_set_locals(d->node, locals, choose_locals(locals, all, n), clock_now());
	if (d->lan)
		lan_rejoin(d->lan);
	portmap_look(d->portmap, clock_now());
	if (d->armed != INT64_MIN)	/* not while the net starts */
		daemon_drain(d);
}

void daemon_mapped(void *context, enum portmap_proto proto, enum ip_family family,
		   const struct mapping *mapping)
{
	struct daemon *d = context;
	struct node_mapped mapped = {
		.external = mapping->external,
		.base = mapping->self,
		.is_public = mapping->is_public,
		.tcp = proto == PORTMAP_TCP,
	};

	/* IPv6 has no other address outside: our own is told already */
	if (family == IP_V4)
		node_set_mapped(d->node, &mapped, clock_now());
}

void daemon_portmap_touched(void *context)
{
	daemon_drain(context);
}

void daemon_source_gone(void *context, const struct path *path)
{
	struct daemon *d = context;

	node_source_gone(d->node, path);
}

void daemon_stream_received(void *context, struct datagram *datagrams, size_t n, msec now)
{
	struct daemon *d = context;

	pump_from_stream(&d->pump, datagrams, n, now);
}

void daemon_stream_opened(void *context, const struct path *path, msec now)
{
	struct daemon *d = context;

	node_stream_opened(d->node, path, now);
}

void daemon_stream_closed(void *context, uint16_t via, enum node_stream_end why, msec now)
{
	struct daemon *d = context;

	node_stream_closed(d->node, via, why, now);
}

/* -- turns ----------------------------------------------------------------- */

enum source { SOURCE_TUN, SOURCE_UDP4, SOURCE_UDP6 };

static int watch_packets(struct daemon *d)
{
	int err = front_open(&d->front, &d->loop);

	if (!err)
		err = front_add(&d->front, tun_fd(d->tun), SOURCE_TUN);
	if (!err)
		err = front_add(&d->front, udp_fd(d->udp, IP_V4), SOURCE_UDP4);
	if (!err)
		err = front_add(&d->front, udp_fd(d->udp, IP_V6), SOURCE_UDP6);
	return err;
}

int daemon_watch(struct daemon *d)
{
	int err = watch_packets(d);

	if (!err)
		err = watch_start(&d->loop, &d->timer_poll, d->timer_fd, on_timer, d);
	d->heard_by = IP_V4;
	busy_poll_init(&d->net_answers, uv_available_parallelism());
	busy_poll_init(&d->tun_answers, uv_available_parallelism());
	if (!err)
		err = watch_start(&d->loop, &d->more_poll, udp_more_fd(d->udp), on_udp_more, d);
	if (!err && d->tcp)
		err = watch_start(&d->loop, &d->tcp_poll, tcp_fd(d->tcp), on_tcp, d);
	if (!err)
		err = watch_start(&d->loop, &d->dialer_poll, dialer_fd(d->dialer), on_dialer, d);
	return err;
}

static bool answer_is_due(struct daemon *d)
{
	return busy_poll_is_on(&d->net_answers) && busy_poll_goes_on(&d->net_answers, now_usec());
}

/* It does not sleep while the device's queue holds something, which no descriptor tells of. Who
 * gives the answer that is due may wait for the very core that we are on. */
void daemon_turn(struct daemon *d)
{
	bool holds = tun_holds(d->tun);
	bool polls = !holds && answer_is_due(d);
	unsigned ready;

	if (polls)
		sched_yield();
	ready = front_wait(&d->front, !holds && !polls);
	if (holds || ready & 1u << SOURCE_TUN)
		take_from_tun(d);
	if (ready & 1u << SOURCE_UDP4)
		take_from_udp(d, IP_V4);
	if (ready & 1u << SOURCE_UDP6)
		take_from_udp(d, IP_V6);
	front_run_others(&d->front);
}
