/* token.c -- a DESC as one line of text, to be pasted into any chat or mail. */
#include "signal/token.h"

#include <string.h>

#include "crypto/hash.h"
#include "signal/mailbox.h"

static const char prefix[] = "p2pnet1-";
static const char label[] = "p2pnet token";

enum {
	PREFIX_LEN = sizeof(prefix) - 1,
	NAME_LEN = PREFIX_LEN - 2,		/* "p2pnet" */
	LABEL_LEN = sizeof(label) - 1,
	CHECK_LEN = 4,
	DIGIT_BITS = 5,
};

_Static_assert(1 + 8 + TOKEN_ID_LEN + DESC_MAX == SEAL_PLAIN_MAX, "every DESC fits a token");

static void checksum(uint8_t out[static CHECK_LEN], struct bytes envelope)
{
	uint8_t hash[HASH_LEN];

	blake2s(hash, bytes_of(label, LABEL_LEN), envelope);
	memcpy(out, hash, CHECK_LEN);
}

/* -- writing ------------------------------------------------------------- */

static size_t to_base32(char *out, struct bytes in)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned bits = 0, held = 0;
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		bits = bits << 8 | in.data[i];
		for (held += 8; held >= DIGIT_BITS; held -= DIGIT_BITS)
			out[n++] = digits[bits >> (held - DIGIT_BITS) & 31];
	}
	if (held)
		out[n++] = digits[bits << (DIGIT_BITS - held) & 31];
	out[n] = '\0';
	return n;
}

static size_t write_text(char out[static TOKEN_TEXT], struct bytes envelope)
{
	uint8_t bytes[TOKEN_BYTES_MAX], check[CHECK_LEN];
	struct writer w = writer_over(bytes, sizeof(bytes));

	checksum(check, envelope);
	put_be16(&w, (uint16_t)envelope.len);
	put_bytes(&w, envelope);
	put_bytes(&w, bytes_of(check, CHECK_LEN));
	memcpy(out, prefix, PREFIX_LEN);
	return PREFIX_LEN + to_base32(out + PREFIX_LEN, writer_bytes(&w));
}

size_t token_write(char out[static TOKEN_TEXT], const struct noise_x_self *self,
		   const struct noise_x_peer *to, struct bytes desc, uint64_t expires_ms,
		   uint32_t day, struct rng *rng)
{
	uint8_t plain[SEAL_PLAIN_MAX], envelope[ENVELOPE_MAX], mailbox[MAILBOX_LEN], id[TOKEN_ID_LEN];
	struct writer w = writer_over(plain, sizeof(plain));
	size_t len = 0;

	rng->fill(rng, id, sizeof(id));
	put_u8(&w, SEAL_TOKEN);
	put_be64(&w, expires_ms);
	put_bytes(&w, bytes_of(id, sizeof(id)));
	put_bytes(&w, desc);
	mailbox_id(mailbox, self, to, MAILBOX_TO_PEER, day);
	if (!w.bad)
		len = seal_envelope(envelope, mailbox, self, to, writer_bytes(&w), rng);
	wipe(plain, sizeof(plain));
	return len ? write_text(out, bytes_of(envelope, len)) : 0;
}

/* -- reading the text ---------------------------------------------------- */

/* The text without its white space, one character at a time. */
struct scan {
	const char *at, *end;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int next_char(struct scan *s)	/* -1: the end */
{
	while (s->at < s->end && is_space(*s->at))
		s->at++;
	return s->at < s->end ? (unsigned char)*s->at++ : -1;
}

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static enum token_verdict read_prefix(struct scan *s)
{
	for (int i = 0; i < PREFIX_LEN; i++) {
		int c = lower(next_char(s));

		if (c == prefix[i])
			continue;
		return i == NAME_LEN && c >= '0' && c <= '9' ? TOKEN_OTHER_VERSION : TOKEN_NOT_ONE;
	}
	return TOKEN_OK;
}

static int digit_value(int c)
{
	c = lower(c);
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/* The bytes of all the digits there are, and what is left over of the last ones. */
struct decoded {
	uint8_t bytes[TOKEN_BYTES_MAX];
	struct writer w;
	unsigned left, left_bits;
};

static bool from_base32(struct decoded *d, struct scan *s)
{
	unsigned bits = 0, held = 0;

	d->w = writer_over(d->bytes, sizeof(d->bytes));
	for (int c = next_char(s); c >= 0; c = next_char(s)) {
		int v = digit_value(c);

		if (v < 0)
			return false;
		bits = bits << DIGIT_BITS | (unsigned)v;
		held += DIGIT_BITS;
		if (held >= 8) {
			held -= 8;
			put_u8(&d->w, (uint8_t)(bits >> held));
		}
	}
	d->left = bits & ((1u << held) - 1);
	d->left_bits = held;
	return true;
}

static enum token_verdict take_envelope(struct token *out, const struct decoded *d)
{
	struct reader r = reader_over(writer_bytes(&d->w));
	struct bytes envelope = get_bytes(&r, get_be16(&r));
	struct bytes check = get_bytes(&r, CHECK_LEN);
	uint8_t expected[CHECK_LEN];

	if (r.bad && !d->w.bad)
		return TOKEN_TRUNCATED;
	if (d->w.bad || !reader_done(&r) || d->left_bits >= DIGIT_BITS)
		return TOKEN_TRAILING;
	checksum(expected, envelope);
	if (memcmp(check.data, expected, CHECK_LEN) != 0 || d->left)
		return TOKEN_BAD_CHECKSUM;
	out->len = envelope.len;
	if (envelope.len)
		memcpy(out->envelope, envelope.data, envelope.len);
	return TOKEN_OK;
}

enum token_verdict token_read(struct token *out, const char *text, size_t len)
{
	struct scan s = {text, text + len};
	struct decoded d;
	enum token_verdict verdict = read_prefix(&s);

	if (verdict != TOKEN_OK)
		return verdict;
	return from_base32(&d, &s) ? take_envelope(out, &d) : TOKEN_BAD_CHARACTER;
}

/* -- opening ------------------------------------------------------------- */

/* Nobody told us yet who it is from, so not whether there is a psk either. */
enum token_verdict token_sender(uint8_t sender[static KEY_LEN], const struct token *token,
				const struct noise_x_self *self)
{
	struct bytes envelope = bytes_of(token->envelope, token->len);

	if (seal_read_sender(sender, envelope, self, false) ||
	    seal_read_sender(sender, envelope, self, true))
		return TOKEN_OK;
	return TOKEN_NOT_FOR_ME;
}

static bool was_used(const struct token_memory *m, const uint8_t id[static TOKEN_ID_LEN])
{
	for (int i = 0; i < TOKEN_MEMORY; i++) {
		if (m->used[i].expires_ms && memcmp(m->used[i].id, id, TOKEN_ID_LEN) == 0)
			return true;
	}
	return false;
}

static void remember(struct token_memory *m, const uint8_t id[static TOKEN_ID_LEN],
		     uint64_t expires_ms)
{
	int first = 0;

	for (int i = 1; i < TOKEN_MEMORY; i++) {
		if (m->used[i].expires_ms < m->used[first].expires_ms)
			first = i;
	}
	m->used[first].expires_ms = expires_ms;
	memcpy(m->used[first].id, id, TOKEN_ID_LEN);
}

static enum token_verdict open_plain(struct desc *out, uint64_t *expires_ms,
				     struct token_memory *memory, struct bytes plain,
				     uint64_t wall_ms)
{
	struct reader r = reader_over(plain);
	uint8_t content = get_u8(&r), id[TOKEN_ID_LEN];

	*expires_ms = get_be64(&r);
	get_copy(&r, id, sizeof(id));
	if (r.bad || content != SEAL_TOKEN)
		return TOKEN_NOT_AUTHENTIC;
	if (wall_ms >= *expires_ms)
		return TOKEN_EXPIRED;
	if (was_used(memory, id))
		return TOKEN_USED;
	if (!desc_decode(out, r.rest))
		return TOKEN_NOT_AUTHENTIC;
	remember(memory, id, *expires_ms);
	return TOKEN_OK;
}

enum token_verdict token_open(struct desc *out, uint64_t *expires_ms, struct token_memory *memory,
			      const struct token *token, const struct noise_x_self *self,
			      const struct noise_x_peer *from, uint64_t wall_ms)
{
	enum token_verdict verdict = TOKEN_NOT_AUTHENTIC;
	uint8_t plain[SEAL_PLAIN_MAX];
	size_t len = seal_open(plain, bytes_of(token->envelope, token->len), self, from);

	if (len)
		verdict = open_plain(out, expires_ms, memory, bytes_of(plain, len), wall_ms);
	wipe(plain, sizeof(plain));
	return verdict;
}
