/* acceptor.h -- who connects to a port of ours: one stream each, within bounds.
 *
 *   0.0.0.0:port --.                .--> stream_add()
 *   [::]:port -----+--> is there room?
 *                                   '--> refused, and counted
 *
 * A stranger costs little until he has proved to be worth more (stream.h): of those that have
 * not there are at most 8 from one address (in IPv6: from one /64, which is one customer's), and
 * when the set is full the oldest of them makes room.
 */
#ifndef IO_ACCEPTOR_H
#define IO_ACCEPTOR_H

#include "io/stream.h"
#include "io/tcp_socket.h"

enum { ACCEPTOR_STRANGERS = 8 };

struct acceptor;

struct acceptor_door {
	struct stream_watch watch;
	struct acceptor *acceptor;
};

struct acceptor {
	struct stream_set *set;
	struct acceptor_door doors[2];	/* IPv4, IPv6; fd -1: this host lacks the family */
	bool shared;
	uint16_t port;
	msec closed_until;		/* there was no descriptor left */
	/* Somebody has connected: path is whole but for `via`. Takes the descriptor. */
	void (*accepted)(void *context, int fd, const struct path *path, msec now);
	void *context;
};

/* address.family IP_NONE: both families, of which one may be missing. port 0: any. 0, or -errno
 * with a sentence in error; then there is nothing to close. */
int acceptor_open(struct acceptor *a, struct stream_set *set,
		  const struct tcp_socket_settings *settings, char error[static 512]);
void acceptor_close(struct acceptor *a);

/* Takes all who wait, at once. */
void acceptor_take(struct acceptor *a, msec now);

msec acceptor_due(const struct acceptor *a);
void acceptor_tick(struct acceptor *a, msec now);

#endif
