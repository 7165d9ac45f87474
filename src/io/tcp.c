/* tcp.c -- TCP from one port as if it were a datagram socket. */
#include "io/tcp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/acceptor.h"

enum { ERROR_TEXT = 512 };

/* Whom we called when. */
struct attempt {
	struct endpoint remote;
	msec until;			/* not before */
};

struct tcp {
	struct stream_set set;
	struct acceptor acceptor;
	struct tcp_settings settings;
	struct stream *last;		/* that was sent by; NULL: none, or it is gone */
	struct attempt attempts[TCP_CONNECTIONS_MAX];
	size_t next_attempt;
};

/* -- connections ------------------------------------------------------------- */

static bool leads_along(const struct stream *s, const struct path *path)
{
	return endpoint_equal(&s->path.remote, &path->remote) &&
	       (path->local.family == IP_NONE || ip_equal(&s->path.local, &path->local));
}

static struct stream *find_in(struct list *streams, const struct path *path)
{
	list_for_each(struct stream, s, streams, link) {
		if (leads_along(s, path))
			return s;
	}
	return NULL;
}

/* Those whose end is near are found as well: a new one would meet the same fate. */
static struct stream *find(struct tcp *tcp, const struct path *path)
{
	struct stream *s = tcp->last;

	if (s && leads_along(s, path))
		return s;
	s = find_in(&tcp->set.proven, path);
	return s ? s : find_in(&tcp->set.unproven, path);
}

static void on_received(void *context, struct stream *s, struct datagram *datagrams, size_t n,
			msec now)
{
	struct tcp *tcp = context;

	(void)s;
	tcp->settings.received(tcp->settings.context, datagrams, n, now);
}

static void on_opened(void *context, struct stream *s, msec now)
{
	char text[ENDPOINT_TEXT];

	(void)context;
	(void)now;
	log_debug("TCP %s %s", s->called ? "from" : "to", endpoint_format(text, &s->path.remote));
}

static void on_ended(void *context, struct stream *s, enum node_stream_end why, msec now)
{
	struct tcp *tcp = context;
	char text[ENDPOINT_TEXT];

	(void)now;
	log_debug("TCP with %s: %s", endpoint_format(text, &s->path.remote),
		  node_stream_end_name(why));
	if (s == tcp->last)
		tcp->last = NULL;
}

static struct stream *add(struct tcp *tcp, int fd, const struct path *path, bool called, msec now)
{
	struct stream_settings settings = {
		.path = *path,
		.framing = FRAMING_RFC4571,
		.frame_max = FRAMING_MAX,
		.called = called,
	};

	settings.path.via = VIA_TCP;
	settings.path.ifindex = 0;
	return stream_add(&tcp->set, fd, &settings, now);
}

/* One between the same two endpoints that we still know must be dead. */
static void on_accepted(void *context, int fd, const struct path *path, msec now)
{
	struct tcp *tcp = context;
	struct stream *old = find(tcp, path);

	if (old) {
		on_ended(tcp, old, STREAM_ENDED, now);
		stream_drop(old);
	}
	add(tcp, fd, path, true, now);
}

/* -- calling ----------------------------------------------------------------- */

static bool was_a_moment_ago(const struct tcp *tcp, const struct endpoint *remote, msec now)
{
	for (size_t i = 0; i < TCP_CONNECTIONS_MAX; i++) {
		const struct attempt *a = &tcp->attempts[i];

		if (a->until > now && endpoint_equal(&a->remote, remote))
			return true;
	}
	return false;
}

static void remember(struct tcp *tcp, const struct endpoint *remote, msec now)
{
	tcp->attempts[tcp->next_attempt] = (struct attempt){*remote, now + TCP_AGAIN};
	tcp->next_attempt = (tcp->next_attempt + 1) % TCP_CONNECTIONS_MAX;
}

/* The other end's call has come while we were about to make ours. */
static bool is_called(int err)
{
	return err == -EADDRNOTAVAIL || err == -EADDRINUSE || err == -EISCONN;
}

static struct stream *call(struct tcp *tcp, const struct path *path, msec now)
{
	struct tcp_socket_settings settings = {
		.address = path->local,
		.port = tcp->acceptor.port,
		.mark = tcp->settings.mark,
		.shared = true,
	};
	struct path whole = *path;
	int fd;

	if (settings.address.family == IP_NONE)
		settings.address = tcp->settings.address;
	fd = tcp_socket_connect(&path->remote, &settings);
	if (fd >= 0) {
		tcp_socket_local(fd, &whole.local);
		return add(tcp, fd, &whole, false, now);
	}
	if (is_called(fd)) {
		acceptor_take(&tcp->acceptor, now);
		return find(tcp, path);
	}
	return NULL;
}

static struct stream *begin(struct tcp *tcp, const struct path *path, msec now)
{
	struct stream *s;

	if (was_a_moment_ago(tcp, &path->remote, now)) {
		tcp->set.counters[STREAM_TOO_SOON]++;
		return NULL;
	}
	if (tcp->set.len == tcp->set.max && !stream_set_evict(&tcp->set, now)) {
		tcp->set.counters[STREAM_TOO_MANY]++;
		return NULL;
	}
	remember(tcp, &path->remote, now);
	s = call(tcp, path, now);
	if (!s)
		tcp->set.counters[STREAM_FAILED]++;
	return s;
}

/* Those that go by the same connection. */
static size_t run_len(const struct datagram *datagrams, size_t n)
{
	size_t len = 1;

	while (len < n && path_equal(&datagrams[len].path, &datagrams[0].path))
		len++;
	return len;
}

void tcp_send(struct tcp *tcp, const struct datagram *datagrams, size_t n, msec now)
{
	while (n) {
		size_t len = run_len(datagrams, n);
		struct stream *s = find(tcp, &datagrams[0].path);

		if (!s)
			s = begin(tcp, &datagrams[0].path, now);
		if (s)
			stream_send(s, datagrams, len, now);
		else
			tcp->set.counters[STREAM_NO_STREAM] += len;
		tcp->last = s;
		datagrams += len;
		n -= len;
	}
}

/* -- the whole --------------------------------------------------------------- */

int tcp_open(struct tcp **out, const struct tcp_settings *settings, char error[static ERROR_TEXT])
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));
	struct stream_hooks hooks = {tcp, on_received, on_opened, on_ended};
	struct tcp_socket_settings at = {
		.address = settings->address,
		.port = settings->port,
		.mark = settings->mark,
		.shared = true,
	};
	int err = tcp ? stream_set_init(&tcp->set, &hooks, TCP_CONNECTIONS_MAX, TCP_IDLE) : -ENOMEM;

	if (err) {
		snprintf(error, ERROR_TEXT, "cannot use TCP: %s", strerror(-err));
		goto free_tcp;
	}
	tcp->settings = *settings;
	tcp->acceptor.accepted = on_accepted;
	tcp->acceptor.context = tcp;
	err = acceptor_open(&tcp->acceptor, &tcp->set, &at, error);
	if (err)
		goto deinit_set;
	*out = tcp;
	return 0;

deinit_set:
	stream_set_deinit(&tcp->set);
free_tcp:
	free(tcp);
	return err;
}

void tcp_free(struct tcp *tcp)
{
	if (!tcp)
		return;
	acceptor_close(&tcp->acceptor);
	stream_set_deinit(&tcp->set);
	free(tcp);
}

uint16_t tcp_port(const struct tcp *tcp)
{
	return tcp->acceptor.port;
}

size_t tcp_connections(const struct tcp *tcp)
{
	return tcp->set.len;
}

int tcp_fd(const struct tcp *tcp)
{
	return stream_set_fd(&tcp->set);
}

void tcp_ready(struct tcp *tcp, msec now)
{
	stream_set_ready(&tcp->set, now);
}

msec tcp_due(const struct tcp *tcp)
{
	return msec_min(stream_set_due(&tcp->set), acceptor_due(&tcp->acceptor));
}

void tcp_tick(struct tcp *tcp, msec now)
{
	acceptor_tick(&tcp->acceptor, now);
	stream_set_tick(&tcp->set, now);
}

void tcp_rest(struct tcp *tcp)
{
	stream_set_rest(&tcp->set);
}

uint64_t tcp_counter(const struct tcp *tcp, enum stream_counter counter)
{
	return tcp->set.counters[counter];
}
