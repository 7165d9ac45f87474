/* netcheck_test.c -- what was found of the network, as it is told. */
#include "cli/claims.h"

#include <stdlib.h>
#include <string.h>

#include "cli/netcheck.h"
#include "cli/netcheck_tls.h"
#include "cli/netcheck_turn.h"
#include "io/tls_probe.h"

static const struct endpoint inner = {.ip = {.family = IP_V4, .bytes = {192, 168, 1, 5}}, .port = 7};
static const struct endpoint outer = {.ip = {.family = IP_V4, .bytes = {203, 0, 113, 4}}, .port = 9};
static const struct endpoint carriers = {.ip = {.family = IP_V4, .bytes = {100, 64, 3, 9}}, .port = 9};
static const struct endpoint private = {.ip = {.family = IP_V4, .bytes = {10, 0, 0, 9}}, .port = 9};

static struct netcheck_family family(enum nat_mapping mapping, enum nat_filtering filtering)
{
	return (struct netcheck_family){
		.local = inner,
		.report = {
			.asked = 2,
			.answered = 2,
			.mapped = outer,
			.mapping = mapping,
			.filtering = filtering,
		},
	};
}

static void the_verdict_is_about_who_can_be_met(void **state)
{
	static const struct {
		enum nat_mapping mapping;
		enum nat_filtering filtering;
		bool ipv6;
		const char *verdict;
	} table[] = {
		{MAPPING_DIRECT, FILTERING_INDEPENDENT, false, "direct to every peer"},
		{MAPPING_INDEPENDENT, FILTERING_BY_ADDRESS, false, "direct to every peer"},
		{MAPPING_INDEPENDENT, FILTERING_BY_PORT, false,
		 "direct to all but peers whose NAT takes a new port for each destination"},
		{MAPPING_INDEPENDENT, FILTERING_UNKNOWN, false,
		 "direct to most peers; a server with two addresses (RFC 5780) could tell whether to all"},
		{MAPPING_BY_PORT, FILTERING_BY_PORT, true,
		 "direct to peers that have IPv6, and to few others"},
		{MAPPING_DEPENDENT, FILTERING_UNKNOWN, false,
		 "direct only to peers with a public address, or whose NAT lets any port of ours in; "
		 "IPv6 here would help"},
		{MAPPING_UNKNOWN, FILTERING_UNKNOWN, false,
		 "too little is known: one server sees one port; name a second one"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct netcheck found = {.v4 = family(table[i].mapping, table[i].filtering)};

		if (table[i].ipv6)
			found.v6 = family(MAPPING_DIRECT, FILTERING_BY_PORT);
		assert_true(netcheck_has_udp(&found));
		assert_string_equal(netcheck_verdict(&found), table[i].verdict);
	}
}

static void without_an_answer_there_is_no_udp(void **state)
{
	struct netcheck found = {.v4 = {.local = inner, .report = {.asked = 3}}};

	(void)state;
	assert_false(netcheck_has_udp(&found));
	assert_string_equal(netcheck_verdict(&found),
			    "no UDP comes through, so only peers on this network are reached; allow "
			    "UDP out in the firewall that is between here and the internet");
}

static void where_tcp_gets_out_it_is_what_is_left(void **state)
{
	static const struct servers nobody;
	struct netcheck found = {
		.v4 = {.local = inner, .report = {.asked = 3}}, .tcp = NETCHECK_TCP_YES};
	json_t *report = netcheck_report(&found, &nobody);

	(void)state;
	assert_true(json_is_true(json_object_get(report, "tcp")));
	assert_memory_equal(netcheck_verdict(&found), "no UDP comes through, so peers are reached over TCP",
			    strlen("no UDP comes through, so peers are reached over TCP"));
	json_decref(report);
	found.tcp = NETCHECK_TCP_NO;
	report = netcheck_report(&found, &nobody);
	assert_true(json_is_false(json_object_get(report, "tcp")));
	json_decref(report);
}

static const json_t *cgnat_of(const struct netcheck *found, json_t **report)
{
	static const struct servers nobody;

	*report = netcheck_report(found, &nobody);
	assert_non_null(*report);
	return json_object_get(*report, "cgnat");
}

static void a_carrier_is_known_by_its_addresses(void **state)
{
	struct {
		struct endpoint local, mapped;
		enum nat_mapping mapping;
		json_type is;
	} table[] = {
		{inner, outer, MAPPING_INDEPENDENT, JSON_NULL},
		{outer, outer, MAPPING_DIRECT, JSON_FALSE},
		{inner, carriers, MAPPING_INDEPENDENT, JSON_TRUE},
		{carriers, outer, MAPPING_INDEPENDENT, JSON_TRUE},
		{carriers, carriers, MAPPING_DIRECT, JSON_TRUE},
		{inner, private, MAPPING_INDEPENDENT, JSON_TRUE},
		{inner, inner, MAPPING_DIRECT, JSON_FALSE},
		{inner, {.port = 0}, MAPPING_UNKNOWN, JSON_NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct netcheck found = {.v4 = family(table[i].mapping, FILTERING_UNKNOWN)};
		json_t *report;

		found.v4.local = table[i].local;
		found.v4.report.mapped = table[i].mapped;
		assert_int_equal(json_typeof(cgnat_of(&found, &report)), table[i].is);
		json_decref(report);
	}
}

static void assert_prints(const struct netcheck *found, const struct servers *servers,
			  const char *expected)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	json_t *report = netcheck_report(found, servers);

	netcheck_print(out, report);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	json_decref(report);
}

static void add_server(struct servers *servers, const char *text)
{
	struct config_server server;

	assert_null(config_read_stun(&server, text));
	servers_add(servers, &server);
}

static void all_that_was_found_is_printed(void **state)
{
	static struct servers servers;
	struct netcheck found = {
		.v4 = family(MAPPING_BY_PORT, FILTERING_BY_PORT),
		.v6 = {.report = {0}},
	};
	const struct endpoint at4 = {.ip = {.family = IP_V4, .bytes = {192, 0, 2, 1}}, .port = 3478};
	const struct endpoint at6 = {.ip = {.family = IP_V6, .bytes = {0x20, 1}}, .port = 3478};

	(void)state;
	add_server(&servers, "stun.example.net");
	add_server(&servers, "STUN.example.net:3478");
	add_server(&servers, "192.0.2.1:5000");
	add_server(&servers, "both.example.net");
	add_server(&servers, "[2001:db8::1]");
	add_server(&servers, "no.example.net");
	assert_int_equal(servers.len, 5);
	found.v4.report.ports = PORTS_SEQUENTIAL;
	found.v4.report.port_step = 2;
	found.v4.report.hairpin = HAIRPIN_NO;
	found.tcp = NETCHECK_TCP_YES;
	found.v4.answers[0] = (struct netcheck_answer){at4, BINDING_DONE, 0, 12};
	found.v4.answers[1] = (struct netcheck_answer){at4, BINDING_REFUSED, 401, -1};
	found.v4.answers[2] = (struct netcheck_answer){at4, BINDING_TIMEOUT, 0, -1};
	found.v6.answers[2] = found.v6.answers[3] = (struct netcheck_answer){.at = at6, .rtt = -1};
	assert_prints(&found, &servers,
		      "UDP       yes        TCP yes\n"
		      "IPv4      203.0.113.4:9, NAT: hard\n"
		      "          mapping: by address and port, filtering: by address and port, "
		      "ports: sequential (step 2), hairpin: no\n"
		      "IPv6      no\n"
		      "CGNAT     cannot be told from here\n"
		      "STUN      stun.example.net:3478 12 ms\n"
		      "          192.0.2.1:5000 error 401\n"
		      "          both.example.net:3478 IPv4 no answer, IPv6 no route\n"
		      "          [2001:db8::1]:3478 no route\n"
		      "          no.example.net:3478 no address is known\n"
		      "Verdict   direct only to peers with a public address, or whose NAT lets any "
		      "port of ours in; IPv6 here would help\n");
}

static void without_a_word_from_outside_little_is_printed(void **state)
{
	static struct servers servers;
	struct netcheck found = {.v4 = {.local = inner, .report = {.asked = 1}}};

	(void)state;
	add_server(&servers, "192.0.2.1");
	found.v4.answers[0] = (struct netcheck_answer){
		{.ip = {.family = IP_V4, .bytes = {192, 0, 2, 1}}, .port = 3478}, BINDING_TIMEOUT, 0, -1};
	assert_prints(&found, &servers,
		      "UDP       no         TCP cannot be told\n"
		      "IPv4      no answer\n"
		      "IPv6      no\n"
		      "CGNAT     cannot be told from here\n"
		      "STUN      192.0.2.1:3478 no answer\n"
		      "Verdict   no UDP comes through, so only peers on this network are reached; "
		      "allow UDP out in the firewall that is between here and the internet\n");
}

static void who_is_called_over_tls_is_there_or_it_is_said_why_not(void **state)
{
	static struct config_rendezvous rendezvous[] = {
		{.host = "r.example.net", .port = 443, .tls = true},
		{.host = "r.example.net", .port = 4901},
		{.host = "2001:db8::1", .port = 8443, .tls = true}};
	static struct servers servers;
	struct config config = {.rendezvous = rendezvous, .rendezvous_len = 3};
	struct tls_probe probes[] = {{.why = NODE_STREAM_ENDS, .rtt = 19},
				     {.why = STREAM_BAD_CERTIFICATE}};
	struct netcheck found = {0};
	json_t *report = netcheck_report(&found, &servers);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	json_object_set_new(report, "tls", netcheck_tls_report(&config, probes));
	netcheck_print(out, report);
	fclose(out);
	assert_non_null(strstr(text, "UDP       not asked  TCP "));
	assert_true(netcheck_tls_answers(json_object_get(report, "tls")));
	assert_non_null(strstr(text, "TLS       tls://r.example.net:443 19 ms\n"
				     "          tls://[2001:db8::1]:8443 no\n"
				     "          its certificate has run out, is for another name, or is by "
				     "nobody whom this host trusts"));
	free(text);
	json_decref(report);
}

static void the_port_that_the_router_opened_is_printed_if_a_net_runs(void **state)
{
	static const struct {
		const char *map, *line;
	} table[] = {
		{"null", "Port map  no\n"},
		{"{\"method\":\"PCP\",\"external\":\"203.0.113.4:9\",\"public\":true,"
		 "\"lifetime_s\":7200}", "Port map  PCP -> 203.0.113.4:9 for 2h00\n"},
		{"{\"method\":\"UPnP\",\"external\":\"10.0.0.4:9\",\"public\":false,"
		 "\"lifetime_s\":0}", "Port map  UPnP -> 10.0.0.4:9 for good, behind another NAT\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		json_t *report = json_object();
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		json_object_set_new(report, "port_map", json_loads(table[i].map, JSON_DECODE_ANY, NULL));
		netcheck_print(out, report);
		fclose(out);
		assert_non_null(strstr(text, table[i].line));
		free(text);
		json_decref(report);
	}
}

static void each_way_to_a_turn_server_has_its_round_trip_or_what_is_wrong(void **state)
{
	static const struct config config = {
		.turn = {{.host = "a.example.net", .port = 3478, .udp = true, .tcp = true},
			 {.host = "b.example.net", .port = 443, .tls = true},
			 {.host = "c.example.net", .port = 3478, .tcp = true}},
		.turn_len = 3,
	};
	struct turn_probe probes[NETCHECK_TURN_MAX] = {0};
	json_t *list;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(netcheck_turn_probes(probes, &config), 4);
	assert_int_equal(probes[1].transport, PATH_TCP);
	assert_int_equal(probes[2].transport, PATH_TLS);
	probes[0].problem = "no answer";
	probes[1].rtt = 16;
	probes[2].rtt = 19;
	probes[3].problem = "nobody listens there";
	list = netcheck_turn_report(&config, probes);
	netcheck_turn_print(out, list);
	fclose(out);
	assert_string_equal(text, "TURN      turn:a.example.net:3478 udp no answer, tcp 16 ms\n"
				  "          turns:b.example.net:443 tls 19 ms\n"
				  "          turn:c.example.net:3478 tcp nobody listens there\n");
	json_decref(list);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_verdict_is_about_who_can_be_met),
		cmocka_unit_test(without_an_answer_there_is_no_udp),
		cmocka_unit_test(where_tcp_gets_out_it_is_what_is_left),
		cmocka_unit_test(a_carrier_is_known_by_its_addresses),
		cmocka_unit_test(all_that_was_found_is_printed),
		cmocka_unit_test(who_is_called_over_tls_is_there_or_it_is_said_why_not),
		cmocka_unit_test(each_way_to_a_turn_server_has_its_round_trip_or_what_is_wrong),
		cmocka_unit_test(the_port_that_the_router_opened_is_printed_if_a_net_runs),
		cmocka_unit_test(without_a_word_from_outside_little_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
