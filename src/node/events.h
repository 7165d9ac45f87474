/* events.h -- what happened to the ways to the peers, and why: the last of it is kept.
 *
 *   who changes something --> events_add --> the log, one line
 *                                  '-------> ring of 256 --> events_at(number), for who asks
 *
 *   numbers   1 ......... first ............... next
 *              forgotten  |     still there     | not yet
 *
 * The log line and what `p2pnet events` prints are the same sentence, made here
 * and nowhere else. Nothing becomes an event that a stranger can bring about.
 */
#ifndef NODE_EVENTS_H
#define NODE_EVENTS_H

#include "node/status.h"

enum {
	EVENTS_MAX = 256,
	EVENT_NAME = 64,		/* of the peer, with NUL; longer ones are cut */
	EVENT_TEXT = 192,
};

enum event_kind {
	EVENT_SEARCH_BEGAN,		/* for a way to the peer */
	EVENT_SEARCH_FAILED,		/* no pair of addresses works; once more */
	EVENT_SEARCH_ENDED,		/* in vain */
	EVENT_PATH_CHOSEN,		/* and the reason */
	EVENT_PATH_LOST,		/* and the reason */
	EVENT_CONNECTED,		/* there are keys, and there were none */
	EVENT_DISCONNECTED,		/* the keys are too old, and there are no new ones */
	EVENT_GAVE_UP,			/* 90 s of handshakes without an answer */
	EVENT_INTRODUCER_UP,		/* it passes our signalling on */
	EVENT_INTRODUCER_DOWN,
	EVENT_INTRODUCER_PLAIN,		/* it knows nothing of that */
	EVENT_RELAY_UP,			/* it passes our datagrams on, too */
	EVENT_RELAY_DOWN,
	EVENT_INTRODUCER_STANDS_BY,	/* over TLS, and answers by UDP as well */
	EVENT_NO_CONNECTION,		/* to a rendezvous over TLS: stream_end says why */
	EVENT_SEEN_AT,			/* so the peer sees us, which is news */
	EVENT_ADDRESSES_CHANGED,	/* of this host */
	EVENT_RESUMED,			/* this host has slept */
	EVENT_TURN_UP,			/* a TURN server has an address for us */
	EVENT_TURN_LOST,		/* and has it no more; the text */
	EVENT_TURN_FAILED,		/* it gives us none, and is asked again; the text */
	EVENT_TURN_REFUSED,		/* nor will it, with these settings; the text */
	EVENT_CIPHER,			/* the session is of this suite now; the text */
	EVENT_CIPHER_LOST,		/* the peer had this suite, and says that it has it no more; the text */
	EVENT_CIPHER_REFUSED,		/* it called in this suite, which our settings forbid; the text */
	EVENT_KINDS,
};

enum event_reason {
	EVENT_NO_REASON,
	EVENT_ANSWERED,			/* no other way was known that works */
	EVENT_BETTER,
	EVENT_SILENT,			/* the way before does not answer any more */
	EVENT_CALLED,			/* the peer's last message came from there */
	EVENT_BY_NAME,			/* the name of its endpoint leads there */
	EVENT_ADDRESS_GONE,		/* ours */
	EVENT_RELAY_GONE,
	EVENT_BEGAN_ANEW,		/* the peer did, with other addresses */
	EVENT_UNANSWERED,
	EVENT_IDLE,
	EVENT_LOSSY,			/* the way before loses too much */
	EVENT_SLOW,			/* it takes too long */
	EVENT_REASONS,
};

struct event {
	uint64_t number;
	msec at;
	uint64_t wall_ms;		/* since 1970 */
	enum event_kind kind;
	enum event_reason reason;
	char name[EVENT_NAME];		/* of the peer; "": it is about this host */
	uint8_t peer[KEY_LEN];
	struct path_status way;		/* to the peer, after what happened */
	struct endpoint seen;		/* EVENT_SEEN_AT, EVENT_TURN_UP */
	enum node_stream_end stream_end;	/* EVENT_NO_CONNECTION */
	const char *text;		/* EVENT_TURN_...: why; EVENT_CIPHER...: which; for ever there */
	unsigned addresses;		/* EVENT_ADDRESSES_CHANGED: how many there are now */
};

struct events {
	struct event ring[EVENTS_MAX];
	uint64_t next;
	uint64_t wall_ms;		/* as last told by io/ */
};

void events_init(struct events *events);

/* The number and the time of day are filled in here. */
void events_add(struct events *events, const struct event *event);

/* The oldest that is still there. */
uint64_t events_first(const struct events *events);
/* NULL: forgotten, or not yet. */
const struct event *events_at(const struct events *events, uint64_t number);

const char *event_kind_name(enum event_kind kind);		/* lower_snake */
const char *event_reason_name(enum event_reason reason);	/* lower_snake; NULL: none */
char *event_text(char out[static EVENT_TEXT], const struct event *event);

/* Those of a node. */
const struct events *node_events(const struct node *node);

#endif
