/* flood.c -- how many datagrams a tunnel carries: a socket in each of two network namespaces.
 *
 *	flood FROM TO ADDRESS MSEC SIZE [gso|free]
 *
 *	FROM: sender --sendmmsg--> tunnel --recvmmsg--> receiver :TO
 *	        ^                                          |
 *	        '------- what arrived, in memory ----------'
 *
 * The sender keeps a window of datagrams on the way. It opens by one each time it went round
 * and halves where a number is missing, as TCP's does (RFC 5681), so that each tunnel finds
 * the rate that it carries with next to no loss, and the rest of the machine is the tunnel's.
 * What arrived is told in memory and costs the tunnel nothing.
 *
 * With "gso" the sender gives the kernel runs of datagrams (UDP_SEGMENT), as QUIC's do: that
 * costs it less, and a tunnel may get them in one piece. With "free" there is no window: as many
 * are sent as one core can, most of them for nothing.
 *
 * Prints what arrived and what did not: "MBIT/S PACKETS/S LOST-PERCENT".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 5202, SMALLEST = 8, LARGEST = 1472, LONGEST = 3600000 };
enum { BURST = 32, WINDOW_MIN = 16, WINDOW_MAX = 512 };
enum { SLOW_START_BELOW = 128 /* where most tunnels are busy already */ };
enum { SOCKET_BUFFER = 16 << 20 };
enum { PATIENCE = 50 /* ms: then all that is on the way is lost */ };
enum { LAST_WAIT = 300 /* ms: nothing comes any more */ };

struct flood {
	int from, to, wake;		/* wake: an eventfd that the sender waits for */
	size_t size;
	uint64_t lasts_ns;
	bool free, gso;

	uint64_t sent;			/* the sender's until it has ended */
	_Atomic uint64_t next;		/* the highest number that arrived, plus one */
	_Atomic uint64_t arrived;	/* how many did */
	_Atomic uint64_t wake_at;	/* wake the sender when next is that; 0: it does not wait */
	uint64_t first_ns, last_ns;	/* when the first and the last arrived */
};

/* The sender's: RFC 5681, with a whole number of datagrams for each. */
struct window {
	double size;
	double slow_start_below;
	uint64_t seen;			/* next when it was looked at last */
	uint64_t lost;			/* of those below next */
	uint64_t recovered_at;		/* losses below that were already answered */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* -- sending ----------------------------------------------------------------- */

static void window_shrink(struct window *w, uint64_t sent)
{
	w->size = w->size / 2 < WINDOW_MIN ? WINDOW_MIN : w->size / 2;
	w->slow_start_below = w->size;
	w->recovered_at = sent;
}

static void window_update(struct window *w, struct flood *f)
{
	uint64_t arrived = atomic_load(&f->arrived), next = atomic_load(&f->next);
	uint64_t lost = next > arrived ? next - arrived : 0;

	if (lost > w->lost && next > w->recovered_at)
		window_shrink(w, f->sent);
	else if (next > w->seen)
		w->size += (double)(next - w->seen) / (w->size < w->slow_start_below ? 1 : w->size);
	if (w->size > WINDOW_MAX)
		w->size = WINDOW_MAX;
	w->lost = lost;
	if (next > w->seen)
		w->seen = next;
}

/* Until half a window has arrived, or nothing has for so long that it never will. */
static void wait_for_room(struct window *w, struct flood *f)
{
	struct pollfd fd = { .fd = f->wake, .events = POLLIN };
	uint64_t target = f->sent - (uint64_t)(w->size / 2), count;

	atomic_store(&f->wake_at, target);
	if (atomic_load(&f->next) >= target) {
		atomic_store(&f->wake_at, 0);
	} else if (poll(&fd, 1, PATIENCE)) {
		if (read(f->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
			die("eventfd");
	} else {
		w->seen = f->sent;
		window_shrink(w, f->sent);
	}
}

static unsigned room(struct window *w, struct flood *f)
{
	uint64_t on_the_way;

	if (f->free)
		return BURST;
	window_update(w, f);
	on_the_way = f->sent - w->seen;
	if (on_the_way >= (uint64_t)w->size)
		return 0;
	return w->size - (double)on_the_way < BURST ? (unsigned)(w->size - (double)on_the_way)
						    : BURST;
}

/* What is sent: each datagram begins with its number. */
static uint8_t bytes[BURST][LARGEST];

/* One by one, in one syscall: how many went. */
static int send_each(struct flood *f, unsigned n)
{
	struct mmsghdr messages[BURST];
	struct iovec parts[BURST];

	memset(messages, 0, sizeof(messages));
	for (unsigned i = 0; i < n; i++) {
		parts[i] = (struct iovec){ bytes[i], f->size };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	return sendmmsg(f->from, messages, n, 0);
}

/* As one message, which the kernel cuts up: all of them or none. */
static int send_run(struct flood *f, unsigned n)
{
	struct iovec parts[BURST];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = n };

	for (unsigned i = 0; i < n; i++)
		parts[i] = (struct iovec){ bytes[i], f->size };
	return sendmsg(f->from, &message, 0) < 0 ? -1 : (int)n;
}

static void send_burst(struct flood *f, unsigned n)
{
	int done;

	for (unsigned i = 0; i < n; i++) {
		uint64_t number = f->sent + i;

		memcpy(bytes[i], &number, sizeof(number));
	}
	done = f->gso ? send_run(f, n) : send_each(f, n);
	if (done > 0)
		f->sent += (uint64_t)done;
	else if (errno != ENOBUFS && errno != EAGAIN)
		die("send");
}

static void *sender(void *arg)
{
	struct flood *f = arg;
	struct window w = { .size = BURST, .slow_start_below = SLOW_START_BELOW };
	uint64_t end = now_ns() + f->lasts_ns;

	while (now_ns() < end) {
		unsigned n = room(&w, f);

		if (n)
			send_burst(f, n);
		else
			wait_for_room(&w, f);
	}
	return NULL;
}

/* -- receiving --------------------------------------------------------------- */

static void count_one(struct flood *f, const uint8_t *datagram)
{
	uint64_t number;

	memcpy(&number, datagram, sizeof(number));
	if (number >= atomic_load(&f->next))
		atomic_store(&f->next, number + 1);
	atomic_fetch_add(&f->arrived, 1);
}

static void wake_sender(struct flood *f)
{
	uint64_t target = atomic_load(&f->wake_at), one = 1;

	if (!target || atomic_load(&f->next) < target)
		return;
	atomic_store(&f->wake_at, 0);
	if (write(f->wake, &one, sizeof(one)) < 0)
		die("eventfd");
}

/* One burst; false if none came in time. */
static bool receive_burst(struct flood *f)
{
	static uint8_t received[BURST][LARGEST];
	struct mmsghdr messages[BURST];
	struct iovec parts[BURST];
	int n;

	memset(messages, 0, sizeof(messages));
	for (unsigned i = 0; i < BURST; i++) {
		parts[i] = (struct iovec){ received[i], LARGEST };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(f->to, messages, BURST, MSG_WAITFORONE, NULL);
	if (n < 0 && errno != EAGAIN)
		die("recvmmsg");
	if (n <= 0)
		return false;
	f->last_ns = now_ns();
	if (!f->first_ns)
		f->first_ns = f->last_ns;
	for (int i = 0; i < n; i++)
		if (messages[i].msg_len == f->size)
			count_one(f, received[i]);
	wake_sender(f);
	return true;
}

static void *receiver(void *arg)
{
	struct flood *f = arg;
	uint64_t end = now_ns() + f->lasts_ns;

	while (receive_burst(f) || now_ns() < end)
		;
	return NULL;
}

/* -- both -------------------------------------------------------------------- */

static void enter(const char *namespace)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", namespace);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

static int open_socket(void)
{
	struct timeval wait = { .tv_usec = LAST_WAIT * 1000 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = SOCKET_BUFFER;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		die("socket");
	return fd;
}

static void set_up(struct flood *f, char **argument)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int size, msec;

	if (!inet_aton(argument[3], &address.sin_addr))
		die(argument[3]);
	msec = atoi(argument[4]);
	f->size = (size_t)atoi(argument[5]);
	if (msec <= 0 || msec > LONGEST || f->size < SMALLEST || f->size > LARGEST) {
		fprintf(stderr, "flood: 1 to %d ms, %d to %d bytes\n", LONGEST, SMALLEST,
			LARGEST);
		exit(2);
	}
	f->lasts_ns = (uint64_t)msec * 1000000;
	size = (int)f->size;
	f->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (f->wake < 0)
		die("eventfd");
	enter(argument[2]);
	f->to = open_socket();
	if (bind(f->to, (struct sockaddr *)&address, sizeof(address)))
		die("bind");
	enter(argument[1]);
	f->from = open_socket();
	if (f->gso && setsockopt(f->from, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)))
		die("UDP_SEGMENT");
	if (connect(f->from, (struct sockaddr *)&address, sizeof(address)))
		die("connect");
}

static void print_result(const struct flood *f)
{
	double seconds = (double)(f->last_ns - f->first_ns) / 1e9;
	double rate = seconds > 0 ? (double)f->arrived / seconds : 0;

	printf("%.1f %.0f %.2f\n", rate * (double)f->size * 8 / 1e6, rate,
	       f->sent ? 100 * (1 - (double)f->arrived / (double)f->sent) : 0);
}

int main(int count, char **argument)
{
	static struct flood f;
	pthread_t threads[2];

	f.free = count == 7 && strcmp(argument[6], "free") == 0;
	f.gso = count == 7 && strcmp(argument[6], "gso") == 0;
	if (count != 6 && !f.free && !f.gso) {
		fprintf(stderr, "usage: flood FROM TO ADDRESS MSEC SIZE [gso|free]\n");
		return 2;
	}
	set_up(&f, argument);
	if (pthread_create(&threads[0], NULL, receiver, &f) ||
	    pthread_create(&threads[1], NULL, sender, &f))
		die("pthread_create");
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	print_result(&f);
	return 0;
}
