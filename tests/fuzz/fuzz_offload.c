/* fuzz_offload.c -- bursts joined, frames cut up, and back, as the fuzzer rolls the dice; and
 * any bytes as what the kernel gave, and as a burst.
 */
#include "fuzz/dice.h"
#include "tun/offload_differ.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The segments are no longer than what they are of. */
static void try_any_frame(struct bytes input)
{
	static uint8_t out[1 << 16];
	struct reader r = reader_over(input);
	struct vnet_header vnet;
	struct segments s;

	get_copy(&r, &vnet, sizeof(vnet));
	if (r.bad || r.rest.len > sizeof(out))
		return;
	if (segments_begin(&s, &vnet, r.rest) != SEGMENT_GOOD)
		must(!segments_left(&s));
	while (segments_left(&s))
		must(segments_next(&s, out) <= r.rest.len);
}

/* Each packet: one byte that says how long it is. */
static void try_any_burst(struct bytes input)
{
	static struct coalesce c;
	struct packet burst[DIFFER_BURST];
	struct reader r = reader_over(input);
	struct joined joined;
	size_t n = 0, came_out = 0;

	while (n < DIFFER_BURST && !reader_done(&r)) {
		size_t len = get_u8(&r);
		struct bytes b = get_bytes(&r, len < r.rest.len ? len : r.rest.len);

		burst[n++] = packet_in((uint8_t *)(uintptr_t)b.data, b.len, 0, b.len);
	}
	coalesce_begin(&c, burst, n, COALESCE_ALL);
	while (coalesce_next(&c, &joined))
		came_out += joined.packets;
	must(came_out == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dice dice;

	if (size == 0)
		return 0;
	dice = dice_of(data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		differ_try_burst(&dice.rng);
		break;
	case 1:
		differ_try_frame(&dice.rng);
		break;
	case 2:
		try_any_frame(dice.left);
		break;
	case 3:
		try_any_burst(dice.left);
		break;
	}
	return 0;
}
