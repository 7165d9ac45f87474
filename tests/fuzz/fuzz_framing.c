/* fuzz_framing.c -- any stream gives the same datagrams, whether it comes byte by byte or not. */
#include <stdlib.h>

#include "base/framing.h"
#include "base/rng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { KEPT = 300 };	/* so that a frame may be too long */

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* A sum over all datagrams and where they end. */
static uint64_t split(struct bytes stream, size_t step, bool *bad)
{
	uint8_t kept[KEPT];
	struct framing_splitter s;
	uint64_t sum = 0;

	framing_splitter_init(&s, kept, sizeof(kept));
	for (size_t at = 0; at < stream.len; at += step) {
		size_t n = stream.len - at < step ? stream.len - at : step;
		struct bytes in = bytes_of(stream.data + at, n), datagram;

		while (framing_splitter_next(&s, &in, &datagram)) {
			must(datagram.len && datagram.len <= KEPT - FRAMING_HEADER_LEN);
			for (size_t i = 0; i < datagram.len; i++)
				sum = rng_mix(sum + datagram.data[i]);
			sum = rng_mix(sum + 256);
		}
		must(s.bad || !in.len);
	}
	*bad = s.bad;
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bool bad_one, bad_many;

	must(split(bytes_of(data, len), 1, &bad_one) == split(bytes_of(data, len), 37, &bad_many));
	must(bad_one == bad_many);
	return 0;
}
