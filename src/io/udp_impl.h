/* udp_impl.h -- what udp.c, udp_in.c and udp_out.c share; nobody else looks.
 *
 *   udp.c        struct udp: the sockets, and what is counted
 *   udp_in.c     struct udp_in: what was read and not taken yet
 *   udp_out.c    struct udp_out: what leaves now, and which merges were refused
 */
#ifndef IO_UDP_IMPL_H
#define IO_UDP_IMPL_H

#include "io/udp.h"
#include "io/udp_message.h"

/* In slots (slots.h), one for each message:
 *
 *   | aaaa aaaa aaa      | b                  | cc c               |      segments of a, b, c
 *             ^ current.packet: the rest of a, to be cut up         got = 3, at = 1
 */
struct udp_in {
	uint8_t *slots;
	size_t wanted;			/* messages to ask for at once */
	size_t got, at;			/* of the last call; those from `at` on are untouched */
	uint16_t via;			/* where they came in */
	bool more;			/* the kernel may have more there */
	struct datagram current;	/* the path of a message, and what is left of it */
	size_t segment;			/* its datagrams' length; the last may be shorter */
	size_t longest, most;		/* bytes, datagrams: the largest message of the last call */
	size_t touched_all;
	uint32_t touched[BURST_MAX];	/* bytes of each slot that have memory */
	struct mmsghdr messages[BURST_MAX];
	struct udp_message parts[BURST_MAX];
};

/* Datagrams of one path, all but the last of equal length: one message. */
struct udp_run {
	const struct datagram *like;	/* one of them */
	int fd;				/* -1: there is none */
	uint16_t count, first;		/* where in iov */
	size_t bytes;
	bool is_full;			/* takes no more */
};

/* What the kernel did not take as one message, but may take one by one. */
struct udp_refusal {
	struct ip to;
	size_t segment;			/* of that length and longer; 0: any */
	uint32_t left;			/* datagrams to send before it is tried again; 0: unused */
};

enum { UDP_REFUSALS = 16 };

/* Messages and runs go together. The second half is for a message that is split. */
struct udp_out {
	unsigned next_refusal;		/* the one to give up for another */
	unsigned refused;		/* how many are in use */
	struct udp_refusal refusals[UDP_REFUSALS];
	uint16_t run_of[BURST_MAX];	/* by datagram */
	struct udp_run runs[2 * BURST_MAX];
	struct mmsghdr messages[2 * BURST_MAX];
	struct udp_message parts[BURST_MAX];
	struct iovec iov[BURST_MAX];
};

struct udp {
	int fd4, fd6;
	int epoll;			/* watches what is in `more` */
	uint16_t port;
	uint32_t mark;
	unsigned offloads;		/* in effect: enum offload */
	struct ip address;
	void (*source_gone)(void *context, const struct path *path);
	void *context;
	uint64_t counters[UDP_COUNTERS];
	struct udp_in in;
	struct udp_out out;
	int more[UDP_MORE_MAX + 1];	/* by number; 0: closed (descriptor 0 is never ours) */
};

/* 0 or -ENOMEM. Deinit is fine without. */
int udp_in_init(struct udp_in *in);
void udp_in_deinit(struct udp_in *in);

#endif
