/* daemon.c -- one net, running: what is opened, in which order, and the loop.
 *
 *   profile, loop, lock, marks, tun, node, udp, pump, netplan, control, watch
 *        opened from left to right, closed from right to left
 *
 * Signals are caught before anything is made, so that one which comes while
 * the net starts stops it in order and leaves nothing behind.
 */
#include "io/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "crypto/aead.h"
#include "crypto/crypto.h"
#include "ctl/request.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/describe.h"
#include "io/lock.h"
#include "io/logsink.h"
#include "io/marks.h"
#include "io/random.h"
#include "io/resolve.h"
#include "node/status.h"
#include "tun/netplan.h"

enum { ERROR_TEXT = 512, CONNECT_AGAIN = 5000 /* msec */ };

static const int caught[] = {SIGTERM, SIGINT, SIGHUP};

enum { CAUGHT = sizeof(caught) / sizeof(*caught) };

struct daemon {
	struct profile *profile;
	struct daemon_hooks hooks;
	uv_loop_t loop;
	uv_signal_t signals[CAUGHT];
	struct lock lock;
	struct marks marks;
	struct rng rng;
	struct tun *tun;
	struct node *node;
	struct udp *udp;
	struct pump pump;
	struct resolver resolver;
	struct netplan_state *netplan;
	struct control *control;
	uv_poll_t tun_poll, udp4_poll, udp6_poll, timer_poll;
	int timer_fd;
	msec armed;		/* what the timer is set to */
	msec connect_again;	/* while somebody waits */
	msec started;
	uint64_t wall_started_ns;
	int exit;		/* of daemon_run() */
};

/* -- after every input --------------------------------------------------- */

static void look_up(struct daemon *d, const struct action *action, msec now)
{
	struct endpoint literal;

	if (resolve_literal(&literal, action->host, action->port))
		node_resolved(d->node, action->peer, &literal, 1, now);
	else if (resolver_ask(&d->resolver, action->peer, action->host, action->port))
		node_resolved(d->node, action->peer, NULL, 0, now);
}

static msec next_due(const struct daemon *d)
{
	msec due = node_due(d->node);

	return control_has_waiting(d->control) ? msec_min(due, d->connect_again) : due;
}

static void arm_timer(struct daemon *d)
{
	msec due = next_due(d);

	if (due == d->armed)
		return;
	d->armed = due;
	clock_timer_set(d->timer_fd, due);
}

/* Do what the node says until it owes nothing, then sleep until it is due. */
static void drain(struct daemon *d)
{
	msec now = clock_now();
	struct action action;
	enum action_kind kind;

	node_set_wall(d->node, clock_wall_ns());
	while ((kind = node_poll(d->node, &action, now)) != ACTION_NONE) {
		switch (kind) {
		case ACTION_SEND:
			udp_send(d->udp, &action.datagram, 1);
			break;
		case ACTION_SAVE_CLOCK:
			marks_save_clock(&d->marks, action.mark);
			break;
		case ACTION_RESOLVE:
			look_up(d, &action, now);
			break;
		case ACTION_NONE:
			break;
		}
	}
	control_check(d->control);
	arm_timer(d);
}

/* -- inputs -------------------------------------------------------------- */

static void stop(struct daemon *d, int code)
{
	d->exit = code;
	uv_stop(&d->loop);
}

static void on_tun(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;

	(void)events;
	if (status == 0) {
		node_set_wall(d->node, clock_wall_ns());
		status = pump_from_tun(&d->pump, clock_now());
	}
	if (status < 0) {
		log_error("the device %s was taken away (%s)", tun_name(d->tun), strerror(-status));
		stop(d, EXIT_FAILED);
		return;
	}
	drain(d);
}

/* An error on a socket is news of a datagram that was sent, and no reason to stop:
 * libuv does stop listening then, so begin anew. */
static void clear_error(uv_poll_t *poll)
{
	uv_os_fd_t fd;
	int err;
	socklen_t len = sizeof(err);

	if (uv_fileno((uv_handle_t *)poll, &fd) == 0)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	uv_poll_start(poll, UV_READABLE, poll->poll_cb);
}

static void on_udp(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;

	(void)events;
	if (status < 0)
		clear_error(poll);
	node_set_wall(d->node, clock_wall_ns());
	pump_from_net(&d->pump, poll == &d->udp4_poll ? IP_V4 : IP_V6, clock_now());
	drain(d);
}

static void on_timer(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;
	msec now = clock_now();

	(void)status;
	(void)events;
	clock_timer_clear(d->timer_fd);
	d->armed = NEVER;
	node_set_wall(d->node, clock_wall_ns());
	node_tick(d->node, now);
	if (control_has_waiting(d->control) && d->connect_again <= now) {
		node_connect_all(d->node, now);
		d->connect_again = now + CONNECT_AGAIN;
	}
	drain(d);
}

static void on_resolved(void *context, const uint8_t peer[static KEY_LEN],
			const struct endpoint *endpoints, size_t n)
{
	struct daemon *d = context;

	node_resolved(d->node, peer, endpoints, n, clock_now());
	drain(d);
}

static void on_source_gone(void *context, const struct path *path)
{
	struct daemon *d = context;

	node_source_gone(d->node, path);
}

/* -- verbs --------------------------------------------------------------- */

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
	drain(d);
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
		stop(d, EXIT_OK);
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
	case CTL_WAIT:
	case CTL_VERBS:
		break;
	}
	return ctl_error(EXIT_FAILED, "%s: not answered here", ctl_verb_name(request->verb));
}

static void on_wait_begins(void *context)
{
	struct daemon *d = context;
	msec now = clock_now();

	node_connect_all(d->node, now);
	d->connect_again = now + CONNECT_AGAIN;
	clock_timer_set(d->timer_fd, now);	/* drain after this, not within */
	d->armed = now;
}

static bool is_connected(void *context)
{
	const struct daemon *d = context;
	msec now = clock_now();

	for (size_t i = 0; i < node_peers_len(d->node); i++) {
		struct peer_status peer;

		node_peer_status(d->node, i, &peer, now);
		if (peer.endpoint_host && peer.state != PEER_DIRECT)
			return false;
	}
	return true;
}

static void on_down(void *context)
{
	stop(context, EXIT_OK);
}

/* -- opening, in order --------------------------------------------------- */

/* Keys must not get into core files. A sanitizer's leak check needs ptrace. */
static void forbid_dumps(void)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(HAS_ASAN)
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

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

static void choose_engine(void)
{
	struct aead_engine_report engines[AEAD_ENGINES_MAX];
	size_t n = aead_choose_engine(clock_cpu_ns, engines);

	for (size_t i = 0; i < n; i++)
		log_debug("%s: %s, %u ns for a packet%s", engines[i].name,
			  engines[i].passed ? "right" : "wrong answers", engines[i].ns_per_packet,
			  engines[i].chosen ? ": chosen" : "");
}

static int prepare(char error[static ERROR_TEXT])
{
	if (!crypto_init()) {
		snprintf(error, ERROR_TEXT,
			 "this machine's OpenSSL lacks BLAKE2s or ChaCha20 (a FIPS build?)");
		return EXIT_FAILED;
	}
	signal(SIGPIPE, SIG_IGN);
	forbid_dumps();
	choose_engine();
	return 0;
}

static int open_loop(struct daemon *d, char error[static ERROR_TEXT])
{
	int err = uv_loop_init(&d->loop);

	if (err) {
		snprintf(error, ERROR_TEXT, "cannot make an event loop: %s", uv_strerror(err));
		return EXIT_FAILED;
	}
	for (int i = 0; i < CAUGHT; i++) {
		uv_signal_init(&d->loop, &d->signals[i]);
		d->signals[i].data = d;
		uv_signal_start(&d->signals[i], on_signal, caught[i]);
	}
	resolver_init(&d->resolver, &d->loop, on_resolved, d);
	return 0;
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Runs until all that was closed has said so, and lookups that nobody can stop are over. */
static void close_loop(struct daemon *d)
{
	resolver_deinit(&d->resolver);
	uv_walk(&d->loop, close_handle, NULL);
	while (uv_loop_close(&d->loop) == UV_EBUSY)
		uv_run(&d->loop, UV_RUN_DEFAULT);
}

static int open_tun(struct daemon *d, char error[static ERROR_TEXT])
{
	const char *name = d->profile->device;
	int err = tun_linux_open(&d->tun, name);

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

static int open_node(struct daemon *d, const struct node_settings *settings,
		     char error[static ERROR_TEXT])
{
	random_init(&d->rng);
	d->started = clock_now();
	d->wall_started_ns = clock_wall_ns();
	d->node = node_new(settings, &d->rng, marks_load_clock(&d->marks), d->started, error);
	return d->node ? 0 : EXIT_CONFIG;
}

static int open_udp(struct daemon *d, char error[static ERROR_TEXT])
{
	struct udp_settings settings = {
		.port = d->profile->listen_port,
		.mark = d->profile->fwmark,
		.source_gone = on_source_gone,
		.context = d,
	};
	int err = udp_open(&d->udp, &settings, error);

	return err ? code_of(err) : 0;
}

static int open_pump(struct daemon *d, char error[static ERROR_TEXT])
{
	if (pump_init(&d->pump, d->node, d->tun, d->udp))
		return 0;
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
	struct control_hooks hooks = {
		.context = d,
		.answer = on_request,
		.wait_begins = on_wait_begins,
		.is_connected = is_connected,
		.stop = on_down,
	};
	int err = control_open(&d->control, &d->loop, d->profile->socket_path, &hooks, error);

	return err ? code_of(err) : 0;
}

static int watch(struct daemon *d, uv_poll_t *poll, int fd, uv_poll_cb callback)
{
	int err;

	if (fd < 0)
		return 0;
	err = uv_poll_init(&d->loop, poll, fd);
	if (err)
		return err;
	poll->data = d;
	return uv_poll_start(poll, UV_READABLE, callback);
}

static int open_watches(struct daemon *d, char error[static ERROR_TEXT])
{
	int err = 0;

	d->armed = NEVER;
	d->timer_fd = clock_timer_open();
	if (d->timer_fd < 0)
		err = d->timer_fd;
	if (!err)
		err = watch(d, &d->timer_poll, d->timer_fd, on_timer);
	if (!err)
		err = watch(d, &d->tun_poll, tun_fd(d->tun), on_tun);
	if (!err)
		err = watch(d, &d->udp4_poll, udp_fd(d->udp, IP_V4), on_udp);
	if (!err)
		err = watch(d, &d->udp6_poll, udp_fd(d->udp, IP_V6), on_udp);
	if (!err)
		return 0;
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
	int code = prepare(error);

	if (code)
		goto free_daemon;
	code = EXIT_FAILED;
	snprintf(error, ERROR_TEXT, "out of memory");
	if (!d)
		goto free_daemon;
	if (hooks)
		d->hooks = *hooks;
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
	code = open_node(d, &settings->node, error);
	if (code)
		goto close_tun;
	code = open_udp(d, error);
	if (code)
		goto close_node;
	code = open_pump(d, error);
	if (code)
		goto close_udp;
	code = apply_netplan(d, d->profile, error);
	if (code)
		goto close_pump;
	code = open_control(d, error);
	if (code)
		goto undo_netplan;
	code = open_watches(d, error);
	if (code)
		goto close_control;
	*out = d;
	return 0;

close_control:
	control_close(d->control);
undo_netplan:
	netplan_undo(d->netplan);
close_pump:
	pump_deinit(&d->pump);
close_udp:
	udp_free(d->udp);
close_node:
	node_free(d->node);
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
		profile_free(d->profile);
		d->profile = next;
	} else {
		profile_free(next);
	}
	return code;
}

int daemon_run(struct daemon *d)
{
	drain(d);
	uv_run(&d->loop, UV_RUN_DEFAULT);
	return d->exit;
}

/* The host gets back what is its own first; the loop may have to wait for a slow name server. */
void daemon_free(struct daemon *d)
{
	if (!d)
		return;
	control_close(d->control);
	resolver_deinit(&d->resolver);
	uv_walk(&d->loop, close_handle, NULL);
	close(d->timer_fd);
	netplan_undo(d->netplan);
	pump_deinit(&d->pump);
	udp_free(d->udp);
	node_free(d->node);
	tun_free(d->tun);
	marks_close(&d->marks);
	lock_release(&d->lock);
	close_loop(d);
	profile_free(d->profile);
	free(d);
}
