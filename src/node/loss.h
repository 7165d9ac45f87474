/* loss.h -- how much of what is sent arrives, as the other side counts it.
 *
 *   sent     | 300 messages of a second, by their counters |
 *   came     | 251 of these |  --REPORT--> who has sent them: 16 %, for the third time in a row
 *
 * Questions do not see that a path is throttled: they are small and few, and get through. So
 * who receives looks at each second of a stream and tells (inband.h) if too much is missing,
 * and what the seconds before were like, as reports get lost too. Of a good path nothing is
 * ever said, so it costs nothing; old peers say nothing either.
 *
 * Who sends believes it when it goes on, and counts a second of which it was told nothing as
 * a good one. What went another way before is not held against the present one.
 */
#ifndef NODE_LOSS_H
#define NODE_LOSS_H

#include "signal/inband.h"
#include "wg/session.h"

enum {
	LOSS_SECOND = 1000,		/* msec, or until */
	LOSS_FEW = 8,			/* messages were sent; */
	LOSS_PAUSE = 3000,		/* msec, if that takes so long there is no stream */
	LOSS_TOLD = 16,			/* one in so many is missing: the sender is told */
	LOSS_SERIES = 3,		/* such seconds in a row that are believed, */
	LOSS_MESSAGES = 50,		/* or more, of so many messages */
	LOSS_GAP = 3500,		/* msec until the next report of a row */
	LOSS_BAD = 100,			/* per mille: too much for a path */
	LOSS_SECONDS = 16,
};

struct loss {
	struct session_tally begun;	/* the second that is being counted */
	msec begun_at;
	struct inband_report counted;	/* those before it */
	bool owes_report;

	uint32_t key;			/* that all below is of */
	uint64_t first;			/* what was sent before is of no interest */
	struct {
		msec at;
		uint64_t first, end, lost;
	} told[LOSS_SECONDS];		/* the last one first */
	unsigned told_len;
};

/* Data of the peer's came in. True: it is to be told of what is missing. */
bool loss_count(struct loss *l, const struct session *s, msec now);
bool loss_poll(struct loss *l, struct inband *out);

/* From here on all goes another way. */
void loss_begin(struct loss *l, const struct session *s);
/* The peer has told. False: it cannot be so. */
bool loss_take(struct loss *l, const struct session *s, const struct inband_report *report,
	       msec now);
/* At least so many per mille of what we have sent in the last few seconds; 0: little, or nobody
 * knows. */
unsigned loss_of(const struct loss *l, msec now);

#endif
