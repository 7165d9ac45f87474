/* explain_print.c -- why a peer is reached as it is, printed.
 *
 *	laptop is DIRECT by udp4 203.0.113.9:52011 (punched) for 6m12, 14 ms, 0 % lost
 *	  you       NAT: easy, the same port for all; seen at 203.0.113.4:41999 by 192.0.2.9
 *	            host 192.168.1.5:41999, srflx 203.0.113.4:41999
 *	  laptop    NAT: unknown
 *	            host 10.0.0.7:27001, srflx 203.0.113.9:52011
 *	  channels  lan: on, vps: connected
 *	  relays    turn:relay.example.net: up (udp), at 192.0.2.1:50000
 *	  tried     3 pairs: 1 valid, 2 failed
 *	  why       packets go straight to it, and its answers come back
 *	  fix       nothing to do
 *
 *	OURS  THEIRS  STATE  RTT  LOSS  ANSWERED		and so on, each pair
 */
#include "cli/explain.h"

#include <ctype.h>
#include <string.h>

#include "cli/format.h"
#include "cli/way.h"
#include "ctl/report.h"

enum { LABEL = 8, COLUMNS = 6, CELL = 128 };

static const json_t *get(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

/* -- the first line ---------------------------------------------------------- */

static void print_state(FILE *out, const char *state)
{
	for (; *state; state++)
		fputc(toupper((unsigned char)*state), out);
}

static void print_quality(FILE *out, const json_t *e)
{
	int64_t loss = report_number(e, "loss", -1);
	char rtt[RTT_TEXT];

	if (strcmp(format_rtt(rtt, e), "-") != 0)
		fprintf(out, ", %s", rtt);
	if (loss >= 0)
		fprintf(out, ", %lld %% lost", (long long)loss);
}

/* "DIRECT by udp4 192.0.2.1:5", "RELAYED through office (udp4)", "RELAYED by turn:..." */
static void print_way(FILE *out, const json_t *e, const char *state)
{
	bool is_relayed = strcmp(state, "relay") == 0;
	char way[WAY_TEXT];

	print_state(out, is_relayed ? "relayed" : state);
	if (!is_relayed && strcmp(state, "direct") != 0)
		return;
	format_way(way, get(e, "path"));
	fprintf(out, "%s%s", strncmp(way, "through ", 8) ? " by " : " ", way);
}

static void print_head(FILE *out, const json_t *e)
{
	const char *state = report_text(e, "state", "?");
	int64_t since = report_number(e, "since_s", -1);
	char text[FORMAT_TEXT];

	fprintf(out, "%s is ", report_text(e, "name", "?"));
	print_way(out, e, state);
	if (since >= 0)
		fprintf(out, " for %s", format_duration(text, since));
	if (strcmp(state, "idle") != 0)
		print_quality(out, e);
	fputc('\n', out);
}

/* -- the lines below it ------------------------------------------------------ */

static int label_width(const json_t *e)
{
	int len = (int)strlen(report_text(e, "name", "?"));

	return len > LABEL ? len : LABEL;
}

static void print_label(FILE *out, const json_t *e, const char *label)
{
	fprintf(out, "  %-*s  ", label_width(e), label);
}

static const char *words_for_nat(const json_t *side)
{
	const char *word = report_text(side, "nat", "unknown");

	if (strcmp(word, "none") == 0)
		return "none";
	if (strcmp(word, "easy") == 0)
		return "easy, the same port for all";
	if (strcmp(word, "hard") != 0)
		return word;
	return json_is_true(get(side, "in_a_row")) ? "hard (symmetric), each sees the next port"
						   : "hard (symmetric), each sees another port";
}

/* "host 192.0.2.1:5", "relay office" */
static void format_candidate(char out[static CELL], const json_t *c)
{
	snprintf(out, CELL, "%s %s", report_text(c, "type", "?"),
		 report_text(c, "address", report_text(c, "relay", "?")));
}

static void print_candidates(FILE *out, const json_t *e, const json_t *candidates)
{
	const json_t *c;
	size_t i;

	if (!json_array_size(candidates))
		return;
	print_label(out, e, "");
	json_array_foreach(candidates, i, c)
	{
		char text[CELL];

		format_candidate(text, c);
		fprintf(out, "%s%s", i ? ", " : "", text);
	}
	fputc('\n', out);
}

static void print_us(FILE *out, const json_t *e)
{
	const json_t *self = get(e, "self"), *seen;
	size_t i;

	print_label(out, e, "you");
	fprintf(out, "NAT: %s", words_for_nat(self));
	if (!json_array_size(get(self, "observed")))
		fputs("; nobody outside has told yet how we look", out);
	json_array_foreach(get(self, "observed"), i, seen)
	{
		fprintf(out, "%s %s%s by %s", i ? "," : "; seen at",
			strcmp(report_text(seen, "proto", ""), "tcp") == 0 ? "tcp " : "",
			report_text(seen, "address", "?"), report_text(seen, "by", "?"));
	}
	fputc('\n', out);
	print_candidates(out, e, get(self, "candidates"));
}

static void print_peer(FILE *out, const json_t *e)
{
	const json_t *peer = get(e, "peer"), *candidates = get(peer, "candidates");
	const char *endpoint = report_text(e, "endpoint", NULL);

	print_label(out, e, report_text(e, "name", "?"));
	fprintf(out, "NAT: %s", words_for_nat(peer));
	if (endpoint)
		fprintf(out, "; endpoint %s", endpoint);
	if (!json_array_size(candidates))
		fputs("; it has not told its addresses", out);
	fputc('\n', out);
	print_candidates(out, e, candidates);
}

static void print_channels(FILE *out, const json_t *e)
{
	const json_t *channel;
	size_t i;

	print_label(out, e, "channels");
	json_array_foreach(get(e, "channels"), i, channel)
	{
		fprintf(out, "%s%s: %s", i ? ", " : "",
			report_text(channel, "name", report_text(channel, "kind", "?")),
			report_text(channel, "state", "?"));
	}
	fputc('\n', out);
}

static void print_turn(FILE *out, const json_t *turn)
{
	const char *state = report_text(turn, "state", "?");
	const char *problem = report_text(turn, "problem", NULL);
	int64_t retry = report_number(turn, "retry_s", -1);
	char text[FORMAT_TEXT];

	fprintf(out, "%s: %s", report_text(turn, "name", "?"), strcmp(state, "off") ? state : "not needed");
	if (strcmp(state, "up") == 0)
		fprintf(out, " (%s), at %s", report_text(turn, "transport", "?"),
			report_text(turn, "address", "?"));
	if (problem)
		fprintf(out, ": %s", problem);
	if (strcmp(state, "refused") == 0)
		fputs("; not asked again until the config changes", out);
	if (retry >= 0)
		fprintf(out, "; asked again in %s", format_duration(text, retry));
	fputc('\n', out);
}

/* A line for each: what is wrong with it may be long. */
static void print_turns(FILE *out, const json_t *e)
{
	const json_t *turn;
	size_t i;

	json_array_foreach(get(e, "turn"), i, turn)
	{
		print_label(out, e, i ? "" : "relays");
		print_turn(out, turn);
	}
}

/* -- pairs ------------------------------------------------------------------- */

static unsigned count_in(const json_t *pairs, const char *state)
{
	const json_t *pair;
	unsigned n = 0;
	size_t i;

	json_array_foreach(pairs, i, pair) n += strcmp(report_text(pair, "state", ""), state) == 0;
	return n;
}

static void print_tried(FILE *out, const json_t *e)
{
	static const char *const states[] = {"valid", "in progress", "waiting", "frozen", "failed"};
	const json_t *pairs = get(e, "pairs");
	size_t n = json_array_size(pairs);
	int64_t failed = report_number(e, "rounds_failed", 0);
	const char *before = ": ";

	print_label(out, e, "tried");
	fprintf(out, "%zu pair%s", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		unsigned in_state = count_in(pairs, states[i]);

		if (!in_state)
			continue;
		fprintf(out, "%s%u %s", before, in_state, states[i]);
		before = ", ";
	}
	if (failed)
		fprintf(out, "; before these all failed, %lld time%s", (long long)failed,
			failed == 1 ? "" : "s");
	fputc('\n', out);
}

static void add_end(struct table *t, const json_t *candidate)
{
	char cell[CELL];

	format_candidate(cell, candidate);
	table_add(t, cell);
}

static void add_loss(struct table *t, const json_t *pair)
{
	int64_t loss = report_number(pair, "loss", -1);
	char cell[CELL];

	snprintf(cell, sizeof(cell), "%lld %%", (long long)loss);
	table_add(t, loss < 0 ? "-" : cell);
}

/* "  (in use)", "  (was bad, rests for 43 s)", or nothing */
static void print_use(char out[static CELL], const json_t *pair)
{
	int64_t penalty = report_number(pair, "penalty_s", -1);
	char text[FORMAT_TEXT];

	out[0] = '\0';
	if (json_is_true(get(pair, "in_use")))
		snprintf(out, CELL, "  (in use)");
	else if (penalty >= 0)
		snprintf(out, CELL, "  (was bad, rests for %s)", format_duration(text, penalty));
}

static void add_answered(struct table *t, const json_t *pair)
{
	int64_t age = report_number(pair, "answered_s", -1);
	char text[FORMAT_TEXT], use[CELL], cell[2 * CELL + FORMAT_TEXT];

	print_use(use, pair);
	snprintf(cell, sizeof(cell), "%s%s%s", age < 0 ? "never" : format_duration(text, age),
		 age < 0 ? "" : " ago", use);
	table_add(t, cell);
}

static void add_pair(struct table *t, const json_t *pair)
{
	char rtt[RTT_TEXT];

	add_end(t, get(pair, "local"));
	add_end(t, get(pair, "remote"));
	table_add(t, report_text(pair, "state", "?"));
	table_add(t, format_rtt(rtt, pair));
	add_loss(t, pair);
	add_answered(t, pair);
}

static void print_pairs(FILE *out, const json_t *pairs)
{
	static const char *const titles[COLUMNS] = {"OURS", "THEIRS", "STATE",
						    "RTT",  "LOSS",   "ANSWERED"};
	const json_t *pair;
	struct table t;
	size_t i;

	if (!json_array_size(pairs))
		return;
	fputc('\n', out);
	table_init(&t, COLUMNS);
	for (i = 0; i < COLUMNS; i++)
		table_add(&t, titles[i]);
	json_array_foreach(pairs, i, pair) add_pair(&t, pair);
	table_print(out, &t, NULL);
	table_deinit(&t);
}

void explain_print(FILE *out, const json_t *e)
{
	print_head(out, e);
	print_us(out, e);
	print_peer(out, e);
	print_channels(out, e);
	print_turns(out, e);
	print_tried(out, e);
	print_label(out, e, "why");
	fprintf(out, "%s\n", report_text(e, "why", "?"));
	print_label(out, e, "fix");
	fprintf(out, "%s\n", report_text(e, "fix", "?"));
	print_pairs(out, get(e, "pairs"));
}
