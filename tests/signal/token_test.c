/* token_test.c -- a line of text that survives mail, and each way in which it may not. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "pair.h"
#include "signal/token.h"

#define NOW	UINT64_C(1700000000000)
#define EXPIRES	(NOW + TOKEN_LIFE)

static const uint8_t psk[KEY_LEN] = "a secret of two";

static struct bytes some_desc(uint8_t out[static DESC_MAX], size_t candidates)
{
	struct desc d = {
		.time_ms = NOW,
		.version = {1, 1, 0},
		.ufrag = "abcd",
		.pwd = "0123456789012345678901",
		.candidates_len = candidates,
	};

	for (size_t i = 0; i < candidates; i++)
		d.candidates[i] = (struct desc_candidate){
			.priority = 1 + (uint32_t)i,
			.type = DESC_HOST,
			.transport = DESC_UDP,
			.endpoint = {.ip = {.family = IP_V6, .bytes = {0x20, 1}}, .port = 9},
			.related = {.ip = {.family = IP_V6, .bytes = {0x20, 2}}, .port = 9},
		};
	return bytes_of(out, desc_encode(out, DESC_MAX, &d));
}

static size_t write_token(char text[static TOKEN_TEXT], struct pair *p, size_t candidates)
{
	uint8_t desc[DESC_MAX];

	return token_write(text, &p->a, &p->to_b, some_desc(desc, candidates), EXPIRES, 19675,
			   &p->rng);
}

static enum token_verdict read_text(const char *text)
{
	struct token token;

	return token_read(&token, text, strlen(text));
}

/* All the steps that B goes through. */
static enum token_verdict accept_at(const struct pair *p, struct token_memory *memory,
				    const char *text, uint64_t now)
{
	struct token token;
	struct desc d;
	uint8_t sender[KEY_LEN];
	uint64_t expires;
	enum token_verdict verdict = token_read(&token, text, strlen(text));

	if (verdict == TOKEN_OK)
		verdict = token_sender(sender, &token, &p->b);
	if (verdict == TOKEN_OK && !key_equal(sender, p->a.public_key))
		verdict = TOKEN_UNKNOWN_SENDER;
	if (verdict == TOKEN_OK)
		verdict = token_open(&d, &expires, memory, &token, &p->b, &p->to_a, now);
	if (verdict == TOKEN_OK)
		assert_true(d.time_ms == NOW && d.version.gen == 1 && expires == EXPIRES);
	return verdict;
}

static void what_one_writes_the_other_accepts(void **state)
{
	(void)state;
	for (int with = 0; with < 2; with++) {
		for (size_t candidates = 0; candidates <= 22; candidates += 11) {
			struct pair p = pair_of(1, with ? psk : NULL);
			struct token_memory memory = {0};
			char text[TOKEN_TEXT];
			size_t len = write_token(text, &p, candidates);

			assert_int_equal(strlen(text), len);
			assert_int_equal(accept_at(&p, &memory, text, NOW), TOKEN_OK);
		}
	}
}

static void it_is_of_letters_and_digits_and_fits_its_buffer(void **state)
{
	struct pair p = pair_of(2, NULL);
	char text[TOKEN_TEXT], longer[TOKEN_TEXT + 6];
	uint8_t desc[DESC_MAX] = {0};

	(void)state;
	assert_int_equal(token_write(text, &p.a, &p.to_b, bytes_of(desc, DESC_MAX), EXPIRES, 1,
				     &p.rng),
			 TOKEN_TEXT - 1);
	assert_int_equal(strncmp(text, "p2pnet1-", 8), 0);
	assert_int_equal(strspn(text + 8, "abcdefghijklmnopqrstuvwxyz234567"), TOKEN_TEXT - 9);
	assert_int_equal(read_text(text), TOKEN_OK);
	strcpy(longer, text);
	strcat(longer, "aaaaaa");	/* four whole bytes */
	assert_int_equal(read_text(longer), TOKEN_TRAILING);
	assert_int_equal(token_write(text, &p.a, &p.to_b, bytes_of(desc, sizeof(desc) + 1), EXPIRES,
				     1, &p.rng),
			 0);
}

static void mail_may_wrap_it_and_a_person_may_shout_it(void **state)
{
	struct pair p = pair_of(3, NULL);
	struct token_memory memory = {0};
	char text[TOKEN_TEXT], wrapped[2 * TOKEN_TEXT] = " \t";
	size_t len = write_token(text, &p, 3), n = 2;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		wrapped[n++] = (char)toupper(text[i]);
		if (i % 5 == 4)
			wrapped[n++] = " \r\n\t\v"[i % 25 / 5];
	}
	strcpy(wrapped + n, "\r\n");
	assert_int_equal(accept_at(&p, &memory, wrapped, NOW), TOKEN_OK);
}

static void other_text_is_none(void **state)
{
	(void)state;
	assert_int_equal(read_text(""), TOKEN_NOT_ONE);
	assert_int_equal(read_text("hello"), TOKEN_NOT_ONE);
	assert_int_equal(read_text("p2pnet"), TOKEN_NOT_ONE);
	assert_int_equal(read_text("p2pnet1"), TOKEN_NOT_ONE);
	assert_int_equal(read_text("p2pnet-aaaa"), TOKEN_NOT_ONE);
	assert_int_equal(read_text("> p2pnet1-aaaa"), TOKEN_NOT_ONE);
	assert_int_equal(read_text("p2pnet2-aaaa"), TOKEN_OTHER_VERSION);
	assert_int_equal(read_text("p2pnet1-"), TOKEN_TRUNCATED);
}

static void cut_anywhere_it_says_truncated(void **state)
{
	struct pair p = pair_of(4, NULL);
	char text[TOKEN_TEXT];
	struct token token;
	size_t len = write_token(text, &p, 2);

	(void)state;
	for (size_t n = 8; n < len; n++)
		assert_int_equal(token_read(&token, text, n), TOKEN_TRUNCATED);
}

static void with_something_after_it_it_says_so(void **state)
{
	struct pair p = pair_of(5, NULL);
	char text[TOKEN_TEXT + 2000];
	size_t len = write_token(text, &p, 2);

	(void)state;
	for (size_t more = 1; more < 2000; more += more < 10 ? 1 : 100) {
		memset(text + len, 'a', more);
		text[len + more] = '\0';
		assert_int_equal(read_text(text), TOKEN_TRAILING);
	}
	strcpy(text + len, "!");
	assert_int_equal(read_text(text), TOKEN_BAD_CHARACTER);
}

/* Behind the length, any single slip is found by the checksum. */
static void each_wrong_character_is_found(void **state)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	struct pair p = pair_of(6, NULL);
	char text[TOKEN_TEXT];
	size_t len = write_token(text, &p, 2);

	(void)state;
	for (size_t i = 8; i < len; i++) {
		char right = text[i];

		for (size_t d = 0; d < 32; d++) {
			enum token_verdict verdict;

			text[i] = digits[d];
			verdict = read_text(text);
			if (digits[d] == right)
				assert_int_equal(verdict, TOKEN_OK);
			else if (i < 12)
				assert_in_range(verdict, TOKEN_TRUNCATED, TOKEN_BAD_CHECKSUM);
			else
				assert_int_equal(verdict, TOKEN_BAD_CHECKSUM);
		}
		text[i] = "0189-_=+/"[i % 9];
		assert_int_equal(read_text(text), TOKEN_BAD_CHARACTER);
		text[i] = right;
	}
}

static void for_somebody_else_it_is_not_for_me(void **state)
{
	struct pair p = pair_of(7, NULL), other = pair_of(8, NULL);
	struct token_memory memory = {0};
	char text[TOKEN_TEXT];

	(void)state;
	write_token(text, &p, 2);
	assert_int_equal(accept_at(&other, &memory, text, NOW), TOKEN_NOT_FOR_ME);
}

static void the_sender_is_known_before_the_psk_is(void **state)
{
	struct pair p = pair_of(9, psk);
	struct token_memory memory = {0};
	char text[TOKEN_TEXT];

	(void)state;
	write_token(text, &p, 2);
	p.to_a = peer_of(&p.b, &p.a, NULL);
	assert_int_equal(accept_at(&p, &memory, text, NOW), TOKEN_NOT_AUTHENTIC);
	p.to_a = peer_of(&p.b, &p.a, (const uint8_t *)"another secret, not that of two.");
	assert_int_equal(accept_at(&p, &memory, text, NOW), TOKEN_NOT_AUTHENTIC);
	p.to_a = peer_of(&p.b, &p.a, psk);
	assert_int_equal(accept_at(&p, &memory, text, NOW), TOKEN_OK);
}

/* Whose key is not in the list is the caller's to say. */
static void a_stranger_s_token_names_the_stranger(void **state)
{
	struct pair p = pair_of(10, NULL);
	struct token_memory memory = {0};
	char text[TOKEN_TEXT];
	uint8_t desc[DESC_MAX];
	struct noise_x_self c = self_of(&p.rng);
	struct noise_x_peer to_b = peer_of(&c, &p.b, NULL);

	(void)state;
	token_write(text, &c, &to_b, some_desc(desc, 2), EXPIRES, 19675, &p.rng);
	assert_int_equal(accept_at(&p, &memory, text, NOW), TOKEN_UNKNOWN_SENDER);
}

static void it_expires_and_is_not_used_up_by_that(void **state)
{
	struct pair p = pair_of(11, NULL);
	struct token_memory memory = {0};
	char text[TOKEN_TEXT];

	(void)state;
	write_token(text, &p, 2);
	assert_int_equal(accept_at(&p, &memory, text, EXPIRES), TOKEN_EXPIRED);
	assert_int_equal(accept_at(&p, &memory, text, EXPIRES - 1), TOKEN_OK);
}

static void it_is_accepted_once(void **state)
{
	struct pair p = pair_of(12, NULL);
	struct token_memory memory = {0};
	char text[TOKEN_TEXT], other[TOKEN_TEXT];

	(void)state;
	write_token(text, &p, 2);
	write_token(other, &p, 2);
	assert_int_equal(accept_at(&p, &memory, text, NOW), TOKEN_OK);
	assert_int_equal(accept_at(&p, &memory, text, NOW), TOKEN_USED);
	assert_int_equal(accept_at(&p, &memory, other, NOW), TOKEN_OK);
}

static void the_memory_holds_the_latest_32(void **state)
{
	struct pair p = pair_of(13, NULL);
	struct token_memory memory = {0};
	char text[TOKEN_MEMORY + 1][TOKEN_TEXT];

	(void)state;
	for (int i = 0; i <= TOKEN_MEMORY; i++) {
		write_token(text[i], &p, 0);
		assert_int_equal(accept_at(&p, &memory, text[i], NOW), TOKEN_OK);
	}
	for (int i = 1; i <= TOKEN_MEMORY; i++)
		assert_int_equal(accept_at(&p, &memory, text[i], NOW), TOKEN_USED);
}

/* What a channel carries is no token, nor is a token without a good DESC. */
static void other_sealed_content_is_not_authentic(void **state)
{
	static const uint8_t short_one[] = {SEAL_TOKEN, 0, 0};
	struct pair p = pair_of(14, NULL);
	struct token_memory memory = {0};
	uint8_t rubbish[64], good[SEAL_PLAIN_MAX], mailbox[MAILBOX_LEN] = {0};
	size_t len = some_desc(good + 17, 1).len;
	struct token token;
	struct desc d;
	uint64_t expires;
	const struct bytes contents[] = {
		{short_one, sizeof(short_one)},
		{rubbish, sizeof(rubbish)},
		{good, 17 + len},		/* says that it is a DESC */
		{good, 17 + len},		/* says the truth */
	};

	(void)state;
	memset(rubbish, 0xff, sizeof(rubbish));
	memset(good, 0x11, 17);
	rubbish[0] = SEAL_TOKEN;
	for (size_t i = 0; i < 4; i++) {
		good[0] = i == 3 ? SEAL_TOKEN : SEAL_DESC;
		token.len = seal_envelope(token.envelope, mailbox, &p.a, &p.to_b, contents[i], &p.rng);
		assert_int_equal(token_open(&d, &expires, &memory, &token, &p.b, &p.to_a, NOW),
				 i == 3 ? TOKEN_OK : TOKEN_NOT_AUTHENTIC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_writes_the_other_accepts),
		cmocka_unit_test(it_is_of_letters_and_digits_and_fits_its_buffer),
		cmocka_unit_test(mail_may_wrap_it_and_a_person_may_shout_it),
		cmocka_unit_test(other_text_is_none),
		cmocka_unit_test(cut_anywhere_it_says_truncated),
		cmocka_unit_test(with_something_after_it_it_says_so),
		cmocka_unit_test(each_wrong_character_is_found),
		cmocka_unit_test(for_somebody_else_it_is_not_for_me),
		cmocka_unit_test(the_sender_is_known_before_the_psk_is),
		cmocka_unit_test(a_stranger_s_token_names_the_stranger),
		cmocka_unit_test(it_expires_and_is_not_used_up_by_that),
		cmocka_unit_test(it_is_accepted_once),
		cmocka_unit_test(the_memory_holds_the_latest_32),
		cmocka_unit_test(other_sealed_content_is_not_authentic),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
