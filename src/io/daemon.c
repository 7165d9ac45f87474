/* daemon.c -- one net, running: what is opened, in which order, changed, and closed.
 *
 *   profile, loop, signals, lock, marks, tun, crew, node, udp, streams, pump, netplan, portmap, links,
 *   control, watches
 *        opened from left to right, closed from right to left
 *
 * Signals are caught before anything is made, so that one which comes while
 * the net starts stops it in order and leaves nothing behind.
 */
#include "io/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/request.h"
#include "io/clock.h"
#include "io/daemon_impl.h"
#include "io/prepare.h"
#include "io/random.h"
#include "io/watch.h"

enum { ERROR_TEXT = 512 };

/* -- opening, in order --------------------------------------------------- */

static bool is_denied(int err)
{
	return err == -EPERM || err == -EACCES;
}

/* The exit code of an error whose sentence is there already. */
static int code_of(int err)
{
	return is_denied(err) ? EXIT_PERMISSION : EXIT_FAILED;
}

static void add_hint(char error[static ERROR_TEXT], int err)
{
	size_t len = strlen(error);

	if (is_denied(err))
		snprintf(error + len, ERROR_TEXT - len,
			 "; p2pnet up needs root or CAP_NET_ADMIN: try sudo");
}

static int open_loop(struct daemon *d, char error[static ERROR_TEXT])
{
	int err = uv_loop_init(&d->loop);

	if (err) {
		snprintf(error, ERROR_TEXT, "cannot make an event loop: %s", uv_strerror(err));
		return EXIT_FAILED;
	}
	daemon_catch_signals(d);
	resolver_init(&d->resolver, &d->loop, daemon_resolved, d);
	return 0;
}

/* Lookups that nobody can stop are waited for. */
static void close_loop(struct daemon *d)
{
	resolver_deinit(&d->resolver);
	watch_close_loop(&d->loop);
}

static int open_tun(struct daemon *d, char error[static ERROR_TEXT])
{
	const char *name = d->profile->device;
	int err = tun_linux_open(&d->tun, name, d->profile->offloads);

	if (!err)
		return 0;
	if (is_denied(err))
		snprintf(error, ERROR_TEXT, "p2pnet up needs root or CAP_NET_ADMIN; try sudo");
	else if (err == -ENOENT || err == -ENODEV || err == -ENXIO)
		snprintf(error, ERROR_TEXT,
			 "there is no /dev/net/tun here; try `modprobe tun`, or give it to this "
			 "container");
	else if (err == -EBUSY)
		snprintf(error, ERROR_TEXT,
			 "the device %s is in use by another program; choose another with device =",
			 name);
	else if (err == -EINVAL)
		snprintf(error, ERROR_TEXT,
			 "%s is an interface that is no TUN device; choose another with device =",
			 name);
	else
		snprintf(error, ERROR_TEXT, "cannot make the device %s: %s", name, strerror(-err));
	return code_of(err);
}

/* Before the node: keys that are made later are for as many threads. */
static int open_crew(struct daemon *d, char error[static ERROR_TEXT])
{
	int err = 0;

	if (d->profile->queues > 1)
		err = crew_new(&d->crew, d->profile->queues);
	if (err) {
		snprintf(error, ERROR_TEXT, "cannot start a thread for queues = %u: %s",
			 d->profile->queues, strerror(-err));
		return EXIT_FAILED;
	}
	if (d->crew)
		aead_set_team(crew_team(d->crew));
	return 0;
}

static void close_crew(struct daemon *d)
{
	if (d->crew)
		aead_set_team(NULL);
	crew_free(d->crew);
}

static int open_node(struct daemon *d, const struct node_settings *settings,
		     char error[static ERROR_TEXT])
{
	uint64_t marks[NODE_MARKS];

	random_init(&d->rng);
	d->started = clock_now();
	d->wall_started_ns = clock_wall_ns();
	for (int i = 0; i < NODE_MARKS; i++)
		marks[i] = marks_load(&d->marks, daemon_mark_names[i]);
	d->node = node_new(settings, &d->rng, marks, d->started, error);
	if (!d->node)
		return EXIT_CONFIG;
	node_set_wall(d->node, d->wall_started_ns);
	d->peersfile = (struct peersfile){.dir = d->marks.dir};
	peersfile_load(&d->peersfile, d->node, d->started);
	return 0;
}

static int open_udp(struct daemon *d, char error[static ERROR_TEXT])
{
	struct udp_settings settings = {
		.port = d->profile->listen_port,
		.mark = d->profile->fwmark,
		.offloads = d->profile->offloads,
		.source_gone = daemon_source_gone,
		.context = d,
	};
	int err = udp_open(&d->udp, &settings, error);

	return err ? code_of(err) : 0;
}

/* Without TCP the net works all the same. */
static void open_tcp(struct daemon *d)
{
	struct tcp_settings settings = {
		.port = d->profile->listen_port,
		.mark = d->profile->fwmark,
		.received = daemon_stream_received,
		.context = d,
	};
	char error[ERROR_TEXT];

	if (d->profile->tcp && tcp_open(&d->tcp, &settings, error))
		log_warn("%s: peers are not spoken to by TCP", error);
}

static int open_streams(struct daemon *d, const struct proxy *proxy, char error[static ERROR_TEXT])
{
	struct dialer_settings settings = {
		.mark = d->profile->fwmark,
		.listen_port = d->profile->listen_port,
		.context = d,
		.look_up = daemon_look_up,
		.opened = daemon_stream_opened,
		.received = daemon_stream_received,
		.closed = daemon_stream_closed,
	};
	int err = dialer_new(&d->dialer, &settings);

	if (err) {
		snprintf(error, ERROR_TEXT, "cannot connect to servers: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (proxy)
		dialer_set_proxy(d->dialer, proxy);
	open_tcp(d);
	return 0;
}

static void close_streams(struct daemon *d)
{
	tcp_free(d->tcp);
	dialer_free(d->dialer);
}

static int open_pump(struct daemon *d, char error[static ERROR_TEXT])
{
	if (pump_init(&d->pump, d->node, d->tun, d->udp)) {
		d->pump.tcp = d->tcp;
		d->pump.dialer = d->dialer;
		return 0;
	}
	snprintf(error, ERROR_TEXT, "out of memory for packet buffers");
	return EXIT_FAILED;
}

static int apply_netplan(struct daemon *d, const struct profile *p, char error[static ERROR_TEXT])
{
	struct netplan want = {
		.device = tun_name(d->tun),
		.mtu = p->mtu,
		.addresses = p->addresses,
		.addresses_len = p->addresses_len,
		.routes = p->routes,
		.routes_len = p->routes_len,
		.table = p->table,
		.mark = p->fwmark,
	};
	int err = netplan_apply(&d->netplan, &want, error);

	return err ? code_of(err) : 0;
}

static int open_control(struct daemon *d, char error[static ERROR_TEXT])
{
	struct control_hooks hooks = daemon_control_hooks(d);
	int err = control_open(&d->control, &d->loop, d->profile->socket_path, &hooks, error);

	return err ? code_of(err) : 0;
}

/* Without multicast the net works all the same. */
static void open_lan(struct daemon *d, bool wanted)
{
	struct lan_settings settings = {
		.own = d->own_ifindex,
		.mark = d->profile->fwmark,
		.received = daemon_lan_received,
		.context = d,
	};
	char error[ERROR_TEXT];

	if (wanted && lan_open(&d->lan, &d->loop, &settings, error))
		log_warn("%s", error);
}

static int open_portmap(struct daemon *d, const struct daemon_settings *settings,
			char error[static ERROR_TEXT])
{
	struct portmap_settings wanted = {
		.port = d->profile->listen_port,
		.own = d->own_ifindex,
		.mark = d->profile->fwmark,
		.program = settings->program,
		.secret = settings->node.private_key,
		.mapped = daemon_mapped,
		.touched = daemon_portmap_touched,
		.context = d,
	};

	memcpy(wanted.methods, settings->portmap, sizeof(wanted.methods));
	d->portmap = portmap_new(&d->loop, &wanted, &d->rng);
	if (d->portmap)
		return 0;
	snprintf(error, ERROR_TEXT, "out of memory");
	return EXIT_FAILED;
}

static int open_links(struct daemon *d, bool lan, char error[static ERROR_TEXT])
{
	int err;

	open_lan(d, lan);
	err = links_watch_open(&d->links, &d->loop, d->own_ifindex, daemon_links_changed, d);
	if (err) {
		snprintf(error, ERROR_TEXT, "cannot watch the host's addresses: %s", strerror(-err));
		lan_close(d->lan);
		return EXIT_FAILED;
	}
	daemon_links_changed(d);
	return 0;
}

static int open_watches(struct daemon *d, char error[static ERROR_TEXT])
{
	int err;

	d->armed = NEVER;
	d->timer_fd = clock_timer_open();
	err = d->timer_fd < 0 ? d->timer_fd : daemon_watch(d);
	if (!err)
		return 0;
	front_close(&d->front);
	if (d->timer_fd >= 0)
		close(d->timer_fd);
	snprintf(error, ERROR_TEXT, "cannot watch the sockets: %s", strerror(-err));
	return EXIT_FAILED;
}

/* Who has no right to bring up a net mostly fails here first. */
static int open_files(struct daemon *d, const struct daemon_settings *settings,
		      char error[static ERROR_TEXT])
{
	int err = lock_take(&d->lock, settings->socket_path, settings->net, error);

	if (!err) {
		err = marks_open(&d->marks, settings->state_dir, error);
		if (err)
			lock_release(&d->lock);
	}
	add_hint(error, err);
	return err ? code_of(err) : 0;
}

int daemon_new(struct daemon **out, const struct daemon_settings *settings,
	       const struct daemon_hooks *hooks, char error[static ERROR_TEXT])
{
	struct daemon *d = calloc(1, sizeof(*d));
	int code = prepare_process(error);

	if (code)
		goto free_daemon;
	code = EXIT_FAILED;
	snprintf(error, ERROR_TEXT, "out of memory");
	if (!d)
		goto free_daemon;
	if (hooks)
		d->hooks = *hooks;
	d->armed = INT64_MIN;
	d->front.epoll = -1;
	d->profile = profile_new(settings);
	if (!d->profile)
		goto free_daemon;
	code = open_loop(d, error);
	if (code)
		goto free_profile;
	code = open_files(d, settings, error);
	if (code)
		goto close_loop;
	code = open_tun(d, error);
	if (code)
		goto close_files;
	code = open_crew(d, error);
	if (code)
		goto close_tun;
	code = open_node(d, &settings->node, error);
	if (code)
		goto close_crew;
	code = open_udp(d, error);
	if (code)
		goto close_node;
	code = open_streams(d, settings->proxy, error);
	if (code)
		goto close_udp;
	code = open_pump(d, error);
	if (code)
		goto close_streams;
	code = apply_netplan(d, d->profile, error);
	if (code)
		goto close_pump;
	d->own_ifindex = if_nametoindex(tun_name(d->tun));
	code = open_portmap(d, settings, error);
	if (code)
		goto undo_netplan;
	code = open_links(d, settings->node.lan, error);
	if (code)
		goto close_portmap;
	code = open_control(d, error);
	if (code)
		goto close_links;
	code = open_watches(d, error);
	if (code)
		goto close_control;
	*out = d;
	return 0;

close_control:
	control_close(d->control);
close_links:
	links_watch_close(d->links);
	lan_close(d->lan);
close_portmap:
	portmap_close(d->portmap);
undo_netplan:
	netplan_undo(d->netplan);
close_pump:
	pump_deinit(&d->pump);
close_streams:
	close_streams(d);
close_udp:
	udp_free(d->udp);
close_node:
	node_free(d->node);
close_crew:
	close_crew(d);
close_tun:
	tun_free(d->tun);
close_files:
	marks_close(&d->marks);
	lock_release(&d->lock);
close_loop:
	close_loop(d);
free_profile:
	profile_free(d->profile);
free_daemon:
	free(d);
	return code;
}

/* -- changing, running, closing ------------------------------------------ */

static int reconfigure(struct daemon *d, const struct daemon_settings *settings,
		       const struct profile *next, char error[static ERROR_TEXT])
{
	const char *fixed = profile_differs(d->profile, next);
	char ignored[ERROR_TEXT];
	int code;

	if (fixed) {
		snprintf(error, ERROR_TEXT,
			 "%s cannot change while the net is up; p2pnet down and up does it", fixed);
		return EXIT_CONFIG;
	}
	code = apply_netplan(d, next, error);
	if (code)
		return code;
	if (!node_reconfigure(d->node, &settings->node, clock_now(), error)) {
		apply_netplan(d, d->profile, ignored);
		return EXIT_CONFIG;
	}
	return 0;
}

int daemon_reconfigure(struct daemon *d, const struct daemon_settings *settings,
		       char error[static ERROR_TEXT])
{
	struct profile *next = profile_new(settings);
	int code = EXIT_FAILED;

	if (next)
		code = reconfigure(d, settings, next, error);
	else
		snprintf(error, ERROR_TEXT, "out of memory");
	if (code == 0) {
		dialer_set_proxy(d->dialer, settings->proxy);
		profile_free(d->profile);
		d->profile = next;
	} else {
		profile_free(next);
	}
	return code;
}

static void on_patience_over(uv_timer_t *timer)
{
	uv_timer_stop(timer);
}

static bool all_is_given_back(const struct daemon *d)
{
	return portmap_is_over(d->portmap) && node_is_over(d->node);
}

/* The router's port must not stay open behind us, nor what TURN servers hold for us; but who
 * does not answer must not keep us. */
static void give_back(struct daemon *d)
{
	uv_timer_init(&d->loop, &d->patience);
	uv_timer_start(&d->patience, on_patience_over, DAEMON_STOP_PATIENCE, 0);
	portmap_stop(d->portmap, clock_now());
	node_stop(d->node, clock_now());
	daemon_drain(d);
	while (!all_is_given_back(d) && uv_is_active((uv_handle_t *)&d->patience))
		daemon_turn(d);
}

int daemon_run(struct daemon *d)
{
	daemon_drain(d);
	while (!d->is_stopped)
		daemon_turn(d);
	peersfile_save(&d->peersfile, d->node, clock_now());
	give_back(d);
	return d->exit;
}

/* The host gets back what is its own first; the loop may have to wait for a slow name server. */
void daemon_free(struct daemon *d)
{
	if (!d)
		return;
	control_close(d->control);
	links_watch_close(d->links);
	lan_close(d->lan);
	portmap_close(d->portmap);
	resolver_deinit(&d->resolver);
	watch_close_all(&d->loop);
	front_close(&d->front);
	close(d->timer_fd);
	netplan_undo(d->netplan);
	pump_deinit(&d->pump);
	close_streams(d);
	udp_free(d->udp);
	node_free(d->node);
	close_crew(d);
	tun_free(d->tun);
	marks_close(&d->marks);
	lock_release(&d->lock);
	close_loop(d);
	profile_free(d->profile);
	free(d);
}
