/* pipes.h -- connections of the simulated nodes to a server, over TLS.
 *
 *   node --ACTION_OPEN_STREAM--> pipe --one round trip--> node_stream_opened()
 *   node --datagram, path.via--> pipe --the wire's delay--> server.heard()
 *   node <--node_receive()------ pipe <--the wire's delay-- pipes_answer()
 *
 * Reliable, in order, and not in the way of NATs, which may block UDP. There is one server.
 * A cut ends a pipe, and what is on its way in it is lost.
 */
#ifndef TESTS_SIM_PIPES_H
#define TESTS_SIM_PIPES_H

#include "base/list.h"
#include "node/node.h"

struct sim;

enum { PIPES_MAX = 32 };

struct pipe {
	bool is_used, is_open;
	size_t node;
	uint16_t via;			/* the node's number for it */
	msec opens_at;
};

struct pipes_server {
	struct node_stream_target target;	/* no host: there is none */
	struct endpoint at;
	enum node_stream_end refuses;	/* NODE_STREAM_ENDS: it takes who comes */
	void (*heard)(void *context, struct pipe *pipe, const struct endpoint *from,
		      struct bytes datagram);
	void *context;
};

struct pipes {
	struct pipe pipe[PIPES_MAX];
	struct list flying;
	struct pipes_server server;
	unsigned opened;		/* that ever were begun */
};

void pipes_init(struct pipes *p);
void pipes_deinit(struct pipes *p);

/* The node's side. */
void pipes_open(struct sim *sim, size_t node, uint16_t via, const struct node_stream_target *target);
void pipes_close(struct sim *sim, size_t node, uint16_t via);
void pipes_send(struct sim *sim, size_t node, uint16_t via, struct bytes datagram);
void pipes_forget(struct sim *sim, size_t node);	/* its process has ended */

/* The server's side: pipe number i, if it is still open. */
void pipes_answer(struct sim *sim, size_t i, struct bytes datagram);
size_t pipes_number(const struct pipes *p, const struct pipe *pipe);

/* All that the node has; it is told. */
void pipes_cut(struct sim *sim, size_t node);

msec pipes_due(const struct pipes *p);
void pipes_turn(struct sim *sim);

#endif
