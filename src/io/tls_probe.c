/* tls_probe.c -- do servers answer over TLS, and if not, why: asked without a daemon. */
#include "io/tls_probe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/dialer.h"
#include "io/resolve.h"
#include "io/watch.h"

enum { ERROR_TEXT = 512 };

struct run {
	uv_loop_t loop;
	uv_poll_t dialer_poll, timer_poll;
	int timer_fd;
	struct resolver resolver;
	struct dialer *dialer;
	struct tls_probe *probes;
	size_t left;
	msec begun;
};

/* -- what happens ------------------------------------------------------------------ */

static void settle(struct run *run, uint16_t via, enum node_stream_end why, msec now)
{
	struct tls_probe *probe = &run->probes[via - VIA_STREAM];

	probe->why = why;
	probe->rtt = now - run->begun;
	if (--run->left == 0)
		uv_stop(&run->loop);
}

static void on_opened(void *context, const struct path *path, msec now)
{
	struct run *run = context;

	settle(run, path->via, NODE_STREAM_ENDS, now);
	dialer_close(run->dialer, path->via);
}

static void on_closed(void *context, uint16_t via, enum node_stream_end why, msec now)
{
	settle(context, via, why, now);
}

/* It has not been asked anything. */
static void on_received(void *context, struct datagram *datagrams, size_t n, msec now)
{
	(void)context;
	(void)datagrams;
	(void)n;
	(void)now;
}

static void arm(struct run *run)
{
	clock_timer_set(run->timer_fd, dialer_due(run->dialer));
}

static void on_resolved(void *context, const char *host, uint16_t port,
			const struct endpoint *endpoints, size_t n)
{
	struct run *run = context;

	dialer_resolved(run->dialer, host, port, endpoints, n, clock_now());
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

	(void)status;
	(void)events;
	clock_timer_clear(run->timer_fd);
	dialer_tick(run->dialer, clock_now());
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

static int watch(struct run *run)
{
	int err;

	run->timer_fd = clock_timer_open();
	err = run->timer_fd < 0 ? run->timer_fd : open_dialer(run);
	if (!err)
		err = watch_start(&run->loop, &run->timer_poll, run->timer_fd, on_timer, run);
	if (!err)
		err = watch_start(&run->loop, &run->dialer_poll, dialer_fd(run->dialer), on_dialer,
				  run);
	return err;
}

static void dial_all(struct run *run)
{
	size_t n = run->left;

	for (size_t i = 0; i < n; i++) {
		const struct tls_probe *probe = &run->probes[i];
		struct node_stream_target target = {
			.host = probe->host,
			.port = probe->port,
			.tls = true,
			.ca_file = probe->ca_file,
			.framing = FRAMING_RFC4571,
		};

		dialer_open(run->dialer, (uint16_t)(VIA_STREAM + i), &target, clock_now());
	}
	run->begun = clock_now();	/* reading all the CAs does not count */
	arm(run);
}

static void close_all(struct run *run)
{
	resolver_deinit(&run->resolver);
	watch_close_loop(&run->loop);
	dialer_free(run->dialer);
	if (run->timer_fd >= 0)
		close(run->timer_fd);
}

int tls_probe_run(struct tls_probe *probes, size_t n, const struct proxy *proxy,
		  char error[static ERROR_TEXT])
{
	struct run run = {.probes = probes, .left = n, .timer_fd = -1};
	int err = uv_loop_init(&run.loop);

	if (err) {
		snprintf(error, ERROR_TEXT, "cannot make an event loop: %s", strerror(-err));
		return err;
	}
	resolver_init(&run.resolver, &run.loop, on_resolved, &run);
	err = watch(&run);
	if (err) {
		snprintf(error, ERROR_TEXT, "cannot watch the sockets: %s", strerror(-err));
	} else {
		if (proxy)
			dialer_set_proxy(run.dialer, proxy);
		dial_all(&run);
		if (run.left)
			uv_run(&run.loop, UV_RUN_DEFAULT);
	}
	close_all(&run);
	return err;
}
