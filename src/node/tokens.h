/* tokens.h -- meeting without any carrier: people carry our DESC, as text.
 *
 *   A: node_offer  --> p2pnet1-... --chat, mail, paper--> B: node_accept
 *   A: node_accept <-- p2pnet1-... <--------------------- its answer, unless A is known to know B
 *   both check and punch from then on
 *
 * Until the token expires, the search that it is for goes on: it keeps its credentials,
 * which the token holds, and knocks at the other side again and again, for it may take
 * minutes until the answer is pasted and A's NAT lets anything in. As for all DESCs, the
 * newest counts.
 */
#ifndef NODE_TOKENS_H
#define NODE_TOKENS_H

#include "node/node.h"
#include "signal/token.h"

enum node_offer {
	OFFER_MADE,
	OFFER_NO_PEER,
	OFFER_NO_ADDRESS,	/* this host has none to be reached at */
	OFFER_NO_ROOM,		/* too many searches at once */
};

/* Is all known that a token should say of how others see us? A search, which an offer begins,
 * asks for it; who has a second offers again then. */
bool node_offer_is_complete(const struct node *node, msec now);

/* A token for this peer, good for so long. Poll before it is handed out: what marks our
 * clock must be on disk first. */
enum node_offer node_offer(struct node *node, const uint8_t peer[static KEY_LEN], msec life,
			   char out[static TOKEN_TEXT], msec now);

enum accept_verdict {
	ACCEPT_OK,
	ACCEPT_BAD_TOKEN,	/* acceptance.token says why */
	ACCEPT_NO_ROOM,
};

struct acceptance {
	enum token_verdict token;
	uint8_t peer[KEY_LEN];		/* whose it is */
	uint64_t expires_ms;		/* by the wall; also if it has */
	char answer[TOKEN_TEXT];	/* to be given back; "": the peer knows already */
};

/* Poll before the answer is handed out. */
enum accept_verdict node_accept(struct node *node, const char *text, size_t len,
				struct acceptance *out, msec now);

#endif
