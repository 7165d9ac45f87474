/* print_test.c -- a report, as status and show print it. */
#include "cli/claims.h"

#include <stdlib.h>
#include <string.h>

#include "cli/peers.h"
#include "cli/show.h"
#include "cli/status.h"
#include "cli/way.h"

static const char sample[] =
	"{'schema':1,'net':'home','version':'0.1.0','pid':4711,'self':{'name':'nas','public_key':'"
	"SELF',"
	"'device':'p2p0','mtu':1400,'addresses':['10.77.0.1/24','fd5c:9e1:77::1/"
	"128'],'listen_port':41999,"
	"'fwmark':51820,'config':'/etc/p2pnet/"
	"home.conf','since':'2026-01-02T03:04:05Z','uptime_s':273600,"
	"'aead':'openssl','log_level':'info','nat':'easy','counters':{'bad_mac1':0,'stranger':3,'loop':1}},"
	"'data_path':{'ciphers':[{'suite':'chacha20','engine':'ipsec-mb','seal_ns':1100,'open_ns':1140},"
	"{'suite':'aes256gcm','engine':'openssl','seal_ns':0,'open_ns':0}],"
	"'offloads':['tun-gso','udp-gso','udp-gro'],'refused':['tun-gro'],'tun_lacks':'USO4 USO6',"
	"'threads':2,'helped':345},"
	"'peers':["
	"{'name':'cabin','public_key':'CABIN','preshared_key':false,'ips':['fd00::5/"
	"128'],'state':'idle',"
	"'path':null,'endpoint':null,'rtt_ms':null,'rx_bytes':0,'tx_bytes':0,'queued':0,'keepalive_"
	"s':null,"
	"'last_handshake':null,'handshake_age_s':null},"
	"{'name':'nas','public_key':'NAS','preshared_key':false,'ips':['10.77.0.3/"
	"32'],'state':'connecting',"
	"'path':null,'endpoint':'nas.example.net:1','rtt_ms':null,'rx_bytes':0,'tx_bytes':148,'"
	"queued':2,"
	"'keepalive_s':1,'last_handshake':'2026-01-02T03:04:05Z','handshake_age_s':200},"
	"{'name':'laptop','public_key':'LAPTOP','preshared_key':true,'cipher':'aes256gcm',"
	"'ips':['fd00::2/128','10.77.0.2/32','192.168.0.0/16'],"
	"'state':'direct','path':{'proto':'udp6','local':null,'remote':'[2001:db8::7]:41999','how':'punched'},'"
	"endpoint':null,"
	"'rtt_ms':8,'loss':12,'rx_bytes':1239,'tx_bytes':3082,'queued':0,'keepalive_s':25,"
	"'last_handshake':'2026-01-02T03:06:05Z','handshake_age_s':72}]}";

static json_t *report_of(const char *single_quoted)
{
	char *text = strdup(single_quoted);
	json_t *report;

	for (char *p = text; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	report = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(report);
	return report;
}

static void assert_prints(void (*print)(FILE *out, const json_t *report), const json_t *report,
			  const char *expected)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	print(out, report);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void print_plain(FILE *out, const json_t *report)
{
	status_print(out, report, &(struct status_style){0});
}

static void print_verbose(FILE *out, const json_t *report)
{
	status_print(out, report, &(struct status_style){.verbose = true});
}

static void print_colored(FILE *out, const json_t *report)
{
	status_print(out, report, &(struct status_style){.color = true});
}

static void dump_one(FILE *out, const json_t *report)
{
	show_dump(out, report, NULL);
}

static void dump_of_all(FILE *out, const json_t *report)
{
	show_dump(out, report, "home");
}

static void status_is_a_table(void **state)
{
	json_t *report = report_of(sample);

	(void)state;
	assert_prints(
		print_plain, report,
		"home   up 3d04h   10.77.0.1/24 fd5c:9e1:77::1   p2p0   udp/41999   NAT: easy\n"
		"PEER    IP         STATE       PATH                                "
		"RTT   LOSS  RX/TX      HANDSHAKE\n"
		"cabin   fd00::5    idle        -                                   "
		"-     -     -          -\n"
		"nas     10.77.0.3  connecting  nas.example.net:1                   "
		"-     -     0/148      3m20   [p2pnet explain nas -n home]\n"
		"laptop  10.77.0.2  direct      udp6 [2001:db8::7]:41999 (punched)  "
		"8 ms  12 %  1.2K/3.0K  1m12\n");
	json_decref(report);
}

static void the_head_tells_how_the_rendezvous_are(void **state)
{
	json_t *report = report_of(
		"{'net':'home','self':{'uptime_s':1,'addresses':[],'device':'p2p0','listen_port':7},"
		"'rendezvous':[{'name':'town','state':'ok'},{'name':'lake','state':'no_answer'}],"
		"'peers':[]}");
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	print_plain(out, report);
	fclose(out);
	assert_non_null(strstr(text, "   udp/7   rendezvous: town ok, lake no answer\n"));
	free(text);
	json_decref(report);
}

static void over_tls_it_is_told_how_long_an_answer_takes_or_why_there_is_none(void **state)
{
	json_t *report = report_of(
		"{'net':'home','self':{'uptime_s':1,'addresses':[],'device':'p2p0','listen_port':7},"
		"'rendezvous':[{'name':'town','url':'tls://t:443','state':'ok','rtt_ms':19,'why':null},"
		"{'name':'lake','url':'tls://l:443','state':'no_connection','why':'its certificate'},"
		"{'name':'hill','url':'tls://h:443','state':'stands_by','why':null}],'peers':[]}");
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	print_plain(out, report);
	fclose(out);
	assert_non_null(strstr(text, "   rendezvous: town tls ok 19 ms, lake tls no connection, "
				     "hill tls stands by\n"
				     "no connection to tls://l:443: its certificate\n"));
	free(text);
	json_decref(report);
}

static void a_port_that_the_router_opened_is_told(void **state)
{
	static const struct {
		const char *report, *expected;
	} table[] = {
		{"{'net':'home','self':{'device':'p2p0','listen_port':1,'port_map':null}}",
		 "home   up 0 s     p2p0   udp/1\n"},
		{"{'net':'home','self':{'device':'p2p0','listen_port':1,'port_map':"
		 "{'method':'PCP','external':'203.0.113.4:1','public':true}}}",
		 "home   up 0 s     p2p0   udp/1   mapped 203.0.113.4:1 by PCP\n"},
		{"{'net':'home','self':{'device':'p2p0','listen_port':1,'port_map':"
		 "{'method':'UPnP','external':'100.64.0.9:1','public':false}}}",
		 "home   up 0 s     p2p0   udp/1   mapped 100.64.0.9:1 by UPnP, behind another NAT\n"},
		{"{'net':'home','self':{'device':'p2p0','listen_port':1,'port_map':"
		 "{'method':'PCP','external':'203.0.113.4:1','public':true},'port_map_tcp':"
		 "{'method':'PCP','external':'203.0.113.4:2','public':true}}}",
		 "home   up 0 s     p2p0   udp/1   mapped 203.0.113.4:1 by PCP"
		 "   mapped tcp/203.0.113.4:2 by PCP\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		json_t *report = report_of(table[i].report);
		char expected[256];

		snprintf(expected, sizeof(expected),
			 "%sno peers; add one with: p2pnet peer add NAME PUBLIC_KEY\n",
			 table[i].expected);
		assert_prints(print_plain, report, expected);
		json_decref(report);
	}
}

static void a_path_says_how_it_was_found(void **state)
{
	static const struct {
		const char *how, *expected;
	} table[] = {
		{"{'proto':'udp4','remote':'192.0.2.1:7','how':'configured'}", "udp4 192.0.2.1:7"},
		{"{'proto':'udp6','remote':'[fd00::1]:7','how':'found'}", "udp6 [fd00::1]:7"},
		{"{'proto':'udp4','remote':'192.0.2.1:7','how':'called_us'}",
		 "udp4 192.0.2.1:7 (called us)"},
		{"{'proto':'udp4','remote':'192.0.2.1:7','how':'lan'}", "udp4 192.0.2.1:7 (lan)"},
		{"{'proto':'udp4','remote':'192.0.2.1:7','how':'by pigeon'}",
		 "udp4 192.0.2.1:7 (by pigeon)"},
		{"{'proto':'udp4','remote':'192.0.2.1:7'}", "udp4 192.0.2.1:7"},
		{"{'how':7}", "? ?"},
	};
	char text[WAY_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		json_t *path = report_of(table[i].how);

		assert_string_equal(format_way(text, path), table[i].expected);
		json_decref(path);
	}
}

static void a_round_trip_of_less_than_a_millisecond_is_not_zero(void **state)
{
	json_t *report = report_of("{'peers':[{'name':'a','rtt_ms':0}]}");

	(void)state;
	assert_prints(print_plain, report,
		      "?   up 0 s     ?   udp/0\n"
		      "PEER  IP  STATE  PATH  RTT    LOSS  RX/TX  HANDSHAKE\n"
		      "a     -   ?      -     <1 ms  -     -      -\n");
	json_decref(report);
}

static void verbose_status_has_the_engine_and_what_was_counted(void **state)
{
	json_t *report = report_of(sample);

	(void)state;
	assert_true(status_keep_peer(report, "cabin"));
	assert_prints(print_verbose, report,
		      "home   up 3d04h   10.77.0.1/24 fd5c:9e1:77::1   p2p0   udp/41999   NAT: easy\n"
		      "PEER   IP       STATE  PATH  RTT  LOSS  RX/TX  HANDSHAKE\n"
		      "cabin  fd00::5  idle   -     -    -     -      -\n"
		      "p2pnet 0.1.0, pid 4711, mtu 1400, log level info, "
		      "file /etc/p2pnet/home.conf\n"
		      "ciphers: chacha20 by ipsec-mb (1100 + 1140 ns a packet), aes256gcm by openssl\n"
		      "offloads: tun-gso udp-gso udp-gro; the kernel lacks tun-gro USO4 USO6\n"
		      "threads: 2, those that help did 345 packets\n"
		      "dropped or noted: stranger 3, loop 1\n");
	json_decref(report);
}

static void verbose_status_says_what_it_does_not_offload(void **state)
{
	static const struct {
		const char *data_path, *expected;
	} table[] = {
		{"{'offloads':['tun-gso','udp-gro'],'refused':[],'tun_lacks':null}",
		 "offloads: tun-gso udp-gro\n"},
		{"{'offloads':['tun-gso'],'refused':['udp-gso','udp-gro'],'tun_lacks':null}",
		 "offloads: tun-gso; the kernel lacks udp-gso udp-gro\n"},
		{"{'offloads':['tun-gso'],'refused':[],'tun_lacks':'USO4 USO6'}",
		 "offloads: tun-gso; the kernel lacks USO4 USO6\n"},
		{"{'offloads':[],'refused':[],'tun_lacks':null}", "offloads: none\n"},
		{"{'offloads':[],'threads':1,'helped':0}", "offloads: none\n"},
		{"{'ciphers':[1],'offloads':[1],'refused':2}",
		 "ciphers: ? by ?\noffloads: ?\n"},
		{"[]", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[512], expected[512];
		json_t *report;

		snprintf(text, sizeof(text), "{'data_path':%s}", table[i].data_path);
		snprintf(expected, sizeof(expected),
			 "?   up 0 s     ?   udp/0\n"
			 "no peers; add one with: p2pnet peer add NAME PUBLIC_KEY\n"
			 "p2pnet ?, pid 0, mtu 0, log level ?, file ?\n%sdropped or noted: nothing\n",
			 table[i].expected);
		report = report_of(text);
		assert_prints(print_verbose, report, expected);
		json_decref(report);
	}
}

static void verbose_status_has_the_cipher_of_each_session(void **state)
{
	json_t *report = report_of("{'peers':[{'name':'a','cipher':'aes256gcm'},{'name':'b','cipher':null},"
				   "{'name':'c','cipher':'chacha20'},{'name':'d'}]}");
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	print_verbose(out, report);
	fclose(out);
	assert_non_null(strstr(text, "\nencrypted with: a aes256gcm, c chacha20\n"));
	free(text);
	json_decref(report);
}

static void only_the_state_is_coloured(void **state)
{
	json_t *report = report_of(sample);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	print_colored(out, report);
	fclose(out);
	assert_non_null(strstr(text, "\033[32mdirect\033[0m"));
	assert_non_null(strstr(text, "\033[33mconnecting\033[0m"));
	assert_non_null(strstr(text, "\033[2midle\033[0m"));
	assert_null(strstr(text, "\033[32mlaptop"));
	free(text);
	json_decref(report);
}

static void a_report_with_nothing_in_it_prints(void **state)
{
	json_t *report = report_of("{}");

	(void)state;
	assert_prints(print_verbose, report,
		      "?   up 0 s     ?   udp/0\n"
		      "no peers; add one with: p2pnet peer add NAME PUBLIC_KEY\n"
		      "p2pnet ?, pid 0, mtu 0, log level ?, file ?\n"
		      "dropped or noted: nothing\n");
	assert_false(status_keep_peer(report, "x"));
	json_decref(report);
}

static void a_report_of_other_types_prints(void **state)
{
	json_t *report =
		report_of("{'net':7,'self':[],'peers':[1,{'name':2,'ips':[3,'x'],'path':'y',"
			  "'rtt_ms':'z','last_handshake':'tomorrow'}]}");

	(void)state;
	assert_prints(print_plain, report,
		      "?   up 0 s     ?   udp/0\n"
		      "PEER  IP  STATE  PATH  RTT  LOSS  RX/TX  HANDSHAKE\n"
		      "?     -   ?      -     -    -     -      -\n"
		      "?     -   ?      -     -    -     -      -\n");
	show_sort_peers(report);
	assert_prints(dump_one, report,
		      "(hidden)\t?\t0\toff\n?\t(none)\t(none)\t(none)\t0\t0\t0\toff\n"
		      "?\t(none)\t(none)\t?,x\t0\t0\t0\toff\n");
	json_decref(report);
}

static void a_peer_is_called_by_name_key_or_address(void **state)
{
	static const char *const right[] = {"laptop", "LAPTOP", "10.77.0.2", "fd00::2",
					    "fd00:0::0:2"};
	static const char *const wrong[] = {"",          "lap",          "Laptop",
					    "10.77.0.9", "10.77.0.2/32", "192.168.1.1"};
	json_t *report = report_of(sample);
	const json_t *laptop = json_array_get(json_object_get(report, "peers"), 2);

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		assert_true(peer_is_called(laptop, right[i]));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(peer_is_called(laptop, wrong[i]));
	assert_false(status_keep_peer(report, "nobody"));
	assert_int_equal(json_array_size(json_object_get(report, "peers")), 3);
	json_decref(report);
}

static void show_says_it_as_wg_does(void **state)
{
	json_t *report = report_of(sample);

	(void)state;
	show_sort_peers(report);
	assert_prints(show_print, report,
		      "interface: p2p0\n"
		      "  public key: SELF\n"
		      "  private key: (hidden)\n"
		      "  listening port: 41999\n"
		      "  fwmark: 0xca6c\n"
		      "\n"
		      "peer: LAPTOP\n"
		      "  name: laptop\n"
		      "  preshared key: (hidden)\n"
		      "  endpoint: [2001:db8::7]:41999\n"
		      "  allowed ips: fd00::2/128, 10.77.0.2/32, 192.168.0.0/16\n"
		      "  latest handshake: 1 minute, 12 seconds ago\n"
		      "  cipher: aes256gcm\n"
		      "  transfer: 1.21 KiB received, 3.01 KiB sent\n"
		      "  persistent keepalive: every 25 seconds\n"
		      "\n"
		      "peer: NAS\n"
		      "  name: nas\n"
		      "  endpoint: nas.example.net:1\n"
		      "  allowed ips: 10.77.0.3/32\n"
		      "  latest handshake: 3 minutes, 20 seconds ago\n"
		      "  transfer: 0 B received, 148 B sent\n"
		      "  persistent keepalive: every 1 second\n"
		      "\n"
		      "peer: CABIN\n"
		      "  name: cabin\n"
		      "  allowed ips: fd00::5/128\n");
	json_decref(report);
}

/* date -u -d 2026-01-02T03:06:05Z +%s is 1767323165. */
static void dump_has_the_columns_of_wg(void **state)
{
	json_t *report = report_of(sample);

	(void)state;
	show_sort_peers(report);
	assert_prints(
		dump_one, report,
		"(hidden)\tSELF\t41999\t0xca6c\n"
		"LAPTOP\t(hidden)\t[2001:db8::7]:41999\tfd00::2/128,10.77.0.2/32,192.168.0.0/16\t"
		"1767323165\t1239\t3082\t25\n"
		"NAS\t(none)\tnas.example.net:1\t10.77.0.3/32\t1767323045\t0\t148\t1\n"
		"CABIN\t(none)\t(none)\tfd00::5/128\t0\t0\t0\toff\n");
	assert_true(status_keep_peer(report, "cabin"));
	assert_prints(dump_of_all, report,
		      "home\t(hidden)\tSELF\t41999\t0xca6c\n"
		      "home\tCABIN\t(none)\t(none)\tfd00::5/128\t0\t0\t0\toff\n");
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_is_a_table),
		cmocka_unit_test(the_head_tells_how_the_rendezvous_are),
		cmocka_unit_test(over_tls_it_is_told_how_long_an_answer_takes_or_why_there_is_none),
		cmocka_unit_test(a_port_that_the_router_opened_is_told),
		cmocka_unit_test(a_path_says_how_it_was_found),
		cmocka_unit_test(a_round_trip_of_less_than_a_millisecond_is_not_zero),
		cmocka_unit_test(verbose_status_has_the_engine_and_what_was_counted),
		cmocka_unit_test(verbose_status_says_what_it_does_not_offload),
		cmocka_unit_test(verbose_status_has_the_cipher_of_each_session),
		cmocka_unit_test(only_the_state_is_coloured),
		cmocka_unit_test(a_report_with_nothing_in_it_prints),
		cmocka_unit_test(a_report_of_other_types_prints),
		cmocka_unit_test(a_peer_is_called_by_name_key_or_address),
		cmocka_unit_test(show_says_it_as_wg_does),
		cmocka_unit_test(dump_has_the_columns_of_wg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
