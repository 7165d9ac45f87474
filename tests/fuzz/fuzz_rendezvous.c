/* fuzz_rendezvous.c -- any frames from any clients in any order, to a small server.
 *
 *   | client | seconds to wait | length, be16 | frame | and so on
 *
 * What the server says goes to a client machine; its tables must agree at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "signal/rendezvous_client.h"
#include "signal/rendezvous_server.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEATS = 4, BOXES = 32, CHAINS = 8, LETTERS = 6, PER_CLIENT = 10 };

static struct rendezvous_seat seats[SEATS];
static struct rendezvous_box boxes[BOXES];
static uint32_t chains[CHAINS];
static struct rendezvous_letter letters[LETTERS];
static struct rendezvous_server server;
static struct rendezvous_client client_machine;
static struct rng rng;

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	must(crypto_init());
	return 0;
}

static void check_words(const uint8_t *data, size_t size)
{
	uint8_t out[RENDEZVOUS_FRAME_MAX + 2000];
	struct rendezvous_message m;
	size_t len;

	if (!rendezvous_read(&m, bytes_of(data, size)))
		return;
	len = rendezvous_write(out, sizeof(out), &m);
	must(len && len <= size && memcmp(out, data, len) == 0);
}

static void check_relay(const uint8_t *data, size_t size)
{
	uint8_t room[2048], tag[RELAY_TAG];
	struct packet p = packet_in(room, sizeof(room), 0, size), inside;

	if (size > sizeof(room))
		return;
	if (size)
		memcpy(room, data, size);
	if (!relay_read(&p, tag, &inside))
		return;
	must(p.len <= size && inside.len + RELAY_HEADER == p.len);
	must(relay_put(&inside, tag) && inside.data == room && inside.len == p.len);
	must(memcmp(room, data, p.len) == 0);
}

static void drain(msec now)
{
	uint8_t frame[RENDEZVOUS_FRAME_MAX], reply[RENDEZVOUS_FRAME_MAX];
	struct rendezvous_message m;
	uint32_t client;
	size_t len;

	while ((len = rendezvous_server_poll(&server, &client, frame)) > 0) {
		must(client < SEATS);
		must(rendezvous_client_feed(&client_machine, bytes_of(frame, len), &m, now) !=
		     RENDEZVOUS_NOTHING);
		rendezvous_client_poll(&client_machine, reply, now);
	}
}

static void check_tables(void)
{
	uint32_t used = 0, registered = 0, held = 0;

	for (uint32_t i = 0; i < BOXES; i++) {
		used += boxes[i].client != UINT32_MAX || boxes[i].letter != UINT32_MAX;
		registered += boxes[i].client != UINT32_MAX;
	}
	for (uint32_t i = 0; i < SEATS; i++) {
		must(seats[i].boxes <= PER_CLIENT && seats[i].letters <= LETTERS);
		held += seats[i].boxes;
	}
	must(used == server.boxes_used && registered == held);
}

static void begin(void)
{
	struct rendezvous_tables tables = {seats, SEATS, boxes, BOXES, chains, CHAINS,
					   letters, LETTERS};
	static const uint8_t ids[3][MAILBOX_LEN];

	rng_seed(&rng, 1);
	rendezvous_server_init(&server, &tables, PER_CLIENT, &rng);
	rendezvous_client_init(&client_machine, &rng);
	rendezvous_client_set_ids(&client_machine, ids, 3, true, 0);
	rendezvous_client_connected(&client_machine, false, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(bytes_of(data, size));
	struct endpoint from = {.ip = ip_v4(192, 0, 2, 1), .port = 1};
	msec now = 0;

	check_words(data, size);
	check_relay(data, size);
	begin();
	while (!reader_done(&r)) {
		uint32_t client = get_u8(&r);
		msec wait = get_u8(&r);
		struct bytes frame = get_bytes(&r, get_be16(&r));

		now += SECONDS(wait);
		if (now >= rendezvous_server_due(&server))
			rendezvous_server_tick(&server, now);
		rendezvous_client_tick(&client_machine, now);
		if (client & 0x80)
			rendezvous_server_forget(&server, client % SEATS);
		else if (!r.bad)
			rendezvous_server_feed(&server, client % SEATS, &from, frame, now);
		rendezvous_client_feed(&client_machine, frame, &(struct rendezvous_message){0}, now);
		drain(now);
	}
	check_tables();
	return 0;
}
