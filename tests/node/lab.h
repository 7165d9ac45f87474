/* lab.h -- one node under test, four far ones, and every datagram in hand.
 *
 *   lab_say() --> us --> us->sent[] --lab_exchange()--> lab->far[i] --> got[]
 *
 * Nothing moves by itself and nothing takes time: a test looks at what was
 * sent, keeps it, changes it, feeds it twice or not at all. The far nodes send
 * whatever they are told to us and accept whatever we send.
 */
#ifndef TESTS_NODE_LAB_H
#define TESTS_NODE_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "node/brain.h"

enum { LAB_FARS = 4, LAB_MTU = 1400, LAB_PORT = 51820, LAB_MAILS = 1100, LAB_QUESTIONS = 16,
       LAB_STREAMS = 64,
       LAB_MORE = 40000 };	/* the ports of sockets with numbers begin there */

/* A datagram, or a packet on its way into the TUN device. */
struct mail {
	struct endpoint from;
	struct path path;		/* as the sender's node wished */
	uint16_t via;			/* that it comes by */
	uint8_t ecn, dscp;
	size_t len;
	uint8_t bytes[LAB_MTU + 100];
};

struct question {
	char host[64];
	uint16_t port;
};

struct wanted_stream {
	uint16_t via;
	struct node_stream_target target;
	msec at;
};

/* A node and its surroundings. */
struct place {
	struct node *node;
	uint8_t private_key[KEY_LEN], public_key[KEY_LEN];
	struct endpoint at;
	struct ip inner4, inner6;
	uint64_t marks[NODE_MARKS];	/* its disk */
	uint8_t peers[4096];		/* the same: peers.cache */
	size_t peers_len;
	unsigned saves;			/* of that */
	struct mail sent[LAB_MAILS];
	size_t sent_len;
	bool by_relay;			/* some of what lab_send() led to */
	size_t taken;			/* so many of them lab_exchange() has dealt with */
	struct mail got[LAB_MAILS];	/* for its own host */
	size_t got_len;
	struct question asked[LAB_QUESTIONS];
	size_t asked_len;
	struct wanted_stream streams[LAB_STREAMS];	/* that were to be opened, */
	size_t streams_len;
	uint16_t closed[LAB_STREAMS];			/* and to be closed */
	size_t closed_len;
};

struct lab {
	struct rng rng;
	msec now;
	struct place us;
	struct place far[LAB_FARS];
	/* Our settings, to be changed before lab_start() or lab_reconfigure(): peer i is
	 * far[i] with its endpoint, 10.0.i.0/24 and fd00:i::/32. We are 10.1.0.1 and fd01::1. */
	struct node_settings settings;
	struct node_peer_settings peers[LAB_FARS];
	/* At first WireGuard's, so that each handshake is one. */
	enum node_cipher far_cipher;
	struct cidr allowed[LAB_FARS][2];
	char hosts[LAB_FARS][IP_TEXT];
	struct cidr addresses[2];
	char error[256];
	uint8_t buffers[BURST_MAX][HEADROOM + 2048 + TAILROOM];
};

struct lab *lab_new(void);		/* we are not started yet */
void lab_start(struct lab *lab);
struct lab *lab_ready(void);		/* both */
void lab_free(struct lab *lab);
void lab_restart(struct lab *lab, size_t i);	/* far[i]; its disk stays */
bool lab_reconfigure(struct lab *lab);

/* Everything that is owed, into sent[], asked[], streams[] and closed[]. */
void lab_poll(struct lab *lab, struct place *place);
/* n datagrams in one burst, n <= BURST_MAX, as if from mail->from, each in memory that ends with it. */
void lab_receive(struct lab *lab, struct place *to, const struct mail *mail, size_t n);
/* The same, then lab_poll(). */
void lab_feed_burst(struct lab *lab, struct place *to, const struct mail *mail, size_t n);
void lab_feed(struct lab *lab, struct place *to, const struct mail *mail);
/* Until nobody has anything to say: each datagram to who is at its address. */
void lab_exchange(struct lab *lab);
/* Time passes from deadline to deadline; nothing is delivered. */
void lab_pass(struct lab *lab, msec duration);
/* sent[], got[], asked[], streams[] and closed[] of all are empty again. */
void lab_forget(struct lab *lab);

/* A packet (IPv4 or IPv6, protocol 253 (RFC 3692), bytes that count up) in buffer i. */
struct packet lab_packet(struct lab *lab, size_t i, const struct ip *from, const struct ip *to,
			 size_t len);
void lab_send(struct lab *lab, struct place *place, struct packet *packets, size_t n);
/* One packet from host to host, `len` bytes long. */
void lab_say(struct lab *lab, struct place *from, const struct place *to, size_t len);
/* far[i] shakes hands with us, and nothing of it is left in sent[] or got[]. */
void lab_connect(struct lab *lab, size_t i);
/* Bytes of any kind, sealed by far[i] without padding; nothing is sent. */
struct mail lab_seal(struct lab *lab, size_t i, const void *plain, size_t len);
/* An initiation of far[i]; nothing else is sent. */
struct mail lab_initiation(struct lab *lab, size_t i);
/* Bytes from nowhere. */
struct mail lab_stray(const void *bytes, size_t len);
/* Fill in mac1 as a message to `place` must have it. */
void lab_sign(const struct place *place, struct mail *mail);

uint64_t lab_count(const struct lab *lab, enum node_counter counter);	/* ours */
/* Every counter of ours is 0 but this one, which is n. */
void lab_assert_only(const struct lab *lab, enum node_counter counter, uint64_t n);
struct peer_status lab_status(const struct lab *lab, size_t i);
bool lab_is_at(const struct lab *lab, size_t i, const struct endpoint *at);	/* as we believe */
struct peer *lab_peer(const struct lab *lab, size_t i);	/* our peer far[i] */

#endif
