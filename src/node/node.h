/* node.h -- the brain: peers, sessions, queues and whom a datagram is for.
 *
 *            TUN                                            network
 *   node_send   --> allowedips --> peer --> session_seal  -->  to_net
 *   to_tun     <--  allowedips <-- session_open <-- demux <--  node_receive
 *                        handshakes <-- demux                  node_poll --> datagram
 *
 * Pure: no socket, no clock, no thread. Bytes and the time go in, datagrams and
 * actions come out. Data are plain calls on bursts; all else is owed and
 * fetched by node_poll() after each input, until it says ACTION_NONE.
 *
 * It allocates when peers are configured, and later only on behalf of peers
 * that have proved who they are or of packets from the host itself (queues).
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "base/heap.h"
#include "base/packet.h"
#include "crypto/key.h"
#include "node/via.h"
#include "wg/messages.h"

struct node;

/* Which ways to a peer may be used. */
enum node_peer_path {
	PEER_PATH_AUTO,
	PEER_PATH_DIRECT_ONLY,
	PEER_PATH_RELAY_ONLY,		/* and the peer is told of no other */
};

/* Which cipher suites may be spoken to a peer. AES-256-GCM is possible only between two p2pnet
 * peers whose CPUs compute it (aead_has()); then it is the fastest by far. */
enum node_cipher {
	NODE_CIPHER_AUTO,		/* AES-256-GCM as soon as it is known that both have it */
	NODE_CIPHER_CHACHA20,		/* nothing else, as in plain WireGuard */
	NODE_CIPHER_AES256GCM,		/* nothing else */
};

struct node_peer_settings {
	const char *name;		/* for the log and for status */
	uint8_t public_key[KEY_LEN];
	uint8_t psk[KEY_LEN];		/* zeroes: none */
	const struct cidr *allowed_ips;
	size_t allowed_ips_len;
	const char *endpoint_host;	/* a name or an address; NULL: we wait for the peer to call */
	uint16_t endpoint_port;
	uint32_t keepalive;		/* msec; 0: off */
	enum node_peer_path path;
	enum node_cipher cipher;
};

enum { NODE_STUN_MAX = 8, NODE_HOST_MAX = 256 };	/* servers; bytes of a name with its NUL */

struct node_stun_server {
	const char *host;		/* a name or an address */
	uint16_t port;
};

enum { NODE_TURN_MAX = 4 };

/* Who may relay for us, and by what it is asked: turns.h. */
struct node_turn_server {
	const char *host;		/* a name or an address */
	uint16_t port;
	bool udp, tcp;
	bool tls;			/* and nothing else */
};

/* Where nodes meet that cannot call each other: rendezvous_links.h. */
struct node_rendezvous_settings {
	const char *name;
	const char *host;		/* a name or an address */
	uint16_t port;
	bool tls;			/* it is called over TLS; else by UDP */
	const char *ca_file;		/* the CAs that are trusted with that; NULL: the system's */
	uint8_t public_key[KEY_LEN];
	uint8_t psk[KEY_LEN];		/* zeroes: none */
};

enum { NODE_RENDEZVOUS_MAX = 8 };

/* Borrowed for the call: the node copies what it keeps. */
struct node_settings {
	uint8_t private_key[KEY_LEN];
	bool lan;			/* may ACTION_LAN carry signalling */
	uint32_t punch_rate;		/* datagrams per second to guess ports with (spray.h); 0: never */
	bool tcp;			/* where UDP leads nowhere: reach_tcp.h, transport.h */
	bool relay;			/* pass datagrams on between our peers (introduction.h), */
	uint32_t relay_rate;		/* so much, in Mbit/s; 0: no limit */
	const struct node_stun_server *stun;	/* who may be asked how we look, see survey.h */
	size_t stun_len;		/* at most NODE_STUN_MAX */
	const struct node_turn_server *turn;
	size_t turn_len;		/* <= NODE_TURN_MAX */
	const char *turn_user, *turn_password;	/* NULL: none */
	const char *turn_ca;		/* as in struct node_stream_target */
	bool turn_is_secret;		/* the password is a secret, which passwords for a day are made of */
	const struct cidr *addresses;	/* our own, for the source of ICMP errors */
	size_t addresses_len;
	uint16_t listen_port;		/* to know our own datagrams should they come back by the TUN */
	size_t mtu;
	const struct node_peer_settings *peers;
	size_t peers_len;
	const struct node_rendezvous_settings *rendezvous;
	size_t rendezvous_len;		/* <= NODE_RENDEZVOUS_MAX */
};

/* Clocks that must not go back (wg/tai64n.h, signal/stamp.h): each has a mark on disk. */
enum node_mark { MARK_HANDSHAKES, MARK_SIGNALS, NODE_MARKS };

/* `marks`: what ACTION_SAVE_MARK saved last, or zeroes. NULL: no memory, or a
 * key that cannot be; `error` says which. The rng must outlive the node. */
struct node *node_new(const struct node_settings *settings, struct rng *rng,
		      const uint64_t marks[static NODE_MARKS], msec now, char error[static 256]);
void node_free(struct node *node);

/* New settings. Peers that are in both keep their sessions, also while their
 * endpoint, psk or allowed IPs change. Private key, port and MTU must be the
 * same (false, with the error; nothing changed then). */
bool node_reconfigure(struct node *node, const struct node_settings *settings, msec now,
		      char error[static 256]);

/* The wall clock, told at each turn of the loop; nanoseconds since 1970. */
void node_set_wall(struct node *node, uint64_t wall_ns);

enum { NODE_LOCALS_MAX = 8 };

struct node_local_address {
	struct ip ip;
	uint32_t ifindex;
};

/* The addresses of this host, best first, at start and whenever they, or its routes, have
 * changed. */
void node_set_locals(struct node *node, const struct node_local_address *locals, size_t n,
		     msec now);

/* A port of the router that leads to our listen port, as PCP, NAT-PMP or UPnP made it: one of UDP,
 * one of TCP. */
struct node_mapped {
	struct endpoint external;	/* family IP_NONE: there is none any more */
	struct ip base;			/* our address that it leads to */
	bool is_public;			/* false: the router is behind a NAT itself */
	bool tcp;
};

void node_set_mapped(struct node *node, const struct node_mapped *mapped, msec now);
/* TCP is tried with a peer, or leads to one: a port for it is of use. As of the last poll. */
bool node_wants_tcp_map(const struct node *node);

/* This machine has slept: nothing that was known of the network is certain any more. */
void node_resumed(struct node *node, msec now);

/* The end is near: what servers hold for us is given back. Go on until node_is_over(), for a
 * second at most. */
void node_stop(struct node *node, msec now);
bool node_is_over(const struct node *node);

/* A datagram of the LAN's multicast group. */
void node_feed_lan(struct node *node, struct bytes datagram, uint32_t ifindex, msec now);

/* -- what outlives the process --------------------------------------------- */

/* Where the peers are, for ACTION_SAVE_PEERS and for a stop; in the form of node/cache.h, at
 * most node_known_size() bytes. */
size_t node_known_size(const struct node *node);
void node_known_write(struct node *node, struct writer *w, msec now);

/* What was written last, once, after node_new() and node_set_wall(): peers that were connected
 * then are looked for. False: it is damaged, or of another version; nothing has changed. */
bool node_known_restore(struct node *node, struct bytes file, msec now);

/* -- data ---------------------------------------------------------------- */

/* What a burst led to. The packets are views of the buffers that came in. */
struct node_out {
	size_t to_net_len, to_tun_len;
	bool by_relay;			/* some of to_net, by node_send() */
	struct datagram to_net[BURST_MAX];
	struct packet to_tun[BURST_MAX];
};

/* Packets from the TUN device, n <= BURST_MAX, each with HEADROOM and TAILROOM. Sealed in
 * place into out->to_net; copied into a peer's queue if there is no key yet; turned into an
 * ICMP error in out->to_tun if there is no way. */
void node_send(struct node *node, struct packet *packets, size_t n, struct node_out *out, msec now);

/* Datagrams from the network, n <= BURST_MAX. Opened in place into out->to_tun.
 * Handshakes are worked off here and answered by node_poll(). */
void node_receive(struct node *node, struct datagram *datagrams, size_t n, struct node_out *out,
		  msec now);

/* A datagram could not leave from path->local (the address is gone from this host). */
void node_source_gone(struct node *node, const struct path *path);

/* -- control ------------------------------------------------------------- */

enum action_kind {
	ACTION_NONE,
	ACTION_SEND,		/* action.datagram; its bytes live until the next call on the node */
	ACTION_SAVE_MARK,	/* action.mark of action.which must be on disk before the next poll */
	ACTION_SAVE_PEERS,	/* what node_known_write() says is to be kept */
	ACTION_LAN,		/* action.bytes to the LAN's multicast group; live as a datagram's do */
	ACTION_RESOLVE,		/* action.host, port: answer with node_resolved() */
	ACTION_OPEN_SOCKET,	/* another UDP socket, of action.family, any port, by the number
				   action.via: answer with node_socket_opened() */
	ACTION_CLOSE_SOCKET,	/* the one by the number action.via */
	ACTION_OPEN_STREAM,	/* a connection to action.target, by the number action.via: answer with
				   node_stream_opened() or node_stream_closed() */
	ACTION_CLOSE_STREAM,	/* the one by the number action.via; no answer */
};

/* How datagrams stand in a stream. */
enum node_framing {
	FRAMING_RFC4571,	/* two bytes of length before each */
	FRAMING_TURN,		/* STUN messages and padded ChannelData, RFC 8656 section 12.5 */
};

struct node_stream_target {
	const char *host;	/* a name or an address; the server proves it if it is TLS */
	uint16_t port;
	bool tls;
	const char *ca_file;	/* the CAs that are trusted with TLS; NULL: the system's */
	bool from_listen_port;	/* leaves from there, so that a NAT shows it as it shows VIA_TCP */
	enum node_framing framing;
};

/* Why a stream ended, or never was. */
enum node_stream_end {
	STREAM_ENDED,		/* the other side closed it, or the network did */
	STREAM_NO_ADDRESS,	/* the name is not known */
	STREAM_UNREACHABLE,
	STREAM_REFUSED,
	STREAM_TIMED_OUT,
	STREAM_PROXY_REFUSED,
	STREAM_BAD_CERTIFICATE,	/* of somebody else, run out, or by nobody whom we trust */
	STREAM_BAD_TLS,		/* no TLS is spoken there */
	STREAM_BAD_FRAME,	/* what came is none */
	NODE_STREAM_ENDS,
};

const char *node_stream_end_name(enum node_stream_end why);	/* lower_snake */
const char *node_stream_end_text(enum node_stream_end why);	/* what is wrong, for people */

struct action {
	enum action_kind kind;
	struct datagram datagram;
	struct bytes bytes;
	enum node_mark which;
	uint64_t mark;
	const char *host;	/* borrowed until the next reconfigure */
	uint16_t port;
	uint16_t via;
	enum ip_family family;
	struct node_stream_target target;
};

enum action_kind node_poll(struct node *node, struct action *action, msec now);

/* The addresses of a name, best first, each with that port; n = 0: it has none or nobody
 * answered. For all who asked for it, whoever they are. */
void node_resolved(struct node *node, const char *host, uint16_t port,
		   const struct endpoint *endpoints, size_t n, msec now);

/* The port of that socket; 0: it could not be opened. */
void node_socket_opened(struct node *node, uint16_t via, uint16_t port);

/* path->via is its number, path->remote whom it is connected with: the server, or the proxy;
 * path->local our address, if it is from the listen port. */
void node_stream_opened(struct node *node, const struct path *path, msec now);
void node_stream_closed(struct node *node, uint16_t via, enum node_stream_end why, msec now);

void node_tick(struct node *node, msec now);
msec node_due(const struct node *node);	/* when to tick next, NEVER if nothing is planned */

/* Start a handshake with each peer that has an endpoint and no session. */
void node_connect_all(struct node *node, msec now);

#endif
