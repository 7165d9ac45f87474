/* resolve_test.c -- addresses need nobody, names come from the loop, some not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "io/resolve.h"

struct answers {
	unsigned count;
	char host[64];
	uint16_t port;
	struct endpoint endpoints[RESOLVE_MAX];
	size_t n;
};

static void note(void *context, const char *host, uint16_t port,
		 const struct endpoint *endpoints, size_t n)
{
	struct answers *a = context;

	a->count++;
	a->n = n;
	snprintf(a->host, sizeof(a->host), "%s", host);
	a->port = port;
	memcpy(a->endpoints, endpoints, n * sizeof(*endpoints));
}

static void close_loop(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
}

static void an_address_is_no_question(void **state)
{
	struct endpoint e;
	struct ip v6;

	(void)state;
	assert_true(resolve_literal(&e, "192.0.2.7", 27000));
	assert_true(ip_equal(&e.ip, &(struct ip){.family = IP_V4, .bytes = {192, 0, 2, 7}}));
	assert_int_equal(e.port, 27000);
	assert_true(ip_parse(&v6, "2001:db8::7"));
	assert_true(resolve_literal(&e, "2001:db8::7", 1));
	assert_true(ip_equal(&e.ip, &v6));
	assert_int_equal(e.scope, 0);
	assert_true(resolve_literal(&e, "::ffff:192.0.2.7", 1));
	assert_int_equal(e.ip.family, IP_V4);
}

static void an_address_may_name_its_interface(void **state)
{
	struct endpoint e;

	(void)state;
	assert_true(resolve_literal(&e, "fe80::1%lo", 1));
	assert_int_equal(e.scope, if_nametoindex("lo"));
	assert_true(resolve_literal(&e, "fe80::1%7", 1));
	assert_int_equal(e.scope, 7);
	assert_false(resolve_literal(&e, "fe80::1%nosuchif0", 1));
}

static void a_name_is_no_address(void **state)
{
	struct endpoint e;

	(void)state;
	assert_false(resolve_literal(&e, "localhost", 1));
	assert_false(resolve_literal(&e, "", 1));
	assert_false(resolve_literal(&e, "192.0.2.256", 1));
}

static void finds_localhost(void **state)
{
	struct answers answers = {0};
	struct resolver r;
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	resolver_init(&r, &loop, note, &answers);
	assert_int_equal(resolver_ask(&r, "localhost", 4242), 0);
	assert_int_equal(answers.count, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(answers.count, 1);
	assert_true(answers.n >= 1);
	assert_true(ip_is_loopback(&answers.endpoints[0].ip));
	assert_int_equal(answers.endpoints[0].port, 4242);
	assert_string_equal(answers.host, "localhost");
	assert_int_equal(answers.port, 4242);
	resolver_deinit(&r);
	close_loop(&loop);
}

/* RFC 6761 section 6.4: there is nothing in .invalid. The second cannot be a name at all. */
static void a_name_that_is_not_there_has_no_address(void **state)
{
	static const char *const names[] = {"p2pnet.invalid", "no name at all"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct answers answers = {.n = 7};
		struct resolver r;
		uv_loop_t loop;

		uv_loop_init(&loop);
		resolver_init(&r, &loop, note, &answers);
		assert_int_equal(resolver_ask(&r, names[i], 1), 0);
		uv_run(&loop, UV_RUN_DEFAULT);
		assert_int_equal(answers.count, 1);
		assert_int_equal(answers.n, 0);
		resolver_deinit(&r);
		close_loop(&loop);
	}
}

static void a_name_that_is_too_long_is_refused_at_once(void **state)
{
	struct answers answers = {0};
	struct resolver r;
	uv_loop_t loop;
	char name[2048];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	uv_loop_init(&loop);
	resolver_init(&r, &loop, note, &answers);
	assert_true(resolver_ask(&r, name, 1) < 0);
	resolver_deinit(&r);
	close_loop(&loop);
	assert_int_equal(answers.count, 0);
}

static void what_is_being_asked_for_is_not_asked_for_twice(void **state)
{
	struct answers answers = {0};
	struct resolver r;
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	resolver_init(&r, &loop, note, &answers);
	assert_int_equal(resolver_ask(&r, "localhost", 1), 0);
	assert_int_equal(resolver_ask(&r, "localhost", 1), 0);
	assert_int_equal(resolver_ask(&r, "localhost", 2), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(answers.count, 2);
	resolver_deinit(&r);
	close_loop(&loop);
}

static void no_answer_comes_after_the_end(void **state)
{
	struct answers answers = {0};
	struct resolver *r = test_malloc(sizeof(*r));
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	resolver_init(r, &loop, note, &answers);
	assert_int_equal(resolver_ask(r, "localhost", 1), 0);
	assert_int_equal(resolver_ask(r, "localhost", 2), 0);
	resolver_deinit(r);
	test_free(r);
	close_loop(&loop);
	assert_int_equal(answers.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_no_question),
		cmocka_unit_test(an_address_may_name_its_interface),
		cmocka_unit_test(a_name_is_no_address),
		cmocka_unit_test(finds_localhost),
		cmocka_unit_test(a_name_that_is_not_there_has_no_address),
		cmocka_unit_test(a_name_that_is_too_long_is_refused_at_once),
		cmocka_unit_test(what_is_being_asked_for_is_not_asked_for_twice),
		cmocka_unit_test(no_answer_comes_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
