/* loss.c -- how much of what is sent arrives, as the other side counts it. */
#include "node/loss.h"

#include <string.h>

/* -- what comes in ------------------------------------------------------------ */

static bool is_too_much(uint64_t span, uint64_t received)
{
	return received < span && (span - received) * LOSS_TOLD >= span && span <= UINT32_MAX;
}

/* A message that comes late was missing in its second and is one too many in the next, which
 * is to the good of those that follow: most likely more are late in turn. */
bool loss_count(struct loss *l, const struct session *s, msec now)
{
	struct session_tally begun = l->begun, so_far = session_received(s);
	uint64_t span = so_far.next - begun.next, received = so_far.received - begun.received;
	bool goes_on = so_far.key == begun.key && now - l->begun_at < LOSS_PAUSE;

	if (goes_on && (now - l->begun_at < LOSS_SECOND || span < LOSS_FEW))
		return false;
	l->begun = so_far;
	l->begun_at = now;
	if (goes_on && received > span)
		l->begun.received -= received - span;
	if (!goes_on || !is_too_much(span, received))
		return false;
	l->owed = (struct inband_report){begun.key, begun.next, (uint32_t)span, (uint32_t)received};
	return true;
}

bool loss_poll(struct loss *l, struct inband *out)
{
	if (!l->owed.span)
		return false;
	*out = (struct inband){.kind = FRAME_REPORT, .report = l->owed};
	l->owed.span = 0;
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

static void keep(struct loss *l, const struct inband_report *report, msec now)
{
	if (l->told_len < LOSS_SECONDS)
		l->told_len++;
	memmove(l->told + 1, l->told, (l->told_len - 1) * sizeof(l->told[0]));
	l->told[0].at = now;
	l->told[0].first = report->first;
	l->told[0].end = l->first = report->first + report->span;
	l->told[0].lost = report->span - report->received;
}

bool loss_take(struct loss *l, const struct session *s, const struct inband_report *report,
	       msec now)
{
	struct session_tally sent = session_sent(s);

	if (report->key != sent.key)
		return true;		/* of the key before */
	if (report->first > sent.next || report->span > sent.next - report->first)
		return false;
	if (report->key != l->key)
		begin(l, sent.key, 0);
	if (report->first >= l->first)
		keep(l, report, now);
	return true;
}

/* The last few reports, as many as it takes. */
unsigned loss_of(const struct loss *l, msec now)
{
	uint64_t lost = 0;
	msec next = now;

	for (unsigned i = 0; i < l->told_len && next - l->told[i].at <= LOSS_GAP; i++) {
		uint64_t span = l->told[0].end - l->told[i].first;

		lost += l->told[i].lost;
		if (i + 1 >= LOSS_SERIES && span >= LOSS_MESSAGES)
			return (unsigned)(lost * 1000 / span);
		next = l->told[i].at;
	}
	return 0;
}
