/* offload_differ.h -- cutting up undoes joining, and joining undoes cutting up.
 *
 *   burst --> coalesce --> segment --> the burst, bit for bit; each flow in order
 *   frame --> segment  --> right packets, the same stream --> coalesce --> the frame
 *
 * What the burst and the frame are is rolled: mostly what may be joined, with here and there
 * a thing that may not. What does not hold ends the process, in the fuzzer as in a test.
 */
#ifndef TESTS_TUN_OFFLOAD_DIFFER_H
#define TESTS_TUN_OFFLOAD_DIFFER_H

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "tun/packets.h"
#include "tun/offload_coalesce.h"
#include "tun/offload_segment.h"

enum {
	DIFFER_BURST = 10,
	DIFFER_FLOWS = 4,
	DIFFER_PAYLOAD = 48,
	DIFFER_PACKET = PACKETS_HEADERS_MAX + DIFFER_PAYLOAD,
	DIFFER_FRAME = PACKETS_HEADERS_MAX + 12 * DIFFER_PAYLOAD,
};

/* What was reached, so that a run which tries nothing does not pass. */
struct differ_seen {
	uint64_t joined, packets_joined, singles;
	uint64_t frames_back;		/* a frame that came back as it was */
	uint64_t verdicts[SEGMENT_VERDICTS];
};

static struct differ_seen differ_seen;

static const uint8_t differ_noise[4 * DIFFER_PAYLOAD + DIFFER_FRAME] =
	"Alice was beginning to get very tired of sitting by her sister on the bank, and of having "
	"nothing to do: once or twice she had peeped into the book her sister was reading, but it "
	"had no pictures or conversations in it, \"and what is the use of a book,\" thought Alice";

static inline void must(bool ok)
{
	if (!ok)
		abort();
}

/* -- bursts ---------------------------------------------------------------- */

struct differ_flow {
	struct recipe next;
	uint16_t size;
};

struct differ_burst {
	struct differ_flow flows[DIFFER_FLOWS];
	uint8_t bytes[DIFFER_BURST][DIFFER_PACKET];
	struct packet packets[DIFFER_BURST];
	uint8_t flow_of[DIFFER_BURST];
	size_t len;
};

static void roll_flow(struct differ_flow *f, uint8_t number, struct rng *dice)
{
	uint32_t roll = rng_u32(dice);

	f->next = (struct recipe){
		.v6 = roll & 1,
		.udp = roll & 2,
		.options = roll & 4,
		.fragment = roll & 8 ? 0x4000 : 0,
		.flow = number,
		.ttl = 64,
		.id = (uint16_t)(roll & 16 ? 0xfffe : 7),
		.seq = roll & 32 ? 0xffffffc0 : 1000,
		.flags = 0x10,
		.window = 500,
	};
	f->size = (uint16_t)(1 + (roll >> 8) % DIFFER_PAYLOAD);
}

/* One thing about the packet that is not as the one before had it. */
static void change_recipe(struct recipe *r, uint32_t what, uint32_t how)
{
	switch (what) {
	case 0:
		r->flags = (uint8_t)how;
		break;
	case 1:
		r->flags |= 0x08;
		break;
	case 2:
		r->payload.len = how % (DIFFER_PAYLOAD + 1);
		break;
	case 3:
		r->seq += how % 3 - 1;
		break;
	case 4:
		r->id = (uint16_t)(r->id + how % 3 - 1);
		break;
	case 5:
		r->tos = (uint8_t)how;
		break;
	case 6:
		r->ttl = (uint8_t)how;
		break;
	case 7:
		r->fragment ^= (uint16_t)(1 << how % 16);
		break;
	case 8:
		r->label = how;
		break;
	case 9:
		r->window = (uint16_t)how;
		break;
	case 10:
		r->ack = how % 4;
		break;
	case 11:
		r->stamp = how % 4;
		break;
	case 12:
		r->urgent = how & 1;
		break;
	case 13:
		r->options = !r->options;
		break;
	}
}

enum { CHANGES = 14, AFTER_CHANGES = 6 };

/* After the checksums were made: any bit, cut short, or a sum of the other zero. */
static void spoil_packet(struct packet *p, uint32_t what, uint32_t how)
{
	size_t l4 = p->data[0] >> 4 == 6 ? 40 : 20;
	uint8_t *field = p->data + l4 + (p->data[l4 == 20 ? 9 : 6] == 17 ? 6 : 16);

	switch (what) {
	case 0:
		p->data[how % p->len] ^= (uint8_t)(1 << (how >> 16) % 8);
		break;
	case 1:
		p->len = how % p->len;
		break;
	case 2:
		store_be16(field, 0);
		break;
	case 3:
		if (load_be16(field) == 0)
			store_be16(field, 0xffff);
		break;
	case 4:
		store_be16(p->data + 10, (uint16_t)(load_be16(p->data + 10) + how));
		break;
	case 5:
		store_be16(field, (uint16_t)(load_be16(field) + how));
		break;
	}
}

static void add_packet(struct differ_burst *b, struct rng *dice)
{
	uint32_t roll = rng_u32(dice);
	struct differ_flow *f = &b->flows[roll % 2 ? 0 : roll / 2 % DIFFER_FLOWS];
	struct packet *p = &b->packets[b->len];
	uint32_t what = roll >> 8 & 63;
	struct recipe r;

	f->next.payload = bytes_of(differ_noise + (roll >> 16) % (2 * DIFFER_PAYLOAD), f->size);
	r = f->next;
	if (what < CHANGES)
		change_recipe(&r, what, rng_u32(dice));
	b->flow_of[b->len] = r.flow;
	*p = packet_in(b->bytes[b->len], DIFFER_PACKET, 0, make_packet(b->bytes[b->len], &r));
	if (what >= CHANGES && what < CHANGES + AFTER_CHANGES) {
		spoil_packet(p, what - CHANGES, rng_u32(dice));
		b->flow_of[b->len] = DIFFER_FLOWS;	/* who knows */
	}
	f->next = r;
	f->next.flags = 0x10;
	f->next.seq += (uint32_t)r.payload.len;
	f->next.id++;
	b->len++;
}

/* The packets of a joined one are those of the burst; where each came is noted. */
static void check_joined(const struct differ_burst *b, const struct coalesce *c,
			 const struct joined *j, uint16_t *turn, uint16_t *turns)
{
	uint8_t whole[DIFFER_BURST * DIFFER_PACKET], again[DIFFER_PACKET];
	struct writer w = writer_over(whole, sizeof(whole));
	struct segments s;
	uint16_t place = j->first;

	for (int i = 1; i < j->parts_len; i++)
		put_bytes(&w, bytes_of(j->parts[i].iov_base, j->parts[i].iov_len));
	must(!w.bad && w.len == j->len && j->parts[0].iov_base == &j->vnet);
	must(j->packets > 1 || j->vnet.gso_type == VNET_GSO_NONE);
	if (w.len > 0 || j->packets > 1)
		must(segments_begin(&s, &j->vnet, writer_bytes(&w)) == SEGMENT_GOOD);
	for (uint16_t n = 0; n < j->packets; n++, place = coalesce_after(c, place)) {
		const struct packet *p = &b->packets[place];

		must(turn[place] == 0);
		turn[place] = ++(*turns);
		if (p->len > 0) {
			must(segments_next(&s, again) == p->len);
			must(memcmp(again, p->data, p->len) == 0);
		}
	}
	must(place == COALESCE_NONE && (w.len == 0 || !segments_left(&s)));
	differ_seen.joined += j->packets > 1;
	differ_seen.packets_joined += j->packets > 1 ? j->packets : 0;
	differ_seen.singles += j->packets == 1;
}

static void check_order(const struct differ_burst *b, const uint16_t *turn)
{
	for (size_t j = 0; j < b->len; j++) {
		must(turn[j] != 0);
		for (size_t i = 0; i < j; i++)
			must(b->flow_of[i] != b->flow_of[j] || b->flow_of[i] == DIFFER_FLOWS ||
			     turn[i] < turn[j]);
	}
}

static inline void differ_try_burst(struct rng *dice)
{
	static struct differ_burst b;
	static struct coalesce c;
	struct joined joined;
	uint16_t turn[DIFFER_BURST] = {0}, turns = 0;

	b.len = 0;
	for (uint8_t i = 0; i < DIFFER_FLOWS; i++)
		roll_flow(&b.flows[i], i, dice);
	while (b.len < DIFFER_BURST)
		add_packet(&b, dice);
	coalesce_begin(&c, b.packets, b.len, COALESCE_ALL);
	while (coalesce_next(&c, &joined))
		check_joined(&b, &c, &joined, turn, &turns);
	check_order(&b, turn);
}

/* -- frames ---------------------------------------------------------------- */

struct differ_frame {
	struct vnet_header vnet;
	uint8_t bytes[DIFFER_FRAME];
	size_t len;
	size_t l4, header_len;
	bool spoiled;		/* it may be anything */
};

static uint8_t type_of(const struct recipe *r)
{
	return r->udp ? VNET_GSO_UDP : r->v6 ? VNET_GSO_TCP6 : VNET_GSO_TCP4;
}

/* A frame as the kernel would give it. */
static void roll_frame(struct differ_frame *f, struct rng *dice)
{
	uint32_t roll = rng_u32(dice);
	struct differ_flow flow;
	struct recipe *r = &flow.next;
	size_t field;

	roll_flow(&flow, 0, dice);
	r->payload = bytes_of(differ_noise + roll % 32, 1 + (roll >> 8) % (10 * DIFFER_PAYLOAD));
	if (roll & 1 << 30)
		r->flags |= 0x08;
	f->len = make_packet(f->bytes, r);
	f->l4 = r->v6 ? 40 : 20;
	f->header_len = f->len - r->payload.len;
	field = r->udp ? 6 : 16;
	store_be16(f->bytes + f->l4 + field, pseudo_of(f->bytes, f->len));
	f->vnet = (struct vnet_header){
		.flags = VNET_NEEDS_CSUM,
		.gso_type = type_of(r),
		.hdr_len = (uint16_t)f->header_len,
		.gso_size = (uint16_t)(8 + flow.size),
		.csum_start = (uint16_t)f->l4,
		.csum_offset = (uint16_t)field,
	};
	f->spoiled = false;
}

/* What a stranger might give. */
static void spoil_frame(struct differ_frame *f, struct rng *dice)
{
	uint32_t roll = rng_u32(dice), how = rng_u32(dice);

	f->spoiled = true;
	switch (roll % 8) {
	case 0:
		f->vnet.gso_type = (uint8_t)(how % 9 | (how & 0x80));
		break;
	case 1:
		f->vnet.gso_size = (uint16_t)how;
		break;
	case 2:
		f->vnet.hdr_len = (uint16_t)how;
		f->vnet.csum_start = (uint16_t)(how >> 16);
		break;
	case 3:
		f->vnet.csum_offset = (uint16_t)how;
		f->vnet.gso_type = VNET_GSO_NONE;
		break;
	case 4:
		f->len = how % (f->len + 1);
		break;
	default:
		f->bytes[how % f->header_len] = (uint8_t)(how >> 16);
		break;
	}
}

/* The stream of the segments is the frame's; if it was one as the kernel makes them, each
 * segment is right. */
static void check_segments(const struct differ_frame *f, struct segments *s)
{
	static uint8_t bytes[DIFFER_BURST][DIFFER_FRAME];
	static struct coalesce c;
	struct packet packets[DIFFER_BURST];
	struct joined joined;
	size_t n = 0, at = f->header_len;

	for (; segments_left(s) && n < DIFFER_BURST; n++) {
		size_t len = segments_next(s, bytes[n]);

		must(len <= f->len);
		packets[n] = packet_in(bytes[n], DIFFER_FRAME, 0, len);
		if (f->spoiled)
			continue;
		must(sums_are_right(bytes[n], len));
		must(memcmp(bytes[n] + f->header_len, f->bytes + at, len - f->header_len) == 0);
		at += len - f->header_len;
	}
	if (f->spoiled || segments_left(s))
		return;
	must(at == f->len);
	coalesce_begin(&c, packets, n, COALESCE_ALL);
	must(coalesce_next(&c, &joined) && joined.packets == n && joined.len == f->len);
	if (n > 1) {
		must(memcmp(joined.headers, f->bytes, f->header_len) == 0);
		must(memcmp(&joined.vnet, &f->vnet, sizeof(f->vnet)) == 0);
		differ_seen.frames_back++;
	}
}

static inline void differ_try_frame(struct rng *dice)
{
	static struct differ_frame f;
	struct segments s;
	enum segment_verdict verdict;

	roll_frame(&f, dice);
	for (uint32_t spoils = rng_u32(dice) % 4; spoils; spoils--)
		spoil_frame(&f, dice);
	verdict = segments_begin(&s, &f.vnet, bytes_of(f.bytes, f.len));
	must(verdict == SEGMENT_GOOD || f.spoiled);
	must(verdict == SEGMENT_GOOD || !segments_left(&s));
	differ_seen.verdicts[verdict]++;
	check_segments(&f, &s);
}

#endif
