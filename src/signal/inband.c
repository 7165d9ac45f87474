/* inband.c -- what two connected peers tell each other inside their session. */
#include "signal/inband.h"

static void put_report(struct writer *w, const struct inband_report *report)
{
	put_be32(w, report->key);
	put_be64(w, report->first);
	for (size_t i = 0; i < report->seconds_len; i++) {
		put_be32(w, report->seconds[i].span);
		put_be32(w, report->seconds[i].received);
	}
}

static struct inband_report get_report(struct reader *r)
{
	struct inband_report report = {.key = get_be32(r)};

	report.first = get_be64(r);
	do {
		struct inband_second *second = &report.seconds[report.seconds_len++];

		second->span = get_be32(r);
		second->received = get_be32(r);
		r->bad = r->bad || second->span == 0 || second->received > second->span;
	} while (report.seconds_len < INBAND_SECONDS && !r->bad && !reader_done(r));
	return report;
}

size_t inband_write(uint8_t *out, size_t cap, const struct inband *message)
{
	struct writer w = frame_begin(out, cap, message->kind);

	if (message->kind == FRAME_DESC) {
		put_bytes(&w, message->desc);
	} else if (message->kind == FRAME_BYE) {
		put_u8(&w, message->reason);
	} else if (message->kind == FRAME_REPORT) {
		put_report(&w, &message->report);
	} else {
		put_be32(&w, message->path);
		put_be64(&w, message->echo);
	}
	return frame_end(&w);
}

static bool is_ours(unsigned kind)
{
	return (kind >= FRAME_DESC && kind <= FRAME_PONG) || kind == FRAME_REPORT;
}

bool inband_read(struct inband *out, struct bytes plain)
{
	struct inband m = {0};
	struct reader r;
	struct bytes body;
	unsigned kind;

	if (!frame_read(plain, &kind, &body) || !is_ours(kind))
		return false;
	m.kind = (enum frame_kind)kind;
	r = reader_over(body);
	if (m.kind == FRAME_DESC) {
		m.desc = get_bytes(&r, body.len);
		r.bad = r.bad || body.len == 0 || body.len > DESC_MAX;
	} else if (m.kind == FRAME_BYE) {
		m.reason = get_u8(&r);
	} else if (m.kind == FRAME_REPORT) {
		m.report = get_report(&r);
	} else {
		m.path = get_be32(&r);
		m.echo = get_be64(&r);
	}
	if (r.bad || !reader_done(&r))
		return false;
	*out = m;
	return true;
}
