/* dialer.c -- connections to servers by number, for whom the node asks. */
#include "io/dialer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/key.h"
#include "io/resolve.h"
#include "io/stream.h"
#include "io/tcp_socket.h"

enum {
	ERROR_TEXT = 512,
	PATIENCE = 10000,		/* msec for all addresses of a server together */
	PATIENCE_WITH_ONE = 2500,	/* if there is another */
	TRUSTS_MAX = 4,			/* files of CAs that are kept in memory */
};

enum call_state { CALL_FREE, CALL_RESOLVING, CALL_TRYING, CALL_OPEN };

struct call {
	enum call_state state;
	struct node_stream_target target;
	char host[NODE_HOST_MAX];
	struct endpoint addresses[RESOLVE_MAX];
	size_t addresses_len, next;
	struct stream *stream;		/* NULL: none at the moment */
	enum node_stream_end why;	/* the last address failed */
	msec give_up, try_next;
	enum node_stream_end said;	/* why the last connection to that host failed, in the log */
	char said_of[NODE_HOST_MAX];
};

struct trust {
	char *ca_file;			/* NULL: the system's */
	struct tls *tls;		/* NULL: this place is free */
};

struct dialer {
	struct stream_set set;
	struct dialer_settings settings;
	struct call calls[NODE_STREAMS_MAX];
	msec due;			/* the first of their deadlines */
	struct trust trusts[TRUSTS_MAX];
	size_t next_trust;
};

static struct call *call_of(struct dialer *d, uint16_t via)
{
	return &d->calls[via - VIA_STREAM];
}

static uint16_t via_of(const struct dialer *d, const struct call *c)
{
	return (uint16_t)(VIA_STREAM + (c - d->calls));
}

/* -- whom we trust ----------------------------------------------------------- */

static void forget_trust(struct trust *t)
{
	tls_free(t->tls);
	free(t->ca_file);
	*t = (struct trust){0};
}

static void forget_trusts(struct dialer *d)
{
	for (size_t i = 0; i < TRUSTS_MAX; i++)
		forget_trust(&d->trusts[i]);
}

static bool is_file(const struct trust *t, const char *ca_file)
{
	if (!t->ca_file || !ca_file)
		return t->tls && !t->ca_file && !ca_file;
	return strcmp(t->ca_file, ca_file) == 0;
}

/* Over a hundred certificates are read once. NULL, with a word in the log: there are none. */
static const struct tls *trust_for(struct dialer *d, const char *ca_file)
{
	struct trust *t = &d->trusts[d->next_trust];
	char error[ERROR_TEXT];

	for (size_t i = 0; i < TRUSTS_MAX; i++) {
		if (is_file(&d->trusts[i], ca_file))
			return d->trusts[i].tls;
	}
	forget_trust(t);
	if (tls_client_new(&t->tls, ca_file, error)) {
		log_warn("%s", error);
		return NULL;
	}
	t->ca_file = ca_file ? strdup(ca_file) : NULL;
	if (ca_file && !t->ca_file) {
		forget_trust(t);
		return NULL;
	}
	d->next_trust = (d->next_trust + 1) % TRUSTS_MAX;
	return t->tls;
}

/* -- one call ---------------------------------------------------------------- */

/* The same again and again is said once. */
static void say(struct call *c, const char *complaint, enum node_stream_end why)
{
	bool known = c->said == why && strcmp(c->said_of, c->host) == 0;

	log_line(known ? LOG_DEBUG : LOG_WARN, "no connection to %s, port %u: %s", c->host,
		 c->target.port, complaint);
	c->said = why;
	memcpy(c->said_of, c->host, sizeof(c->said_of));
}

/* The first of all is asked for after every burst of data, and these change once in a while. */
static void set_deadlines(struct dialer *d, struct call *c, msec give_up, msec try_next)
{
	c->give_up = give_up;
	c->try_next = try_next;
	d->due = NEVER;
	for (size_t i = 0; i < NODE_STREAMS_MAX; i++)
		d->due = msec_min(d->due, msec_min(d->calls[i].give_up, d->calls[i].try_next));
}

static void hang_up(struct dialer *d, struct call *c)
{
	if (c->stream)
		stream_drop(c->stream);
	c->stream = NULL;
	c->state = CALL_FREE;
	set_deadlines(d, c, NEVER, NEVER);
}

static void end(struct dialer *d, struct call *c, enum node_stream_end why, msec now)
{
	hang_up(d, c);
	d->settings.closed(d->settings.context, via_of(d, c), why, now);
}

static const struct proxy *proxy_for(const struct dialer *d, const struct call *c)
{
	return c->target.tls && *d->settings.proxy.host ? &d->settings.proxy : NULL;
}

static struct stream *connect_to(struct dialer *d, struct call *c, const struct endpoint *at,
				 const struct tls *tls, msec now)
{
	struct tcp_socket_settings socket = {
		.port = c->target.from_listen_port ? d->settings.listen_port : 0,
		.mark = d->settings.mark,
		.shared = c->target.from_listen_port,
	};
	struct stream_settings settings = {
		.path = {.remote = *at, .via = via_of(d, c)},
		.framing = c->target.framing,
		.frame_max = FRAMING_MAX,
		.tls = tls,
		.host = c->host,
		.port = c->target.port,
		.proxy = proxy_for(d, c),
		.owner = c,
	};
	int fd = tcp_socket_connect(at, &socket);

	if (fd < 0) {
		c->why = STREAM_UNREACHABLE;
		return NULL;
	}
	tcp_socket_local(fd, &settings.path.local);
	return stream_add(&d->set, fd, &settings, now);
}

/* The next address that can be tried, or the end. */
static void try(struct dialer *d, struct call *c, msec now)
{
	const struct tls *tls = c->target.tls ? trust_for(d, c->target.ca_file) : NULL;

	if (c->target.tls && !tls) {
		end(d, c, STREAM_BAD_CERTIFICATE, now);
		return;
	}
	while (!c->stream && c->next < c->addresses_len)
		c->stream = connect_to(d, c, &c->addresses[c->next++], tls, now);
	if (!c->stream) {
		say(c, node_stream_end_name(c->why), c->why);
		end(d, c, c->why, now);
		return;
	}
	c->state = CALL_TRYING;
	set_deadlines(d, c, c->give_up,
		      c->next < c->addresses_len ? now + PATIENCE_WITH_ONE : NEVER);
}

/* -- what becomes of it ------------------------------------------------------ */

static void on_received(void *context, struct stream *s, struct datagram *datagrams, size_t n,
			msec now)
{
	struct dialer *d = context;

	(void)s;
	d->settings.received(d->settings.context, datagrams, n, now);
}

static void on_opened(void *context, struct stream *s, msec now)
{
	struct dialer *d = context;
	struct call *c = s->owner;

	log_info("connected to %s, port %u", c->host, c->target.port);
	c->state = CALL_OPEN;
	set_deadlines(d, c, NEVER, NEVER);
	*c->said_of = '\0';
	d->settings.opened(d->settings.context, &s->path, now);
}

/* Another address of the server may still do. */
static bool is_address_to_blame(enum node_stream_end why)
{
	return why == STREAM_UNREACHABLE || why == STREAM_REFUSED || why == STREAM_TIMED_OUT;
}

static void on_ended(void *context, struct stream *s, enum node_stream_end why, msec now)
{
	struct dialer *d = context;
	struct call *c = s->owner;
	char complaint[TLS_COMPLAINT];

	c->stream = NULL;
	if (c->state == CALL_OPEN) {
		log_info("the connection to %s, port %u is over", c->host, c->target.port);
		end(d, c, why, now);
	} else if (is_address_to_blame(why)) {
		c->why = why;
		try(d, c, now);
	} else {
		say(c, stream_complaint(s, complaint), why);
		end(d, c, why, now);
	}
}

/* -- opening and closing ----------------------------------------------------- */

int dialer_new(struct dialer **out, const struct dialer_settings *settings)
{
	struct dialer *d = calloc(1, sizeof(*d));
	struct stream_hooks hooks = {d, on_received, on_opened, on_ended};
	int err = d ? stream_set_init(&d->set, &hooks, NODE_STREAMS_MAX, NEVER) : -ENOMEM;

	if (err) {
		free(d);
		return err;
	}
	d->settings = *settings;
	for (size_t i = 0; i < NODE_STREAMS_MAX; i++)
		d->calls[i].give_up = d->calls[i].try_next = NEVER;
	d->due = NEVER;
	*out = d;
	return 0;
}

void dialer_free(struct dialer *d)
{
	if (!d)
		return;
	stream_set_deinit(&d->set);
	forget_trusts(d);
	wipe(&d->settings.proxy, sizeof(d->settings.proxy));
	free(d);
}

void dialer_set_proxy(struct dialer *d, const struct proxy *proxy)
{
	d->settings.proxy = proxy ? *proxy : (struct proxy){0};
	forget_trusts(d);
}

void dialer_open(struct dialer *d, uint16_t via, const struct node_stream_target *target, msec now)
{
	struct call *c = call_of(d, via);
	const struct proxy *proxy;

	hang_up(d, c);
	c->state = CALL_RESOLVING;
	c->target = *target;
	snprintf(c->host, sizeof(c->host), "%s", target->host);
	c->addresses_len = c->next = 0;
	set_deadlines(d, c, now + PATIENCE, NEVER);
	proxy = proxy_for(d, c);
	if (proxy)
		d->settings.look_up(d->settings.context, proxy->host, proxy->port);
	else
		d->settings.look_up(d->settings.context, c->host, c->target.port);
}

void dialer_close(struct dialer *d, uint16_t via)
{
	hang_up(d, call_of(d, via));
}

static bool waits_for(const struct dialer *d, const struct call *c, const char *host, uint16_t port)
{
	const struct proxy *proxy = proxy_for(d, c);

	return c->state == CALL_RESOLVING && port == (proxy ? proxy->port : c->target.port) &&
	       strcmp(host, proxy ? proxy->host : c->host) == 0;
}

static void take_addresses(struct call *c, const struct endpoint *endpoints, size_t n)
{
	c->addresses_len = n < RESOLVE_MAX ? n : RESOLVE_MAX;
	for (size_t i = 0; i < c->addresses_len; i++)
		c->addresses[i] = endpoints[i];
}

void dialer_resolved(struct dialer *d, const char *host, uint16_t port,
		     const struct endpoint *endpoints, size_t n, msec now)
{
	for (size_t i = 0; i < NODE_STREAMS_MAX; i++) {
		struct call *c = &d->calls[i];

		if (!waits_for(d, c, host, port))
			continue;
		take_addresses(c, endpoints, n);
		c->why = STREAM_NO_ADDRESS;
		try(d, c, now);
	}
}

/* -- going on ---------------------------------------------------------------- */

static void tick_call(struct dialer *d, struct call *c, msec now)
{
	if (c->give_up <= now) {
		say(c, node_stream_end_name(STREAM_TIMED_OUT), STREAM_TIMED_OUT);
		end(d, c, STREAM_TIMED_OUT, now);
	} else if (c->try_next <= now && c->stream->phase != PHASE_CONNECT) {
		set_deadlines(d, c, c->give_up, NEVER);
	} else if (c->try_next <= now) {
		stream_drop(c->stream);
		c->stream = NULL;
		c->why = STREAM_TIMED_OUT;
		try(d, c, now);
	}
}

void dialer_tick(struct dialer *d, msec now)
{
	stream_set_tick(&d->set, now);
	for (size_t i = 0; i < NODE_STREAMS_MAX; i++)
		tick_call(d, &d->calls[i], now);
}

msec dialer_due(const struct dialer *d)
{
	return msec_min(stream_set_due(&d->set), d->due);
}

int dialer_fd(const struct dialer *d)
{
	return stream_set_fd(&d->set);
}

void dialer_ready(struct dialer *d, msec now)
{
	stream_set_ready(&d->set, now);
}

void dialer_rest(struct dialer *d)
{
	stream_set_rest(&d->set);
}

/* Those that go by the same one. */
static size_t run_len(const struct datagram *datagrams, size_t n)
{
	size_t len = 1;

	while (len < n && datagrams[len].path.via == datagrams[0].path.via)
		len++;
	return len;
}

void dialer_send(struct dialer *d, const struct datagram *datagrams, size_t n, msec now)
{
	while (n) {
		size_t len = run_len(datagrams, n);
		uint16_t via = datagrams[0].path.via;
		struct stream *s = via_is_stream(via) ? call_of(d, via)->stream : NULL;

		if (s)
			stream_send(s, datagrams, len, now);
		else
			d->set.counters[STREAM_NO_STREAM] += len;
		datagrams += len;
		n -= len;
	}
}

uint64_t dialer_counter(const struct dialer *d, enum stream_counter counter)
{
	return d->set.counters[counter];
}
