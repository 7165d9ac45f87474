/* udp_out.c -- what goes out: datagrams of one path and length together, by one call.
 *
 *   burst   A1 B1 A2 A3 B2 A4          all of one length but A4, which is shorter
 *   runs    A1 A2 A3 A4, B1 B2         none overtakes another of its path
 *     --> message (UDP_SEGMENT, an iovec for each) --> sendmmsg
 *                                                        |
 *     refused as one: send them one by one, and the next ones to there as well;
 *     refused: send it without its source, or drop it; then go on with the next one
 *
 * Merges are refused where a segment does not fit the path's MTU (EINVAL, EMSGSIZE since Linux
 * 6.14), for alone it may be fragmented, and by a way that cannot segment: IPsec, or, before
 * Linux 6.11, a device that computes no checksums (EIO).
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/offload.h"
#include "io/udp_impl.h"

enum {
	SEGMENTS_MAX = 64,		/* UDP_MAX_SEGMENTS; 128 since Linux 6.6 */
	BYTES_MAX = 65400,		/* of one message: with all headers below 65536, of Ethernet as well,
					   or the kernel cuts it up itself */
	LOOK_BACK = 8,			/* runs among which a datagram's path is looked for */
	REFUSED_FOR = 1 << 14,		/* datagrams */
};

/* The 1st, 2nd, 4th, 8th ... time: a dead link must not fill the log. */
static void count(struct udp *udp, enum udp_counter counter, const struct udp_run *run, int err)
{
	uint64_t before = udp->counters[counter], times = before + run->count;
	char text[ENDPOINT_TEXT];

	udp->counters[counter] = times;
	if ((before ^ times) > before)	/* times has a bit above those of before */
		log_debug("to %s: %s (%" PRIu64 " times)",
			  endpoint_format(text, &run->like->path.remote), strerror(err), times);
}

/* -- merges that were refused ---------------------------------------------- */

static struct udp_refusal *find_refusal(struct udp_out *out, const struct ip *to)
{
	for (size_t i = 0; i < UDP_REFUSALS; i++)
		if (out->refusals[i].left && ip_equal(&out->refusals[i].to, to))
			return &out->refusals[i];
	return NULL;
}

static struct udp_refusal *new_refusal(struct udp_out *out)
{
	struct udp_refusal *refusal = &out->refusals[out->next_refusal++ % UDP_REFUSALS];

	out->refused += refusal->left == 0;
	return refusal;
}

static void remember_refusal(struct udp_out *out, const struct udp_run *run, int err)
{
	const struct ip *to = &run->like->path.remote.ip;
	struct udp_refusal *refusal = find_refusal(out, to);

	if (!refusal)
		refusal = new_refusal(out);
	*refusal = (struct udp_refusal){
		.to = *to,
		.segment = err == EIO ? 0 : run->like->packet.len,
		.left = REFUSED_FOR,
	};
}

/* Each time that it matters it wears off a little. */
static bool was_refused(struct udp_out *out, const struct datagram *d)
{
	struct udp_refusal *refusal = out->refused ? find_refusal(out, &d->path.remote.ip) : NULL;

	if (!refusal || d->packet.len < refusal->segment)
		return false;
	out->refused -= --refusal->left == 0;
	return true;
}

/* -- runs ------------------------------------------------------------------ */

/* -1: there is none. */
static int fd_for(const struct udp *udp, const struct path *path)
{
	if (path->via)
		return udp->more[path->via] ? udp->more[path->via] : -1;
	return udp_fd(udp, path->remote.ip.family);
}

static void begin_run(struct udp *udp, struct udp_run *run, const struct datagram *d)
{
	*run = (struct udp_run){
		.like = d,
		.fd = fd_for(udp, &d->path),
		.count = 1,
		.bytes = d->packet.len,
		.is_full = !(udp->offloads & OFFLOAD_UDP_GSO) || !d->packet.len ||
			   was_refused(&udp->out, d),
	};
}

/* The first one sets the length; a shorter one is the last. */
static bool join_run(struct udp_run *run, const struct datagram *d)
{
	size_t segment = run->like->packet.len, len = d->packet.len;

	if (run->is_full || !len || len > segment || run->bytes + len > BYTES_MAX ||
	    d->ecn != run->like->ecn || d->dscp != run->like->dscp)
		return false;
	run->bytes += len;
	run->is_full = ++run->count == SEGMENTS_MAX || len < segment;
	return true;
}

/* The last one of this path, if it is not long ago. */
static struct udp_run *find_run(struct udp_run *runs, size_t len, const struct path *path)
{
	for (size_t i = len; i > 0 && len - i < LOOK_BACK; i--)
		if (path_equal(&runs[i - 1].like->path, path))
			return &runs[i - 1];
	return NULL;
}

static size_t make_runs(struct udp *udp, const struct datagram *datagrams, size_t n)
{
	struct udp_out *out = &udp->out;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		struct udp_run *run = find_run(out->runs, len, &datagrams[i].path);

		if (!run || !join_run(run, &datagrams[i])) {
			run = &out->runs[len++];
			begin_run(udp, run, &datagrams[i]);
		}
		out->run_of[i] = (uint16_t)(run - out->runs);
	}
	return len;
}

/* Each run's data side by side. */
static void lay_out(struct udp_out *out, size_t runs, const struct datagram *datagrams, size_t n)
{
	uint16_t next[BURST_MAX], at = 0;

	for (size_t i = 0; i < runs; i++) {
		out->runs[i].first = next[i] = at;
		at += out->runs[i].count;
	}
	for (size_t i = 0; i < n; i++)
		out->iov[next[out->run_of[i]]++] =
			(struct iovec){datagrams[i].packet.data, datagrams[i].packet.len};
}

static uint16_t segment_of(const struct udp_run *run)
{
	return run->count > 1 ? (uint16_t)run->like->packet.len : 0;
}

static void write_messages(struct udp_out *out, size_t runs)
{
	for (size_t i = 0; i < runs; i++) {
		const struct udp_run *run = &out->runs[i];
		struct msghdr *hdr = &out->messages[i].msg_hdr;

		udp_message_to_send(hdr, &out->parts[i], run->like, segment_of(run));
		hdr->msg_iov = &out->iov[run->first];
		hdr->msg_iovlen = run->count;
	}
}

/* -- errors ---------------------------------------------------------------- */

/* Errors that may come from the source address or interface that was asked for. */
static bool may_blame_source(int err)
{
	switch (err) {
	case EINVAL:		/* not an address of this host */
	case EADDRNOTAVAIL:
	case ENODEV:
	case ENXIO:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTUNREACH:
		return true;
	}
	return false;
}

static bool may_blame_merging(const struct udp_run *run, int err)
{
	return run->count > 1 && (err == EINVAL || err == EMSGSIZE || err == EIO);
}

static enum udp_counter counter_of(int err)
{
	switch (err) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		return UDP_NO_ROOM;
	case EPERM:
	case EACCES:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
		return UDP_UNREACHABLE;
	case EMSGSIZE:
		return UDP_TOO_BIG;
	}
	return UDP_SEND_FAILED;
}

/* -- sending --------------------------------------------------------------- */

/* 0 or the errno. */
static int send_without_source(const struct udp_out *out, size_t i)
{
	struct msghdr hdr = out->messages[i].msg_hdr;
	struct udp_message parts;
	ssize_t n;

	udp_message_drop_source(&hdr, &parts, out->runs[i].like, segment_of(&out->runs[i]));
	do {
		n = sendmsg(out->runs[i].fd, &hdr, 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? errno : 0;
}

static size_t send_messages(struct udp *udp, size_t first, size_t n);

/* What was refused as one is sent one by one. If that works, merging was to blame. */
static void split(struct udp *udp, size_t i, int err)
{
	struct udp_out *out = &udp->out;
	struct udp_run single = out->runs[i];

	single.count = 1;
	for (size_t k = 0; k < out->runs[i].count; k++) {
		out->runs[BURST_MAX + k] = single;
		out->messages[BURST_MAX + k].msg_hdr =
			udp_message_single(&out->messages[i].msg_hdr, k);
	}
	if (send_messages(udp, BURST_MAX, out->runs[i].count) == 0)
		return;
	remember_refusal(out, &out->runs[i], err);
	count(udp, UDP_SPLIT, &out->runs[i], err);
}

/* A message was refused: once more without its source, if that may be why; then, if it is one
 * of many, one by one. */
static void handle_refused(struct udp *udp, size_t i, int err)
{
	const struct udp_run *run = &udp->out.runs[i];
	const struct path *path = &run->like->path;
	bool blamed = path->local.family != IP_NONE && may_blame_source(err);

	if (blamed)
		err = send_without_source(&udp->out, i);
	if (may_blame_merging(run, err)) {
		split(udp, i, err);	/* and each is looked at by itself */
		return;
	}
	if (err)
		count(udp, counter_of(err), run, err);
	if (blamed) {
		count(udp, UDP_SOURCE_GONE, run, EADDRNOTAVAIL);
		udp->source_gone(udp->context, path);
	}
}

static void count_taken(struct udp *udp, const struct udp_run *runs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (runs[i].count > 1)
			udp->counters[UDP_MERGED_OUT] += runs[i].count;
}

/* All by one socket. How many the kernel took at the first try. */
static size_t send_messages(struct udp *udp, size_t first, size_t n)
{
	struct udp_out *out = &udp->out;
	size_t at = first, end = first + n, taken = 0;

	while (at < end) {
		int sent = sendmmsg(out->runs[at].fd, out->messages + at, (unsigned)(end - at), 0);
		int err = errno;

		if (sent > 0) {
			count_taken(udp, out->runs + at, (size_t)sent);
			at += (size_t)sent;
			taken += (size_t)sent;
		} else if (err == EAGAIN) {
			/* Full: the rest of the burst would not fit either. */
			for (; at < end; at++)
				count(udp, UDP_NO_ROOM, &out->runs[at], err);
		} else if (err != EINTR) {
			handle_refused(udp, at++, err);
		}
	}
	return taken;
}

void udp_send(struct udp *udp, const struct datagram *datagrams, size_t n)
{
	const struct udp_run *runs = udp->out.runs;
	size_t total = make_runs(udp, datagrams, n);

	lay_out(&udp->out, total, datagrams, n);
	write_messages(&udp->out, total);
	for (size_t i = 0, len; i < total; i += len) {
		len = 1;
		while (i + len < total && runs[i + len].fd == runs[i].fd)
			len++;
		if (runs[i].fd >= 0)
			send_messages(udp, i, len);
		else
			for (size_t k = i; k < i + len; k++)
				count(udp, UDP_NO_SOCKET, &runs[k], EAFNOSUPPORT);
	}
}
