/* cipher_test.c -- what the settings say of cipher suites, and what the node tells of them. */
#include "node/lab.h"

enum { LEN = 100 };

/* A CPU without AES; cipher.c and whoever else asks is told so. */
static bool no_aes;

bool __real_aead_has(enum aead_suite suite);
bool __wrap_aead_has(enum aead_suite suite);

bool __wrap_aead_has(enum aead_suite suite)
{
	return !(no_aes && suite == AEAD_AES256GCM) && __real_aead_has(suite);
}

static void skip_without_aes(void)
{
	if (!aead_has(AEAD_AES256GCM))
		skip();
}

/* We and far[0], with these settings. */
static struct lab *lab_of(enum node_cipher ours, enum node_cipher theirs)
{
	struct lab *lab = lab_new();

	skip_without_aes();
	lab->settings.peers_len = 1;
	lab->peers[0].cipher = ours;
	lab->far_cipher = theirs;
	lab_restart(lab, 0);
	lab_start(lab);
	return lab;
}

static bool is_call(const struct mail *m, enum aead_suite suite)
{
	return m->bytes[0] == MESSAGE_INITIATION && m->bytes[1] == suite;
}

static void assert_cipher(const struct lab *lab, const char *name)
{
	assert_non_null(lab_status(lab, 0).cipher);
	assert_string_equal(lab_status(lab, 0).cipher, name);
}

static void a_session_tells_its_cipher(void **state)
{
	struct lab *lab = lab_of(NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);

	(void)state;
	assert_null(lab_status(lab, 0).cipher);
	lab_say(lab, &lab->us, &lab->far[0], LEN);
	lab_exchange(lab);
	assert_cipher(lab, "aes256gcm");
	lab_pass(lab, SECONDS(200));
	assert_null(lab_status(lab, 0).cipher);
	lab_free(lab);
}

static void a_call_that_the_settings_forbid_is_counted_and_answered_by_one_of_ours(void **state)
{
	struct lab *lab = lab_of(NODE_CIPHER_AES256GCM, NODE_CIPHER_AUTO);
	struct mail m = lab_initiation(lab, 0);

	(void)state;
	assert_true(is_call(&m, AEAD_CHACHA20POLY1305));
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_WRONG_SUITE, 1);
	assert_int_equal(lab->us.sent_len, 1);
	assert_true(is_call(&lab->us.sent[0], AEAD_AES256GCM));
	lab_exchange(lab);
	assert_cipher(lab, "aes256gcm");
	lab_free(lab);
}

/* As its own is. There is nothing that we could say to it. */
static void plain_wireguard_is_not_called_back(void **state)
{
	struct lab *lab = lab_of(NODE_CIPHER_AES256GCM, NODE_CIPHER_CHACHA20);
	struct mail m = lab_initiation(lab, 0);

	(void)state;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_WRONG_SUITE, 1);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void a_forbidden_call_tells_where_its_sender_is(void **state)
{
	struct lab *lab = lab_of(NODE_CIPHER_AES256GCM, NODE_CIPHER_AUTO);
	struct mail m = lab_initiation(lab, 0);

	(void)state;
	m.from.port++;
	lab_feed(lab, &lab->us, &m);
	assert_true(endpoint_equal(&lab->us.sent[0].path.remote, &m.from));
	lab_free(lab);
}

static void a_cpu_without_aes_takes_no_settings_that_want_it(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	lab->peers[1].cipher = NODE_CIPHER_AES256GCM;
	no_aes = true;
	assert_null(node_new(&lab->settings, &lab->rng, lab->us.marks, lab->now, lab->error));
	no_aes = false;
	assert_non_null(strstr(lab->error, "this CPU has no instructions for AES"));
	lab_free(lab);
}

static void a_cpu_without_aes_offers_none(void **state)
{
	(void)state;
	no_aes = true;
	assert_int_equal(cipher_suites(NODE_CIPHER_AUTO), SUITE_CHACHA20);
	no_aes = false;
	skip_without_aes();
	assert_int_equal(cipher_suites(NODE_CIPHER_AUTO), SUITE_CHACHA20 | SUITE_AES256GCM);
	assert_int_equal(cipher_suites(NODE_CIPHER_CHACHA20), SUITE_CHACHA20);
	assert_int_equal(cipher_suites(NODE_CIPHER_AES256GCM), SUITE_AES256GCM);
}

/* The peer has AES, and learns that we have not. */
static void a_cpu_without_aes_calls_and_is_called_without_it(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	skip_without_aes();
	lab->peers[0].cipher = lab->far_cipher = NODE_CIPHER_AUTO;
	lab_restart(lab, 0);
	no_aes = true;
	lab_start(lab);
	no_aes = false;
	for (int i = 0; i < 3; i++) {
		lab_say(lab, &lab->far[0], &lab->us, LEN);
		lab_say(lab, &lab->us, &lab->far[0], LEN);
		lab_exchange(lab);
		assert_cipher(lab, "chacha20");
		lab_pass(lab, SECONDS(180));
	}
	assert_int_equal(lab_count(lab, COUNT_UNSUPPORTED), 0);
	lab_free(lab);
}

static void a_call_in_aes_is_counted_as_unsupported_by_a_cpu_without_it(void **state)
{
	struct lab *lab = lab_new();
	struct mail m;

	(void)state;
	skip_without_aes();
	lab->peers[0].cipher = NODE_CIPHER_AUTO;
	lab->far_cipher = NODE_CIPHER_AES256GCM;
	lab_restart(lab, 0);
	m = lab_initiation(lab, 0);
	assert_true(is_call(&m, AEAD_AES256GCM));
	no_aes = true;
	lab_start(lab);
	lab_feed(lab, &lab->us, &m);
	no_aes = false;
	lab_assert_only(lab, COUNT_UNSUPPORTED, 1);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void new_settings_with_the_same_cipher_keep_the_session(void **state)
{
	struct lab *lab = lab_of(NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);
	msec handshake;

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], LEN);
	lab_exchange(lab);
	handshake = lab_status(lab, 0).last_handshake;
	lab->now += SECONDS(20);
	assert_true(lab_reconfigure(lab));
	lab_exchange(lab);
	assert_int_equal(lab_status(lab, 0).last_handshake, handshake);
	lab_free(lab);
}

static void new_settings_with_another_cipher_are_in_force_at_once(void **state)
{
	static const struct {
		enum node_cipher cipher;
		const char *name;
	} steps[] = {
		{NODE_CIPHER_CHACHA20, "chacha20"}, {NODE_CIPHER_AUTO, "aes256gcm"},
		{NODE_CIPHER_AES256GCM, "aes256gcm"}, {NODE_CIPHER_CHACHA20, "chacha20"},
		{NODE_CIPHER_AES256GCM, "aes256gcm"},
	};
	struct lab *lab = lab_of(NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], LEN);
	lab_exchange(lab);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		lab->now += SECONDS(1);
		lab->peers[0].cipher = steps[i].cipher;
		assert_true(lab_reconfigure(lab));
		lab_exchange(lab);
		assert_cipher(lab, steps[i].name);
	}
	lab_free(lab);
}

static void what_a_peer_has_outlives_the_process(void **state)
{
	struct lab *lab = lab_of(NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], LEN);
	lab_exchange(lab);
	lab_pass(lab, KNOWN_SETTLE + KNOWN_PAUSE);
	assert_true(lab->us.saves > 0);
	node_free(lab->us.node);
	lab_forget(lab);
	lab->us.node = node_new(&lab->settings, &lab->rng, lab->us.marks, lab->now, lab->error);
	assert_non_null(lab->us.node);
	assert_true(node_known_restore(lab->us.node, bytes_of(lab->us.peers, lab->us.peers_len),
				       lab->now));
	lab_say(lab, &lab->us, &lab->far[0], LEN);
	assert_true(is_call(&lab->us.sent[0], AEAD_AES256GCM));
	lab_free(lab);
}

static unsigned count_events(const struct lab *lab, enum event_kind kind)
{
	const struct events *events = node_events(lab->us.node);
	unsigned n = 0;

	for (uint64_t i = events_first(events); events_at(events, i); i++)
		n += events_at(events, i)->kind == kind;
	return n;
}

/* WireGuard's own is what everybody expects. */
static void an_event_tells_of_another_cipher_only(void **state)
{
	struct lab *lab = lab_of(NODE_CIPHER_CHACHA20, NODE_CIPHER_AUTO);
	char text[EVENT_TEXT];

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], LEN);
	lab_exchange(lab);
	assert_int_equal(count_events(lab, EVENT_CIPHER), 0);
	lab->now += SECONDS(1);
	lab->peers[0].cipher = NODE_CIPHER_AUTO;
	assert_true(lab_reconfigure(lab));
	lab_exchange(lab);
	assert_int_equal(count_events(lab, EVENT_CIPHER), 1);
	assert_string_equal(event_text(text, &(struct event){.kind = EVENT_CIPHER, .text = "aes256gcm"}),
			    "encrypted with aes256gcm");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_tells_its_cipher),
		cmocka_unit_test(a_call_that_the_settings_forbid_is_counted_and_answered_by_one_of_ours),
		cmocka_unit_test(plain_wireguard_is_not_called_back),
		cmocka_unit_test(a_forbidden_call_tells_where_its_sender_is),
		cmocka_unit_test(a_cpu_without_aes_takes_no_settings_that_want_it),
		cmocka_unit_test(a_cpu_without_aes_offers_none),
		cmocka_unit_test(a_cpu_without_aes_calls_and_is_called_without_it),
		cmocka_unit_test(a_call_in_aes_is_counted_as_unsupported_by_a_cpu_without_it),
		cmocka_unit_test(new_settings_with_the_same_cipher_keep_the_session),
		cmocka_unit_test(new_settings_with_another_cipher_are_in_force_at_once),
		cmocka_unit_test(what_a_peer_has_outlives_the_process),
		cmocka_unit_test(an_event_tells_of_another_cipher_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
