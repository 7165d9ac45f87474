/* micro_tun.c -- what lies beside the device: big packets cut up, small ones joined, summed.
 *
 *   one packet of 44 segments --segments_next--> 44 packets --coalesce_next--> one packet
 */
#include <string.h>

#include "base/checksum.h"
#include "bench/micro/micro.h"
#include "tun/offload_coalesce.h"
#include "tun/offload_segment.h"

enum {
	HEADERS = 20 + 20,		/* IPv4, TCP */
	SEGMENT = 1380,
	SEGMENTS = 44,
	WHOLE = HEADERS + SEGMENTS * SEGMENT,
	SLOT = HEADROOM + HEADERS + SEGMENT + TAILROOM,
};

_Static_assert((int)SEGMENTS <= (int)COALESCE_MAX && (int)SEGMENTS <= (int)BURST_MAX,
	       "they fit a burst, and become one");

struct cutting {
	struct vnet_header vnet;
	uint8_t whole[WHOLE];
	uint8_t slots[SEGMENTS][SLOT];
	struct packet packets[SEGMENTS];
	struct coalesce coalesce;
	struct joined joined;
};

/* As the kernel hands it over: the checksum's field has the pseudo-header's sum. */
static void write_whole(struct cutting *c)
{
	static const uint8_t addresses[] = {10, 0, 0, 1, 10, 0, 0, 2};
	uint8_t *ip = c->whole, *tcp = c->whole + 20;
	uint64_t sum = checksum_add(0, bytes_of(addresses, sizeof(addresses)));

	ip[0] = 0x45;
	store_be16(ip + 2, WHOLE);
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, addresses, sizeof(addresses));
	store_be16(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, bytes_of(ip, 20))));
	store_be16(tcp, 40000);
	store_be16(tcp + 2, 5201);
	tcp[12] = 5 << 4;
	tcp[13] = 0x10;		/* ACK */
	sum = checksum_add_u16(checksum_add_u16(sum, 6), WHOLE - 20);
	store_be16(tcp + 16, checksum_fold(sum));
	c->vnet = (struct vnet_header){VNET_NEEDS_CSUM, VNET_GSO_TCP4, HEADERS, SEGMENT, 20, 16};
}

static void cut(void *context)
{
	struct cutting *c = context;
	struct segments s;
	size_t n = 0;

	micro_must(segments_begin(&s, &c->vnet, bytes_of(c->whole, WHOLE)) == SEGMENT_GOOD);
	for (; segments_left(&s); n++) {
		c->packets[n] = packet_in(c->slots[n], SLOT, HEADROOM, 0);
		c->packets[n].len = segments_next(&s, c->packets[n].data);
	}
	micro_must(n == SEGMENTS);
}

static void join(void *context)
{
	struct cutting *c = context;

	coalesce_begin(&c->coalesce, c->packets, SEGMENTS, COALESCE_ALL);
	micro_must(coalesce_next(&c->coalesce, &c->joined) && c->joined.packets == SEGMENTS);
}

static void sum_all(void *context)
{
	struct cutting *c = context;
	static volatile uint16_t sink;		/* it is of use */

	for (size_t i = 0; i < SEGMENTS; i++)
		sink = checksum_fold(checksum_add(0, packet_bytes(&c->packets[i])));
	(void)sink;
}

void micro_tun(void)
{
	static struct cutting c;

	write_whole(&c);
	cut(&c);	/* what is joined and summed */
	micro_heading("beside the device, a packet of 1420 B");
	micro_measure(&(struct micro){"checksum", SEGMENTS, HEADERS + SEGMENT, 0, NULL, sum_all, &c});
	micro_measure(&(struct micro){"cut off a packet of 44 segments", SEGMENTS, HEADERS + SEGMENT,
				      0, NULL, cut, &c});
	micro_measure(&(struct micro){"join to a packet of 44 segments", SEGMENTS, HEADERS + SEGMENT,
				      0, NULL, join, &c});
}
