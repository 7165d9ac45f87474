/* rpfilter.h -- does the host drop answers that come past the tunnel?
 *
 * With rp_filter = 1 (RFC 3704, strict) the kernel drops a packet which came in
 * by another interface than a packet back would leave by. Once the default
 * route is in the tunnel, that is so for the datagrams of every distant peer.
 */
#ifndef TUN_RPFILTER_H
#define TUN_RPFILTER_H

/* A log_warn line naming the first interface other than `device` that is strict. */
void rpfilter_check(const char *device);

#endif
