/* forwarder.h -- whose turn it is to have a datagram passed on, when not all can be at once.
 *
 *   anna  ---------------.
 *   bert  [x][x][x] -----+--> so many bytes a millisecond in all,
 *   cora  [x] -----------'    half of that for one
 *
 * As long as nobody waits a frame passes at once, where it lies. When the rate is used up
 * frames are copied and wait, at most so many of each source: the oldest is dropped, since
 * who has waited longest is of the least use. Sources take turns by bytes (deficit round
 * robin: M. Shreedhar, G. Varghese, 1995), so that one that floods delays only itself.
 *
 *   x for cora, y for bert, z for cora --> [x][z] cora     those of a burst that pass at once
 *                                          [y] bert        are sealed together for each
 *
 * A source is a number, the caller's: of a client of the rendezvous_server that knows who has
 * registered what. Whom a frame is for is looked up when it leaves; that may be another than
 * when it came.
 */
#ifndef NODE_FORWARDER_H
#define NODE_FORWARDER_H

#include "base/list.h"
#include "base/msec.h"
#include "base/packet.h"
#include "signal/rendezvous_server.h"
#include "wg/session.h"

enum {
	FORWARDER_FRAMES = 512,			/* that wait, of all sources */
	FORWARDER_FRAMES_EACH = 32,
	FORWARDER_BYTES_EACH = 48 * 1024,
	FORWARDER_FRAME = 2048,			/* bytes of one that may have to wait */
	FORWARDER_BURST = 20,			/* msec of the rate at once, after a silence; */
	FORWARDER_BURST_MIN = 16 * 1024,	/* not less than these bytes */
	FORWARDER_SHARE = 2,			/* one source gets 1/2 of the rate at most, so that another
						   never finds it used up for long */
	FORWARDER_RATE = 100,			/* Mbit/s unless another is asked for */
	FORWARDER_RATE_MAX = 100 * 1000,
};

enum forward_counter {
	FORWARD_FRAMES,				/* passed on */
	FORWARD_BYTES,
	/* dropped: */
	FORWARD_FULL,				/* too many waited */
	FORWARD_TOO_LONG,			/* to wait */
	FORWARD_NOBODY,				/* has registered the tag */
	FORWARD_TO_SOURCE,			/* it would go back where it came from */
	FORWARD_UNREACHED,			/* no session with whom it is for, or none but by a relay */
	FORWARD_COUNTERS,
};

const char *forward_counter_name(enum forward_counter counter);		/* lower_snake */

struct pace {
	int64_t per_msec;			/* bytes; 0: no limit */
	int64_t burst;
};

struct allowance {
	int64_t left;				/* bytes; the last frame may have been longer */
	msec counted;
};

struct forwarder_source {
	struct list turn;			/* in the forwarder's while it waits */
	struct list frames;			/* that wait, the oldest first */
	uint32_t frames_len, bytes;
	uint32_t deficit;			/* bytes that it may send in this turn */
	struct allowance allowance;
	uint64_t passed, passed_bytes, dropped;
	msec passed_at;				/* the last; only if passed */
	uint32_t passed_to;			/* whom that was for, as the caller told */
};

struct forwarder_frame {
	struct list link;			/* in its source's, or among the free ones */
	size_t len;
	uint8_t ecn;
	uint8_t room[HEADROOM + FORWARDER_FRAME + TAILROOM];
};

struct forwarder {
	struct forwarder_source *sources;
	uint32_t sources_len;
	struct forwarder_frame *frames;
	uint32_t never_used;			/* from here on */
	struct list free;
	struct list turns;			/* sources that wait */
	uint32_t turns_len;
	struct pace pace, pace_each;
	struct allowance allowance;
	uint64_t counters[FORWARD_COUNTERS];
};

/* `rate`: in Mbit/s; 0: no limit. False: no memory. */
bool forwarder_init(struct forwarder *f, uint32_t sources, uint32_t rate, msec now);
void forwarder_deinit(struct forwarder *f);

enum forward_verdict {
	FORWARD_NOW,				/* the caller sends it */
	FORWARD_LATER,				/* it was copied, and poll() hands it out */
	FORWARD_DROPPED,
};

enum forward_verdict forwarder_offer(struct forwarder *f, uint32_t source,
				     const struct packet *frame, uint8_t ecn, msec now);

/* One whose turn has come; with HEADROOM and TAILROOM, until the next call. False: none. */
bool forwarder_poll(struct forwarder *f, uint32_t *source, struct datagram *out, msec now);
msec forwarder_due(const struct forwarder *f);

/* The source is another one from now on, or nobody. */
void forwarder_forget(struct forwarder *f, uint32_t source, msec now);

/* The client of the server that a frame with this tag is for. False: nobody, or the source itself;
 * counted. */
bool forwarder_route(struct forwarder *f, const struct rendezvous_server *server, uint32_t source,
		     const uint8_t tag[static RELAY_TAG], uint32_t *to, msec now);

/* -- those that pass at once ------------------------------------------------------ */

struct forward {
	struct packet frame;
	uint8_t ecn;
	uint32_t source, to;
};

/* Of a burst, as they came. */
struct forwards {
	struct forward list[BURST_MAX];
	size_t len;
};

void forwards_add(struct forwards *all, const struct datagram *frame, uint32_t source, uint32_t to);
/* Those for whom the first one is are taken out, in their order. How many; 0: none is left. */
size_t forwards_take(struct forwards *all, struct forward out[static BURST_MAX]);

/* n frames for one: sealed in place, to go along `path`. How many could be sealed, the first ones;
 * what became of each is counted. */
size_t forwarder_seal(struct forwarder *f, const struct forward *forwards, size_t n,
		      struct session *session, const struct path *path, struct datagram *out,
		      msec now);
/* It cannot be sent after all. */
void forwarder_dropped(struct forwarder *f, uint32_t source, enum forward_counter why);

#endif
