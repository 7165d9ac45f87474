/* nearest.h -- which word did you mean?
 *
 * Offer every word there is; the one that takes the fewest edits wins, unless
 * it takes so many that it would be a guess.
 */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *word;
	size_t len;
	const char *best;	/* NULL: nothing is near */
	unsigned edits;		/* of the best; or the most that still counts as near, plus one */
};

struct nearest nearest_to(const char *word, size_t len);
void nearest_offer(struct nearest *near, const char *candidate);

#endif
