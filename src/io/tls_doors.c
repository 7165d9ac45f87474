/* tls_doors.c -- where a rendezvous is called over TLS: its listeners, in libuv's loop. */
#include "io/tls_doors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/request.h"
#include "io/clock.h"
#include "io/watch.h"

enum { ERROR_TEXT = 512, FRAME_LONGEST = 2000 };

/* -- opening and closing --------------------------------------------------------- */

static int code_of(int err, char error[static ERROR_TEXT])
{
	size_t len = strlen(error);

	if (err == -EADDRINUSE)
		snprintf(error + len, ERROR_TEXT - len, "; choose another with --tls-listen");
	return err == -EACCES || err == -EPERM ? EXIT_PERMISSION : EXIT_FAILED;
}

static int open_door(struct tls_doors *d, size_t i, const struct tls_doors_settings *s,
		     char error[static ERROR_TEXT])
{
	struct tls_listener_settings settings = {
		.at = s->listen[i],
		.cert_file = s->cert_file,
		.key_file = s->key_file,
		.first_via = (uint16_t)(RENDEZVOUS_CONNECTION + i * d->each),
		.connections_max = d->each,
		.frame_max = FRAME_LONGEST,
		.received = s->received,
		.ended = s->ended,
		.context = s->context,
	};
	int err = tls_listener_open(&d->doors[i].listener, &settings, error);

	d->doors[i].doors = d;
	return err ? code_of(err, error) : 0;
}

static uint16_t share(const struct tls_doors_settings *s)
{
	size_t most = s->listen_len ? RENDEZVOUS_CONNECTIONS_MAX / s->listen_len : 0;

	return (uint16_t)(s->clients_max < most ? s->clients_max : most);
}

int tls_doors_open(struct tls_doors *d, const struct tls_doors_settings *settings,
		   char error[static ERROR_TEXT])
{
	int code = 0;

	d->each = share(settings);
	d->touched = settings->touched;
	d->context = settings->context;
	for (size_t i = 0; i < settings->listen_len && !code; i++) {
		code = open_door(d, i, settings, error);
		d->len += !code;
	}
	return code;
}

void tls_doors_close(struct tls_doors *d)
{
	for (size_t i = 0; i < d->len; i++)
		tls_listener_free(d->doors[i].listener);
}

/* What was read before is in force on, if something is wrong with the new one. */
void tls_doors_renew(struct tls_doors *d)
{
	char error[ERROR_TEXT];

	for (size_t i = 0; i < d->len; i++) {
		if (tls_listener_renew(d->doors[i].listener, error)) {
			log_error("the certificate stays as it was: %s", error);
			return;
		}
	}
	if (d->len)
		log_info("the certificate has been read again");
}

uint16_t tls_doors_port(const struct tls_doors *d, size_t i)
{
	return tls_listener_port(d->doors[i].listener);
}

uint16_t tls_doors_connections(const struct tls_doors *d)
{
	return (uint16_t)(d->len * d->each);
}

/* -- going on ------------------------------------------------------------------------ */

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct tls_door *door = poll->data;

	(void)status;
	(void)events;
	tls_listener_ready(door->listener, clock_now());
	door->doors->touched(door->doors->context);
}

int tls_doors_watch(struct tls_doors *d, uv_loop_t *loop)
{
	int err = 0;

	for (size_t i = 0; i < d->len && !err; i++) {
		struct tls_door *door = &d->doors[i];

		err = watch_start(loop, &door->poll, tls_listener_fd(door->listener), on_ready,
				  door);
	}
	return err;
}

void tls_doors_send(struct tls_doors *d, const struct datagram *datagrams, size_t n, msec now)
{
	size_t i = (datagrams->path.via - (unsigned)RENDEZVOUS_CONNECTION) / d->each;

	tls_listener_send(d->doors[i].listener, datagrams, n, now);
}

msec tls_doors_due(const struct tls_doors *d)
{
	msec due = NEVER;

	for (size_t i = 0; i < d->len; i++)
		due = msec_min(due, tls_listener_due(d->doors[i].listener));
	return due;
}

void tls_doors_tick(struct tls_doors *d, msec now)
{
	for (size_t i = 0; i < d->len; i++)
		tls_listener_tick(d->doors[i].listener, now);
}
