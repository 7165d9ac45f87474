/* tun_offload_test.c -- many packets at once, through a real kernel interface.
 *
 *   socket with UDP_SEGMENT --> mesh0 --> tun_read: the datagrams, each by itself
 *   socket with UDP_GRO     <-- mesh0 <-- tun_write: joined
 *
 * Both are in Linux since 6.2 for TUN devices; where it lacks them the same packets come and go
 * one by one, and only that is tested.
 */
#include "netns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/seccomp.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tun/clock.h"
#include "tun/packets.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

enum { SLOTS = 32, SIZE = 1000, COUNT = 10 };

static uint8_t buffers[SLOTS][PACKET_SLOT];
static struct packet slots[SLOTS];
static uint8_t payload[SIZE * COUNT];

static int read_packets(struct tun *tun, size_t n)
{
	int got = tun_read(tun, buffers[0], slots, n);

	for (int i = 0; i < got; i++) {
		assert_int_equal(packet_headroom(&slots[i]), HEADROOM);
		assert_true(packet_tailroom(&slots[i]) >= TAILROOM);
	}
	for (int i = 1; i < got; i++)
		assert_true(slots[i].start >= slots[i - 1].end || slots[i].end <= slots[i - 1].start);
	return got;
}

static struct tun *open_mesh0(unsigned offloads)
{
	struct tun *tun;

	assert_int_equal(tun_linux_open(&tun, "mesh0", offloads), 0);
	run("ip link set mesh0 addrgenmode none; ip link set mesh0 mtu 1400 up;"
	    "ip addr add 10.77.0.255/16 broadcast + dev mesh0");
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / SIZE);
	tun_read(tun, buffers[0], slots, 0);	/* no pause before what a test sends */
	return tun;
}

/* On port 53, at packets.h's other end. */
static int udp_socket(void)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(53)};
	struct timeval second = {.tv_sec = 1};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "10.77.0.255", &own.sin_addr);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)), 0);
	assert_int_equal(bind(fd, (void *)&own, sizeof(own)), 0);
	return fd;
}

static void send_segments(int fd, size_t len)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(5000)};
	int size = SIZE;

	inet_pton(AF_INET, "10.77.0.7", &to.sin_addr);
	assert_int_equal(setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)), 0);
	assert_int_equal(sendto(fd, payload, len, 0, (void *)&to, sizeof(to)), len);
}

static void assert_is_datagram(const struct packet *p, size_t number, size_t len)
{
	assert_int_equal(p->len, 28 + len);
	assert_int_equal(packet_headroom(p), HEADROOM);
	assert_true(packet_tailroom(p) >= TAILROOM);
	assert_true(sums_are_right(p->data, p->len));
	assert_memory_equal(p->data + 28, payload + number * SIZE, len);
}

/* Datagrams that may be joined, as a burst. */
static size_t make_burst(void)
{
	struct recipe r = {.udp = true, .ttl = 64, .flow = 7};

	for (size_t i = 0; i < COUNT; i++, r.id++) {
		r.payload = bytes_of(payload + i * SIZE, SIZE);
		slots[i] = packet_in(buffers[i], sizeof(buffers[i]), 0, make_packet(buffers[i], &r));
	}
	return COUNT;
}

static void assert_datagrams_arrive(int fd, size_t from)
{
	uint8_t got[2 * SIZE];

	for (size_t i = from; i < COUNT; i++) {
		assert_int_equal(recv(fd, got, sizeof(got), 0), SIZE);
		assert_memory_equal(got, payload + i * SIZE, SIZE);
	}
}

/* --- what is agreed on --- */

static void what_is_wanted_is_in_effect_or_named_as_lacking(void **state)
{
	struct tun *tun = open_mesh0(OFFLOAD_ALL);

	(void)state;
	assert_int_equal(tun_offloads(tun), OFFLOAD_TUN_GSO | OFFLOAD_TUN_GRO);
	if (tun_lacks(tun))
		assert_string_equal(tun_lacks(tun), "USO4 USO6");
	assert_int_equal(tun_malformed(tun), 0);
	assert_output("ip -d -o link show mesh0 | grep -o 'vnet_hdr on'", "vnet_hdr on\n");
	tun_free(tun);
}

static void what_is_not_wanted_is_not_in_effect(void **state)
{
	static const unsigned wanted[] = {0, OFFLOAD_TUN_GSO, OFFLOAD_TUN_GRO};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct tun *tun = open_mesh0(wanted[i] | OFFLOAD_UDP_GSO);

		assert_int_equal(tun_offloads(tun), wanted[i]);
		assert_null(tun_lacks(tun));
		tun_free(tun);
	}
}

/* A header of 12 bytes in the other order of bytes: what a virtual machine may have left. */
static void a_leftover_with_other_headers_is_taken_over(void **state)
{
	struct ifreq request = {.ifr_name = "mesh0", .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), len = 12, yes = 1;
	struct tun *tun;

	(void)state;
	assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
	assert_int_equal(ioctl(fd, TUNSETVNETHDRSZ, &len), 0);
	assert_int_equal(ioctl(fd, TUNSETVNETLE, &yes), 0);
	assert_int_equal(ioctl(fd, TUNSETPERSIST, 1), 0);
	close(fd);
	tun = open_mesh0(OFFLOAD_ALL);
	fd = udp_socket();
	send_segments(fd, 3 * SIZE);
	assert_int_equal(read_packets(tun, SLOTS), 3);
	assert_int_equal(tun_write(tun, slots, make_burst()), COUNT);
	assert_datagrams_arrive(fd, 0);
	close(fd);
	tun_free(tun);
}

/* --- from the kernel --- */

static void segments_of_a_socket_are_read_one_by_one(void **state)
{
	static const unsigned wanted[] = {OFFLOAD_TUN_GSO, OFFLOAD_TUN_GRO, 0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct tun *tun = open_mesh0(wanted[i]);
		int fd = udp_socket();

		send_segments(fd, 4 * SIZE + 1);
		assert_int_equal(read_packets(tun, SLOTS), 5);
		for (size_t j = 0; j < 5; j++)
			assert_is_datagram(&slots[j], j, j < 4 ? SIZE : 1);
		assert_int_equal(tun_malformed(tun), 0);
		close(fd);
		tun_free(tun);
	}
}

static void what_does_not_fit_is_read_next_time(void **state)
{
	struct tun *tun = open_mesh0(OFFLOAD_TUN_GSO);
	int fd = udp_socket();

	(void)state;
	send_segments(fd, sizeof(payload));
	send_segments(fd, SIZE);
	assert_int_equal(read_packets(tun, 4), 4);
	assert_is_datagram(&slots[3], 3, SIZE);
	assert_int_equal(read_packets(tun, 3), 3);
	assert_is_datagram(&slots[0], 4, SIZE);
	assert_true(tun_holds(tun));
	assert_int_equal(read_packets(tun, SLOTS), COUNT - 7 + 1);
	assert_is_datagram(&slots[0], 7, SIZE);
	assert_false(tun_holds(tun));
	assert_int_equal(read_packets(tun, SLOTS), 0);
	close(fd);
	tun_free(tun);
}

static void small_and_long_packets_come_in_order(void **state)
{
	struct tun *tun = open_mesh0(OFFLOAD_TUN_GSO);
	int fd = udp_socket();
	size_t n = 0;

	(void)state;
	send_segments(fd, 1);
	send_segments(fd, 2 * SIZE);
	send_segments(fd, 3 * SIZE);
	send_segments(fd, 2);
	assert_int_equal(read_packets(tun, SLOTS), 7);
	assert_is_datagram(&slots[n++], 0, 1);
	for (size_t i = 0; i < 2; i++)
		assert_is_datagram(&slots[n++], i, SIZE);
	for (size_t i = 0; i < 3; i++)
		assert_is_datagram(&slots[n++], i, SIZE);
	assert_is_datagram(&slots[n], 0, 2);
	close(fd);
	tun_free(tun);
}

/* --- to the kernel --- */

static void a_burst_arrives_and_joined_if_it_may_be(void **state)
{
	static uint8_t got[sizeof(payload) + 1];
	struct tun *tun = open_mesh0(OFFLOAD_TUN_GRO);
	int fd = udp_socket(), on = 1;
	ssize_t len;

	(void)state;
	assert_int_equal(setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on)), 0);
	assert_int_equal(tun_write(tun, slots, make_burst()), COUNT);
	len = recv(fd, got, sizeof(got), 0);
	assert_true(len >= SIZE);
	assert_memory_equal(got, payload, (size_t)len);
	assert_true(tun_lacks(tun) ? len == SIZE : len == sizeof(payload));
	close(fd);
	tun_free(tun);
}

static void without_the_offload_each_arrives_alone(void **state)
{
	static const unsigned wanted[] = {OFFLOAD_TUN_GSO, 0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tun *tun = open_mesh0(wanted[i]);
		int fd = udp_socket(), on = 1;

		assert_int_equal(setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on)), 0);
		assert_int_equal(tun_write(tun, slots, make_burst()), COUNT);
		assert_datagrams_arrive(fd, 0);
		close(fd);
		tun_free(tun);
	}
}

/* A kernel that knows no joined packets: their writes have more than two parts. */
static bool refuse_joined_writes(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_writev, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int write_what_is_refused(struct tun *tun)
{
	size_t n = make_burst();

	if (!refuse_joined_writes())
		return 1;
	if (tun_write(tun, slots, n) != n)
		return 2;
	if (!tun_lacks(tun) || !strstr(tun_lacks(tun), "GRO-UDP4") || strstr(tun_lacks(tun), "TCP"))
		return 3;
	if (tun_write(tun, slots, n) != n)
		return 4;
	return strstr(strstr(tun_lacks(tun), "GRO-UDP4") + 1, "GRO-UDP4") ? 5 : 0;
}

static void what_the_kernel_refuses_joined_is_written_one_by_one(void **state)
{
	struct tun *tun = open_mesh0(OFFLOAD_ALL);
	int fd = udp_socket(), status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(write_what_is_refused(tun));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_datagrams_arrive(fd, 0);
	assert_datagrams_arrive(fd, 0);
	close(fd);
	tun_free(tun);
}

static void a_bad_checksum_is_left_to_the_kernel(void **state)
{
	struct tun *tun = open_mesh0(OFFLOAD_ALL);
	int fd = udp_socket();
	size_t n = make_burst();

	(void)state;
	slots[0].data[100] ^= 1;
	assert_int_equal(tun_write(tun, slots, n), n);
	assert_datagrams_arrive(fd, 1);		/* the first has not */
	close(fd);
	tun_free(tun);
}

static void an_interface_that_is_down_takes_nothing_joined(void **state)
{
	struct tun *tun = open_mesh0(OFFLOAD_ALL);

	(void)state;
	run("ip link set mesh0 down");
	assert_int_equal(tun_write(tun, slots, make_burst()), 0);
	if (tun_lacks(tun))
		assert_string_equal(tun_lacks(tun), "USO4 USO6");
	tun_free(tun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		netns_test(what_is_wanted_is_in_effect_or_named_as_lacking),
		netns_test(what_is_not_wanted_is_not_in_effect),
		netns_test(a_leftover_with_other_headers_is_taken_over),
		netns_test(segments_of_a_socket_are_read_one_by_one),
		netns_test(what_does_not_fit_is_read_next_time),
		netns_test(small_and_long_packets_come_in_order),
		netns_test(a_burst_arrives_and_joined_if_it_may_be),
		netns_test(without_the_offload_each_arrives_alone),
		netns_test(what_the_kernel_refuses_joined_is_written_one_by_one),
		netns_test(a_bad_checksum_is_left_to_the_kernel),
		netns_test(an_interface_that_is_down_takes_nothing_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
