/* behaviour_test.c -- NATs of every kind, simulated, are told apart.
 *
 *   client 10.0.0.2:41999 -- struct nat (100.64.7.7) -- world of STUN servers
 *
 * A datagram goes there and back within poll(): 20 ms later by the clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/crypto.h"
#include "stun/behaviour.h"
#include "stun/responder.h"

/* -- the NAT ------------------------------------------------------------- */

enum port_policy { KEEP_PORT, OTHER_PORT, NEXT_PORT, ANY_PORT };

struct mapping {
	struct endpoint key;		/* the destination, as far as it matters */
	uint16_t port;
	struct endpoint sent[16];	/* where to */
	size_t sent_count;
};

struct nat {
	bool absent;			/* no NAT: a firewall at most */
	enum nat_mapping mapping;
	enum nat_filtering filtering;
	enum port_policy policy;
	bool hairpin;
	struct ip public;
	uint16_t last_port;
	struct mapping mappings[16];
	size_t count;
};

static struct nat nat;
static struct rng rng;
static struct endpoint client;

static struct endpoint ep(const char *text)
{
	struct endpoint e;

	assert_true(endpoint_parse(&e, text));
	return e;
}

static struct endpoint key_of(const struct endpoint *to)
{
	struct endpoint key = *to;

	if (nat.absent || nat.mapping == MAPPING_INDEPENDENT)
		return (struct endpoint){0};
	if (nat.mapping == MAPPING_BY_ADDRESS)
		key.port = 0;
	return key;
}

static uint16_t new_port(void)
{
	if (nat.absent || nat.policy == KEEP_PORT)
		return (uint16_t)(client.port + nat.count);
	if (nat.policy == ANY_PORT)
		return (uint16_t)(1024 + rng_below(&rng, 64000));
	if (nat.policy == NEXT_PORT)
		nat.last_port = (uint16_t)(nat.last_port + 2);
	return nat.last_port;
}

static struct mapping *out_through(const struct endpoint *to)
{
	struct endpoint key = key_of(to);
	struct mapping *m = nat.mappings;

	while (m < nat.mappings + nat.count && !endpoint_equal(&m->key, &key))
		m++;
	if (m == nat.mappings + nat.count) {
		assert_true(nat.count < 16);
		*m = (struct mapping){.key = key, .port = new_port()};
		nat.count++;
	}
	assert_true(m->sent_count < 16);
	m->sent[m->sent_count++] = *to;
	return m;
}

static bool lets_in(const struct mapping *m, const struct endpoint *from)
{
	if (nat.filtering == FILTERING_INDEPENDENT)
		return true;
	for (size_t i = 0; i < m->sent_count; i++)
		if (ip_equal(&m->sent[i].ip, &from->ip) &&
		    (nat.filtering == FILTERING_BY_ADDRESS || m->sent[i].port == from->port))
			return true;
	return false;
}

static bool in_through(const struct endpoint *from, uint16_t port)
{
	for (size_t i = 0; i < nat.count; i++)
		if (nat.mappings[i].port == port)
			return lets_in(&nat.mappings[i], from);
	return false;
}

/* -- the world ----------------------------------------------------------- */

enum { SERVERS_MAX = 4 };

struct server {
	struct endpoint primary, other;		/* other: family IP_NONE, it has none */
	struct responder responder;
	bool dead;
	bool stubborn;				/* answers from where it was asked */
	bool primary_only;			/* its other sockets say nothing to us */
	const char *mute;			/* this socket says nothing */
	const char *claims;			/* this OTHER-ADDRESS */
};

static struct server servers[SERVERS_MAX];
static size_t server_count;
static unsigned loss_percent, datagrams, to_strange;
static struct behaviour b;

static void add_server(const char *primary, const char *other)
{
	struct server *s = &servers[server_count++];

	memset(s, 0, sizeof(*s));
	s->primary = ep(primary);
	responder_init(&s->responder, server_count);
	if (other) {
		s->other = ep(other);
		if (ip_equal(&s->primary.ip, &s->other.ip))
			responder_set_two_ports(&s->responder, s->primary.port, s->other.port);
		else
			responder_set_other(&s->responder, &s->primary, &s->other);
	}
}

static bool has_socket(const struct server *s, const struct endpoint *to)
{
	return endpoint_equal(to, &s->primary) ||
	       (s->other.port && (ip_equal(&to->ip, &s->primary.ip) || ip_equal(&to->ip, &s->other.ip)) &&
		(to->port == s->primary.port || to->port == s->other.port));
}

static bool is_lost(void)
{
	return loss_percent && rng_below(&rng, 100) < loss_percent;
}

/* What this server answers; it can be told to lie. */
static bool serve(struct server *s, msec now, const struct endpoint *from,
		  const struct endpoint *to, struct bytes datagram, struct writer *w,
		  struct endpoint *source)
{
	struct endpoint claimed, mute = ep(s->mute ? s->mute : "0.0.0.0:1");
	struct stun_msg msg;

	if (s->dead || endpoint_equal(to, &mute) ||
	    (s->primary_only && !endpoint_equal(to, &s->primary)))
		return false;
	if (s->claims) {
		claimed = ep(s->claims);
		assert_true(stun_parse(&msg, datagram));
		stun_begin(w, STUN_BINDING, STUN_SUCCESS, msg.id);
		stun_put_xor_address(w, ATTR_XOR_MAPPED_ADDRESS, from);
		stun_put_address(w, ATTR_OTHER_ADDRESS, &claimed);
		*source = *to;
		return true;
	}
	if (!responder_feed(&s->responder, now, from, to, datagram, w, source))
		return false;
	if (s->stubborn)
		*source = *to;
	return true;
}

static void deliver(msec now, const struct endpoint *from, uint16_t port, struct bytes datagram)
{
	struct endpoint at = *from;

	if (!is_lost() && in_through(&at, port))
		assert_true(behaviour_feed(&b, now + 20, &at, datagram));
}

static void carry(msec now, const struct endpoint *to, struct bytes datagram)
{
	struct mapping *m = out_through(to);
	struct endpoint from = {.ip = nat.absent ? client.ip : nat.public, .port = m->port}, source;
	uint8_t out[RESPONDER_ANSWER_MAX];
	struct writer w = writer_over(out, sizeof(out));

	datagrams++;
	assert_true(datagram.len >= RESPONDER_FREE_LEN);
	if (is_lost())
		return;
	if (!nat.absent && ip_equal(&to->ip, &nat.public)) {
		if (nat.hairpin)
			deliver(now, &from, to->port, datagram);
		return;
	}
	for (size_t i = 0; i < server_count; i++) {
		if (!has_socket(&servers[i], to))
			continue;
		if (serve(&servers[i], now, &from, to, datagram, &w, &source)) {
			assert_true(w.len <= datagram.len);
			deliver(now, &source, m->port, stun_finish(&w));
		}
		return;
	}
	to_strange++;
}

/* From start to end; how long it took. */
static msec discover(void)
{
	struct endpoint list[SERVERS_MAX];
	uint8_t buffer[256];
	struct endpoint to;
	msec now = 5000;

	for (size_t i = 0; i < server_count; i++)
		list[i] = servers[i].primary;
	behaviour_start(&b, &client, list, server_count, &rng, now);
	for (;;) {
		struct writer w = writer_over(buffer, sizeof(buffer));

		while (behaviour_poll(&b, &w, &to)) {
			carry(now, &to, stun_finish(&w));
			w = writer_over(buffer, sizeof(buffer));
		}
		if (behaviour_due(&b) == NEVER)
			break;
		now = behaviour_due(&b);
		behaviour_tick(&b, now);
	}
	assert_int_equal(b.state, BEHAVIOUR_DONE);
	return now - 5000;
}

static int ready(void **state)
{
	(void)state;
	rng_seed(&rng, 1);
	return crypto_init() ? 0 : -1;
}

static int fresh(void **state)
{
	(void)state;
	server_count = 0;
	loss_percent = datagrams = to_strange = 0;
	client = ep("10.0.0.2:41999");
	nat = (struct nat){.mapping = MAPPING_INDEPENDENT,
			   .filtering = FILTERING_BY_PORT,
			   .public = ip_v4(100, 64, 7, 7),
			   .last_port = 50000};
	return 0;
}

static void new_nat(enum nat_mapping mapping, enum nat_filtering filtering, enum port_policy policy)
{
	fresh(NULL);
	nat.mapping = mapping;
	nat.filtering = filtering;
	nat.policy = policy;
}

#define ONE "192.0.2.1:3478"
#define ONE_OTHER "192.0.2.2:3479"
#define TWO "198.51.100.1:3478"
#define THREE "203.0.113.1:3478"

/* -- with a server of RFC 5780 ------------------------------------------- */

static void one_server_of_rfc_5780_tells_all_kinds_apart(void **state)
{
	(void)state;
	for (enum nat_mapping m = MAPPING_INDEPENDENT; m <= MAPPING_BY_PORT; m++) {
		for (enum nat_filtering f = FILTERING_INDEPENDENT; f <= FILTERING_BY_PORT; f++) {
			for (int hairpin = 0; hairpin < 2; hairpin++) {
				new_nat(m, f, OTHER_PORT);
				if (m != MAPPING_INDEPENDENT)
					nat.policy = NEXT_PORT;
				nat.hairpin = hairpin;
				add_server(ONE, ONE_OTHER);
				discover();
				assert_int_equal(b.report.mapping, m);
				assert_int_equal(b.report.filtering, f);
			}
		}
	}
}

static void several_servers_agree_with_rfc_5780(void **state)
{
	(void)state;
	for (enum nat_mapping m = MAPPING_INDEPENDENT; m <= MAPPING_BY_PORT; m++) {
		new_nat(m, FILTERING_BY_ADDRESS, m == MAPPING_INDEPENDENT ? KEEP_PORT : ANY_PORT);
		add_server(TWO, NULL);
		add_server(ONE, ONE_OTHER);
		add_server(THREE, NULL);
		discover();
		assert_int_equal(b.report.mapping, m);
		assert_int_equal(b.report.filtering, FILTERING_BY_ADDRESS);
		assert_int_equal(b.report.answered, 3);
	}
}

static void a_host_without_a_nat_has_its_firewall_measured(void **state)
{
	(void)state;
	nat.absent = true;
	nat.filtering = FILTERING_BY_ADDRESS;
	add_server(ONE, ONE_OTHER);
	assert_int_equal(discover(), 20 + 3000);
	assert_int_equal(b.report.mapping, MAPPING_DIRECT);
	assert_int_equal(b.report.filtering, FILTERING_BY_ADDRESS);
	assert_int_equal(b.report.ports, PORTS_PRESERVED);
	assert_int_equal(b.report.hairpin, HAIRPIN_UNKNOWN);	/* there is nothing to test */
	assert_string_equal(behaviour_word(&b.report), "none");
	assert_true(endpoint_equal(&b.report.mapped, &client));
}

static void ipv6_without_a_nat_is_direct(void **state)
{
	(void)state;
	nat.absent = true;
	client = ep("[2001:db8::2]:41999");
	add_server("[2001:db8:1::1]:3478", "[2001:db8:1::2]:3479");
	add_server("[2001:db8:2::1]:3478", NULL);
	discover();
	assert_int_equal(b.report.mapping, MAPPING_DIRECT);
	assert_int_equal(b.report.filtering, FILTERING_BY_PORT);
}

static void a_server_that_ignores_change_request_tells_nothing_of_filtering(void **state)
{
	(void)state;
	add_server(ONE, ONE_OTHER);
	servers[0].stubborn = true;
	discover();
	assert_int_equal(b.report.filtering, FILTERING_UNKNOWN);
	assert_int_equal(b.report.mapping, MAPPING_INDEPENDENT);
}

/* It says that it has another address, and answers CHANGE-REQUEST with a plain answer. */
static void a_claimed_address_that_is_not_there_leaves_the_mapping_open(void **state)
{
	(void)state;
	add_server(ONE, ONE_OTHER);
	servers[0].primary_only = true;
	discover();
	assert_int_equal(b.report.mapping, MAPPING_UNKNOWN);

	new_nat(MAPPING_BY_PORT, FILTERING_BY_PORT, ANY_PORT);
	add_server(ONE, ONE_OTHER);
	add_server(TWO, NULL);
	servers[0].primary_only = true;
	discover();
	assert_int_equal(b.report.mapping, MAPPING_DEPENDENT);
}

static void without_the_third_answer_it_is_only_known_to_depend(void **state)
{
	(void)state;
	new_nat(MAPPING_BY_PORT, FILTERING_BY_PORT, ANY_PORT);
	add_server(ONE, ONE_OTHER);
	servers[0].mute = ONE_OTHER;
	discover();
	assert_int_equal(b.report.mapping, MAPPING_DEPENDENT);
}

/* If we have asked the other address as well, we have let it in. */
static void an_address_that_was_asked_itself_is_no_test_of_filtering(void **state)
{
	(void)state;
	nat.filtering = FILTERING_BY_ADDRESS;
	add_server(ONE, ONE_OTHER);
	add_server("192.0.2.2:3478", "192.0.2.1:3479");
	discover();
	assert_int_equal(b.report.filtering, FILTERING_UNKNOWN);
	assert_int_equal(b.report.mapping, MAPPING_INDEPENDENT);
}

/* What a server names is believed only as far as it is decent. */
static void an_indecent_second_address_is_left_alone(void **state)
{
	static const char *const claims[] = {
		"127.0.0.1:22", "[::1]:22", "169.254.1.1:80", "[2001:db8::1]:3479",
		"192.0.2.2:3478",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		fresh(NULL);
		add_server(ONE, NULL);
		servers[0].claims = claims[i];
		discover();
		assert_int_equal(to_strange, 0);
		assert_int_equal(b.chosen, BINDING_SERVERS_MAX);
		assert_int_equal(b.report.filtering, FILTERING_UNKNOWN);
	}
}

static void loopback_may_name_loopback(void **state)
{
	(void)state;
	client = ep("127.0.0.1:41999");
	nat.absent = true;
	nat.filtering = FILTERING_INDEPENDENT;
	add_server("127.0.0.2:3478", "127.0.0.3:3479");
	discover();
	assert_int_equal(b.report.filtering, FILTERING_INDEPENDENT);
	assert_int_equal(b.report.mapping, MAPPING_DIRECT);
}

/* -- without --------------------------------------------------------------- */

static void two_plain_servers_tell_easy_from_hard(void **state)
{
	(void)state;
	add_server(ONE, NULL);
	add_server(TWO, NULL);
	discover();
	assert_int_equal(b.report.mapping, MAPPING_INDEPENDENT);
	assert_int_equal(b.report.filtering, FILTERING_UNKNOWN);
	assert_string_equal(behaviour_word(&b.report), "easy");

	new_nat(MAPPING_BY_ADDRESS, FILTERING_BY_PORT, ANY_PORT);
	add_server(ONE, NULL);
	add_server(TWO, NULL);
	discover();
	assert_int_equal(b.report.mapping, MAPPING_DEPENDENT);
	assert_string_equal(behaviour_word(&b.report), "hard");
}

/* Two ports of one address. */
static void one_address_with_two_ports_proves_only_the_worst(void **state)
{
	(void)state;
	new_nat(MAPPING_BY_PORT, FILTERING_BY_PORT, ANY_PORT);
	add_server("192.0.2.1:3478", NULL);
	add_server("192.0.2.1:3479", NULL);
	add_server(TWO, NULL);
	discover();
	assert_int_equal(b.report.mapping, MAPPING_BY_PORT);

	new_nat(MAPPING_BY_ADDRESS, FILTERING_BY_PORT, ANY_PORT);
	add_server("192.0.2.1:3478", NULL);
	add_server("192.0.2.1:3479", NULL);
	discover();
	assert_int_equal(b.report.mapping, MAPPING_UNKNOWN);
}

/* One address that has a second port, which it names. */
static void a_server_with_two_ports_proves_that_too_and_a_strict_filter(void **state)
{
	(void)state;
	new_nat(MAPPING_BY_PORT, FILTERING_BY_PORT, NEXT_PORT);
	add_server("192.0.2.1:3478", "192.0.2.1:3479");
	discover();
	assert_int_equal(b.report.mapping, MAPPING_BY_PORT);
	assert_int_equal(b.report.filtering, FILTERING_BY_PORT);
	assert_int_equal(b.report.ports, PORTS_SEQUENTIAL);
	assert_string_equal(behaviour_word(&b.report), "hard");

	new_nat(MAPPING_INDEPENDENT, FILTERING_BY_ADDRESS, OTHER_PORT);
	add_server("192.0.2.1:3478", "192.0.2.1:3479");
	add_server(TWO, NULL);
	discover();
	assert_int_equal(b.report.mapping, MAPPING_INDEPENDENT);
	assert_int_equal(b.report.filtering, FILTERING_UNKNOWN);

	new_nat(MAPPING_INDEPENDENT, FILTERING_BY_PORT, OTHER_PORT);
	add_server("192.0.2.1:3478", "192.0.2.1:3479");
	discover();
	assert_int_equal(b.report.mapping, MAPPING_UNKNOWN);
	assert_int_equal(b.report.filtering, FILTERING_BY_PORT);
}

static void one_with_two_addresses_is_preferred_to_one_with_two_ports(void **state)
{
	(void)state;
	new_nat(MAPPING_INDEPENDENT, FILTERING_BY_ADDRESS, OTHER_PORT);
	add_server("198.51.100.9:3478", "198.51.100.9:3479");
	add_server(ONE, ONE_OTHER);
	discover();
	assert_int_equal(b.chosen, 1);
	assert_int_equal(b.report.filtering, FILTERING_BY_ADDRESS);
}

static void one_plain_server_leaves_the_mapping_open(void **state)
{
	(void)state;
	add_server(ONE, NULL);
	discover();
	assert_int_equal(b.report.mapping, MAPPING_UNKNOWN);
	assert_string_equal(behaviour_word(&b.report), "unknown");
	assert_true(b.report.mapped.port);
}

static void our_own_address_must_be_known_to_be_recognised(void **state)
{
	(void)state;
	nat.absent = true;
	add_server(ONE, NULL);
	add_server(TWO, NULL);
	client.ip = ip_v4(10, 0, 0, 2);
	discover();
	assert_int_equal(b.report.mapping, MAPPING_DIRECT);
	behaviour_start(&b, &(struct endpoint){.port = 41999}, &servers[0].primary, 1, &rng, 0);
	assert_int_equal(b.state, BEHAVIOUR_SURVEY);
}

static void blocked_udp_is_known_after_3_s(void **state)
{
	(void)state;
	add_server(ONE, ONE_OTHER);
	add_server(TWO, NULL);
	servers[0].dead = servers[1].dead = true;
	assert_int_equal(discover(), 3000 + BINDING_PACE);
	assert_string_equal(behaviour_word(&b.report), "blocked");
	assert_int_equal(b.report.asked, 2);
	assert_int_equal(b.report.answered, 0);
	assert_int_equal(b.report.ports, PORTS_UNKNOWN);
	assert_int_equal(b.report.hairpin, HAIRPIN_UNKNOWN);
	assert_int_equal(b.report.mapped.port, 0);
}

static void no_servers_is_no_finding(void **state)
{
	(void)state;
	assert_int_equal(discover(), 0);
	assert_string_equal(behaviour_word(&b.report), "unknown");
}

/* -- ports, hairpin, loss ------------------------------------------------ */

static void ports_are_told_apart(void **state)
{
	static const struct {
		enum nat_mapping mapping;
		enum port_policy policy;
		enum nat_ports ports;
		int step;
	} rows[] = {
		{MAPPING_INDEPENDENT, KEEP_PORT, PORTS_PRESERVED, 0},
		{MAPPING_INDEPENDENT, OTHER_PORT, PORTS_CHANGED, 0},
		{MAPPING_BY_ADDRESS, NEXT_PORT, PORTS_SEQUENTIAL, 2},
		{MAPPING_BY_PORT, NEXT_PORT, PORTS_SEQUENTIAL, 2},
		{MAPPING_BY_PORT, KEEP_PORT, PORTS_SEQUENTIAL, 1},
		{MAPPING_BY_PORT, ANY_PORT, PORTS_RANDOM, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		new_nat(rows[i].mapping, FILTERING_BY_PORT, rows[i].policy);
		add_server(ONE, NULL);
		add_server(TWO, NULL);
		add_server(THREE, NULL);
		discover();
		assert_int_equal(b.report.ports, rows[i].ports);
		assert_int_equal(b.report.port_step, rows[i].step);
	}
}

static void ports_that_go_down_are_sequential_and_zigzag_is_not(void **state)
{
	static const struct {
		uint16_t ports[3];
		enum nat_ports want;
		int step;
	} rows[] = {
		{{50000, 49999, 49996}, PORTS_SEQUENTIAL, -1},
		{{50000, 50016, 50017}, PORTS_SEQUENTIAL, 1},
		{{50000, 50017, 50018}, PORTS_RANDOM, 0},
		{{50000, 50002, 50001}, PORTS_RANDOM, 0},
		{{50000, 49998, 49999}, PORTS_RANDOM, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		new_nat(MAPPING_BY_ADDRESS, FILTERING_BY_PORT, KEEP_PORT);
		for (size_t k = 0; k < 3; k++) {
			add_server(k == 0 ? ONE : k == 1 ? TWO : THREE, NULL);
			nat.mappings[k] = (struct mapping){.key = servers[k].primary,
							   .port = rows[i].ports[k]};
			nat.mappings[k].key.port = 0;
		}
		nat.count = 3;
		discover();
		assert_int_equal(b.report.ports, rows[i].want);
		assert_int_equal(b.report.port_step, rows[i].step);
	}
}

static void a_nat_that_hairpins_is_told_from_one_that_does_not(void **state)
{
	(void)state;
	for (enum nat_filtering f = FILTERING_INDEPENDENT; f <= FILTERING_BY_PORT; f++) {
		for (int hairpin = 0; hairpin < 2; hairpin++) {
			new_nat(MAPPING_INDEPENDENT, f, KEEP_PORT);
			nat.hairpin = hairpin;
			add_server(ONE, NULL);
			add_server(TWO, NULL);
			discover();
			assert_int_equal(b.report.hairpin, hairpin ? HAIRPIN_YES : HAIRPIN_NO);
		}
	}
}

/* A mapped address on our own machine comes from a server that means no good. */
static void an_indecent_mapped_address_is_not_sent_to(void **state)
{
	(void)state;
	nat.public = ip_v4(127, 0, 0, 1);
	nat.hairpin = true;
	add_server(ONE, NULL);
	discover();
	assert_int_equal(b.report.hairpin, HAIRPIN_UNKNOWN);
	assert_int_equal(datagrams, 1);
}

static void a_strangers_request_is_not_our_hairpin(void **state)
{
	static const uint8_t id[STUN_ID_LEN] = {1};
	struct endpoint from = ep(TWO);
	uint8_t buffer[64];
	struct writer w = writer_over(buffer, sizeof(buffer));

	(void)state;
	add_server(ONE, NULL);
	discover();
	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	assert_false(behaviour_feed(&b, 0, &from, stun_finish(&w)));
	assert_false(behaviour_feed(&b, 0, &from, bytes_of(buffer, 3)));
}

/* One datagram in ten is lost; then a verdict may be missed, but seldom: three
 * requests and their answers must go for that. Never is hard taken for easy. */
static void a_tenth_lost_leaves_nearly_all_verdicts_as_they_are(void **state)
{
	unsigned right = 0, filtering_right = 0;

	(void)state;
	for (int run = 0; run < 100; run++) {
		new_nat(run % 2 ? MAPPING_BY_PORT : MAPPING_INDEPENDENT, FILTERING_BY_ADDRESS,
			run % 2 ? ANY_PORT : KEEP_PORT);
		add_server(ONE, ONE_OTHER);
		add_server(TWO, NULL);
		loss_percent = 10;
		assert_true(discover() <= 12000 + BINDING_PACE);
		right += b.report.mapping == nat.mapping;
		filtering_right += b.report.filtering == nat.filtering;
		assert_false(run % 2 && b.report.mapping == MAPPING_INDEPENDENT);
	}
	assert_true(right >= 95);
	assert_true(filtering_right >= 95);
}

static void it_takes_12_s_at_most(void **state)
{
	(void)state;
	new_nat(MAPPING_BY_PORT, FILTERING_BY_PORT, ANY_PORT);
	add_server(ONE, ONE_OTHER);
	add_server(TWO, NULL);
	servers[1].dead = true;
	assert_true(discover() <= 12000);
	assert_int_equal(b.report.mapping, MAPPING_BY_PORT);
}

static void every_finding_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(nat_mapping_word(MAPPING_UNKNOWN), "unknown");
	assert_string_equal(nat_mapping_word(MAPPING_DIRECT), "direct");
	assert_string_equal(nat_mapping_word(MAPPING_INDEPENDENT), "independent");
	assert_string_equal(nat_mapping_word(MAPPING_BY_ADDRESS), "address");
	assert_string_equal(nat_mapping_word(MAPPING_BY_PORT), "port");
	assert_string_equal(nat_mapping_word(MAPPING_DEPENDENT), "dependent");
	assert_string_equal(nat_filtering_word(FILTERING_INDEPENDENT), "independent");
	assert_string_equal(nat_filtering_word(FILTERING_BY_PORT), "port");
	assert_string_equal(nat_ports_word(PORTS_PRESERVED), "preserved");
	assert_string_equal(nat_ports_word(PORTS_RANDOM), "random");
	assert_string_equal(nat_hairpin_word(HAIRPIN_YES), "yes");
	assert_string_equal(nat_hairpin_word(HAIRPIN_NO), "no");
}

int main(void)
{
#define fresh_test(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		fresh_test(one_server_of_rfc_5780_tells_all_kinds_apart),
		fresh_test(several_servers_agree_with_rfc_5780),
		fresh_test(a_host_without_a_nat_has_its_firewall_measured),
		fresh_test(ipv6_without_a_nat_is_direct),
		fresh_test(a_server_that_ignores_change_request_tells_nothing_of_filtering),
		fresh_test(a_claimed_address_that_is_not_there_leaves_the_mapping_open),
		fresh_test(without_the_third_answer_it_is_only_known_to_depend),
		fresh_test(an_address_that_was_asked_itself_is_no_test_of_filtering),
		fresh_test(an_indecent_second_address_is_left_alone),
		fresh_test(loopback_may_name_loopback),
		fresh_test(two_plain_servers_tell_easy_from_hard),
		fresh_test(one_address_with_two_ports_proves_only_the_worst),
		fresh_test(a_server_with_two_ports_proves_that_too_and_a_strict_filter),
		fresh_test(one_with_two_addresses_is_preferred_to_one_with_two_ports),
		fresh_test(one_plain_server_leaves_the_mapping_open),
		fresh_test(our_own_address_must_be_known_to_be_recognised),
		fresh_test(blocked_udp_is_known_after_3_s),
		fresh_test(no_servers_is_no_finding),
		fresh_test(ports_are_told_apart),
		fresh_test(ports_that_go_down_are_sequential_and_zigzag_is_not),
		fresh_test(a_nat_that_hairpins_is_told_from_one_that_does_not),
		fresh_test(an_indecent_mapped_address_is_not_sent_to),
		fresh_test(a_strangers_request_is_not_our_hairpin),
		fresh_test(a_tenth_lost_leaves_nearly_all_verdicts_as_they_are),
		fresh_test(it_takes_12_s_at_most),
		fresh_test(every_finding_has_a_word),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
