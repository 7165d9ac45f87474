/* explain_test.c -- an explanation, as it is printed. */
#include "cli/claims.h"

#include <stdlib.h>
#include <string.h>

#include "cli/explain.h"

static void assert_prints(const char *single_quoted, const char *expected)
{
	char *json = strdup(single_quoted), *text = NULL;
	json_t *explanation;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (char *p = json; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	explanation = json_loads(json, 0, NULL);
	assert_non_null(explanation);
	explain_print(out, explanation);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	free(json);
	json_decref(explanation);
}

static void all_that_is_known_is_printed(void **state)
{
	(void)state;
	assert_prints(
		"{'name':'laptop','state':'direct','since_s':372,'rtt_ms':14,'loss':0,'endpoint':null,"
		"'path':{'proto':'udp4','remote':'203.0.113.9:52011','how':'punched'},"
		"'why':'it works','fix':'nothing to do','rounds_failed':0,"
		"'self':{'nat':'easy','observed':["
		"{'address':'203.0.113.4:41999','base':'192.168.1.5','by':'192.0.2.9','age_s':3},"
		"{'address':'203.0.113.4:41999','base':'192.168.1.5','by':'192.0.2.10','age_s':3}],"
		"'candidates':[{'type':'host','address':'192.168.1.5:41999'},"
		"{'type':'srflx','address':'203.0.113.4:41999'}]},"
		"'peer':{'nat':'unknown','candidates':[{'type':'srflx','address':'203.0.113.9:52011'}]},"
		"'pairs':[{'local':{'type':'srflx','address':'203.0.113.4:41999'},"
		"'remote':{'type':'srflx','address':'203.0.113.9:52011'},'state':'valid','rtt_ms':14,"
		"'loss':0,'answered_s':2,'in_use':true},"
		"{'local':{'type':'host','address':'192.168.1.5:41999'},"
		"'remote':{'type':'host','address':'10.0.0.7:27001'},'state':'failed','rtt_ms':null,"
		"'loss':100,'answered_s':null,'in_use':false},"
		"{'local':{'type':'host','address':'[2001:db8::5]:41999'},"
		"'remote':{'type':'host','address':'[2001:db8::7]:27001'},'state':'valid','rtt_ms':9,"
		"'loss':0,'answered_s':4,'penalty_s':43,'in_use':false}],"
		"'channels':[{'kind':'lan','state':'on'},"
		"{'kind':'introducer','name':'vps','state':'connected'}]}",
		"laptop is DIRECT by udp4 203.0.113.9:52011 (punched) for 6m12, 14 ms, 0 % lost\n"
		"  you       NAT: easy, the same port for all; seen at 203.0.113.4:41999 by 192.0.2.9, "
		"203.0.113.4:41999 by 192.0.2.10\n"
		"            host 192.168.1.5:41999, srflx 203.0.113.4:41999\n"
		"  laptop    NAT: unknown\n"
		"            srflx 203.0.113.9:52011\n"
		"  channels  lan: on, vps: connected\n"
		"  tried     3 pairs: 2 valid, 1 failed\n"
		"  why       it works\n"
		"  fix       nothing to do\n"
		"\n"
		"OURS                      THEIRS                    STATE   RTT    LOSS   ANSWERED\n"
		"srflx 203.0.113.4:41999   srflx 203.0.113.9:52011   valid   14 ms  0 %    2 s ago  (in use)\n"
		"host 192.168.1.5:41999    host 10.0.0.7:27001       failed  -      100 %  never\n"
		"host [2001:db8::5]:41999  host [2001:db8::7]:27001  valid   9 ms   0 %    4 s ago  (was bad, rests for 43 s)\n");
}

static void a_peer_that_was_not_heard_of_has_few_lines(void **state)
{
	(void)state;
	assert_prints("{'name':'a-cabin-in-the-woods','state':'connecting','since_s':12,"
		      "'endpoint':'cabin.example.net:41999','rtt_ms':null,'loss':null,'path':null,"
		      "'why':'w','fix':'f','rounds_failed':2,"
		      "'self':{'nat':'hard','in_a_row':true,'observed':[],'candidates':[]},"
		      "'peer':{'nat':'hard','candidates':[]},'pairs':[],"
		      "'channels':[{'kind':'lan','state':'off'}]}",
		      "a-cabin-in-the-woods is CONNECTING for 12 s\n"
		      "  you                   NAT: hard (symmetric), each sees the next port; "
		      "nobody outside has told yet how we look\n"
		      "  a-cabin-in-the-woods  NAT: hard (symmetric), each sees another port; "
		      "endpoint cabin.example.net:41999; it has not told its addresses\n"
		      "  channels              lan: off\n"
		      "  tried                 0 pairs; before these all failed, 2 times\n"
		      "  why                   w\n"
		      "  fix                   f\n");
}

static void an_explanation_with_nothing_in_it_prints(void **state)
{
	(void)state;
	assert_prints("{'pairs':[7],'channels':'x','self':{'nat':'none'}}",
		      "? is ?\n"
		      "  you       NAT: none; nobody outside has told yet how we look\n"
		      "  ?         NAT: unknown; it has not told its addresses\n"
		      "  channels  \n"
		      "  tried     1 pair\n"
		      "  why       ?\n"
		      "  fix       ?\n"
		      "\n"
		      "OURS  THEIRS  STATE  RTT  LOSS  ANSWERED\n"
		      "? ?   ? ?     ?      -    -     never\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_known_is_printed),
		cmocka_unit_test(a_peer_that_was_not_heard_of_has_few_lines),
		cmocka_unit_test(an_explanation_with_nothing_in_it_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
