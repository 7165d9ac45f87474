/* heap_test.c -- the first deadline is always the first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/heap.h"
#include "base/rng.h"

enum { N = 64 };

static struct heap_node *slots[N];
static struct heap_node nodes[N];
static struct heap heap;

static int fresh(void **state)
{
	(void)state;
	for (int i = 0; i < N; i++)
		nodes[i] = (struct heap_node){0};
	heap_init(&heap, slots, N);
	return 0;
}

static void an_empty_heap_is_never_due(void **state)
{
	(void)state;
	assert_null(heap_first(&heap));
	assert_true(heap_due(&heap) == NEVER);
	heap_remove(&heap, &nodes[0]);			/* not in it: nothing happens */
	assert_true(heap_set(&heap, &nodes[0], NEVER));
	assert_null(heap_first(&heap));
}

static void nodes_come_out_in_order(void **state)
{
	msec last = 0;

	(void)state;
	for (int i = 0; i < N; i++)
		assert_true(heap_set(&heap, &nodes[i], (i * 37) % N));
	for (int i = 0; i < N; i++) {
		struct heap_node *n = heap_first(&heap);

		assert_true(n->due == heap_due(&heap) && n->due >= last);
		last = n->due;
		heap_remove(&heap, n);
		assert_int_equal(n->place, 0);
	}
	assert_null(heap_first(&heap));
}

static void never_takes_a_node_out(void **state)
{
	(void)state;
	assert_true(heap_set(&heap, &nodes[0], 5));
	assert_true(heap_set(&heap, &nodes[1], 7));
	assert_true(heap_set(&heap, &nodes[0], NEVER));
	assert_int_equal(nodes[0].place, 0);
	assert_ptr_equal(heap_first(&heap), &nodes[1]);
	assert_int_equal(heap.len, 1);
}

static void a_full_heap_takes_no_more_but_moves_what_it_has(void **state)
{
	struct heap_node extra = {0};

	(void)state;
	for (int i = 0; i < N; i++)
		assert_true(heap_set(&heap, &nodes[i], 10 + i));
	assert_false(heap_set(&heap, &extra, 1));
	assert_int_equal(extra.place, 0);
	assert_true(heap_due(&heap) == 10);
	assert_true(heap_set(&heap, &nodes[N - 1], 2));
	assert_ptr_equal(heap_first(&heap), &nodes[N - 1]);
	heap_remove(&heap, &nodes[3]);
	assert_true(heap_set(&heap, &extra, 1));
	assert_ptr_equal(heap_first(&heap), &extra);
}

/* The array agrees with the nodes, no child is before its parent, and the
 * first is the least of all that are in, found by looking at each. */
static void assert_sound(const bool in[N])
{
	size_t count = 0;
	msec least = NEVER;

	for (int i = 0; i < N; i++) {
		assert_int_equal(nodes[i].place != 0, in[i]);
		if (!in[i])
			continue;
		count++;
		least = msec_min(least, nodes[i].due);
		assert_ptr_equal(slots[nodes[i].place - 1], &nodes[i]);
	}
	assert_int_equal(heap.len, count);
	assert_true(heap_due(&heap) == least);
	for (size_t i = 1; i < heap.len; i++)
		assert_true(slots[(i - 1) / 2]->due <= slots[i]->due);
}

static void random_changes_keep_it_sound(void **state)
{
	bool in[N] = {false};
	struct rng rng;

	(void)state;
	rng_seed(&rng, 6);
	for (int step = 0; step < 10000; step++) {
		uint32_t i = rng_below(&rng, N);

		switch (rng_below(&rng, 5)) {
		case 0:
			heap_remove(&heap, &nodes[i]);
			in[i] = false;
			break;
		case 1:
			assert_true(heap_set(&heap, &nodes[i], NEVER));
			in[i] = false;
			break;
		default:
			assert_true(heap_set(&heap, &nodes[i], rng_below(&rng, 50)));
			in[i] = true;
			break;
		}
		assert_sound(in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_heap_is_never_due, fresh),
		cmocka_unit_test_setup(nodes_come_out_in_order, fresh),
		cmocka_unit_test_setup(never_takes_a_node_out, fresh),
		cmocka_unit_test_setup(a_full_heap_takes_no_more_but_moves_what_it_has, fresh),
		cmocka_unit_test_setup(random_changes_keep_it_sound, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
