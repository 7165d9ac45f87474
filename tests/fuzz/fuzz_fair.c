/* fuzz_fair.c -- any frames through the fair queue, and what holds of it at any time.
 *
 *   | what to do | milliseconds / 4 | length, be16 | the first bytes of the frame, 48 at most | and so on
 */
#include <stdlib.h>
#include <string.h>

#include "tun/fair.h"

enum { PUT = 1, MANY = 2, TAKE = 4, RELEASE = 8, KEEP = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* Past its first bytes nothing of a frame is looked at. */
static void put(struct fair *fair, struct reader *r, bool is_many, usec now)
{
	size_t len = get_be16(r) + 1u;
	struct bytes start = get_bytes(r, r->rest.len < 48 ? r->rest.len : 48);
	struct packet room = fair_room(fair);

	must(packet_headroom(&room) == HEADROOM && packet_tailroom(&room) >= TAILROOM + len);
	memset(room.data, 0, len < 48 ? len : 48);
	for (size_t i = 0; i < len && i < start.len; i++)
		room.data[i] = start.data[i];
	fair_put(fair, len, is_many, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fair *fair = fair_new(1);
	struct reader r = reader_over(bytes_of(data, size));
	struct frame frame = {0};
	size_t taken = 0;
	usec now = 0;

	must(fair);
	while (!reader_done(&r)) {
		uint8_t what = get_u8(&r);

		now += get_u8(&r) * 250;
		if (what & PUT)
			put(fair, &r, what & MANY, now);
		if (what & TAKE && taken <= BURST_MAX) {
			bool was_empty = fair_is_empty(fair), got = fair_take(fair, &frame, now);

			must(got || fair_is_empty(fair));
			must(!got || (!was_empty && frame.packet.len > 0));
			taken += got;
		}
		if (what & RELEASE) {
			fair_release(fair, what & KEEP && taken ? &frame : NULL, now);
			taken = what & KEEP && taken;
		}
	}
	fair_release(fair, NULL, now);
	for (taken = 0; fair_take(fair, &frame, now); taken++)
		fair_release(fair, NULL, now);
	must(taken <= FAIR_FRAMES && fair_is_empty(fair));
	fair_free(fair);
	return 0;
}
