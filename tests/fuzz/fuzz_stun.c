/* fuzz_stun.c -- any bytes as a STUN message, to all who read one.
 *
 * The input is tried as it is, and once more with a header put right, so that
 * the attributes are reached: cookie, length, and the id of a running
 * transaction. The first byte picks what it answers or asks.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "stun/behaviour.h"
#include "stun/credential.h"
#include "stun/responder.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { INPUT_MAX = 2048 };

static struct rng rng;
static struct responder responder;
static struct endpoint us, other, stranger;

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	rng_seed(&rng, 1);
	must(crypto_init() && endpoint_parse(&us, "192.0.2.1:3478") &&
	     endpoint_parse(&other, "192.0.2.2:3479") &&
	     endpoint_parse(&stranger, "[2001:db8::7]:9"));
	return 0;
}

static bool is_inside(struct bytes part, struct bytes whole)
{
	return part.data >= whole.data && part.len <= whole.len &&
	       part.data + part.len <= whole.data + whole.len;
}

/* Everything that can be asked of a message, and what must hold. */
static void read_all(const struct stun_msg *msg)
{
	uint16_t unknown[STUN_UNKNOWN_MAX];
	struct bytes key = bytes_of("key", 3);
	struct endpoint e;
	unsigned code;
	uint64_t u64;
	uint32_t u32;

	must(msg->count <= STUN_ATTRS_MAX);
	must(stun_unknown(msg, NULL, 0, unknown) <= STUN_UNKNOWN_MAX);
	for (unsigned i = 0; i < msg->count; i++) {
		const struct stun_attr *a = &msg->attrs[i];

		must(is_inside(a->value, msg->datagram));
		must(stun_find(msg, a->type) <= a);
		stun_get_u32(msg, a->type, &u32);
		stun_get_u64(msg, a->type, &u64);
		stun_get_address(msg, a->type, &e);
		if (stun_read_xor_address(msg, a, &e))
			must(ip_bits(&e.ip) != 0);
	}
	must(!stun_get_error(msg, &code) || (code >= 300 && code <= 699));
	must(!stun_check_integrity(msg, key) || stun_find(msg, ATTR_MESSAGE_INTEGRITY));
	must(!stun_check_integrity_sha256(msg, key) ||
	     stun_find(msg, ATTR_MESSAGE_INTEGRITY_SHA256));
	must(!stun_check_fingerprint(msg) || stun_find(msg, ATTR_FINGERPRINT));
}

/* What was parsed, written again, is parsed to the same. */
static void write_again(const struct stun_msg *msg)
{
	uint8_t buffer[2 * INPUT_MAX];
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct stun_msg again;

	stun_begin(&w, msg->method, msg->class, msg->id);
	for (unsigned i = 0; i < msg->count; i++)
		stun_put(&w, msg->attrs[i].type, msg->attrs[i].value);
	must(stun_parse(&again, stun_finish(&w)));
	must(again.count == msg->count && again.method == msg->method && again.class == msg->class);
	for (unsigned i = 0; i < msg->count; i++)
		must(again.attrs[i].type == msg->attrs[i].type &&
		     again.attrs[i].value.len == msg->attrs[i].value.len);
}

/* A fresh one each time: an input must behave the same alone as in a run. */
static void ask_responder(struct bytes datagram)
{
	uint8_t out[RESPONDER_ANSWER_MAX];
	struct endpoint source;

	responder_init(&responder, 7);
	responder_set_other(&responder, &us, &other);
	for (int i = 0; i < RESPONDER_RATE + 2; i++) {
		struct writer w = writer_over(out, sizeof(out));
		struct stun_msg msg;

		if (!responder_feed(&responder, 0, &stranger, &us, datagram, &w, &source))
			return;
		must(stun_parse(&msg, stun_finish(&w)));
		if (datagram.len >= RESPONDER_FREE_LEN || i >= RESPONDER_RATE)
			must(w.len <= datagram.len);
	}
}

static void demand_credential(const struct stun_msg *msg)
{
	uint8_t out[INPUT_MAX];
	struct writer w = writer_over(out, sizeof(out));
	struct stun_credential c;
	struct stun_msg again;

	stun_credential_init(&c, bytes_of("user", 4), bytes_of("pass", 4));
	if (stun_credential_feed(&c, msg) == CREDENTIAL_RETRY) {
		stun_begin(&w, STUN_ALLOCATE, STUN_REQUEST, msg->id);
		stun_credential_put(&c, &w);
		must(stun_parse(&again, stun_finish(&w)) && stun_credential_check(&c, &again));
	}
	stun_credential_wipe(&c);
}

static void read_message(struct bytes datagram)
{
	struct stun_msg msg;

	if (!stun_parse(&msg, datagram))
		return;
	read_all(&msg);
	write_again(&msg);
	demand_credential(&msg);
	ask_responder(datagram);
}

/* To a running discovery, as if from the server; then let it run out. */
static void answer_behaviour(uint8_t *copy, size_t len, uint8_t pick)
{
	struct behaviour b;
	msec now = 0;

	behaviour_start(&b, &stranger, &us, 1, &rng, now);
	memcpy(copy + 8, b.survey.queries[0].transaction.id, STUN_ID_LEN);
	behaviour_feed(&b, now, &us, bytes_of(copy, len));
	memcpy(copy + 8, b.probes[pick % PROBES].transaction.id, STUN_ID_LEN);
	behaviour_feed(&b, now, &b.probes[pick % PROBES].transaction.from, bytes_of(copy, len));
	while (behaviour_due(&b) != NEVER) {
		now = behaviour_due(&b);
		behaviour_tick(&b, now);
	}
	must(b.state == BEHAVIOUR_DONE && now <= 12000);
	must(behaviour_word(&b.report) && nat_mapping_word(b.report.mapping));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t copy[INPUT_MAX];

	if (len > sizeof(copy))
		return 0;
	read_message(bytes_of(data, len));
	len &= ~(size_t)3;
	if (len < STUN_HEADER_LEN)
		return 0;
	memcpy(copy, data, len);
	copy[0] &= 0x3f;
	store_be16(copy + 2, (uint16_t)(len - STUN_HEADER_LEN));
	store_be32(copy + 4, STUN_COOKIE);
	read_message(bytes_of(copy, len));
	store_be16(copy, copy[1] & 0x10 ? 0x0111 : 0x0101);
	answer_behaviour(copy, len, data[8]);
	return 0;
}
