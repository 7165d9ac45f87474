/* pipes.c -- connections of the simulated nodes to a server, over TLS. */
#include "sim/sim.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct flight {
	struct list link;		/* by time of arrival */
	msec at;
	struct pipe *pipe;
	bool to_server;
	size_t len;
	uint8_t bytes[NET_DATAGRAM];
};

void pipes_init(struct pipes *p)
{
	list_init(&p->flying);
	p->server.refuses = NODE_STREAM_ENDS;
}

void pipes_deinit(struct pipes *p)
{
	list_for_each(struct flight, f, &p->flying, link)
		free(f);
}

size_t pipes_number(const struct pipes *p, const struct pipe *pipe)
{
	return (size_t)(pipe - p->pipe);
}

static struct pipe *find(struct pipes *p, size_t node, uint16_t via)
{
	for (struct pipe *pipe = p->pipe; pipe < p->pipe + PIPES_MAX; pipe++) {
		if (pipe->is_used && pipe->node == node && pipe->via == via)
			return pipe;
	}
	return NULL;
}

static void end(struct pipes *p, struct pipe *pipe)
{
	list_for_each(struct flight, f, &p->flying, link) {
		if (f->pipe != pipe)
			continue;
		list_remove(&f->link);
		free(f);
	}
	*pipe = (struct pipe){0};
}

/* -- opening and closing ------------------------------------------------------------- */

static bool is_server(const struct pipes_server *s, const struct node_stream_target *target)
{
	return s->target.host && strcmp(s->target.host, target->host) == 0 &&
	       s->target.port == target->port && s->target.tls == target->tls &&
	       s->target.framing == target->framing;
}

void pipes_open(struct sim *sim, size_t node, uint16_t via, const struct node_stream_target *target)
{
	struct pipes *p = &sim->pipes;

	p->opened++;
	if (!is_server(&p->server, target)) {
		node_stream_closed(sim->nodes[node].node, via, STREAM_NO_ADDRESS, sim->now);
		return;
	}
	assert_null(find(p, node, via));
	for (struct pipe *pipe = p->pipe; pipe < p->pipe + PIPES_MAX; pipe++) {
		if (pipe->is_used)
			continue;
		*pipe = (struct pipe){.is_used = true, .node = node, .via = via,
				      .opens_at = sim->now + 2 * sim->wire.delay};
		return;
	}
	fail_msg("more than %d connections", PIPES_MAX);
}

void pipes_close(struct sim *sim, size_t node, uint16_t via)
{
	struct pipe *pipe = find(&sim->pipes, node, via);

	if (pipe)
		end(&sim->pipes, pipe);
}

void pipes_forget(struct sim *sim, size_t node)
{
	struct pipes *p = &sim->pipes;

	for (struct pipe *pipe = p->pipe; pipe < p->pipe + PIPES_MAX; pipe++) {
		if (pipe->is_used && pipe->node == node)
			end(p, pipe);
	}
}

static void close_by(struct sim *sim, struct pipe *pipe, enum node_stream_end why)
{
	size_t node = pipe->node;
	uint16_t via = pipe->via;

	end(&sim->pipes, pipe);
	node_stream_closed(sim->nodes[node].node, via, why, sim->now);
	sim_drain(sim, node);
}

void pipes_cut(struct sim *sim, size_t node)
{
	struct pipes *p = &sim->pipes;

	for (struct pipe *pipe = p->pipe; pipe < p->pipe + PIPES_MAX; pipe++) {
		if (pipe->is_used && pipe->node == node)
			close_by(sim, pipe, STREAM_ENDED);
	}
}

static struct path path_of(const struct sim *sim, const struct pipe *pipe)
{
	return (struct path){
		.remote = sim->pipes.server.at,
		.local = sim->nodes[pipe->node].links[0].at.ip,
		.ifindex = 1,
		.via = pipe->via,
	};
}

static void finish_opening(struct sim *sim, struct pipe *pipe)
{
	struct path path = path_of(sim, pipe);
	enum node_stream_end refuses = sim->pipes.server.refuses;

	if (refuses != NODE_STREAM_ENDS) {
		close_by(sim, pipe, refuses);
		return;
	}
	pipe->is_open = true;
	node_stream_opened(sim->nodes[pipe->node].node, &path, sim->now);
	sim_drain(sim, pipe->node);
}

/* -- what is said ---------------------------------------------------------------------- */

static void launch(struct sim *sim, struct pipe *pipe, bool to_server, struct bytes datagram)
{
	struct flight *f = malloc(sizeof(*f));

	assert_non_null(f);
	assert_in_range(datagram.len, 1, sizeof(f->bytes));
	f->at = sim->now + sim->wire.delay;
	f->pipe = pipe;
	f->to_server = to_server;
	f->len = datagram.len;
	memcpy(f->bytes, datagram.data, datagram.len);
	list_append(&sim->pipes.flying, &f->link);
}

void pipes_send(struct sim *sim, size_t node, uint16_t via, struct bytes datagram)
{
	struct pipe *pipe = find(&sim->pipes, node, via);

	assert_true(pipe && pipe->is_open);
	launch(sim, pipe, true, datagram);
}

void pipes_answer(struct sim *sim, size_t i, struct bytes datagram)
{
	if (sim->pipes.pipe[i].is_open)
		launch(sim, &sim->pipes.pipe[i], false, datagram);
}

/* The server does not see who is behind a NAT or a proxy, nor a port that means anything. */
static void land(struct sim *sim, struct flight *f)
{
	struct pipe *pipe = f->pipe;
	const struct pipes_server *s = &sim->pipes.server;
	struct endpoint from = {.ip = sim_outside(sim, pipe->node),
				.port = (uint16_t)(50000 + pipes_number(&sim->pipes, pipe))};
	struct path path = path_of(sim, pipe);

	if (f->to_server)
		s->heard(s->context, pipe, &from, bytes_of(f->bytes, f->len));
	else
		sim_receive(sim, pipe->node, &path, bytes_of(f->bytes, f->len));
	free(f);
}

/* -- time -------------------------------------------------------------------------------- */

static struct flight *first_flight(const struct pipes *p)
{
	return list_first(&p->flying, struct flight, link);
}

msec pipes_due(const struct pipes *p)
{
	const struct flight *f = first_flight(p);
	msec due = f ? f->at : NEVER;

	for (size_t i = 0; i < PIPES_MAX; i++) {
		if (p->pipe[i].is_used && !p->pipe[i].is_open)
			due = msec_min(due, p->pipe[i].opens_at);
	}
	return due;
}

void pipes_turn(struct sim *sim)
{
	struct pipes *p = &sim->pipes;
	struct flight *f;

	for (size_t i = 0; i < PIPES_MAX; i++) {
		struct pipe *pipe = &p->pipe[i];

		if (pipe->is_used && !pipe->is_open && pipe->opens_at <= sim->now)
			finish_opening(sim, pipe);
	}
	while ((f = first_flight(p)) && f->at <= sim->now) {
		list_remove(&f->link);
		land(sim, f);
	}
}
