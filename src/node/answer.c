/* answer.c -- a STUN request becomes its answer, in its place if that is long enough. */
#include "node/answer.h"

#include <string.h>

static bool fits(const struct packet *p, size_t len)
{
	return len <= (size_t)(p->end - p->data);
}

bool answer_stun(struct responder *r, struct rooms *rooms, struct datagram *d, uint16_t *port,
		 msec now)
{
	uint8_t answer[RESPONDER_ANSWER_MAX];
	struct writer w = writer_over(answer, sizeof(answer));
	struct endpoint to = {.ip = d->path.local, .port = *port};
	struct endpoint source;

	if (!responder_feed(r, now, &d->path.remote, &to, packet_bytes(&d->packet), &w, &source) ||
	    w.bad || (!fits(&d->packet, w.len) && !rooms_move(rooms, &d->packet)))
		return false;
	memcpy(d->packet.data, answer, w.len);
	d->packet.len = w.len;
	d->ecn = d->dscp = 0;
	*port = source.port;
	return true;
}
