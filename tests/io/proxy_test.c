/* proxy_test.c -- what a proxy is asked, and what it may answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "io/proxy.h"

static const char *request(const struct proxy *proxy, const char *host, uint16_t port)
{
	static char text[PROXY_REQUEST_MAX];

	size_t len = proxy_request(text, proxy, host, port);

	assert_int_equal(len, strlen(text));
	return text;
}

static void it_is_asked_for_a_host_and_a_port(void **state)
{
	struct proxy proxy = {.host = "proxy.example.net", .port = 3128};

	(void)state;
	assert_string_equal(request(&proxy, "relay.example.net", 443),
			    "CONNECT relay.example.net:443 HTTP/1.1\r\n"
			    "Host: relay.example.net:443\r\n\r\n");
	assert_string_equal(request(&proxy, "2001:db8::1", 5349),
			    "CONNECT [2001:db8::1]:5349 HTTP/1.1\r\n"
			    "Host: [2001:db8::1]:5349\r\n\r\n");
	assert_string_equal(request(&proxy, "192.0.2.1", 443),
			    "CONNECT 192.0.2.1:443 HTTP/1.1\r\n"
			    "Host: 192.0.2.1:443\r\n\r\n");
}

/* RFC 7617 section 2: the example. */
static void it_is_told_who_asks(void **state)
{
	struct proxy proxy = {.login = "Aladdin:open sesame"};

	(void)state;
	assert_string_equal(request(&proxy, "h", 1),
			    "CONNECT h:1 HTTP/1.1\r\n"
			    "Host: h:1\r\n"
			    "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

static void the_longest_names_fit(void **state)
{
	struct proxy proxy = {0};
	char host[PROXY_HOST_MAX];
	const char *text;

	(void)state;
	memset(proxy.login, 'l', sizeof(proxy.login) - 1);
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	text = request(&proxy, host, 65535);
	assert_string_equal(text + strlen(text) - 5, "s\r\n\r\n");
}

static const struct {
	const char *answer;
	enum proxy_result result;
	unsigned status;
} answers[] = {
	{"HTTP/1.1 200 Connection established\r\n\r\n", PROXY_CONNECTED, 200},
	{"HTTP/1.0 200 OK\r\nVia: 1.0 proxy\r\nX: \r\n\r\n", PROXY_CONNECTED, 200},
	{"HTTP/1.1 299\r\n\r\n", PROXY_CONNECTED, 299},
	{"HTTP/1.1 200 OK\n\n", PROXY_CONNECTED, 200},
	{"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
	 PROXY_REFUSED, 407},
	{"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\n", PROXY_REFUSED, 403},
	{"HTTP/1.1 502 Bad Gateway\r\n\r\n", PROXY_REFUSED, 502},
	{"HTTP/1.1 100 Continue\r\n\r\n", PROXY_REFUSED, 100},
	{"HTTP/1.1 302 Found\r\nLocation: http://portal.example.net/\r\n\r\n", PROXY_REFUSED, 302},
	{"HTTP/1.1 200 OK\r\n", PROXY_WAITS, 200},
	{"HTTP/1.1 200 OK\r\nVia: x\r\n", PROXY_WAITS, 200},
	{"HTTP/1.1 200", PROXY_WAITS, 200},
	{"", PROXY_WAITS, 0},
	{"HTTP/2.0 200 OK\r\n\r\n", PROXY_BAD, 0},
	{"HTTP/1.1 20 OK\r\n\r\n", PROXY_BAD, 20},
	{"HTTP/1.1 2000 OK\r\n\r\n", PROXY_BAD, 200},
	{"HTTP/1.1 099 OK\r\n\r\n", PROXY_BAD, 99},
	{"HTTP/1.1\r\n\r\n", PROXY_BAD, 0},
	{"\r\n\r\n", PROXY_BAD, 0},
	{"\n", PROXY_BAD, 0},
	{"SSH-2.0-OpenSSH_9.2\r\n", PROXY_BAD, 0},
	{"<html>\r\n\r\n", PROXY_BAD, 0},
};

static void only_a_status_of_2xx_is_a_yes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct bytes in = bytes_of(answers[i].answer, strlen(answers[i].answer));
		struct proxy_answer a = {0};

		assert_int_equal(proxy_answer_feed(&a, &in), answers[i].result);
		assert_int_equal(a.status, answers[i].status);
	}
}

static void an_answer_may_come_in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		const char *text = answers[i].answer;
		enum proxy_result result = PROXY_WAITS;
		struct proxy_answer a = {0};

		for (; *text && result == PROXY_WAITS; text++) {
			struct bytes in = bytes_of(text, 1);

			result = proxy_answer_feed(&a, &in);
		}
		assert_int_equal(result, answers[i].result);
	}
}

static void what_follows_the_answer_is_not_taken(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03";
	struct bytes in = bytes_of(text, sizeof(text) - 1);
	struct proxy_answer a = {0};

	(void)state;
	assert_int_equal(proxy_answer_feed(&a, &in), PROXY_CONNECTED);
	assert_int_equal(in.len, 3);
	assert_memory_equal(in.data, "\x16\x03\x03", 3);
}

static void a_header_without_end_is_given_up(void **state)
{
	static const char begin[] = "HTTP/1.1 200 OK\r\n";
	struct bytes in = bytes_of(begin, sizeof(begin) - 1);
	struct proxy_answer a = {0};
	char line[] = "X: y\r\n";
	unsigned taken = sizeof(begin) - 1;

	(void)state;
	assert_int_equal(proxy_answer_feed(&a, &in), PROXY_WAITS);
	while (taken + sizeof(line) - 1 < PROXY_ANSWER_MAX) {
		in = bytes_of(line, sizeof(line) - 1);
		assert_int_equal(proxy_answer_feed(&a, &in), PROXY_WAITS);
		taken += sizeof(line) - 1;
	}
	in = bytes_of(line, sizeof(line) - 1);
	assert_int_equal(proxy_answer_feed(&a, &in), PROXY_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_asked_for_a_host_and_a_port),
		cmocka_unit_test(it_is_told_who_asks),
		cmocka_unit_test(the_longest_names_fit),
		cmocka_unit_test(only_a_status_of_2xx_is_a_yes),
		cmocka_unit_test(an_answer_may_come_in_pieces),
		cmocka_unit_test(what_follows_the_answer_is_not_taken),
		cmocka_unit_test(a_header_without_end_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
