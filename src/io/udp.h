/* udp.h -- the outside: one UDP port, an IPv4 and an IPv6 socket on it, and more if need be.
 *
 *             +-- udp_fd(IP_V4) -- 0.0.0.0:port --+
 *   struct udp                                    +-- bursts of datagrams with path, ECN, DSCP
 *             +-- udp_fd(IP_V6) -- [::]:port -----+
 *             +-- udp_more_fd() -- more of either, each on a port of its own, by number (path.via)
 *
 * Non-blocking, a burst per system call, and datagrams of one size that go the same way are
 * one for the kernel where it can (UDP_SEGMENT, UDP_GRO). Each datagram carries the address and
 * interface that it came in by and leaves from (IP_PKTINFO, RFC 3542 section
 * 6). The kernel may fragment what we send, as WireGuard does: the tunnel's
 * MTU is the tool against fragments, and a path with a small MTU stays usable.
 *
 * Sending never fails: UDP may drop. What is dropped here is counted.
 */
#ifndef IO_UDP_H
#define IO_UDP_H

#include <stdint.h>

#include "base/packet.h"

struct udp;

struct udp_settings {
	struct ip address;	/* that it is at; family IP_NONE: at all of this host's, of both families */
	uint16_t port;		/* 0: any, for tests */
	uint32_t mark;		/* SO_MARK of what we send; 0: none */
	unsigned offloads;	/* that are wanted: enum offload */
	/* A datagram could not leave from path->local; it went without. */
	void (*source_gone)(void *context, const struct path *path);
	void *context;
};

enum { UDP_MORE_MAX = 384 };	/* sockets besides the two */

enum udp_counter {
	UDP_TRUNCATED,		/* came in and did not fit, or had no address or length we know */
	UDP_NO_ROOM,		/* the send buffer was full */
	UDP_UNREACHABLE,	/* no route, or a firewall of this host forbids it */
	UDP_TOO_BIG,
	UDP_NO_SOCKET,		/* this host lacks the family, or the one by that number is closed */
	UDP_SEND_FAILED,	/* another error */
	UDP_SOURCE_GONE,	/* not dropped: sent from another address */
	UDP_MERGED_OUT,		/* sent, many by one message */
	UDP_MERGED_IN,		/* received so */
	UDP_SPLIT,		/* not dropped: refused as one message, sent one by one */
	UDP_COUNTERS,
};

/* 0, or -errno with a sentence in error (-EADDRINUSE: the port is taken). Only one family on
 * this host is fine. */
int udp_open(struct udp **out, const struct udp_settings *settings, char error[static 512]);
/* The same on any port that is free in both families, whatever the settings say. */
int udp_open_any(struct udp **out, const struct udp_settings *settings, char error[static 512]);
void udp_free(struct udp *udp);		/* NULL is fine */

int udp_fd(const struct udp *udp, enum ip_family family);	/* -1: this host lacks the family */
uint16_t udp_port(const struct udp *udp);
unsigned udp_offloads(const struct udp *udp);	/* in effect: enum offload */

/* Read up to n datagrams, n <= BURST_MAX. They lie in buffers of udp's own, good until the next
 * udp_recv() or udp_recv_more(): each is the caller's to write to, but around it there is nothing
 * but its neighbours. Returns how many; `more`: ask again, there may be more. */
size_t udp_recv(struct udp *udp, enum ip_family family, struct datagram *datagrams, size_t n,
		bool *more);
/* What was read and is not taken yet comes first, and of it no descriptor tells: ask again until
 * this is false. */
bool udp_holds(const struct udp *udp);
/* The memory that was read into goes back to the kernel, with what was in it; not while it holds
 * something. */
void udp_rest(struct udp *udp);

/* A socket by this number, 1..UDP_MORE_MAX; its port (0: it cannot be had, which is logged). What
 * comes to it, and shall leave by it, has the number in path.via. */
uint16_t udp_add(struct udp *udp, uint16_t via, enum ip_family family);
void udp_remove(struct udp *udp, uint16_t via);
int udp_more_fd(const struct udp *udp);		/* readable if one of them is */
/* As udp_recv(), of whichever of them has something. */
size_t udp_recv_more(struct udp *udp, struct datagram *datagrams, size_t n, bool *more);

/* n <= BURST_MAX. */
void udp_send(struct udp *udp, const struct datagram *datagrams, size_t n);

/* The address of ours that the kernel would send from to there. 0, or -errno: there is no way. */
int udp_source(struct ip *out, const struct endpoint *to);

const char *udp_counter_name(enum udp_counter counter);		/* lower_snake */
uint64_t udp_counter(const struct udp *udp, enum udp_counter counter);

#endif
