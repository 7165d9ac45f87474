/* rendezvous_loop.c -- a rendezvous, running: the loop that gives its brain bytes and time. */
#include "io/rendezvous_loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/offload.h"
#include "crypto/aead.h"
#include "ctl/request.h"
#include "io/clock.h"
#include "io/prepare.h"
#include "io/random.h"
#include "io/tls_doors.h"
#include "io/udp.h"
#include "io/watch.h"

enum {
	ERROR_TEXT = 512,
	DOORS_MAX = 2 * RENDEZVOUS_LISTENERS_MAX,
	BURSTS_PER_TURN = 4,
	SIGNALS = 3,
};

struct door {
	struct rendezvous_loop *loop;
	uint16_t number;
	struct udp *udp;		/* NULL: there is no such door */
	uv_poll_t poll4, poll6;
};

struct rendezvous_loop {
	uv_loop_t uv;
	uv_signal_t signals[SIGNALS];
	uv_poll_t timer_poll;
	int timer_fd;
	struct rng rng;
	struct rendezvous_node *node;
	struct rendezvous_listener listeners[RENDEZVOUS_LISTENERS_MAX];
	size_t listeners_len;
	struct door doors[DOORS_MAX];
	struct tls_doors tls;
	struct datagram datagrams[BURST_MAX];
};

/* -- after every input ----------------------------------------------------- */

/* path.via is the number of a connection, or of a door, and each door has one port only. What
 * follows each other by one door leaves together. */
static void send_out(struct rendezvous_loop *l, struct datagram *d, size_t n, msec now)
{
	for (size_t i = 0, run; i < n; i += run) {
		uint16_t number = d[i].path.via;

		for (run = 0; i + run < n && d[i + run].path.via == number; run++) {
			if (number < RENDEZVOUS_CONNECTION)
				d[i + run].path.via = 0;
		}
		if (number < RENDEZVOUS_CONNECTION)
			udp_send(l->doors[number].udp, d + i, run);
		else
			tls_doors_send(&l->tls, d + i, run, now);
	}
}

static void drain(struct rendezvous_loop *l)
{
	msec now = clock_now();
	struct datagram d;

	while (rendezvous_node_poll(l->node, &d, now))
		send_out(l, &d, 1, now);
	clock_timer_set(l->timer_fd,
			msec_min(rendezvous_node_due(l->node), tls_doors_due(&l->tls)));
}

/* -- inputs ---------------------------------------------------------------- */

static void receive_burst(struct door *door, size_t n, msec now)
{
	struct rendezvous_loop *l = door->loop;

	for (size_t i = 0; i < n; i++)
		l->datagrams[i].path.via = door->number;
	send_out(l, l->datagrams, rendezvous_node_receive(l->node, l->datagrams, n, now), now);
}

static void on_tls(void *context, struct datagram *datagrams, size_t n, msec now)
{
	struct rendezvous_loop *l = context;

	rendezvous_node_set_wall(l->node, clock_wall_ns());
	send_out(l, datagrams, rendezvous_node_receive(l->node, datagrams, n, now), now);
}

static void on_tls_ended(void *context, uint16_t via, msec now)
{
	struct rendezvous_loop *l = context;

	(void)now;
	rendezvous_node_disconnected(l->node, via);
}

static void on_tls_touched(void *context)
{
	drain(context);
}

static void on_udp(uv_poll_t *poll, int status, int events)
{
	struct door *door = poll->data;
	struct rendezvous_loop *l = door->loop;
	enum ip_family family = poll == &door->poll4 ? IP_V4 : IP_V6;
	bool more = true;

	(void)events;
	if (status < 0)
		watch_clear_error(poll);
	rendezvous_node_set_wall(l->node, clock_wall_ns());
	for (int i = 0; (i < BURSTS_PER_TURN && more) || udp_holds(door->udp); i++)
		receive_burst(door, udp_recv(door->udp, family, l->datagrams, BURST_MAX, &more),
			      clock_now());
	drain(l);
}

static void on_timer(uv_poll_t *poll, int status, int events)
{
	struct rendezvous_loop *l = poll->data;

	(void)status;
	(void)events;
	clock_timer_clear(l->timer_fd);
	rendezvous_node_set_wall(l->node, clock_wall_ns());
	rendezvous_node_tick(l->node, clock_now());
	tls_doors_tick(&l->tls, clock_now());
	drain(l);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct rendezvous_loop *l = handle->data;

	if (number == SIGHUP)
		tls_doors_renew(&l->tls);
	else
		uv_stop(handle->loop);
}

/* -- opening, in order ------------------------------------------------------- */

/* A client whose datagram could not leave from where it was spoken to says by its next
 * one where that is now. */
static void source_gone(void *context, const struct path *path)
{
	(void)context;
	(void)path;
}

static int open_door(struct rendezvous_loop *l, size_t number, const struct ip *address,
		     uint16_t port, char error[static ERROR_TEXT])
{
	struct udp_settings settings = {
		.address = *address,
		.port = port,
		.offloads = OFFLOAD_ALL,
		.source_gone = source_gone,
	};
	struct door *door = &l->doors[number];
	int err = udp_open(&door->udp, &settings, error);

	door->loop = l;
	door->number = (uint16_t)number;
	return err;
}

static int open_listener(struct rendezvous_loop *l, size_t i, const struct endpoint *at,
			 char error[static ERROR_TEXT])
{
	int err = open_door(l, 2 * i, &at->ip, at->port, error);

	if (err == -EADDRINUSE)
		snprintf(error, ERROR_TEXT,
			 "UDP port %u is taken by another program; choose another with --listen",
			 at->port);
	if (err)
		return err == -EACCES || err == -EPERM ? EXIT_PERMISSION : EXIT_FAILED;
	l->listeners[i].port = udp_port(l->doors[2 * i].udp);
	return 0;
}

/* The second port, which STUN wants. One that nobody asked for may be missing. */
static int open_second(struct rendezvous_loop *l, size_t i, const struct endpoint *at,
		       uint16_t wanted, char error[static ERROR_TEXT])
{
	struct rendezvous_listener *listener = &l->listeners[i];
	uint16_t port = wanted ? wanted : (uint16_t)(listener->port + 1);
	int err = port ? open_door(l, 2 * i + 1, &at->ip, port, error) : -EADDRINUSE;

	if (!err) {
		listener->stun_port = port;
		return 0;
	}
	if (!wanted) {
		log_warn("UDP port %u is not to be had: clients with no other rendezvous cannot "
			 "tell whether their NAT is symmetric; --stun-port chooses another",
			 port);
		return 0;
	}
	if (err == -EADDRINUSE)
		snprintf(error, ERROR_TEXT,
			 "UDP port %u is taken by another program; choose another with --stun-port",
			 port);
	return err == -EACCES || err == -EPERM ? EXIT_PERMISSION : EXIT_FAILED;
}

static int open_tls(struct rendezvous_loop *l, const struct rendezvous_loop_settings *settings,
		    char error[static ERROR_TEXT])
{
	struct tls_doors_settings tls = {
		.listen = settings->tls_listen,
		.listen_len = settings->tls_listen_len,
		.cert_file = settings->cert_file,
		.key_file = settings->cert_key_file,
		.clients_max = settings->clients_max,
		.received = on_tls,
		.ended = on_tls_ended,
		.touched = on_tls_touched,
		.context = l,
	};

	return tls_doors_open(&l->tls, &tls, error);
}

/* All listeners before all second ports, so that these do not take theirs. */
static int open_doors(struct rendezvous_loop *l, const struct rendezvous_loop_settings *settings,
		      char error[static ERROR_TEXT])
{
	int code = 0;

	l->listeners_len = settings->listen_len;
	for (size_t i = 0; i < l->listeners_len && !code; i++)
		code = open_listener(l, i, &settings->listen[i], error);
	for (size_t i = 0; i < l->listeners_len && !code; i++)
		code = open_second(l, i, &settings->listen[i], settings->stun_port, error);
	return code ? code : open_tls(l, settings, error);
}

static void close_doors(struct rendezvous_loop *l)
{
	for (size_t i = 0; i < DOORS_MAX; i++)
		udp_free(l->doors[i].udp);
	tls_doors_close(&l->tls);
}

/* Not the fastest engine, but the one whose keys have no context: nearly 2 KB less for each
 * client, and each has a few small packets a minute. Without it the fastest is fine. */
static void choose_small_engine(void)
{
	if (!aead_use_engine(AEAD_CHACHA20POLY1305, "libsodium"))
		log_debug("libsodium's cipher does not work here; clients take more memory");
}

static int open_node(struct rendezvous_loop *l, const struct rendezvous_loop_settings *settings,
		     char error[static ERROR_TEXT])
{
	struct rendezvous_node_settings node = {
		.clients_max = settings->clients_max,
		.listeners = l->listeners,
		.listeners_len = l->listeners_len,
		.relay = settings->relay,
		.relay_rate = settings->relay_rate,
		.connections_max = tls_doors_connections(&l->tls),
	};

	memcpy(node.private_key, settings->private_key, KEY_LEN);
	memcpy(node.psk, settings->psk, KEY_LEN);
	random_init(&l->rng);
	if (!settings->relay)
		choose_small_engine();
	l->node = rendezvous_node_new(&node, &l->rng, clock_now());
	wipe(&node, sizeof(node));
	if (l->node)
		return 0;
	snprintf(error, ERROR_TEXT, "there is no memory for %u clients; --max-clients lowers it",
		 settings->clients_max);
	return EXIT_FAILED;
}

static int watch_doors(struct rendezvous_loop *l)
{
	int err = 0;

	for (size_t i = 0; i < DOORS_MAX && !err; i++) {
		struct door *door = &l->doors[i];

		if (!door->udp)
			continue;
		err = watch_start(&l->uv, &door->poll4, udp_fd(door->udp, IP_V4), on_udp, door);
		if (!err)
			err = watch_start(&l->uv, &door->poll6, udp_fd(door->udp, IP_V6), on_udp,
					  door);
	}
	return err;
}

static int open_watches(struct rendezvous_loop *l, char error[static ERROR_TEXT])
{
	int err;

	l->timer_fd = clock_timer_open();
	err = l->timer_fd < 0 ? l->timer_fd
			      : watch_start(&l->uv, &l->timer_poll, l->timer_fd, on_timer, l);
	if (!err)
		err = watch_doors(l);
	if (!err)
		err = tls_doors_watch(&l->tls, &l->uv);
	if (err)
		snprintf(error, ERROR_TEXT, "cannot watch the sockets: %s", strerror(-err));
	return err ? EXIT_FAILED : 0;
}

static int open_loop(struct rendezvous_loop *l, char error[static ERROR_TEXT])
{
	static const int caught[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
	int err = uv_loop_init(&l->uv);

	if (err) {
		snprintf(error, ERROR_TEXT, "cannot make an event loop: %s", uv_strerror(err));
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < SIGNALS; i++) {
		uv_signal_init(&l->uv, &l->signals[i]);
		l->signals[i].data = l;
		uv_signal_start(&l->signals[i], on_signal, caught[i]);
	}
	return 0;
}

int rendezvous_loop_open(struct rendezvous_loop **out,
			 const struct rendezvous_loop_settings *settings,
			 char error[static ERROR_TEXT])
{
	struct rendezvous_loop *l = calloc(1, sizeof(*l));
	int code = prepare_process(error);

	if (!l) {
		snprintf(error, ERROR_TEXT, "out of memory");
		return EXIT_FAILED;
	}
	l->timer_fd = -1;
	if (!code)
		code = open_loop(l, error);
	if (code) {
		free(l);
		return code;
	}
	code = open_doors(l, settings, error);
	if (!code)
		code = open_node(l, settings, error);
	if (!code)
		code = open_watches(l, error);
	if (code) {
		rendezvous_loop_free(l);
		return code;
	}
	*out = l;
	return 0;
}

/* -- running, closing ---------------------------------------------------------- */

void rendezvous_loop_run(struct rendezvous_loop *l)
{
	drain(l);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	log_info("ends; %u clients will call again", rendezvous_node_clients(l->node));
	if (rendezvous_node_relayed(l->node, FORWARD_FRAMES))
		log_info("has passed on %llu packets, %llu bytes, between clients",
			 (unsigned long long)rendezvous_node_relayed(l->node, FORWARD_FRAMES),
			 (unsigned long long)rendezvous_node_relayed(l->node, FORWARD_BYTES));
}

/* Also of one that was opened in part. */
void rendezvous_loop_free(struct rendezvous_loop *l)
{
	if (!l)
		return;
	watch_close_loop(&l->uv);
	if (l->timer_fd >= 0)
		close(l->timer_fd);
	close_doors(l);
	rendezvous_node_free(l->node);
	free(l);
}

const uint8_t *rendezvous_loop_public_key(const struct rendezvous_loop *l)
{
	return rendezvous_node_public_key(l->node);
}

struct rendezvous_listener rendezvous_loop_listener(const struct rendezvous_loop *l, size_t i)
{
	return l->listeners[i];
}

uint16_t rendezvous_loop_tls_port(const struct rendezvous_loop *l, size_t i)
{
	return tls_doors_port(&l->tls, i);
}
