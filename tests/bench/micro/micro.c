/* micro.c -- what each part of the data path costs alone.
 *
 *	cmake --preset bench && cmake --build --preset bench --target bench_micro
 *	build/bench/tests/bench/micro/bench_micro [-r ROUNDS] [TEXT]
 *
 * All of it, or what has TEXT in its name. The figures are of one thread, warm, on whatever the
 * machine is; compare those of one run. Where a machine counts no instructions, valgrind does:
 *
 *	valgrind --tool=callgrind --toggle-collect=node_send .../bench_micro -r 500 'send 64 x 64 B, 1 found'
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/micro/micro.h"
#include "crypto/crypto.h"

enum { ROUNDS_MAX = 2000, ROUNDS_MIN = 20, BUDGET_NS = 300000000 };	/* of a line */

static const char *wanted = "";
static size_t rounds;			/* 0: as many as there is time for */
static const char *heading;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void micro_heading(const char *text)
{
	heading = text;
}

/* Once, over the first line that is printed. */
static void print_heading(void)
{
	if (heading)
		printf("\n%-46s %9s %9s %8s %9s\n", heading, "ns least", "median", "GB/s",
		       "less AEAD");
	heading = NULL;
}

static void print(const struct micro *m, double least, double median)
{
	print_heading();
	printf("%-46s %9.1f %9.1f", m->name, least, median);
	if (m->bytes)
		printf(" %8.2f", (double)m->bytes / least);
	if (m->known > 0)
		printf("%*s %9.1f", m->bytes ? 0 : 9, "", least - m->known);
	putchar('\n');
	fflush(stdout);
}

static uint64_t time_round(const struct micro *m)
{
	uint64_t before;

	if (m->prepare)
		m->prepare(m->context);
	before = now_ns();
	m->run(m->context);
	return now_ns() - before;
}

static bool goes_on(size_t done, uint64_t start)
{
	if (rounds)
		return done < rounds;
	return done < ROUNDS_MIN || (done < ROUNDS_MAX && now_ns() - start < BUDGET_NS);
}

double micro_measure(const struct micro *m)
{
	uint64_t took[ROUNDS_MAX], start = now_ns();
	double ops = (double)m->ops;
	size_t n = 0;

	if (!strstr(m->name, wanted))
		return 0;
	while (goes_on(n, start))
		took[n++] = time_round(m);
	qsort(took, n, sizeof(took[0]), compare);
	print(m, (double)took[0] / ops, (double)took[n / 2] / ops);
	return (double)took[0] / ops;
}

void micro_compare(const struct micro *m, const struct micro *other)
{
	static uint64_t took[2][ROUNDS_MAX];
	uint64_t start = now_ns();
	size_t n;

	if (!strstr(m->name, wanted))
		return;
	for (n = 0; goes_on(n, start); n++) {
		took[0][n] = time_round(m);
		took[1][n] = time_round(other);
	}
	qsort(took[0], n, sizeof(took[0][0]), compare);
	qsort(took[1], n, sizeof(took[1][0]), compare);
	print(m, (double)took[0][0] / (double)m->ops, (double)took[0][n / 2] / (double)m->ops);
	print(other, (double)took[1][0] / (double)other->ops,
	      (double)took[1][n / 2] / (double)other->ops);
	printf("%-46s %9.2f %9.2f\n", "  the other takes, times", (double)took[1][0] / (double)took[0][0],
	       (double)took[1][n / 2] / (double)took[0][n / 2]);
}

void micro_must(bool ok)
{
	if (!ok)
		abort();
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "r:")) == 'r')
		rounds = strtoul(optarg, NULL, 10);
	if (option != -1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench_micro [-r ROUNDS] [TEXT]    (at most %d rounds)\n",
			ROUNDS_MAX);
		return 2;
	}
	if (optind < argc)
		wanted = argv[optind];
	if (!crypto_init())
		return 1;
	micro_aead();
	micro_crew();
	micro_wg();
	micro_tun();
	micro_node();
	return 0;
}
