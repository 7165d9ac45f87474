/* offload_coalesce.c -- packets of a burst that belong together, joined to be written as one.
 *
 * The rules are those of the kernel's own GRO (Linux, net/ipv4/tcp_offload.c), but for what could
 * not be undone: there, identifications may stand still, and a checksum may be trusted.
 */
#include "tun/offload_coalesce.h"

#include <assert.h>
#include <string.h>

#include "base/checksum.h"

/* A packet, looked at. */
struct look {
	const uint8_t *data;
	size_t len;
	struct headers headers;
	enum coalesce_kind kind;
};

static size_t payload_len(const struct look *p)
{
	return p->len - p->headers.header_len;
}

static const uint8_t *l4_of(const struct look *p)
{
	return p->data + p->headers.l4;
}

static struct look look_at_first(const struct coalesce *c, const struct run *run)
{
	const struct packet *first = &c->burst[run->first];

	return (struct look){first->data, first->len, run->headers, run->kind};
}

/* -- flows ----------------------------------------------------------------- */

static struct bytes addresses_of(const struct look *p)
{
	return p->headers.version == 4 ? bytes_of(p->data + 12, 8) : bytes_of(p->data + 8, 32);
}

static bool is_same(const uint8_t *a, const uint8_t *b, size_t from, size_t end)
{
	return memcmp(a + from, b + from, end - from) == 0;
}

static bool is_same_flow(const struct look *a, const struct look *b)
{
	return a->kind == b->kind &&
	       (a->headers.version == 4 ? is_same(a->data, b->data, 12, 20)
					: is_same(a->data, b->data, 8, 40)) &&
	       is_same(l4_of(a), l4_of(b), 0, 4);
}

/* Whose sum of addresses and ports is the same share a bucket; a burst has not many flows. */
static uint16_t *bucket_of(struct coalesce *c, const struct look *p)
{
	uint64_t sum = checksum_add(0, bytes_of(l4_of(p), 4));
	uint16_t word = checksum_fold(checksum_add(sum, addresses_of(p)));

	return &c->newest[(word ^ word >> 8) % COALESCE_BUCKETS];
}

static bool is_of_flow(const struct coalesce *c, const struct run *run, const struct look *p)
{
	struct look first = look_at_first(c, run);

	return is_same_flow(&first, p);
}

/* The newest run of that flow: mostly the packet before is in it. NULL: there is none. */
static struct run *find_newest(struct coalesce *c, const struct look *p)
{
	if (c->latest != COALESCE_NONE && is_of_flow(c, &c->runs[c->latest], p))
		return &c->runs[c->latest];
	for (uint16_t i = *bucket_of(c, p); i != COALESCE_NONE; i = c->runs[i].older) {
		if (is_of_flow(c, &c->runs[i], p))
			return &c->runs[i];
	}
	return NULL;
}

static void close_all(struct coalesce *c)
{
	memset(c->newest, 0xff, sizeof(c->newest));
	c->latest = COALESCE_NONE;
}

/* -- what may be joined ---------------------------------------------------- */

static enum coalesce_kind kind_of(const struct headers *h)
{
	if (h->protocol == PROTO_TCP)
		return h->version == 4 ? COALESCE_TCP4 : COALESCE_TCP6;
	return h->version == 4 ? COALESCE_UDP4 : COALESCE_UDP6;
}

static bool is_udp(enum coalesce_kind kind)
{
	return kind & (COALESCE_UDP4 | COALESCE_UDP6);
}

static bool has_psh(const struct look *p)
{
	return !is_udp(p->kind) && l4_of(p)[13] & TCP_PSH;
}

/* May it stand in a run at all, be it first or not? */
static bool is_joinable(const struct coalesce *c, const struct look *p)
{
	if (!(p->kind & c->kinds) || payload_len(p) == 0)
		return false;
	if (is_udp(p->kind))
		return load_be16(l4_of(p) + 4) == p->len - p->headers.l4 &&
		       load_be16(l4_of(p) + 6) != 0;
	return (l4_of(p)[13] & ~TCP_PSH) == TCP_ACK;
}

/* The identification of a segment is that of the first and its number (so does the kernel). */
static bool continues_ip(const struct run *run, const uint8_t *first, const uint8_t *ip)
{
	if (run->headers.version == 6)
		return is_same(first, ip, 0, 4) && is_same(first, ip, 6, 8);
	return is_same(first, ip, 0, 2) && is_same(first, ip, 6, 10) &&
	       load_be16(ip + 4) == (uint16_t)(load_be16(first + 4) + run->packets);
}

/* All but sequence number, PSH and checksum. The offset of the data first, so that both have as
 * many options. */
static bool continues_tcp(const struct run *run, const uint8_t *first, const uint8_t *tcp)
{
	uint32_t before = run->len - run->headers.header_len;

	return load_be32(tcp + 4) == load_be32(first + 4) + before && is_same(first, tcp, 8, 13) &&
	       is_same(first, tcp, 14, 16) &&
	       is_same(first, tcp, 18, run->headers.header_len - run->headers.l4);
}

static bool continues(const struct run *run, const struct look *first, const struct look *p)
{
	return continues_ip(run, first->data, p->data) &&
	       (is_udp(run->kind) || continues_tcp(run, l4_of(first), l4_of(p)));
}

static bool has_room(const struct run *run, const struct look *p)
{
	return payload_len(p) <= run->gso_size && run->packets < COALESCE_MAX &&
	       run->len + payload_len(p) <= COALESCE_LEN_MAX;
}

/* A sum has two zeroes, and both are right; only one of them is what segmenting would give. */
static bool has_other_zero(const uint8_t *field)
{
	return load_be16(field) == 0xffff;
}

static bool is_verified(const struct look *p)
{
	size_t l4_len = p->len - p->headers.l4;
	uint64_t sum = headers_pseudo_sum(&p->headers, p->data, l4_len);

	if (p->headers.version == 4 &&
	    (checksum_fold(checksum_add(0, bytes_of(p->data, IPV4_HEADER_LEN))) != 0xffff ||
	     has_other_zero(p->data + 10)))
		return false;
	if (!is_udp(p->kind) && has_other_zero(l4_of(p) + 16))
		return false;
	return checksum_fold(checksum_add(sum, bytes_of(l4_of(p), l4_len))) == 0xffff;
}

/* -- the burst into runs --------------------------------------------------- */

static struct run *add_run(struct coalesce *c, uint16_t place)
{
	struct run *run = &c->runs[c->runs_len++];

	*run = (struct run){.first = place, .last = place, .packets = 1};
	return run;
}

static void open_run(struct coalesce *c, struct run *run, const struct look *p)
{
	uint16_t *bucket = bucket_of(c, p);

	run->headers = p->headers;
	run->kind = p->kind;
	run->gso_size = (uint16_t)payload_len(p);
	run->len = (uint32_t)p->len;
	run->open = is_joinable(c, p) && !has_psh(p);
	run->older = *bucket;
	*bucket = (uint16_t)(run - c->runs);
}

/* A checksum is looked at only if it matters: what comes out alone, the kernel verifies. */
static bool may_join(const struct coalesce *c, struct run *run, const struct look *p)
{
	struct look first = look_at_first(c, run);

	if (!is_joinable(c, p) || !has_room(run, p) || !continues(run, &first, p))
		return false;
	run->verified = run->verified || is_verified(&first);
	return run->verified && is_verified(p);
}

static void join(struct coalesce *c, struct run *run, const struct look *p, uint16_t place)
{
	c->next[run->last] = place;
	run->last = place;
	run->packets++;
	run->len += (uint32_t)payload_len(p);
	run->open = payload_len(p) == run->gso_size && !has_psh(p);
}

static void add_to_flow(struct coalesce *c, const struct look *p, uint16_t place)
{
	struct run *run = find_newest(c, p);

	if (run && run->open && may_join(c, run, p)) {
		join(c, run, p, place);
	} else {
		run = add_run(c, place);
		open_run(c, run, p);
	}
	c->latest = (uint16_t)(run - c->runs);
}

static void add(struct coalesce *c, uint16_t place)
{
	const struct packet *packet = &c->burst[place];
	struct look p = {.data = packet->data, .len = packet->len};

	c->next[place] = COALESCE_NONE;
	switch (headers_find(&p.headers, packet_bytes(packet))) {
	case HEADERS_FOUND:
		p.kind = kind_of(&p.headers);
		/* what has options is never joined, but is of a flow all the same */
		if (p.headers.l4 == (p.headers.version == 4 ? IPV4_HEADER_LEN : IPV6_HEADER_LEN)) {
			add_to_flow(c, &p, place);
			break;
		}
		/* fall through */
	case HEADERS_FRAGMENT:
	case HEADERS_STRANGE:
		close_all(c);
		/* fall through */
	case HEADERS_OTHER:
		add_run(c, place);
		break;
	}
}

void coalesce_begin(struct coalesce *c, const struct packet *burst, size_t n, unsigned kinds)
{
	assert(n <= BURST_MAX);
	c->burst = burst;
	c->burst_len = n;
	c->kinds = kinds;
	c->runs_len = c->given = 0;
	if (n == 1) {		/* whatever it is, nothing joins it */
		c->next[0] = COALESCE_NONE;
		add_run(c, 0);
		return;
	}
	close_all(c);
	for (uint16_t i = 0; i < n; i++)
		add(c, i);
}

/* -- runs into what is written --------------------------------------------- */

static void begin_parts(struct joined *out, uint16_t first, uint16_t packets)
{
	out->parts[0] = (struct iovec){&out->vnet, sizeof(out->vnet)};
	out->parts_len = 1;
	out->len = 0;
	out->first = first;
	out->packets = packets;
}

static void add_part(struct joined *out, const void *data, size_t len)
{
	out->parts[out->parts_len++] = (struct iovec){(void *)(uintptr_t)data, len};
	out->len += len;
}

void coalesce_single(const struct coalesce *c, struct joined *out, uint16_t place)
{
	out->vnet = (struct vnet_header){0};
	begin_parts(out, place, 1);
	add_part(out, c->burst[place].data, c->burst[place].len);
}

static uint8_t gso_type_of(enum coalesce_kind kind)
{
	switch (kind) {
	case COALESCE_TCP4:
		return VNET_GSO_TCP4;
	case COALESCE_TCP6:
		return VNET_GSO_TCP6;
	case COALESCE_UDP4:
	case COALESCE_UDP6:
		return VNET_GSO_UDP;
	}
	return VNET_GSO_NONE;
}

static void finish_ip(const struct run *run, uint8_t *ip)
{
	if (run->headers.version == 6) {
		store_be16(ip + 4, (uint16_t)(run->len - IPV6_HEADER_LEN));
		return;
	}
	store_be16(ip + 2, (uint16_t)run->len);
	store_be16(ip + 10, 0);
	store_be16(ip + 10,
		   (uint16_t)~checksum_fold(checksum_add(0, bytes_of(ip, IPV4_HEADER_LEN))));
}

/* The kernel adds the rest to the sum of the pseudo-header, so that is not complemented. */
static void finish_headers(const struct run *run, uint8_t *headers, const struct look *last)
{
	uint8_t *l4 = headers + run->headers.l4;
	size_t l4_len = run->len - run->headers.l4;

	finish_ip(run, headers);
	if (is_udp(run->kind))
		store_be16(l4 + 4, (uint16_t)l4_len);
	else if (has_psh(last))
		l4[13] |= TCP_PSH;
	store_be16(l4 + headers_checksum_offset(&run->headers),
		   checksum_fold(headers_pseudo_sum(&run->headers, headers, l4_len)));
}

static void join_up(const struct coalesce *c, const struct run *run, struct joined *out)
{
	const struct packet *last = &c->burst[run->last];
	struct look last_look = {last->data, last->len, run->headers, run->kind};
	uint16_t header_len = run->headers.header_len;

	out->vnet = (struct vnet_header){
		.flags = VNET_NEEDS_CSUM,
		.gso_type = gso_type_of(run->kind),
		.hdr_len = header_len,
		.gso_size = run->gso_size,
		.csum_start = run->headers.l4,
		.csum_offset = headers_checksum_offset(&run->headers),
	};
	out->kind = run->kind;
	memcpy(out->headers, c->burst[run->first].data, header_len);
	finish_headers(run, out->headers, &last_look);
	begin_parts(out, run->first, run->packets);
	add_part(out, out->headers, header_len);
	for (uint16_t i = run->first; i != COALESCE_NONE; i = c->next[i])
		add_part(out, c->burst[i].data + header_len, c->burst[i].len - header_len);
}

bool coalesce_next(struct coalesce *c, struct joined *out)
{
	const struct run *run = &c->runs[c->given];

	if (c->given == c->runs_len)
		return false;
	c->given++;
	if (run->packets > 1)
		join_up(c, run, out);
	else
		coalesce_single(c, out, run->first);
	return true;
}

uint16_t coalesce_after(const struct coalesce *c, uint16_t place)
{
	return c->next[place];
}
