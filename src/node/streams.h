/* streams.h -- the numbers of connections to servers: TURN over TCP or TLS, a rendezvous over TLS.
 *
 *   FREE --take--> WANTED --ACTION_OPEN_STREAM--> OPENING --node_stream_opened--> OPEN
 *                                                    \                             |
 *                                                     '--node_stream_closed--> CLOSED (why)
 *   any --release--> (LEAVING --ACTION_CLOSE_STREAM-->) FREE
 *
 * io/ looks the name up, goes through the proxy if there is one, and proves the server's
 * name in TLS. What is sent while a stream opens waits there, a few datagrams of it.
 * Who has taken a number looks at its state whenever something has happened; one that
 * closed stays so until it is released.
 */
#ifndef NODE_STREAMS_H
#define NODE_STREAMS_H

#include "node/node.h"

enum stream_state {
	STREAM_FREE,
	STREAM_WANTED,
	STREAM_OPENING,
	STREAM_OPEN,
	STREAM_CLOSED,
	STREAM_LEAVING,
};

struct streams {
	struct {
		struct node_stream_target target;
		struct path path;		/* while OPEN */
		uint8_t state;			/* enum stream_state */
		uint8_t why;			/* enum node_stream_end, when CLOSED */
	} by_number[NODE_STREAMS_MAX];
	unsigned owed;				/* WANTED and LEAVING ones */
};

/* The number, which is a path's via; 0: all are in use. target.host is borrowed until the
 * release. */
uint16_t streams_take(struct streams *s, const struct node_stream_target *target);
void streams_release(struct streams *s, uint16_t via);

enum stream_state streams_state(const struct streams *s, uint16_t via);
enum node_stream_end streams_why(const struct streams *s, uint16_t via);
/* What leaves by an open one has this path. */
struct path streams_path(const struct streams *s, uint16_t via);

void streams_opened(struct streams *s, const struct path *path);
void streams_closed(struct streams *s, uint16_t via, enum node_stream_end why);
enum action_kind streams_poll(struct streams *s, struct action *action);

#endif
