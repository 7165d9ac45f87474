/* address.h -- an endpoint as a field of a message.
 *
 *   | family: 4 or 6 | address: 4 or 16 bytes | port, big-endian |
 *
 * One form for each endpoint: an IPv4 address is never written as IPv6. The
 * scope of a link-local address means nothing elsewhere and stays behind.
 */
#ifndef SIGNAL_ADDRESS_H
#define SIGNAL_ADDRESS_H

#include "base/addr.h"
#include "base/bytes.h"

enum { ADDRESS_MAX = 1 + 16 + 2 };

void put_address(struct writer *w, const struct endpoint *e);	/* no address: bad */
struct endpoint get_address(struct reader *r);			/* another form: bad */

#endif
