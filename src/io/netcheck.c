/* netcheck.c -- what kind of NAT is in front of this host, asked from a socket of our own. */
#include "io/netcheck.h"

#include <assert.h>
#include <string.h>

#include "io/clock.h"
#include "io/random.h"

enum { NAMES_PATIENCE = 5000 };		/* msec; a name server may be as unreachable as the rest */

struct inquiry {
	struct netcheck_family *family;	/* the answers' place */
	struct behaviour behaviour;
	size_t nth[NETCHECK_SERVERS_MAX];	/* the server that the behaviour's nth is */
};

struct run {
	struct station station;
	struct rng rng;
	struct inquiry v4, v6;
	struct netcheck_tcp tcp;
	size_t names_left;
	msec names_due;
	bool has_begun;
};

static void on_resolved(void *context, size_t nth, const struct endpoint *endpoints, size_t n)
{
	struct run *run = context;

	run->names_left--;
	for (size_t i = n; i-- > 0;) {		/* so that the best of each family stays */
		struct inquiry *q = endpoints[i].ip.family == IP_V4 ? &run->v4 : &run->v6;

		q->family->answers[nth].at = endpoints[i];
	}
}

/* One way out for all of a family, or what the servers see could not be compared. */
static void begin_inquiry(struct run *run, struct inquiry *q, msec now)
{
	struct endpoint servers[NETCHECK_SERVERS_MAX];
	struct netcheck_family *f = q->family;
	size_t n = 0;

	for (size_t i = 0; i < run->station.servers_len; i++) {
		const struct endpoint *at = &f->answers[i].at;

		if (at->ip.family == IP_NONE ||
		    (f->local.ip.family == IP_NONE && udp_source(&f->local.ip, at)))
			continue;
		q->nth[n] = i;
		servers[n++] = *at;
		netcheck_tcp_call(&run->tcp, &run->station.loop, at, now);
	}
	f->local.port = udp_port(run->station.udp);
	behaviour_start(&q->behaviour, &f->local, servers, n, &run->rng, now);
}

static msec drain_inquiry(struct run *run, struct inquiry *q, msec now)
{
	uint8_t request[BINDING_REQUEST_LEN];
	struct writer w = writer_over(request, sizeof(request));
	struct endpoint to;

	behaviour_tick(&q->behaviour, now);
	while (behaviour_poll(&q->behaviour, &w, &to)) {
		station_send(&run->station, &q->family->local.ip, &to, writer_bytes(&w));
		w = writer_over(request, sizeof(request));
	}
	return behaviour_due(&q->behaviour);
}

static void drain(void *context, msec now)
{
	struct run *run = context;
	msec due;

	if (!run->has_begun && run->names_left && now < run->names_due) {
		station_wake(&run->station, run->names_due);
		return;
	}
	if (!run->has_begun) {
		run->has_begun = true;
		begin_inquiry(run, &run->v4, now);
		begin_inquiry(run, &run->v6, now);
	}
	due = msec_min(drain_inquiry(run, &run->v4, now), drain_inquiry(run, &run->v6, now));
	due = msec_min(due, netcheck_tcp_due(&run->tcp, now));
	if (due == NEVER)
		station_stop(&run->station, 0);
	else
		station_wake(&run->station, due);
}

static void on_received(void *context, const struct path *path, struct bytes datagram, msec now)
{
	struct run *run = context;
	struct inquiry *q = path->remote.ip.family == IP_V4 ? &run->v4 : &run->v6;

	behaviour_feed(&q->behaviour, now, &path->remote, datagram);
}

static void take_answers(struct inquiry *q)
{
	struct netcheck_family *f = q->family;

	f->report = q->behaviour.report;
	for (size_t i = 0; i < q->behaviour.survey.count; i++) {
		const struct binding_query *query = &q->behaviour.survey.queries[i];
		struct netcheck_answer *answer = &f->answers[q->nth[i]];

		answer->result = query->result;
		answer->error = query->error;
		answer->rtt = query->result == BINDING_DONE ? query->rtt : -1;
	}
}

int netcheck_run(struct netcheck *out, const struct station_server *servers, size_t n,
		 char error[static 512])
{
	struct run run = {.v4.family = &out->v4, .v6.family = &out->v6, .names_left = n};
	struct station_hooks hooks = {
		.context = &run,
		.received = on_received,
		.resolved = on_resolved,
		.drain = drain,
	};
	int err = station_open(&run.station, &hooks, error);

	assert(n <= NETCHECK_SERVERS_MAX);
	if (err)
		return err;
	*out = (struct netcheck){0};
	random_init(&run.rng);
	run.names_due = clock_now() + NAMES_PATIENCE;
	station_look_up(&run.station, servers, n);
	station_run(&run.station);
	take_answers(&run.v4);
	take_answers(&run.v6);
	out->tcp = netcheck_tcp_result(&run.tcp);
	station_close(&run.station);
	return 0;
}
