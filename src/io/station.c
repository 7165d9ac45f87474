/* station.c -- one UDP port, a timer and names, in a loop of their own. */
#include "io/station.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"

enum { ERROR_TEXT = 512 };

void station_drain(struct station *s)
{
	if (!s->stopped)
		s->hooks.drain(s->hooks.context, clock_now());
}

void station_wake(struct station *s, msec due)
{
	clock_timer_set(s->timer_fd, due);
}

static void on_timer(uv_poll_t *poll, int status, int events)
{
	struct station *s = poll->data;

	(void)status;
	(void)events;
	clock_timer_clear(s->timer_fd);
	station_drain(s);
}

/* -- datagrams ----------------------------------------------------------- */

static void on_source_gone(void *context, const struct path *path)
{
	struct station *s = context;

	(void)path;
	s->source_gone = true;
}

/* The interface is the routing table's choice, which may well follow from the source. */
bool station_send(struct station *s, const struct ip *local, const struct endpoint *to,
		  struct bytes bytes)
{
	uint8_t *data = (uint8_t *)bytes.data;
	struct datagram datagram = {
		.packet = {data, data, bytes.len, data + bytes.len},
		.path = {.remote = *to, .local = *local},
	};

	s->source_gone = false;
	udp_send(s->udp, &datagram, 1);
	return !s->source_gone;
}

static void on_udp(uv_poll_t *poll, int status, int events);

/* What came of an error is news of a datagram that was sent; libuv stops listening then. */
static void clear_error(uv_poll_t *poll, int fd)
{
	int err;
	socklen_t len = sizeof(err);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	uv_poll_start(poll, UV_READABLE, on_udp);
}

static void on_udp(uv_poll_t *poll, int status, int events)
{
	struct station *s = poll->data;
	enum ip_family family = poll == &s->udp4_poll ? IP_V4 : IP_V6;
	struct datagram datagrams[STATION_BURST];
	bool more;
	size_t n;

	(void)events;
	if (status < 0)
		clear_error(poll, udp_fd(s->udp, family));
	do {
		n = udp_recv(s->udp, family, datagrams, STATION_BURST, &more);
		for (size_t i = 0; i < n; i++)
			s->hooks.received(s->hooks.context, &datagrams[i].path,
					  packet_bytes(&datagrams[i].packet), clock_now());
	} while (udp_holds(s->udp));	/* what the kernel has wakes the loop again */
	station_drain(s);
}

/* -- names --------------------------------------------------------------- */

static void on_resolved(void *context, const char *host, uint16_t port,
			const struct endpoint *endpoints, size_t n)
{
	struct station *s = context;

	for (size_t i = 0; i < s->servers_len; i++) {
		const struct station_server *server = &s->servers[i];

		if (server->port == port && strcmp(server->host, host) == 0)
			s->hooks.resolved(s->hooks.context, i, endpoints, n);
	}
	station_drain(s);
}

void station_look_up(struct station *s, const struct station_server *servers, size_t n)
{
	struct endpoint literal;

	s->servers = servers;
	s->servers_len = n;
	for (size_t i = 0; i < n; i++) {
		if (resolve_literal(&literal, servers[i].host, servers[i].port))
			s->hooks.resolved(s->hooks.context, i, &literal, 1);
		else if (resolver_ask(&s->resolver, servers[i].host, servers[i].port))
			s->hooks.resolved(s->hooks.context, i, NULL, 0);
	}
}

/* -- open and close ------------------------------------------------------ */

int station_watch(struct station *s, uv_poll_t *poll, int fd, uv_poll_cb callback)
{
	int err = uv_poll_init(&s->loop, poll, fd);

	return err ? err : uv_poll_start(poll, UV_READABLE, callback);
}

/* A host may lack one of the two families. */
static int watch_udp(struct station *s, uv_poll_t *poll, enum ip_family family)
{
	int fd = udp_fd(s->udp, family);

	poll->data = s;
	return fd < 0 ? 0 : station_watch(s, poll, fd, on_udp);
}

static int watch_all(struct station *s)
{
	int err;

	s->timer_fd = clock_timer_open();
	if (s->timer_fd < 0)
		return s->timer_fd;
	s->timer_poll.data = s;
	err = station_watch(s, &s->timer_poll, s->timer_fd, on_timer);
	if (!err)
		err = watch_udp(s, &s->udp4_poll, IP_V4);
	return err ? err : watch_udp(s, &s->udp6_poll, IP_V6);
}

int station_open(struct station *s, const struct station_hooks *hooks,
		 char error[static ERROR_TEXT])
{
	const struct udp_settings settings = {.source_gone = on_source_gone, .context = s};
	int err;

	*s = (struct station){.hooks = *hooks, .timer_fd = -1};
	err = uv_loop_init(&s->loop);
	if (err) {
		snprintf(error, ERROR_TEXT, "cannot make an event loop: %s", strerror(-err));
		return err;
	}
	resolver_init(&s->resolver, &s->loop, on_resolved, s);
	err = udp_open_any(&s->udp, &settings, error);
	if (err)
		goto close;
	err = watch_all(s);
	if (err) {
		snprintf(error, ERROR_TEXT, "cannot watch the sockets: %s", strerror(-err));
		goto close;
	}
	return 0;

close:
	station_close(s);
	return err;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
	(void)unused;
	uv_close(handle, NULL);
}

void station_close(struct station *s)
{
	resolver_deinit(&s->resolver);
	uv_walk(&s->loop, close_handle, NULL);
	while (uv_loop_close(&s->loop) == UV_EBUSY)
		uv_run(&s->loop, UV_RUN_DEFAULT);
	udp_free(s->udp);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
}

/* -- running ------------------------------------------------------------- */

void station_stop(struct station *s, int code)
{
	if (!s->stopped)
		s->code = code;
	s->stopped = true;
	uv_stop(&s->loop);
}

int station_run(struct station *s)
{
	station_drain(s);
	if (!s->stopped)
		uv_run(&s->loop, UV_RUN_DEFAULT);
	return s->code;
}
