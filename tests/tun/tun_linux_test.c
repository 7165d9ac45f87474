/* tun_linux_test.c -- packets through a real kernel interface.
 *
 *   udp socket --> 10.77.0.0/24, fd77::/64 --> mesh0 --> tun_read
 *   udp socket <-- 10.77.0.1, fd77::1 <------- mesh0 <-- tun_write
 */
#include "netns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tun/clock.h"

enum { SLOTS = BURST_MAX };

static uint8_t buffers[SLOTS][PACKET_SLOT];
static struct packet slots[SLOTS];

/* --- helpers --- */

static struct tun *open_mesh0(void)
{
	struct tun *tun = open_tun("mesh0");

	run("ip link set mesh0 addrgenmode none; ip link set mesh0 mtu 65535 up;"
	    "ip addr add 10.77.0.1/24 dev mesh0; ip addr add fd77::1/64 dev mesh0 nodad;"
	    IPV6_SETTLED);
	tun_read(tun, buffers[0], slots, 0);	/* no pause before what a test sends */
	return tun;
}

static int read_packets(struct tun *tun, size_t n)
{
	return tun_read(tun, buffers[0], slots, n);
}

static bool is_readable(const struct tun *tun)
{
	struct pollfd p = {.fd = tun_fd(tun), .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static struct sockaddr_storage address_of(const char *ip, uint16_t port)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_in *in = (void *)&ss;
	struct sockaddr_in6 *in6 = (void *)&ss;

	if (inet_pton(AF_INET, ip, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
	} else {
		memset(&ss, 0, sizeof(ss));
		assert_int_equal(inet_pton(AF_INET6, ip, &in6->sin6_addr), 1);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
	}
	return ss;
}

static int udp_socket(const char *ip, uint16_t port)
{
	struct sockaddr_storage ss = address_of(ip, port);
	struct timeval second = {.tv_sec = 1};
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)), 0);
	assert_int_equal(bind(fd, (void *)&ss, sizeof(ss)), 0);
	return fd;
}

static void send_to(int fd, const char *ip, uint16_t port, const void *data, size_t len)
{
	struct sockaddr_storage ss = address_of(ip, port);

	assert_int_equal(sendto(fd, data, len, 0, (void *)&ss, sizeof(ss)), len);
}

/* RFC 1071 over the pseudo-header of IPv6 and the UDP datagram. */
static uint16_t udp6_checksum(const uint8_t *ip, size_t len)
{
	uint64_t sum = 17 + (len - 40);

	for (size_t i = 8; i < len; i += 2)
		sum += (uint64_t)ip[i] << 8 | (i + 1 < len ? ip[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_udp(struct writer *w, const char *text)
{
	put_be16(w, 7000);				/* from port */
	put_be16(w, 7001);				/* to port */
	put_be16(w, (uint16_t)(8 + strlen(text)));
	put_be16(w, 0);					/* IPv4: no checksum */
	put_bytes(w, bytes_of(text, strlen(text)));
}

/* 10.77.0.2 port 7000 --> 10.77.0.1 port 7001 */
static struct packet udp4(uint8_t buf[static 256], const char *text)
{
	static const uint8_t addresses[] = {10, 77, 0, 2, 10, 77, 0, 1};
	struct writer w = writer_over(buf, 256);
	uint32_t sum = 0;

	put_be16(&w, 0x4500);
	put_be16(&w, (uint16_t)(28 + strlen(text)));
	put_be32(&w, 0);
	put_be16(&w, 64 << 8 | 17);			/* TTL, UDP */
	put_be16(&w, 0);				/* the header's checksum, below */
	put_bytes(&w, bytes_of(addresses, 8));
	for (size_t i = 0; i < 20; i += 2)
		sum += load_be16(buf + i);
	store_be16(buf + 10, (uint16_t)~((sum & 0xffff) + (sum >> 16)));
	put_udp(&w, text);
	return packet_in(buf, 256, 0, w.len);
}

/* fd77::2 port 7000 --> fd77::1 port 7001 */
static struct packet udp6(uint8_t buf[static 256], const char *text)
{
	static const uint8_t addresses[32] = {0xfd, 0x77, [15] = 2, 0xfd, 0x77, [31] = 1};
	struct writer w = writer_over(buf, 256);

	put_be32(&w, 0x60000000);
	put_be16(&w, (uint16_t)(8 + strlen(text)));
	put_be16(&w, 17 << 8 | 64);			/* UDP, hop limit */
	put_bytes(&w, bytes_of(addresses, 32));
	put_udp(&w, text);
	store_be16(buf + 46, udp6_checksum(buf, w.len));
	return packet_in(buf, 256, 0, w.len);
}

static void assert_receives(int fd, const char *text)
{
	char buf[256];
	ssize_t len = recv(fd, buf, sizeof(buf), 0);

	assert_int_equal(len, strlen(text));
	assert_memory_equal(buf, text, len);
}

/* Run `body` in a process of its own; what it returns (0..200). */
static int in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int open_and_tell_error(void)
{
	struct tun *tun;
	int err = tun_linux_open(&tun, "mesh0", OFFLOAD_ALL);

	if (!err)
		tun_free(tun);
	return -err;
}

static void assert_open_fails(const char *name, int err)
{
	struct tun *tun;

	assert_int_equal(tun_linux_open(&tun, name, OFFLOAD_ALL), err);
}

/* --- making and closing --- */

static void the_interface_has_the_name_asked_for(void **state)
{
	struct tun *tun = open_tun("mesh0");

	(void)state;
	assert_string_equal(tun_name(tun), "mesh0");
	assert_output("ip -d -o link show mesh0 | grep -o 'tun type tun pi off'",
		      "tun type tun pi off\n");
	tun_free(tun);
}

static void the_kernel_numbers_a_name_with_percent_d(void **state)
{
	struct tun *zero = open_tun("p2p%d");
	struct tun *one = open_tun("p2p%d");

	(void)state;
	assert_string_equal(tun_name(zero), "p2p0");
	assert_string_equal(tun_name(one), "p2p1");
	tun_free(zero);
	tun_free(one);
}

static void a_name_of_15_characters_is_the_longest(void **state)
{
	struct tun *tun = open_tun("abcdefghijklmno");

	(void)state;
	assert_string_equal(tun_name(tun), "abcdefghijklmno");
	tun_free(tun);
	assert_open_fails("abcdefghijklmnop", -EINVAL);
}

static void names_no_interface_can_have_are_refused(void **state)
{
	(void)state;
	assert_open_fails("", -EINVAL);
	assert_open_fails("a/b", -EINVAL);
	assert_open_fails("..", -EINVAL);
}

static void closing_removes_the_interface(void **state)
{
	(void)state;
	tun_free(open_mesh0());
	assert_output("ip -o link show | grep -c mesh0 || true", "0\n");
	assert_output("ip -4 route show table all | grep -c mesh0 || true", "0\n");
}

static void an_interface_in_use_is_busy(void **state)
{
	struct tun *tun = open_tun("mesh0");

	(void)state;
	assert_open_fails("mesh0", -EBUSY);
	assert_int_equal(in_child(open_and_tell_error), EBUSY);
	tun_free(tun);
}

static void a_leftover_is_taken_over_and_no_longer_persistent(void **state)
{
	struct tun *tun;

	(void)state;
	run("ip tuntap add dev mesh0 mode tun vnet_hdr");
	tun = open_mesh0();
	assert_open_fails("mesh0", -EBUSY);
	tun_free(tun);
	assert_output("ip -o link show | grep -c mesh0 || true", "0\n");
}

/* What a virtual machine leaves behind: its interface takes unfinished packets. */
static void leave_behind_with_offloads(void)
{
	struct ifreq request = {.ifr_name = "mesh0", .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
	assert_int_equal(ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4), 0);
	assert_int_equal(ioctl(fd, TUNSETPERSIST, 1), 0);
	close(fd);
}

static void assert_tx_checksumming(const char *name, uint32_t expected)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GTXCSUM};
	struct ifreq request = {.ifr_data = (void *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, SIOCETHTOOL, &request), 0);
	assert_int_equal(value.data, expected);
	close(fd);
}

static void a_leftover_loses_its_offloads(void **state)
{
	struct tun *tun;

	(void)state;
	leave_behind_with_offloads();
	assert_tx_checksumming("mesh0", 1);
	assert_int_equal(tun_linux_open(&tun, "mesh0", 0), 0);
	assert_tx_checksumming("mesh0", 0);
	tun_free(tun);
}

static void a_name_of_something_else_is_invalid(void **state)
{
	(void)state;
	run("ip link add mesh0 type veth peer name veth1");
	assert_open_fails("mesh0", -EINVAL);
	run("ip tuntap add dev tap0 mode tap");
	assert_open_fails("tap0", -EINVAL);
	assert_output("ip -o link show | grep -cE 'mesh0|tap0'", "3\n");
}

static int open_as_nobody(void)
{
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 201;
	return open_and_tell_error();
}

static void without_rights_it_is_eperm(void **state)
{
	(void)state;
	assert_int_equal(in_child(open_as_nobody), EPERM);
}

static bool hide_dev_net(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/dev/net", "tmpfs", 0, NULL) == 0;
}

static int open_without_node(void)
{
	return hide_dev_net() ? open_and_tell_error() : 201;
}

static int open_without_driver(void)
{
	if (!hide_dev_net() || mknod("/dev/net/tun", S_IFCHR | 0600, makedev(10, 254)) < 0)
		return 201;
	return open_and_tell_error();
}

static void without_a_node_or_driver_it_is_enoent(void **state)
{
	(void)state;
	assert_int_equal(in_child(open_without_node), ENOENT);
	assert_int_equal(in_child(open_without_driver), ENOENT);
}

/* --- packets from the kernel --- */

static void a_datagram_of_a_socket_is_read_as_ipv4(void **state)
{
	struct tun *tun = open_mesh0();
	int fd = udp_socket("10.77.0.1", 5000);

	(void)state;
	send_to(fd, "10.77.0.2", 5001, "hello", 5);
	assert_int_equal(read_packets(tun, SLOTS), 1);
	assert_int_equal(slots[0].len, 20 + 8 + 5);
	assert_int_equal(slots[0].data[0], 0x45);
	assert_memory_equal(slots[0].data + 12, "\x0a\x4d\x00\x01\x0a\x4d\x00\x02", 8);
	assert_memory_equal(slots[0].data + 28, "hello", 5);
	assert_int_equal(packet_headroom(&slots[0]), HEADROOM);
	assert_true(packet_tailroom(&slots[0]) >= TAILROOM);
	close(fd);
	tun_free(tun);
}

static void a_datagram_of_a_socket_is_read_as_ipv6(void **state)
{
	struct tun *tun = open_mesh0();
	int fd = udp_socket("fd77::1", 5000);

	(void)state;
	send_to(fd, "fd77::2", 5001, "hello", 5);
	assert_int_equal(read_packets(tun, SLOTS), 1);
	assert_int_equal(slots[0].len, 40 + 8 + 5);
	assert_int_equal(slots[0].data[0] >> 4, 6);
	assert_int_equal(slots[0].data[39], 2);
	assert_memory_equal(slots[0].data + 48, "hello", 5);
	close(fd);
	tun_free(tun);
}

static void a_burst_is_read_in_order_and_n_is_kept(void **state)
{
	struct tun *tun = open_mesh0();
	int fd = udp_socket("10.77.0.1", 5000);

	(void)state;
	for (unsigned i = 0; i < SLOTS + 6; i++)
		send_to(fd, "10.77.0.2", 5001, &(uint8_t){(uint8_t)i}, 1);
	assert_int_equal(read_packets(tun, SLOTS), SLOTS);
	assert_int_equal(slots[0].data[28], 0);
	assert_int_equal(slots[SLOTS - 1].data[28], (SLOTS - 1) % 256);
	assert_int_equal(read_packets(tun, SLOTS), 6);
	assert_int_equal(slots[5].data[28], (SLOTS + 5) % 256);
	assert_int_equal(read_packets(tun, SLOTS), 0);
	close(fd);
	tun_free(tun);
}

/* More than that is not known of it, and to ask costs as much as it does to read. */
static void after_a_pause_the_first_comes_alone(void **state)
{
	struct tun *tun = open_mesh0();
	int fd = udp_socket("10.77.0.1", 5000);

	(void)state;
	for (uint8_t i = 0; i < 6; i++) {
		if (i % 3 == 0)
			a_second_passes();
		send_to(fd, "10.77.0.2", 5001, &i, 1);
		if (i % 3 < 2)
			continue;
		assert_int_equal(read_packets(tun, SLOTS), 1);
		assert_int_equal(slots[0].data[28], i - 2);
		assert_false(tun_holds(tun));
		assert_true(is_readable(tun));
		assert_int_equal(read_packets(tun, SLOTS), 2);
		assert_int_equal(slots[1].data[28], i);
		assert_false(is_readable(tun));
	}
	close(fd);
	tun_free(tun);
}

static void send_two(int fd)
{
	send_to(fd, "10.77.0.2", 5001, "a", 1);
	send_to(fd, "10.77.0.2", 5001, "b", 1);
}

static void what_was_written_is_no_pause(void **state)
{
	struct tun *tun = open_mesh0();
	int fd = udp_socket("10.77.0.1", 5000);

	(void)state;
	a_second_passes();
	tun_write(tun, NULL, 0);
	tun_write(tun, NULL, 0);
	send_two(fd);
	assert_int_equal(read_packets(tun, SLOTS), 2);
	close(fd);
	tun_free(tun);
}

static void the_answer_to_the_first_that_was_written_comes_alone(void **state)
{
	struct tun *tun = open_mesh0();
	int fd = udp_socket("10.77.0.1", 5000);

	(void)state;
	a_second_passes();
	tun_write(tun, NULL, 0);
	send_two(fd);
	assert_int_equal(read_packets(tun, SLOTS), 1);
	send_two(fd);
	assert_int_equal(read_packets(tun, SLOTS), 3);
	close(fd);
	tun_free(tun);
}

static void the_largest_packet_fits_a_slot(void **state)
{
	static uint8_t large[65535 - 28];
	struct tun *tun = open_mesh0();
	int fd = udp_socket("10.77.0.1", 5000);

	(void)state;
	memset(large, 'x', sizeof(large));
	send_to(fd, "10.77.0.2", 5001, large, sizeof(large));
	assert_int_equal(read_packets(tun, SLOTS), 1);
	assert_int_equal(slots[0].len, 65535);
	assert_memory_equal(slots[0].data + 28, large, sizeof(large));
	assert_true(packet_tailroom(&slots[0]) >= TAILROOM);
	close(fd);
	tun_free(tun);
}

static void the_descriptor_polls_readable_when_there_is_a_packet(void **state)
{
	struct tun *tun = open_mesh0();
	struct pollfd p = {.fd = tun_fd(tun), .events = POLLIN};
	int fd = udp_socket("10.77.0.1", 5000);

	(void)state;
	assert_int_equal(poll(&p, 1, 0), 0);
	send_to(fd, "10.77.0.2", 5001, "x", 1);
	assert_int_equal(poll(&p, 1, 1000), 1);
	assert_int_equal(read_packets(tun, 1), 1);
	assert_int_equal(poll(&p, 1, 0), 0);
	close(fd);
	tun_free(tun);
}

/* --- packets to the kernel --- */

static void a_written_ipv4_packet_reaches_a_socket(void **state)
{
	struct tun *tun = open_mesh0();
	int fd = udp_socket("10.77.0.1", 7001);
	uint8_t buf[256];
	struct packet p = udp4(buf, "over four");

	(void)state;
	assert_int_equal(tun_write(tun, &p, 1), 1);
	assert_receives(fd, "over four");
	close(fd);
	tun_free(tun);
}

static void a_written_ipv6_packet_reaches_a_socket(void **state)
{
	struct tun *tun = open_mesh0();
	int fd = udp_socket("fd77::1", 7001);
	uint8_t buf[256];
	struct packet p = udp6(buf, "over six");

	(void)state;
	assert_int_equal(tun_write(tun, &p, 1), 1);
	assert_receives(fd, "over six");
	close(fd);
	tun_free(tun);
}

static void what_is_not_ip_is_dropped_and_the_rest_is_taken(void **state)
{
	struct tun *tun = open_mesh0();
	int fd = udp_socket("10.77.0.1", 7001);
	uint8_t bufs[4][256] = {[1] = {0x01, 1, 2, 3}};
	struct packet burst[4] = {
		udp4(bufs[0], "first"),
		packet_in(bufs[1], 256, 0, 20),
		packet_in(bufs[2], 256, 0, 0),
		udp4(bufs[3], "last"),
	};

	(void)state;
	assert_int_equal(tun_write(tun, burst, 4), 2);
	assert_receives(fd, "first");
	assert_receives(fd, "last");
	close(fd);
	tun_free(tun);
}

static void an_interface_that_is_down_takes_and_gives_nothing(void **state)
{
	struct tun *tun = open_mesh0();
	uint8_t buf[256];
	struct packet p = udp4(buf, "x");

	(void)state;
	run("ip link set mesh0 down");
	assert_int_equal(tun_write(tun, &p, 1), 0);
	assert_int_equal(read_packets(tun, SLOTS), 0);
	tun_free(tun);
}

static void a_deleted_interface_is_ebadfd(void **state)
{
	struct tun *tun = open_mesh0();
	uint8_t buf[256];
	struct packet p = udp4(buf, "x");

	(void)state;
	run("ip link del mesh0");
	assert_int_equal(read_packets(tun, SLOTS), -EBADFD);
	assert_int_equal(tun_write(tun, &p, 1), 0);
	tun_free(tun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		netns_test(the_interface_has_the_name_asked_for),
		netns_test(the_kernel_numbers_a_name_with_percent_d),
		netns_test(a_name_of_15_characters_is_the_longest),
		netns_test(names_no_interface_can_have_are_refused),
		netns_test(closing_removes_the_interface),
		netns_test(an_interface_in_use_is_busy),
		netns_test(a_leftover_is_taken_over_and_no_longer_persistent),
		netns_test(a_leftover_loses_its_offloads),
		netns_test(a_name_of_something_else_is_invalid),
		netns_test(without_rights_it_is_eperm),
		netns_test(without_a_node_or_driver_it_is_enoent),
		netns_test(a_datagram_of_a_socket_is_read_as_ipv4),
		netns_test(a_datagram_of_a_socket_is_read_as_ipv6),
		netns_test(a_burst_is_read_in_order_and_n_is_kept),
		netns_test(after_a_pause_the_first_comes_alone),
		netns_test(what_was_written_is_no_pause),
		netns_test(the_answer_to_the_first_that_was_written_comes_alone),
		netns_test(the_largest_packet_fits_a_slot),
		netns_test(the_descriptor_polls_readable_when_there_is_a_packet),
		netns_test(a_written_ipv4_packet_reaches_a_socket),
		netns_test(a_written_ipv6_packet_reaches_a_socket),
		netns_test(what_is_not_ip_is_dropped_and_the_rest_is_taken),
		netns_test(an_interface_that_is_down_takes_and_gives_nothing),
		netns_test(a_deleted_interface_is_ebadfd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
