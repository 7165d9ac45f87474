/* peersfile.h -- where the peers were, kept over a restart: /var/lib/p2pnet/NET/peers.cache.
 *
 *   node --ACTION_SAVE_PEERS, a stop--> file --start--> node      (node/known.h)
 *
 * Losing it costs time and nothing else, so nothing fails for it, and no write
 * waits for the disk: half a file would be found out by its sum.
 */
#ifndef IO_PEERSFILE_H
#define IO_PEERSFILE_H

#include "node/node.h"

enum { PEERSFILE_MAX = 16 << 20 };

struct peersfile {
	int dir;		/* descriptor of the state directory; borrowed */
	bool failing;		/* and it was said */
};

/* What is there, into the node; what is damaged is ignored, with one warning. */
void peersfile_load(const struct peersfile *file, struct node *node, msec now);

/* Failing is logged once, until it works again. */
void peersfile_save(struct peersfile *file, struct node *node, msec now);

#endif
