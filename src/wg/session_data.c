/* session_data.c -- data packets of a session: bursts, sealed and opened in place.
 *
 *   headroom          inner packet                   tailroom
 *   |   16 bytes    |==============================| padding 0..15 | tag 16 |
 *    type, receiver, ^ packet.data before seal,
 *    counter           after open
 *
 * A burst costs one call of the AEAD for each run of packets under one key;
 * usually that is one call.
 */
#include "wg/session_facts.h"

#include <assert.h>
#include <string.h>

/* -- out ----------------------------------------------------------------- */

bool session_may_send(const struct session *s, msec now)
{
	return s->current && keypair_may_send(s->current, now);
}

msec session_expires(const struct session *s)
{
	return s->current ? s->current->born + REJECT_AFTER_TIME : NEVER;
}

static size_t padded_len(size_t len, size_t mtu)
{
	size_t padded = (len + PADDING - 1) / PADDING * PADDING;

	if (mtu == SESSION_UNPADDED)
		return len;
	return padded > mtu && len <= mtu ? mtu : padded;
}

/* How many of n messages this key may still seal. */
static size_t counters_left(const struct keypair *kp, size_t n)
{
	uint64_t left = keypair_reject_after(kp) - kp->send_counter;

	return left < n ? (size_t)left : n;
}

/* Pad the packet and put the header before it. */
static struct aead_job wrap(struct packet *p, struct keypair *kp, size_t mtu)
{
	size_t padded = padded_len(p->len, mtu);
	struct aead_job job = {.text = p->data, .len = padded, .counter = kp->send_counter++};
	struct message_data *header = (struct message_data *)p->data - 1;

	assert(packet_headroom(p) >= sizeof(*header));
	assert(packet_tailroom(p) >= padded - p->len + AEAD_TAG_LEN);
	memset(p->data + p->len, 0, padded - p->len);
	store_le32(header->type, message_head(MESSAGE_DATA, kp->suite));
	store_le32(header->receiver, kp->remote_index);
	store_le64(header->counter, job.counter);
	p->data -= sizeof(*header);
	p->len = sizeof(*header) + padded + AEAD_TAG_LEN;
	return job;
}

/* Paper, section 6.2: the initiator starts anew when the key is old; who has
 * sent a great many messages, in either role. */
static bool wants_new_key_after_send(const struct keypair *kp, msec now)
{
	return kp->send_counter > keypair_rekey_after(kp) ||
	       (kp->is_initiator && now - kp->born >= REKEY_AFTER_TIME);
}

size_t session_seal(struct session *s, struct packet *packets, size_t n, size_t mtu, msec now)
{
	struct aead_job jobs[BURST_MAX];
	size_t total = 0;
	bool has_data = false;

	assert(n <= BURST_MAX);
	if (n == 0)
		return 0;
	if (!session_may_send(s, now)) {
		session_want_handshake(s, now);
		return 0;
	}
	n = counters_left(s->current, n);
	for (size_t i = 0; i < n; i++) {
		has_data |= packets[i].len > 0;
		jobs[i] = wrap(&packets[i], s->current, mtu);
		total += packets[i].len;
	}
	aead_seal(&s->current->send, jobs, n);
	s->owes_keepalive = false;
	session_said(s, total, now);
	if (has_data)
		timers_data_sent(&s->timers, s->shared->rng, now);
	if (wants_new_key_after_send(s->current, now))
		session_want_handshake(s, now);
	return n;
}

/* -- in ------------------------------------------------------------------ */

static uint32_t head_of(const struct packet *p)
{
	return load_le32(((const struct message_data *)p->data)->type);
}

static uint32_t receiver_of(const struct packet *p)
{
	return load_le32(((const struct message_data *)p->data)->receiver);
}

static uint64_t counter_of(const struct packet *p)
{
	return load_le64(((const struct message_data *)p->data)->counter);
}

static struct keypair *keypair_with(const struct session *s, uint32_t local_index)
{
	struct keypair *const all[] = {s->current, s->previous, s->next};

	for (size_t i = 0; i < 3; i++)
		if (all[i] && all[i]->local_index == local_index)
			return all[i];
	return NULL;
}

/* What can be said before the AEAD. It may only refuse: who wrote the header is
 * not known yet. */
static enum session_verdict judge_header(const struct keypair *kp, const struct packet *p, msec now)
{
	uint64_t counter = counter_of(p);

	if (!kp)
		return SESSION_UNEXPECTED;
	if (head_of(p) != message_head(MESSAGE_DATA, kp->suite))
		return SESSION_BAD;
	if (!keypair_may_receive(kp, now) || counter >= keypair_reject_after(kp))
		return SESSION_EXPIRED;
	return replay_may_accept(&kp->replay, counter) ? SESSION_OK : SESSION_REPLAYED;
}

/* What can be said after it. A packet that comes twice in one run is new once. */
static enum session_verdict judge_opened(struct keypair *kp, const struct aead_job *job)
{
	if (!job->ok)
		return SESSION_BAD;
	return replay_accept(&kp->replay, job->counter) ? SESSION_OK : SESSION_REPLAYED;
}

/* Paper, section 6.2: an initiator that only listens starts anew while there is
 * time for a handshake before the key expires, once per key. */
static bool wants_new_key_after_receive(const struct session *s, msec now)
{
	const struct keypair *kp = s->current;

	return kp && kp->is_initiator && !s->rekeyed_on_receive &&
	       now - kp->born >= REJECT_AFTER_TIME - KEEPALIVE_TIMEOUT - REKEY_TIMEOUT;
}

static void run_received(struct session *s, struct keypair *kp, size_t total, msec now)
{
	session_heard(s, total, now);
	if (kp == s->next)
		session_confirm_next(s, now);
	if (wants_new_key_after_receive(s, now)) {
		s->rekeyed_on_receive = true;
		session_want_handshake(s, now);
	}
}

static struct aead_job unwrap(const struct packet *p)
{
	return (struct aead_job){
		.text = p->data + sizeof(struct message_data),
		.len = p->len - MESSAGE_DATA_MIN,
		.counter = counter_of(p),
	};
}

/* Packets that name the same keypair, which may be none. */
static void open_run(struct session *s, struct keypair *kp, struct packet *packets,
		     enum session_verdict *verdicts, size_t n, msec now)
{
	struct aead_job jobs[BURST_MAX];
	size_t opened = 0, total = 0;

	for (size_t i = 0; i < n; i++) {
		verdicts[i] = judge_header(kp, &packets[i], now);
		if (verdicts[i] == SESSION_OK)
			jobs[opened++] = unwrap(&packets[i]);
	}
	if (opened == 0)
		return;
	aead_open(&kp->recv, jobs, opened);
	for (size_t i = 0, j = 0; i < n; i++) {
		if (verdicts[i] != SESSION_OK)
			continue;
		verdicts[i] = judge_opened(kp, &jobs[j]);
		if (verdicts[i] == SESSION_OK) {
			kp->received++;
			total += packets[i].len;
			packets[i].data = jobs[j].text;
			packets[i].len = jobs[j].len;
			if (packets[i].len)
				timers_data_received(&s->timers, now);
		}
		j++;
	}
	if (total)
		run_received(s, kp, total, now);
}

/* How many of the packets name the same receiver as the first. */
static size_t run_len(const struct packet *packets, size_t n)
{
	size_t len = 1;

	while (len < n && packets[len].len >= MESSAGE_DATA_MIN &&
	       receiver_of(&packets[len]) == receiver_of(&packets[0]))
		len++;
	return len;
}

void session_open(struct session *s, struct packet *packets, enum session_verdict *verdicts,
		  size_t n, msec now)
{
	assert(n <= BURST_MAX);
	for (size_t i = 0, run; i < n; i += run) {
		run = 1;
		if (packets[i].len < MESSAGE_DATA_MIN) {
			verdicts[i] = SESSION_BAD;
			continue;
		}
		run = run_len(&packets[i], n - i);
		open_run(s, keypair_with(s, receiver_of(&packets[i])), &packets[i], &verdicts[i],
			 run, now);
	}
}

/* -- what arrives -------------------------------------------------------- */

struct session_tally session_sent(const struct session *s)
{
	const struct keypair *kp = s->current;

	return kp ? (struct session_tally){.key = kp->remote_index, .next = kp->send_counter}
		  : (struct session_tally){0};
}

struct session_tally session_received(const struct session *s)
{
	const struct keypair *kp = s->current;

	return kp ? (struct session_tally){kp->local_index, kp->replay.next, kp->received}
		  : (struct session_tally){0};
}
