/* lan.c -- one multicast socket per family, joined by every LAN.
 *
 *   lan_rejoin   links_list --> one way out per interface and family --> join, leave
 *   lan_send     each way: the group, by that interface, from its address
 *   on_readable  to the group? not too long? from that LAN? --> received()
 */
#include "io/lan.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "io/links.h"
#include "io/udp_message.h"

/* Since Linux 4.20; headers of the C library may not have it. */
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

enum {
	ERROR_TEXT = 512,
	ADDRESSES_MAX = 128,	/* of the host; those beyond are not heard from */
	READS_MAX = 16,		/* then let others have their turn */
};

/* One family. */
struct side {
	struct lan *lan;
	enum ip_family family;
	int fd;			/* -1: this host lacks the family */
	bool polled;		/* the loop has the handle */
	uv_poll_t poll;
	struct ip group;
	struct path ways[LAN_LINKS_MAX];	/* to the group; each interface once, and joined */
	size_t ways_len;
};

struct lan {
	struct side sides[2];
	unsigned handles;	/* that the loop still has */
	uint32_t own;
	lan_received_fn *received;
	void *context;
	struct local_address addresses[ADDRESSES_MAX];	/* of LANs, of both families */
	size_t addresses_len;
	uint64_t counters[LAN_COUNTERS];
};

static const char *const counter_names[LAN_COUNTERS] = {
	[LAN_TOO_LONG] = "lan_too_long",
	[LAN_NOT_TO_GROUP] = "lan_not_to_group",
	[LAN_OFF_LINK] = "lan_off_link",
	[LAN_SEND_FAILED] = "lan_send_failed",
};

const char *lan_counter_name(enum lan_counter counter)
{
	return counter_names[counter];
}

uint64_t lan_counter(const struct lan *lan, enum lan_counter counter)
{
	return lan->counters[counter];
}

/* -- the sockets --------------------------------------------------------- */

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

struct option {
	int level, name, value;
};

/* SO_REUSEADDR alone: with it Linux gives each multicast datagram to all who share the port,
 * whoever they run as. MULTICAST_ALL = 0: only by interfaces that we have joined. */
static const struct option options4[] = {
	{SOL_SOCKET, SO_REUSEADDR, 1},	   {IPPROTO_IP, IP_PKTINFO, 1},
	{IPPROTO_IP, IP_MULTICAST_TTL, 1}, {IPPROTO_IP, IP_MULTICAST_LOOP, 1},
	{IPPROTO_IP, IP_MULTICAST_ALL, 0}, {0},
};

static const struct option options6[] = {
	{SOL_SOCKET, SO_REUSEADDR, 1},		{IPPROTO_IPV6, IPV6_V6ONLY, 1},
	{IPPROTO_IPV6, IPV6_RECVPKTINFO, 1},	{IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1},
	{IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1}, {IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0}, {0},
};

static int set_options(int fd, enum ip_family family, uint32_t mark)
{
	const struct option *o = family == IP_V4 ? options4 : options6;
	int err = 0;

	if (mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0)
		return -errno;
	for (; o->name && !err; o++)
		err = set_int(fd, o->level, o->name, o->value);
	return err;
}

/* IPv4 is bound to the group and hears nothing that was sent to this host alone. In IPv6 a group
 * of the link could be bound to on one link only: there we look (is_to_group). */
static int bind_side(int fd, const struct side *side)
{
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(LAN_PORT)};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(LAN_PORT)};
	int failed;

	memcpy(&a4.sin_addr, side->group.bytes, sizeof(a4.sin_addr));
	failed = side->family == IP_V4 ? bind(fd, (struct sockaddr *)&a4, sizeof(a4))
				       : bind(fd, (struct sockaddr *)&a6, sizeof(a6));
	return failed ? -errno : 0;
}

/* A kernel without the family, or with IPv6 switched off by ipv6.disable. */
static bool lacks_family(int err)
{
	return err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL || err == -EPROTONOSUPPORT;
}

/* side->fd stays -1 if this host lacks the family. */
static int open_socket(struct side *side, uint32_t mark)
{
	int domain = side->family == IP_V4 ? AF_INET : AF_INET6;
	int fd = socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	int err = fd < 0 ? -errno : set_options(fd, side->family, mark);

	if (!err)
		err = bind_side(fd, side);
	if (!err)
		side->fd = fd;
	else if (fd >= 0)
		close(fd);
	return lacks_family(err) ? 0 : err;
}

/* -- joining ------------------------------------------------------------- */

static int set_membership(const struct side *side, uint32_t ifindex, bool join)
{
	struct ip_mreqn m4 = {.imr_ifindex = (int)ifindex};
	struct ipv6_mreq m6 = {.ipv6mr_interface = ifindex};
	int failed;

	memcpy(&m4.imr_multiaddr, side->group.bytes, sizeof(m4.imr_multiaddr));
	memcpy(&m6.ipv6mr_multiaddr, side->group.bytes, sizeof(m6.ipv6mr_multiaddr));
	failed = side->family == IP_V4
			 ? setsockopt(side->fd, IPPROTO_IP,
				      join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &m4, sizeof(m4))
			 : setsockopt(side->fd, IPPROTO_IPV6,
				      join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &m6, sizeof(m6));
	return failed ? -errno : 0;
}

static bool has_way(const struct path *ways, size_t len, uint32_t ifindex)
{
	for (size_t i = 0; i < len; i++) {
		if (ways[i].ifindex == ifindex)
			return true;
	}
	return false;
}

/* What goes to a group of the link comes from an address of the link in IPv6 (RFC 6724 section 5,
 * rule 2); in IPv4 the first one of the interface will do. */
static bool may_send_from(const struct side *side, const struct local_address *address)
{
	return address->ip.family == side->family &&
	       (side->family == IP_V4 || ip_is_link_local(&address->ip));
}

/* How many ways there should be now. */
static size_t plan_ways(const struct side *side, struct path ways[static LAN_LINKS_MAX])
{
	const struct lan *lan = side->lan;
	size_t len = 0;

	for (size_t i = 0; i < lan->addresses_len && len < LAN_LINKS_MAX; i++) {
		const struct local_address *address = &lan->addresses[i];

		if (!may_send_from(side, address) || has_way(ways, len, address->ifindex))
			continue;
		ways[len++] = (struct path){
			.remote = {
				.ip = side->group,
				.port = LAN_PORT,
				.scope = side->family == IP_V6 ? address->ifindex : 0,
			},
			.local = address->ip,
			.ifindex = address->ifindex,
		};
	}
	return len;
}

static void leave_others(struct side *side, const struct path *ways, size_t len)
{
	for (size_t i = 0; i < side->ways_len; i++) {
		uint32_t ifindex = side->ways[i].ifindex;

		if (!has_way(ways, len, ifindex)) {
			set_membership(side, ifindex, false);	/* it may be gone altogether */
			log_debug("lan: left interface %u, IPv%u", (unsigned)ifindex, side->family);
		}
	}
}

/* True: it is joined, whether by now or before. */
static bool join(const struct side *side, uint32_t ifindex)
{
	int err;

	if (has_way(side->ways, side->ways_len, ifindex))
		return true;
	err = set_membership(side, ifindex, true);
	log_debug("lan: interface %u, IPv%u: %s", (unsigned)ifindex, side->family,
		  err ? strerror(-err) : "joined");
	return !err;
}

/* The old ways are left first: the kernel allows only so many. */
static void change_ways(struct side *side)
{
	struct path ways[LAN_LINKS_MAX];
	size_t len = plan_ways(side, ways);
	size_t joined = 0;

	if (side->fd < 0)
		return;
	leave_others(side, ways, len);
	for (size_t i = 0; i < len; i++) {
		if (join(side, ways[i].ifindex))
			ways[joined++] = ways[i];
	}
	memcpy(side->ways, ways, joined * sizeof(*ways));
	side->ways_len = joined;
}

int lan_rejoin(struct lan *lan)
{
	struct local_address addresses[ADDRESSES_MAX];
	int n = links_list(addresses, ADDRESSES_MAX, lan->own);

	if (n < 0)
		return n;
	lan->addresses_len = 0;
	for (int i = 0; i < n; i++) {
		if (addresses[i].is_lan)
			lan->addresses[lan->addresses_len++] = addresses[i];
	}
	change_ways(&lan->sides[0]);
	change_ways(&lan->sides[1]);
	return 0;
}

/* -- out ----------------------------------------------------------------- */

static bool send_by(struct side *side, struct bytes datagram, const struct path *way)
{
	struct datagram out = {.path = *way};
	struct iovec data = {(uint8_t *)datagram.data, datagram.len};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	struct udp_message parts;
	ssize_t n;

	udp_message_to_send(&message, &parts, &out, 0);
	do {
		n = sendmsg(side->fd, &message, 0);
	} while (n < 0 && errno == EINTR);
	side->lan->counters[LAN_SEND_FAILED] += n < 0;
	return n >= 0;
}

size_t lan_send(struct lan *lan, struct bytes datagram)
{
	size_t sent = 0;

	if (datagram.len > LAN_DATAGRAM_MAX)
		return 0;
	for (size_t s = 0; s < 2; s++) {
		struct side *side = &lan->sides[s];

		for (size_t i = 0; i < side->ways_len; i++)
			sent += send_by(side, datagram, &side->ways[i]);
	}
	return sent;
}

/* -- in ------------------------------------------------------------------ */

/* In IPv6 the local address of what came in is that which it was sent to (RFC 3542 section 6.2). */
static bool is_to_group(const struct side *side, const struct path *path)
{
	return side->family == IP_V4 || ip_equal(&path->local, &side->group);
}

static bool is_on_link(const struct lan *lan, const struct path *path)
{
	for (size_t i = 0; i < lan->addresses_len; i++) {
		const struct local_address *address = &lan->addresses[i];

		if (address->ifindex == path->ifindex &&
		    cidr_contains(&address->on_link, &path->remote.ip))
			return true;
	}
	return false;
}

static void take(struct side *side, const struct datagram *d)
{
	struct lan *lan = side->lan;

	if (!is_to_group(side, &d->path))
		lan->counters[LAN_NOT_TO_GROUP]++;
	else if (!is_on_link(lan, &d->path))
		lan->counters[LAN_OFF_LINK]++;
	else
		lan->received(lan->context, packet_bytes(&d->packet), &d->path.remote,
			      d->path.ifindex);
}

/* False: there is no more. */
static bool receive_one(struct side *side)
{
	uint8_t buffer[LAN_DATAGRAM_MAX];
	struct udp_message parts;
	struct mmsghdr message;
	struct datagram d;
	size_t segment;
	ssize_t n;

	udp_message_to_fill(&message, &parts, buffer, sizeof(buffer));
	n = recvmsg(side->fd, &message.msg_hdr, 0);
	if (n < 0)
		return errno == EINTR;
	message.msg_len = (unsigned)n;
	if (udp_message_read(&message, &parts, &d, &segment))
		take(side, &d);
	else
		side->lan->counters[LAN_TOO_LONG]++;
	return true;
}

/* As for any UDP socket, an error is no reason to stop, and libuv does stop then. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct side *side = poll->data;
	socklen_t len = sizeof(status);

	(void)events;
	if (status < 0) {
		getsockopt(side->fd, SOL_SOCKET, SO_ERROR, &status, &len);
		uv_poll_start(poll, UV_READABLE, on_readable);
	}
	for (unsigned i = 0; i < READS_MAX && receive_one(side); i++)
		;
}

/* -- opening and closing ------------------------------------------------- */

static int open_side(struct side *side, uv_loop_t *loop, uint32_t mark)
{
	int err = open_socket(side, mark);

	if (err || side->fd < 0)
		return err;
	err = uv_poll_init(loop, &side->poll, side->fd);
	if (err)
		return err;
	side->polled = true;
	side->poll.data = side;
	side->lan->handles++;
	return uv_poll_start(&side->poll, UV_READABLE, on_readable);
}

static int open_all(struct lan *lan, uv_loop_t *loop, uint32_t mark)
{
	int err = open_side(&lan->sides[0], loop, mark);

	if (!err)
		err = open_side(&lan->sides[1], loop, mark);
	if (!err && lan->sides[0].fd < 0 && lan->sides[1].fd < 0)
		err = -EAFNOSUPPORT;
	if (!err)
		err = lan_rejoin(lan);
	return err;
}

static struct lan *new_lan(const struct lan_settings *settings)
{
	static const char *const groups[] = {LAN_GROUP4, LAN_GROUP6};
	struct lan *lan = calloc(1, sizeof(*lan));

	if (!lan)
		return NULL;
	lan->own = settings->own;
	lan->received = settings->received;
	lan->context = settings->context;
	for (size_t i = 0; i < 2; i++) {
		struct side *side = &lan->sides[i];

		side->lan = lan;
		side->fd = -1;
		ip_parse(&side->group, groups[i]);
		side->family = side->group.family;
	}
	return lan;
}

static void say_why(int err, char error[static ERROR_TEXT])
{
	if (err == -EADDRINUSE)
		snprintf(error, ERROR_TEXT,
			 "UDP port %d, for finding peers on the LAN, is taken by a program that "
			 "does not share it",
			 LAN_PORT);
	else
		snprintf(error, ERROR_TEXT, "cannot listen to the LAN (UDP port %d): %s", LAN_PORT,
			 strerror(-err));
}

int lan_open(struct lan **out, uv_loop_t *loop, const struct lan_settings *settings,
	     char error[static ERROR_TEXT])
{
	struct lan *lan = new_lan(settings);
	int err = lan ? open_all(lan, loop, settings->mark) : -ENOMEM;

	if (err) {
		say_why(err, error);
		lan_close(lan);
		return err;
	}
	*out = lan;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct side *side = handle->data;
	struct lan *lan = side->lan;

	if (--lan->handles == 0)
		free(lan);
}

static void close_side(struct side *side)
{
	if (side->polled)
		uv_close((uv_handle_t *)&side->poll, on_closed);
	if (side->fd >= 0)
		close(side->fd);
	side->fd = -1;		/* whoever is reading notices */
	side->ways_len = 0;
}

void lan_close(struct lan *lan)
{
	if (!lan)
		return;
	close_side(&lan->sides[0]);
	close_side(&lan->sides[1]);
	if (lan->handles == 0)
		free(lan);
}
