/* loss.c -- how much of what is sent arrives, as the other side counts it. */
#include "node/loss.h"

#include <string.h>

static bool is_too_much(const struct inband_second *s)
{
	return (uint64_t)(s->span - s->received) * LOSS_TOLD >= s->span;
}

/* -- what comes in ------------------------------------------------------------ */

/* The oldest makes room. */
static void keep_second(struct inband_report *r, uint64_t span, uint64_t received)
{
	if (r->seconds_len == INBAND_SECONDS) {
		r->first += r->seconds[0].span;
		memmove(r->seconds, r->seconds + 1, --r->seconds_len * sizeof(r->seconds[0]));
	}
	r->seconds[r->seconds_len++] = (struct inband_second){
		(uint32_t)span, (uint32_t)(received < span ? received : span)};
}

static void count_from(struct loss *l, const struct session_tally *from, msec now)
{
	l->begun = *from;
	l->begun_at = now;
}

static bool begin_count(struct loss *l, const struct session_tally *from, msec now)
{
	count_from(l, from, now);
	l->counted = (struct inband_report){.key = from->key, .first = from->next};
	return false;
}

/* A message that comes late was missing in its second and is one too many in the next, which
 * is to the good of those that follow: most likely more are late in turn. */
bool loss_count(struct loss *l, const struct session *s, msec now)
{
	struct session_tally so_far = session_received(s);
	uint64_t span = so_far.next - l->begun.next, received = so_far.received - l->begun.received;

	if (so_far.key != l->begun.key || now - l->begun_at >= LOSS_PAUSE || span > UINT32_MAX)
		return begin_count(l, &so_far, now);
	if (now - l->begun_at < LOSS_SECOND || span < LOSS_FEW)
		return false;
	keep_second(&l->counted, span, received);
	if (received > span)
		so_far.received -= received - span;
	count_from(l, &so_far, now);
	l->owes_report = is_too_much(&l->counted.seconds[l->counted.seconds_len - 1]);
	return l->owes_report;
}

bool loss_poll(struct loss *l, struct inband *out)
{
	if (!l->owes_report || !l->counted.seconds_len)
		return false;
	*out = (struct inband){.kind = FRAME_REPORT, .report = l->counted};
	l->owes_report = false;
	return true;
}

/* -- what goes out ------------------------------------------------------------ */

static void begin(struct loss *l, uint32_t key, uint64_t first)
{
	l->key = key;
	l->first = first;
	l->told_len = 0;
}

void loss_begin(struct loss *l, const struct session *s)
{
	struct session_tally sent = session_sent(s);

	begin(l, sent.key, sent.next);
}

/* Is all that it speaks of among what was sent? */
static bool is_possible(const struct inband_report *report, uint64_t sent)
{
	uint64_t left = report->first <= sent ? sent - report->first : 0;

	for (size_t i = 0; i < report->seconds_len; i++) {
		if (report->seconds[i].span > left)
			return false;
		left -= report->seconds[i].span;
	}
	return true;
}

static void keep_told(struct loss *l, uint64_t first, const struct inband_second *second, msec now)
{
	if (l->told_len < LOSS_SECONDS)
		l->told_len++;
	memmove(l->told + 1, l->told, (l->told_len - 1) * sizeof(l->told[0]));
	l->told[0].at = now;
	l->told[0].first = first;
	l->told[0].end = first + second->span;
	l->told[0].lost = second->span - second->received;
}

bool loss_take(struct loss *l, const struct session *s, const struct inband_report *report,
	       msec now)
{
	struct session_tally sent = session_sent(s);
	uint64_t first = report->first;

	if (report->key != sent.key)
		return true;		/* of the key before */
	if (!is_possible(report, sent.next))
		return false;
	if (report->key != l->key)
		begin(l, sent.key, 0);
	for (size_t i = 0; i < report->seconds_len; first += report->seconds[i++].span) {
		if (first < l->first)
			continue;
		if (is_too_much(&report->seconds[i]))
			keep_told(l, first, &report->seconds[i], now);
		l->first = first + report->seconds[i].span;
	}
	return true;
}

/* So many that are lost may be bad luck: two standard deviations. */
static uint64_t luck(uint64_t lost)
{
	uint64_t n = 0;

	while (n * n < 4 * lost)
		n++;
	return n;
}

/* Of the last few seconds, as many as say most. */
unsigned loss_of(const struct loss *l, msec now)
{
	uint64_t lost = 0, worst = 0;
	msec next = now;

	for (unsigned i = 0; i < l->told_len && next - l->told[i].at <= LOSS_GAP; i++) {
		uint64_t span = l->told[0].end - l->told[i].first;

		lost += l->told[i].lost;
		if (i + 1 >= LOSS_SERIES && span >= LOSS_MESSAGES && lost > luck(lost)) {
			uint64_t at_least = (lost - luck(lost)) * 1000 / span;

			worst = at_least > worst ? at_least : worst;
		}
		next = l->told[i].at;
	}
	return (unsigned)worst;
}
