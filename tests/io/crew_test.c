/* crew_test.c -- bursts done by many threads are what they are by one.
 *
 * Run it with ThreadSanitizer as well: cmake --preset tsan, see CMakePresets.json.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/packet.h"
#include "base/rng.h"
#include "crypto/aead.h"
#include "crypto/crypto.h"
#include "io/crew.h"
#include "scratch.h"

enum { LEN_MAX = 1500, ROUNDS = 300, PATIENCE = 10 };

struct burst {
	struct aead_job jobs[BURST_MAX];
	uint8_t texts[BURST_MAX][LEN_MAX + AEAD_TAG_LEN];
	size_t n;
};

static struct rng rng;

static int ready(void **state)
{
	(void)state;
	rng_seed(&rng, 7);
	return crypto_init() ? 0 : -1;
}

static void draw(struct burst *b)
{
	b->n = rng_below(&rng, BURST_MAX + 1);
	for (size_t i = 0; i < b->n; i++) {
		b->jobs[i] = (struct aead_job){
			.text = b->texts[i],
			.len = rng_below(&rng, LEN_MAX + 1),
			.counter = rng_below(&rng, 1000),
		};
		rng.fill(&rng, b->texts[i], b->jobs[i].len);
	}
}

/* Texts of their own. */
static void copy(struct burst *to, const struct burst *from)
{
	*to = *from;
	for (size_t i = 0; i < to->n; i++)
		to->jobs[i].text = to->texts[i];
}

static void assert_same(const struct burst *a, const struct burst *b, size_t tag)
{
	for (size_t i = 0; i < a->n; i++)
		assert_memory_equal(a->texts[i], b->texts[i], a->jobs[i].len + tag);
}

/* One key under a team, the other made before there was one. */
struct keys {
	struct aead_key alone, shared;
};

static void same_as_alone(struct keys *keys)
{
	static struct burst plain, alone, shared;
	size_t bad;

	draw(&plain);
	copy(&alone, &plain);
	copy(&shared, &plain);
	aead_seal(&keys->alone, alone.jobs, alone.n);
	aead_seal(&keys->shared, shared.jobs, shared.n);
	assert_same(&alone, &shared, AEAD_TAG_LEN);

	bad = rng_below(&rng, BURST_MAX);
	if (bad < shared.n)
		shared.texts[bad][rng_below(&rng, (uint32_t)shared.jobs[bad].len + AEAD_TAG_LEN)] ^= 4;
	aead_open(&keys->shared, shared.jobs, shared.n);
	for (size_t i = 0; i < shared.n; i++) {
		assert_int_equal(shared.jobs[i].ok, i != bad);
		if (i == bad)
			memcpy(shared.texts[i], plain.texts[i], plain.jobs[i].len);
	}
	assert_same(&plain, &shared, 0);
}

static void hammer(const struct aead_engine_report *engine, unsigned threads)
{
	static const uint8_t bytes[KEY_LEN] = {1, 2, 3};
	struct crew *crew;
	struct keys keys;

	assert_true(aead_use_engine(engine->suite, engine->name));
	assert_true(aead_key_init(&keys.alone, engine->suite, bytes));
	assert_int_equal(crew_new(&crew, threads), 0);
	aead_set_team(crew_team(crew));
	assert_true(aead_key_init(&keys.shared, engine->suite, bytes));
	for (int i = 0; i < ROUNDS; i++)
		same_as_alone(&keys);
	aead_key_wipe(&keys.shared);
	aead_key_wipe(&keys.alone);
	aead_set_team(NULL);
	crew_free(crew);
}

static void results_are_those_of_one_thread(void **state)
{
	struct aead_engine_report engines[AEAD_ENGINES_MAX];
	size_t n = aead_choose_engines(NULL, engines);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (unsigned threads = 2; engines[i].passed && threads <= AEAD_LANES_MAX; threads++)
			hammer(&engines[i], threads);
	}
}

/* -- the threads, with work that says who does it ------------------------ */

struct roll {
	uv_mutex_t mutex;
	unsigned times[BURST_MAX];	/* by message */
	unsigned inside[AEAD_LANES_MAX];
	bool crowded;			/* two were in one lane */
	unsigned met;			/* lanes that have come */
	unsigned wanted;		/* the caller waits until so many have */
};

static void enter(struct roll *roll, unsigned lane)
{
	uv_mutex_lock(&roll->mutex);
	roll->crowded |= roll->inside[lane]++ > 0;
	roll->met |= 1u << lane;
	uv_mutex_unlock(&roll->mutex);
}

static void leave(struct roll *roll, unsigned lane)
{
	uv_mutex_lock(&roll->mutex);
	roll->inside[lane]--;
	uv_mutex_unlock(&roll->mutex);
}

static bool all_met(struct roll *roll)
{
	bool all;

	uv_mutex_lock(&roll->mutex);
	all = roll->met == (1u << roll->wanted) - 1;
	uv_mutex_unlock(&roll->mutex);
	return all;
}

/* Whoever comes waits for the others, if all are wanted. */
static void count(void *work, unsigned lane, size_t from, size_t to)
{
	struct roll *roll = work;
	uint64_t end = uv_hrtime() + (uint64_t)PATIENCE * 1000000000;

	enter(roll, lane);
	for (size_t i = from; i < to; i++)
		roll->times[i]++;
	while (roll->wanted && !all_met(roll) && uv_hrtime() < end)
		usleep(100);
	leave(roll, lane);
}

static void run_once(struct crew *crew, struct roll *roll, size_t n)
{
	memset(roll->times, 0, sizeof(roll->times));
	crew_team(crew)->run(crew_team(crew), count, roll, n);
	for (size_t i = 0; i < BURST_MAX; i++)
		assert_int_equal(roll->times[i], i < n);
}

static void each_message_is_done_once_in_a_lane_of_ones_own(void **state)
{
	struct roll roll = {.wanted = 0};
	struct crew *crew;

	(void)state;
	assert_int_equal(uv_mutex_init(&roll.mutex), 0);
	assert_int_equal(crew_new(&crew, AEAD_LANES_MAX), 0);
	for (int i = 0; i < 20 * ROUNDS; i++)
		run_once(crew, &roll, rng_below(&rng, BURST_MAX + 1));
	assert_false(roll.crowded);
	crew_free(crew);
	uv_mutex_destroy(&roll.mutex);
}

/* Awake or asleep: between the bursts some pass in which all helpers fall asleep. */
static void every_helper_comes_when_there_is_time(void **state)
{
	struct roll roll = {.wanted = AEAD_LANES_MAX};
	struct crew *crew;

	(void)state;
	assert_int_equal(uv_mutex_init(&roll.mutex), 0);
	assert_int_equal(crew_new(&crew, AEAD_LANES_MAX), 0);
	for (unsigned i = 0; i < 20; i++) {
		uint64_t before = crew_helped(crew);

		roll.met = 0;
		run_once(crew, &roll, BURST_MAX);
		assert_true(all_met(&roll));
		assert_true(crew_helped(crew) > before);
		usleep(i % 2 ? 0 : 2000);
	}
	crew_free(crew);
	uv_mutex_destroy(&roll.mutex);
}

static void a_crew_ends_awake_or_asleep(void **state)
{
	struct crew *crew;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(crew_new(&crew, 2 + i % (AEAD_LANES_MAX - 1)), 0);
		usleep(i % 4 * 40);
		crew_free(crew);
	}
	crew_free(NULL);
}

static unsigned threads_left = UINT_MAX;

int __real_uv_thread_create_ex(uv_thread_t *tid, const uv_thread_options_t *options,
			       uv_thread_cb entry, void *arg);
int __wrap_uv_thread_create_ex(uv_thread_t *tid, const uv_thread_options_t *options,
			       uv_thread_cb entry, void *arg);

int __wrap_uv_thread_create_ex(uv_thread_t *tid, const uv_thread_options_t *options,
			       uv_thread_cb entry, void *arg)
{
	if (threads_left == 0)
		return UV_EAGAIN;
	threads_left--;
	return __real_uv_thread_create_ex(tid, options, entry, arg);
}

static void a_crew_that_is_not_complete_is_none(void **state)
{
	size_t before = count_threads();
	struct crew *crew = NULL;

	(void)state;
	for (unsigned i = 0; i < AEAD_LANES_MAX - 1; i++) {
		threads_left = i;
		assert_int_equal(crew_new(&crew, AEAD_LANES_MAX), -EAGAIN);
		assert_null(crew);
	}
	threads_left = UINT_MAX;
	assert_true(has_threads_soon(before));
}

/* -- which bursts are shared --------------------------------------------- */

static unsigned shared;

static void run_alone(struct aead_team *team, aead_part *part, void *work, size_t n)
{
	(void)team;
	shared++;
	part(work, 1, 0, n);
}

static unsigned times_shared(struct aead_key *key, size_t n, size_t len)
{
	static struct burst b;

	for (b.n = 0; b.n < n; b.n++)
		b.jobs[b.n] = (struct aead_job){.text = b.texts[b.n], .len = len, .counter = b.n};
	shared = 0;
	aead_seal(key, b.jobs, n);
	aead_open(key, b.jobs, n);
	for (size_t i = 0; i < n; i++)
		assert_true(b.jobs[i].ok);
	return shared;
}

static void only_large_bursts_are_shared_under_keys_made_for_it(void **state)
{
	static const uint8_t bytes[KEY_LEN] = {1};
	struct aead_team team = {.lanes = 2, .run = run_alone};
	struct aead_key before, since;

	(void)state;
	assert_true(aead_key_init(&before, AEAD_CHACHA20POLY1305, bytes));
	aead_set_team(&team);
	assert_true(aead_key_init(&since, AEAD_CHACHA20POLY1305, bytes));
	assert_int_equal(times_shared(&since, 45, 1420), 2);
	assert_int_equal(times_shared(&before, 45, 1420), 0);
	assert_int_equal(times_shared(&since, 32, 1023), 2);
	assert_int_equal(times_shared(&since, 32, 1022), 0);
	assert_int_equal(times_shared(&since, BURST_MAX, 64), 0);
	aead_set_team(NULL);
	assert_int_equal(times_shared(&since, 45, 1420), 0);
	aead_key_wipe(&before);
	aead_key_wipe(&since);
}

static uint64_t faster(void)
{
	static uint64_t now;

	return now += 16 * 499;		/* 16 packets: 500 ns each, with what is added for certainty */
}

static void the_faster_the_engine_the_larger_must_a_burst_be(void **state)
{
	static const uint8_t bytes[KEY_LEN] = {1};
	const struct aead_clock clock = {.now_ns = faster, .measure_ns = 1};
	struct aead_engine_report engines[AEAD_ENGINES_MAX];
	struct aead_team team = {.lanes = 2, .run = run_alone};
	struct aead_key key;

	(void)state;
	aead_choose_engines(&clock, engines);
	assert_int_equal(aead_chosen(AEAD_CHACHA20POLY1305)->seal_ns, 500);
	aead_set_team(&team);
	assert_true(aead_key_init(&key, AEAD_CHACHA20POLY1305, bytes));
	assert_int_equal(times_shared(&key, 50, 1420), 2);
	assert_int_equal(times_shared(&key, 49, 1420), 0);
	aead_set_team(NULL);
	aead_key_wipe(&key);
	aead_choose_engines(NULL, engines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_are_those_of_one_thread),
		cmocka_unit_test(each_message_is_done_once_in_a_lane_of_ones_own),
		cmocka_unit_test(every_helper_comes_when_there_is_time),
		cmocka_unit_test(a_crew_ends_awake_or_asleep),
		cmocka_unit_test(a_crew_that_is_not_complete_is_none),
		cmocka_unit_test(only_large_bursts_are_shared_under_keys_made_for_it),
		cmocka_unit_test(the_faster_the_engine_the_larger_must_a_burst_be),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
