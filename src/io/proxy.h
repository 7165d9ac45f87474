/* proxy.h -- asking an HTTP proxy for a connection, RFC 9110 section 9.3.6.
 *
 *   we      CONNECT relay.example.net:443 HTTP/1.1        and our credentials, if it wants some
 *   proxy   HTTP/1.1 200 Connection established           anything up to an empty line
 *   both    bytes, from now on to and from that server
 *
 * No I/O here. Of the answer not one byte more than its end is taken: what follows is not the
 * proxy's.
 */
#ifndef IO_PROXY_H
#define IO_PROXY_H

#include "base/bytes.h"

enum {
	PROXY_HOST_MAX = 256,
	PROXY_LOGIN_MAX = 256,		/* user:password, with its NUL */
	PROXY_REQUEST_MAX = 1280,
	PROXY_ANSWER_MAX = 4096,	/* bytes of its header */
};

struct proxy {
	char host[PROXY_HOST_MAX];	/* a name or an address; "": none */
	uint16_t port;
	char login[PROXY_LOGIN_MAX];	/* user:password; "": none is said */
};

enum proxy_result {
	PROXY_WAITS,			/* its end is not here yet */
	PROXY_CONNECTED,
	PROXY_REFUSED,			/* answer.status says why */
	PROXY_BAD,			/* that is no HTTP, or it does not end */
};

struct proxy_answer {
	unsigned len;			/* of the header so far */
	unsigned line_len;		/* of its last line so far */
	unsigned status;
	bool bad;
};

/* How long the request is. */
size_t proxy_request(char out[static PROXY_REQUEST_MAX], const struct proxy *proxy,
		     const char *host, uint16_t port);

/* More of the answer, which begins as zeroes; takes as much of `in` as belongs to it. */
enum proxy_result proxy_answer_feed(struct proxy_answer *a, struct bytes *in);

#endif
