/* portmap_test.c -- when the router is asked for a port of TCP, and when it gets it back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "io/clock.h"
#include "io/gateway.h"
#include "io/portmap.h"
#include "portmap/answers.h"

static const struct mapper_place place = {
	.gateway = {IP_V4, {127, 53, 51, 1}},
	.self = {IP_V4, {127, 53, 51, 2}},
	.ifindex = 1,
};

static uv_loop_t loop;
static struct rng rng;
static struct portmap *p;
static int router;
static msec begun;
static unsigned asked[256], deleted[256];	/* by protocol */

void __wrap_gateway_find(struct mapper_place *out, enum ip_family family, uint32_t own);

void __wrap_gateway_find(struct mapper_place *out, enum ip_family family, uint32_t own)
{
	(void)own;
	*out = family == IP_V4 ? place : (struct mapper_place){.ifindex = 0};
}

static void mapped(void *context, enum portmap_proto proto, enum ip_family family,
		   const struct mapping *mapping)
{
	(void)context;
	(void)proto;
	(void)family;
	(void)mapping;
}

static void touched(void *context)
{
	(void)context;
}

/* RFC 6887, sections 7.1 and 11.1: the lifetime is at 4, the protocol at 36. */
static void run_router(void)
{
	static const struct endpoint external = {{IP_V4, {203, 0, 113, 4}}, 41999, 0};
	uint8_t request[PCP_REQUEST_LEN + 1];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	while (recvfrom(router, request, sizeof(request), MSG_DONTWAIT, (struct sockaddr *)&from,
			&len) == PCP_REQUEST_LEN) {
		uint32_t lifetime = load_be32(request + 4);
		struct said answer = pcp_to(request, 0, lifetime, 1, &external);
		struct bytes bytes = said_bytes(&answer);

		if (lifetime)
			asked[request[36]]++;
		else
			deleted[request[36]]++;
		sendto(router, bytes.data, bytes.len, 0, (struct sockaddr *)&from, len);
	}
	uv_run(&loop, UV_RUN_NOWAIT);
}

/* So long after the beginning. */
static void tick(msec after)
{
	portmap_tick(p, begun + after);
	run_router();
}

static void want(bool wanted, msec after)
{
	portmap_want_tcp(p, wanted, begun + after);
}

static int set_up(void **state)
{
	static const uint8_t secret[32] = {1};
	const struct portmap_settings settings = {
		.port = 41999,
		.methods = {[MAPPER_PCP] = true},
		.secret = secret,
		.mapped = mapped,
		.touched = touched,
	};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORTMAP_PORT)};

	(void)state;
	assert_true(crypto_init());
	memcpy(&at.sin_addr, place.gateway.bytes, 4);
	router = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(router, (struct sockaddr *)&at, sizeof(at)), 0);
	memset(asked, 0, sizeof(asked));
	memset(deleted, 0, sizeof(deleted));
	uv_loop_init(&loop);
	rng_seed(&rng, 1);
	p = portmap_new(&loop, &settings, &rng);
	begun = clock_now();
	portmap_look(p, begun);
	tick(0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	portmap_close(p);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	close(router);
	return 0;
}

static void a_port_of_tcp_is_asked_for_when_it_is_wanted(void **state)
{
	(void)state;
	assert_int_equal(asked[PORTMAP_UDP], 1);
	assert_int_equal(asked[PORTMAP_TCP], 0);
	want(true, 2000);
	want(true, 2000);
	assert_null(portmap_mapping(p, PORTMAP_TCP, IP_V4));
	tick(2000);
	assert_int_equal(asked[PORTMAP_TCP], 1);
	assert_non_null(portmap_mapping(p, PORTMAP_TCP, IP_V4));
}

static void when_it_is_of_no_use_it_is_given_back_after_a_while(void **state)
{
	(void)state;
	want(true, 2000);
	tick(2000);
	want(false, 3000);
	tick(3000 + PORTMAP_TCP_KEEP - 1);
	assert_int_equal(deleted[PORTMAP_TCP], 0);
	assert_true(portmap_due(p) <= begun + 3000 + PORTMAP_TCP_KEEP);
	tick(3000 + PORTMAP_TCP_KEEP);
	assert_int_equal(deleted[PORTMAP_TCP], 1);
	assert_int_equal(deleted[PORTMAP_UDP], 0);
	assert_null(portmap_mapping(p, PORTMAP_TCP, IP_V4));
	assert_non_null(portmap_mapping(p, PORTMAP_UDP, IP_V4));
}

static void who_wants_it_again_meanwhile_keeps_it(void **state)
{
	(void)state;
	want(true, 2000);
	tick(2000);
	want(false, 3000);
	want(true, 4000);
	tick(3000 + PORTMAP_TCP_KEEP);
	assert_int_equal(deleted[PORTMAP_TCP], 0);
}

static void and_later_it_is_asked_for_again(void **state)
{
	unsigned before;

	(void)state;
	want(true, 2000);
	tick(2000);
	want(false, 3000);
	tick(3000 + PORTMAP_TCP_KEEP);
	before = asked[PORTMAP_TCP];
	portmap_look(p, begun + 400000);
	tick(400000);
	assert_int_equal(asked[PORTMAP_TCP], before);
	want(true, 500000);
	tick(500000);
	assert_int_equal(asked[PORTMAP_TCP], before + 1);
}

static void at_the_end_both_are_given_back_and_none_is_asked_for(void **state)
{
	(void)state;
	want(true, 2000);
	tick(2000);
	portmap_stop(p, begun + 3000);
	run_router();
	assert_int_equal(deleted[PORTMAP_TCP], 1);
	assert_int_equal(deleted[PORTMAP_UDP], 1);
	assert_true(portmap_is_over(p));
	want(false, 4000);
	want(true, 4000);
	tick(4000);
	assert_int_equal(asked[PORTMAP_TCP], 1);
	assert_true(portmap_due(p) == NEVER);
}

int main(void)
{
#define test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(a_port_of_tcp_is_asked_for_when_it_is_wanted),
		test(when_it_is_of_no_use_it_is_given_back_after_a_while),
		test(who_wants_it_again_meanwhile_keeps_it),
		test(and_later_it_is_asked_for_again),
		test(at_the_end_both_are_given_back_and_none_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
