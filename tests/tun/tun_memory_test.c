/* tun_memory_test.c -- two ends of an interface in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "tun/tun.h"

enum { SLOTS = 4 };

static uint8_t buffers[SLOTS][PACKET_SLOT];
static struct packet slots[SLOTS];

struct pair {
	struct tun *a, *b;
};

static struct pair make_pair(size_t cap)
{
	struct pair p;

	assert_int_equal(tun_memory_pair(&p.a, &p.b, cap), 0);
	return p;
}

static void free_pair(struct pair p)
{
	tun_free(p.a);
	tun_free(p.b);
}

/* "4..." and "6..." are IP packets: the first four bits are the version. */
static size_t write_text(struct tun *tun, uint8_t first, char mark)
{
	uint8_t bytes[] = {first, (uint8_t)mark};
	struct packet p = packet_in(bytes, sizeof(bytes), 0, sizeof(bytes));

	return tun_write(tun, &p, 1);
}

static void what_one_end_writes_the_other_reads_in_order(void **state)
{
	struct pair p = make_pair(8);

	(void)state;
	write_text(p.a, 0x45, 'x');
	write_text(p.a, 0x60, 'y');
	write_text(p.b, 0x45, 'z');
	assert_int_equal(tun_read(p.b, buffers[0], slots, SLOTS), 2);
	assert_int_equal(slots[0].data[0], 0x45);
	assert_int_equal(slots[0].data[1], 'x');
	assert_int_equal(slots[1].data[0], 0x60);
	assert_int_equal(slots[1].data[1], 'y');
	assert_int_equal(tun_read(p.a, buffers[0], slots, SLOTS), 1);
	assert_int_equal(slots[0].data[1], 'z');
	free_pair(p);
}

static void a_read_packet_has_room_before_and_behind(void **state)
{
	struct pair p = make_pair(8);

	(void)state;
	write_text(p.a, 0x45, 'x');
	assert_int_equal(tun_read(p.b, buffers[0], slots, 1), 1);
	assert_int_equal(slots[0].len, 2);
	assert_int_equal(packet_headroom(&slots[0]), HEADROOM);
	assert_true(packet_tailroom(&slots[0]) >= TAILROOM);
	free_pair(p);
}

static void an_empty_end_reads_nothing(void **state)
{
	struct pair p = make_pair(8);

	(void)state;
	assert_int_equal(tun_read(p.a, buffers[0], slots, SLOTS), 0);
	free_pair(p);
}

static void beyond_its_cap_an_end_drops(void **state)
{
	uint8_t bytes[4][2] = {{0x45, 0}, {0x45, 1}, {0x45, 2}, {0x45, 3}};
	struct pair p = make_pair(3);
	struct packet burst[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		burst[i] = packet_in(bytes[i], 2, 0, 2);
	assert_int_equal(tun_write(p.a, burst, 4), 3);
	assert_int_equal(tun_read(p.b, buffers[0], slots, SLOTS), 3);
	assert_int_equal(slots[2].data[1], 2);
	assert_int_equal(write_text(p.a, 0x45, 'x'), 1);
	free_pair(p);
}

static void an_end_without_room_takes_nothing(void **state)
{
	struct pair p = make_pair(0);

	(void)state;
	assert_int_equal(write_text(p.a, 0x45, 'x'), 0);
	assert_int_equal(tun_read(p.b, buffers[0], slots, SLOTS), 0);
	free_pair(p);
}

static void the_queue_goes_round_many_times(void **state)
{
	struct pair p = make_pair(3);

	(void)state;
	for (char i = 0; i < 100; i++) {
		assert_int_equal(write_text(p.a, 0x45, i), 1);
		assert_int_equal(write_text(p.a, 0x45, (char)(i + 1)), 1);
		assert_int_equal(tun_read(p.b, buffers[0], slots, SLOTS), 2);
		assert_int_equal(slots[0].data[1], i);
		assert_int_equal(slots[1].data[1], i + 1);
	}
	free_pair(p);
}

static void a_read_of_n_leaves_the_rest(void **state)
{
	struct pair p = make_pair(8);

	(void)state;
	for (char i = 0; i < 6; i++)
		write_text(p.a, 0x45, i);
	assert_int_equal(tun_read(p.b, buffers[0], slots, 4), 4);
	assert_int_equal(tun_read(p.b, buffers[0], slots, 4), 2);
	assert_int_equal(slots[1].data[1], 5);
	assert_int_equal(tun_read(p.b, buffers[0], slots, 4), 0);
	free_pair(p);
}

static void only_ip_is_taken_as_by_the_kernel(void **state)
{
	struct packet empty = packet_in(buffers[0], PACKET_SLOT, 0, 0);
	struct pair p = make_pair(8);

	(void)state;
	assert_int_equal(write_text(p.a, 0x01, 'x'), 0);
	assert_int_equal(write_text(p.a, 0x55, 'x'), 0);
	assert_int_equal(tun_write(p.a, &empty, 1), 0);
	assert_int_equal(tun_read(p.b, buffers[0], slots, SLOTS), 0);
	free_pair(p);
}

static void a_packet_larger_than_a_slot_is_not_taken(void **state)
{
	static uint8_t large[PACKET_SLOT] = {0x60};
	size_t most = PACKET_SLOT - HEADROOM - TAILROOM;
	struct packet fits = packet_in(large, sizeof(large), 0, most);
	struct packet does_not = packet_in(large, sizeof(large), 0, most + 1);
	struct pair p = make_pair(8);

	(void)state;
	assert_int_equal(tun_write(p.a, &does_not, 1), 0);
	assert_int_equal(tun_write(p.a, &fits, 1), 1);
	assert_int_equal(tun_read(p.b, buffers[0], slots, SLOTS), 1);
	assert_int_equal(slots[0].len, most);
	assert_int_equal(packet_tailroom(&slots[0]), TAILROOM);
	free_pair(p);
}

static void when_one_end_is_freed_the_other_reads_what_is_left_and_is_dead(void **state)
{
	struct pair p = make_pair(8);

	(void)state;
	write_text(p.a, 0x45, 'x');
	write_text(p.b, 0x45, 'y');	/* nobody reads this one: freed with a */
	tun_free(p.a);
	assert_int_equal(write_text(p.b, 0x45, 'z'), 0);
	assert_int_equal(tun_read(p.b, buffers[0], slots, SLOTS), 1);
	assert_int_equal(tun_read(p.b, buffers[0], slots, SLOTS), -EBADFD);
	tun_free(p.b);
}

static void ends_in_memory_have_names_and_no_descriptor(void **state)
{
	struct pair p = make_pair(1);

	(void)state;
	assert_string_equal(tun_name(p.a), "memory-a");
	assert_string_equal(tun_name(p.b), "memory-b");
	assert_int_equal(tun_fd(p.a), -1);
	free_pair(p);
}

static void freeing_nothing_is_safe(void **state)
{
	(void)state;
	tun_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_end_writes_the_other_reads_in_order),
		cmocka_unit_test(a_read_packet_has_room_before_and_behind),
		cmocka_unit_test(an_empty_end_reads_nothing),
		cmocka_unit_test(beyond_its_cap_an_end_drops),
		cmocka_unit_test(an_end_without_room_takes_nothing),
		cmocka_unit_test(the_queue_goes_round_many_times),
		cmocka_unit_test(a_read_of_n_leaves_the_rest),
		cmocka_unit_test(only_ip_is_taken_as_by_the_kernel),
		cmocka_unit_test(a_packet_larger_than_a_slot_is_not_taken),
		cmocka_unit_test(when_one_end_is_freed_the_other_reads_what_is_left_and_is_dead),
		cmocka_unit_test(ends_in_memory_have_names_and_no_descriptor),
		cmocka_unit_test(freeing_nothing_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
