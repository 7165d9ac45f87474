/* fuzz_rendezvous_node.c -- a rendezvous, four who call it, and whatever may befall them.
 *
 * The input is a list of events. Whatever comes, what goes out before anybody has a
 * session is no more than what came in, and who has said all has nothing due.
 */
#include <stdlib.h>

#include "node/callers.h"
#include "stun/responder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLERS = 4, ROOM = 3, BYTES_MAX = 255 * 6 };

enum fuzz_event {
	EVENT_STRAY,		/* bytes of the input, from a stranger */
	EVENT_SIGNED,		/* the same with a right mac1 */
	EVENT_CONNECT,
	EVENT_KNOCK,		/* and say nothing more */
	EVENT_FRAME,		/* bytes of the input, sealed */
	EVENT_REGISTER,
	EVENT_PUBLISH,
	EVENT_CHANGED,		/* the last datagram of a caller, with one byte changed */
	EVENT_MOVE,
	EVENT_TIME,
	EVENT_RELAY,		/* so many datagrams of bytes of the input */
	EVENT_TAKE,		/* a connection, or the door again */
	EVENT_END,		/* of a connection */
	EVENTS,
};

static const uint8_t psk[KEY_LEN] = {9};
static struct hall hall;
static struct caller callers[CALLERS];
static bool anybody;			/* has a session */

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void stray(struct reader *r, struct caller *c, bool is_signed)
{
	uint8_t bytes[BYTES_MAX];
	size_t len = is_signed ? sizeof(struct message_initiation) : get_u8(r) * 6u;
	struct bytes rest = get_bytes(r, len);
	uint16_t via = get_u8(r) & 1;
	struct cookie_jar jar;

	if (r->bad || !rest.len)
		return;
	memcpy(bytes, rest.data, rest.len);
	if (is_signed) {
		cookie_jar_init(&jar, rendezvous_node_public_key(hall.rendezvous));
		cookie_jar_sign(&jar, bytes, rest.len, hall.now);
	}
	if (hall_feed(&hall, &c->at, via, bytes, rest.len))
		must(hall.answer.len <= rest.len || rest.len < RESPONDER_FREE_LEN);
}

static void knock(struct caller *c)
{
	uint8_t message[148];

	session_want_handshake(&c->session, hall.now);
	c->shared.wall_ns = HALL_WALL + (uint64_t)hall.now * 1000000;
	for (size_t len; session_poll(&c->session, message, &len, hall.now) != OWED_NOTHING;)
		hall_feed(&hall, &c->at, c->via, message, len);
}

static void conclude(struct caller *c)
{
	uint8_t message[148];
	size_t len = caller_conclude(&hall, c, message);

	if (!len)
		return;
	anybody = true;
	hall_feed(&hall, &c->at, c->via, message, len);
}

static void say(struct caller *c, struct bytes plain)
{
	if (session_may_send(&c->session, hall.now))
		caller_say(&hall, c, plain.data, plain.len);
}

static void say_message(struct reader *r, struct caller *c, enum frame_kind kind)
{
	uint8_t envelope[ENVELOPE_OVERHEAD + 8] = {ENVELOPE_VERSION}, frame[RENDEZVOUS_FRAME_MAX];
	uint8_t ids[2][MAILBOX_LEN] = {{0}};
	struct rendezvous_message m = {
		.kind = kind, .lifetime = get_u8(r), .ids_len = 2,
		.ids = (const uint8_t(*)[MAILBOX_LEN])ids,
		.envelope = bytes_of(envelope, sizeof(envelope))};

	ids[0][0] = get_u8(r) & 7;
	envelope[1] = get_u8(r) & 7;
	say(c, bytes_of(frame, rendezvous_write(frame, sizeof(frame), &m)));
}

static void relay(struct reader *r, struct caller *c)
{
	const uint8_t tag[RELAY_TAG] = {get_u8(r) & 7};
	unsigned n = get_u8(r) % 64u;
	struct bytes datagram = get_bytes(r, get_u8(r));

	for (unsigned i = 0; !r->bad && datagram.len && i < n; i++) {
		if (session_may_send(&c->session, hall.now) &&
		    caller_relay(&hall, c, tag, datagram.data, datagram.len))
			must(!endpoint_equal(&hall.answered, &c->at));
	}
}

/* hall.left holds it, as it was left by being opened. */
static void changed(struct reader *r, struct caller *c)
{
	uint8_t bytes[64];

	memcpy(bytes, hall.left, sizeof(bytes));
	bytes[get_u8(r) % sizeof(bytes)] ^= get_u8(r);
	hall_feed(&hall, &c->at, c->via, bytes, sizeof(bytes));
}

/* One that has moved is spoken to where it was until it speaks. */
static void poll(void)
{
	struct datagram d;

	for (unsigned n = 0; rendezvous_node_poll(hall.rendezvous, &d, hall.now); n++) {
		must(n < 1000 && d.path.remote.port);
		must(d.path.via == 0 || d.path.via - RENDEZVOUS_CONNECTION < HALL_CONNECTIONS);
		must(anybody);
		hall.bytes_out += d.packet.len;
	}
	must(rendezvous_node_due(hall.rendezvous) > 0);
}

/* From deadline to deadline. */
static void pass(msec span)
{
	msec end = hall.now + span, due;

	while ((due = rendezvous_node_due(hall.rendezvous)) <= end) {
		must(due > hall.now);
		hall.now = due;
		rendezvous_node_tick(hall.rendezvous, due);
		poll();
	}
	hall.now = end;
}

/* Several may come by one, which TLS does not rule out. */
static void take(struct reader *r, struct caller *c)
{
	unsigned n = get_u8(r) % (HALL_CONNECTIONS + 1);

	c->via = n == HALL_CONNECTIONS ? 0 : (uint16_t)(RENDEZVOUS_CONNECTION + n);
}

/* Who came by it goes back to the door. */
static void end(uint16_t via)
{
	if (!via)
		return;
	for (unsigned i = 0; i < CALLERS; i++) {
		if (callers[i].via == via)
			callers[i].via = 0;
	}
	rendezvous_node_disconnected(hall.rendezvous, via);
}

static void happen(struct reader *r)
{
	enum fuzz_event event = (enum fuzz_event)(get_u8(r) % EVENTS);
	struct caller *c = &callers[get_u8(r) % CALLERS];

	switch (event) {
	case EVENT_STRAY:
	case EVENT_SIGNED:
		stray(r, c, event == EVENT_SIGNED);
		break;
	case EVENT_CONNECT:
		knock(c);
		conclude(c);
		break;
	case EVENT_KNOCK:
		knock(c);
		break;
	case EVENT_FRAME:
		say(c, get_bytes(r, get_u8(r)));
		break;
	case EVENT_REGISTER:
		say_message(r, c, FRAME_REGISTER);
		break;
	case EVENT_PUBLISH:
		say_message(r, c, FRAME_PUBLISH);
		break;
	case EVENT_CHANGED:
		changed(r, c);
		break;
	case EVENT_MOVE:
		c->at.port = (uint16_t)(c->at.port + CALLERS);
		break;
	case EVENT_TIME:
		pass(SECONDS(get_u8(r)));
		break;
	case EVENT_RELAY:
		relay(r, c);
		break;
	case EVENT_TAKE:
		take(r, c);
		break;
	case EVENT_END:
		end(c->via);
		break;
	case EVENTS:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(bytes_of(data, size));
	uint8_t how = get_u8(&r);
	const uint8_t *key = how & 1 ? psk : NULL;

	anybody = false;
	if (how & 2)
		hall_open_relay(&hall, ROOM, key, how >> 2 & 1);
	else
		hall_open(&hall, ROOM, key);
	for (unsigned i = 0; i < CALLERS; i++)
		caller_init(&hall, &callers[i], i, i ? key : NULL);
	while (!r.bad && !reader_done(&r)) {
		happen(&r);
		poll();
		must(rendezvous_node_clients(hall.rendezvous) <= ROOM);
	}
	for (unsigned i = 0; i < CALLERS; i++)
		caller_deinit(&callers[i]);
	hall_close(&hall);
	return 0;
}
