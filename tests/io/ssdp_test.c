/* ssdp_test.c -- the router's own description, and none of all the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "io/ssdp.h"

static const struct ip router = {IP_V4, {192, 168, 1, 1}};
static char url[SSDP_URL_MAX];

static bool finds(const char *answer)
{
	return ssdp_location(url, bytes_of(answer, strlen(answer)), &router);
}

static void the_answer_of_a_router_is_read(void **state)
{
	(void)state;
	/* miniupnpd's */
	assert_true(finds("HTTP/1.1 200 OK\r\n"
			  "CACHE-CONTROL: max-age=120\r\n"
			  "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
			  "USN: uuid:6e0d5d3c::urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
			  "EXT:\r\n"
			  "SERVER: Debian/12 UPnP/1.1 MiniUPnPd/2.3.1\r\n"
			  "LOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n"
			  "OPT: \"http://schemas.upnp.org/upnp/1/0/\"; ns=01\r\n"
			  "\r\n"));
	assert_string_equal(url, "http://192.168.1.1:5000/rootDesc.xml");
}

static void so_is_one_that_is_written_otherwise(void **state)
{
	(void)state;
	assert_true(finds("http/1.0 200 fine\nlocation:\t HTTP://192.168.1.1/ \n"));
	assert_string_equal(url, "HTTP://192.168.1.1/");
	assert_true(finds("HTTP/1.1 200 OK\r\nLOCATION:http://192.168.1.1/a"));
}

static void what_is_no_success_or_names_no_place_is_none(void **state)
{
	(void)state;
	assert_false(finds(""));
	assert_false(finds("\r\n"));
	assert_false(finds("HTTP/1.1"));
	assert_false(finds("HTTP/1.1 404 Not Found\r\nLOCATION: http://192.168.1.1/\r\n"));
	assert_false(finds("NOTIFY * HTTP/1.1\r\nLOCATION: http://192.168.1.1/\r\n"));
	assert_false(finds("M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\n\r\n"));
	assert_false(finds("HTTP/1.1 200 OK\r\nST: x\r\n\r\nLOCATION: http://192.168.1.1/\r\n"));
	assert_false(finds("HTTP/1.1 200 OK\r\nX-LOCATION: http://192.168.1.1/\r\n"));
}

static void only_the_router_itself_may_be_fetched_from(void **state)
{
	static const char *const bad[] = {
		"http://192.168.1.2/", "https://192.168.1.1/", "file:///etc/passwd", "http://router/",
		"http://192.168.1.1", "http://192.168.1.1:", "http://192.168.1.1@10.0.0.1/",
		"http://10.0.0.1@192.168.1.1/", "http://192.168.1.1:80:80/",
		"http://192.168.1.1:123456/", "http://192.168.1.1:80x/", "http://3232235777/",
		"http://0xc0a80101/", "http://192.168.257/", "http://192.168.1.1.example.net/",
		"http://[::ffff:192.168.1.1]/", "http:///", "http://", "", "//192.168.1.1/",
		"http://192.168.1.1?/", "http://192.168.1.1#/", "http://192.168.001.001/",
	};
	char answer[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(ssdp_is_at(bad[i], &router));
		strcpy(answer, "HTTP/1.1 200 OK\r\nLOCATION: ");
		strcat(answer, bad[i]);
		assert_false(finds(strcat(answer, "\r\n\r\n")));
	}
}

static void a_url_has_an_end_and_nothing_strange_in_it(void **state)
{
	char answer[512];
	size_t len = strlen(strcpy(answer, "HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1/"));

	(void)state;
	memset(answer + len, 'a', SSDP_URL_MAX);
	answer[len + SSDP_URL_MAX - 1 - strlen("http://192.168.1.1/")] = '\0';
	assert_true(finds(answer));
	strcat(answer, "a");
	assert_false(finds(answer));
	assert_false(finds("HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1/a b\r\n"));
	assert_false(finds("HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1/\001\r\n"));
	assert_false(finds("HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1/\303\244\r\n"));
	memcpy(answer, "HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1/\0b\r\n", 48);
	assert_false(ssdp_location(url, bytes_of(answer, 48), &router));
}

static void every_beginning_of_an_answer_is_safe(void **state)
{
	static const char whole[] = "HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1/x\r\n\r\n";

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		char *copy = strndup(whole, len);	/* the sanitizer sees a byte too many */

		ssdp_location(url, bytes_of(copy, len), &router);
		free(copy);
	}
}

static void the_question_is_that_of_the_standard(void **state)
{
	struct bytes search = ssdp_search();

	(void)state;
	assert_memory_equal(search.data, "M-SEARCH * HTTP/1.1\r\n", 21);
	assert_memory_equal(search.data + search.len - 4, "\r\n\r\n", 4);
}

#define test(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_answer_of_a_router_is_read),
		test(so_is_one_that_is_written_otherwise),
		test(what_is_no_success_or_names_no_place_is_none),
		test(only_the_router_itself_may_be_fetched_from),
		test(a_url_has_an_end_and_nothing_strange_in_it),
		test(every_beginning_of_an_answer_is_safe),
		test(the_question_is_that_of_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
