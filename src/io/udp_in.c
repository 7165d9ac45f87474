/* udp_in.c -- what comes in: messages of one datagram or many, cut up where they lie.
 *
 *   recvmmsg --> message --> address, pktinfo, TOS, UDP_GRO --> struct datagram, one or many
 *                   \-- the next message, when this one is used up; then the next call
 *
 * Any message may be as long as 64 KB, so each has a slot of that size, of which only what
 * was written has memory. How many are asked for follows from what came last: a few long
 * ones fill as many bytes as many short ones.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "io/slots.h"
#include "io/udp_impl.h"

enum {
	MESSAGE_MAX = 65536,		/* bytes: more than any has */
	WANTED_MIN = 4,
	WANTED_BYTES = 256 << 10,	/* of one call: what a cache holds */
	WANTED_DATAGRAMS = 4 * BURST_MAX,
	TOUCHED_MAX = 1 << 20,
};

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

int udp_in_init(struct udp_in *in)
{
	in->slots = slots_new();
	if (!in->slots)
		return -ENOMEM;
	for (size_t i = 0; i < BURST_MAX; i++)
		udp_message_to_fill(&in->messages[i], &in->parts[i], in->slots + i * PACKET_SLOT,
				    MESSAGE_MAX);
	in->wanted = BURST_MAX;
	return 0;
}

void udp_in_deinit(struct udp_in *in)
{
	slots_free(in->slots);
}

/* -- reading --------------------------------------------------------------- */

/* If the next messages are like the last, they shall be as many as fill a call. A full call
 * of short ones doubles them: it may be that long ones follow. */
static void choose_wanted(struct udp_in *in)
{
	size_t most = in->got == in->wanted ? min_size(2 * in->wanted, BURST_MAX) : in->wanted;

	if (in->longest)
		most = min_size(most, min_size(WANTED_BYTES / in->longest,
					       WANTED_DATAGRAMS / in->most));
	in->wanted = most < WANTED_MIN ? WANTED_MIN : most;
}

static void give_memory_back(struct udp_in *in)
{
	slots_release(in->slots);
	memset(in->touched, 0, sizeof(in->touched));
	in->touched_all = 0;
}

static void prepare(struct udp_in *in)
{
	for (size_t i = 0; i < in->got; i++)
		udp_message_refill(&in->messages[i]);
	if (in->got)
		choose_wanted(in);
	if (in->touched_all > TOUCHED_MAX)
		give_memory_back(in);
	in->got = in->at = in->longest = in->most = 0;
}

static void read_messages(struct udp_in *in, int fd, uint16_t via)
{
	int got;

	prepare(in);
	do {
		got = recvmmsg(fd, in->messages, (unsigned)in->wanted, 0, NULL);
	} while (got < 0 && errno == EINTR);
	in->via = via;
	if (got < 0) {
		/* Anything else is news of a datagram sent before (ECONNREFUSED): read on. */
		in->more = errno != EAGAIN;
		return;
	}
	in->got = (size_t)got;
	in->more = in->got == in->wanted;
}

/* -- cutting up ------------------------------------------------------------ */

static void touch(struct udp_in *in, size_t i, uint32_t len)
{
	if (len <= in->touched[i])
		return;
	in->touched_all += len - in->touched[i];
	in->touched[i] = len;
}

static size_t datagrams_left(const struct udp_in *in)
{
	return (in->current.packet.len + in->segment - 1) / in->segment;
}

static void open_message(struct udp *udp, size_t i)
{
	struct udp_in *in = &udp->in;
	const struct mmsghdr *message = &in->messages[i];

	touch(in, i, message->msg_len);
	if (!udp_message_read(message, &in->parts[i], &in->current, &in->segment)) {
		in->current.packet.len = 0;
		udp->counters[UDP_TRUNCATED]++;
		return;
	}
	in->current.path.via = in->via;
	if (!in->current.packet.len)
		return;
	if (in->longest < in->current.packet.len)
		in->longest = in->current.packet.len;
	if (in->most < datagrams_left(in))
		in->most = datagrams_left(in);
	if (in->segment < in->current.packet.len)
		udp->counters[UDP_MERGED_IN] += datagrams_left(in);
}

/* False: there is none any more. */
static bool find_message(struct udp *udp)
{
	struct udp_in *in = &udp->in;

	while (!in->current.packet.len && in->at < in->got)
		open_message(udp, in->at++);
	return in->current.packet.len > 0;
}

/* Around each there is nothing but its neighbours. */
static size_t cut_up(struct udp_in *in, struct datagram *datagrams, size_t n)
{
	struct packet *rest = &in->current.packet;
	size_t i = 0;

	for (; i < n && rest->len; i++) {
		size_t len = min_size(rest->len, in->segment);

		datagrams[i] = in->current;
		datagrams[i].packet = packet_in(rest->data, len, 0, len);
		rest->data += len;
		rest->len -= len;
	}
	return i;
}

/* What came as one goes on as one, if it can: it may well become one packet again. */
static size_t take(struct udp *udp, struct datagram *datagrams, size_t n)
{
	struct udp_in *in = &udp->in;
	size_t taken = 0;

	while (taken < n && find_message(udp) && (!taken || datagrams_left(in) <= n - taken))
		taken += cut_up(in, datagrams + taken, n - taken);
	return taken;
}

/* -- from outside ---------------------------------------------------------- */

bool udp_holds(const struct udp *udp)
{
	return udp->in.current.packet.len || udp->in.at < udp->in.got;
}

void udp_rest(struct udp *udp)
{
	if (!udp_holds(udp))
		give_memory_back(&udp->in);
}

static size_t receive(struct udp *udp, int fd, uint16_t via, struct datagram *datagrams, size_t n,
		      bool *more)
{
	size_t taken;

	if (!udp_holds(udp))
		read_messages(&udp->in, fd, via);
	taken = take(udp, datagrams, n);
	*more = udp_holds(udp) || udp->in.more;
	return taken;
}

size_t udp_recv(struct udp *udp, enum ip_family family, struct datagram *datagrams, size_t n,
		bool *more)
{
	return receive(udp, udp_fd(udp, family), 0, datagrams, n, more);
}

size_t udp_recv_more(struct udp *udp, struct datagram *datagrams, size_t n, bool *more)
{
	struct epoll_event event = {0};

	if (!udp_holds(udp) && epoll_wait(udp->epoll, &event, 1, 0) <= 0) {
		*more = false;
		return 0;
	}
	return receive(udp, udp->more[event.data.u32], (uint16_t)event.data.u32, datagrams, n, more);
}
