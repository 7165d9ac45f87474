/* nearest.c -- which word did you mean? */
#include "cli/nearest.h"

#include <string.h>

enum { LONGEST = 32 }; /* what is longer is near to nothing */

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Optimal string alignment: insert, delete, replace, swap two neighbours. Rows of
 * the matrix are kept for the previous two letters of `a`. */
static unsigned edits_between(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][LONGEST + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *now = rows[i % 3];
		const unsigned *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned replace = before[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = least(before[j] + 1, now[j - 1] + 1, replace);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], earlier[j - 2] + 1, replace);
		}
	}
	return rows[a_len % 3][b_len];
}

struct nearest nearest_to(const char *word, size_t len)
{
	/* A third of the letters may be wrong, two at least. */
	return (struct nearest){word, len, NULL, 1 + (len / 3 > 2 ? (unsigned)len / 3 : 2)};
}

void nearest_offer(struct nearest *near, const char *candidate)
{
	size_t len = strlen(candidate);
	unsigned edits;

	if (len > LONGEST || near->len > LONGEST)
		return;
	edits = edits_between(near->word, near->len, candidate, len);
	/* As many edits as letters: nothing of the word is left. */
	if (edits >= near->edits || edits >= len || edits >= near->len)
		return;
	near->best = candidate;
	near->edits = edits;
}
