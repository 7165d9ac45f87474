/* relaying.h -- what a lab's far nodes have us pass on, and what comes of it. */
#ifndef TESTS_NODE_RELAYING_H
#define TESTS_NODE_RELAYING_H

#include "node/lab.h"

enum { RELAYING_LEN = 1432 };		/* a sealed packet of 1400 */

/* far[i] names a mailbox. */
void relaying_register(struct lab *lab, size_t i, const uint8_t id[static MAILBOX_LEN]);
/* Of far[from], for who named that mailbox; byte k of the datagram in it is n + k. */
struct mail relaying_frame(struct lab *lab, size_t from, const uint8_t id[static MAILBOX_LEN],
			   unsigned n, size_t len);

/* What far[i] makes of it: opened in its session with us. */
struct packet relaying_opened(struct lab *lab, size_t i, struct mail *mail);
/* That it is what relaying_frame() made. */
void relaying_assert(struct lab *lab, size_t to, struct mail *mail, const uint8_t *tag, unsigned n,
		     size_t len);

#endif
