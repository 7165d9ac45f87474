/* stream.c -- one connection whose bytes are datagrams: how it opens, and how it ends.
 *
 *   ready --> step() after step() until one has to wait --> the data (stream_data.c)
 *         --> ask epoll for what it waits for, and the set's clock for its end
 */
#include "io/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/key.h"
#include "io/stream_data.h"
#include "io/tcp_socket.h"

/* While a proxy is asked. */
struct stream_proxy {
	char request[PROXY_REQUEST_MAX];
	size_t len, sent;
	struct proxy_answer answer;
};

void stream_give_up(struct stream *s, enum node_stream_end why)
{
	s->phase = PHASE_OVER;
	s->why = why;
}

/* -- going on -------------------------------------------------------------- */

static enum node_stream_end end_of_connect(int err)
{
	switch (-err) {
	case ECONNREFUSED:
	case ECONNRESET:
		return STREAM_REFUSED;
	case ETIMEDOUT:
		return STREAM_TIMED_OUT;
	}
	return STREAM_UNREACHABLE;
}

static enum stream_phase after_proxy(const struct stream *s)
{
	return s->tls ? PHASE_TLS : PHASE_OPEN;
}

/* Each step is true when its phase is over and the next one can begin. */
static bool connect_step(struct stream *s)
{
	int err = tcp_socket_error(s->watch.fd);

	if (err == -EINPROGRESS)
		return false;
	if (err) {
		stream_give_up(s, end_of_connect(err));
		return false;
	}
	s->phase = s->proxy ? PHASE_PROXY : after_proxy(s);
	return true;
}

/* False: it has to wait, or is over. */
static bool went_on(struct stream *s, enum tls_result result)
{
	if (result == TLS_ENDED)
		stream_give_up(s, STREAM_ENDED);
	return result == TLS_DONE;
}

static bool ask_proxy(struct stream *s)
{
	struct stream_proxy *p = s->proxy;

	while (p->sent < p->len) {
		ssize_t sent = send(s->watch.fd, p->request + p->sent, p->len - p->sent,
				    MSG_NOSIGNAL);
		size_t n;

		if (!went_on(s, stream_result_of(sent, &n)))
			return false;
		p->sent += n;
	}
	return true;
}

static void leave_proxy(struct stream *s)
{
	if (s->proxy)
		wipe(s->proxy, sizeof(*s->proxy));
	free(s->proxy);
	s->proxy = NULL;
}

/* Looks at what is there, and then takes of it what is the proxy's. */
static bool proxy_step(struct stream *s)
{
	enum proxy_result result;
	struct bytes in;
	ssize_t peeked;
	size_t n;

	if (!ask_proxy(s))
		return false;
	peeked = recv(s->watch.fd, s->set->in, PROXY_ANSWER_MAX, MSG_PEEK);
	if (!went_on(s, stream_result_of(peeked, &n)))
		return false;
	in = bytes_of(s->set->in, n);
	result = proxy_answer_feed(&s->proxy->answer, &in);
	if (recv(s->watch.fd, s->set->in, n - in.len, 0) != (ssize_t)(n - in.len))
		result = PROXY_BAD;
	if (result == PROXY_CONNECTED) {
		leave_proxy(s);
		s->phase = after_proxy(s);
	} else if (result != PROXY_WAITS) {
		stream_give_up(s, STREAM_PROXY_REFUSED);
	}
	return result == PROXY_CONNECTED;
}

static bool tls_step(struct stream *s)
{
	enum tls_result result = tls_shake_hands(s->tls);

	if (result == TLS_DONE)
		s->phase = PHASE_OPEN;
	else if (result == TLS_BAD_CERTIFICATE)
		stream_give_up(s, STREAM_BAD_CERTIFICATE);
	else if (result != TLS_AGAIN)
		stream_give_up(s, STREAM_BAD_TLS);
	return result == TLS_DONE;
}

static bool step(struct stream *s)
{
	switch (s->phase) {
	case PHASE_CONNECT:
		return connect_step(s);
	case PHASE_PROXY:
		return proxy_step(s);
	case PHASE_TLS:
		return tls_step(s);
	case PHASE_OPEN:
	case PHASE_OVER:
	case PHASE_GONE:
		break;
	}
	return false;
}

/* What it waits for. */
static uint32_t events_for(const struct stream *s)
{
	bool wants_write = s->tls && tls_wants_write(s->tls);

	switch (s->phase) {
	case PHASE_CONNECT:
		return EPOLLOUT;
	case PHASE_PROXY:
		wants_write = s->proxy->sent < s->proxy->len;
		break;
	case PHASE_OPEN:
		wants_write |= s->queue != NULL;
		break;
	case PHASE_TLS:
	case PHASE_OVER:
	case PHASE_GONE:
		break;
	}
	return wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
}

static void arm(struct stream *s)
{
	heap_set(&s->set->deadlines, &s->deadline, stream_due(s));
}

/* Asks epoll for what it waits for; one that is over waits for its end by the clock. */
static void wait_on(struct stream *s)
{
	if (s->phase == PHASE_GONE)
		return;
	if (s->phase == PHASE_OVER || stream_set_watch(s->set, &s->watch, events_for(s))) {
		stream_give_up(s, s->phase == PHASE_OVER ? s->why : STREAM_ENDED);
		arm(s);
	}
}

static void prove(struct stream *s)
{
	s->proven = true;
	list_remove(&s->link);
	list_append(&s->set->proven, &s->link);
	arm(s);
}

/* The address of ours that it leaves from is known now. */
static void is_open(struct stream *s, msec now)
{
	struct stream_set *set = s->set;

	s->last_used = now;
	if (!s->called)
		prove(s);
	if (set->hooks.opened)
		set->hooks.opened(set->hooks.context, s, now);
}

static void on_ready(struct stream_watch *watch, msec now)
{
	struct stream *s = container_of(watch, struct stream, watch);
	bool was_open = s->phase == PHASE_OPEN;

	while (step(s))
		;
	if (s->phase == PHASE_OPEN && !was_open)
		is_open(s, now);
	stream_flush(s);
	stream_read_in(s, now);
	wait_on(s);
}

void stream_send(struct stream *s, const struct datagram *datagrams, size_t n, msec now)
{
	for (size_t i = 0; i < n; i++)
		stream_put(s, packet_bytes(&datagrams[i].packet));
	if (s->phase == PHASE_OPEN) {
		s->last_used = now;
		if (!s->proven)
			prove(s);
		stream_flush(s);
	}
	wait_on(s);
}

/* -- beginning and end ----------------------------------------------------- */

msec stream_due(const struct stream *s)
{
	if (s->phase == PHASE_OVER)
		return s->since;
	if (!s->proven)
		return s->since + STREAM_PATIENCE;
	return s->set->idle == NEVER ? NEVER : s->last_used + s->set->idle;
}

static bool begin_tls(struct stream *s, const struct stream_settings *settings)
{
	if (!settings->tls)
		return true;
	s->tls = settings->called ? tls_accept(settings->tls, s->watch.fd)
				  : tls_connect(settings->tls, s->watch.fd, settings->host);
	return s->tls != NULL;
}

static bool begin_proxy(struct stream *s, const struct stream_settings *settings)
{
	if (!settings->proxy)
		return true;
	s->proxy = calloc(1, sizeof(*s->proxy));
	if (s->proxy)
		s->proxy->len = proxy_request(s->proxy->request, settings->proxy, settings->host,
					      settings->port);
	return s->proxy != NULL;
}

static void join(struct stream *s, struct stream_set *set)
{
	s->set = set;
	set->len++;
	list_append(&set->unproven, &s->link);
	arm(s);
}

struct stream *stream_add(struct stream_set *set, int fd, const struct stream_settings *settings,
			  msec now)
{
	struct stream *s = set->len < set->max ? calloc(1, sizeof(*s)) : NULL;

	if (!s) {
		set->counters[set->len < set->max ? STREAM_NO_MEMORY : STREAM_TOO_MANY]++;
		close(fd);
		return NULL;
	}
	*s = (struct stream){
		.watch = {.ready = on_ready, .fd = fd},
		.path = settings->path,
		.framing = settings->framing,
		.frame_max = (uint32_t)settings->frame_max,
		.called = settings->called,
		.since = now,
		.last_used = now,
		.owner = settings->owner,
	};
	join(s, set);
	if (!begin_tls(s, settings) || !begin_proxy(s, settings) ||
	    stream_set_watch(set, &s->watch, EPOLLOUT)) {
		set->counters[STREAM_NO_MEMORY]++;
		stream_drop(s);
		return NULL;
	}
	return s;
}

static void release(struct stream *s)
{
	tls_end(s->tls);
	s->tls = NULL;
	leave_proxy(s);
	stream_forget_data(s);
	stream_set_unwatch(s->set, &s->watch);
	close(s->watch.fd);
}

void stream_drop(struct stream *s)
{
	if (s->phase == PHASE_GONE)
		return;
	release(s);
	s->phase = PHASE_GONE;
	s->set->len--;
	heap_remove(&s->set->deadlines, &s->deadline);
	list_remove(&s->link);
	list_append(&s->set->over, &s->link);
	stream_set_reap(s->set);
}

char *stream_complaint(const struct stream *s, char out[static TLS_COMPLAINT])
{
	if (s->why == STREAM_BAD_CERTIFICATE || s->why == STREAM_BAD_TLS)
		return tls_complaint(s->tls, out);
	if (s->why != STREAM_PROXY_REFUSED)
		snprintf(out, TLS_COMPLAINT, "%s", node_stream_end_name(s->why));
	else if (s->proxy->answer.bad)
		snprintf(out, TLS_COMPLAINT, "the proxy does not speak HTTP");
	else
		snprintf(out, TLS_COMPLAINT, "the proxy refuses: status %u",
			 s->proxy->answer.status);
	return out;
}
