/* turn_probe.c -- do TURN servers relay for us, and if not, why: asked without a daemon. */
#include "io/turn_probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/dialer.h"
#include "io/random.h"
#include "io/resolve.h"
#include "io/udp.h"
#include "io/watch.h"
#include "turn/allocation.h"

enum { ERROR_TEXT = 512, BURST = 4 };

/* One probe under way. */
struct asking {
	struct turn_probe *probe;
	struct turn_allocation allocation;
	struct path path;		/* to the server, once it has begun */
	msec began;
	bool has_begun, is_over;
};

struct run {
	uv_loop_t loop;
	uv_poll_t dialer_poll, timer_poll, udp4_poll, udp6_poll;
	int timer_fd;
	struct rng rng;
	struct resolver resolver;
	struct dialer *dialer;
	struct udp *udp;
	struct asking *asking;
	size_t len, left;
};

/* -- one ----------------------------------------------------------------------------- */

static bool is_stream(const struct asking *a)
{
	return a->probe->transport != PATH_UDP;
}

static void settle(struct run *run, struct asking *a, const char *problem)
{
	if (a->is_over)
		return;
	a->is_over = true;
	a->probe->problem = problem;
	if (--run->left == 0)
		uv_stop(&run->loop);
}

static void send_message(struct run *run, struct asking *a, const struct writer *w, msec now)
{
	struct datagram d = {
		.packet = packet_in(w->data, w->len, 0, w->len),
		.path = a->path,
	};

	if (is_stream(a))
		dialer_send(run->dialer, &d, 1, now);
	else
		udp_send(run->udp, &d, 1);
}

/* What it was granted is given back at once; that it was is known by then. */
static void act(struct run *run, struct asking *a, enum turn_action action,
		const struct writer *w, msec now)
{
	switch (action) {
	case TURN_SEND:
		send_message(run, a, w, now);
		break;
	case TURN_CHANGE_PORT:
		turn_allocation_no_port(&a->allocation, now);
		break;
	case TURN_IS_UP:
		a->probe->rtt = (now - a->began) / 2;
		turn_allocation_stop(&a->allocation, now);
		break;
	case TURN_ENDED:
		settle(run, a, a->probe->rtt >= 0 ? NULL : turn_failure_text(&a->allocation.failure));
		break;
	case TURN_PEER_PERMITTED:
	case TURN_PEER_REFUSED:
	case TURN_NOTHING:
		break;
	}
}

static void drain(struct run *run, struct asking *a, msec now)
{
	uint8_t message[TURN_MESSAGE_MAX];
	enum turn_action action;
	struct endpoint peer;

	turn_allocation_tick(&a->allocation, now);
	do {
		struct writer w = writer_over(message, sizeof(message));

		action = turn_allocation_poll(&a->allocation, &w, &peer, now);
		act(run, a, action, &w, now);
	} while (action != TURN_NOTHING);
}

static void begin(struct run *run, struct asking *a, const struct path *path, msec now)
{
	if (a->has_begun)
		return;
	a->has_begun = true;
	a->path = *path;
	a->began = now;
	turn_allocation_start(&a->allocation, &path->remote, now);
	drain(run, a, now);
}

static void init_asking(struct run *run, struct asking *a, struct turn_probe *probe)
{
	/* no sending again on a stream, RFC 8489 section 6.2.2 */
	static const struct transaction_timing once = {.rto = 7500, .sends = 1, .last_wait = 1};
	const struct turn_settings settings = {
		.user = bytes_of(probe->user, strlen(probe->user)),
		.password = bytes_of(probe->password, strlen(probe->password)),
		.family = IP_V4,
		.stream = probe->transport != PATH_UDP,
		.timing = probe->transport != PATH_UDP ? once : turn_timing_brisk,
		.rng = &run->rng,
	};

	a->probe = probe;
	probe->rtt = -1;
	turn_allocation_init(&a->allocation, &settings);
}

/* -- all ------------------------------------------------------------------------------- */

static void arm(struct run *run)
{
	msec due = dialer_due(run->dialer);

	for (size_t i = 0; i < run->len; i++)
		due = msec_min(due, turn_allocation_due(&run->asking[i].allocation));
	clock_timer_set(run->timer_fd, due);
}

static struct asking *asking_by(struct run *run, uint16_t via)
{
	return &run->asking[via - VIA_STREAM];
}

static void on_opened(void *context, const struct path *path, msec now)
{
	struct run *run = context;

	begin(run, asking_by(run, path->via), path, now);
}

static void on_closed(void *context, uint16_t via, enum node_stream_end why, msec now)
{
	struct run *run = context;
	struct asking *a = asking_by(run, via);

	(void)now;
	settle(run, a, a->probe->rtt >= 0 ? NULL : node_stream_end_text(why));
}

static void feed(struct run *run, struct asking *a, const struct datagram *d, msec now)
{
	struct turn_payload payload;

	turn_allocation_feed(&a->allocation, &d->path.remote, packet_bytes(&d->packet), &payload, now);
	drain(run, a, now);
}

static void on_received(void *context, struct datagram *datagrams, size_t n, msec now)
{
	struct run *run = context;

	for (size_t i = 0; i < n; i++)
		feed(run, asking_by(run, datagrams[i].path.via), &datagrams[i], now);
}

/* Each knows its own. */
static void feed_all(struct run *run, const struct datagram *d, msec now)
{
	for (size_t i = 0; i < run->len; i++) {
		if (run->asking[i].has_begun && !is_stream(&run->asking[i]))
			feed(run, &run->asking[i], d, now);
	}
}

static void on_udp(uv_poll_t *poll, int status, int events)
{
	struct run *run = poll->data;
	struct datagram datagrams[BURST];
	msec now = clock_now();
	bool more;
	size_t n;

	(void)events;
	if (status < 0)
		watch_clear_error(poll);
	do {
		n = udp_recv(run->udp, poll == &run->udp4_poll ? IP_V4 : IP_V6, datagrams, BURST,
			     &more);
		for (size_t i = 0; i < n; i++)
			feed_all(run, &datagrams[i], now);
	} while (udp_holds(run->udp));	/* what the kernel has wakes the loop again */
	arm(run);
}

static bool is_called(const struct asking *a, const char *host, uint16_t port)
{
	return !is_stream(a) && a->probe->port == port && strcmp(a->probe->host, host) == 0;
}

static void on_resolved(void *context, const char *host, uint16_t port,
			const struct endpoint *endpoints, size_t n)
{
	struct run *run = context;
	msec now = clock_now();

	dialer_resolved(run->dialer, host, port, endpoints, n, now);
	for (size_t i = 0; i < run->len; i++) {
		struct asking *a = &run->asking[i];

		if (!is_called(a, host, port))
			continue;
		if (n)
			begin(run, a, &(struct path){.remote = endpoints[0]}, now);
		else
			settle(run, a, node_stream_end_text(STREAM_NO_ADDRESS));
	}
	arm(run);
}

static void look_up(void *context, const char *host, uint16_t port)
{
	struct run *run = context;
	struct endpoint literal;

	if (resolve_literal(&literal, host, port))
		on_resolved(run, host, port, &literal, 1);
	else if (resolver_ask(&run->resolver, host, port))
		on_resolved(run, host, port, NULL, 0);
}

static void on_dialer(uv_poll_t *poll, int status, int events)
{
	struct run *run = poll->data;

	(void)status;
	(void)events;
	dialer_ready(run->dialer, clock_now());
	arm(run);
}

static void on_timer(uv_poll_t *poll, int status, int events)
{
	struct run *run = poll->data;
	msec now = clock_now();

	(void)status;
	(void)events;
	clock_timer_clear(run->timer_fd);
	dialer_tick(run->dialer, now);
	for (size_t i = 0; i < run->len; i++)
		drain(run, &run->asking[i], now);
	arm(run);
}

/* -- beginning and end ----------------------------------------------------------------- */

static int open_dialer(struct run *run)
{
	struct dialer_settings settings = {
		.context = run,
		.look_up = look_up,
		.opened = on_opened,
		.received = on_received,
		.closed = on_closed,
	};

	return dialer_new(&run->dialer, &settings);
}

static int watch(struct run *run, char error[static ERROR_TEXT])
{
	const struct udp_settings settings = {0};
	int err = udp_open_any(&run->udp, &settings, error);

	if (err)
		return err;
	snprintf(error, ERROR_TEXT, "cannot watch the sockets");
	run->timer_fd = clock_timer_open();
	err = run->timer_fd < 0 ? run->timer_fd : open_dialer(run);
	if (!err)
		err = watch_start(&run->loop, &run->timer_poll, run->timer_fd, on_timer, run);
	if (!err)
		err = watch_start(&run->loop, &run->dialer_poll, dialer_fd(run->dialer), on_dialer, run);
	if (!err)
		err = watch_start(&run->loop, &run->udp4_poll, udp_fd(run->udp, IP_V4), on_udp, run);
	return err ? err : watch_start(&run->loop, &run->udp6_poll, udp_fd(run->udp, IP_V6), on_udp, run);
}

static void ask_all(struct run *run)
{
	for (size_t i = 0; i < run->len; i++) {
		const struct turn_probe *probe = run->asking[i].probe;
		const struct node_stream_target target = {
			.host = probe->host,
			.port = probe->port,
			.tls = probe->transport == PATH_TLS,
			.ca_file = probe->ca_file,
			.framing = FRAMING_TURN,
		};

		if (is_stream(&run->asking[i]))
			dialer_open(run->dialer, (uint16_t)(VIA_STREAM + i), &target, clock_now());
		else
			look_up(run, probe->host, probe->port);
	}
	arm(run);
}

static void close_all(struct run *run)
{
	resolver_deinit(&run->resolver);
	watch_close_loop(&run->loop);
	dialer_free(run->dialer);
	udp_free(run->udp);
	if (run->timer_fd >= 0)
		close(run->timer_fd);
	for (size_t i = 0; i < run->len; i++)
		turn_allocation_deinit(&run->asking[i].allocation);
	free(run->asking);
}

int turn_probe_run(struct turn_probe *probes, size_t n, const struct proxy *proxy,
		   char error[static ERROR_TEXT])
{
	struct run run = {.timer_fd = -1, .len = n, .left = n};
	int err = uv_loop_init(&run.loop);

	if (err) {
		snprintf(error, ERROR_TEXT, "cannot make an event loop: %s", strerror(-err));
		return err;
	}
	run.asking = calloc(n + 1, sizeof(*run.asking));
	random_init(&run.rng);
	for (size_t i = 0; run.asking && i < n; i++)
		init_asking(&run, &run.asking[i], &probes[i]);
	resolver_init(&run.resolver, &run.loop, on_resolved, &run);
	err = run.asking ? watch(&run, error) : -ENOMEM;
	if (!err && proxy)
		dialer_set_proxy(run.dialer, proxy);
	if (!err)
		ask_all(&run);
	if (!err && run.left)
		uv_run(&run.loop, UV_RUN_DEFAULT);
	close_all(&run);
	return err;
}
