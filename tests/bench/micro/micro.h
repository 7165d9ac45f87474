/* micro.h -- how long one thing takes when nothing else happens.
 *
 *   prepare, run    prepare, run    prepare, run    ...
 *            |--|            |--|            |--|
 *           a round
 *
 * A round does the same thing `ops` times. The least time counts most: what else the machine
 * did only ever adds to it. The median beside it tells whether the least was luck.
 */
#ifndef TESTS_BENCH_MICRO_H
#define TESTS_BENCH_MICRO_H

#include <stdbool.h>
#include <stddef.h>

enum { MICRO_OPS = 64 };		/* of most rounds, whatever BURST_MAX is */

struct micro {
	const char *name;
	size_t ops;
	size_t bytes;			/* that each takes; 0: a rate says nothing */
	double known;			/* ns of an op that are known already, to be shown apart */
	void (*prepare)(void *context);	/* not timed; NULL: nothing to do */
	void (*run)(void *context);
	void *context;
};

void micro_heading(const char *text);

/* Measures, prints a line, and says the least ns of an op. One whose name was not asked for is
 * left out, and takes 0 ns. */
double micro_measure(const struct micro *m);

/* The same in turn with another way to do it, round by round, so that whatever else the machine
 * does falls on both. Prints a line for each, and how many times as long the other takes. */
void micro_compare(const struct micro *m, const struct micro *other);

/* What was measured is not what was meant: a figure would be worse than none. */
void micro_must(bool ok);

void micro_aead(void);
void micro_crew(void);
void micro_wg(void);
void micro_tun(void);
void micro_node(void);

#endif
