/* fuzz_demux.c -- any bytes are of one kind, and that kind is true to its word. */
#include <stdlib.h>

#include "node/demux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* RFC 8489 section 5, in other words than those of demux.c. */
static bool is_stun(const uint8_t *data, size_t size)
{
	return size >= 20 && data[0] < 0x40 && load_be16(data + 2) + 20u == size && size % 4 == 0 &&
	       load_be32(data + 4) == 0x2112a442;
}

/* Zeroes, as WireGuard has them; or, of another suite, the sets that an initiation offers. */
static void check_head(const uint8_t *data, bool offers)
{
	if (data[1] == 0 || !offers)
		must(data[1] <= 1 && data[2] == 0 && data[3] == 0);
	else
		must(data[1] == 1 && data[2] & 2);
}

/* What the rest of the node relies upon without asking again. */
static void check(enum demux_kind kind, const uint8_t *data, size_t size)
{
	must(kind == DEMUX_STUN || !is_stun(data, size));
	switch (kind) {
	case DEMUX_INITIATION:
		must(size == 148 && data[0] == 1);
		check_head(data, true);
		break;
	case DEMUX_RESPONSE:
		must(size == 92 && data[0] == 2);
		check_head(data, false);
		break;
	case DEMUX_COOKIE:
		must(size == 64 && data[0] == 3 && data[1] == 0);
		break;
	case DEMUX_DATA:
		must(size >= 32 && data[0] == 4);
		check_head(data, false);
		break;
	case DEMUX_STUN:
		must(size >= 20 && load_be16(data + 2) == size - 20 && data[0] < 0x40);
		break;
	case DEMUX_CHANNEL:
		must(size >= 4 && data[0] >> 4 == 4 && load_be16(data + 2) <= size - 4);
		break;
	case DEMUX_ENVELOPE:
		must(size > 114 && size <= 1201 && data[0] == 0xe1 && data[1] == 1);
		break;
	case DEMUX_UNKNOWN:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum demux_kind kind = demux(bytes_of(data, size), false);
	enum demux_kind from_server = demux(bytes_of(data, size), true);

	check(kind, data, size);
	check(from_server, data, size);
	must(kind != DEMUX_CHANNEL);
	must(from_server == kind || from_server == DEMUX_CHANNEL);
	return 0;
}
