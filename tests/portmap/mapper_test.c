/* mapper_test.c -- one port by three ways, from a router that is kind, strange or hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/log.h"
#include "portmap/answers.h"
#include "portmap/mapper.h"

/* The router: what it speaks, and what it was asked. */
struct router {
	bool pcp, natpmp, upnp;
	struct endpoint external;
	uint32_t epoch;			/* at time 0 */
	unsigned pcp_asked, natpmp_asked, upnp_asked;
	unsigned deleted, upnp_deleted;
	struct mapper_upnp_job job;
};

static const struct endpoint gateway = {{IP_V4, {192, 168, 1, 1}}, PORTMAP_PORT, 0};
static const struct endpoint external = {{IP_V4, {203, 0, 113, 4}}, 42000, 0};
static const struct mapper_place home = {
	.gateway = {IP_V4, {192, 168, 1, 1}},
	.self = {IP_V4, {192, 168, 1, 100}},
	.ifindex = 2,
};

static struct rng rng;
static struct mapper m;
static struct router router;
static unsigned changes, sent;

static void begin(bool pcp, bool natpmp, bool upnp)
{
	static const struct mapper_settings settings = {
		.proto = PORTMAP_UDP,
		.port = 41999,
		.nonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
		.methods = {true, true, true},
	};

	rng_seed(&rng, 1);
	mapper_init(&m, &settings, &rng);
	router = (struct router){
		.pcp = pcp, .natpmp = natpmp, .upnp = upnp, .external = external, .epoch = 5000};
	changes = sent = 0;
}

static void hear(struct said said, msec now)
{
	mapper_feed(&m, &gateway, said_bytes(&said), now);
}

static void answer_pcp(const uint8_t request[static 60], msec now)
{
	static const uint8_t only_natpmp[] = {0, 129, 0, 1, 0, 0, 0, 9};
	uint32_t lifetime = load_be32(request + 4);

	router.pcp_asked += lifetime > 0;
	router.deleted += lifetime == 0;
	if (router.pcp)
		hear(pcp_to(request, 0, lifetime, router.epoch + (uint32_t)(now / 1000),
			    &router.external), now);
	else if (router.natpmp)
		mapper_feed(&m, &gateway, bytes_of(only_natpmp, sizeof(only_natpmp)), now);
}

static void answer_natpmp(struct bytes request, msec now)
{
	uint32_t epoch = router.epoch + (uint32_t)(now / 1000);

	router.natpmp_asked++;
	if (request.len == 12 && load_be32(request.data + 8) == 0)
		router.deleted++;
	if (router.natpmp && request.len == 2)
		hear(pmp_address(0, epoch, router.external.ip), now);
	else if (router.natpmp)
		hear(pmp_map(0, epoch, 41999, router.external.port, 7200), now);
}

static void answer_upnp(const struct mapper_upnp_job *job, msec now)
{
	struct mapper_upnp_result result = {
		.ok = router.upnp, .external = router.external, .lease = job->lease};

	router.job = *job;
	router.upnp_asked += !job->deletes;
	router.upnp_deleted += job->deletes;
	mapper_upnp_done(&m, &result, now);
}

/* Do what it says, until it says no more; the answers are there at once. */
static void drain(msec now)
{
	for (;;) {
		uint8_t out[CLIENT_MESSAGE_MAX];
		struct writer w = writer_over(out, sizeof(out));
		struct mapper_upnp_job job;

		switch (mapper_poll(&m, &w, &job, now)) {
		case MAPPER_NOTHING:
			return;
		case MAPPER_CHANGED:
			changes++;
			break;
		case MAPPER_SEND:
			assert_false(w.bad);
			sent++;
			if (w.len == 60)
				answer_pcp(out, now);
			else
				answer_natpmp(writer_bytes(&w), now);
			break;
		case MAPPER_UPNP_JOB:
			answer_upnp(&job, now);
			break;
		}
	}
}

/* From one deadline to the next, up to `end`. */
static void run(msec now, msec end)
{
	drain(now);
	while (mapper_due(&m) <= end) {
		msec due = mapper_due(&m);

		assert_true(due >= now);
		now = due;
		mapper_tick(&m, now);
		drain(now);
		assert_true(mapper_due(&m) > now);
	}
}

static void at_home(msec now, msec end)
{
	mapper_set_place(&m, &home, now);
	run(now, end);
}

static bool is_mapped_by(enum mapper_method method)
{
	return m.mapping.external.ip.family != IP_NONE && m.mapping.method == method &&
	       endpoint_equal(&m.mapping.external, &router.external);
}

/* -- the race -------------------------------------------------------------- */

static void without_a_gateway_nothing_happens_at_all(void **state)
{
	(void)state;
	begin(true, true, true);
	run(0, SECONDS(86400));
	assert_true(mapper_due(&m) == NEVER);
	assert_int_equal(sent + changes + router.upnp_asked, 0);
}

static void pcp_wins_where_all_are_spoken_and_nobody_else_is_asked(void **state)
{
	(void)state;
	begin(true, true, true);
	at_home(1000, 60000);
	assert_true(is_mapped_by(MAPPER_PCP));
	assert_true(m.mapping.is_public);
	assert_true(ip_equal(&m.mapping.self, &home.self));
	assert_int_equal(changes, 1);
	assert_int_equal(sent, 1);
	assert_int_equal(router.upnp_asked, 0);
}

static void natpmp_is_next_and_at_once_if_the_router_says_so(void **state)
{
	(void)state;
	begin(false, true, true);
	at_home(1000, 1000);
	assert_true(is_mapped_by(MAPPER_NATPMP));
	assert_int_equal(router.upnp_asked, 0);
}

static void upnp_is_asked_half_a_second_after_a_silence(void **state)
{
	(void)state;
	begin(false, false, true);
	at_home(1000, 1499);
	assert_int_equal(router.upnp_asked, 0);
	run(1499, 1500);
	assert_true(is_mapped_by(MAPPER_UPNP));
}

static void the_losers_fall_silent(void **state)
{
	unsigned before;

	(void)state;
	begin(false, false, true);
	at_home(0, 500);
	before = sent;
	assert_int_equal(before, 5);	/* PCP once, two questions of NAT-PMP at 250 and 500 ms */
	run(500, 1700000);
	assert_int_equal(sent, before);
}

static void what_is_switched_off_is_not_asked(void **state)
{
	(void)state;
	for (int only = 0; only < MAPPER_METHODS; only++) {
		begin(true, true, true);
		for (int i = 0; i < MAPPER_METHODS; i++)
			m.settings.methods[i] = i == only;
		at_home(0, 0);
		assert_true(is_mapped_by((enum mapper_method)only));
		assert_int_equal(router.pcp_asked > 0, only == MAPPER_PCP);
		assert_int_equal(router.natpmp_asked > 0, only == MAPPER_NATPMP);
		assert_int_equal(router.upnp_asked > 0, only == MAPPER_UPNP);
	}
}

static void a_router_that_does_nothing_is_asked_again_in_an_hour(void **state)
{
	unsigned first;

	(void)state;
	begin(false, false, false);
	at_home(0, SECONDS(3500));
	first = sent;
	assert_in_range(first, 10, 5 + 18);
	assert_int_equal(router.upnp_asked, 1);
	run(SECONDS(3500), SECONDS(10 * 3600 + 200));
	assert_in_range(router.upnp_asked, 8, 11);
	assert_true(sent <= first * 11);
	assert_int_equal(changes, 0);
}

static void an_ipv6_router_is_asked_by_pcp_alone(void **state)
{
	static const struct mapper_place six = {
		.gateway = {IP_V6, {0xfe, 0x80, [15] = 1}},
		.self = {IP_V6, {0x20, 0x01, 0x0d, 0xb8, [15] = 7}},
	};

	(void)state;
	begin(false, false, true);
	mapper_set_place(&m, &six, 0);
	run(0, SECONDS(200));
	assert_int_equal(sent, CLIENT_PCP_SENDS);
	assert_int_equal(router.upnp_asked, 0);
}

static void a_firewall_is_opened_for_our_own_address(void **state)
{
	static const struct mapper_place six = {
		.gateway = {IP_V6, {0xfe, 0x80, [15] = 1}},
		.self = {IP_V6, {0x20, 0x01, 0x0d, 0xb8, [15] = 7}},
	};
	struct endpoint from = {six.gateway, PORTMAP_PORT, 3}, own = {six.self, 41999, 0};
	uint8_t out[CLIENT_MESSAGE_MAX];
	struct writer w = writer_over(out, sizeof(out));
	struct mapper_upnp_job job;
	struct said said;

	(void)state;
	begin(true, true, true);
	mapper_set_place(&m, &six, 0);
	mapper_tick(&m, 0);
	assert_int_equal(mapper_poll(&m, &w, &job, 0), MAPPER_SEND);
	said = pcp_to(out, 0, 7200, 1, &own);
	mapper_feed(&m, &from, said_bytes(&said), 1);
	assert_true(endpoint_equal(&m.mapping.external, &own));
}

/* -- living with it -------------------------------------------------------- */

static void a_day_with_pcp_is_some_twenty_packets(void **state)
{
	(void)state;
	begin(true, true, true);
	at_home(0, SECONDS(86400));
	assert_true(is_mapped_by(MAPPER_PCP));
	assert_in_range(sent, 19, 25);
	assert_int_equal(changes, 1);
}

static void and_with_upnp_twice_as_many_jobs(void **state)
{
	(void)state;
	begin(false, false, true);
	at_home(0, SECONDS(86400));
	assert_true(is_mapped_by(MAPPER_UPNP));
	assert_in_range(router.upnp_asked, 38, 49);
	assert_int_equal(changes, 1);
}

static void a_restarted_router_maps_again_within_5_s(void **state)
{
	(void)state;
	begin(true, true, true);
	at_home(0, 600000);
	router.epoch = 0 - 600;			/* 0 at 600 s */
	router.external.port = 42001;
	hear(pcp_announcement(0), 600000);
	assert_int_equal(changes, 1);
	run(600000, 605000);
	assert_true(is_mapped_by(MAPPER_PCP));
	assert_int_equal(changes, 2);
}

static void a_method_that_is_gone_makes_room_for_another(void **state)
{
	(void)state;
	begin(true, false, true);
	at_home(0, 600000);
	router.pcp = false;
	run(600000, 7300000);
	assert_true(is_mapped_by(MAPPER_UPNP));
	assert_int_equal(changes, 3);		/* found, lost, found */
}

static unsigned lines;

static void count_line(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
	lines++;
}

static void a_mapping_is_logged_once_whatever_comes_behind_it(void **state)
{
	(void)state;
	lines = 0;
	begin(true, true, true);
	mapper_set_place(&m, &home, 0);
	log_to(count_line, LOG_INFO);
	mapper_tick(&m, 0);
	drain(0);
	m.changed = true;			/* nobody has polled yet, and more comes in */
	for (int i = 0; i < 10; i++)
		hear(pcp_announcement(5000), 10);
	log_to(NULL, LOG_INFO);
	assert_int_equal(lines, 1);
}

static void another_gateway_begins_it_all_anew(void **state)
{
	struct mapper_place other = home;

	(void)state;
	begin(true, true, true);
	at_home(0, 1000);
	other.self = ip_v4(192, 168, 1, 101);
	mapper_set_place(&m, &other, 2000);
	assert_true(m.mapping.external.ip.family == IP_NONE);
	run(2000, 3000);
	assert_true(is_mapped_by(MAPPER_PCP));
	assert_true(ip_equal(&m.mapping.self, &other.self));
	assert_int_equal(router.pcp_asked, 2);
	assert_int_equal(router.deleted, 0);	/* it is not there any more to be told */
}

static void the_same_one_again_does_not(void **state)
{
	(void)state;
	begin(true, true, true);
	at_home(0, 1000);
	at_home(2000, 3000);
	assert_int_equal(router.pcp_asked, 1);
	assert_int_equal(changes, 1);
}

static void no_gateway_any_more_is_the_end_of_it(void **state)
{
	static const struct mapper_place nowhere = {.ifindex = 0};

	(void)state;
	begin(true, true, true);
	at_home(0, 1000);
	mapper_set_place(&m, &nowhere, 2000);
	run(2000, SECONDS(86400));
	assert_true(m.mapping.external.ip.family == IP_NONE);
	assert_int_equal(changes, 2);
	assert_int_equal(sent, 1);
	assert_true(mapper_due(&m) == NEVER);
}

/* -- addresses that lead nowhere ------------------------------------------- */

static void a_nat_behind_the_nat_is_seen(void **state)
{
	static const struct { uint8_t ip[4]; bool is_public; } rows[] = {
		{{203, 0, 113, 4}, true}, {{10, 0, 0, 7}, false}, {{172, 16, 0, 1}, false},
		{{172, 32, 0, 1}, true}, {{192, 168, 0, 2}, false}, {{100, 64, 0, 1}, false},
		{{100, 127, 255, 255}, false}, {{100, 63, 255, 255}, true}, {{100, 128, 0, 0}, true},
		{{169, 254, 1, 1}, false}, {{192, 0, 0, 2}, false}, {{240, 0, 0, 1}, false},
		{{0, 1, 2, 3}, false}, {{8, 8, 8, 8}, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(true, true, true);
		router.external.ip = ip_v4(rows[i].ip[0], rows[i].ip[1], rows[i].ip[2], rows[i].ip[3]);
		at_home(0, 1000);
		assert_true(is_mapped_by(MAPPER_PCP));
		assert_int_equal(m.mapping.is_public, rows[i].is_public);
	}
}

/* -- UPnP ------------------------------------------------------------------ */

static void only_upnp(void)
{
	begin(false, false, true);
	m.settings.methods[MAPPER_PCP] = m.settings.methods[MAPPER_NATPMP] = false;
}

static void a_job_says_all_that_is_needed(void **state)
{
	(void)state;
	only_upnp();
	at_home(0, 0);
	assert_false(router.job.deletes);
	assert_true(ip_equal(&router.job.gateway, &home.gateway));
	assert_true(ip_equal(&router.job.self.ip, &home.self));
	assert_int_equal(router.job.self.port, 41999);
	assert_int_equal(router.job.ifindex, 2);
	assert_int_equal(router.job.ports[0], 41999);
	for (unsigned i = 1; i < MAPPER_UPNP_PORTS; i++)
		assert_in_range(router.job.ports[i], 20000, 60000);
	assert_int_equal(router.job.lease, 3600);
}

static void and_at_the_next_start_the_same(void **state)
{
	struct mapper_upnp_job first;

	(void)state;
	only_upnp();
	at_home(0, 0);
	first = router.job;
	only_upnp();
	at_home(0, 0);
	assert_memory_equal(first.ports, router.job.ports, sizeof(first.ports));
}

static void what_upnp_gave_is_asked_for_again(void **state)
{
	(void)state;
	only_upnp();
	at_home(0, SECONDS(3000));
	assert_int_equal(router.upnp_asked, 2);
	assert_int_equal(router.job.ports[0], 42000);
}

static void a_permanent_mapping_is_looked_after_all_the_same(void **state)
{
	struct mapper_upnp_result permanent = {.ok = true, .external = external};
	uint8_t out[CLIENT_MESSAGE_MAX];
	struct writer w = writer_over(out, sizeof(out));
	struct mapper_upnp_job job;

	(void)state;
	only_upnp();
	mapper_set_place(&m, &home, 0);
	mapper_tick(&m, 0);
	assert_int_equal(mapper_poll(&m, &w, &job, 0), MAPPER_UPNP_JOB);
	mapper_upnp_done(&m, &permanent, 10);
	assert_true(is_mapped_by(MAPPER_UPNP));
	assert_in_range(m.upnp.lease.due, 1800000, 2260000);
}

static void a_renewal_that_nobody_answers_is_tried_again_a_refused_one_is_the_end(void **state)
{
	struct mapper_upnp_result silence = {.ok = false}, refused = {.ok = false, .error = 606};

	(void)state;
	only_upnp();
	at_home(0, 1000);
	m.upnp.is_out = true;
	mapper_upnp_done(&m, &silence, 1001);
	assert_true(is_mapped_by(MAPPER_UPNP));
	m.upnp.is_out = true;
	mapper_upnp_done(&m, &refused, 1002);
	assert_true(m.mapping.external.ip.family == IP_NONE);
}

static void results_that_cannot_be_are_none(void **state)
{
	struct mapper_upnp_result bad[] = {
		{.ok = true, .external = {{IP_V4, {0, 0, 0, 0}}, 1, 0}},
		{.ok = true, .external = {{IP_NONE, {0}}, 1, 0}},
		{.ok = true, .external = {{IP_V4, {1, 2, 3, 4}}, 0, 0}},
		{.ok = true, .external = {{IP_V4, {1, 2, 3, 4}}, 1, 0}, .lease = 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		only_upnp();
		mapper_set_place(&m, &home, 0);
		m.upnp.is_out = true;
		m.upnp.job.gateway = home.gateway;
		m.upnp.job.self.ip = home.self;
		mapper_upnp_done(&m, &bad[i], 1);
		assert_true(m.mapping.external.ip.family == IP_NONE);
	}
}

/* The job of 500 ms is out when NAT-PMP is granted at last. */
static void upnp_comes_late(uint16_t port)
{
	struct mapper_upnp_result late = {.ok = true, .external = external, .lease = 3600};
	uint8_t out[CLIENT_MESSAGE_MAX];
	struct mapper_upnp_job job;
	enum mapper_action action = MAPPER_SEND;

	begin(false, false, false);
	mapper_set_place(&m, &home, 0);
	for (msec now = 0; now <= 500; now += 250) {
		mapper_tick(&m, now);
		do {
			struct writer w = writer_over(out, sizeof(out));

			action = mapper_poll(&m, &w, &job, now);
		} while (action != MAPPER_NOTHING && action != MAPPER_UPNP_JOB);
	}
	assert_int_equal(action, MAPPER_UPNP_JOB);
	hear(pmp_address(0, 1, external.ip), 510);
	hear(pmp_map(0, 1, 41999, 42000, 7200), 510);
	assert_true(is_mapped_by(MAPPER_NATPMP));
	late.external.port = port;
	mapper_upnp_done(&m, &late, 600);
	drain(600);
	assert_true(is_mapped_by(MAPPER_NATPMP));
}

static void a_second_mapping_is_given_back(void **state)
{
	(void)state;
	upnp_comes_late(43000);
	assert_int_equal(router.upnp_deleted, 1);
	assert_int_equal(router.job.ports[0], 43000);
	upnp_comes_late(42000);		/* the winner's own port: deleting it would take it away */
	assert_int_equal(router.upnp_deleted, 0);
}

/* -- the end --------------------------------------------------------------- */

static void at_the_end_it_is_given_back(void **state)
{
	(void)state;
	for (int only = 0; only < MAPPER_METHODS; only++) {
		begin(true, true, true);
		for (int i = 0; i < MAPPER_METHODS; i++)
			m.settings.methods[i] = i == only;
		at_home(0, 1000);
		mapper_stop(&m, 2000);
		drain(2000);
		assert_int_equal(router.deleted + router.upnp_deleted, 1);
		assert_int_equal(router.upnp_deleted, only == MAPPER_UPNP);
		assert_false(mapper_has_job_out(&m));
		assert_true(m.mapping.external.ip.family == IP_NONE);
		run(2000, SECONDS(86400));
		assert_int_equal(router.deleted + router.upnp_deleted, 1);
		assert_true(mapper_due(&m) == NEVER);
	}
}

static void after_the_end_it_can_begin_again(void **state)
{
	(void)state;
	for (int only = 0; only < MAPPER_METHODS; only++) {
		begin(true, true, true);
		for (int i = 0; i < MAPPER_METHODS; i++)
			m.settings.methods[i] = i == only;
		at_home(0, 1000);
		mapper_stop(&m, 2000);
		drain(2000);
		mapper_start(&m, 3000);
		run(3000, 4000);
		assert_true(endpoint_equal(&m.mapping.external, &external));
		assert_int_equal(m.mapping.method, only);
		assert_int_equal(changes, 3);
		mapper_stop(&m, 5000);
		drain(5000);
		assert_int_equal(router.deleted + router.upnp_deleted, 2);
	}
}

static void what_a_job_brings_after_the_end_is_given_back_too(void **state)
{
	struct mapper_upnp_result late = {.ok = true, .external = external, .lease = 3600};
	uint8_t out[CLIENT_MESSAGE_MAX];
	struct writer w = writer_over(out, sizeof(out));
	struct mapper_upnp_job job;

	(void)state;
	only_upnp();
	mapper_set_place(&m, &home, 0);
	mapper_tick(&m, 0);
	assert_int_equal(mapper_poll(&m, &w, &job, 0), MAPPER_UPNP_JOB);
	mapper_stop(&m, 10);
	assert_true(mapper_has_job_out(&m));
	assert_int_equal(mapper_poll(&m, &w, &job, 10), MAPPER_NOTHING);
	mapper_upnp_done(&m, &late, 20);
	assert_true(mapper_has_job_out(&m));
	drain(20);
	assert_int_equal(router.upnp_deleted, 1);
	assert_int_equal(router.job.ports[0], 42000);
	assert_false(mapper_has_job_out(&m));
}

/* -- strangers ------------------------------------------------------------- */

static void only_the_gateways_own_port_is_believed(void **state)
{
	struct endpoint neighbour = {{IP_V4, {192, 168, 1, 7}}, PORTMAP_PORT, 0};
	struct endpoint other_port = {{IP_V4, {192, 168, 1, 1}}, 5000, 0};
	struct said said = pmp_address(0, 1, external.ip);

	(void)state;
	begin(false, false, false);
	mapper_feed(&m, &gateway, said_bytes(&said), 0);	/* there is none yet */
	at_home(0, 300);
	mapper_feed(&m, &neighbour, said_bytes(&said), 300);
	mapper_feed(&m, &other_port, said_bytes(&said), 300);
	assert_int_equal(m.counters[MAPPER_WRONG_SOURCE], 3);
	assert_true(m.clients[MAPPER_NATPMP].waits_address);
}

static void what_is_no_answer_is_counted(void **state)
{
	static const uint8_t junk[] = {2, 0x81, 9}, other[] = {0, 129, 0};
	struct said unasked = pmp_map(0, 1, 41999, 42000, 7200);

	(void)state;
	begin(true, true, true);
	at_home(0, 1000);
	mapper_feed(&m, &gateway, bytes_of(junk, sizeof(junk)), 1000);
	mapper_feed(&m, &gateway, bytes_of(other, sizeof(other)), 1000);
	mapper_feed(&m, &gateway, bytes_of(junk, 0), 1000);
	assert_int_equal(m.counters[MAPPER_MALFORMED], 3);
	hear(unasked, 1000);
	assert_int_equal(m.counters[MAPPER_NOT_OURS], 1);
	for (int i = 0; i < MAPPER_COUNTERS; i++)
		assert_non_null(strstr(mapper_counter_name((enum mapper_counter)i), "portmap_"));
}

static struct said some_answer(const uint8_t request[static 60])
{
	uint16_t result = (uint16_t)(rng_below(&rng, 3) ? 0 : rng_below(&rng, 8));

	switch (rng_below(&rng, 4)) {
	case 0:
		return pmp_address(result, rng_u32(&rng), external.ip);
	case 1:
		return pmp_map(result, rng_u32(&rng), 41999, 42000, rng_u32(&rng));
	case 2:
		return pcp_announcement(rng_u32(&rng));
	}
	return pcp_to(request, (uint8_t)result, rng_u32(&rng), rng_u32(&rng), &external);
}

static void mutate(struct said *s)
{
	for (uint32_t n = rng_below(&rng, 4); n; n--)
		s->data[rng_below(&rng, (uint32_t)s->len)] = (uint8_t)rng_u32(&rng);
	if (!rng_below(&rng, 8))
		s->len = rng_below(&rng, (uint32_t)s->len + 1);
}

/* Whatever the router says, it does not get more than a packet for each of its own, and the
 * times that the RFCs allow. */
static void a_hundred_thousand_mutated_answers_do_no_harm(void **state)
{
	uint8_t request[60] = {2, 1};
	msec now = 0;
	unsigned mapped = 0, answers = 0;

	(void)state;
	begin(false, false, false);
	rng_seed(&rng, 20261128);
	mapper_set_place(&m, &home, 0);
	while (answers < 100000) {
		uint8_t out[CLIENT_MESSAGE_MAX];
		struct mapper_upnp_job job;
		struct said said = some_answer(request);
		struct writer w = writer_over(out, sizeof(out));
		enum mapper_action action;

		mutate(&said);
		hear(said, now);
		answers++;
		while ((action = mapper_poll(&m, &w, &job, now)) != MAPPER_NOTHING) {
			if (action == MAPPER_SEND)
				sent++;
			if (action == MAPPER_SEND && w.len == 60)
				memcpy(request, out, 60);
			if (action == MAPPER_UPNP_JOB) {
				struct mapper_upnp_result result = {
					.ok = rng_below(&rng, 2), .error = (uint16_t)rng_u32(&rng),
					.external = external, .lease = rng_u32(&rng)};

				mapper_upnp_done(&m, &result, now);
			}
			w = writer_over(out, sizeof(out));
		}
		assert_true(mapper_due(&m) > now);
		mapped += m.mapping.external.ip.family != IP_NONE;
		now += rng_below(&rng, 2000);
		if (now >= mapper_due(&m))
			mapper_tick(&m, now);
	}
	assert_true(mapped > 1000);
	assert_true(m.counters[MAPPER_MALFORMED] > 1000 && m.counters[MAPPER_NOT_OURS] > 1000);
	assert_true(sent < answers);
}

#define test(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(without_a_gateway_nothing_happens_at_all),
		test(pcp_wins_where_all_are_spoken_and_nobody_else_is_asked),
		test(natpmp_is_next_and_at_once_if_the_router_says_so),
		test(upnp_is_asked_half_a_second_after_a_silence),
		test(the_losers_fall_silent),
		test(what_is_switched_off_is_not_asked),
		test(a_router_that_does_nothing_is_asked_again_in_an_hour),
		test(an_ipv6_router_is_asked_by_pcp_alone),
		test(a_firewall_is_opened_for_our_own_address),
		test(a_day_with_pcp_is_some_twenty_packets),
		test(and_with_upnp_twice_as_many_jobs),
		test(a_restarted_router_maps_again_within_5_s),
		test(a_method_that_is_gone_makes_room_for_another),
		test(a_mapping_is_logged_once_whatever_comes_behind_it),
		test(another_gateway_begins_it_all_anew),
		test(the_same_one_again_does_not),
		test(no_gateway_any_more_is_the_end_of_it),
		test(a_nat_behind_the_nat_is_seen),
		test(a_job_says_all_that_is_needed),
		test(and_at_the_next_start_the_same),
		test(what_upnp_gave_is_asked_for_again),
		test(a_permanent_mapping_is_looked_after_all_the_same),
		test(a_renewal_that_nobody_answers_is_tried_again_a_refused_one_is_the_end),
		test(results_that_cannot_be_are_none),
		test(a_second_mapping_is_given_back),
		test(at_the_end_it_is_given_back),
		test(after_the_end_it_can_begin_again),
		test(what_a_job_brings_after_the_end_is_given_back_too),
		test(only_the_gateways_own_port_is_believed),
		test(what_is_no_answer_is_counted),
		test(a_hundred_thousand_mutated_answers_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
