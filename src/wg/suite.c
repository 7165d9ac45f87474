/* suite.c -- which cipher suite two peers use, and how each knows what the other has. */
#include "wg/suite.h"

/* In the last step of a second, too, this is less than the step has nanoseconds (tai64n.c). */
enum { MARK = 'p' << 16 | '2' << 8, MARK_BITS = 0xffffff };

enum aead_suite suite_choose(uint8_t ours, uint8_t theirs)
{
	uint8_t both = ours & (theirs ? theirs : SUITE_CHACHA20);

	if (!both)
		both = ours;
	return both & SUITE_AES256GCM ? AEAD_AES256GCM : AEAD_CHACHA20POLY1305;
}

bool suite_contradicts(uint8_t ours, uint8_t theirs)
{
	return theirs && !(ours & theirs);
}

void suite_mark(uint8_t timestamp[static TIMESTAMP_LEN], uint8_t set)
{
	uint8_t *nanoseconds = timestamp + 8;

	store_be32(nanoseconds, (load_be32(nanoseconds) & ~(uint32_t)MARK_BITS) | MARK | (set & SUITE_ALL));
}

/* Who does not clear the bits has something there by chance: with a mark once in a million. */
uint8_t suite_marked(const uint8_t timestamp[static TIMESTAMP_LEN])
{
	uint32_t low = load_be32(timestamp + 8) & MARK_BITS;

	return (low & ~(uint32_t)SUITE_ALL) == MARK ? (uint8_t)(low & SUITE_ALL) : SUITE_NONE;
}
