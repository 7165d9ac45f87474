/* candidate_line_test.c -- candidates as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ice/candidate_line.h"

static struct candidate parsed(const char *line)
{
	struct candidate c;
	struct bytes ufrag;

	if (!candidate_parse(&c, &ufrag, line))
		fail_msg("does not parse: %s", line);
	return c;
}

static void what_is_written_reads_the_same(void **state)
{
	static const char *const lines[] = {
		"candidate:1 1 UDP 2130706431 192.168.1.5 51820 typ host",
		"candidate:2 1 UDP 1694498815 203.0.113.9 40001 typ srflx raddr 192.168.1.5 rport 51820",
		"candidate:abcDEF+/0123 1 UDP 1862270975 2001:db8::1 1 typ prflx raddr fd00::1 rport 0",
		"candidate:3 1 UDP 16777215 198.51.100.1 65535 typ relay raddr 203.0.113.9 rport 40001",
		"candidate:4 1 TCP 2128609279 10.0.0.1 9 typ host tcptype active",
		"candidate:4 1 TCP 2124414975 10.0.0.1 5000 typ host tcptype passive",
		"candidate:5 1 TCP 1684013055 203.0.113.9 5000 typ srflx raddr 10.0.0.1 rport 5000 tcptype so",
		"candidate:6 256 UDP 1 192.0.2.1 0 typ srflx",
	};
	char line[CANDIDATE_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct candidate c = parsed(lines[i]);

		assert_string_equal(candidate_write(line, &c), lines[i]);
	}
}

static void every_field_lands_where_it_belongs(void **state)
{
	struct candidate c = parsed("candidate:4x 2 TCP 2128609279 203.0.113.9 9 typ srflx "
				    "raddr 10.0.0.1 rport 7 tcptype active");

	(void)state;
	assert_string_equal(c.foundation, "4x");
	assert_int_equal(c.component, 2);
	assert_int_equal(c.proto, CANDIDATE_TCP_ACTIVE);
	assert_int_equal(c.priority, 2128609279);
	assert_int_equal(c.at.port, 9);
	assert_int_equal(c.at.ip.bytes[0], 203);
	assert_int_equal(c.type, CANDIDATE_SRFLX);
	assert_int_equal(c.related.ip.bytes[0], 10);
	assert_int_equal(c.related.port, 7);
}

/* As Chrome, libnice and aioice write them. */
static void lines_of_others_are_read_and_unknown_extensions_skipped(void **state)
{
	struct candidate c;
	struct bytes ufrag;

	(void)state;
	assert_true(candidate_parse(&c, &ufrag,
				    "candidate:842163049 1 udp 1677729535 203.0.113.9 46154 typ srflx "
				    "raddr 10.0.0.17 rport 46154 generation 0 ufrag EEtu network-id 3 "
				    "network-cost 10"));
	assert_int_equal(c.type, CANDIDATE_SRFLX);
	assert_int_equal(ufrag.len, 4);
	assert_memory_equal(ufrag.data, "EEtu", 4);

	assert_true(candidate_parse(&c, &ufrag,
				    "candidate:3 1 TCP 1015022079 fd00::2 9 typ host tcptype active"));
	assert_int_equal(ufrag.len, 0);
	c = parsed("candidate:6815297761 1 udp 659136 192.0.2.3 31102 typ host generation 0");
	assert_int_equal(c.priority, 659136);
	c = parsed("candidate:1 1 uDp 1 192.0.2.3 31102 typ HOST x-new raddr");
	assert_int_equal(c.related.ip.family, IP_NONE);
}

static void a_longest_line_of_ours_fits(void **state)
{
	char line[CANDIDATE_LINE_MAX];
	struct candidate c = parsed(
		"candidate:01234567890123456789012345678901 256 TCP 2147483647 "
		"2001:db8:1111:2222:3333:4444:5555:6666 65535 typ srflx "
		"raddr 2001:db8:1111:2222:3333:4444:5555:7777 rport 65535 tcptype passive");

	(void)state;
	assert_true(strlen(candidate_write(line, &c)) < CANDIDATE_LINE_MAX - 1);
	assert_non_null(strstr(line, "tcptype passive"));
}

static void anything_else_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"candidate:",
		"a=candidate:1 1 UDP 1 192.0.2.1 1 typ host",
		"Candidate:1 1 UDP 1 192.0.2.1 1 typ host",
		" candidate:1 1 UDP 1 192.0.2.1 1 typ host",
		"candidate: 1 UDP 1 192.0.2.1 1 typ host",
		"candidate:1  1 UDP 1 192.0.2.1 1 typ host",
		"candidate:a_b 1 UDP 1 192.0.2.1 1 typ host",
		"candidate:012345678901234567890123456789012 1 UDP 1 192.0.2.1 1 typ host",
		"candidate:1 0 UDP 1 192.0.2.1 1 typ host",
		"candidate:1 257 UDP 1 192.0.2.1 1 typ host",
		"candidate:1 +1 UDP 1 192.0.2.1 1 typ host",
		"candidate:1 x UDP 1 192.0.2.1 1 typ host",
		"candidate:1 1 SCTP 1 192.0.2.1 1 typ host",
		"candidate:1 1 UDPX 1 192.0.2.1 1 typ host",
		"candidate:1 1 UDP 0 192.0.2.1 1 typ host",
		"candidate:1 1 UDP -1 192.0.2.1 1 typ host",
		"candidate:1 1 UDP 2147483648 192.0.2.1 1 typ host",
		"candidate:1 1 UDP 18446744073709551617 192.0.2.1 1 typ host",
		"candidate:1 1 UDP 1 192.0.2.256 1 typ host",
		"candidate:1 1 UDP 1 [2001:db8::1] 1 typ host",
		"candidate:1 1 UDP 1 4d9a-11ee.local 1 typ host",
		"candidate:1 1 UDP 1 fe80::1%eth0 1 typ host",
		"candidate:1 1 UDP 1 2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999 1 typ host",
		"candidate:1 1 UDP 1 192.0.2.1 65536 typ host",
		"candidate:1 1 UDP 1 192.0.2.1 1 type host",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ ",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ none",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ local",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ host ",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ host generation",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ host generation ",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ host  generation 0",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ host generation 0 ",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ srflx raddr 10.0.0.1",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ srflx raddr 10.0.0.1 rport",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ srflx raddr 10.0.0.1 port 1",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ srflx raddr ten rport 1",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ srflx raddr 10.0.0.1 rport 70000",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ srflx rport 1 raddr",
		"candidate:1 1 TCP 1 192.0.2.1 9 typ host",
		"candidate:1 1 TCP 1 192.0.2.1 9 typ host tcptype",
		"candidate:1 1 TCP 1 192.0.2.1 9 typ host tcptype both",
		"candidate:1 1 UDP 1 192.0.2.1 9 typ host tcptype so",
		"candidate:1 1 UDP 1 192.0.2.1",
	};
	struct candidate c = {.component = 77};
	struct bytes ufrag = bytes_of("kept", 4);

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (candidate_parse(&c, &ufrag, lines[i]))
			fail_msg("parses: %s", lines[i]);
	assert_int_equal(c.component, 77);		/* and nothing was written */
	assert_int_equal(ufrag.len, 4);
}

/* Every prefix of a line: either it is no line, or one with fewer extensions. */
static void a_line_cut_anywhere_does_no_harm(void **state)
{
	static const char whole[] = "candidate:5 1 TCP 1684013055 203.0.113.9 5000 typ srflx "
				    "raddr 10.0.0.1 rport 5000 tcptype so ufrag ab";
	char line[sizeof(whole)];
	struct candidate c;
	struct bytes ufrag;
	unsigned good = 0;

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		memcpy(line, whole, n);
		line[n] = '\0';
		good += candidate_parse(&c, &ufrag, line);
	}
	assert_int_equal(good, 3);		/* up to "so", and with one or two of "ab" */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(every_field_lands_where_it_belongs),
		cmocka_unit_test(lines_of_others_are_read_and_unknown_extensions_skipped),
		cmocka_unit_test(a_longest_line_of_ours_fits),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(a_line_cut_anywhere_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
