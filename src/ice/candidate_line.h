/* candidate_line.h -- candidates as text, RFC 8839 section 5.1 and RFC 6544 section 4.5.
 *
 *   candidate:1 1 UDP 2130706431 192.168.1.5 51820 typ host
 *   candidate:2 1 UDP 1694498815 203.0.113.9 40001 typ srflx raddr 192.168.1.5 rport 51820
 *   candidate:3 1 TCP 2128609279 192.168.1.5 9 typ host tcptype active
 *             |  |  |   |          address   port  type  what the router or relay maps
 *    foundation  component  priority
 */
#ifndef ICE_CANDIDATE_LINE_H
#define ICE_CANDIDATE_LINE_H

#include "base/bytes.h"
#include "ice/candidate.h"

enum { CANDIDATE_LINE_MAX = 256 };	/* of those that we write, with the final NUL */

char *candidate_write(char out[static CANDIDATE_LINE_MAX], const struct candidate *c);

/* One line, from "candidate:" to its NUL; single spaces. Names instead of addresses are
 * not looked up, so they are false like everything else that is not as above; unknown
 * extensions are skipped. *ufrag: the value of the extension of that name, a view into the
 * line; len 0 if there is none. Whether we want to send there, candidate_check() says. */
bool candidate_parse(struct candidate *out, struct bytes *ufrag, const char *line);

#endif
