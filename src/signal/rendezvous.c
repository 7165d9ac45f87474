/* rendezvous.c -- the words between a node and who passes envelopes on for it. */
#include "signal/rendezvous.h"

#include "signal/address.h"

size_t rendezvous_write(uint8_t *out, size_t cap, const struct rendezvous_message *message)
{
	struct writer w = frame_begin(out, cap, message->kind);

	if (message->kind == FRAME_REGISTER) {
		put_be16(&w, message->sequence);
		put_be16(&w, message->lifetime);
		put_bytes(&w, bytes_of(message->ids, message->ids_len * MAILBOX_LEN));
	} else if (message->kind == FRAME_OBSERVED) {
		put_be16(&w, message->sequence);
		put_be16(&w, message->lifetime);
		put_be16(&w, message->held);
		put_be16(&w, message->limit);
		put_u8(&w, message->flags);
		put_be64(&w, message->time_ms);
		put_address(&w, &message->address);
	} else {
		put_bytes(&w, message->envelope);
	}
	return frame_end(&w);
}

static void read_register(struct rendezvous_message *m, struct reader *r)
{
	struct bytes ids;

	m->sequence = get_be16(r);
	m->lifetime = get_be16(r);
	ids = get_bytes(r, r->rest.len);
	if (ids.len % MAILBOX_LEN || ids.len > (size_t)RENDEZVOUS_IDS_MAX * MAILBOX_LEN)
		r->bad = true;
	m->ids = (const uint8_t (*)[MAILBOX_LEN])ids.data;
	m->ids_len = ids.len / MAILBOX_LEN;
}

static void read_observed(struct rendezvous_message *m, struct reader *r)
{
	m->sequence = get_be16(r);
	m->lifetime = get_be16(r);
	m->held = get_be16(r);
	m->limit = get_be16(r);
	m->flags = get_u8(r);
	m->time_ms = get_be64(r);
	m->address = get_address(r);
}

bool rendezvous_read(struct rendezvous_message *out, struct bytes plain)
{
	struct rendezvous_message m = {0};
	struct reader r;
	struct bytes body;
	unsigned kind;

	if (!frame_read(plain, &kind, &body) || kind < FRAME_REGISTER || kind > FRAME_OBSERVED)
		return false;
	m.kind = (enum frame_kind)kind;
	r = reader_over(body);
	if (m.kind == FRAME_REGISTER) {
		read_register(&m, &r);
	} else if (m.kind == FRAME_OBSERVED) {
		read_observed(&m, &r);
	} else {
		m.envelope = get_bytes(&r, body.len);
		r.bad = r.bad || !envelope_mailbox(m.envelope);
	}
	if (r.bad || !reader_done(&r))
		return false;
	*out = m;
	return true;
}
