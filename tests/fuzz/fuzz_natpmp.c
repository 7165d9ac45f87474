/* fuzz_natpmp.c -- any datagram to the reader of NAT-PMP, and to a mapper from its gateway.
 *
 *   | milliseconds to wait, be32 | length | datagram | and so on
 */
#include <stdlib.h>

#include "portmap/mapper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_reader(struct bytes datagram)
{
	struct natpmp_answer a;

	if (!natpmp_read(&a, datagram))
		return;
	must(datagram.len >= 8 && datagram.data[0] == 0 && datagram.data[1] >= 128);
	must(a.result == load_be16(datagram.data + 2) && natpmp_result_name(a.result));
	must(a.result == NATPMP_UNSUPP_VERSION || datagram.len >= (a.is_address ? 12 : 16));
}

static void drain(struct mapper *m, msec now)
{
	uint8_t out[CLIENT_MESSAGE_MAX];
	struct mapper_upnp_job job;
	unsigned n = 0;

	for (;;) {
		struct writer w = writer_over(out, sizeof(out));
		enum mapper_action action = mapper_poll(m, &w, &job, now);

		if (action == MAPPER_NOTHING)
			break;
		must(!w.bad && ++n < 16);
		if (action == MAPPER_UPNP_JOB)
			mapper_upnp_done(m, &(struct mapper_upnp_result){.ok = false}, now);
	}
	must(mapper_due(m) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mapper_settings settings = {
		.proto = PORTMAP_UDP, .port = 41999, .methods = {true, true, true}};
	static const struct mapper_place place = {
		{IP_V4, {192, 168, 1, 1}}, {IP_V4, {192, 168, 1, 100}}, 2};
	static const struct endpoint gateway = {{IP_V4, {192, 168, 1, 1}}, PORTMAP_PORT, 0};
	struct reader r = reader_over(bytes_of(data, size));
	struct mapper m;
	struct rng rng;
	msec now = 0;

	check_reader(bytes_of(data, size));
	rng_seed(&rng, 1);
	mapper_init(&m, &settings, &rng);
	mapper_set_place(&m, &place, now);
	while (!reader_done(&r)) {
		now += get_be32(&r);
		mapper_tick(&m, now);
		drain(&m, now);
		mapper_feed(&m, &gateway, get_bytes(&r, get_u8(&r)), now);
		drain(&m, now);
		must(m.mapping.external.ip.family == IP_NONE || m.mapping.external.port);
	}
	mapper_stop(&m, now);
	drain(&m, now);
	must(mapper_due(&m) == NEVER && !mapper_has_job_out(&m));
	return 0;
}
