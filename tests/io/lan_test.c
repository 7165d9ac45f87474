/* lan_test.c -- hosts that find each other on a LAN, each in a network namespace of its own.
 *
 *   host A: va --veth-- vb :host B        10.1.0.1, 10.1.0.2, and link-local addresses
 *
 * One thread and one loop for all: a socket stays in the namespace that it was opened in.
 */
#include "tun/netns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/lan.h"
#include "tun/link.h"

enum { A, B, C, HOSTS, NOBODY = 65534 };

static uv_loop_t loop;
static int hosts[HOSTS];	/* their namespaces */

/* -- the kernel's and libuv's part, for once -------------------------------- */

static bool lacks[AF_MAX];	/* families of socket() */
static bool refuses_links, refuses_polls;
static uv_poll_t *last_poll;
static uv_poll_cb last_callback;

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __real_link_open(struct link **out);
int __wrap_link_open(struct link **out);
int __real_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback);
int __wrap_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback);

int __wrap_socket(int domain, int type, int protocol)
{
	if (domain >= 0 && domain < AF_MAX && lacks[domain]) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return __real_socket(domain, type, protocol);
}

int __wrap_link_open(struct link **out)
{
	return refuses_links ? -EMFILE : __real_link_open(out);
}

int __wrap_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback)
{
	last_poll = poll;
	last_callback = callback;
	return refuses_polls ? UV_ENOMEM : __real_uv_poll_start(poll, events, callback);
}

/* -- hosts ------------------------------------------------------------------ */

static void enter(int host)
{
	assert_int_equal(setns(hosts[host], CLONE_NEWNET), 0);
}

/* Quick addresses: unique as they are. */
static int make_host(int host)
{
	if (fresh_netns(NULL))
		return -1;
	hosts[host] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	write_file("/proc/sys/net/ipv4/conf/default/rp_filter", "0");
	write_file("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	run("ip link set lo up");
	return hosts[host] < 0 ? -1 : 0;
}

/* A cable between two hosts. The third is there when it is plugged in. */
static void plug(int left, const char *left_name, int right, const char *right_name)
{
	char command[256];

	if (hosts[right] < 0)
		assert_int_equal(make_host(right), 0);
	enter(left);
	snprintf(command, sizeof(command),
		 "ip link add %s type veth peer name %s netns /proc/%d/fd/%d && ip link set %s up",
		 left_name, right_name, (int)getpid(), hosts[right], left_name);
	run(command);
	enter(right);
	snprintf(command, sizeof(command), "ip link set %s up", right_name);
	run(command);
}

/* Both interfaces run and have their link-local address. */
static void settle(int host, const char *name)
{
	char command[768];

	enter(host);
	snprintf(command, sizeof(command),
		 "for i in $(seq 500); do"
		 "  ip link show %s | grep -q 'state UP' && ip addr show %s | grep -q fe80 && break;"
		 "  sleep 0.01;"
		 "done; " DAD_DONE IPV6_SETTLED "ip addr show %s | grep fe80", name, name, name);
	run(command);
}

static int set_up(void **state)
{
	(void)state;
	hosts[C] = -1;
	if (make_host(A) || make_host(B) || uv_loop_init(&loop))
		return -1;
	memset(lacks, 0, sizeof(lacks));
	refuses_links = refuses_polls = false;
	plug(A, "va", B, "vb");
	settle(A, "va");
	run("ip addr add 10.1.0.1/24 dev va");
	settle(B, "vb");
	run("ip addr add 10.1.0.2/24 dev vb");
	return 0;
}

/* -- what is heard ---------------------------------------------------------- */

struct ear {
	struct lan *lan;
	unsigned count4, count6;
	char text[32];
	size_t len;
	struct endpoint from4, from6;
	uint32_t ifindex;
	bool closes;		/* the lan, when something is heard */
};

static struct ear ears[4];

static void hear(void *context, struct bytes datagram, const struct endpoint *from,
		 uint32_t ifindex)
{
	struct ear *ear = context;

	ear->len = datagram.len;
	snprintf(ear->text, sizeof(ear->text), "%.*s", (int)datagram.len,
		 (const char *)datagram.data);
	ear->ifindex = ifindex;
	if (from->ip.family == IP_V4) {
		ear->count4++;
		ear->from4 = *from;
	} else {
		ear->count6++;
		ear->from6 = *from;
	}
	if (ear->closes) {
		lan_close(ear->lan);
		ear->lan = NULL;
	}
}

static char error[512];

/* In the namespace that we are in. */
static int open_ear(struct ear *ear, uint32_t own, uint32_t mark)
{
	struct lan_settings settings = {
		.own = own,
		.mark = mark,
		.received = hear,
		.context = ear,
	};

	*ear = (struct ear){0};
	return lan_open(&ear->lan, &loop, &settings, error);
}

static struct ear *listen_at(int host)
{
	struct ear *ear = ears;

	while (ear->lan)
		ear++;
	enter(host);
	if (open_ear(ear, 0, 0))
		fail_msg("%s", error);
	return ear;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ears) / sizeof(*ears); i++) {
		lan_close(ears[i].lan);
		ears[i].lan = NULL;
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	for (int i = 0; i < HOSTS; i++) {
		if (hosts[i] >= 0)
			close(hosts[i]);
	}
	return uv_loop_close(&loop);
}

#define lan_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static size_t say(struct ear *ear, const char *text)
{
	return lan_send(ear->lan, bytes_of(text, strlen(text)));
}

static bool is_over;

static void set_over(uv_timer_t *timer)
{
	(void)timer;
	is_over = true;
}

/* The condition holds before five seconds are over. */
#define wait_for(condition)                                                                        \
	do {                                                                                       \
		uv_timer_t guard;                                                                  \
		uv_timer_init(&loop, &guard);                                                      \
		uv_timer_start(&guard, set_over, 5000, 0);                                         \
		is_over = false;                                                                   \
		while (!(condition) && !is_over)                                                   \
			uv_run(&loop, UV_RUN_ONCE);                                                \
		uv_close((uv_handle_t *)&guard, NULL);                                             \
		uv_run(&loop, UV_RUN_NOWAIT);                                                      \
		assert_true(condition);                                                            \
	} while (0)

/* A plain socket that sends to the group by one interface, as any program may. */
static int stranger(int host, const char *name, const char *from)
{
	struct sockaddr_in a4 = {.sin_family = AF_INET};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
	bool v4 = inet_pton(AF_INET, from, &a4.sin_addr) == 1;
	struct ip_mreqn by = {0};
	int index, fd;

	enter(host);
	fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	index = by.imr_ifindex = (int)if_nametoindex(name);
	if (v4) {
		assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by)), 0);
		assert_int_equal(bind(fd, (struct sockaddr *)&a4, sizeof(a4)), 0);
	} else {
		assert_int_equal(inet_pton(AF_INET6, from, &a6.sin6_addr), 1);
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index,
					    sizeof(index)), 0);
		assert_int_equal(bind(fd, (struct sockaddr *)&a6, sizeof(a6)), 0);
	}
	return fd;
}

static void send_to(int fd, const char *ip, const char *name, size_t len)
{
	static const char bytes[2048];
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(LAN_PORT)};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(LAN_PORT)};
	bool v4 = inet_pton(AF_INET, ip, &a4.sin_addr) == 1;
	ssize_t n;

	a6.sin6_scope_id = if_nametoindex(name);
	assert_true(v4 || inet_pton(AF_INET6, ip, &a6.sin6_addr) == 1);
	n = v4 ? sendto(fd, bytes, len, 0, (struct sockaddr *)&a4, sizeof(a4))
	       : sendto(fd, bytes, len, 0, (struct sockaddr *)&a6, sizeof(a6));
	assert_int_equal(n, len);
}

/* -- two hosts -------------------------------------------------------------- */

static void two_hosts_on_a_lan_hear_each_other(void **state)
{
	struct ear *a = listen_at(A), *b = listen_at(B);
	struct ip expected = ip_v4(10, 1, 0, 1);

	(void)state;
	assert_int_equal(say(a, "hello"), 2);
	wait_for(b->count4 && b->count6);
	assert_string_equal(b->text, "hello");
	assert_int_equal(b->ifindex, if_nametoindex("vb"));
	assert_true(ip_equal(&b->from4.ip, &expected));
	assert_int_equal(b->from4.port, LAN_PORT);
	assert_int_equal(b->from4.scope, 0);
	assert_true(ip_is_link_local(&b->from6.ip));
	assert_int_equal(b->from6.port, LAN_PORT);
	assert_int_equal(b->from6.scope, if_nametoindex("vb"));

	assert_int_equal(say(b, "hello back"), 2);
	wait_for(a->count4 == 2 && a->count6 == 2);	/* its own came back before */
	assert_string_equal(a->text, "hello back");
	assert_int_equal(b->count4, 2);
}

static void daemons_of_one_host_hear_each_other(void **state)
{
	struct ear *one = listen_at(A), *two = &ears[1], *b;
	int err;

	(void)state;
	assert_int_equal(seteuid(NOBODY), 0);	/* another user's may share the port too */
	err = open_ear(two, 0, 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(err, 0);
	b = listen_at(B);
	assert_int_equal(say(one, "all"), 2);
	wait_for(one->count4 && one->count6 && two->count4 && two->count6 && b->count4 && b->count6);
	assert_int_equal(say(b, "both"), 2);
	wait_for(one->count4 == 2 && one->count6 == 2 && two->count4 == 2 && two->count6 == 2);
	assert_string_equal(one->text, "both");
	assert_string_equal(two->text, "both");
}

static void nothing_crosses_a_router(void **state)
{
	struct ear *a, *router, *c;

	(void)state;
	plug(B, "vb2", C, "vc");
	settle(B, "vb2");
	run("ip addr add 10.2.0.2/24 dev vb2; sysctl -qw net.ipv4.ip_forward=1"
	    " net.ipv6.conf.all.forwarding=1");
	settle(C, "vc");
	run("ip addr add 10.2.0.3/24 dev vc; ip route add default via 10.2.0.2");
	a = listen_at(A);
	router = listen_at(B);
	c = listen_at(C);
	assert_int_equal(say(a, "near"), 2);
	wait_for(router->count4 && router->count6);
	assert_int_equal(say(router, "mine"), 4);
	wait_for(c->count4 && c->count6);
	assert_string_equal(c->text, "mine");
	assert_int_equal(c->count4 + c->count6, 2);
}

/* The kernel tells a receiver how much of the TTL was left. */
static int ttl_of_next(int fd)
{
	char data[64];
	_Alignas(struct cmsghdr) char control[256];
	struct iovec iov = {data, sizeof(data)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			     .msg_controllen = sizeof(control)};
	int ttl = -1;

	assert_true(recvmsg(fd, &msg, 0) > 0);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
	return ttl;
}

/* One that shares the port, and is told the TTL. */
static int ttl_socket(bool v4)
{
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(LAN_PORT)};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(LAN_PORT)};
	struct timeval patience = {.tv_sec = 5};
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (v4) {
		setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
		assert_int_equal(bind(fd, (struct sockaddr *)&a4, sizeof(a4)), 0);
	} else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
		assert_int_equal(bind(fd, (struct sockaddr *)&a6, sizeof(a6)), 0);
	}
	return fd;
}

static void datagrams_live_for_one_hop(void **state)
{
	struct ear *a = listen_at(A);
	int fd4, fd6;

	(void)state;
	listen_at(B);		/* joins, so that they come in at all */
	fd4 = ttl_socket(true);
	fd6 = ttl_socket(false);
	assert_int_equal(say(a, "hop"), 2);
	assert_int_equal(ttl_of_next(fd4), 1);
	assert_int_equal(ttl_of_next(fd6), 1);
	close(fd4);
	close(fd6);
}

/* -- joining ---------------------------------------------------------------- */

/* How many interfaces have joined the IPv4 and the IPv6 group. */
static void assert_joined(const char *names)
{
	assert_output("ip maddr show | awk '/^[0-9]+:/ {dev = $2}"
		      " $2 == \"" LAN_GROUP4 "\" {print dev, 4}"
		      " $2 == \"" LAN_GROUP6 "\" {print dev, 6}'", names);
}

static void a_lan_that_comes_later_is_joined_and_one_that_goes_is_left(void **state)
{
	struct ear *b = listen_at(B), *c;

	(void)state;
	assert_int_equal(make_host(C), 0);
	c = listen_at(C);
	assert_int_equal(say(c, "anybody?"), 0);
	plug(B, "vb2", C, "vc");
	settle(B, "vb2");
	assert_int_equal(lan_rejoin(b->lan), 0);
	assert_joined("vb 4\nvb 6\nvb2 6\n");	/* as vb2 has no IPv4 address */
	run("ip addr add 10.2.0.2/24 dev vb2");
	assert_int_equal(lan_rejoin(b->lan), 0);
	assert_joined("vb 4\nvb 6\nvb2 4\nvb2 6\n");
	settle(C, "vc");
	run("ip addr add 10.2.0.3/24 dev vc");
	assert_int_equal(lan_rejoin(c->lan), 0);
	assert_int_equal(lan_rejoin(c->lan), 0);	/* nothing new */
	assert_int_equal(say(c, "hello"), 2);
	wait_for(b->count4 && b->count6);
	enter(B);
	assert_int_equal(b->ifindex, if_nametoindex("vb2"));
	run("ip addr flush dev vb2");
	assert_int_equal(lan_rejoin(b->lan), 0);
	assert_joined("vb 4\nvb 6\n");
	assert_int_equal(say(b, "left"), 2);
}

static void no_tunnel_loopback_or_device_of_ours_is_joined(void **state)
{
	struct tun *tun;

	(void)state;
	enter(A);
	tun = open_tun("mesh0");
	run("ip link set mesh0 up; ip addr add 10.77.0.1/24 dev mesh0;"
	    "ip addr add fe80::77/64 dev mesh0");
	assert_int_equal(open_ear(&ears[0], 0, 0), 0);
	assert_joined("va 4\nva 6\n");
	assert_int_equal(open_ear(&ears[1], if_nametoindex("va"), 0), 0);
	assert_int_equal(say(&ears[1], "hello"), 0);
	tun_free(tun);
}

/* Not even if another program of this host has joined it. */
static void a_lan_that_we_have_not_joined_is_not_heard(void **state)
{
	struct ear *a = listen_at(A), *deaf = &ears[1], *b;

	(void)state;
	assert_int_equal(open_ear(deaf, if_nametoindex("va"), 0), 0);
	b = listen_at(B);
	assert_int_equal(say(b, "hello"), 2);
	wait_for(a->count4 && a->count6);
	assert_int_equal(deaf->count4 + deaf->count6, 0);
	assert_int_equal(lan_counter(deaf->lan, LAN_OFF_LINK), 0);
}

/* 16 are joined, as the kernel allows few: the first ones that came. */
static void of_too_many_lans_the_first_are_joined(void **state)
{
	struct ear *c;

	(void)state;
	assert_int_equal(make_host(C), 0);
	write_file("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
	run("for i in $(seq 10); do"
	    "  echo link add l$i type veth peer name r$i;"
	    "  echo link set l$i up; echo link set r$i up;"
	    "  echo addr add 10.3.$i.1/24 dev l$i; echo addr add 10.4.$i.1/24 dev r$i;"
	    "done | ip -batch -");
	c = listen_at(C);
	assert_int_equal(say(c, "hello"), LAN_LINKS_MAX);
}

static void a_host_that_cannot_be_looked_at_keeps_its_lans(void **state)
{
	struct ear *a = listen_at(A);

	(void)state;
	refuses_links = true;
	assert_int_equal(lan_rejoin(a->lan), -EMFILE);
	assert_int_equal(say(a, "hello"), 2);
}

static void lans_that_come_and_go_leave_nothing_behind(void **state)
{
	struct ear *c;

	(void)state;
	assert_int_equal(make_host(C), 0);
	c = listen_at(C);
	write_file("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
	for (unsigned i = 0; i < 25; i++) {	/* more than the groups that a socket may join */
		run("ip link add v0 type veth peer name v1; ip addr add 10.3.0.1/24 dev v0;"
		    "ip link set v0 up; ip link set v1 up");
		assert_int_equal(lan_rejoin(c->lan), 0);
		assert_int_equal(say(c, "hello"), 1);
		run("ip link del v0");
		assert_int_equal(lan_rejoin(c->lan), 0);
		assert_int_equal(say(c, "hello"), 0);
	}
}

/* -- what is not heard ------------------------------------------------------ */

static void what_is_too_long_is_dropped(void **state)
{
	static const uint8_t bytes[LAN_DATAGRAM_MAX + 1];
	struct ear *b = listen_at(B), *a = listen_at(A);
	int fd = stranger(A, "va", "10.1.0.1");

	(void)state;
	send_to(fd, LAN_GROUP4, "va", LAN_DATAGRAM_MAX + 1);
	wait_for(lan_counter(b->lan, LAN_TOO_LONG) == 1);
	assert_int_equal(b->count4, 0);
	assert_int_equal(lan_send(a->lan, bytes_of(bytes, LAN_DATAGRAM_MAX + 1)), 0);
	assert_int_equal(lan_send(a->lan, bytes_of(bytes, LAN_DATAGRAM_MAX)), 2);
	wait_for(b->count4 && b->count6);
	assert_int_equal(b->len, LAN_DATAGRAM_MAX);
	assert_int_equal(lan_counter(b->lan, LAN_TOO_LONG), 1);
	close(fd);
}

static void what_comes_from_another_network_is_dropped(void **state)
{
	struct ear *b = listen_at(B);
	int fd4, fd6;

	(void)state;
	enter(A);
	run("ip addr add 10.99.0.1/32 dev va; ip addr add fd99::1/128 dev va;"
	    DAD_DONE IPV6_SETTLED);
	fd4 = stranger(A, "va", "10.99.0.1");
	fd6 = stranger(A, "va", "fd99::1");
	send_to(fd4, LAN_GROUP4, "va", 100);
	wait_for(lan_counter(b->lan, LAN_OFF_LINK) == 1);
	send_to(fd6, LAN_GROUP6, "va", 100);
	wait_for(lan_counter(b->lan, LAN_OFF_LINK) == 2);
	assert_int_equal(b->count4 + b->count6, 0);
	close(fd4);
	close(fd6);
}

/* An address of another LAN of ours is not of this one. */
static void what_comes_from_the_network_of_another_interface_is_dropped(void **state)
{
	struct ear *b;
	int fd;

	(void)state;
	plug(B, "vb2", C, "vc");
	settle(B, "vb2");
	run("ip addr add 10.2.0.2/24 dev vb2");
	b = listen_at(B);
	enter(A);
	run("ip addr add 10.2.0.9/32 dev va");
	fd = stranger(A, "va", "10.2.0.9");
	send_to(fd, LAN_GROUP4, "va", 100);
	wait_for(lan_counter(b->lan, LAN_OFF_LINK) == 1);
	assert_int_equal(b->count4, 0);
	close(fd);
}

static void assert_nobody_at(int fd, const char *ip)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(LAN_PORT)};
	struct timeval patience = {.tv_sec = 5};
	char byte;

	inet_pton(AF_INET, ip, &at.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNREFUSED);
}

static void what_is_sent_to_this_host_alone_is_dropped(void **state)
{
	struct ear *b = listen_at(B);
	int fd4, fd6;

	(void)state;
	run("ip addr add fe80::b/64 dev vb;" DAD_DONE IPV6_SETTLED);
	fd4 = stranger(A, "va", "10.1.0.1");
	fd6 = stranger(A, "va", "::");
	assert_nobody_at(fd4, "10.1.0.2");
	send_to(fd6, "fe80::b", "va", 100);
	wait_for(lan_counter(b->lan, LAN_NOT_TO_GROUP) == 1);
	assert_int_equal(b->count4 + b->count6, 0);
	close(fd4);
	close(fd6);
}

static void what_cannot_be_sent_is_counted(void **state)
{
	struct ear *a = listen_at(A);

	(void)state;
	enter(A);
	run("ip link del va");		/* and nobody has told us yet */
	assert_int_equal(say(a, "hello"), 0);
	assert_int_equal(lan_counter(a->lan, LAN_SEND_FAILED), 2);
}

static void every_counter_has_a_name(void **state)
{
	(void)state;
	for (enum lan_counter i = 0; i < LAN_COUNTERS; i++)
		assert_int_equal(strncmp(lan_counter_name(i), "lan_", 4), 0);
}

/* -- opening and closing ----------------------------------------------------- */

static void a_port_that_is_not_shared_cannot_be_opened(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(LAN_PORT)};
	int fd;

	(void)state;
	enter(A);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(open_ear(&ears[0], 0, 0), -EADDRINUSE);
	assert_string_equal(error, "UDP port 13277, for finding peers on the LAN, is taken by a "
				   "program that does not share it");
	close(fd);
}

static void one_family_is_enough(void **state)
{
	struct ear *b = listen_at(B);

	(void)state;
	enter(A);
	lacks[AF_INET6] = true;
	assert_int_equal(open_ear(&ears[1], 0, 0), 0);
	assert_int_equal(say(&ears[1], "hello"), 1);
	wait_for(b->count4 == 1);
	lacks[AF_INET] = true;
	assert_int_equal(open_ear(&ears[2], 0, 0), -EAFNOSUPPORT);
	assert_non_null(strstr(error, "cannot listen to the LAN"));
}

static void a_host_that_cannot_be_looked_at_is_an_error(void **state)
{
	(void)state;
	refuses_links = true;
	assert_int_equal(open_ear(&ears[0], 0, 0), -EMFILE);
	assert_string_equal(error, "cannot listen to the LAN (UDP port 13277): "
				   "Too many open files");
}

static void what_is_sent_has_the_mark(void **state)
{
	unsigned marked = 0;

	(void)state;
	enter(A);
	assert_int_equal(open_ear(&ears[0], 0, 0x1234), 0);
	for (int fd = 0; fd < 256; fd++) {
		uint32_t mark = 0;
		socklen_t len = sizeof(mark);

		getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &len);
		marked += mark == 0x1234;
	}
	assert_int_equal(marked, 2);
}

static void a_mark_needs_the_right_to_set_it(void **state)
{
	int err;

	(void)state;
	assert_int_equal(seteuid(NOBODY), 0);
	err = open_ear(&ears[0], 0, 0x1234);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(err, -EPERM);
}

static void a_loop_that_does_not_take_the_socket_is_an_error(void **state)
{
	(void)state;
	enter(A);
	refuses_polls = true;
	assert_int_equal(open_ear(&ears[0], 0, 0), UV_ENOMEM);
	assert_non_null(strstr(error, "Cannot allocate memory"));
}

/* libuv stops at an error, and we begin anew. */
static void an_error_on_the_socket_does_not_deafen(void **state)
{
	struct ear *a = listen_at(A), *b = listen_at(B);

	(void)state;
	uv_poll_stop(last_poll);	/* of b's IPv6 socket */
	last_callback(last_poll, UV_EBADF, 0);
	assert_int_equal(say(a, "hello"), 2);
	wait_for(b->count4 && b->count6);
}

static void a_lan_may_be_closed_by_who_hears(void **state)
{
	struct ear *a = listen_at(A), *b = listen_at(B);

	(void)state;
	b->closes = true;
	say(a, "one");
	say(a, "two");
	wait_for(b->count4 + b->count6 == 1);
	wait_for(a->count4 == 2 && a->count6 == 2);
	assert_int_equal(b->count4 + b->count6, 1);
	lan_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		lan_test(two_hosts_on_a_lan_hear_each_other),
		lan_test(daemons_of_one_host_hear_each_other),
		lan_test(nothing_crosses_a_router),
		lan_test(datagrams_live_for_one_hop),
		lan_test(a_lan_that_comes_later_is_joined_and_one_that_goes_is_left),
		lan_test(no_tunnel_loopback_or_device_of_ours_is_joined),
		lan_test(a_lan_that_we_have_not_joined_is_not_heard),
		lan_test(lans_that_come_and_go_leave_nothing_behind),
		lan_test(of_too_many_lans_the_first_are_joined),
		lan_test(a_host_that_cannot_be_looked_at_keeps_its_lans),
		lan_test(what_is_too_long_is_dropped),
		lan_test(what_comes_from_another_network_is_dropped),
		lan_test(what_comes_from_the_network_of_another_interface_is_dropped),
		lan_test(what_is_sent_to_this_host_alone_is_dropped),
		lan_test(what_cannot_be_sent_is_counted),
		lan_test(a_port_that_is_not_shared_cannot_be_opened),
		lan_test(one_family_is_enough),
		lan_test(a_host_that_cannot_be_looked_at_is_an_error),
		lan_test(what_is_sent_has_the_mark),
		lan_test(a_mark_needs_the_right_to_set_it),
		lan_test(a_loop_that_does_not_take_the_socket_is_an_error),
		lan_test(an_error_on_the_socket_does_not_deafen),
		lan_test(a_lan_may_be_closed_by_who_hears),
		cmocka_unit_test(every_counter_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
