/* sockets.h -- the numbers of UDP sockets besides that of the listen port.
 *
 *   FREE --take--> WANTED --ACTION_OPEN_SOCKET--> OPEN --release--> LEAVING --ACTION_CLOSE_SOCKET--> FREE
 *
 * A number is what a path says of the socket that a datagram came by or leaves
 * from (path.via); io/ has the sockets. They are wanted to punch a NAT that shows
 * each destination another port (spray.h), one to tell others whether theirs does
 * that, and one for each TURN server (turn_link.h).
 */
#ifndef NODE_SOCKETS_H
#define NODE_SOCKETS_H

#include "node/node.h"

enum socket_state { SOCKET_FREE, SOCKET_WANTED, SOCKET_OPEN, SOCKET_LEAVING };

struct sockets {
	struct {
		uint16_t port;			/* 0: not open, or not told yet */
		uint8_t state;			/* enum socket_state */
		uint8_t family;			/* enum ip_family */
		bool is_kept;			/* by somebody who releases it: never swept (spray.h) */
	} by_via[NODE_SOCKETS_MAX + 1];
	unsigned owed;				/* WANTED and LEAVING ones */
	unsigned used;				/* all but FREE ones */
	unsigned kept;				/* of these */
};

/* The number; 0: all are in use. */
uint16_t sockets_take(struct sockets *s, enum ip_family family);	/* until it is swept */
uint16_t sockets_keep(struct sockets *s, enum ip_family family);	/* until it is released */
void sockets_release(struct sockets *s, uint16_t via);
bool sockets_is_open(const struct sockets *s, uint16_t via);
/* It was to be opened, and could not be. */
bool sockets_is_vain(const struct sockets *s, uint16_t via);
/* Is one of them on that port? */
bool sockets_has_port(const struct sockets *s, uint16_t port);

void sockets_opened(struct sockets *s, uint16_t via, uint16_t port);	/* 0: in vain */
enum action_kind sockets_poll(struct sockets *s, struct action *action);

#endif
