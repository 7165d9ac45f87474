/* checklist_test.c -- candidates of both sides, their pairs, and whose turn it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ice/checklist.h"

static struct checklist l;

static int begin(void **state)
{
	(void)state;
	checklist_init(&l, true);
	return 0;
}

static struct endpoint endpoint(const char *text)
{
	struct endpoint e;

	if (!endpoint_parse(&e, text))
		fail_msg("bad endpoint: %s", text);
	return e;
}

static uint8_t add_local(enum candidate_type type, const char *at, const char *base)
{
	struct local_candidate c = {
		.c = {.type = (uint8_t)type, .at = endpoint(at)},
		.base = {.at = endpoint(base)},
	};

	if (type == CANDIDATE_SRFLX)
		c.server = ip_v4(192, 0, 2, 99);
	return checklist_add_local(&l, &c);
}

static uint8_t add_host(const char *at)
{
	return add_local(CANDIDATE_HOST, at, at);
}

static struct candidate remote(enum candidate_type type, const char *at, const char *foundation,
			       uint16_t preference)
{
	struct candidate c = {
		.type = (uint8_t)type,
		.component = 1,
		.at = endpoint(at),
		.priority = candidate_priority(type, preference, 1),
	};

	snprintf(c.foundation, sizeof(c.foundation), "%s", foundation);
	return c;
}

static uint8_t add_remote(enum candidate_type type, const char *at, const char *foundation)
{
	struct candidate c = remote(type, at, foundation, 65535);

	assert_int_equal(checklist_add_remote(&l, &c), REMOTE_ADDED);
	return checklist_find_remote(&l, 0, &c.at);
}

static unsigned count_pairs(void)
{
	return PAIRS_MAX - checklist_count(&l, PAIR_NONE);
}

static uint8_t find_pair(uint8_t local, uint8_t with)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++)
		if (l.pairs[i].state != PAIR_NONE && l.pairs[i].local == local &&
		    l.pairs[i].remote == with)
			return i;
	return NO_INDEX;
}

/* -- candidates ---------------------------------------------------------- */

static void local_candidates_get_priority_component_and_foundation(void **state)
{
	uint8_t v4 = add_host("10.0.0.1:5"), v6 = add_host("[2001:db8::1]:5");
	uint8_t second = add_host("10.0.0.2:5");
	uint8_t srflx = add_local(CANDIDATE_SRFLX, "198.51.100.1:9", "10.0.0.1:5");

	(void)state;
	assert_int_equal(l.locals[v6].c.priority, candidate_priority(CANDIDATE_HOST, 65535, 1));
	assert_int_equal(l.locals[v4].c.priority, candidate_priority(CANDIDATE_HOST, 65534, 1));
	assert_int_equal(l.locals[second].c.priority, candidate_priority(CANDIDATE_HOST, 65532, 1));
	assert_int_equal(l.locals[srflx].c.priority, candidate_priority(CANDIDATE_SRFLX, 65530, 1));
	assert_int_equal(l.locals[v4].c.component, 1);
	assert_string_equal(l.locals[v4].c.foundation, "1");
	assert_string_equal(l.locals[v6].c.foundation, "2");
	assert_string_equal(l.locals[second].c.foundation, "3");
	assert_string_equal(l.locals[srflx].c.foundation, "4");
}

static void candidates_of_one_kind_share_their_foundation(void **state)
{
	uint8_t a = add_host("10.0.0.1:5"), b = add_host("10.0.0.1:6");

	(void)state;
	assert_string_equal(l.locals[a].c.foundation, l.locals[b].c.foundation);
}

static void the_same_local_candidate_twice_is_one(void **state)
{
	(void)state;
	assert_int_equal(add_host("10.0.0.1:5"), add_host("10.0.0.1:5"));
	assert_int_not_equal(add_host("10.0.0.1:5"), add_host("10.0.0.1:6"));
}

static void there_is_room_for_16_local_and_32_remote_candidates(void **state)
{
	char at[32];
	struct candidate c;

	(void)state;
	for (unsigned i = 1; i <= LOCALS_OFFERED; i++) {
		snprintf(at, sizeof(at), "10.0.0.%u:5", i);
		assert_int_not_equal(add_host(at), NO_INDEX);
	}
	assert_int_equal(add_host("10.0.1.1:5"), NO_INDEX);
	for (unsigned i = 1; i <= REMOTES_SIGNALLED; i++) {
		snprintf(at, sizeof(at), "10.1.0.%u:5", i);
		add_remote(CANDIDATE_HOST, at, "1");
	}
	c = remote(CANDIDATE_HOST, "10.1.1.1:5", "1", 65535);
	assert_int_equal(checklist_add_remote(&l, &c), REMOTE_NO_ROOM);
	assert_int_equal(count_pairs(), PAIRS_MAX);
}

static void the_same_remote_candidate_again_changes_nothing_unless_it_is_better(void **state)
{
	struct candidate c = remote(CANDIDATE_SRFLX, "192.0.2.1:5", "1", 100);
	uint8_t local = add_host("10.0.0.1:5");
	uint64_t before;

	(void)state;
	assert_int_equal(checklist_add_remote(&l, &c), REMOTE_ADDED);
	before = l.pairs[find_pair(local, 0)].priority;
	c.priority--;
	assert_int_equal(checklist_add_remote(&l, &c), REMOTE_KNOWN);
	assert_true(l.pairs[find_pair(local, 0)].priority == before);
	c = remote(CANDIDATE_HOST, "192.0.2.1:5", "2", 100);
	assert_int_equal(checklist_add_remote(&l, &c), REMOTE_KNOWN);
	assert_int_equal(l.remotes[0].type, CANDIDATE_HOST);
	assert_true(l.pairs[find_pair(local, 0)].priority > before);
	assert_int_equal(count_pairs(), 1);
}

/* -- forming and pruning ------------------------------------------------- */

static void a_local_and_a_remote_candidate_of_one_family_make_a_pair(void **state)
{
	uint8_t v4 = add_host("10.0.0.1:5"), v6 = add_host("[2001:db8::1]:5");
	uint8_t r4 = add_remote(CANDIDATE_HOST, "10.1.0.1:5", "1");
	uint8_t r6 = add_remote(CANDIDATE_HOST, "[2001:db8::2]:5", "2");

	(void)state;
	assert_int_equal(count_pairs(), 2);
	assert_int_not_equal(find_pair(v4, r4), NO_INDEX);
	assert_int_not_equal(find_pair(v6, r6), NO_INDEX);
	assert_true(l.pairs[find_pair(v4, r4)].priority ==
		    pair_priority(l.locals[v4].c.priority, l.remotes[r4].priority));
}

static void it_does_not_matter_who_comes_first(void **state)
{
	uint8_t r = add_remote(CANDIDATE_HOST, "10.1.0.1:5", "1"), local;

	(void)state;
	local = add_host("10.0.0.1:5");
	assert_int_not_equal(find_pair(local, r), NO_INDEX);
}

static void a_reflexive_candidate_is_pruned_where_its_base_is_paired(void **state)
{
	uint8_t host = add_host("10.0.0.1:5"), r;

	(void)state;
	add_local(CANDIDATE_SRFLX, "198.51.100.1:9", "10.0.0.1:5");
	r = add_remote(CANDIDATE_HOST, "10.1.0.1:5", "1");
	assert_int_equal(count_pairs(), 1);
	assert_int_not_equal(find_pair(host, r), NO_INDEX);
}

static void a_reflexive_candidate_stands_in_for_a_base_that_is_not_offered(void **state)
{
	uint8_t srflx = add_local(CANDIDATE_SRFLX, "198.51.100.1:9", "10.0.0.1:5");
	uint8_t r = add_remote(CANDIDATE_HOST, "192.0.2.1:5", "1"), host;

	(void)state;
	assert_int_not_equal(find_pair(srflx, r), NO_INDEX);
	host = add_host("10.0.0.1:5");			/* and gives way when it is */
	assert_int_equal(count_pairs(), 1);
	assert_int_not_equal(find_pair(host, r), NO_INDEX);
}

static void a_relayed_candidate_is_its_own_base(void **state)
{
	uint8_t r = add_remote(CANDIDATE_HOST, "192.0.2.1:5", "1");
	uint8_t host = add_host("10.0.0.1:5");
	uint8_t relay = add_local(CANDIDATE_RELAY, "203.0.113.5:7", "203.0.113.5:7");

	(void)state;
	assert_true(l.pairs[find_pair(host, r)].priority > l.pairs[find_pair(relay, r)].priority);
}

static void link_local_addresses_meet_only_on_their_link(void **state)
{
	uint8_t on2 = add_host("[fe80::1%2]:5"), on3 = add_host("[fe80::1%3]:5");
	uint8_t global = add_host("[2001:db8::1]:5");
	uint8_t r2 = add_remote(CANDIDATE_HOST, "[fe80::9%2]:5", "1");
	uint8_t r = add_remote(CANDIDATE_HOST, "[2001:db8::2]:5", "2");

	(void)state;
	assert_int_equal(count_pairs(), 2);
	assert_int_not_equal(find_pair(on2, r2), NO_INDEX);
	assert_int_equal(find_pair(on3, r2), NO_INDEX);
	assert_int_not_equal(find_pair(global, r), NO_INDEX);
}

/* -- TCP --------------------------------------------------------------------- */

static uint8_t add_tcp_local(enum candidate_type type, enum candidate_proto proto, const char *at)
{
	struct local_candidate c = {
		.c = {.type = (uint8_t)type, .proto = (uint8_t)proto, .at = endpoint(at)},
		.base = {.at = endpoint("10.0.0.1:5"), .via = 1000},
	};

	return checklist_add_local(&l, &c);
}

static struct candidate tcp_remote(enum candidate_type type, enum candidate_proto proto,
				   const char *at)
{
	struct candidate c = remote(type, at, at, 0);

	c.proto = (uint8_t)proto;
	c.priority = candidate_tcp_priority(type, proto, 65535);
	return c;
}

static void tcp_and_udp_at_one_address_are_two_places(void **state)
{
	struct candidate c = tcp_remote(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, "10.1.0.1:5");

	(void)state;
	add_host("10.0.0.1:5");
	assert_int_equal(checklist_add_remote(&l, &c), REMOTE_ADDED);
	assert_int_equal(count_pairs(), 0);
	add_remote(CANDIDATE_HOST, "10.1.0.1:5", "2");
	assert_int_equal(count_pairs(), 1);
	add_tcp_local(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, "10.0.0.1:5");
	assert_int_equal(count_pairs(), 2);
}

/* RFC 6544 section 6.2, where ours that is passive is active too. */
static void tcp_is_paired_by_who_calls_whom(void **state)
{
	static const struct {
		enum candidate_proto ours, theirs;
		unsigned pairs;
	} table[] = {
		{CANDIDATE_TCP_PASSIVE, CANDIDATE_TCP_PASSIVE, 1},
		{CANDIDATE_TCP_PASSIVE, CANDIDATE_TCP_ACTIVE, 0},
		{CANDIDATE_TCP_PASSIVE, CANDIDATE_TCP_SO, 0},
		{CANDIDATE_TCP_ACTIVE, CANDIDATE_TCP_PASSIVE, 1},
		{CANDIDATE_TCP_ACTIVE, CANDIDATE_TCP_ACTIVE, 0},
		{CANDIDATE_TCP_ACTIVE, CANDIDATE_TCP_SO, 0},
		{CANDIDATE_TCP_SO, CANDIDATE_TCP_SO, 1},
		{CANDIDATE_TCP_SO, CANDIDATE_TCP_PASSIVE, 0},
		{CANDIDATE_TCP_SO, CANDIDATE_TCP_ACTIVE, 0},
		{CANDIDATE_TCP_SO, CANDIDATE_UDP, 0},
		{CANDIDATE_UDP, CANDIDATE_TCP_SO, 0},
		{CANDIDATE_UDP, CANDIDATE_UDP, 1},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct candidate c = tcp_remote(CANDIDATE_HOST, table[i].theirs, "10.1.0.1:5");

		begin(state);
		add_tcp_local(CANDIDATE_HOST, table[i].ours, "10.0.0.1:5");
		checklist_add_remote(&l, &c);
		assert_int_equal(count_pairs(), table[i].pairs);
		begin(state);			/* in the other order */
		checklist_add_remote(&l, &c);
		add_tcp_local(CANDIDATE_HOST, table[i].ours, "10.0.0.1:5");
		assert_int_equal(count_pairs(), table[i].pairs);
	}
}

static void tcp_of_another_family_is_not_paired(void **state)
{
	struct candidate c = tcp_remote(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, "[2001:db8::1]:5");

	(void)state;
	add_tcp_local(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, "10.0.0.1:5");
	checklist_add_remote(&l, &c);
	assert_int_equal(count_pairs(), 0);
}

static void a_peer_has_us_open_eight_connections_at_most(void **state)
{
	char at[32];

	(void)state;
	add_tcp_local(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, "10.0.0.1:5");
	for (unsigned i = 1; i <= 20; i++) {
		struct candidate c;

		snprintf(at, sizeof(at), "10.1.0.%u:5", i);
		c = tcp_remote(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, at);
		assert_int_equal(checklist_add_remote(&l, &c), REMOTE_ADDED);
	}
	assert_int_equal(count_pairs(), PAIRS_TCP_MAX);
}

/* It had no way to be asked; now there is a connection. */
static void who_calls_by_tcp_is_active_and_is_paired(void **state)
{
	struct endpoint from = endpoint("203.0.113.7:4711");
	uint8_t ours = add_tcp_local(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, "10.0.0.1:5");
	bool is_new;
	uint8_t r = checklist_learn_remote(&l, ours, &from, 12345, 0, &is_new);

	(void)state;
	assert_true(is_new);
	assert_int_equal(l.remotes[r].proto, CANDIDATE_TCP_ACTIVE);
	assert_int_equal(count_pairs(), 0);
	assert_int_not_equal(checklist_pair(&l, ours, r), NO_INDEX);
	assert_int_equal(checklist_find_remote(&l, ours, &from), r);
	assert_int_equal(checklist_find_remote(&l, add_host("10.0.0.1:5"), &from), NO_INDEX);
}

/* Its check was faster than its DESC. */
static void who_called_by_tcp_and_is_told_later_is_one(void **state)
{
	struct candidate told = tcp_remote(CANDIDATE_SRFLX, CANDIDATE_TCP_SO, "203.0.113.7:4711");
	uint8_t ours = add_tcp_local(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, "10.0.0.1:5");
	bool is_new;
	uint8_t r = checklist_learn_remote(&l, ours, &told.at, 12345, 0, &is_new);
	uint8_t pair = checklist_pair(&l, ours, r);

	(void)state;
	l.pairs[pair].state = PAIR_VALID;
	assert_int_equal(checklist_add_remote(&l, &told), REMOTE_SIGNALLED);
	r = checklist_find_remote(&l, ours, &told.at);
	assert_true(r < REMOTES_SIGNALLED);
	assert_int_equal(l.remotes[r].proto, CANDIDATE_TCP_SO);
	assert_int_equal(l.pairs[pair].remote, r);
	assert_int_equal(l.pairs[pair].state, PAIR_VALID);
}

static void how_the_peer_sees_a_connection_is_no_candidate_of_udp(void **state)
{
	struct endpoint mapped = endpoint("203.0.113.9:40001");
	uint8_t udp = add_local(CANDIDATE_SRFLX, "203.0.113.9:40001", "10.0.0.1:5");
	uint8_t so = add_tcp_local(CANDIDATE_SRFLX, CANDIDATE_TCP_SO, "203.0.113.9:40001");
	uint8_t host = add_tcp_local(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, "10.0.0.1:5");
	bool is_new;

	(void)state;
	assert_int_not_equal(udp, so);
	assert_int_equal(checklist_learn_local(&l, host, &mapped, &is_new), so);
	assert_false(is_new);
	mapped.port++;
	so = checklist_learn_local(&l, host, &mapped, &is_new);
	assert_true(is_new);
	assert_true(candidate_is_tcp(&l.locals[so].c));
	assert_int_equal(l.locals[so].c.priority,
			 candidate_tcp_priority(CANDIDATE_PRFLX, CANDIDATE_TCP_PASSIVE, 8188));
}

static void the_worst_pairs_make_room_for_better_ones(void **state)
{
	char at[32];
	uint8_t relay, host, last;

	(void)state;
	add_local(CANDIDATE_RELAY, "203.0.113.1:7", "203.0.113.1:7");
	relay = add_local(CANDIDATE_RELAY, "203.0.113.2:7", "203.0.113.2:7");
	for (unsigned i = 1; i <= REMOTES_SIGNALLED; i++) {
		snprintf(at, sizeof(at), "192.0.2.%u:5", i);
		add_remote(CANDIDATE_HOST, at, "1");
	}
	assert_int_equal(count_pairs(), PAIRS_MAX);
	last = find_pair(relay, REMOTES_SIGNALLED - 1);
	l.pairs[last].state = PAIR_VALID;
	l.pairs[find_pair(relay, 5)].active = true;
	l.pairs[find_pair(relay, 6)].nominated = true;
	checklist_trigger(&l, find_pair(relay, 0));

	host = add_host("10.0.0.1:5");
	assert_int_equal(count_pairs(), PAIRS_MAX);
	for (uint8_t r = 0; r < REMOTES_SIGNALLED; r++)
		assert_int_not_equal(find_pair(host, r), NO_INDEX);
	assert_int_equal(l.pairs[last].state, PAIR_VALID);	/* what is in use stays */
	assert_int_not_equal(find_pair(relay, 5), NO_INDEX);
	assert_int_not_equal(find_pair(relay, 6), NO_INDEX);
	assert_int_equal(find_pair(relay, 0), NO_INDEX);
	assert_int_equal(l.triggered_len, 0);
}

static void a_pair_worse_than_all_others_is_not_made(void **state)
{
	char at[32];
	uint8_t a = add_host("10.0.0.1:5"), b = add_host("10.0.0.2:5"), relay;

	(void)state;
	for (unsigned i = 1; i <= REMOTES_SIGNALLED; i++) {
		snprintf(at, sizeof(at), "192.0.2.%u:5", i);
		add_remote(CANDIDATE_HOST, at, "1");
	}
	relay = add_local(CANDIDATE_RELAY, "203.0.113.1:7", "203.0.113.1:7");
	assert_int_equal(find_pair(relay, 0), NO_INDEX);
	assert_int_equal(checklist_pair(&l, relay, 0), NO_INDEX);
	assert_int_equal(checklist_pair(&l, a, 3), find_pair(a, 3));
	assert_int_equal(checklist_pair(&l, b, 3), find_pair(b, 3));
}

/* A relay of the owner's own, and the peer behind it. */
static uint8_t add_hop(const char *at)
{
	struct local_candidate c = {
		.c = {.type = CANDIDATE_RELAY, .proto = CANDIDATE_HOP, .at = endpoint(at)},
		.base = {.at = endpoint(at), .via = 3000},
	};

	return checklist_add_local(&l, &c);
}

static uint8_t add_remote_hop(const char *at)
{
	struct candidate c = remote(CANDIDATE_RELAY, at, "hop", 0);

	c.proto = CANDIDATE_HOP;
	c.at.scope = 12345;		/* which peer: the owner's business */
	assert_int_equal(checklist_add_remote(&l, &c), REMOTE_ADDED);
	for (uint8_t i = 0; i < REMOTES_MAX; i++)
		if (candidate_same_place(&l.remotes[i], &c))
			return i;
	return NO_INDEX;
}

static void a_hop_fits_nothing_but_itself(void **state)
{
	uint8_t host = add_host("[2001:db8::1]:5"), one = add_hop("[100::1]:9");
	uint8_t two = add_hop("[100::2]:9"), theirs, relay, remote_host;
	bool is_new;

	(void)state;
	remote_host = add_remote(CANDIDATE_HOST, "[2001:db8::2]:5", "1");
	relay = add_remote(CANDIDATE_RELAY, "[2001:db8::3]:5", "2");
	theirs = add_remote_hop("[100::1]:9");
	assert_int_equal(count_pairs(), 3);
	assert_int_not_equal(find_pair(host, remote_host), NO_INDEX);
	assert_int_not_equal(find_pair(host, relay), NO_INDEX);
	assert_int_not_equal(find_pair(one, theirs), NO_INDEX);
	assert_int_equal(find_pair(two, theirs), NO_INDEX);
	/* seen by the peer as what it is: that is nothing new */
	assert_int_equal(checklist_learn_local(&l, one, &l.locals[one].c.at, &is_new), one);
	assert_false(is_new);
}

static void a_hop_finds_room_where_all_is_full_and_makes_none(void **state)
{
	char at[32];
	uint8_t hop, theirs;

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		snprintf(at, sizeof(at), "10.0.0.%u:5", i);
		add_host(at);
	}
	for (unsigned i = 1; i < REMOTES_SIGNALLED; i++) {
		snprintf(at, sizeof(at), "192.0.2.%u:5", i);
		add_remote(CANDIDATE_HOST, at, "1");
	}
	theirs = add_remote_hop("[100::1]:9");
	assert_int_equal(count_pairs(), PAIRS_MAX);
	hop = add_hop("[100::1]:9");
	assert_int_not_equal(find_pair(hop, theirs), NO_INDEX);
	add_host("10.0.0.4:5");
	assert_int_equal(count_pairs(), PAIRS_MAX);
	assert_int_not_equal(find_pair(hop, theirs), NO_INDEX);
}

/* -- peer-reflexive ones ------------------------------------------------- */

static void a_remote_one_that_is_signalled_later_keeps_its_pair(void **state)
{
	uint8_t local = add_host("10.0.0.1:5"), r, pair;
	struct candidate told = remote(CANDIDATE_SRFLX, "192.0.2.1:7", "9", 65535);
	bool is_new;

	(void)state;
	r = checklist_learn_remote(&l, 0, &told.at, 12345, 0, &is_new);
	assert_true(is_new);
	assert_int_equal(l.remotes[r].type, CANDIDATE_PRFLX);
	assert_int_equal(l.remotes[r].priority, 12345);
	assert_int_equal(count_pairs(), 0);		/* it is paired where it was seen */
	pair = checklist_pair(&l, local, r);
	l.pairs[pair].state = PAIR_VALID;
	l.pairs[pair].srtt = 5;

	assert_int_equal(checklist_learn_remote(&l, 0, &told.at, 99, 0, &is_new), r);
	assert_false(is_new);
	assert_int_equal(checklist_add_remote(&l, &told), REMOTE_SIGNALLED);
	r = checklist_find_remote(&l, 0, &told.at);
	assert_int_equal(l.remotes[r].type, CANDIDATE_SRFLX);
	assert_string_equal(l.remotes[r].foundation, "9");
	assert_int_equal(find_pair(local, r), pair);
	assert_int_equal(l.pairs[pair].state, PAIR_VALID);
	assert_int_equal(l.pairs[pair].srtt, 5);
	assert_true(l.pairs[pair].priority ==
		    pair_priority(l.locals[local].c.priority, told.priority));
	assert_int_equal(count_pairs(), 1);
}

/* Some peers tell what others have told them. */
static void a_peer_reflexive_one_may_be_signalled_like_any_other(void **state)
{
	struct candidate c = remote(CANDIDATE_PRFLX, "192.0.2.1:7", "9", 65535);

	(void)state;
	add_host("10.0.0.1:5");
	assert_int_equal(checklist_add_remote(&l, &c), REMOTE_ADDED);
	assert_int_equal(checklist_add_remote(&l, &c), REMOTE_KNOWN);
	assert_int_equal(count_pairs(), 1);
}

static void a_fifth_remote_one_has_to_wait_for_one_that_failed(void **state)
{
	uint8_t local = add_host("10.0.0.1:5"), first = NO_INDEX, pair;
	struct endpoint at = endpoint("192.0.2.1:100");
	bool is_new;

	(void)state;
	for (unsigned i = 0; i < PRFLX_MAX; i++, at.port++) {
		uint8_t r = checklist_learn_remote(&l, 0, &at, 1, 1000, &is_new);

		pair = checklist_pair(&l, local, r);
		l.pairs[pair].last_rx = 1000;
		first = i == 0 ? pair : first;
	}
	assert_int_equal(checklist_learn_remote(&l, 0, &at, 1, 1000, &is_new), NO_INDEX);
	assert_false(is_new);
	l.pairs[first].state = PAIR_FAILED;
	assert_int_equal(checklist_learn_remote(&l, 0, &at, 1, 1000 + PRFLX_REST - 1, &is_new),
			 NO_INDEX);
	assert_int_not_equal(checklist_learn_remote(&l, 0, &at, 1, 1000 + PRFLX_REST, &is_new),
			     NO_INDEX);
	assert_true(is_new);
	assert_int_equal(l.pairs[first].state, PAIR_NONE);
	assert_int_equal(count_pairs(), PRFLX_MAX - 1);
}

static void a_full_table_of_signalled_ones_leaves_room_to_learn_four(void **state)
{
	char at[32];
	struct endpoint e = endpoint("203.0.113.1:1");
	bool is_new;

	(void)state;
	for (unsigned i = 1; i <= REMOTES_SIGNALLED; i++) {
		snprintf(at, sizeof(at), "192.0.2.%u:5", i);
		add_remote(CANDIDATE_HOST, at, "1");
	}
	for (int i = 0; i < PRFLX_MAX; i++, e.port++)
		assert_int_not_equal(checklist_learn_remote(&l, 0, &e, 1, 0, &is_new), NO_INDEX);
}

static void a_remote_one_has_a_foundation_like_no_other(void **state)
{
	struct endpoint e = endpoint("203.0.113.1:1"), f = endpoint("203.0.113.1:2");
	bool is_new;
	uint8_t a = checklist_learn_remote(&l, 0, &e, 1, 0, &is_new);
	uint8_t b = checklist_learn_remote(&l, 0, &f, 1, 0, &is_new);

	(void)state;
	assert_string_not_equal(l.remotes[a].foundation, l.remotes[b].foundation);
	assert_int_equal(l.remotes[a].foundation[0], '~');
}

static void a_local_one_is_learnt_once_and_known_when_it_was_gathered(void **state)
{
	uint8_t host = add_host("10.0.0.1:5");
	uint8_t srflx = add_local(CANDIDATE_SRFLX, "198.51.100.1:9", "10.0.0.1:5");
	struct endpoint mapped = endpoint("198.51.100.1:10");
	bool is_new;
	uint8_t learnt = checklist_learn_local(&l, host, &mapped, &is_new);

	(void)state;
	assert_true(is_new);
	assert_int_equal(l.locals[learnt].c.type, CANDIDATE_PRFLX);
	assert_int_equal(l.locals[learnt].c.priority, candidate_priority(CANDIDATE_PRFLX, 65534, 1));
	assert_true(base_equal(&l.locals[learnt].base, &l.locals[host].base));
	assert_int_equal(checklist_learn_local(&l, host, &mapped, &is_new), learnt);
	assert_false(is_new);
	assert_int_equal(checklist_learn_local(&l, host, &l.locals[srflx].c.at, &is_new), srflx);
	assert_int_equal(checklist_learn_local(&l, host, &l.locals[host].c.at, &is_new), host);
	assert_false(is_new);
	add_remote(CANDIDATE_HOST, "192.0.2.1:5", "1");
	assert_int_equal(count_pairs(), 1);			/* it makes no pairs */
	for (int i = 1; i < PRFLX_MAX; i++) {
		mapped.port++;
		checklist_learn_local(&l, host, &mapped, &is_new);
	}
	mapped.port++;
	assert_int_equal(checklist_learn_local(&l, host, &mapped, &is_new), NO_INDEX);
}

static void a_local_one_that_is_gathered_later_takes_over(void **state)
{
	uint8_t host = add_host("10.0.0.1:5"), r = add_remote(CANDIDATE_HOST, "192.0.2.1:5", "1");
	struct endpoint mapped = endpoint("198.51.100.1:10");
	bool is_new;
	uint8_t learnt = checklist_learn_local(&l, host, &mapped, &is_new), srflx;
	uint8_t pair = find_pair(host, r);

	(void)state;
	l.pairs[pair].mapped = learnt;
	srflx = add_local(CANDIDATE_SRFLX, "198.51.100.1:10", "10.0.0.1:5");
	assert_int_not_equal(srflx, learnt);
	assert_int_equal(l.pairs[pair].mapped, srflx);
	assert_int_equal(l.locals[learnt].c.type, CANDIDATE_NONE);
	assert_int_equal(count_pairs(), 1);
}

/* -- a base goes, a generation goes -------------------------------------- */

static void with_a_base_goes_all_that_came_from_it(void **state)
{
	uint8_t host = add_host("10.0.0.1:5"), other = add_host("10.0.0.2:5"), r;
	struct ice_base base = l.locals[host].base;

	(void)state;
	add_local(CANDIDATE_SRFLX, "198.51.100.1:9", "10.0.0.1:5");
	r = add_remote(CANDIDATE_HOST, "192.0.2.1:5", "1");
	checklist_trigger(&l, find_pair(host, r));
	checklist_remove_base(&l, &base);
	assert_int_equal(count_pairs(), 1);
	assert_int_not_equal(find_pair(other, r), NO_INDEX);
	assert_int_equal(l.triggered_len, 0);
	assert_int_equal(checklist_find_base(&l, &base), NO_INDEX);
}

static void a_reflexive_one_that_is_gone_leaves_the_pairs_of_its_base(void **state)
{
	uint8_t host, reflexive, pair;

	(void)state;
	host = add_host("10.0.0.1:1000");
	reflexive = add_local(CANDIDATE_SRFLX, "203.0.113.1:4000", "10.0.0.1:1000");
	pair = find_pair(host, add_remote(CANDIDATE_HOST, "198.51.100.1:2000", "1"));
	l.pairs[pair].mapped = reflexive;
	checklist_remove_reflexive(&l, reflexive);
	assert_int_equal(l.locals[reflexive].c.type, CANDIDATE_NONE);
	assert_int_equal(l.locals[host].c.type, CANDIDATE_HOST);
	assert_int_equal(count_pairs(), 1);
	assert_int_equal(l.pairs[pair].mapped, NO_INDEX);
}

static void a_reflexive_one_with_pairs_of_its_own_stays(void **state)
{
	uint8_t reflexive;

	(void)state;
	reflexive = add_local(CANDIDATE_SRFLX, "203.0.113.1:4000", "10.0.0.1:1000");
	add_remote(CANDIDATE_HOST, "198.51.100.1:2000", "1");
	checklist_remove_reflexive(&l, reflexive);
	assert_int_equal(l.locals[reflexive].c.type, CANDIDATE_SRFLX);
	assert_int_equal(count_pairs(), 1);
}

static void a_slot_used_anew_has_another_serial(void **state)
{
	uint8_t host = add_host("10.0.0.1:5"), r = add_remote(CANDIDATE_HOST, "192.0.2.1:5", "1");
	struct ice_base base = l.locals[host].base;
	uint8_t pair = find_pair(host, r);
	uint16_t serial = l.pairs[pair].serial;

	(void)state;
	checklist_remove_base(&l, &base);
	host = add_host("10.0.0.1:5");
	assert_int_equal(find_pair(host, r), pair);
	assert_int_not_equal(l.pairs[pair].serial, serial);
}

static void a_new_generation_keeps_only_what_was_gathered(void **state)
{
	uint8_t host = add_host("10.0.0.1:5"), learnt;
	struct endpoint mapped = endpoint("198.51.100.1:10");
	bool is_new;

	(void)state;
	add_remote(CANDIDATE_HOST, "192.0.2.1:5", "1");
	learnt = checklist_learn_local(&l, host, &mapped, &is_new);
	checklist_trigger(&l, 0);
	checklist_forget_remote(&l);
	assert_int_equal(count_pairs(), 0);
	assert_int_equal(l.triggered_len, 0);
	assert_int_equal(l.locals[host].c.type, CANDIDATE_HOST);
	assert_int_equal(l.locals[learnt].c.type, CANDIDATE_NONE);
	assert_int_equal(l.remotes[0].type, CANDIDATE_NONE);
}

/* -- whose turn it is ---------------------------------------------------- */

static void of_kin_only_the_first_waits(void **state)
{
	uint8_t local = add_host("10.0.0.1:5");
	uint8_t a = add_remote(CANDIDATE_HOST, "192.0.2.1:1", "x");
	uint8_t kin = add_remote(CANDIDATE_HOST, "192.0.2.1:2", "x");
	uint8_t stranger = add_remote(CANDIDATE_HOST, "192.0.2.2:1", "y");

	(void)state;
	assert_int_equal(l.pairs[find_pair(local, a)].state, PAIR_WAITING);
	assert_int_equal(l.pairs[find_pair(local, kin)].state, PAIR_FROZEN);
	assert_int_equal(l.pairs[find_pair(local, stranger)].state, PAIR_WAITING);
}

static void kin_of_a_working_pair_waits_from_the_start(void **state)
{
	uint8_t local = add_host("10.0.0.1:5");
	uint8_t a = add_remote(CANDIDATE_HOST, "192.0.2.1:1", "x"), kin;

	(void)state;
	l.pairs[find_pair(local, a)].state = PAIR_VALID;
	kin = add_remote(CANDIDATE_HOST, "192.0.2.1:2", "x");
	assert_int_equal(l.pairs[find_pair(local, kin)].state, PAIR_WAITING);
}

static void a_pair_that_works_thaws_its_kin_and_nobody_else(void **state)
{
	uint8_t local = add_host("10.0.0.1:5"), other = add_host("10.0.0.2:5");
	uint8_t a = add_remote(CANDIDATE_HOST, "192.0.2.1:1", "x");
	uint8_t kin = add_remote(CANDIDATE_HOST, "192.0.2.1:2", "x");

	(void)state;
	l.pairs[find_pair(local, a)].state = PAIR_VALID;
	checklist_unfreeze_kin(&l, find_pair(local, a));
	assert_int_equal(l.pairs[find_pair(local, kin)].state, PAIR_WAITING);
	assert_int_equal(l.pairs[find_pair(other, kin)].state, PAIR_FROZEN);
}

static void frozen_pairs_have_their_turn_when_nothing_waits_and_no_kin_is_tried(void **state)
{
	uint8_t local = add_host("10.0.0.1:5");
	uint8_t a = add_remote(CANDIDATE_HOST, "192.0.2.1:1", "x");
	uint8_t kin = add_remote(CANDIDATE_HOST, "192.0.2.1:2", "x");

	(void)state;
	assert_int_equal(checklist_next_ordinary(&l), find_pair(local, a));
	l.pairs[find_pair(local, a)].state = PAIR_IN_PROGRESS;
	assert_int_equal(checklist_next_ordinary(&l), NO_INDEX);
	l.pairs[find_pair(local, a)].state = PAIR_FAILED;
	assert_int_equal(checklist_next_ordinary(&l), find_pair(local, kin));
}

static void the_best_waiting_pair_is_next(void **state)
{
	uint8_t local = add_host("10.0.0.1:5");
	uint8_t srflx = add_remote(CANDIDATE_SRFLX, "192.0.2.1:1", "x");
	uint8_t host = add_remote(CANDIDATE_HOST, "192.0.2.2:1", "y");
	uint8_t relay = add_remote(CANDIDATE_RELAY, "192.0.2.3:1", "z");
	const uint8_t order[] = {host, srflx, relay};

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint8_t pair = checklist_next_ordinary(&l);

		assert_int_equal(pair, find_pair(local, order[i]));
		l.pairs[pair].state = PAIR_IN_PROGRESS;
	}
	assert_int_equal(checklist_next_ordinary(&l), NO_INDEX);
	assert_int_equal(checklist_best_valid(&l), NO_INDEX);
	l.pairs[find_pair(local, relay)].state = PAIR_VALID;
	l.pairs[find_pair(local, srflx)].state = PAIR_VALID;
	assert_int_equal(checklist_best_valid(&l), find_pair(local, srflx));
	assert_true(checklist_hopes_above(&l, l.pairs[find_pair(local, srflx)].priority));
	l.pairs[find_pair(local, host)].state = PAIR_FAILED;
	assert_false(checklist_hopes_above(&l, l.pairs[find_pair(local, srflx)].priority));
}

static void triggered_pairs_are_a_queue_without_repetition(void **state)
{
	(void)state;
	checklist_trigger(&l, 5);
	checklist_trigger(&l, 3);
	checklist_trigger(&l, 5);
	assert_int_equal(checklist_next_triggered(&l), 5);
	checklist_trigger(&l, 5);
	assert_int_equal(checklist_next_triggered(&l), 3);
	assert_int_equal(checklist_next_triggered(&l), 5);
	assert_int_equal(checklist_next_triggered(&l), NO_INDEX);
	for (uint8_t i = 0; i < PAIRS_MAX; i++)
		checklist_trigger(&l, i);
	assert_int_equal(l.triggered_len, PAIRS_MAX);
}

static void the_other_role_turns_priorities_round(void **state)
{
	uint8_t local = add_host("10.0.0.1:5");
	uint8_t r = add_remote(CANDIDATE_SRFLX, "192.0.2.1:1", "x");
	uint32_t ours = l.locals[local].c.priority, theirs = l.remotes[r].priority;

	(void)state;
	assert_true(l.pairs[0].priority == pair_priority(ours, theirs));
	checklist_set_role(&l, false);
	assert_true(l.pairs[0].priority == pair_priority(theirs, ours));
	assert_true(pair_priority(theirs, ours) != pair_priority(ours, theirs));
}

static void what_the_peer_tells_of_no_more_is_gone_unless_it_works(void **state)
{
	uint8_t local = add_host("10.0.0.1:5");
	uint8_t works = add_remote(CANDIDATE_HOST, "192.0.2.1:5", "1");
	uint8_t waits = add_remote(CANDIDATE_HOST, "192.0.2.2:5", "1");
	uint8_t other = add_remote(CANDIDATE_HOST, "192.0.2.3:5", "2");

	(void)state;
	l.pairs[find_pair(local, works)].state = PAIR_VALID;
	checklist_trigger(&l, find_pair(local, waits));
	assert_false(checklist_remove_remote(&l, works));
	assert_true(checklist_remove_remote(&l, waits));
	assert_int_equal(l.triggered_len, 0);
	assert_int_equal(count_pairs(), 2);
	assert_int_not_equal(find_pair(local, works), NO_INDEX);
	assert_int_not_equal(find_pair(local, other), NO_INDEX);
	assert_int_equal(add_remote(CANDIDATE_HOST, "192.0.2.4:5", "1"), waits);	/* there is room */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(local_candidates_get_priority_component_and_foundation, begin),
		cmocka_unit_test_setup(candidates_of_one_kind_share_their_foundation, begin),
		cmocka_unit_test_setup(the_same_local_candidate_twice_is_one, begin),
		cmocka_unit_test_setup(there_is_room_for_16_local_and_32_remote_candidates, begin),
		cmocka_unit_test_setup(
			the_same_remote_candidate_again_changes_nothing_unless_it_is_better, begin),
		cmocka_unit_test_setup(a_local_and_a_remote_candidate_of_one_family_make_a_pair,
				       begin),
		cmocka_unit_test_setup(it_does_not_matter_who_comes_first, begin),
		cmocka_unit_test_setup(a_reflexive_candidate_is_pruned_where_its_base_is_paired,
				       begin),
		cmocka_unit_test_setup(
			a_reflexive_candidate_stands_in_for_a_base_that_is_not_offered, begin),
		cmocka_unit_test_setup(a_relayed_candidate_is_its_own_base, begin),
		cmocka_unit_test_setup(link_local_addresses_meet_only_on_their_link, begin),
		cmocka_unit_test_setup(tcp_and_udp_at_one_address_are_two_places, begin),
		cmocka_unit_test_setup(tcp_is_paired_by_who_calls_whom, begin),
		cmocka_unit_test_setup(tcp_of_another_family_is_not_paired, begin),
		cmocka_unit_test_setup(a_peer_has_us_open_eight_connections_at_most, begin),
		cmocka_unit_test_setup(who_calls_by_tcp_is_active_and_is_paired, begin),
		cmocka_unit_test_setup(who_called_by_tcp_and_is_told_later_is_one, begin),
		cmocka_unit_test_setup(how_the_peer_sees_a_connection_is_no_candidate_of_udp, begin),
		cmocka_unit_test_setup(the_worst_pairs_make_room_for_better_ones, begin),
		cmocka_unit_test_setup(a_pair_worse_than_all_others_is_not_made, begin),
		cmocka_unit_test_setup(a_hop_fits_nothing_but_itself, begin),
		cmocka_unit_test_setup(a_hop_finds_room_where_all_is_full_and_makes_none, begin),
		cmocka_unit_test_setup(a_remote_one_that_is_signalled_later_keeps_its_pair, begin),
		cmocka_unit_test_setup(a_peer_reflexive_one_may_be_signalled_like_any_other, begin),
		cmocka_unit_test_setup(a_fifth_remote_one_has_to_wait_for_one_that_failed, begin),
		cmocka_unit_test_setup(a_full_table_of_signalled_ones_leaves_room_to_learn_four,
				       begin),
		cmocka_unit_test_setup(a_remote_one_has_a_foundation_like_no_other, begin),
		cmocka_unit_test_setup(a_local_one_is_learnt_once_and_known_when_it_was_gathered,
				       begin),
		cmocka_unit_test_setup(a_local_one_that_is_gathered_later_takes_over, begin),
		cmocka_unit_test_setup(with_a_base_goes_all_that_came_from_it, begin),
		cmocka_unit_test_setup(a_reflexive_one_that_is_gone_leaves_the_pairs_of_its_base, begin),
		cmocka_unit_test_setup(a_reflexive_one_with_pairs_of_its_own_stays, begin),
		cmocka_unit_test_setup(a_slot_used_anew_has_another_serial, begin),
		cmocka_unit_test_setup(a_new_generation_keeps_only_what_was_gathered, begin),
		cmocka_unit_test_setup(of_kin_only_the_first_waits, begin),
		cmocka_unit_test_setup(kin_of_a_working_pair_waits_from_the_start, begin),
		cmocka_unit_test_setup(a_pair_that_works_thaws_its_kin_and_nobody_else, begin),
		cmocka_unit_test_setup(
			frozen_pairs_have_their_turn_when_nothing_waits_and_no_kin_is_tried, begin),
		cmocka_unit_test_setup(the_best_waiting_pair_is_next, begin),
		cmocka_unit_test_setup(triggered_pairs_are_a_queue_without_repetition, begin),
		cmocka_unit_test_setup(the_other_role_turns_priorities_round, begin),
		cmocka_unit_test_setup(what_the_peer_tells_of_no_more_is_gone_unless_it_works, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
