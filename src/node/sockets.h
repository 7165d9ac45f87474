/* sockets.h -- the numbers of UDP sockets besides that of the listen port.
 *
 *   FREE --take--> WANTED --ACTION_OPEN_SOCKET--> OPEN --release--> LEAVING --ACTION_CLOSE_SOCKET--> FREE
 *
 * A number is what a path says of the socket that a datagram came by or leaves
 * from (path.via); io/ has the sockets. They are wanted to punch a NAT that shows
 * each destination another port (spray.h), and one to tell others whether theirs
 * does that.
 */
#ifndef NODE_SOCKETS_H
#define NODE_SOCKETS_H

#include "node/node.h"

enum socket_state { SOCKET_FREE, SOCKET_WANTED, SOCKET_OPEN, SOCKET_LEAVING };

struct sockets {
	struct {
		uint16_t port;			/* 0: not open, or not told yet */
		uint8_t state;			/* enum socket_state */
	} by_via[NODE_SOCKETS_MAX + 1];
	unsigned owed;				/* WANTED and LEAVING ones */
	unsigned used;				/* all but FREE ones */
};

uint16_t sockets_take(struct sockets *s);	/* 0: all are in use */
void sockets_release(struct sockets *s, uint16_t via);
bool sockets_is_open(const struct sockets *s, uint16_t via);
/* Is one of them on that port? */
bool sockets_has_port(const struct sockets *s, uint16_t port);

void sockets_opened(struct sockets *s, uint16_t via, uint16_t port);	/* 0: in vain */
enum action_kind sockets_poll(struct sockets *s, struct action *action);

#endif
