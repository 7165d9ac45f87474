/* tls_listener.c -- datagrams from strangers over TLS: many connections to one port. */
#include "io/tls_listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "io/acceptor.h"

enum {
	ERROR_TEXT = 512,
	IDLE = 120000,			/* msec */
	OTHER_FILES = 128,		/* descriptors that the process needs besides */
};

struct tls_listener {
	struct stream_set set;
	struct acceptor acceptor;
	struct tls_listener_settings settings;
	char *cert_file, *key_file;
	struct tls *tls;
	struct stream **by_number;	/* NULL: free */
	uint16_t *free_numbers;		/* a stack */
	size_t free_len;
};

/* -- connections ------------------------------------------------------------- */

static void on_received(void *context, struct stream *s, struct datagram *datagrams, size_t n,
			msec now)
{
	struct tls_listener *l = context;

	(void)s;
	l->settings.received(l->settings.context, datagrams, n, now);
}

static void on_ended(void *context, struct stream *s, enum node_stream_end why, msec now)
{
	struct tls_listener *l = context;
	uint16_t number = (uint16_t)(s->path.via - l->settings.first_via);
	char text[ENDPOINT_TEXT], complaint[TLS_COMPLAINT];

	(void)why;
	log_debug("TLS with %s: %s", endpoint_format(text, &s->path.remote),
		  stream_complaint(s, complaint));
	l->by_number[number] = NULL;
	l->free_numbers[l->free_len++] = number;
	if (l->settings.ended)
		l->settings.ended(l->settings.context, s->path.via, now);
}

static void on_accepted(void *context, int fd, const struct path *path, msec now)
{
	struct tls_listener *l = context;
	uint16_t number = l->free_numbers[l->free_len - 1];
	struct stream_settings settings = {
		.path = *path,
		.framing = FRAMING_RFC4571,
		.frame_max = l->settings.frame_max,
		.called = true,
		.tls = l->tls,
	};

	settings.path.via = (uint16_t)(l->settings.first_via + number);
	l->by_number[number] = stream_add(&l->set, fd, &settings, now);
	if (l->by_number[number])
		l->free_len--;
}

/* -- opening ----------------------------------------------------------------- */

static bool make_numbers(struct tls_listener *l)
{
	size_t n = l->settings.connections_max;

	l->by_number = calloc(n, sizeof(struct stream *));
	l->free_numbers = calloc(n, sizeof(uint16_t));
	if (!l->by_number || !l->free_numbers)
		return false;
	while (l->free_len < n) {
		l->free_numbers[l->free_len] = (uint16_t)(n - 1 - l->free_len);
		l->free_len++;
	}
	return true;
}

/* As far as it may be: beyond that, who calls has to wait until others have gone. */
static void allow_files(size_t n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= n + OTHER_FILES)
		return;
	limit.rlim_cur = n + OTHER_FILES < limit.rlim_max ? n + OTHER_FILES : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < n + OTHER_FILES)
		log_warn("no more than %lu files may be open here, which is less than %zu "
			 "connections need",
			 (unsigned long)limit.rlim_cur, n);
}

static int open_port(struct tls_listener *l, char error[static ERROR_TEXT])
{
	struct tcp_socket_settings at = {
		.address = l->settings.at.ip,
		.port = l->settings.at.port,
	};

	l->acceptor.accepted = on_accepted;
	l->acceptor.context = l;
	return acceptor_open(&l->acceptor, &l->set, &at, error);
}

static void forget(struct tls_listener *l)
{
	tls_free(l->tls);
	free(l->free_numbers);
	free(l->by_number);
	free(l->key_file);
	free(l->cert_file);
	free(l);
}

/* 0: the set is there. */
static int prepare(struct tls_listener *l, const struct tls_listener_settings *settings,
		   char error[static ERROR_TEXT])
{
	struct stream_hooks hooks = {l, on_received, NULL, on_ended};
	int err = -ENOMEM;

	l->settings = *settings;
	l->cert_file = strdup(settings->cert_file);
	l->key_file = strdup(settings->key_file);
	if (l->cert_file && l->key_file && make_numbers(l))
		err = stream_set_init(&l->set, &hooks, settings->connections_max, IDLE);
	if (err)
		snprintf(error, ERROR_TEXT, "cannot listen for TLS: %s", strerror(-err));
	return err;
}

int tls_listener_open(struct tls_listener **out, const struct tls_listener_settings *settings,
		      char error[static ERROR_TEXT])
{
	struct tls_listener *l = calloc(1, sizeof(*l));
	int err = -ENOMEM;

	if (!l) {
		snprintf(error, ERROR_TEXT, "out of memory");
		return err;
	}
	err = prepare(l, settings, error);
	if (err)
		goto free_parts;
	err = tls_server_new(&l->tls, l->cert_file, l->key_file, error);
	if (err)
		goto deinit_set;
	allow_files(settings->connections_max);
	err = open_port(l, error);
	if (err)
		goto deinit_set;
	*out = l;
	return 0;

deinit_set:
	stream_set_deinit(&l->set);
free_parts:
	forget(l);
	return err;
}

void tls_listener_free(struct tls_listener *l)
{
	if (!l)
		return;
	acceptor_close(&l->acceptor);
	stream_set_deinit(&l->set);
	forget(l);
}

int tls_listener_renew(struct tls_listener *l, char error[static ERROR_TEXT])
{
	struct tls *tls;
	int err = tls_server_new(&tls, l->cert_file, l->key_file, error);

	if (err)
		return err;
	tls_free(l->tls);
	l->tls = tls;
	return 0;
}

uint16_t tls_listener_port(const struct tls_listener *l)
{
	return l->acceptor.port;
}

size_t tls_listener_connections(const struct tls_listener *l)
{
	return l->set.len;
}

/* -- going on ---------------------------------------------------------------- */

int tls_listener_fd(const struct tls_listener *l)
{
	return stream_set_fd(&l->set);
}

void tls_listener_ready(struct tls_listener *l, msec now)
{
	stream_set_ready(&l->set, now);
}

msec tls_listener_due(const struct tls_listener *l)
{
	return msec_min(stream_set_due(&l->set), acceptor_due(&l->acceptor));
}

void tls_listener_tick(struct tls_listener *l, msec now)
{
	acceptor_tick(&l->acceptor, now);
	stream_set_tick(&l->set, now);
}

/* NULL: it is not there, or its number is somebody else's now. */
static struct stream *find(const struct tls_listener *l, const struct path *path)
{
	unsigned number = path->via - (unsigned)l->settings.first_via;
	struct stream *s = number < l->settings.connections_max ? l->by_number[number] : NULL;

	return s && endpoint_equal(&s->path.remote, &path->remote) ? s : NULL;
}

void tls_listener_send(struct tls_listener *l, const struct datagram *datagrams, size_t n,
		       msec now)
{
	for (size_t i = 0; i < n; i++) {
		struct stream *s = find(l, &datagrams[i].path);

		if (s)
			stream_send(s, &datagrams[i], 1, now);
		else
			l->set.counters[STREAM_NO_STREAM]++;
	}
}

uint64_t tls_listener_counter(const struct tls_listener *l, enum stream_counter counter)
{
	return l->set.counters[counter];
}
