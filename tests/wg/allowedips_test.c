/* allowedips_test.c -- the trie against a list of prefixes, and its edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/rng.h"
#include "wg/allowedips.h"

enum { NODES = 64 };

static char peers[256];	/* owners are only pointers */
static void *const A = &peers[0], *const B = &peers[1], *const C = &peers[2];

struct fixture {
	struct allowedips_node nodes[NODES];
	struct allowedips trie;
};

static void start(struct fixture *f)
{
	allowedips_init(&f->trie, f->nodes, NODES);
}

static bool add(struct fixture *f, const char *prefix, void *owner)
{
	struct cidr c;

	assert_true(cidr_parse(&c, prefix));
	return allowedips_add(&f->trie, &c, owner);
}

static void *find(const struct fixture *f, const char *address)
{
	struct ip ip;

	assert_true(ip_parse(&ip, address));
	return allowedips_find(&f->trie, &ip);
}

static void an_empty_table_knows_nobody(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_null(find(&f, "10.0.0.1"));
	assert_null(find(&f, "fd00::1"));
}

static void the_longest_prefix_wins_in_whatever_order_they_come(void **state)
{
	static const char *const prefix[] = {"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"};
	static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					{1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	void *const owner[] = {A, B, C};

	(void)state;
	for (size_t o = 0; o < 6; o++) {
		struct fixture f;

		start(&f);
		for (size_t i = 0; i < 3; i++)
			assert_true(add(&f, prefix[orders[o][i]], owner[orders[o][i]]));
		assert_ptr_equal(find(&f, "10.9.9.9"), A);
		assert_ptr_equal(find(&f, "10.1.9.9"), B);
		assert_ptr_equal(find(&f, "10.1.2.9"), C);
		assert_null(find(&f, "11.0.0.0"));
		assert_null(find(&f, "9.255.255.255"));
	}
}

static void prefixes_that_only_share_a_beginning_meet_at_a_fork_without_owner(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "10.1.0.0/16", A);
	add(&f, "10.2.0.0/16", B);
	assert_int_equal(f.trie.len, 3);
	assert_ptr_equal(find(&f, "10.1.0.1"), A);
	assert_ptr_equal(find(&f, "10.2.0.1"), B);
	assert_null(find(&f, "10.0.0.1"));
	assert_null(find(&f, "10.3.0.1"));
}

static void a_fork_can_become_a_prefix(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "10.1.0.0/16", A);
	add(&f, "10.2.0.0/16", B);
	assert_true(add(&f, "10.0.0.0/14", C));
	assert_int_equal(f.trie.len, 3);
	assert_ptr_equal(find(&f, "10.3.0.1"), C);
	assert_ptr_equal(find(&f, "10.1.0.1"), A);
}

static void host_bits_do_not_matter(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "10.1.2.3/16", A);
	add(&f, "fd00::1:2:3/64", B);
	assert_ptr_equal(find(&f, "10.1.9.9"), A);
	assert_ptr_equal(find(&f, "fd00::9"), B);
	add(&f, "10.1.0.0/16", C);
	assert_ptr_equal(find(&f, "10.1.9.9"), C);
}

static void a_default_route_takes_the_rest_of_its_family_only(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "10.0.0.0/8", B);
	add(&f, "0.0.0.0/0", A);
	assert_ptr_equal(find(&f, "0.0.0.0"), A);
	assert_ptr_equal(find(&f, "255.255.255.255"), A);
	assert_ptr_equal(find(&f, "10.1.1.1"), B);
	assert_null(find(&f, "a00::"));
	add(&f, "::/0", C);
	assert_ptr_equal(find(&f, "a00::"), C);
	assert_ptr_equal(find(&f, "1.2.3.4"), A);
}

static void a_host_route_is_for_one_address(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	add(&f, "10.0.0.1/32", A);
	add(&f, "10.0.0.0/32", B);
	add(&f, "fd00::1/128", A);
	add(&f, "fd00::/128", B);
	assert_ptr_equal(find(&f, "10.0.0.1"), A);
	assert_ptr_equal(find(&f, "10.0.0.0"), B);
	assert_null(find(&f, "10.0.0.2"));
	assert_ptr_equal(find(&f, "fd00::1"), A);
	assert_ptr_equal(find(&f, "fd00::"), B);
	assert_null(find(&f, "fd00::2"));
}

static void a_prefix_that_is_added_again_moves(void **state)
{
	struct fixture f;
	uint32_t len;

	(void)state;
	start(&f);
	add(&f, "10.0.0.0/8", A);
	add(&f, "10.1.0.0/16", B);
	len = f.trie.len;
	assert_true(add(&f, "10.0.0.0/8", C));
	assert_int_equal(f.trie.len, len);
	assert_ptr_equal(find(&f, "10.9.9.9"), C);
	assert_ptr_equal(find(&f, "10.1.9.9"), B);
}

static void a_full_array_says_so_and_keeps_what_it_has(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	f.trie.cap = 2;
	assert_true(add(&f, "10.1.0.0/16", A));
	assert_false(add(&f, "10.2.0.0/16", B));	/* needs a leaf and a fork */
	assert_null(find(&f, "10.2.0.1"));
	assert_ptr_equal(find(&f, "10.1.0.1"), A);
	assert_true(add(&f, "10.0.0.0/8", C));		/* needs one */
	assert_false(add(&f, "fd00::/8", C));
	assert_true(add(&f, "10.1.0.0/16", B));		/* needs none */
	assert_ptr_equal(find(&f, "10.1.0.1"), B);
	assert_ptr_equal(find(&f, "10.2.0.1"), C);
}

/* -- against a list ------------------------------------------------------ */

enum { PREFIXES = 200, LOOKUPS = 10000 };

static struct {
	struct cidr prefix;
	void *owner;
} list[PREFIXES];
static size_t list_len;

static void list_add(const struct cidr *prefix, void *owner)
{
	struct cidr masked = cidr_masked(*prefix);
	size_t i = 0;

	while (i < list_len && !cidr_equal(&list[i].prefix, &masked))
		i++;
	list[i].prefix = masked;
	list[i].owner = owner;
	list_len += i == list_len;
}

static void *list_find(const struct ip *ip)
{
	void *owner = NULL;
	int best = -1;

	for (size_t i = 0; i < list_len; i++) {
		if (cidr_contains(&list[i].prefix, ip) && list[i].prefix.len > best) {
			best = list[i].prefix.len;
			owner = list[i].owner;
		}
	}
	return owner;
}

/* Few distinct bits, so that prefixes lie inside each other. */
static struct ip random_ip(struct rng *rng)
{
	struct ip ip = {.family = rng_below(rng, 2) ? IP_V4 : IP_V6};

	for (unsigned i = 0; i < ip_bits(&ip) / 8; i++)
		ip.bytes[i] = (uint8_t)(rng_below(rng, 4) ? 0 : 1u << rng_below(rng, 8));
	return ip;
}

static void agrees_with_a_list_of_random_prefixes(void **state)
{
	static struct allowedips_node nodes[2 * PREFIXES];
	struct allowedips t;
	struct rng rng;

	(void)state;
	assert_int_equal(allowedips_nodes_for(PREFIXES), 2 * PREFIXES);
	for (uint64_t seed = 1; seed <= 5; seed++) {
		rng_seed(&rng, seed);
		allowedips_init(&t, nodes, 2 * PREFIXES);
		list_len = 0;
		for (int i = 0; i < PREFIXES; i++) {
			struct ip ip = random_ip(&rng);
			struct cidr c = {ip, (uint8_t)rng_below(&rng, ip_bits(&ip) + 1)};
			void *owner = &peers[rng_below(&rng, sizeof(peers))];

			assert_true(allowedips_add(&t, &c, owner));
			list_add(&c, owner);
		}
		for (int i = 0; i < LOOKUPS / 5; i++) {
			struct ip ip = random_ip(&rng);

			assert_ptr_equal(allowedips_find(&t, &ip), list_find(&ip));
		}
	}
}

/* -- packets ------------------------------------------------------------- */

enum { V4_HEADER = 20, V6_HEADER = 40 };

/* 10.0.0.1 -> 10.0.0.2, 24 bytes */
static const uint8_t packet4[24] = {
	0x45, 0, 0, 24, 0, 0, 0, 0, 64, 17, 0, 0,	/* IHL 5, total length 24 */
	10, 0, 0, 1, 10, 0, 0, 2,
};

/* fd00::1 -> fd00::2, 44 bytes */
static const uint8_t packet6[44] = {
	0x60, 0, 0, 0, 0, 4, 17, 64,			/* payload length 4 */
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
};

static void start_with_two_hosts(struct fixture *f)
{
	start(f);
	add(f, "10.0.0.1/32", A);
	add(f, "10.0.0.2/32", B);
	add(f, "fd00::1/128", A);
	add(f, "fd00::2/128", B);
}

static void a_packet_goes_to_the_owner_of_its_destination(void **state)
{
	struct fixture f;

	(void)state;
	start_with_two_hosts(&f);
	assert_ptr_equal(allowedips_route(&f.trie, bytes_of(packet4, sizeof(packet4))), B);
	assert_ptr_equal(allowedips_route(&f.trie, bytes_of(packet6, sizeof(packet6))), B);
}

static bool same_route(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return allowedips_same_route(bytes_of(a, a_len), bytes_of(b, b_len));
}

static void two_packets_go_one_way_if_all_of_their_destination_is_the_same(void **state)
{
	uint8_t other4[sizeof(packet4)], other6[sizeof(packet6)];

	(void)state;
	memcpy(other4, packet4, sizeof(other4));
	memcpy(other6, packet6, sizeof(other6));
	other4[12] ^= 1;	/* the source does not matter */
	other6[8] ^= 1;
	assert_true(same_route(packet4, sizeof(packet4), other4, sizeof(other4)));
	assert_true(same_route(packet6, sizeof(packet6), other6, sizeof(other6)));
	assert_false(same_route(packet4, sizeof(packet4), packet6, sizeof(packet6)));
	assert_false(same_route(packet4, V4_HEADER - 1, packet4, V4_HEADER - 1));
	other4[19] ^= 1;
	other6[39] ^= 1;
	assert_false(same_route(packet4, sizeof(packet4), other4, sizeof(other4)));
	assert_false(same_route(packet6, sizeof(packet6), other6, sizeof(other6)));
}

static void a_packet_may_come_only_from_the_owner_of_its_source(void **state)
{
	struct fixture f;

	(void)state;
	start_with_two_hosts(&f);
	assert_true(allowedips_allows(&f.trie, bytes_of(packet4, sizeof(packet4)), A));
	assert_false(allowedips_allows(&f.trie, bytes_of(packet4, sizeof(packet4)), B));
	assert_true(allowedips_allows(&f.trie, bytes_of(packet6, sizeof(packet6)), A));
	assert_false(allowedips_allows(&f.trie, bytes_of(packet6, sizeof(packet6)), B));
}

static void nobody_may_send_from_an_address_of_nobody(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_false(allowedips_allows(&f.trie, bytes_of(packet4, sizeof(packet4)), NULL));
	assert_false(allowedips_allows(&f.trie, bytes_of(packet4, sizeof(packet4)), A));
}

/* The exact-size copy lets AddressSanitizer see a read past the end. */
static void assert_nobody(const struct fixture *f, const uint8_t *packet, size_t len)
{
	uint8_t *copy = test_malloc(len + 1);
	struct bytes b = bytes_of(copy + 1, len);

	memcpy(copy + 1, packet, len);
	assert_null(allowedips_route(&f->trie, b));
	assert_false(allowedips_allows(&f->trie, b, A));
	assert_int_equal(inner_packet_len(b), 0);
	test_free(copy);
}

static void a_truncated_header_belongs_to_nobody(void **state)
{
	struct fixture f;

	(void)state;
	start_with_two_hosts(&f);
	for (size_t len = 0; len < V4_HEADER; len++)
		assert_nobody(&f, packet4, len);
	for (size_t len = 0; len < V6_HEADER; len++)
		assert_nobody(&f, packet6, len);
}

static void what_is_neither_ipv4_nor_ipv6_belongs_to_nobody(void **state)
{
	struct fixture f;
	uint8_t packet[sizeof(packet6)];

	(void)state;
	start_with_two_hosts(&f);
	add(&f, "0.0.0.0/0", A);
	add(&f, "::/0", A);
	memcpy(packet, packet6, sizeof(packet));
	for (unsigned version = 0; version < 16; version++) {
		if (version == 4 || version == 6)
			continue;
		packet[0] = (uint8_t)(version << 4 | 5);
		assert_nobody(&f, packet, sizeof(packet));
	}
}

static void random_bytes_do_no_harm(void **state)
{
	struct fixture f;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 3);
	start_with_two_hosts(&f);
	for (int i = 0; i < 20000; i++) {
		size_t len = rng_below(&rng, 64);
		uint8_t *packet = test_malloc(len + 1);
		struct bytes b = bytes_of(packet + 1, len);

		rng.fill(&rng, packet, len + 1);
		allowedips_route(&f.trie, b);
		allowedips_allows(&f.trie, b, A);
		assert_true(inner_packet_len(b) <= len);
		test_free(packet);
	}
}

/* ::ffff:10.0.0.1 as the source of an IPv6 packet is not 10.0.0.1's. */
static void an_ipv4_mapped_source_does_not_pass_for_the_ipv4_address(void **state)
{
	struct fixture f;
	uint8_t packet[sizeof(packet6)];

	(void)state;
	start_with_two_hosts(&f);
	memcpy(packet, packet6, sizeof(packet));
	memcpy(packet + 8, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01", 16);
	assert_false(allowedips_allows(&f.trie, bytes_of(packet, sizeof(packet)), A));
	memcpy(packet + 24, packet + 8, 16);
	assert_null(allowedips_route(&f.trie, bytes_of(packet, sizeof(packet))));
}

static void the_inner_length_is_the_headers_without_the_padding(void **state)
{
	uint8_t padded[64] = {0};

	(void)state;
	memcpy(padded, packet4, sizeof(packet4));
	assert_int_equal(inner_packet_len(bytes_of(padded, 32)), 24);
	assert_int_equal(inner_packet_len(bytes_of(padded, 24)), 24);
	memcpy(padded, packet6, sizeof(packet6));
	assert_int_equal(inner_packet_len(bytes_of(padded, 48)), 44);
	assert_int_equal(inner_packet_len(bytes_of(padded, 44)), 44);
}

static void a_header_that_claims_more_than_there_is_has_no_length(void **state)
{
	uint8_t packet[64] = {0};

	(void)state;
	assert_int_equal(inner_packet_len(bytes_of(packet4, 23)), 0);
	assert_int_equal(inner_packet_len(bytes_of(packet6, 43)), 0);
	memcpy(packet, packet4, sizeof(packet4));
	packet[2] = packet[3] = 0xff;
	assert_int_equal(inner_packet_len(bytes_of(packet, sizeof(packet))), 0);
	memcpy(packet, packet6, sizeof(packet6));
	packet[4] = packet[5] = 0xff;
	assert_int_equal(inner_packet_len(bytes_of(packet, sizeof(packet))), 0);
}

static void an_ipv4_header_that_contradicts_itself_has_no_length(void **state)
{
	uint8_t packet[24];

	(void)state;
	memcpy(packet, packet4, sizeof(packet));
	packet[0] = 0x44;	/* header of 16 bytes */
	assert_int_equal(inner_packet_len(bytes_of(packet, sizeof(packet))), 0);
	packet[0] = 0x47;	/* header of 28, of 24 in all */
	assert_int_equal(inner_packet_len(bytes_of(packet, sizeof(packet))), 0);
	packet[0] = 0x45;
	packet[3] = 19;		/* shorter than its header */
	assert_int_equal(inner_packet_len(bytes_of(packet, sizeof(packet))), 0);
	packet[3] = 20;
	assert_int_equal(inner_packet_len(bytes_of(packet, sizeof(packet))), 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_knows_nobody),
		cmocka_unit_test(the_longest_prefix_wins_in_whatever_order_they_come),
		cmocka_unit_test(prefixes_that_only_share_a_beginning_meet_at_a_fork_without_owner),
		cmocka_unit_test(a_fork_can_become_a_prefix),
		cmocka_unit_test(host_bits_do_not_matter),
		cmocka_unit_test(a_default_route_takes_the_rest_of_its_family_only),
		cmocka_unit_test(a_host_route_is_for_one_address),
		cmocka_unit_test(a_prefix_that_is_added_again_moves),
		cmocka_unit_test(a_full_array_says_so_and_keeps_what_it_has),
		cmocka_unit_test(agrees_with_a_list_of_random_prefixes),
		cmocka_unit_test(a_packet_goes_to_the_owner_of_its_destination),
		cmocka_unit_test(two_packets_go_one_way_if_all_of_their_destination_is_the_same),
		cmocka_unit_test(a_packet_may_come_only_from_the_owner_of_its_source),
		cmocka_unit_test(nobody_may_send_from_an_address_of_nobody),
		cmocka_unit_test(a_truncated_header_belongs_to_nobody),
		cmocka_unit_test(what_is_neither_ipv4_nor_ipv6_belongs_to_nobody),
		cmocka_unit_test(random_bytes_do_no_harm),
		cmocka_unit_test(an_ipv4_mapped_source_does_not_pass_for_the_ipv4_address),
		cmocka_unit_test(the_inner_length_is_the_headers_without_the_padding),
		cmocka_unit_test(a_header_that_claims_more_than_there_is_has_no_length),
		cmocka_unit_test(an_ipv4_header_that_contradicts_itself_has_no_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
