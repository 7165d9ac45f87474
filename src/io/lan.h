/* lan.h -- to whom it may concern on this LAN: small datagrams by multicast.
 *
 *                        .-- eth0 --> 239.255.112.110 and ff12::f032:706e
 *   lan_send --each LAN--+                                 |
 *                        '-- wlan0 -> the same             '--> received() at every host that
 *                                                               has joined on that LAN, and in
 *                                                               every daemon on it; ours as well
 *
 * The port is 13277: IANA has assigned it to nobody, and it lies below both
 * the ports that nets listen on by default (20000 to 32767) and those that
 * the kernel gives away (from 32768). 239.255/16 is IPv4's local scope (RFC
 * 2365 section 6.1); ff12::/16 is transient and never leaves the link (RFC
 * 4291 section 2.7), with a group that anybody may take (RFC 3307 section
 * 4.3). Both end in "pn". Nothing is forwarded by a router: TTL and hop limit are 1.
 *
 * LANs are the interfaces of links_list() that are is_lan: no tunnel, no
 * loopback, not our own device. Several nets and daemons of one host share
 * the port, and each gets every datagram.
 *
 * What comes in is from strangers. What is too long, was sent to this host
 * alone, or comes from another network than the interface's is dropped and
 * counted; nothing is answered.
 */
#ifndef IO_LAN_H
#define IO_LAN_H

#include <uv.h>

#include "base/addr.h"
#include "base/bytes.h"

enum {
	LAN_PORT = 13277,
	LAN_DATAGRAM_MAX = 1300,	/* bytes: goes in one frame of any LAN */
	LAN_LINKS_MAX = 16,		/* per family; Linux allows 20 IPv4 groups a socket */
};

#define LAN_GROUP4 "239.255.112.110"
#define LAN_GROUP6 "ff12::f032:706e"

struct lan;

/* Our own datagrams come back too: on one host they look like any other daemon's. */
typedef void lan_received_fn(void *context, struct bytes datagram, const struct endpoint *from,
			     uint32_t ifindex);

struct lan_settings {
	uint32_t own;		/* interface index of our device, or 0 */
	uint32_t mark;		/* SO_MARK of what we send; 0: none */
	lan_received_fn *received;
	void *context;
};

enum lan_counter {
	LAN_TOO_LONG,		/* more than LAN_DATAGRAM_MAX bytes came in */
	LAN_NOT_TO_GROUP,	/* sent to this host alone */
	LAN_OFF_LINK,		/* from an address that is not on the interface's networks */
	LAN_SEND_FAILED,
	LAN_COUNTERS,
};

/* Joined at once by all LANs there are. 0, or -errno with a sentence in error (-EADDRINUSE: a
 * program that does not share has the port). Only one family on this host is fine. */
int lan_open(struct lan **out, uv_loop_t *loop, const struct lan_settings *settings,
	     char error[static 512]);

/* Nothing is received any more. The memory goes when the loop has run. NULL is fine. */
void lan_close(struct lan *lan);

/* The host's interfaces or addresses changed: leave LANs that are gone, join those that came.
 * 0, or -errno: they cannot be listed, and all stays as it was. */
int lan_rejoin(struct lan *lan);

/* By every LAN and family. How many took it; 0: there is none, or it is too long. */
size_t lan_send(struct lan *lan, struct bytes datagram);

const char *lan_counter_name(enum lan_counter counter);		/* lower_snake */
uint64_t lan_counter(const struct lan *lan, enum lan_counter counter);

#endif
