/* fair_test.c -- who is served when, who is told, and what is dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ecn.h"
#include "base/rng.h"
#include "tun/fair.h"

enum { SEED = 7, BIG = 64000, SMALL = 1420, PING = 84, BEHIND = 24 };

static struct fair *fair;

static int set_up(void **state)
{
	(void)state;
	fair = fair_new(SEED);
	return fair ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	fair_free(fair);
	return 0;
}

/* -- packets ------------------------------------------------------------- */

/* UDP to 10.0.0.host; a number stands behind the ports. */
struct kind {
	uint8_t host;
	uint16_t port;
	size_t len;
	uint8_t ecn;
	bool is_many;
};

static const struct kind bulk = {.host = 2, .port = 1, .len = BIG, .is_many = true};
static const struct kind other_bulk = {.host = 2, .port = 2, .len = SMALL};
static const struct kind ping = {.host = 2, .port = 99, .len = PING};

static uint16_t checksum(const uint8_t header[static 20])
{
	uint32_t sum = 0;

	for (size_t i = 0; i < 20; i += 2)
		sum += load_be16(header + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static void put(const struct kind *kind, uint32_t number, usec now)
{
	struct packet room = fair_room(fair);
	uint8_t *p = room.data;

	memset(p, 0, BEHIND + 4);
	p[0] = 0x45;
	p[1] = kind->ecn;
	store_be16(p + 2, (uint16_t)kind->len);
	p[9] = 17;
	store_be32(p + 12, 0x0a000001);
	store_be32(p + 16, 0x0a000000u | kind->host);
	store_be16(p + 22, kind->port);
	store_be16(p + 10, checksum(p));
	store_be32(p + BEHIND, number);
	fair_put(fair, kind->len, kind->is_many, now);
}

static uint16_t port_of(const struct frame *frame)
{
	return load_be16(frame->packet.data + 22);
}

static uint32_t number_of(const struct frame *frame)
{
	return load_be32(frame->packet.data + BEHIND);
}

/* Take one and be done with it at once. */
static bool take(struct frame *frame, usec now)
{
	bool got = fair_take(fair, frame, now);

	fair_release(fair, NULL, now);
	return got;
}

static uint16_t take_port(usec now)
{
	struct frame frame;

	return take(&frame, now) ? port_of(&frame) : 0;
}

/* -- order and turns ----------------------------------------------------- */

static void an_empty_queue_has_nothing(void **state)
{
	struct frame frame;

	(void)state;
	assert_true(fair_is_empty(fair));
	assert_false(fair_take(fair, &frame, 0));
	put(&ping, 0, 0);
	assert_false(fair_is_empty(fair));
	assert_true(take(&frame, 0));
	assert_true(fair_is_empty(fair));
	assert_false(take(&frame, 0));
}

static void a_frame_lies_where_it_was_read_to_with_room_around(void **state)
{
	struct packet room = fair_room(fair);
	struct frame frame;

	(void)state;
	assert_int_equal(packet_headroom(&room), HEADROOM);
	assert_ptr_equal(fair_room(fair).data, room.data);
	put(&ping, 1, 0);
	assert_true(fair_take(fair, &frame, 0));
	assert_ptr_equal(frame.packet.data, room.data);
	assert_int_equal(frame.packet.len, PING);
	assert_int_equal(packet_headroom(&frame.packet), HEADROOM);
	assert_true(packet_tailroom(&frame.packet) >= TAILROOM);
	assert_false(frame.leave_first_out);
}

static void the_frames_of_a_flow_stay_in_order(void **state)
{
	static const size_t lens[] = {BIG, PING, SMALL};
	uint32_t put_of[4] = {0}, taken_of[4] = {0};
	struct frame frame;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (usec now = 0; now < 20000; now++) {
		uint16_t port = (uint16_t)rng_below(&rng, 4);
		struct kind kind = {
			.host = 2 + port % 2, .port = port, .len = lens[rng_below(&rng, 3)]};

		if (rng_below(&rng, 2)) {
			put(&kind, put_of[port]++, now);
		} else if (take(&frame, now)) {
			assert_true(number_of(&frame) >= taken_of[port_of(&frame)]);
			taken_of[port_of(&frame)] = number_of(&frame) + 1;
		}
	}
	while (take(&frame, 20000))
		assert_true(number_of(&frame) < put_of[port_of(&frame)]);
	assert_true(put_of[0] > 2000);
}

/* The busy ones have used their first quantum. */
static void put_busy_flows(void)
{
	for (uint32_t i = 0; i < 20; i++)
		put(&bulk, i, 0);
	for (uint32_t i = 0; i < 200; i++)
		put(&other_bulk, i, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(take_port(0), bulk.port);
	for (int i = 0; i < FAIR_QUANTUM / SMALL + 1; i++)
		assert_int_equal(take_port(0), other_bulk.port);
}

static void a_quiet_flow_goes_before_busy_ones(void **state)
{
	(void)state;
	put_busy_flows();
	put(&ping, 0, 0);
	assert_int_equal(take_port(0), ping.port);
}

/* RFC 8290 section 5.2: it may find itself among those in turn, but each has one quantum. */
static void again_and_again_it_waits_for_little(void **state)
{
	struct frame frame;

	(void)state;
	put_busy_flows();
	for (uint32_t i = 0; i < 8; i++) {
		size_t waited = 0;

		put(&ping, i, 0);
		while (take(&frame, 0) && port_of(&frame) != ping.port)
			waited += frame.packet.len;
		assert_int_equal(port_of(&frame), ping.port);
		assert_true(waited <= 2 * FAIR_QUANTUM + BIG);
	}
}

/* So much of each in a while in which both always have something waiting. */
static void serve_two(const struct kind *a, const struct kind *b, uint64_t bytes[static 2])
{
	struct frame frame;

	bytes[0] = bytes[1] = 0;
	for (uint32_t i = 0; i < 4; i++)
		put(a, i, 0);
	for (uint32_t i = 0; i < 100; i++)
		put(b, i, 0);
	for (uint32_t i = 0; i < 20000; i++) {
		bool is_a;

		assert_true(take(&frame, 0));
		is_a = port_of(&frame) == a->port;
		bytes[!is_a] += frame.packet.len;
		put(is_a ? a : b, i, 0);
	}
}

static void two_flows_get_equal_bytes_whatever_their_frames(void **state)
{
	uint64_t bytes[2];

	(void)state;
	serve_two(&bulk, &other_bulk, bytes);
	assert_in_range(bytes[0] * 100 / bytes[1], 90, 110);
}

/* Ten flows to one, a single one to the other. */
static void two_destinations_get_equal_bytes_whatever_their_flows(void **state)
{
	uint64_t bytes[2] = {0};
	struct frame frame;

	(void)state;
	for (uint16_t i = 0; i < 10; i++)
		for (uint32_t j = 0; j < 5; j++)
			put(&(struct kind){.host = 3, .port = 10 + i, .len = SMALL}, j, 0);
	for (uint32_t j = 0; j < 50; j++)
		put(&other_bulk, j, 0);
	for (uint32_t i = 0; i < 20000; i++) {
		struct kind again;

		assert_true(take(&frame, 0));
		again = (struct kind){
			.host = frame.packet.data[19], .port = port_of(&frame), .len = SMALL};
		bytes[again.host == 2] += SMALL;
		put(&again, i, 0);
	}
	assert_in_range(bytes[0] * 100 / bytes[1], 95, 105);
}

/* Its queue is empty each time that it was served: that does not make it a quiet one. */
static void a_flow_in_debt_is_not_quiet_because_its_queue_was_empty(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		put(&bulk, i, 0);
		assert_int_equal(take_port(0), bulk.port);
		assert_int_equal(take_port(0), 0);
	}
	put(&bulk, 2, 0);
	put(&ping, 0, 0);
	assert_int_equal(take_port(0), ping.port);
	assert_int_equal(take_port(0), bulk.port);
}

/* -- the bound ----------------------------------------------------------- */

static void beyond_the_bytes_the_oldest_of_the_fattest_go(void **state)
{
	enum { FIT = (FAIR_BYTES - 5 * SMALL) / BIG, GONE = 26 };
	uint32_t others = 0, big = 0;
	struct frame frame;

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		put(&other_bulk, i, 0);
	for (uint32_t i = 0; i < FIT + GONE; i++)
		put(&bulk, i, 0);
	while (take(&frame, 0)) {
		if (port_of(&frame) == bulk.port)
			assert_int_equal(number_of(&frame), GONE + big++);
		else
			assert_int_equal(number_of(&frame), others++);
	}
	assert_int_equal(big, FIT);
	assert_int_equal(others, 5);
	assert_int_equal(fair_counter(fair, FAIR_OVERFLOWN), GONE);
}

static void beyond_the_frames_as_well(void **state)
{
	struct frame frame;
	size_t pings = 0, all = 0;

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		put(&ping, i, 0);
	for (uint32_t i = 0; i < 2 * FAIR_FRAMES; i++)
		put(&other_bulk, i, 0);
	for (; take(&frame, 0); all++)
		pings += port_of(&frame) == ping.port;
	assert_int_equal(pings, 10);
	assert_int_equal(all, FAIR_FRAMES);
	assert_int_equal(fair_counter(fair, FAIR_OVERFLOWN), FAIR_FRAMES + 10);
}

/* A burst is on its way, one more is being cut up, and the queue is full. */
static void there_is_room_however_much_is_on_its_way(void **state)
{
	struct frame frames[BURST_MAX + 1];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 2 * FAIR_FRAMES; i++)
			put(&other_bulk, i, 0);
		for (size_t i = 0; i < BURST_MAX + 1; i++) {
			assert_true(fair_take(fair, &frames[i], 0));
			if (i)
				assert_ptr_not_equal(frames[i].packet.data,
						     frames[i - 1].packet.data);
		}
		for (uint32_t i = 0; i < 2 * FAIR_FRAMES; i++)
			put(&other_bulk, i, 0);
		for (size_t i = 1; i < BURST_MAX + 1; i++)
			assert_true(number_of(&frames[i]) > number_of(&frames[i - 1]));
		fair_release(fair, NULL, 0);
	}
}

static void a_frame_that_is_being_cut_up_stays(void **state)
{
	struct frame kept, frame;

	(void)state;
	put(&bulk, 1234, 0);
	assert_true(fair_take(fair, &kept, 0));
	for (uint32_t i = 0; i < 10; i++) {
		fair_release(fair, &kept, i * 2000000);
		put(&other_bulk, i, i * 2000000);
		assert_true(fair_take(fair, &frame, i * 2000000));
		assert_ptr_not_equal(frame.packet.data, kept.packet.data);
	}
	assert_int_equal(number_of(&kept), 1234);
	fair_release(fair, NULL, 0);
	assert_ptr_equal(fair_room(fair).data, kept.packet.data);
}

/* Pages that were given back read as zeroes. */
static void memory_is_given_back_when_nothing_waits(void **state)
{
	uint8_t *last = NULL;
	struct frame frame;

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		last = fair_room(fair).data;
		put(&bulk, i, 5000000);
	}
	memset(last, 0xff, BIG);
	while (fair_take(fair, &frame, 5000000))
		assert_int_equal(last[BIG - 1], 0xff);
	fair_release(fair, NULL, 5000000);
	assert_int_equal(last[BIG - 1], 0);
}

/* -- telling ------------------------------------------------------------- */

/* Two frames wait at any time, the first for 10 ms, until the flow is told by a frame. */
static struct frame until_told(const struct kind *kind, enum fair_counter how, usec now)
{
	uint64_t before = fair_counter(fair, how);
	struct frame frame = {0};

	for (uint32_t i = 0; i < 100 && fair_counter(fair, how) == before; i++, now += 5000) {
		put(kind, i, now);
		if (i > 1)
			assert_true(take(&frame, now));
	}
	assert_int_equal(fair_counter(fair, how), before + 1);
	return frame;
}

static void a_flow_that_knows_ecn_gets_a_mark(void **state)
{
	struct kind kind = {.host = 2, .port = 1, .len = BIG, .ecn = ECN_ECT0, .is_many = true};
	struct frame frame = until_told(&kind, FAIR_MARKED, 1000);

	(void)state;
	assert_int_equal(ecn_of(packet_bytes(&frame.packet)), ECN_CE);
	assert_int_equal(checksum(frame.packet.data), 0);
	assert_false(frame.leave_first_out);
	assert_int_equal(fair_counter(fair, FAIR_LOST), 0);
}

static void a_mark_in_ipv6_changes_nothing_else(void **state)
{
	static const uint8_t packet[48] = {0x6b, 0xa1, 0x23, 0x45, 0, 8, 17, 64, [39] = 9};
	struct frame frame;
	usec now = 1000;

	(void)state;
	for (int i = 0; i < 100 && !fair_counter(fair, FAIR_MARKED); i++, now += 5000) {
		memcpy(fair_room(fair).data, packet, sizeof(packet));
		fair_put(fair, sizeof(packet), false, now);
		if (i > 1)
			assert_true(take(&frame, now));
	}
	assert_int_equal(frame.packet.data[1], 0xb1);
	frame.packet.data[1] = 0xa1;
	assert_memory_equal(frame.packet.data, packet, sizeof(packet));
}

static void of_many_segments_only_the_first_is_lost(void **state)
{
	struct frame frame = until_told(&bulk, FAIR_LOST, 1000);

	(void)state;
	assert_true(frame.leave_first_out);
	assert_int_equal(fair_counter(fair, FAIR_MARKED), 0);
}

static void a_single_packet_is_lost_and_the_next_one_goes(void **state)
{
	struct frame frame = until_told(&other_bulk, FAIR_LOST, 1000), next;

	(void)state;
	assert_false(frame.leave_first_out);
	assert_true(take(&next, 0));
	assert_int_equal(number_of(&next), number_of(&frame) + 1);
}

/* 20 frames in each 100 ms, in which the queue drains: no harm. */
static void bursts_are_not_told(void **state)
{
	struct frame frame;

	(void)state;
	for (usec now = 1000; now < 5000000; now += 100000) {
		for (uint32_t i = 0; i < 20; i++)
			put(&bulk, i, now);
		for (uint32_t i = 0; i < 20; i++)
			assert_true(take(&frame, now + i * 4000));
	}
	assert_int_equal(fair_counter(fair, FAIR_LOST), 0);
}

/* -- a simulated line ---------------------------------------------------- */

/* The line serves 64 KB in 160 us (3.2 Gbit/s); a sender gives it twice that, and each ms a
 * ping comes. What the worst ping but 1 % waits, and any. */
static void a_ping_waits_for_one_frame_of_a_flood(void **state)
{
	enum { SERVICE = 160, PINGS = 2000 };
	usec waits[PINGS], busy_until = 0;
	uint32_t over = 0, pings = 0;
	struct frame frame;

	(void)state;
	for (usec now = 1000; pings < PINGS; now += 10) {
		if (now % (SERVICE / 2) == 0)
			put(&bulk, 0, now);
		if (now % 1000 == 370)
			put(&ping, (uint32_t)now, now);
		while (busy_until <= now && take(&frame, now)) {
			busy_until = now + (usec)frame.packet.len * SERVICE / BIG;
			if (port_of(&frame) == ping.port && pings < PINGS)
				waits[pings++] = now - number_of(&frame);
		}
	}
	for (uint32_t i = 0; i < PINGS; i++) {
		over += waits[i] > SERVICE;
		assert_true(waits[i] <= 2 * SERVICE);
	}
	assert_true(over <= PINGS / 100);
	assert_true(fair_counter(fair, FAIR_OVERFLOWN) > 0);
}

/* -- bytes of any kind --------------------------------------------------- */

static void garbage_is_queued_like_anything_else(void **state)
{
	struct frame frame;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 3);
	for (usec now = 0; now < 20000; now++) {
		struct packet room = fair_room(fair);
		size_t len = 1 + rng_below(&rng, now % 2 ? 48 : 65536);

		rng.fill(&rng, room.data, len < 48 ? len : 48);
		fair_put(fair, len, now % 3 == 0, now * 100);
		if (rng_below(&rng, 2))
			take(&frame, now * 100);
	}
	while (take(&frame, 2000000))
		;
	assert_true(fair_is_empty(fair));
}

static void each_counter_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < FAIR_COUNTERS; i++)
		assert_non_null(fair_counter_name((enum fair_counter)i));
	assert_null(fair_counter_name(FAIR_COUNTERS));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_queue_has_nothing),
		TEST(a_frame_lies_where_it_was_read_to_with_room_around),
		TEST(the_frames_of_a_flow_stay_in_order),
		TEST(a_quiet_flow_goes_before_busy_ones),
		TEST(again_and_again_it_waits_for_little),
		TEST(two_flows_get_equal_bytes_whatever_their_frames),
		TEST(two_destinations_get_equal_bytes_whatever_their_flows),
		TEST(a_flow_in_debt_is_not_quiet_because_its_queue_was_empty),
		TEST(beyond_the_bytes_the_oldest_of_the_fattest_go),
		TEST(beyond_the_frames_as_well),
		TEST(there_is_room_however_much_is_on_its_way),
		TEST(a_frame_that_is_being_cut_up_stays),
		TEST(memory_is_given_back_when_nothing_waits),
		TEST(a_flow_that_knows_ecn_gets_a_mark),
		TEST(a_mark_in_ipv6_changes_nothing_else),
		TEST(of_many_segments_only_the_first_is_lost),
		TEST(a_single_packet_is_lost_and_the_next_one_goes),
		TEST(bursts_are_not_told),
		TEST(a_ping_waits_for_one_frame_of_a_flood),
		TEST(garbage_is_queued_like_anything_else),
		TEST(each_counter_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
