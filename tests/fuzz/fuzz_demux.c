/* fuzz_demux.c -- any bytes are of one kind, and that kind is true to its word. */
#include <stdlib.h>

#include "node/demux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* What the rest of the node relies upon without asking again. */
static void check(enum demux_kind kind, const uint8_t *data, size_t size)
{
	switch (kind) {
	case DEMUX_INITIATION:
		must(size == 148 && data[0] == 1 && data[1] == 0);
		break;
	case DEMUX_RESPONSE:
		must(size == 92 && data[0] == 2 && data[1] == 0);
		break;
	case DEMUX_COOKIE:
		must(size == 64 && data[0] == 3 && data[1] == 0);
		break;
	case DEMUX_DATA:
		must(size >= 32 && data[0] == 4 && data[1] == 0);
		break;
	case DEMUX_SUITE:
		must(size >= 32 && data[1] == 1);
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
