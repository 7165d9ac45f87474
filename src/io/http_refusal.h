/* http_refusal.h -- what is told who speaks HTTP where datagrams are expected.
 *
 * Who looks at port 443 with a browser, or scans it, finds a web server that has nothing to
 * show. A method is written in capital letters (RFC 9110 section 9.1), and two of these are
 * the length of a frame longer than a stranger may send: so the first two bytes tell.
 */
#ifndef IO_HTTP_REFUSAL_H
#define IO_HTTP_REFUSAL_H

#include "base/bytes.h"

bool http_is_request(const uint8_t first[static 2]);

/* 404 Not Found, and the connection is to be closed. */
struct bytes http_refusal(void);

#endif
