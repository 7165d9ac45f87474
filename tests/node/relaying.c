/* relaying.c -- what a lab's far nodes have us pass on, and what comes of it. */
#include "node/relaying.h"

void relaying_register(struct lab *lab, size_t i, const uint8_t id[static MAILBOX_LEN])
{
	struct rendezvous_message m = {.kind = FRAME_REGISTER, .sequence = 1, .lifetime = 300,
				       .ids = (const uint8_t(*)[MAILBOX_LEN])id, .ids_len = 1};
	uint8_t frame[RENDEZVOUS_FRAME_MAX];
	struct mail mail = lab_seal(lab, i, frame, rendezvous_write(frame, sizeof(frame), &m));

	lab_feed(lab, &lab->us, &mail);
	lab_forget(lab);
}

struct mail relaying_frame(struct lab *lab, size_t from, const uint8_t id[static MAILBOX_LEN],
			   unsigned n, size_t len)
{
	uint8_t room[RELAY_HEADER + RELAYING_LEN];
	struct packet p = packet_in(room, sizeof(room), RELAY_HEADER, len);

	for (size_t k = 0; k < len; k++)
		p.data[k] = (uint8_t)(n + k);
	assert_true(relay_put(&p, id));
	return lab_seal(lab, from, p.data, p.len);
}

struct packet relaying_opened(struct lab *lab, size_t i, struct mail *mail)
{
	struct peer *peer = lab->far[i].node->roster.peers[0];
	struct packet p = packet_in(mail->bytes, sizeof(mail->bytes), 0, mail->len);
	enum session_verdict verdict;

	assert_true(endpoint_equal(&mail->path.remote, &lab->far[i].at));
	session_open(&peer->session, &p, &verdict, 1, lab->now);
	assert_int_equal(verdict, SESSION_OK);
	return p;
}

void relaying_assert(struct lab *lab, size_t to, struct mail *mail, const uint8_t *tag, unsigned n,
		     size_t len)
{
	struct packet p = relaying_opened(lab, to, mail), inside;
	uint8_t got[RELAY_TAG];

	assert_true(relay_read(&p, got, &inside));
	assert_memory_equal(got, tag, RELAY_TAG);
	assert_int_equal(inside.len, len);
	for (size_t k = 0; k < len; k++)
		assert_int_equal(inside.data[k], (uint8_t)(n + k));
}
