/* portmap.c -- the mappers' sockets and helpers. */
#include "io/portmap.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/hash.h"
#include "crypto/key.h"
#include "io/clock.h"
#include "io/gateway.h"
#include "io/upnp.h"

enum { READS_MAX = 16, SIDES = 4 };

struct side;

/* A socket and its handle, which outlives it by a turn of the loop. */
struct line {
	uv_poll_t poll;
	int fd;
	struct side *side;
};

/* One protocol over one family. */
struct side {
	struct portmap *portmap;
	enum ip_family family;
	struct mapper mapper;
	struct line *ask, *news;	/* NULL: closed */
	struct upnp_process *helper;
	bool is_on;			/* it asks; else what it had is given back */
	msec due;			/* the mapper's, since it was drained */
};

struct portmap {
	uv_loop_t *loop;
	struct portmap_settings settings;
	char *program;
	struct side sides[SIDES];
	bool tcp_is_wanted;
	msec tcp_end;			/* when its ports are given back; NEVER: not by itself */
	bool is_stopped;
};

/* -- sockets --------------------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t fill(union address *a, const struct ip *ip, uint16_t port, uint32_t scope)
{
	*a = (union address){.v6 = {0}};
	if (ip->family == IP_V4) {
		a->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
		memcpy(&a->v4.sin_addr, ip->bytes, 4);
		return sizeof(a->v4);
	}
	a->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
	memcpy(&a->v6.sin6_addr, ip->bytes, 16);
	if (ip_is_link_local(ip))
		a->v6.sin6_scope_id = scope;
	return sizeof(a->v6);
}

static struct endpoint endpoint_of(const union address *a)
{
	struct endpoint e = {.port = ntohs(a->v4.sin_port)};

	if (a->any.sa_family == AF_INET6) {
		e.ip = ip_v6(a->v6.sin6_addr.s6_addr);
	} else {
		e.ip.family = IP_V4;
		memcpy(e.ip.bytes, &a->v4.sin_addr, 4);
	}
	return e;
}

static int open_udp(enum ip_family family, uint32_t mark)
{
	int fd = socket(family == IP_V4 ? AF_INET : AF_INET6,
			SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);

	if (fd >= 0 && mark)
		setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	return fd;
}

/* From the address that PCP tells the router, to the router and nobody else. */
static int open_ask(const struct side *s)
{
	const struct mapper_place *place = &s->mapper.place;
	int fd = open_udp(s->family, s->portmap->settings.mark);
	union address self, gateway;
	socklen_t self_len = fill(&self, &place->self, 0, place->ifindex);
	socklen_t gateway_len = fill(&gateway, &place->gateway, PORTMAP_PORT, place->ifindex);

	if (fd >= 0 && (bind(fd, &self.any, self_len) < 0 ||
			connect(fd, &gateway.any, gateway_len) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* All hosts are in 224.0.0.1 and ff02::1; a program that does not share the port leaves us
 * without news. */
static int open_news(const struct side *s)
{
	static const struct ip all = {IP_V4, {224, 0, 0, 1}}, any = {.family = IP_V6};
	int fd = open_udp(s->family, 0);
	int yes = 1;
	union address a;
	socklen_t len = fill(&a, s->family == IP_V4 ? &all : &any, PORTMAP_NEWS_PORT, 0);

	if (fd < 0)
		return -1;
	if (s->family == IP_V6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, &a.any, len) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void on_line(uv_poll_t *poll, int status, int events);

static void free_line(uv_handle_t *handle)
{
	free(handle->data);
}

static void close_line(struct line **line)
{
	if (!*line)
		return;
	uv_close((uv_handle_t *)&(*line)->poll, free_line);
	close((*line)->fd);
	*line = NULL;
}

static struct line *open_line(struct side *s, int fd)
{
	struct line *line = fd < 0 ? NULL : calloc(1, sizeof(*line));

	if (!line || uv_poll_init(s->portmap->loop, &line->poll, fd)) {
		if (fd >= 0)
			close(fd);
		free(line);
		return NULL;
	}
	line->fd = fd;
	line->side = s;
	line->poll.data = line;
	uv_poll_start(&line->poll, UV_READABLE, on_line);
	return line;
}

static bool speaks_udp(const struct side *s)
{
	const bool *methods = s->mapper.settings.methods;

	return methods[MAPPER_PCP] || (methods[MAPPER_NATPMP] && s->family == IP_V4);
}

static void move(struct side *s, const struct mapper_place *place, msec now)
{
	if (mapper_place_equal(&s->mapper.place, place) && (s->ask || place->gateway.family == IP_NONE))
		return;
	mapper_set_place(&s->mapper, place, now);
	close_line(&s->ask);
	close_line(&s->news);
	if (place->gateway.family == IP_NONE || !speaks_udp(s))
		return;
	s->ask = open_line(s, open_ask(s));
	s->news = open_line(s, open_news(s));
}

/* -- what the mapper wants ------------------------------------------------- */

static void drain(struct side *s, msec now);

static void on_done(void *context, const struct mapper_upnp_result *result)
{
	struct side *s = context;
	msec now = clock_now();

	log_debug("port map: UPnP %s, error %u", result->ok ? "done" : "failed", result->error);
	s->helper = NULL;
	mapper_upnp_done(&s->mapper, result, now);
	drain(s, now);
	s->portmap->settings.touched(s->portmap->settings.context);
}

static void start_helper(struct side *s, const struct mapper_upnp_job *job, msec now)
{
	static const struct mapper_upnp_result failed = {.ok = false};
	struct portmap *p = s->portmap;
	int err = upnp_start(&s->helper, p->loop, p->program, job, on_done, s);

	if (!err)
		return;
	log_warn("port map: the UPnP helper cannot be started: %s", strerror(-err));
	mapper_upnp_done(&s->mapper, &failed, now);
}

/* A datagram that cannot leave is one that was lost: it is sent again, or not. */
static void drain(struct side *s, msec now)
{
	const struct portmap_settings *settings = &s->portmap->settings;

	for (;;) {
		uint8_t out[CLIENT_MESSAGE_MAX];
		struct writer w = writer_over(out, sizeof(out));
		struct mapper_upnp_job job;

		switch (mapper_poll(&s->mapper, &w, &job, now)) {
		case MAPPER_NOTHING:
			s->due = mapper_due(&s->mapper);
			return;
		case MAPPER_SEND:
			if (s->ask)
				send(s->ask->fd, out, w.len, 0);
			break;
		case MAPPER_UPNP_JOB:
			start_helper(s, &job, now);
			break;
		case MAPPER_CHANGED:
			settings->mapped(settings->context, s->mapper.settings.proto, s->family,
					 &s->mapper.mapping);
			break;
		}
	}
}

/* -- inputs ---------------------------------------------------------------- */

static void receive(const struct line *line, msec now)
{
	for (int i = 0; i < READS_MAX; i++) {
		uint8_t datagram[PCP_MAX + 1];	/* one byte more is too long */
		union address from = {.v6 = {0}};
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(line->fd, datagram, sizeof(datagram), 0, &from.any, &len);
		struct endpoint e;

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			continue;	/* ECONNREFUSED: nobody is at that port */
		e = endpoint_of(&from);
		mapper_feed(&line->side->mapper, &e, bytes_of(datagram, (size_t)n), now);
	}
}

/* libuv stops listening after an error, which reading takes away. */
static void on_line(uv_poll_t *poll, int status, int events)
{
	struct line *line = poll->data;
	struct side *s = line->side;
	msec now = clock_now();

	(void)events;
	receive(line, now);
	if (status < 0)
		uv_poll_start(poll, UV_READABLE, on_line);
	drain(s, now);
	s->portmap->settings.touched(s->portmap->settings.context);
}

static void look(struct side *s, msec now)
{
	struct mapper_place place;

	gateway_find(&place, s->family, s->portmap->settings.own);
	move(s, &place, now);
	drain(s, now);
}

void portmap_look(struct portmap *p, msec now)
{
	for (int i = 0; i < SIDES; i++) {
		if (p->sides[i].is_on)
			look(&p->sides[i], now);
	}
}

/* -- TCP, while it is wanted ----------------------------------------------- */

static bool is_tcp(const struct side *s)
{
	return s->mapper.settings.proto == PORTMAP_TCP;
}

static void begin(struct side *s, msec now)
{
	s->is_on = true;
	mapper_start(&s->mapper, now);
	look(s, now);
}

static void end(struct side *s, msec now)
{
	s->is_on = false;
	mapper_stop(&s->mapper, now);
	drain(s, now);
	close_line(&s->ask);
	close_line(&s->news);
}

void portmap_want_tcp(struct portmap *p, bool wanted, msec now)
{
	if (p->is_stopped)
		return;
	if (wanted != p->tcp_is_wanted)
		p->tcp_end = wanted ? NEVER : now + PORTMAP_TCP_KEEP;
	p->tcp_is_wanted = wanted;
	for (int i = 0; wanted && i < SIDES; i++) {
		struct side *s = &p->sides[i];

		/* while a helper gives back the last one, the next would be taken with it */
		if (is_tcp(s) && !s->is_on && !s->helper)
			begin(s, now);
	}
}

static void end_tcp(struct portmap *p, msec now)
{
	p->tcp_end = NEVER;
	for (int i = 0; i < SIDES; i++) {
		if (is_tcp(&p->sides[i]) && p->sides[i].is_on)
			end(&p->sides[i], now);
	}
}

/* -- time ------------------------------------------------------------------ */

void portmap_tick(struct portmap *p, msec now)
{
	if (now >= p->tcp_end)
		end_tcp(p, now);
	for (int i = 0; i < SIDES; i++) {
		mapper_tick(&p->sides[i].mapper, now);
		drain(&p->sides[i], now);
	}
}

msec portmap_due(const struct portmap *p)
{
	msec due = p->tcp_end;

	for (int i = 0; i < SIDES; i++)
		due = msec_min(due, p->sides[i].due);
	return due;
}

/* -- life ------------------------------------------------------------------ */

/* The same at each start of this net, and unknown to others on the LAN until it is used. */
static void draw_nonce(uint8_t nonce[static PORTMAP_NONCE_LEN], const uint8_t *secret,
		       enum portmap_proto proto, enum ip_family family)
{
	char label[] = "p2pnet port map, udp, IPv?";
	uint8_t mac[MAC_LEN];

	snprintf(label, sizeof(label), "p2pnet port map, %s, IPv%d",
		 proto == PORTMAP_UDP ? "udp" : "tcp", family);
	blake2s_mac(mac, secret, KEY_LEN, bytes_of(label, sizeof(label) - 1));
	memcpy(nonce, mac, PORTMAP_NONCE_LEN);
}

static int index_of(enum portmap_proto proto, enum ip_family family)
{
	return 2 * (proto == PORTMAP_TCP) + (family == IP_V6);
}

static void init_side(struct portmap *p, enum portmap_proto proto, enum ip_family family,
		      struct rng *rng)
{
	struct side *s = &p->sides[index_of(proto, family)];
	struct mapper_settings settings = {.proto = proto, .port = p->settings.port};

	memcpy(settings.methods, p->settings.methods, sizeof(settings.methods));
	settings.methods[MAPPER_UPNP] &= p->program != NULL;
	draw_nonce(settings.nonce, p->settings.secret, proto, family);
	s->portmap = p;
	s->family = family;
	s->is_on = proto == PORTMAP_UDP;
	mapper_init(&s->mapper, &settings, rng);
	s->due = mapper_due(&s->mapper);
}

struct portmap *portmap_new(uv_loop_t *loop, const struct portmap_settings *settings,
			    struct rng *rng)
{
	struct portmap *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->loop = loop;
	p->settings = *settings;
	p->program = settings->program ? strdup(settings->program) : NULL;
	p->tcp_end = NEVER;
	init_side(p, PORTMAP_UDP, IP_V4, rng);
	init_side(p, PORTMAP_UDP, IP_V6, rng);
	init_side(p, PORTMAP_TCP, IP_V4, rng);
	init_side(p, PORTMAP_TCP, IP_V6, rng);
	p->settings.secret = NULL;
	return p;
}

const struct mapping *portmap_mapping(const struct portmap *p, enum portmap_proto proto,
				      enum ip_family family)
{
	const struct mapping *m = &p->sides[index_of(proto, family)].mapper.mapping;

	return m->external.ip.family == IP_NONE ? NULL : m;
}

uint64_t portmap_counter(const struct portmap *p, enum mapper_counter counter)
{
	uint64_t n = 0;

	for (int i = 0; i < SIDES; i++)
		n += p->sides[i].mapper.counters[counter];
	return n;
}

void portmap_stop(struct portmap *p, msec now)
{
	p->is_stopped = true;
	p->tcp_end = NEVER;
	for (int i = 0; i < SIDES; i++) {
		if (p->sides[i].is_on)
			end(&p->sides[i], now);
	}
}

bool portmap_is_over(const struct portmap *p)
{
	for (int i = 0; i < SIDES; i++) {
		if (p->sides[i].helper)
			return false;
	}
	return true;
}

void portmap_close(struct portmap *p)
{
	if (!p)
		return;
	for (int i = 0; i < SIDES; i++) {
		upnp_cancel(p->sides[i].helper);
		close_line(&p->sides[i].ask);
		close_line(&p->sides[i].news);
	}
	free(p->program);
	free(p);
}
