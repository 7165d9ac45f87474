/* mapping.h -- what the ports that several observers saw tell of a NAT.
 *
 *   one base, seen as  203.0.113.9:40001 :40001         the same for all: easy
 *                      203.0.113.9:40001 :40002 :40004  a new one for each, in a row: the next
 *                                                       can be guessed
 *                      203.0.113.9:40001 :11872         a new one for each, anywhere
 *
 * RFC 4787 section 4.1. One observer alone tells nothing, and so no NAT counts as
 * hard that two have not seen.
 */
#ifndef NODE_MAPPING_H
#define NODE_MAPPING_H

#include "ice/checklist.h"
#include "node/gather.h"

enum {
	MAPPING_SEEN_MAX = 8,		/* observations that are looked at */
	MAPPING_GAP = 16,		/* ports in a row are not further apart */
	MAPPING_RECENT = 30 * 1000,	/* msec before the newest; to others came others in between */
};

struct mapping {
	bool is_hard;			/* each destination sees another port */
	bool is_sequential;		/* and these are in a row */
	struct endpoint last;		/* the last of them; of an easy one, the only; or IP_NONE */
};

/* IPv4 only: where there are NATs. */
struct mapping mapping_of_ours(const struct gather *g);
/* "none" (we are seen as we are), "easy" (two see the same port), "hard", or "unknown". */
const char *mapping_word_of_ours(const struct gather *g);
struct mapping mapping_of_peer(const struct checklist *l);

#endif
