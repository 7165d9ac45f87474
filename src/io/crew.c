/* crew.c -- helper threads that seal and open their share of each large burst.
 *
 * All that the threads agree upon is one word, the gate:
 *
 *   | number of the burst, 24 bits | helpers inside, 7 | open, 1 |
 *
 *   caller   writes the burst, then opens        works     closes    waits until nobody is inside
 *   helper                 goes in if it is open and new     works     goes out
 *
 * Who goes in does so by comparing and swapping the whole word, so nobody is inside who did not
 * see it open, and while anybody is inside the burst is not written. A helper sleeps on the same
 * word (futex(2)): the kernel compares it again before, so that no opening is missed. It first
 * spins a little, as bursts come one after the other when they come at all; and so does the
 * caller, for which a helper's last part is a matter of microseconds. A helper that lost its
 * core in the middle of one costs as long as it takes to get it back.
 */
#include "io/crew.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

enum {
	GATE_OPEN = 1,
	GATE_INSIDE = 2,		/* for each helper */
	GATE_INSIDE_ALL = 0xfe,
	GATE_BURST = 0x100,		/* for each burst */

	PART = 4,			/* messages that are taken at once */
	IDLE_SPIN_NS = 50000,		/* until the next burst */
	JOIN_SPIN_NS = 10000,		/* until the last part is done, which takes 5 us or less */
	SPINS = 32,			/* between two looks at the clock */
	CACHE_LINE = 64,
	STACK = 256 << 10,
};

struct helper {
	struct crew *crew;
	uv_thread_t thread;
	unsigned lane;
	int avoids;			/* the core that it keeps off; -1: none */
	_Atomic uint64_t helped;
};

/* What many threads write has a cache line of its own. */
struct crew {
	struct aead_team team;
	struct helper helpers[AEAD_LANES_MAX - 1];
	unsigned helpers_len;
	atomic_bool stops;
	atomic_bool caller_sleeps;
	atomic_uint asleep;		/* helpers that sleep, or are about to */
	cpu_set_t cores;		/* that the process may use */
	/* the burst */
	int core;			/* that the caller is on */
	aead_part *part;
	void *work;
	size_t n;
	_Alignas(CACHE_LINE) _Atomic uint32_t gate;
	_Alignas(CACHE_LINE) atomic_size_t next;
};

/* -- waiting ------------------------------------------------------------- */

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Returns at once if the gate is not what was seen. */
static void sleep_on(struct crew *crew, uint32_t seen)
{
	syscall(SYS_futex, &crew->gate, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void wake(struct crew *crew, int most)
{
	syscall(SYS_futex, &crew->gate, FUTEX_WAKE_PRIVATE, most, NULL, NULL, 0);
}

/* Spin until the gate is another; false: for too long. Who spins gives way to whoever else
 * wants the core: that may be the very thread that is waited for. */
static bool changes_within(struct crew *crew, uint32_t seen, uint64_t ns)
{
	uint64_t end = uv_hrtime() + ns;

	do {
		for (int i = 0; i < SPINS; i++) {
			if (atomic_load_explicit(&crew->gate, memory_order_relaxed) != seen)
				return true;
			relax();
		}
		sched_yield();
	} while (uv_hrtime() < end);
	return false;
}

/* -- both ---------------------------------------------------------------- */

static size_t take_parts(struct crew *crew, unsigned lane)
{
	size_t n = crew->n, from, to, done = 0;

	while ((from = atomic_fetch_add_explicit(&crew->next, PART, memory_order_relaxed)) < n) {
		to = from + PART < n ? from + PART : n;
		crew->part(crew->work, lane, from, to);
		done += to - from;
	}
	return done;
}

/* -- a helper ------------------------------------------------------------ */

static bool is_new(uint32_t gate, uint32_t last)
{
	return gate & GATE_OPEN && gate / GATE_BURST != last;
}

static void go_out(struct crew *crew)
{
	uint32_t gate = atomic_fetch_sub(&crew->gate, GATE_INSIDE) - GATE_INSIDE;

	if (!(gate & (GATE_OPEN | GATE_INSIDE_ALL)) && atomic_load(&crew->caller_sleeps))
		wake(crew, INT_MAX);
}

/* The kernel likes to wake a thread where its waker runs, which here is the one core that is
 * taken for certain: the caller goes on at once. */
static void keep_off(struct helper *h, int core)
{
	cpu_set_t others = h->crew->cores;

	h->avoids = core;
	CPU_CLR((size_t)core, &others);
	sched_setaffinity(0, sizeof(others), &others);
}

static void help(struct helper *h)
{
	int core = h->crew->core;
	size_t done = take_parts(h->crew, h->lane);

	atomic_fetch_add_explicit(&h->helped, done, memory_order_relaxed);
	go_out(h->crew);
	if (core != h->avoids)
		keep_off(h, core);
}

static void rest(struct crew *crew, uint32_t seen)
{
	if (changes_within(crew, seen, IDLE_SPIN_NS))
		return;
	atomic_fetch_add(&crew->asleep, 1);
	sleep_on(crew, seen);
	atomic_fetch_sub(&crew->asleep, 1);
}

static void run_helper(void *context)
{
	struct helper *h = context;
	struct crew *crew = h->crew;
	uint32_t last = 0;

	prctl(PR_SET_NAME, "p2pnet-crew");
	for (;;) {
		uint32_t gate = atomic_load(&crew->gate);

		if (atomic_load(&crew->stops))	/* in this order: it is set before the gate's last change */
			return;
		if (!is_new(gate, last)) {
			rest(crew, gate);
		} else if (atomic_compare_exchange_strong(&crew->gate, &gate, gate + GATE_INSIDE)) {
			last = gate / GATE_BURST;
			help(h);
		}
	}
}

/* -- the caller ---------------------------------------------------------- */

static void open_gate(struct crew *crew)
{
	atomic_fetch_add(&crew->gate, GATE_BURST + GATE_OPEN);
	if (atomic_load(&crew->asleep))
		wake(crew, (int)crew->helpers_len);
}

static void close_gate(struct crew *crew)
{
	uint32_t gate = atomic_fetch_sub(&crew->gate, GATE_OPEN) - GATE_OPEN;

	while (gate & GATE_INSIDE_ALL) {
		if (!changes_within(crew, gate, JOIN_SPIN_NS)) {
			atomic_store(&crew->caller_sleeps, true);
			sleep_on(crew, gate);
			atomic_store(&crew->caller_sleeps, false);
		}
		gate = atomic_load(&crew->gate);
	}
}

static void run(struct aead_team *team, aead_part *part, void *work, size_t n)
{
	struct crew *crew = (struct crew *)team;

	crew->part = part;
	crew->work = work;
	crew->n = n;
	crew->core = sched_getcpu();
	atomic_store_explicit(&crew->next, 0, memory_order_relaxed);
	open_gate(crew);
	take_parts(crew, 0);
	close_gate(crew);
	crew->work = NULL;
}

/* -- from start to end --------------------------------------------------- */

static int start(struct crew *crew)
{
	const uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = STACK};
	struct helper *h = &crew->helpers[crew->helpers_len];
	int err;

	h->crew = crew;
	h->avoids = -1;
	h->lane = crew->helpers_len + 1;
	err = uv_thread_create_ex(&h->thread, &options, run_helper, h);
	if (!err)
		crew->helpers_len++;
	return err;
}

int crew_new(struct crew **out, unsigned threads)
{
	struct crew *crew = aligned_alloc(CACHE_LINE, sizeof(*crew));
	int err = 0;

	if (!crew)
		return -ENOMEM;
	*crew = (struct crew){.team = {.lanes = threads, .run = run}};
	sched_getaffinity(0, sizeof(crew->cores), &crew->cores);
	while (!err && crew->helpers_len + 1 < threads)
		err = start(crew);
	if (err)
		crew_free(crew);
	else
		*out = crew;
	return err;
}

void crew_free(struct crew *crew)
{
	if (!crew)
		return;
	atomic_store(&crew->stops, true);
	atomic_fetch_add(&crew->gate, GATE_BURST);
	wake(crew, INT_MAX);
	for (unsigned i = 0; i < crew->helpers_len; i++)
		uv_thread_join(&crew->helpers[i].thread);
	free(crew);
}

struct aead_team *crew_team(struct crew *crew)
{
	return &crew->team;
}

uint64_t crew_helped(const struct crew *crew)
{
	uint64_t helped = 0;

	for (unsigned i = 0; i < crew->helpers_len; i++)
		helped += atomic_load_explicit(&crew->helpers[i].helped, memory_order_relaxed);
	return helped;
}
