/* fuzz_pcp.c -- any datagram to the reader of PCP, and to a client that waits for one.
 *
 *   | milliseconds to wait, be32 | length | datagram | and so on
 */
#include <stdlib.h>
#include <string.h>

#include "portmap/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* What is read as an answer to our wish can be written as the wish again. */
static void check_reader(struct bytes datagram)
{
	struct pcp_answer a;
	uint8_t out[PCP_REQUEST_LEN];
	struct writer w = writer_over(out, sizeof(out));
	struct portmap_wish wish = {.self.family = IP_V4};

	if (!pcp_read(&a, datagram))
		return;
	must(datagram.len <= PCP_MAX && datagram.len >= 24 && datagram.len % 4 == 0);
	must(pcp_result_name(a.result) && pcp_error_lifetime(&a) >= 30);
	if (!a.has_map)
		return;
	wish.self.family = a.external.ip.family;
	wish.port = a.internal;
	pcp_write_map(&w, &wish, &a.external, a.lifetime);
	must(!w.bad && memcmp(out + 40, datagram.data + 40, 20) == 0);
}

static void check_client(const struct client *c, msec now)
{
	must(c->state != CLIENT_HOLDING ||
	     (c->external.port && c->external.ip.family == IP_V4 && c->lease.due <= c->lease.end));
	must(client_due(c) > now || c->state == CLIENT_HOLDING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct portmap_wish wish = {
		.proto = PORTMAP_UDP, .self = ip_v4(192, 168, 1, 100), .port = 41999};
	struct reader r = reader_over(bytes_of(data, size));
	struct client c;
	struct rng rng;
	msec now = 0;

	check_reader(bytes_of(data, size));
	rng_seed(&rng, 1);
	client_init(&c, SPEAKS_PCP, &wish, wish.port, &rng);
	client_start(&c, now);
	while (!reader_done(&r)) {
		uint8_t out[CLIENT_MESSAGE_MAX];
		struct writer w = writer_over(out, sizeof(out));

		now += get_be32(&r);
		client_tick(&c, now);
		while (client_poll(&c, &w, now))
			w = writer_over(out, sizeof(out));
		client_feed(&c, now, get_bytes(&r, get_u8(&r)));
		while (client_poll(&c, &w, now))
			w = writer_over(out, sizeof(out));
		check_client(&c, now);
	}
	return 0;
}
